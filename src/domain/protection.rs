//! How a place keeps an object from being changed or deleted, by whomever: what a station asks for, and what a place says.
//!
//! Promises: what is asked for can only become more with time; nothing in here can express less. Times are whole seconds, as all
//! places write them.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::{CameraSerial, DestinationName, Moment, Pattern, Segment};

/// The longest time for which anything is kept: what is locked cannot be undone, so a slip of the pen must not bind anybody for
/// ever; and no provider takes more than Azure's 146,000 days.
pub const LONGEST_RETENTION: Duration = Duration::from_hours(100 * 366 * 24);

/// What a person asks to have kept longer than the configuration says: what is known of a camera so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retain {
    /// Whose.
    pub camera: CameraSerial,
    /// Which of it, by the whole path on the camera; all, if that is not said.
    pub path: Option<Pattern>,
    /// Until when, and whether there is to be a legal hold. How firmly, the destination's configuration says.
    pub protection: Protection,
}

/// How much is to be kept longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retained {
    /// Whose.
    pub camera: CameraSerial,
    /// How many segments.
    pub segments: u64,
    /// At which destinations; no other can keep anything.
    pub destinations: Vec<DestinationName>,
}

/// Why nothing is kept longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRetained {
    /// Neither a time nor a legal hold was asked for.
    #[error("nothing is asked for. Say until when, or ask for a legal hold")]
    NothingAsked,
    /// The time is over.
    #[error("that time is over already")]
    Past,
    /// The time is so far away that it can only be a mistake, and nobody could undo it.
    #[error("that is more than a hundred years away, which nobody could undo")]
    TooFar,
    /// No segment of it is known.
    #[error("nothing that was taken from such a camera is called so here")]
    Unknown,
    /// No destination keeps objects from deletion.
    #[error("no destination of this station can keep anything from deletion: a folder cannot")]
    Nowhere,
}

/// What keeps an object from being changed or deleted. The default is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Protection {
    /// Until when it is kept, and how firmly.
    pub retention: Option<Retention>,
    /// Whether it is kept until somebody with the right to it says otherwise, however long that takes.
    pub legal_hold: LegalHold,
}

/// Until when an object is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Not before then can it be changed or deleted.
    pub until: Moment,
    /// Whether that can be taken back.
    pub enforcement: Enforcement,
}

/// How firmly a place holds to a retention. Ordered by strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enforcement {
    /// Whoever has a special right can end or shorten it: governance mode on S3, an unlocked policy on Azure and Google.
    Unlocked,
    /// Nobody can, the account's owner included: compliance mode on S3, a locked policy on Azure and Google.
    Locked,
}

/// A provider's lock on an object until a person lifts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegalHold {
    /// There is none.
    #[default]
    Absent,
    /// There is one.
    Placed,
}

/// How a destination is to protect what it gets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProtectionPolicy {
    /// How long everything is kept there, if that is asked for.
    pub retention: Option<RetentionPolicy>,
    /// What gets a legal hold besides.
    pub legal_hold: Vec<HoldRule>,
}

/// How long a destination is to keep what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// How long, from when the station took the segment.
    pub length: Duration,
    /// How firmly.
    pub enforcement: Enforcement,
}

/// Which segments get a legal hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldRule {
    /// All of them.
    Everything,
    /// Those of these cameras.
    Camera(Pattern),
    /// Those that lay in such a place on their camera, by the whole path.
    Path(Pattern),
    /// Those of which some bytes could not be read.
    Damaged,
}

impl Retain {
    /// Whether it asks for something that can be had, from `now` on.
    ///
    /// # Errors
    /// [`NotRetained`] if not.
    pub fn check(&self, now: Moment) -> Result<(), NotRetained> {
        match self.protection {
            Protection { retention: None, legal_hold: LegalHold::Absent } => Err(NotRetained::NothingAsked),
            Protection { retention: Some(retention), .. } if retention.until <= now => Err(NotRetained::Past),
            Protection { retention: Some(retention), .. } if retention.until > now.plus(LONGEST_RETENTION) => {
                Err(NotRetained::TooFar)
            }
            Protection { .. } => Ok(()),
        }
    }
}

