//! The bay page: what an officer sees from three metres.
//!
//! Promises: it reads snapshots and changes nothing. It asks nobody but this station, and needs nothing from elsewhere. With
//! scripts it changes by itself, says since when it has been cut off, and recovers; without, it shows the same and is loaded again
//! every few seconds. Every state has a word, a colour and a pattern.

pub(super) mod frame;
mod tiles;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use axum::{Extension, Router};
use futures::{Stream, StreamExt as _};
use maud::{Markup, html};
use tokio::sync::watch;

use self::frame::{Frame, Freshness, Wanted, answer, file, style};
use self::tiles::{legend, tiles};
use super::legend::in_short;
use super::news::{News, news};
use crate::domain::{Known, Rhythms, Snapshot, Visitor};
use crate::words::{Language, Text, Words};

/// How the dock looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dock {
    /// So many bays stand beside each other; as many as fit, if that is not known.
    pub columns: Option<usize>,
    /// How its lamps blink, if it has any.
    pub lamps: Option<Arc<Rhythms>>,
}

struct Page {
    snapshot: watch::Receiver<Snapshot>,
    dock: Dock,
    drawn: Drawn,
}

/// The tiles as they were drawn last, for each language: all who look at the same are shown the same, however many they are.
#[derive(Default)]
struct Drawn(Mutex<Vec<(Language, Snapshot, Arc<str>)>>);

impl Drawn {
    fn tiles(&self, shown: &Snapshot, words: &Words) -> Arc<str> {
        let (mut drawn, language) = (self.0.lock().unwrap_or_else(PoisonError::into_inner), words.language());
        let known = drawn.iter().position(|(of, ..)| *of == language);
        if let Some((_, as_it_was, text)) = known.map(|index| &drawn[index])
            && as_it_was == shown
        {
            return Arc::clone(text);
        }
        let text: Arc<str> = tiles(shown, words).into_string().into();
        if let Some(index) = known {
            drawn.swap_remove(index);
        }
        drawn.push((language, shown.clone(), Arc::clone(&text)));
        text
    }
}

/// `/`, `/live`.
pub fn page(snapshot: watch::Receiver<Snapshot>, dock: Dock) -> Router {
    Router::new().route("/", get(whole)).route("/live", get(live)).with_state(Arc::new(Page {
        snapshot,
        dock,
        drawn: Drawn::default(),
    }))
}

/// What pages look like: `/page.css`, `/bays.css`, `/page.js`.
pub fn files() -> Router {
    Router::new()
        .route("/page.css", get(async || style(include_str!("page.css"))))
        .route("/bays.css", get(async || style(include_str!("bays.css"))))
        .route("/page.js", get(async || file("text/javascript; charset=utf-8", include_str!("page.js"))))
}

async fn whole(
    State(page): State<Arc<Page>>,
    Extension(visitor): Extension<Visitor>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let shown = page.snapshot.borrow().clone();
    answer(document(&shown, &page.dock, visitor.known, wanted.words(&headers)))
}

fn document(shown: &Snapshot, dock: &Dock, known: Known, words: &Words) -> Markup {
    let live = format!("/live?lang={}", words.language().tag());
    let frame = Frame {
        title: words.text(&Text::PageTitle { station: shown.station.clone() }),
        path: "/",
        style: "/bays.css",
        link: ("/station", Text::StationLink),
        freshness: Freshness::Live,
        known,
    };
    let content = html! {
        main #bays data-columns=[dock.columns] data-live=(live) { (tiles(shown, words)) }
        footer {
            (legend(words))
            @if let Some(rhythms) = &dock.lamps { (in_short(rhythms, words)) }
        }
    };
    frame.around(&content, words)
}

/// The tiles, whenever they change, and at once.
async fn live(
    State(page): State<Arc<Page>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let words = wanted.words(&headers);
    let snapshot = page.snapshot.clone();
    let look = move |shown: &Snapshot| page.drawn.tiles(shown, words);
    let told = news(snapshot, None, look).map(|news| match news {
        News::Changed(tiles) => Event::default().event("changed").id(env!("CARGO_PKG_VERSION")).data(tiles),
        News::Alive => Event::default().event("alive").data("1"),
    });
    Sse::new(told.map(Ok))
}

#[cfg(test)]
mod tests;
