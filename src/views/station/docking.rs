//! Dockings: the latest as a table, and one with every condition of the wipe of its segments.

use maud::{Markup, html};

use crate::domain::{
    Docking, DockingId, ExplainedDocking, ExplainedSegment, Judgement, Problem, Right, SegmentId, Verdict, Visitor,
};
use crate::views::page::frame::{clock, date};
use crate::words::{Column, Text, Words};

/// Dockings, and the way to those before `older`, if there are any.
pub(super) fn table(dockings: &[Docking], older: Option<DockingId>, words: &Words) -> Markup {
    let tag = words.language().tag();
    let columns =
        [Column::Camera, Column::Bay, Column::Began, Column::Ended, Column::Outcome, Column::Segments, Column::Bytes];
    html! {
        @if dockings.is_empty() {
            p { (words.text(&Text::DockingsNone)) }
        } @else {
            table.dockings {
                thead { tr { @for column in columns { th scope="col" { (words.text(&Text::Column { column })) } } } }
                tbody { @for docking in dockings { (row(docking, words)) } }
            }
            @if let Some(older) = older {
                p { a href={ "/station/dockings?lang=" (tag) "&before=" (older) } { (words.text(&Text::DockingsOlder)) } }
            }
        }
    }
}

fn row(docking: &Docking, words: &Words) -> Markup {
    let label = |column| words.text(&Text::Column { column });
    let (ended, outcome) = docking.ended.unzip();
    let link = format!("/station/dockings/{}?lang={}", docking.id, words.language().tag());
    html! {
        tr {
            th scope="row" { a href=(link) { (docking.camera) } }
            td data-column=(label(Column::Bay)) { (docking.bay) }
            td data-column=(label(Column::Began)) { (date(docking.began_at)) }
            td data-column=(label(Column::Ended)) { @if let Some(ended) = ended { (date(ended)) } @else { "–" } }
            td data-column=(label(Column::Outcome)) { (words.text(&Text::DockingOutcome { outcome })) }
            td.number data-column=(label(Column::Segments)) { (docking.segments) }
            td.number data-column=(label(Column::Bytes)) { (docking.bytes) }
        }
    }
}

/// One docking with some of its segments, and the way to those behind `more`, if there are any.
pub(super) fn whole(explained: &ExplainedDocking, more: Option<SegmentId>, visitor: &Visitor, words: &Words) -> Markup {
    let ExplainedDocking { docking, segments, read_at } = explained;
    let Docking { id, bay, began_at, ended, segments: count, bytes, .. } = docking;
    let text = |text: Text| words.text(&text);
    let fact = |column, value: Markup| html! { div { dt { (text(Text::Column { column })) } dd { (value) } } };
    html! {
        main.station {
            section #docking {
                dl.facts {
                    (fact(Column::Bay, html! { (bay) }))
                    (fact(Column::Began, date(*began_at)))
                    @if let Some((at, _)) = ended { (fact(Column::Ended, date(*at))) }
                    (fact(Column::Outcome, html! { (text(Text::DockingOutcome { outcome: ended.map(|(_, how)| how) })) }))
                }
                @if *count == 0 { p { (text(Text::DockingEmpty)) } }
                @else { p { (text(Text::DockingSums { segments: *count, bytes: *bytes })) "." } }
                p.since { (text(Text::DockingAsOf)) " " (clock(*read_at)) }
            }
            @if visitor.who_may(Right::Retain).is_some() { (longer(docking, words)) }
            @for explained in segments { (segment(explained, words)) }
            @if let Some(more) = more {
                p { a href={ "/station/dockings/" (id) "?lang=" (words.language().tag()) "&after=" (more) } {
                    (text(Text::DockingMore))
                } }
            }
        }
    }
}

/// A form to have what was taken from the camera kept longer.
fn longer(docking: &Docking, words: &Words) -> Markup {
    html! {
        section #retained {
            h2 { (words.text(&Text::RetainTitle)) }
            p { (words.text(&Text::RetainWhat { camera: docking.camera.clone() })) }
            // A serial can stand in an address as it is.
            form.retain method="post" action={ "/station/cameras/" (docking.camera) "/retain" } {
                input type="hidden" name="docking" value=(docking.id);
                label { (words.text(&Text::RetainUntil)) " " input type="date" name="until"; }
                label { input type="checkbox" name="legal_hold"; " " (words.text(&Text::RetainHold)) }
                button { (words.text(&Text::RetainButton)) }
            }
        }
    }
}

/// A segment, and how each condition of its wipe stands.
fn segment(explained: &ExplainedSegment, words: &Words) -> Markup {
    let ExplainedSegment { known, conditions } = explained;
    let fingerprint = &known.segment.fingerprint;
    html! {
        section.segment {
            h2 { (known.segment.path) }
            p.since {
                (fingerprint.size) " · " (date(known.segment.recorded_at))
                @if known.segment.damaged { " · " strong { (words.text(&Text::SegmentDamaged)) } }
            }
            p.hash { "SHA-256 " code { (fingerprint.sha256) } }
            ul.conditions {
                @for judgement in conditions { (condition(judgement, words)) }
                @for problem in &known.problems { (unmet(&problem_text(problem, words), words)) }
                @if let Some(at) = known.seen_at { (unmet(&words.text(&Text::SegmentSeen { at }), words)) }
            }
        }
    }
}

fn problem_text(problem: &Problem, words: &Words) -> String {
    words.text(&Text::SegmentProblem { problem: problem.id, message: words.say(problem.kind.clone()) })
}

fn condition(judgement: &Judgement, words: &Words) -> Markup {
    line(judgement.verdict, &words.judgement(judgement), words)
}

fn unmet(text: &str, words: &Words) -> Markup {
    line(Verdict::Unmet, text, words)
}

/// A line of the list: a sign and a word, and what is so.
fn line(verdict: Verdict, text: &str, words: &Words) -> Markup {
    let (class, sign) = match verdict {
        Verdict::Met => ("met", "✔"),
        Verdict::Unmet => ("unmet", "✖"),
    };
    html! {
        li.(class) {
            span.sign aria-hidden="true" { (sign) } " "
            strong { (words.text(&Text::VerdictWord { verdict })) } " "
            span { (text) }
        }
    }
}
