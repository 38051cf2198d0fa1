//! What a station has done since its custody log began, counted.
//!
//! Promise: it follows from the log alone, so it is the same after a crash, a restart and a rebuild. Nothing in here is about one
//! camera or one segment, so it does not grow with history.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{BayName, ByteCount, DestinationName};

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counters {
    /// Entries of the custody log.
    pub entries: u64,
    /// Cameras that were put in, by bay.
    pub dockings: BTreeMap<BayName, u64>,
    /// How dockings ended.
    pub endings: Endings,
    /// How long the stages of completed dockings took.
    pub stages: Stages,
    /// Segments that were copied to the spool. One whose copy was lost is counted again when it is copied again.
    pub spooled: Amount,
    /// Copies that came to be proven, by destination.
    pub proven: BTreeMap<DestinationName, Deliveries>,
    /// Proven copies that a destination no longer had when it was asked again, by destination.
    pub withdrawn: BTreeMap<DestinationName, u64>,
    /// How originals left their cameras.
    pub removals: Removals,
    /// Problems that were found, by the id of their kind. That evidence is nowhere follows from other things, and is not found.
    pub problems: BTreeMap<String, u64>,
}

/// How dockings ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Endings {
    /// Everything was proven and wiped before the camera was taken.
    pub completed: u64,
    /// The camera was taken before that.
    pub taken_early: u64,
    /// The station stopped.
    pub interrupted: u64,
}

/// How long the stages of dockings took in which everything was wiped before the camera was taken. One ends where the next begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stages {
    /// From putting the camera in to the last copy in the spool; not counted where nothing was to be copied.
    pub offload: Durations,
    /// From there to the permission to delete.
    pub upload: Durations,
    /// From there to the last deletion.
    pub wipe: Durations,
}

/// How originals left their cameras.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Removals {
    /// camdock deleted them, and looked.
    pub wiped: Amount,
    /// camdock had begun to delete them and was interrupted; they were gone at the next look.
    pub interrupted: Amount,
    /// The camera itself or somebody else removed or replaced them.
    pub not_by_camdock: Amount,
}

/// How often, and how many bytes in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// How often.
    pub times: u64,
    /// Of how many bytes.
    pub bytes: ByteCount,
}

impl Amount {
    /// Nothing.
    pub const NONE: Self = Self { times: 0, bytes: ByteCount::new(0) };
}

/// Copies at one destination.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deliveries {
    /// Of how many bytes.
    pub bytes: ByteCount,
    /// How long each took, from the segment's first copy in the spool on.
    pub took: Durations,
}

/// How long something took, each time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Durations {
    /// So often it took no longer than the bound of the same place in [`BOUNDS`](Self::BOUNDS), but longer than the one before.
    pub within: [u64; Self::BOUNDS.len()],
    /// So often it took longer than all of them.
    pub longer: u64,
    /// How long in all.
    pub total: Duration,
}

impl Durations {
    /// Bounds of the classes, in seconds: from one small file to a week-end without network. Who changes them adds a step to the
    /// ledger's schema, so that the counts are derived anew.
    pub const BOUNDS: [u32; 12] = [1, 5, 15, 60, 300, 900, 3600, 14_400, 28_800, 86_400, 259_200, 604_800];

    /// The bound of the class that `took` belongs to; none if it took longer than all of them.
    #[must_use]
    pub fn bound(took: Duration) -> Option<u32> {
        Self::BOUNDS.into_iter().find(|bound| took <= Duration::from_secs(u64::from(*bound)))
    }

    /// How often it was.
    #[must_use]
    pub fn times(&self) -> u64 {
        self.within.iter().sum::<u64>() + self.longer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_belongs_to_the_first_bound_that_it_does_not_exceed() {
        let bound = |millis| Durations::bound(Duration::from_millis(millis));
        assert_eq!((bound(0), bound(1000), bound(1001)), (Some(1), Some(1), Some(5)));
        assert_eq!((bound(604_800_000), bound(604_800_001)), (Some(604_800), None));
        assert!(Durations::BOUNDS.is_sorted());
    }
}
