//! The wall clock, as a port.

use std::fmt;
use std::time::Duration;

use super::Moment;

/// By how much another clock is ahead of this station's, or behind it; more than anybody would take for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockGap {
    /// In milliseconds; less than nothing, if the other one is behind.
    ahead: i64,
}

impl ClockGap {
    /// Clocks that are apart by no more say the same. Clouds refuse what was signed a quarter of an hour before or after their
    /// own time, Google's statements sooner.
    pub const TOLERATED: Duration = Duration::from_mins(1);

    /// Of so many milliseconds; nothing, if that is tolerated.
    #[must_use]
    pub fn of(ahead: i64) -> Option<Self> {
        (u128::from(ahead.unsigned_abs()) > Self::TOLERATED.as_millis()).then_some(Self { ahead })
    }

    /// Between what it is here and what it is there.
    #[must_use]
    pub fn between(here: Moment, there: Moment) -> Option<Self> {
        Self::of(there.millis().saturating_sub(here.millis()))
    }

    /// What it is there when it is so here.
    #[must_use]
    pub const fn there(self, here: Moment) -> Moment {
        Moment::from_millis(here.millis().saturating_add(self.ahead))
    }
}

/// What is so of this station's clock, before the other one: `7 min behind`.
impl fmt::Display for ClockGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.ahead.unsigned_abs().div_ceil(60_000);
        let (days, hours, rest) = (minutes / (24 * 60), minutes / 60 % 24, minutes % 60);
        match (days, hours) {
            (0, 0) => write!(f, "{rest} min")?,
            (0, _) => write!(f, "{hours} h {rest} min")?,
            (_, _) => write!(f, "{days} d {hours} h")?,
        }
        f.write_str(if self.ahead > 0 { " behind" } else { " ahead of" })
    }
}

/// Tells the wall-clock time. Waiting is tokio's business; this only answers "what is the date?", for the custody log
/// and for names. It may jump in either direction, so nothing may be decided by comparing two of its answers except
/// how long a spool copy outlives a wipe.
pub trait Clock: Send + Sync {
    /// The time now, as the station believes it to be.
    fn now(&self) -> Moment;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_apart_is_told_of_this_station() {
        let told = |seconds: i64| ClockGap::of(seconds * 1_000).map(|gap| gap.to_string());
        for (seconds, said) in [
            (0, None),
            (-60, None),
            (61, Some("2 min behind")),
            (-15 * 60, Some("15 min ahead of")),
            (10 * 3_600 + 59, Some("10 h 1 min behind")),
            (-(3 * 24 + 7) * 3_600, Some("3 d 7 h ahead of")),
        ] {
            assert_eq!(told(seconds).as_deref(), said, "{seconds}");
        }
        assert!(ClockGap::of(i64::MIN).is_some(), "whatever a stranger says");
    }

    #[test]
    fn the_time_there_follows_from_the_time_here() {
        let (here, there) = (Moment::from_millis(1_000), Moment::from_millis(900_000));
        assert_eq!(ClockGap::between(here, there).unwrap().there(here), there);
        assert_eq!(ClockGap::between(there, here).unwrap().there(there), here);
    }
}
