//! What a person must look at.

use serde::{Serialize, Serializer};
use strum::{IntoStaticStr, VariantNames};

use super::{CameraSerial, DestinationName, Moment, OddityKind, ProblemId, SegmentId, SourcePath};

/// Something that camdock will not decide by itself. Whatever it is about is kept everywhere until a person
/// says "try again"; nobody can say "wipe anyway".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What `camdock retry` takes.
    pub id: ProblemId,
    /// The camera it is about; none if it is about the station itself.
    pub camera: Option<CameraSerial>,
    /// The file on the camera, or of the station.
    pub path: SourcePath,
    /// The segment, where the file could be read.
    pub segment: Option<SegmentId>,
    /// The destination, where the trouble is at one.
    pub destination: Option<DestinationName>,
    /// What is wrong.
    pub kind: ProblemKind,
    /// Since when.
    pub since: Moment,
}

/// What is wrong, in the ways in which it can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ProblemKind {
    /// An entry that is no readable regular file.
    Oddity {
        /// What it is.
        kind: OddityKind,
    },
    /// The file could not be opened or read at all.
    Unreadable {
        /// The system's words.
        error: String,
    },
    /// Parts of the file could not be read; what could be read was uploaded, marked as damaged.
    DamagedAtSource {
        /// How many bytes are missing.
        missing: u64,
    },
    /// The volume is damaged, or was in use when its camera went off; an image of it was uploaded, marked as damaged.
    DamagedVolume {
        /// How many bytes are missing from the image.
        missing: u64,
    },
    /// It is larger than everything the spool may ever hold.
    TooLarge {
        /// Its length in bytes.
        size: u64,
    },
    /// It is proven everywhere, and the camera's file system refuses to delete it.
    NotDeleted {
        /// The system's words.
        error: String,
    },
    /// It read differently each time, so none of what was read can be trusted to be all of it.
    Unsteady,
    /// The destination already has an object of this name with other content.
    OtherContent,
    /// The camera writes the file anew whenever it is deleted.
    Recreated,
    /// The camera can only be read, so nothing can be deleted from it.
    ReadOnly,
    /// So much of the camera has the same trouble that it is one problem.
    Many {
        /// The trouble.
        #[serde(serialize_with = "as_notice")]
        like: Box<ProblemKind>,
        /// How many files or other entries have it.
        count: u64,
        /// Some of them.
        examples: Vec<SourcePath>,
    },
    /// The destination refuses this object for good.
    Refused {
        /// The destination's words.
        error: String,
    },
    /// It was sent again and again for hours and did not get through, though the destination is well.
    Undelivered {
        /// What was said of it at last.
        error: String,
    },
    /// The station's ledger could not be used any more, and was made anew.
    LedgerRebuilt {
        /// So many entries of the custody log could be read.
        saved: u64,
        /// So many could not, where that is known.
        lost: Option<u64>,
    },
    /// A required destination lacks it and no copy is left here; its camera may still have it.
    OnlyOnCamera,
    /// A required destination lacks it, and neither its camera nor this station has it any more; another destination does.
    OnlyElsewhere,
    /// It was taken from its camera once, and is nowhere now.
    Lost,
}

// A notice within another says what it is about.
#[expect(clippy::borrowed_box, reason = "it is what serde has")]
fn as_notice<S: Serializer>(like: &Box<ProblemKind>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Within<'p> {
        about: &'static str,
        #[serde(flatten)]
        kind: &'p ProblemKind,
    }
    Within { about: "problem", kind: like }.serialize(serializer)
}

impl ProblemKind {
    /// Whether it is about the copies of a segment, and not about the file on the camera.
    #[must_use]
    pub const fn is_about_copies(&self) -> bool {
        matches!(self, Self::OnlyOnCamera | Self::OnlyElsewhere | Self::Lost)
    }

    /// Whether something of the original could not be read, and the rest was taken.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(self, Self::DamagedAtSource { .. } | Self::DamagedVolume { .. })
    }

    /// What programs know the trouble by, however many entries have it.
    #[must_use]
    pub fn trouble(&self) -> &'static str {
        match self {
            Self::Many { like, .. } => like.trouble(),
            one => one.into(),
        }
    }

    /// Of how many files or other entries of a camera it tells.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        match self {
            Self::Many { count, .. } => *count,
            _ => 1,
        }
    }
}

impl ProblemKind {
    /// Whether it is the same kind of trouble, however many have it and whatever the system says in detail.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Many { like, .. }, other) | (other, Self::Many { like, .. }) => like.is_like(other),
            (Self::Oddity { kind }, Self::Oddity { kind: other }) => kind == other,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}
