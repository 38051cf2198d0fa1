// Keeps the page live: takes each change from the station, and says since when none has come.
"use strict";

(() => {
  const language = document.documentElement.lang;
  const bays = document.getElementById("bays");
  const cutOff = document.getElementById("cut-off");
  const version = document.body.dataset.version;
  // The station gives a sign of life every five seconds.
  const PATIENCE = 15_000;
  let heard = Date.now();
  let source;

  const clock = (at) => new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);

  const showTimes = (within) => {
    for (const time of within.querySelectorAll("time")) {
      time.textContent = clock(new Date(time.dateTime));
    }
  };

  // Only tiles that differ are exchanged, so that nobody loses their place on the page.
  const show = (text) => {
    const news = new DOMParser().parseFromString(text, "text/html").body;
    showTimes(news);
    const tiles = [...news.children];
    const same = tiles.length === bays.children.length && tiles.every((tile, index) => tile.id === bays.children[index].id);
    if (!same) {
      bays.replaceChildren(...tiles);
      return;
    }
    tiles.forEach((tile, index) => {
      if (!tile.isEqualNode(bays.children[index])) {
        bays.children[index].replaceWith(tile);
      }
    });
  };

  const isLive = (live) => {
    document.body.classList.toggle("not-live", !live);
    cutOff.textContent = live ? "" : `${cutOff.dataset.begin} ${clock(heard)}`;
  };

  const hear = () => {
    heard = Date.now();
    isLive(true);
  };

  const listen = () => {
    source?.close();
    source = new EventSource(`/live?lang=${language}`);
    source.addEventListener("alive", hear);
    source.addEventListener("tiles", (event) => {
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
        setTimeout(listen, 3_000);
      }
    });
  };

  setInterval(() => {
    if (Date.now() - heard > PATIENCE) {
      isLive(false);
      if (source.readyState === EventSource.OPEN) {
        // The line is dead, and nobody said so.
        listen();
      }
    }
  }, 1_000);

  showTimes(bays);
  listen();
})();
