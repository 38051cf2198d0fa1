//! How often something may go wrong with a file in one docking before the docking goes on without it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::SourcePath;
use crate::faults::{PlantedBug, planted};

/// What goes wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// It could not be read.
    Unreadable,
    /// It was written while it was being pulled.
    Restless,
    /// Read again, it was not what was read before, although nothing says that it was written.
    Unsteady,
    /// It was listed still after it was deleted.
    Undead,
}

impl Trouble {
    const fn limit(self) -> u32 {
        match self {
            // Salvaging what a failing medium still gives takes long.
            Self::Unreadable => 2,
            Self::Restless | Self::Unsteady | Self::Undead => 3,
        }
    }
}

/// Whether it is worth trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    Left,
    AtItsEnd,
}

/// What went wrong with the files of one camera, and how often.
#[derive(Debug, Default)]
pub(super) struct Troubles(BTreeMap<(SourcePath, Trouble), u32>);

impl Troubles {
    /// It went wrong once more.
    pub(super) fn once_more(&mut self, path: &SourcePath, trouble: Trouble) -> Patience {
        *self.0.entry((path.clone(), trouble)).or_default() += 1;
        self.patience(path, trouble)
    }

    pub(super) fn patience(&self, path: &SourcePath, trouble: Trouble) -> Patience {
        let times = self.0.get(&(path.clone(), trouble)).copied().unwrap_or_default();
        if times < trouble.limit() { Patience::Left } else { Patience::AtItsEnd }
    }

    /// It went well, or begins anew.
    pub(super) fn forget(&mut self, path: &SourcePath, trouble: Trouble) {
        self.0.remove(&(path.clone(), trouble));
    }
}

/// So long a file that could not be read is left alone, and twice as long each time after that, up to an hour.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// When files that could not be read are tried again: what failed may have been the whole medium, for a while.
#[derive(Debug, Default)]
pub(super) struct Retries(BTreeMap<SourcePath, Retry>);

#[derive(Debug)]
struct Retry {
    at: Instant,
    pause: Duration,
}

impl Retries {
    /// It could not be read once more.
    pub(super) fn failed(&mut self, path: SourcePath, now: Instant) {
        let before = self.0.get(&path).map(|retry| retry.pause);
        let pause = before.map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        self.0.insert(path, Retry { at: now + pause, pause });
    }

    /// Whether it is time to try it again.
    pub(super) fn is_due(&self, path: &SourcePath, now: Instant) -> bool {
        self.0.get(path).is_some_and(|retry| retry.at <= now) && !planted(PlantedBug::NeverReadAgain)
    }

    /// It could be read.
    pub(super) fn succeeded(&mut self, path: &SourcePath) {
        self.0.remove(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_lost_for_one_file_and_one_trouble_at_a_time() {
        let (one, other) = (SourcePath::new(b"A".to_vec()), SourcePath::new(b"B".to_vec()));
        let mut troubles = Troubles::default();
        assert_eq!(troubles.once_more(&one, Trouble::Unreadable), Patience::Left);
        assert_eq!(troubles.once_more(&one, Trouble::Unreadable), Patience::AtItsEnd);
        assert_eq!(troubles.patience(&one, Trouble::Unsteady), Patience::Left);
        assert_eq!(troubles.once_more(&other, Trouble::Unreadable), Patience::Left);
        troubles.forget(&one, Trouble::Unreadable);
        assert_eq!(troubles.patience(&one, Trouble::Unreadable), Patience::Left);
    }

    #[test]
    fn what_could_not_be_read_is_tried_again_less_and_less_often() {
        let (path, began) = (SourcePath::new(b"A.MP4".to_vec()), Instant::now());
        let (mut retries, mut now, mut tries) = (Retries::default(), began, 0);
        assert!(!retries.is_due(&path, now), "it never failed");
        while now < began + Duration::from_hours(24) {
            retries.failed(path.clone(), now);
            assert!(!retries.is_due(&path, now));
            while !retries.is_due(&path, now) {
                now += Duration::from_secs(30);
            }
            tries += 1;
        }
        assert!((24..40).contains(&tries), "{tries} times in a day");
        retries.succeeded(&path);
        assert!(!retries.is_due(&path, now));
    }
}
