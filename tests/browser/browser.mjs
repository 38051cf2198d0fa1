// What a real browser sees of the pages, told line by line as JSON. The tests in `tests/daemon/browser.rs` start it.
//
// usage: browser.mjs watch URL          tells each change of what is shown, until standard input ends
//        browser.mjs look URL FOLDER NAME  tells of each size, theme and language what axe and the layout have to complain of, and
//                                       leaves pictures called NAME in FOLDER
//        browser.mjs plain URL          tells what is shown without scripts
//        browser.mjs visit URL          does what standard input says, a line of JSON each, and tells where it came to:
//                                       {"go": PATH}, {"logIn": [NAME, PASSWORD]}, {"press": TEXT}, {"until": PATH}
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const tools = createRequire(`${process.env.BROWSER_TOOLS}/`);
const { chromium } = tools("playwright-core");

const SIZES = { kiosk: [800, 480], phone: [390, 844], tv: [1920, 1080] };
const THEMES = ["light", "dark"];
const LANGUAGES = ["en", "es", "cy"];
// The tests' stations vouch for themselves.
const TRUSTING = { ignoreHTTPSErrors: true };

const tell = (fact) => process.stdout.write(`${JSON.stringify(fact)}\n`);

const shown = (page) =>
  page.evaluate(() => {
    const text = (within, part) => within.querySelector(part)?.textContent.trim() ?? null;
    return {
      cutOff: text(document, "#cut-off"),
      tiles: [...document.querySelectorAll("#bays > .tile")].map((tile) => ({
        bay: tile.id,
        look: tile.classList[1],
        camera: text(tile, ".camera"),
        instruction: text(tile, ".instruction"),
      })),
    };
  });

async function watch(browser, url) {
  const page = await browser.newPage({ viewport: { width: 800, height: 480 }, locale: "en-GB" });
  page.on("pageerror", (error) => tell({ error: String(error) }));
  page.on("console", (message) => {
    // That the station is away is what some of these tests are about.
    if (message.type() === "error" && !message.text().includes("net::ERR")) tell({ error: message.text() });
  });
  await page.goto(url);
  let before;
  for (;;) {
    const now = JSON.stringify(await shown(page));
    if (now !== before) process.stdout.write(`${now}\n`);
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function look(browser, url, folder, called) {
  const axe = readFileSync(tools.resolve("axe-core/axe.min.js"), "utf8");
  for (const [name, [width, height]] of Object.entries(SIZES)) {
    for (const colorScheme of THEMES) {
      for (const language of LANGUAGES) {
        const context = await browser.newContext({ ...TRUSTING, viewport: { width, height }, colorScheme });
        const page = await context.newPage();
        await page.goto(`${url}?lang=${language}`);
        await page.waitForSelector("main > *");
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        const overflow = await page.evaluate(() => {
          const [page, bays] = [document.documentElement, document.querySelector("main")];
          const isCut = (part) => part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1;
          return {
            across: page.scrollWidth - innerWidth,
            down: Math.max(page.scrollHeight - innerHeight, bays.scrollHeight - bays.clientHeight),
            cut: [...bays.children].filter((part) => isCut(part)).map((part) => part.id || part.textContent),
          };
        });
        const complaints = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
        tell({ size: name, theme: colorScheme, language, complaints, overflow });
        const path = join(folder, `${called}-${name}-${colorScheme}.png`);
        if (language === LANGUAGES[0]) await page.screenshot({ path });
        await context.close();
      }
    }
  }
}

async function plain(browser, url) {
  const page = await browser.newPage({ javaScriptEnabled: false });
  await page.goto(url);
  const refresh = await page.locator('meta[http-equiv="refresh"]').count();
  tell({ refresh, text: await page.locator("#bays").innerText() });
}

// Somebody who uses the pages with a mouse and a keyboard.
async function visit(browser, url) {
  const page = await browser.newPage({ ...TRUSTING, locale: "en-GB" });
  page.on("pageerror", (error) => tell({ error: String(error) }));
  const deeds = {
    go: (path) => page.goto(new URL(path, url).href),
    logIn: async ([name, password]) => {
      await page.getByLabel("Name").fill(name);
      await page.getByLabel("Password").fill(password);
      await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Log in" }).click()]);
    },
    press: (text) => Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: text }).first().click()]),
    until: (path) => page.waitForURL((at) => at.pathname === path, { timeout: 60_000 }),
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const [[deed, how]] = Object.entries(JSON.parse(line));
    await deeds[deed](how);
    tell({ path: new URL(page.url()).pathname, text: await page.locator("body").innerText() });
  }
}

const [what, url, folder, called] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.BROWSER ?? "/usr/bin/chromium",
  // As root there is no sandbox; and nothing but the station is to be asked.
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP *.example 127.0.0.1"],
});
try {
  if (what === "watch") {
    process.stdin.resume();
    process.stdin.on("end", () => browser.close().finally(() => process.exit(0)));
    await watch(browser, url);
  } else if (what === "look") {
    await look(browser, url, folder, called);
  } else if (what === "visit") {
    await visit(browser, url);
  } else {
    await plain(browser, url);
  }
} finally {
  await browser.close();
}
