//! What was done in each of the last hours.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{ByteCount, DestinationName, Moment};

/// What came hour by hour, the latest last.
pub type Hours = [ByteCount; Day::HOURS];

/// The hour that it is, and those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// When the first of them began.
    pub from: Moment,
    /// What was copied from cameras.
    pub copied: Hours,
    /// What came to be proven, by destination.
    pub proven: BTreeMap<DestinationName, Hours>,
}

impl Day {
    /// How many hours it has.
    pub const HOURS: usize = 24;
    /// How long one is.
    pub const HOUR: Duration = Duration::from_hours(1);

    /// The one that `now` is the last hour of, of which nothing is known.
    #[must_use]
    pub fn until(now: Moment) -> Self {
        let from = now.hour().minus(Duration::from_hours(Self::HOURS as u64 - 1));
        Self { from, copied: Hours::default(), proven: BTreeMap::new() }
    }

    /// Which of its hours begins at a moment, if any does.
    #[must_use]
    pub fn place(&self, hour: Moment) -> Option<usize> {
        self.beginnings().position(|begins| begins == hour)
    }

    /// When each of its hours began.
    pub fn beginnings(&self) -> impl Iterator<Item = Moment> {
        std::iter::successors(Some(self.from), |begins| Some(begins.plus(Self::HOUR))).take(Self::HOURS)
    }
}
