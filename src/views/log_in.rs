//! The page on which somebody says who they are.

use axum::http::header::CACHE_CONTROL;
use axum::response::{Html, IntoResponse as _, Response};
use maud::{DOCTYPE, html};
use url::form_urlencoded::byte_serialize;

use super::porter::NotIn;
use crate::words::{Text, Words};

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
        let language = words.language().tag();
        let page = html! {
            (DOCTYPE)
            html lang=(language) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (words.text(&Text::LogIn)) }
                    link rel="stylesheet" href="/page.css";
                }
                body {
                    main.log-in {
                        h1 { (words.text(&Text::LogIn)) }
                        @if let Some(trouble) = self.trouble {
                            p.trouble role="alert" { (words.text(&why(trouble))) }
                        }
                        form method="post" action={ "/log-in?lang=" (language) "&to=" (to) } {
                            label { (words.text(&Text::LogInName)) input name="name" autocomplete="username" autocapitalize="none" maxlength="64" required autofocus; }
                            label { (words.text(&Text::LogInPassword)) input name="password" type="password" autocomplete="current-password" required; }
                            button { (words.text(&Text::LogIn)) }
                        }
                    }
                }
            }
        };
        ([(CACHE_CONTROL, "no-store")], Html(page.into_string())).into_response()
    }
}

fn why(trouble: NotIn) -> Text {
    match trouble {
        NotIn::Wrong => Text::LogInWrong,
        NotIn::Wait(left) => Text::LogInWait { minutes: left.as_secs().div_ceil(60).max(1) },
        NotIn::Unavailable => Text::LogInUnavailable,
    }
}
