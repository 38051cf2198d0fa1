//! The bay page: what an officer sees from three metres.
//!
//! Promises: it reads snapshots and changes nothing. It asks nobody but this station, and needs nothing from elsewhere. With
//! scripts it changes by itself, says since when it has been cut off, and recovers; without, it shows the same and is loaded again
//! every few seconds. Every state has a word, a colour and a pattern.

mod tiles;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::sse::{Event, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures::{Stream, StreamExt as _};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;
use tokio::sync::watch;

use self::tiles::{legend, tiles};
use super::legend::in_short;
use super::news::{News, news};
use crate::domain::{Rhythms, Snapshot};
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
}

/// `/`, `/live`.
pub fn page(snapshot: watch::Receiver<Snapshot>, dock: Dock) -> Router {
    Router::new().route("/", get(whole)).route("/live", get(live)).with_state(Arc::new(Page { snapshot, dock }))
}

/// What pages look like: `/page.css`, `/page.js`.
pub fn files() -> Router {
    Router::new()
        .route("/page.css", get(async || file("text/css; charset=utf-8", include_str!("page.css"))))
        .route("/page.js", get(async || file("text/javascript; charset=utf-8", include_str!("page.js"))))
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    lang: Option<String>,
}

impl Wanted {
    /// The language that is asked for, or else the browser's.
    pub(super) fn words(&self, headers: &HeaderMap) -> &'static Words {
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|languages| languages.to_str().ok()).unwrap_or_default();
        let mut tags = self.lang.as_deref().into_iter().chain(accepted.split(','));
        let language = tags.find_map(|tag| Language::of(tag.split(['-', ';']).next()?.trim()));
        Words::of(language.unwrap_or_default())
    }
}

async fn whole(State(page): State<Arc<Page>>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let words = wanted.words(&headers);
    let shown = page.snapshot.borrow().clone();
    ([(CACHE_CONTROL, "no-store")], Html(document(&shown, &page.dock, words).into_string())).into_response()
}

fn document(shown: &Snapshot, dock: &Dock, words: &Words) -> Markup {
    let title = words.text(&Text::PageTitle { station: shown.station.clone() });
    html! {
        (DOCTYPE)
        html lang=(words.language().tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="stylesheet" href="/page.css";
                script src="/page.js" defer {}
                noscript { meta http-equiv="refresh" content="5"; }
            }
            body data-version=(env!("CARGO_PKG_VERSION")) {
                header {
                    h1 { (title) }
                    p #cut-off role="status" data-begin=(words.text(&Text::PageNotLive)) {}
                    nav {
                        @for language in Language::ALL {
                            a href={ "/?lang=" (language.tag()) } lang=(language.tag()) hreflang=(language.tag())
                                aria-current=[(language == words.language()).then_some("true")] { (language.name()) }
                        }
                    }
                }
                main #bays data-columns=[dock.columns] { (tiles(shown, words)) }
                footer {
                    (legend(words))
                    @if let Some(rhythms) = &dock.lamps { (in_short(rhythms, words)) }
                }
            }
        }
    }
}

/// The tiles, whenever they change, and at once.
async fn live(
    State(page): State<Arc<Page>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let words = wanted.words(&headers);
    let look = move |shown: &Snapshot| tiles(shown, words).into_string();
    let told = news(page.snapshot.clone(), None, look).map(|news| match news {
        News::Changed(tiles) => Event::default().event("tiles").id(env!("CARGO_PKG_VERSION")).data(tiles),
        News::Alive => Event::default().event("alive").data("1"),
    });
    Sse::new(told.map(Ok))
}

fn file(kind: &'static str, content: &'static str) -> Response {
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static(kind)), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    (headers, content).into_response()
}

#[cfg(test)]
mod tests;
