//! Quantities with their unit in the type.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A number of bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteCount(u64);

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// No size such as `8 MiB`.
    #[error("not a size; write a whole number and a unit, such as \"8 MiB\" (B, KiB, MiB, GiB, TiB)")]
    Size,
    /// No duration such as `24h`.
    #[error("not a duration; write a whole number and a unit, such as \"24h\" (s, m, h, d)")]
    Duration,
    /// No speed such as `40 Mbit/s`.
    #[error("not a speed; write a whole number and a unit, such as \"40 Mbit/s\" (kbit/s, Mbit/s, Gbit/s)")]
    Rate,
}

const UNITS: [(&str, u64); 5] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl ByteCount {
    /// So many bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The difference, or nothing if `other` is more.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Reads `8 MiB`, `1GiB`, `512 B`.
    ///
    /// # Errors
    /// [`UnitError::Size`] for anything else, a unitless number included: a forgotten unit must not become bytes.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let text = text.trim();
        let (unit, factor) = UNITS.iter().find(|(unit, _)| text.ends_with(unit)).ok_or(UnitError::Size)?;
        let number: u64 = text[..text.len() - unit.len()].trim().parse().map_err(|_| UnitError::Size)?;
        number.checked_mul(*factor).map(Self).ok_or(UnitError::Size)
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) = UNITS.iter().find(|(_, factor)| self.0 >= *factor).unwrap_or(&("B", 1));
        if self.0.is_multiple_of(*factor) {
            write!(f, "{} {unit}", self.0 / factor)
        } else {
            let tenths = u128::from(self.0) * 10 / u128::from(*factor);
            write!(f, "{}.{} {unit}", tenths / 10, tenths % 10)
        }
    }
}

impl fmt::Debug for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} B", self.0)
    }
}

impl Add for ByteCount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for ByteCount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for ByteCount {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self(0), Add::add)
    }
}

/// 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
const LAST_SECOND: i64 = 253_402_300_799;

/// A point in wall-clock time: milliseconds since 1970-01-01 UTC, before it negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    /// So many milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// How long ago `earlier` was; nothing if the clock says it is yet to come.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This much later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This much earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The first whole second that is not before it.
    #[must_use]
    pub const fn second_after(self) -> Self {
        let over = self.0.rem_euclid(1_000);
        Self(if over == 0 { self.0 } else { self.0.saturating_add(1_000 - over) })
    }

    /// Reads a point in time as RFC 3339 has it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Self)
    }

    /// The end of a day, in UTC: `2026-12-29` ends with the first moment of the next one.
    #[must_use]
    pub fn end_of_day(text: &str) -> Option<Self> {
        Self::parse(&format!("{text}T00:00:00Z")).map(|begin| begin.plus(Duration::from_hours(24)))
    }

    /// The second that it is in, as RFC 3339 writes it: `2026-12-29T08:30:00Z`.
    #[must_use]
    pub fn in_seconds(self) -> String {
        Self(self.0.saturating_sub(self.0.rem_euclid(1_000))).to_string()
    }

    /// The beginning of its minute.
    #[must_use]
    pub const fn minute(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(60_000)))
    }

    /// The beginning of its hour.
    #[must_use]
    pub const fn hour(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(3_600_000)))
    }

    /// Year, month and day in UTC. A camera's clock can say anything: what is before 1970 or after 9999 is clamped.
    #[must_use]
    pub fn date(self) -> (i32, u8, u8) {
        let date = self.datetime().date();
        (date.year(), date.month().into(), date.day())
    }

    fn datetime(self) -> OffsetDateTime {
        let seconds = self.0.div_euclid(1_000).clamp(0, LAST_SECOND);
        let millis = if seconds == LAST_SECOND { 0 } else { self.0.rem_euclid(1_000) };
        OffsetDateTime::from_unix_timestamp_nanos((i128::from(seconds) * 1_000 + i128::from(millis)) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Moment {
    /// RFC 3339 in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.datetime().format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads `30s`, `15m`, `24h`, `31d`.
///
/// # Errors
/// [`UnitError::Duration`] for anything else.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let text = text.trim();
    let unit = text.chars().last().ok_or(UnitError::Duration)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(UnitError::Duration),
    };
    let number: u64 = text[..text.len() - 1].trim().parse().map_err(|_| UnitError::Duration)?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or(UnitError::Duration)
}

/// `1 segment`, `2 segments`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_when_the_next_one_begins() {
        assert_eq!(Moment::end_of_day("2026-12-31").unwrap().to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(Moment::parse("2026-12-31T23:00:00-01:00"), Moment::end_of_day("2026-12-31"));
        for no_day in ["2026-02-30", "", "31.12.2026", "2026-12-31T00:00:00Z"] {
            assert_eq!(Moment::end_of_day(no_day), None, "{no_day}");
        }
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(ByteCount::parse("8 MiB"), Ok(ByteCount::new(8 << 20)));
        assert_eq!(ByteCount::parse("1GiB"), Ok(ByteCount::new(1 << 30)));
        assert_eq!(ByteCount::parse("0 B"), Ok(ByteCount::new(0)));
        for bad in ["8", "8 MB", "-1 MiB", "MiB", "1.5 GiB", "99999999 TiB", ""] {
            assert_eq!(ByteCount::parse(bad), Err(UnitError::Size), "{bad}");
        }
    }

    #[test]
    fn sizes_are_shown_short() {
        assert_eq!(ByteCount::new(0).to_string(), "0 B");
        assert_eq!(ByteCount::new(8 << 20).to_string(), "8 MiB");
        assert_eq!(ByteCount::new(1_610_612_736).to_string(), "1.5 GiB");
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_duration("24h"), Ok(Duration::from_hours(24)));
        for bad in ["24", "h", "1.5h", "", "\u{e9}"] {
            assert_eq!(parse_duration(bad), Err(UnitError::Duration), "{bad}");
        }
    }

    #[test]
    fn a_camera_clock_may_say_anything() {
        assert_eq!(Moment::from_millis(0).date(), (1970, 1, 1));
        assert_eq!(Moment::from_millis(2_147_483_648_000).date(), (2038, 1, 19));
        assert_eq!(Moment::from_millis(i64::MAX).date().0, 9999);
        assert_eq!(Moment::from_millis(i64::MIN).date().0, 1970);
        assert_eq!(Moment::from_millis(0).to_string(), "1970-01-01T00:00:00Z");
    }
}
