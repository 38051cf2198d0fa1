//! One tile for each bay.

use maud::{Markup, html};

use super::frame::{clock, expected};
use crate::domain::{BayName, BaySnapshot, BayState, Instruction, Snapshot};
use crate::words::{Text, Words};

/// How a tile looks: each has a colour and a pattern of its own in `page.css`, and a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Nothing is in it.
    Free,
    /// Work goes on: leave it.
    Working,
    /// Take it.
    Ready,
    /// It needs somebody.
    Attention,
    /// It is no camera.
    Refused,
}

impl Look {
    const fn of(state: BayState) -> Self {
        match state {
            BayState::Empty => Self::Free,
            BayState::Identifying
            | BayState::Offloading
            | BayState::Uploading
            | BayState::Wiping
            | BayState::Charging => Self::Working,
            BayState::Ready => Self::Ready,
            BayState::Attention => Self::Attention,
            BayState::Refused => Self::Refused,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Working => "working",
            Self::Ready => "ready",
            Self::Attention => "attention",
            Self::Refused => "refused",
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Free => "○",
            Self::Working => "↻",
            Self::Ready => "✔",
            Self::Attention => "!",
            Self::Refused => "✖",
        }
    }
}

/// Which of the cameras that are ready is to be taken first: the one that has been so for longest.
#[derive(Debug, Clone, Copy)]
struct Turns<'b> {
    first: Option<&'b BayName>,
    ready: usize,
}

impl<'b> Turns<'b> {
    fn of(bays: &'b [BaySnapshot]) -> Self {
        let ready = || bays.iter().filter(|bay| bay.notice.instruction() == Instruction::Take);
        Self { first: ready().min_by_key(|bay| bay.ready_at).map(|bay| &bay.name), ready: ready().count() }
    }
}

/// The tiles of all bays, in their order.
pub(super) fn tiles(shown: &Snapshot, words: &Words) -> Markup {
    let turns = Turns::of(&shown.bays);
    html! {
        @for bay in &shown.bays { (tile(bay, turns, words)) }
    }
}

fn tile(bay: &BaySnapshot, turns: Turns<'_>, words: &Words) -> Markup {
    let look = Look::of(bay.state());
    let told = words.tell(&bay.notice.clone().into());
    let is_telling = !matches!(look, Look::Free);
    html! {
        article.tile.(look.class()) id={ "bay-" (bay.name) } {
            h2 { (words.text(&Text::PageBay { bay: bay.name.clone() })) }
            p.word { span.sign aria-hidden="true" { (look.sign()) } " " (words.text(&Text::PageState { state: bay.state() })) }
            p.camera { @if let Some(camera) = &bay.camera { (camera) } }
            p.instruction { (instruction(bay, turns, words)) }
            @if bay.bytes_total.get() > 0 {
                (progress(bay, words))
            }
            @if let Some(at) = bay.ready_at.filter(|_| look == Look::Ready) {
                p.since { (words.text(&Text::PageReadySince)) " " (clock(at)) }
            }
            @if let Some(range) = bay.expected.filter(|_| look == Look::Working) {
                p.since { (expected(range, &Text::PageReadyBy, &Text::PageReadyBetween, words)) }
            }
            @if is_telling {
                p.sentence { (told.sentence) }
                @if let Some(advice) = told.advice.as_ref().filter(|_| look != Look::Ready) { p.advice { (advice) } }
            }
            @for other in &bay.also { p.also { (words.say(other.clone())) } }
        }
    }
}

/// What to do at this bay; of several cameras that are ready, which to take first.
fn instruction(bay: &BaySnapshot, turns: Turns<'_>, words: &Words) -> String {
    match bay.notice.instruction() {
        Instruction::Take if turns.ready > 1 && turns.first == Some(&bay.name) => words.text(&Text::PageTakeFirst),
        Instruction::Take if turns.ready > 1 => words.text(&Text::PageTakeLater),
        instruction => words.text(&Text::PageInstruction { instruction }),
    }
}

fn progress(bay: &BaySnapshot, words: &Words) -> Markup {
    let (done, total) = (bay.bytes_uploaded, bay.bytes_total);
    let said = words.text(&Text::PageProgress { done, total });
    html! {
        p.progress {
            progress value=(done.get()) max=(total.get()) aria-label=(said) {}
            span aria-hidden="true" { (said) }
        }
    }
}

/// One small tile for each look.
pub(super) fn legend(words: &Words) -> Markup {
    let state = |state| words.text(&Text::PageState { state });
    let looks = [
        (Look::Free, state(BayState::Empty)),
        (Look::Working, words.text(&Text::PageWorking)),
        (Look::Ready, state(BayState::Ready)),
        (Look::Attention, state(BayState::Attention)),
        (Look::Refused, state(BayState::Refused)),
    ];
    html! {
        section.legend {
            h2 { (words.text(&Text::PageLegend)) }
            ul {
                @for (look, word) in looks {
                    li.tile.(look.class()) { span.sign aria-hidden="true" { (look.sign()) } " " (word) }
                }
            }
        }
    }
}
