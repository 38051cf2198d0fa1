//! When shifts start, by the clock on the station's wall.
//!
//! Promises: each day has each start once, whatever the clocks do that night. A time that they skip counts as so much later as they
//! skip; one that comes twice counts when it comes first. A plain function of a moment and a zone: nobody is asked for either.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Moment;

/// A time of day, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(Time);

impl TimeOfDay {
    /// When a day begins.
    pub const MIDNIGHT: Self = Self(Time::midnight());

    pub(super) const fn time(self) -> Time {
        self.0
    }
}

/// Why a text is no time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time of day; write hours and minutes with two digits each, from \"00:00\" to \"23:59\"")]
pub struct NoTimeOfDay;

impl FromStr for TimeOfDay {
    type Err = NoTimeOfDay;

    fn from_str(text: &str) -> Result<Self, NoTimeOfDay> {
        let number = |digits: &str| {
            let all = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
            all.then(|| digits.parse().ok()).flatten()
        };
        let (hours, minutes) = text.split_once(':').ok_or(NoTimeOfDay)?;
        let (hours, minutes) = number(hours).zip(number(minutes)).ok_or(NoTimeOfDay)?;
        Time::new(hours, minutes, 0, 0).map(Self).map_err(|_| NoTimeOfDay)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = NoTimeOfDay;

    fn try_from(text: String) -> Result<Self, NoTimeOfDay> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

/// The start of one shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftStart {
    /// When it is.
    pub at: Moment,
    /// What it is called, by the clock on the wall.
    pub time: TimeOfDay,
}

impl ShiftStart {
    /// Whether something that is done then at the earliest is too late for it.
    #[must_use]
    pub fn is_missed(self, earliest: Moment) -> bool {
        earliest > self.at
    }
}

/// When the shifts of a station start; maybe never.
#[derive(Debug, Clone)]
pub struct ShiftStarts {
    times: Vec<TimeOfDay>,
    zone: TimeZone,
}

impl ShiftStarts {
    /// At these times each day, as the clocks of a zone show them.
    #[must_use]
    pub const fn new(times: Vec<TimeOfDay>, zone: TimeZone) -> Self {
        Self { times, zone }
    }

    /// Nobody said when.
    #[must_use]
    pub const fn unknown() -> Self {
        Self::new(Vec::new(), TimeZone::UTC)
    }

    /// The first one that is yet to come.
    #[must_use]
    pub fn next_after(&self, now: Moment) -> Option<ShiftStart> {
        let today = self.zone.to_datetime(Timestamp::from_millisecond(now.millis()).ok()?).date();
        // Clocks that skip hours, or a whole day, push a start to the next one.
        let days = [today.yesterday().ok(), Some(today), today.tomorrow().ok(), today.tomorrow().ok()?.tomorrow().ok()];
        let starts = days.into_iter().flatten().flat_map(|day| {
            self.times.iter().filter_map(move |time| {
                let at = self.zone.to_timestamp(day.to_datetime(time.0)).ok()?;
                Some(ShiftStart { at: Moment::from_millis(at.as_millisecond()), time: *time })
            })
        });
        starts.filter(|start| start.at > now).min_by_key(|start| start.at)
    }
}

#[cfg(test)]
mod tests;
