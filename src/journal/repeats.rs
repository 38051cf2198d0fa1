//! What is so again and again: told a few times, and then counted.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{BayName, CameraNotice, CameraSerial, DestinationName, Notice, Severity, Subject};

/// So often the same is told within [`WINDOW`].
const TIMES: u32 = 3;
/// After this long it is told again.
const WINDOW: Duration = Duration::from_hours(1);
/// So many kinds are counted. Whoever brings up more, with invented serials for instance, makes camdock forget, not grow.
const MOST: usize = 1_024;

/// What counts as the same: the same notice of the same camera at the same place, of whichever file and in whichever docking. What is
/// about a folder, a port or a part of the station is the same only if its facts are: there is one of each, and they name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    notice: String,
    facts: Option<String>,
    bay: Option<BayName>,
    camera: Option<CameraSerial>,
    destination: Option<DestinationName>,
}

/// Whether and how something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// As it is.
    Tell,
    /// More of it is not told for a while, which is said.
    TellForTheLastTime,
    /// It was not told for a while, though it was so.
    TellAgain {
        /// How often it was so.
        missed: u64,
    },
    /// Not now.
    Count,
}

/// What was told lately.
#[derive(Debug)]
pub(super) struct Repeats {
    known: BTreeMap<Kind, Counted>,
}

#[derive(Debug)]
struct Counted {
    since: Instant,
    told: u32,
    missed: u64,
}

impl Kind {
    /// That of a notice; none, if each of its kind is to be told: steps, for who asks for them, and what became of a docking.
    pub(super) fn of(subject: &Subject, notice: &Notice) -> Option<Self> {
        let each = notice.severity() == Severity::Step || matches!(notice, Notice::Camera(CameraNotice::Done { .. }));
        let Subject { bay, camera, docking: _, file: _, destination } = subject.clone();
        let names_its_own = matches!(notice, Notice::Setup(_) | Notice::Dock(_) | Notice::Station(_));
        let facts = names_its_own.then(|| serde_json::to_string(notice).unwrap_or_default());
        (!each).then(|| Self { notice: notice.id(), facts, bay, camera, destination })
    }
}

impl Repeats {
    pub(super) const fn none() -> Self {
        Self { known: BTreeMap::new() }
    }

    /// Something is so once more.
    pub(super) fn once_more(&mut self, kind: Kind, now: Instant) -> Telling {
        if self.known.len() >= MOST && !self.known.contains_key(&kind) {
            self.make_room(now);
        }
        let counted = self.known.entry(kind).or_insert(Counted { since: now, told: 0, missed: 0 });
        if now.duration_since(counted.since) >= WINDOW {
            let missed = counted.missed;
            *counted = Counted { since: now, told: 1, missed: 0 };
            return if missed == 0 { Telling::Tell } else { Telling::TellAgain { missed } };
        }
        if counted.told < TIMES {
            counted.told += 1;
            return if counted.told < TIMES { Telling::Tell } else { Telling::TellForTheLastTime };
        }
        counted.missed += 1;
        Telling::Count
    }

    /// Forgets what was long ago; if nothing was, everything: then it is told too often rather than not at all.
    fn make_room(&mut self, now: Instant) {
        self.known.retain(|_, counted| now.duration_since(counted.since) < WINDOW);
        if self.known.len() >= MOST {
            self.known.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SegmentNotice, SourcePath};

    fn camera(serial: &str) -> Subject {
        Subject::station().camera(&CameraSerial::new(serial).unwrap())
    }

    fn found_again(subject: &Subject) -> Kind {
        Kind::of(subject, &SegmentNotice::FoundAgain.into()).unwrap()
    }

    #[test]
    fn the_third_time_says_that_the_fourth_is_only_counted_and_an_hour_later_says_how_many_there_were() {
        let (mut repeats, began) = (Repeats::none(), Instant::now());
        let mut told = |minutes| repeats.once_more(found_again(&camera("A")), began + Duration::from_mins(minutes));
        assert_eq!([told(0), told(1), told(2)], [Telling::Tell, Telling::Tell, Telling::TellForTheLastTime]);
        assert_eq!([told(3), told(59)], [Telling::Count, Telling::Count]);
        assert_eq!([told(60), told(61)], [Telling::TellAgain { missed: 2 }, Telling::Tell]);
        assert_eq!(told(125), Telling::Tell, "nothing was missed");
    }

    #[test]
    fn files_and_dockings_of_one_camera_are_counted_together_and_cameras_apart() {
        let file = |name: &str| camera("A").file(&SourcePath::new(name.as_bytes().to_vec()));
        assert_eq!(found_again(&file("1")), found_again(&file("2")));
        assert_ne!(found_again(&camera("A")), found_again(&camera("B")));
    }

    #[test]
    fn what_became_of_a_docking_is_told_each_time() {
        let done = CameraNotice::Done { segments: 1, bytes: 1 }.into();
        assert_eq!(Kind::of(&camera("A"), &done), None);
    }

    #[test]
    fn a_flood_of_invented_cameras_costs_no_more_room_and_silences_nobody() {
        let (mut repeats, now) = (Repeats::none(), Instant::now());
        for serial in 0..10 * MOST {
            assert_eq!(repeats.once_more(found_again(&camera(&serial.to_string())), now), Telling::Tell);
        }
        assert!(repeats.known.len() <= MOST);
    }
}