impl Protection {
    /// Nothing keeps it.
    pub const NONE: Self = Self { retention: None, legal_hold: LegalHold::Absent };

    /// Whether this is at least what is wanted: as long, and with a legal hold if one is wanted. How firmly is another question:
    /// [`is_weaker_than`](Self::is_weaker_than).
    #[must_use]
    pub fn covers(&self, wanted: &Self) -> bool {
        let long_enough = match (self.retention, wanted.retention) {
            (_, None) => true,
            (Some(is), Some(wanted)) => is.until >= wanted.until,
            (None, Some(_)) => false,
        };
        long_enough && (wanted.legal_hold == LegalHold::Absent || self.legal_hold == LegalHold::Placed)
    }

    /// Whether its retention can be taken back although one was wanted that cannot.
    #[must_use]
    pub fn is_weaker_than(&self, wanted: &Self) -> bool {
        self.retention.zip(wanted.retention).is_some_and(|(is, wanted)| is.enforcement < wanted.enforcement)
    }

    /// The same without a retention that is over at `now`: of what is over nothing can be asked any more.
    #[must_use]
    pub fn still_to_come(&self, now: Moment) -> Self {
        Self { retention: self.retention.filter(|retention| retention.until > now), ..*self }
    }

    /// Both together: the longer, the firmer, and a legal hold if either has one.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let retention = match (self.retention, other.retention) {
            (Some(one), Some(other)) => Some(Retention {
                until: one.until.max(other.until),
                enforcement: one.enforcement.max(other.enforcement),
            }),
            (one, other) => one.or(other),
        };
        let held = self.legal_hold == LegalHold::Placed || other.legal_hold == LegalHold::Placed;
        Self { retention, legal_hold: if held { LegalHold::Placed } else { LegalHold::Absent } }
    }
}

impl ProtectionPolicy {
    /// What keeps `segment` if its time begins at `from`.
    #[must_use]
    pub fn of(&self, segment: &Segment, from: Moment) -> Protection {
        let retention = self.retention.map(|RetentionPolicy { length, enforcement }| Retention {
            until: from.plus(length).second_after(),
            enforcement,
        });
        let held = self.legal_hold.iter().any(|rule| rule.is_about(segment));
        Protection { retention, legal_hold: if held { LegalHold::Placed } else { LegalHold::Absent } }
    }

    /// Whether anything is asked for at all.
    #[must_use]
    pub const fn asks_for_something(&self) -> bool {
        self.retention.is_some() || !self.legal_hold.is_empty()
    }
}

