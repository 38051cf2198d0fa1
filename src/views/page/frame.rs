//! What all pages have in common: their head, the languages, files, and how times are written.

use std::time::Duration;

use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{Html, IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

use crate::domain::{Caller, Expected, Known, Moment};
use crate::words::{Language, Text, Words};

/// A range that is shorter is told as its end.
const A_TIME: Duration = Duration::from_mins(10);

/// In which language somebody wants a page.
#[derive(Deserialize)]
pub(in crate::views) struct Wanted {
    pub(super) lang: Option<String>,
}

impl Wanted {
    /// The language that is asked for, or else the browser's.
    pub(in crate::views) fn words(&self, headers: &HeaderMap) -> &'static Words {
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|languages| languages.to_str().ok()).unwrap_or_default();
        let mut tags = self.lang.as_deref().into_iter().chain(accepted.split(','));
        let language = tags.find_map(|tag| Language::of(tag.split(['-', ';']).next()?.trim()));
        Words::of(language.unwrap_or_default())
    }
}

/// What is around a page.
pub(in crate::views) struct Frame<'f> {
    pub(in crate::views) title: String,
    /// Where it is, so that it can be had in another language.
    pub(in crate::views) path: &'f str,
    /// The style that it has besides the common one.
    pub(in crate::views) style: &'static str,
    /// Where else one may want to go, and how that is called.
    pub(in crate::views) link: (&'static str, Text),
    pub(in crate::views) freshness: Freshness,
    /// Whose page it is.
    pub(in crate::views) known: Known,
}

/// Whether a page follows what it shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::views) enum Freshness {
    /// It does: with scripts by its news, and without by being loaded again.
    Live,
    /// It shows what was so.
    Still,
}

impl Frame<'_> {
    /// A whole page.
    pub(in crate::views) fn around(&self, content: &Markup, words: &Words) -> Markup {
        let tag = words.language().tag();
        html! {
            (DOCTYPE)
            html lang=(tag) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) }
                    link rel="stylesheet" href="/page.css";
                    link rel="stylesheet" href=(self.style);
                    script src="/page.js" defer {}
                    @if self.freshness == Freshness::Live {
                        noscript { meta http-equiv="refresh" content="5"; }
                    }
                }
                body data-version=(env!("CARGO_PKG_VERSION")) {
                    header {
                        h1 { (self.title) }
                        p #cut-off role="status" data-begin=(words.text(&Text::PageNotLive)) {}
                        nav {
                            a href={ (self.link.0) "?lang=" (tag) } { (words.text(&self.link.1)) }
                            @match &self.known {
                                Known::As(Caller::User(user)) => {
                                    form method="post" action="/log-out" {
                                        button { (words.text(&Text::LogOut { user: user.clone() })) }
                                    }
                                }
                                Known::NotYet => { a href={ "/log-in?lang=" (tag) "&to=" (self.path) } { (words.text(&Text::LogIn)) } }
                                Known::As(Caller::Account { .. }) | Known::Never => {}
                            }
                            @for language in Language::ALL {
                                a href={ (self.path) "?lang=" (language.tag()) } lang=(language.tag()) hreflang=(language.tag())
                                    aria-current=[(language == words.language()).then_some("true")] { (language.name()) }
                            }
                        }
                    }
                    (content)
                }
            }
        }
    }
}

/// A page as an answer that nobody is to keep.
pub(in crate::views) fn answer(page: Markup) -> Response {
    ([(CACHE_CONTROL, "no-store")], Html(page.into_string())).into_response()
}

/// A file of a page.
pub(in crate::views) fn file(kind: &'static str, content: &'static str) -> Response {
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static(kind)), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    (headers, content).into_response()
}

/// A style sheet of a page.
pub(in crate::views) fn style(content: &'static str) -> Response {
    file("text/css; charset=utf-8", content)
}

/// A time of day. `page.js` writes it as clocks here show it.
pub(in crate::views) fn clock(at: Moment) -> Markup {
    let written = at.to_string();
    let of_day = written.get(11..16).unwrap_or_default();
    html! { time datetime=(written) { (of_day) " UTC" } }
}

/// A day and a time of day. `page.js` writes them as calendars and clocks here show them.
pub(in crate::views) fn date(at: Moment) -> Markup {
    let written = at.to_string();
    let (day, of_day) = (written.get(..10).unwrap_or_default(), written.get(11..16).unwrap_or_default());
    html! { time datetime=(written) data-day { (day) " " (of_day) " UTC" } }
}

/// When something is expected, after words that say what: by when, or between when and when. A range of a few minutes is a time.
pub(in crate::views) fn expected(range: Expected, by: &Text, between: &Text, words: &Words) -> Markup {
    let Expected { earliest, latest } = range;
    html! {
        @if latest.since(earliest) <= A_TIME {
            (words.text(by)) " " (clock(latest))
        } @else {
            (words.text(between)) " " (clock(earliest)) " " (words.text(&Text::PageReadyAnd)) " " (clock(latest))
        }
    }
}
