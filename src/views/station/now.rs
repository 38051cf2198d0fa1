//! How the station is: what is at fault, what waits, what room there is, where it goes, and what a person must look at.

use maud::{Markup, html};

use super::section;
use crate::domain::{
    Amount, ByteCount, DestinationSnapshot, DestinationState, Link, Notice, Problem, QueueSnapshot, Right, Snapshot,
    Subject, Visitor,
};
use crate::views::diagnosis::{Diagnosis, Finding};
use crate::views::document::StatusDocument;
use crate::views::page::frame::{clock, date, expected};
use crate::words::{Text, Words};

/// Of so many cameras it is told what is put off at a destination.
const PUT_OFF: usize = 5;
/// How long a bar is, in its own units.
const WIDE: u64 = 1_000;

/// Which link is at fault, as `camdock doctor` says it.
pub(super) fn faults(shown: &Snapshot, words: &Words) -> Markup {
    let diagnosis = Diagnosis::of(&StatusDocument::new(shown, words), words);
    let link = |link: &Link| words.text(&Text::LinkName { link: *link });
    let content = html! {
        @if !diagnosis.findings.is_empty() {
            ul.faults {
                @for Finding { link: at, place, message } in &diagnosis.findings {
                    li { p { strong.link { (link(at)) } " " span.place { (place) } } p { (message) } }
                }
            }
        }
        @if let Some(well) = diagnosis.well(words) { p.well { (well) } }
    };
    section("faults", &Text::StationFaults, &content, words)
}

/// What waits to be proven, and until when.
pub(super) fn queue(queue: QueueSnapshot, words: &Words) -> Markup {
    let QueueSnapshot { segments, bytes, oldest_seconds, clear } = queue;
    let content = html! {
        @if segments == 0 {
            p.figure { (words.text(&Text::QueueEmpty)) }
        } @else {
            p.figure { (words.text(&Text::QueueWaits { segments, bytes })) }
            p { (words.text(&Text::QueueOldest { age: age(oldest_seconds) })) }
        }
        @if let Some(clear) = clear {
            p.clear { (expected(clear, &Text::QueueClearBy, &Text::QueueClearBetween, words)) }
        }
    };
    section("queue", &Text::StationQueue, &content, words)
}

/// Hours and minutes, with symbols that every language has.
fn age(seconds: u64) -> String {
    match (seconds / 3_600, seconds / 60 % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// The disk of the local copies.
pub(super) fn disk(shown: &Snapshot, words: &Words) -> Markup {
    let copies = shown.copies.bytes;
    let row = |text: &Text, class: &str, bytes: ByteCount| {
        html! { div { dt.(class) { (words.text(text)) } dd { (bytes) } } }
    };
    let content = html! {
        @if let Some(space) = shown.spool {
            (bar(&[("copies", copies), ("others", space.others(copies)), ("free", space.free)], space.size))
            dl {
                (row(&Text::DiskCopies, "copies", copies))
                (row(&Text::DiskOthers, "others", space.others(copies)))
                (row(&Text::DiskFree, "free", space.free))
                (row(&Text::DiskReserve, "reserve", space.reserve))
                (row(&Text::DiskSize, "whole", space.size))
            }
        } @else {
            dl { (row(&Text::DiskCopies, "copies", copies)) }
            p.silent { (words.text(&Text::DiskSilent)) }
        }
    };
    section("disk", &Text::StationDisk, &content, words)
}

/// Parts of a whole beside each other. What they are stands beside it in words.
fn bar(parts: &[(&str, ByteCount)], whole: ByteCount) -> Markup {
    let wide = |bytes: ByteCount| u128::from(bytes.get()) * u128::from(WIDE) / u128::from(whole.get().max(1));
    let places = parts.iter().scan(0, |from, (class, bytes)| {
        let (left, width) = (*from, wide(*bytes).min(u128::from(WIDE) - *from));
        *from += width;
        Some((*class, left, width))
    });
    html! {
        svg.disk viewBox={ "0 0 " (WIDE) " 10" } preserveAspectRatio="none" aria-hidden="true" {
            @for (class, left, width) in places { rect.(class) x=(left) width=(width) height="10" {} }
        }
    }
}

/// Every destination and how it is doing.
pub(super) fn destinations(places: &[DestinationSnapshot], words: &Words) -> Markup {
    let content = html! { ul.destinations { @for place in places { (destination(place, words)) } } };
    section("destinations", &Text::StationDestinations, &content, words)
}

fn destination(place: &DestinationSnapshot, words: &Words) -> Markup {
    let state = place.state();
    let told = words.tell(&Notice::from(place.notice.clone()));
    let more = place.put_off.len().saturating_sub(PUT_OFF) as u64;
    html! {
        li.(class(state)) {
            p { strong { (place.name) } " " span.state { (words.text(&Text::DestinationWord { state })) }
                @if let Some(since) = place.since { " " span.since { (words.text(&Text::StationSince)) " " (clock(since)) } }
            }
            p { (told.sentence) }
            @if let Some(advice) = told.advice { p.advice { (advice) } }
            @if let Some(at) = place.again_at { p.since { (words.text(&Text::StationAgainAt)) " " (clock(at)) } }
            @if place.backlog != Amount::NONE {
                p.since {
                    (words.text(&Text::QueueWaits { segments: place.backlog.times, bytes: place.backlog.bytes }))
                    @if let Some(clear) = place.clear {
                        ". " (expected(clear, &Text::QueueClearBy, &Text::QueueClearBetween, words))
                    }
                }
            }
            @if !place.put_off.is_empty() {
                ul.put-off {
                    @for put_off in place.put_off.iter().take(PUT_OFF) { li { (words.say(put_off.clone())) } }
                    @if more > 0 { li { (words.text(&Text::PutOffMore { more })) } }
                }
            }
        }
    }
}

const fn class(state: DestinationState) -> &'static str {
    match state {
        DestinationState::Unknown => "unknown",
        DestinationState::Ok => "fine",
        DestinationState::Waiting => "waiting",
        DestinationState::Refused | DestinationState::Overdue | DestinationState::Attention => "trouble",
    }
}

/// The oldest problems, and how many more there are.
pub(super) fn problems(problems: &[Problem], all: u64, visitor: &Visitor, words: &Words) -> Markup {
    let may_retry = visitor.who_may(Right::Retry).is_some();
    let more = all.saturating_sub(problems.len() as u64);
    html! {
        @if problems.is_empty() && more == 0 {
            p { (words.text(&Text::ProblemsNone)) }
        } @else {
            ul.problems { @for problem in problems {
                li {
                    (self::problem(problem, words))
                    @if may_retry {
                        form method="post" action={ "/station/problems/" (problem.id.0) "/retry" } {
                            button { (words.text(&Text::ProblemRetry)) }
                        }
                    }
                }
            } }
            @if more > 0 { p.more { (words.text(&Text::ProblemsMore { more })) } }
            @if !may_retry { p.since { (words.text(&Text::ProblemsRetry)) } }
        }
    }
}

fn problem(problem: &Problem, words: &Words) -> Markup {
    let Problem { id, camera, path, destination, kind, since, .. } = problem.clone();
    let subject = Subject { camera, file: Some(path), destination, ..Subject::station() };
    let told = words.tell(&kind.into());
    html! {
            p { strong { (words.text(&Text::ProblemNumber { problem: id })) } " "
                span.since { (words.text(&Text::StationSince)) " " (date(since)) } }
            p { (words.line(&subject, &crate::words::Told { advice: None, sentence: told.sentence })) }
            @if let Some(advice) = told.advice { p.advice { (advice) } }
    }
}
