//! How far a visit has come, as facts: what becomes of a camera that leaves is told from these, never from what its bay showed
//! last, which may be about something else by then.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::BayState;
use crate::faults::{PlantedBug, planted};
use crate::ledger::Outcome;

/// The facts of one visit. Clones are of one visit.
#[derive(Debug, Clone, Default)]
pub(in crate::station) struct Progress(Arc<Mutex<Facts>>);

#[derive(Debug, Default)]
struct Facts {
    /// How many entries were on the camera when it was last looked at. Unknown before it was looked at.
    left: Option<u64>,
    /// Whether it ever had any, in this visit.
    held_something: bool,
    /// How many files were deleted from it.
    wiped: u64,
    /// Whether there is nothing more that camdock can do for it by itself.
    is_at_rest: bool,
}

impl Progress {
    /// So many entries are on the camera, as a complete listing shows.
    pub(super) fn listed(&self, entries: u64) {
        let mut facts = self.facts();
        facts.left = Some(entries);
        facts.held_something |= entries > 0;
    }

    /// Whether there is nothing more that camdock can do for the camera by itself, as of now.
    pub(super) fn rests(&self, is_at_rest: bool) {
        self.facts().is_at_rest = is_at_rest;
    }

    /// Whether the camera may give way to another in its bay.
    pub(in crate::station) fn is_at_rest(&self) -> bool {
        self.facts().is_at_rest
    }

    /// So many files were deleted, as a fresh listing shows; and so many entries, which it shows too, are left.
    pub(super) fn wiped(&self, files: u64, left: u64) {
        let mut facts = self.facts();
        facts.left = Some(left);
        facts.wiped += files;
    }

    /// Whether nothing was left on the camera when that was last known.
    pub(super) fn nothing_is_left(&self) -> bool {
        self.facts().left == Some(0)
    }

    /// What a camera that holds nothing now held in this visit.
    pub(super) fn held(&self) -> Held {
        let facts = self.facts();
        match (facts.wiped, facts.held_something) {
            (1.., _) => Held::Footage,
            (0, true) => Held::WhatWentByItself,
            (0, false) => Held::Nothing,
        }
    }

    /// How the visit ended, given what the ledger has of the camera: how many segments some required destination waits for,
    /// and how many problems. `shown` is what the bay said last, which proves nothing.
    pub(in crate::station) fn outcome(&self, unproven: u64, problems: usize, shown: BayState) -> Outcome {
        let done = if planted(PlantedBug::OutcomeFromTheBoard) {
            shown == BayState::Ready
        } else {
            self.nothing_is_left() && unproven == 0 && problems == 0
        };
        if done { Outcome::Completed } else { Outcome::TakenEarly }
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a camera that holds nothing now held in this visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// Files, which camdock deleted.
    Footage,
    /// Files, of which camdock deleted none.
    WhatWentByItself,
    /// Nothing, from the beginning.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(progress: &Progress) -> Outcome {
        // Whatever the bay says: here, that the camera no longer answers.
        progress.outcome(0, 0, BayState::Attention)
    }

    #[test]
    fn a_camera_that_held_nothing_any_more_was_completed_whatever_its_bay_said_last() {
        let progress = Progress::default();
        progress.listed(2);
        assert_eq!(outcome(&progress), Outcome::TakenEarly);
        progress.wiped(1, 1);
        assert_eq!(outcome(&progress), Outcome::TakenEarly);
        progress.wiped(1, 0);
        assert_eq!(outcome(&progress), Outcome::Completed);
        assert_eq!(progress.held(), Held::Footage);
    }

    #[test]
    fn a_camera_that_was_never_looked_at_was_taken_early() {
        assert_eq!(outcome(&Progress::default()), Outcome::TakenEarly);
    }

    #[test]
    fn a_bay_that_says_ready_makes_nothing_complete() {
        let progress = Progress::default();
        progress.listed(1);
        assert_eq!(progress.outcome(0, 0, BayState::Ready), Outcome::TakenEarly);
        progress.listed(0);
        assert_eq!(progress.outcome(1, 0, BayState::Ready), Outcome::TakenEarly, "something of it is unproven");
        assert_eq!(progress.outcome(0, 1, BayState::Ready), Outcome::TakenEarly, "somebody is needed");
    }

    #[test]
    fn what_an_empty_camera_held_is_known() {
        let progress = Progress::default();
        progress.listed(0);
        assert_eq!(progress.held(), Held::Nothing);
        progress.listed(1);
        progress.listed(0);
        assert_eq!(progress.held(), Held::WhatWentByItself);
    }
}
