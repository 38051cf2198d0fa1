//! How fast evidence may leave the station, by the clock on its wall.
//!
//! Promises: a cap slows, and never stops: there is no such thing as no bits per second, so whoever waits gets on. A plain function
//! of a moment and a zone, by what the clocks show: an hour that they skip is in no period, one that comes twice is in its
//! period twice.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;

use super::{ByteCount, Moment, TimeOfDay, UnitError};

/// A speed, in bits per second as lines are sold by; never none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BitRate(NonZeroU64);

/// Decimal, as lines are sold.
const UNITS: [(&str, u64); 3] = [("Gbit/s", 1_000_000_000), ("Mbit/s", 1_000_000), ("kbit/s", 1_000)];

impl BitRate {
    /// The slowest that a cap can be: a chunk of the usual 8 MiB takes a quarter of an hour at it.
    pub const SLOWEST: Self = Self(NonZeroU64::MIN.saturating_add(63_999));

    /// Reads `40 Mbit/s`.
    ///
    /// # Errors
    /// [`UnitError::Rate`] for anything else, a number without a unit included: bits must not become bytes.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let text = text.trim();
        let (unit, factor) = UNITS.iter().find(|(unit, _)| text.ends_with(unit)).ok_or(UnitError::Rate)?;
        let number: u64 = text[..text.len() - unit.len()].trim().parse().map_err(|_| UnitError::Rate)?;
        number.checked_mul(*factor).and_then(NonZeroU64::new).map(Self).ok_or(UnitError::Rate)
    }

    /// How long so many bytes take.
    #[must_use]
    pub fn time_for(self, bytes: ByteCount) -> Duration {
        let nanos = u128::from(bytes.get()) * 8 * 1_000_000_000 / u128::from(self.0.get());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many whole bytes go in that time.
    #[must_use]
    pub fn bytes_in(self, time: Duration) -> ByteCount {
        let bytes = u128::from(self.0.get()) * time.as_nanos() / 8 / 1_000_000_000;
        ByteCount::new(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for BitRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0.get();
        match UNITS.iter().find(|(_, factor)| bits.is_multiple_of(*factor)) {
            Some((unit, factor)) => write!(f, "{} {unit}", bits / factor),
            None => write!(f, "{bits} bit/s"),
        }
    }
}

/// Some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days([bool; 7]);

/// Why a text names no days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no days of the week; write \"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\", or a span such as \"mon-fri\""
)]
pub struct NoDays;

const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Days {
    /// All of them.
    pub const ALL: Self = Self([true; 7]);

    /// Reads `sat`, or `fri-mon`, which goes over the end of the week.
    ///
    /// # Errors
    /// [`NoDays`]
    pub fn parse(text: &str) -> Result<Self, NoDays> {
        let day = |word: &str| WEEK.iter().position(|known| *known == word).ok_or(NoDays);
        let (first, last) = text.split_once('-').map_or((text, text), |span| span);
        let (mut at, last) = (day(first)?, day(last)?);
        let mut days = [false; 7];
        days[at] = true;
        while at != last {
            at = (at + 1) % WEEK.len();
            days[at] = true;
        }
        Ok(Self(days))
    }

    /// Those that are in either.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        for (day, other) in self.0.iter_mut().zip(others.0) {
            *day |= other;
        }
        self
    }

    fn has(self, day: Weekday) -> bool {
        usize::try_from(day.to_monday_zero_offset()).ok().and_then(|day| self.0.get(day)).is_some_and(|is_in| *is_in)
    }
}

/// From when to when, each day; over midnight, if it ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The days on which it begins.
    pub days: Days,
    /// When it begins.
    pub from: TimeOfDay,
    /// When it is over: the first minute that is in it no more. As `from`, it is a whole day later.
    pub to: TimeOfDay,
}

impl Period {
    fn holds(self, now: DateTime) -> bool {
        let (today, time) = (now.date(), now.time());
        let began_today = self.days.has(today.weekday()) && self.from.time() <= time;
        let began_yesterday = self.days.has(today.weekday().previous()) && time < self.to.time();
        if self.from < self.to { began_today && time < self.to.time() } else { began_today || began_yesterday }
    }
}

/// What may be sent, by period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PacingRules {
    /// Outside all periods: so much, or as much as the line takes.
    pub otherwise: Option<BitRate>,
    /// What is so in some periods. The first that holds counts.
    pub periods: Vec<(Period, Option<BitRate>)>,
}

/// What may be sent, as the clocks of a zone show the time.
#[derive(Debug, Clone)]
pub struct Pacing {
    rules: PacingRules,
    zone: TimeZone,
}

impl Pacing {
    /// These rules, by the clocks of a zone.
    #[must_use]
    pub const fn new(rules: PacingRules, zone: TimeZone) -> Self {
        Self { rules, zone }
    }

    /// Whether it ever slows anything.
    #[must_use]
    pub fn ever_limits(&self) -> bool {
        self.rules.otherwise.is_some() || self.rules.periods.iter().any(|(_, rate)| rate.is_some())
    }

    /// The cap at a moment, if there is one.
    #[must_use]
    pub fn at(&self, now: Moment) -> Option<BitRate> {
        let PacingRules { otherwise, periods } = &self.rules;
        if periods.is_empty() {
            return *otherwise;
        }
        // A clock that says what no calendar holds is wrong; then what holds otherwise is safe to go by.
        let Ok(now) = Timestamp::from_millisecond(now.millis()) else { return *otherwise };
        let now = self.zone.to_datetime(now);
        periods.iter().find(|(period, _)| period.holds(now)).map_or(*otherwise, |(_, rate)| *rate)
    }
}

#[cfg(test)]
mod tests;