impl HoldRule {
    fn is_about(&self, segment: &Segment) -> bool {
        match self {
            Self::Everything => true,
            Self::Camera(pattern) => pattern.describes(segment.camera.as_str().as_bytes()),
            Self::Path(pattern) => pattern.describes(segment.path.as_bytes()),
            Self::Damaged => segment.damaged,
        }
    }
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.retention, self.legal_hold) {
            (None, LegalHold::Absent) => f.write_str("nothing keeps it"),
            (None, LegalHold::Placed) => f.write_str("a legal hold"),
            (Some(retention), LegalHold::Absent) => write!(f, "{retention}"),
            (Some(retention), LegalHold::Placed) => write!(f, "{retention}, and a legal hold"),
        }
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.enforcement {
            Enforcement::Locked => write!(f, "kept until {}", self.until),
            Enforcement::Unlocked => {
                write!(f, "kept until {}, unless somebody with a special right ends that", self.until)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ByteCount, CameraSerial, Fingerprint, SegmentId, SourcePath};

    const NOW: Moment = Moment::from_millis(1_800_000_000_123);

    fn kept(seconds: i64, enforcement: Enforcement) -> Protection {
        let retention = Some(Retention { until: Moment::from_millis(seconds * 1_000), enforcement });
        Protection { retention, ..Protection::NONE }
    }

    const HELD: Protection = Protection { retention: None, legal_hold: LegalHold::Placed };

    fn segment(camera: &str, path: &str) -> Segment {
        let fingerprint = Fingerprint::of(b"x", ByteCount::new(4));
        Segment {
            id: SegmentId::from_bytes([0; 16]),
            camera: CameraSerial::new(camera).unwrap(),
            path: SourcePath::new(path.into()),
            recorded_at: NOW,
            fingerprint,
            damaged: false,
        }
    }

    #[test]
    fn what_keeps_it_as_long_and_holds_it_is_enough() {
        let locked = |seconds| kept(seconds, Enforcement::Locked);
        assert!(locked(10).covers(&locked(10)) && locked(11).covers(&locked(10)) && !locked(9).covers(&locked(10)));
        assert!(!Protection::NONE.covers(&locked(10)) && locked(10).covers(&Protection::NONE));
        assert!(!locked(10).covers(&HELD) && HELD.covers(&HELD) && !HELD.covers(&locked(10)));
        assert!(locked(10).and(&HELD).covers(&HELD) && locked(10).and(&HELD).covers(&locked(10)));
    }

    #[test]
    fn what_can_be_taken_back_is_weaker_and_not_less() {
        let (locked, unlocked) = (kept(10, Enforcement::Locked), kept(10, Enforcement::Unlocked));
        assert!(unlocked.covers(&locked) && unlocked.is_weaker_than(&locked));
        assert!(!locked.is_weaker_than(&unlocked) && !Protection::NONE.is_weaker_than(&locked));
    }

    #[test]
    fn two_together_are_never_less_than_either() {
        let all = [Protection::NONE, HELD, kept(5, Enforcement::Locked), kept(9, Enforcement::Unlocked)];
        for (one, other) in all.iter().flat_map(|one| all.iter().map(move |other| (one, other))) {
            let both = one.and(other);
            assert!(both.covers(one) && both.covers(other) && !both.is_weaker_than(one) && !both.is_weaker_than(other));
        }
    }

    #[test]
    fn a_retention_ends_at_a_whole_second_and_not_too_early() {
        let length = Duration::from_hours(31 * 24);
        let policy = ProtectionPolicy {
            retention: Some(RetentionPolicy { length, enforcement: Enforcement::Locked }),
            legal_hold: Vec::new(),
        };
        let until = policy.of(&segment("BWC-1", "A.MP4"), NOW).retention.unwrap().until;
        assert_eq!(until.millis() % 1_000, 0);
        assert!(until >= NOW.plus(length) && until.since(NOW.plus(length)) < Duration::from_secs(1));
    }

    #[test]
    fn what_a_rule_describes_is_held_and_nothing_else() {
        let rules = |rule| ProtectionPolicy { retention: None, legal_hold: vec![rule] };
        let held = |rule, segment: &Segment| rules(rule).of(segment, NOW).legal_hold == LegalHold::Placed;
        let (event, other) = (segment("BWC-1", "DCIM/EVENT/A.MP4"), segment("BWC-2", "DCIM/A.MP4"));
        assert!(held(HoldRule::Everything, &event) && held(HoldRule::Everything, &other));
        let camera = || HoldRule::Camera(Pattern::new("bwc-1"));
        assert!(held(camera(), &event) && !held(camera(), &other));
        let path = || HoldRule::Path(Pattern::new("*/EVENT/*"));
        assert!(held(path(), &event) && !held(path(), &other));
        let damaged = Segment { damaged: true, ..other.clone() };
        assert!(held(HoldRule::Damaged, &damaged) && !held(HoldRule::Damaged, &other));
    }
}
