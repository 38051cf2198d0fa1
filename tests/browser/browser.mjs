// What a real browser sees of the pages, told line by line as JSON. The tests in `tests/daemon/browser.rs` start it.
//
// usage: browser.mjs watch URL          tells each change of what is shown, until standard input ends
//        browser.mjs look URL FOLDER NAME  tells of each size, theme and language what axe and the layout have to complain of, and
//                                       leaves pictures called NAME in FOLDER
//        browser.mjs eyes URL FOLDER    tells of each theme and kind of eyes by what, besides colour, states differ, and how little
//                                       contrast a text has; leaves pictures in FOLDER
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

// What eyes that lack a kind of cones see of a colour, in linear RGB: the matrices for severity 1.0 of Machado, Oliveira and Fernandes,
// "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009,
// https://www.inf.ufrgs.br/~oliveira/pubs_files/CVD_Simulation/CVD_Simulation.html
const EYES = {
  none: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

// https://www.w3.org/TR/WCAG22/#dfn-relative-luminance and #dfn-contrast-ratio
function contrast(eyes, ...colours) {
  const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = (colour) => {
    const parts = colour.map(linear);
    const seen = EYES[eyes].map((row) => row.reduce((sum, weight, part) => sum + weight * parts[part], 0));
    const [red, green, blue] = seen.map((part) => Math.min(Math.max(part, 0), 1));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [darker, lighter] = colours.map(luminance).sort((one, other) => one - other);
  return (lighter + 0.05) / (darker + 0.05);
}

// Each state's sign and form, without colours, and each text with its own and its background's colour.
const looks = (page) =>
  page.evaluate(() => {
    const colour = (text) => text.match(/[\d.]+/g).map(Number);
    const colourless = (text) => text.replaceAll(/rgba?\([^)]*\)/g, "");
    const states = [...document.querySelectorAll(".legend .tile:not(.lamps *)")].map((tile) => {
      const [band, frame] = [getComputedStyle(tile, "::before"), getComputedStyle(tile)];
      const filled = colour(band.backgroundColor).length < 4 ? "filled" : "empty";
      const form = [colourless(band.backgroundImage), band.backgroundSize, filled, frame.borderTopStyle].join(" ");
      const sign = tile.querySelector(".sign").textContent;
      return { state: tile.classList[1], sign, word: tile.textContent.replace(sign, "").trim(), form };
    });
    const behind = (part) => {
      const { backgroundColor } = getComputedStyle(part);
      const seen = colour(backgroundColor);
      return seen.length < 4 || seen[3] === 1 || !part.parentElement ? seen : behind(part.parentElement);
    };
    const parts = [...document.querySelectorAll("body *")].filter((part) =>
      [...part.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()) && part.checkVisibility());
    const texts = parts.map((part) => ({ text: part.textContent.trim(), ink: colour(getComputedStyle(part).color), paper: behind(part) }));
    return { states, texts };
  });

async function eyes(browser, url, folder) {
  for (const colorScheme of THEMES) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, colorScheme });
    const page = await context.newPage();
    await page.goto(`${url}?lang=${LANGUAGES[0]}`);
    await page.waitForSelector("#bays > .tile");
    const { states, texts } = await looks(page);
    const tools = await context.newCDPSession(page);
    for (const type of Object.keys(EYES)) {
      const of = texts.map(({ text, ink, paper }) => ({ text, contrast: contrast(type, ink.slice(0, 3), paper.slice(0, 3)) }));
      const faintest = of.reduce((one, other) => (other.contrast < one.contrast ? other : one));
      tell({ theme: colorScheme, eyes: type, states, faintest, texts: of.length });
      await tools.send("Emulation.setEmulatedVisionDeficiency", { type });
      if (type !== "none") await page.screenshot({ path: join(folder, `bays-${type}-${colorScheme}.png`) });
    }
    await context.close();
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
  } else if (what === "eyes") {
    await eyes(browser, url, folder);
  } else {
    await plain(browser, url);
  }
} finally {
  await browser.close();
}
