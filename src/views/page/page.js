// Keeps a page live: takes each change from the station, and says since when none has come. Writes times as clocks here show them.
"use strict";

(() => {
  const language = document.documentElement.lang;
  const shown = document.querySelector("main");
  const cutOff = document.getElementById("cut-off");
  const version = document.body.dataset.version;
  // The station gives a sign of life every five seconds.
  const PATIENCE = 15_000;
  let heard = Date.now();
  let source;

  const TIME = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const DAY = { day: "numeric", month: "short" };
  // Of another year, its year.
  const day = (at) => (at.getFullYear() === new Date().getFullYear() ? DAY : { ...DAY, year: "numeric" });
  const written = (at, parts) => new Intl.DateTimeFormat(language, parts).format(at);
  const clock = (at) => written(at, TIME);

  const showTimes = (within) => {
    for (const time of within.querySelectorAll("time")) {
      const at = new Date(time.dateTime);
      time.textContent = time.dataset.day === undefined ? clock(at) : `${written(at, day(at))}, ${clock(at)}`;
    }
  };

  // Only parts that differ are exchanged, and what somebody has opened or chosen stays so: nobody loses their place on the page.
  const show = (text) => {
    const news = new DOMParser().parseFromString(text, "text/html").body;
    showTimes(news);
    for (const open of shown.querySelectorAll("details[open]")) {
      news.querySelector(`#${open.id}`)?.setAttribute("open", "");
    }
    const chosen = document.activeElement?.getAttribute("href");
    const parts = [...news.children];
    const same = parts.length === shown.children.length && parts.every((part, index) => part.id === shown.children[index].id);
    if (!same) {
      shown.replaceChildren(...parts);
    } else {
      parts.forEach((part, index) => {
        if (!part.isEqualNode(shown.children[index])) {
          shown.children[index].replaceWith(part);
        }
      });
    }
    if (chosen && document.activeElement === document.body) {
      shown.querySelector(`a[href="${CSS.escape(chosen)}"]`)?.focus();
    }
  };

  const isLive = (live) => {
    document.body.classList.toggle("not-live", !live);
    cutOff.textContent = live ? "" : `${cutOff.dataset.begin} ${clock(heard)}`;
  };

  const hear = () => {
    heard = Date.now();
    isLive(true);
  };

  // Whoever is no longer logged in is to see that, and not a page that is cut off.
  const listenAgain = async () => {
    const answer = await fetch(shown.dataset.live, { method: "HEAD" }).catch(() => undefined);
    if (answer?.status === 401) {
      location.reload();
    } else {
      listen();
    }
  };

  const listen = () => {
    source?.close();
    source = new EventSource(shown.dataset.live);
    source.addEventListener("alive", hear);
    source.addEventListener("changed", (event) => {
      if (event.lastEventId !== version) {
        // Another camdock runs now, and its page may be another one.
        location.reload();
        return;
      }
      hear();
      show(event.data);
    });
    source.addEventListener("error", () => {
      isLive(false);
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(listenAgain, 3_000);
      }
    });
  };

  const watch = () => {
    if (Date.now() - heard > PATIENCE) {
      isLive(false);
      if (source.readyState === EventSource.OPEN) {
        // The line is dead, and nobody said so.
        listen();
      }
    }
  };

  showTimes(document);
  if (shown.dataset.live) {
    setInterval(watch, 1_000);
    listen();
  }
})();
