//! The page on which somebody says who they are.

use axum::response::Response;
use maud::html;
use url::form_urlencoded::byte_serialize;

use super::page::frame::{Frame, Freshness, answer};
use super::porter::NotIn;
use crate::domain::Known;
use crate::words::{Text, Words};

/// What it looks like.
pub(super) const STYLE: &str = include_str!("log_in.css");

/// What it has to say.
pub(super) struct LogInPage<'a> {
    /// Which page somebody comes to afterwards.
    pub(super) to: &'a str,
    /// Why it did not work.
    pub(super) trouble: Option<NotIn>,
}

impl LogInPage<'_> {
    pub(super) fn show(&self, words: &Words) -> Response {
        let to: String = byte_serialize(self.to.as_bytes()).collect();
        let title = words.text(&Text::LogIn);
        let content = html! {
            main.log-in {
                @if let Some(trouble) = self.trouble {
                    p.trouble role="alert" { (words.text(&why(trouble))) }
                }
                form method="post" action={ "/log-in?lang=" (words.language().tag()) "&to=" (to) } {
                    label { (words.text(&Text::LogInName))
                        input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required autofocus; }
                    label { (words.text(&Text::LogInPassword))
                        input name="password" type="password" autocomplete="current-password" required; }
                    button { (title) }
                }
            }
        };
        let frame = Frame {
            title,
            path: "/log-in",
            style: "/log-in.css",
            link: ("/", Text::StationBays),
            freshness: Freshness::Still,
            known: Known::Never,
        };
        answer(frame.around(&content, words))
    }
}

fn why(trouble: NotIn) -> Text {
    match trouble {
        NotIn::Wrong => Text::LogInWrong,
        NotIn::Wait(left) => Text::LogInWait { minutes: left.as_secs().div_ceil(60).max(1) },
        NotIn::Unavailable => Text::LogInUnavailable,
    }
}
