//! The cameras that did not come back.

use maud::{Markup, html};

use super::section;
use crate::domain::{Overdue, OverdueCamera, Right, StationNotice, Visitor};
use crate::views::page::frame::date;
use crate::words::{Text, Words};

/// So many are on the page.
pub(super) const SHOWN: usize = 20;

/// Those that were here last, the latest first, and how many more there are.
pub(super) fn overdue(overdue: &Overdue, visitor: &Visitor, words: &Words) -> Markup {
    let Overdue { days, cameras, latest } = overdue;
    let (days, cameras) = (*days, *cameras);
    let shown = &latest[..latest.len().min(SHOWN)];
    let more = cameras.saturating_sub(shown.len() as u64);
    let content = html! {
        @if cameras == 0 {
            p { (words.text(&Text::OverdueNone { days })) }
        } @else {
            p { (words.tell(&StationNotice::CamerasOverdue { cameras, days }.into()).sentence) }
            ul.overdue { @for camera in shown { li { (missed(camera, visitor, words)) } } }
            @if more > 0 { p.more { (words.text(&Text::OverdueMore { more })) } }
            p.since { (words.text(&Text::OverdueRetire)) }
        }
    };
    section("overdue", &Text::StationOverdue, &content, words)
}

fn missed(missed: &OverdueCamera, visitor: &Visitor, words: &Words) -> Markup {
    let OverdueCamera { since, camera, docking } = missed;
    html! {
        p {
            strong { (camera) } " "
            span.since {
                (words.text(&Text::OverdueLast)) " "
                @if let Some(docking) = docking {
                    a href={ "/station/dockings/" (docking) "?lang=" (words.language().tag()) } { (date(*since)) }
                } @else { (date(*since)) }
            }
        }
        @if visitor.who_may(Right::Retire).is_some() {
            // A serial can stand in an address as it is.
            form method="post" action={ "/station/cameras/" (camera) "/retire" } {
                button { (words.text(&Text::CameraRetire)) }
            }
        }
    }
}
