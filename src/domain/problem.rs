//! What a person must look at.

use std::fmt;

use super::{ByteCount, CameraSerial, DestinationName, Moment, OddityKind, ProblemId, SegmentId, SourcePath};

/// Something that camdock will not decide by itself. Whatever it is about is kept everywhere until a person
/// says "try again"; nobody can say "wipe anyway".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What `camdock retry` takes.
    pub id: ProblemId,
    /// The camera it is about.
    pub camera: CameraSerial,
    /// The file on the camera.
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
#[derive(Debug, Clone, PartialEq, Eq)]
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

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oddity { kind } => {
                write!(f, "it is {kind}; camdock left it on the camera and took everything else")
            }
            Self::Unreadable { error } => write!(
                f,
                "it cannot be read ({error}); it stays on the camera. Mend its permissions or the medium, then have \
                 it tried again"
            ),
            Self::DamagedAtSource { missing } => write!(
                f,
                "{missing} bytes of it cannot be read; the rest is uploaded, marked as damaged, and the original stays \
                 on the camera. Have it tried again to read it once more"
            ),
            Self::DamagedVolume { missing } => write!(
                f,
                "its file system is damaged or was not closed properly. An image of it is uploaded, marked as damaged \
                 ({missing} bytes of it cannot be read), and nothing is deleted from the camera. Look at the copies, \
                 then mend or format the camera by hand; have it tried again to take the image once more"
            ),
            Self::TooLarge { size } => write!(
                f,
                "it has {}, more than the spool can ever hold; it stays on the camera. Give the station's data_dir a \
                 larger disk, then have it tried again",
                ByteCount::new(*size)
            ),
            Self::NotDeleted { error } => write!(
                f,
                "it is proven everywhere, but the camera does not let it be deleted ({error}). Mend its permissions or \
                 the medium, then have it tried again"
            ),
            Self::Unsteady => f.write_str(
                "it reads differently each time: the medium is failing. Each version is uploaded, and the original \
                 stays on the camera. Look at the copies, then have it tried again to read it once more",
            ),
            Self::OtherContent => f.write_str(
                "the destination already has an object of this name with other content; nothing was overwritten. Find \
                 out who put it there, then have it tried again",
            ),
            Self::Recreated => f.write_str(
                "the camera writes it anew whenever it is deleted. Each is uploaded and proven, but less and less often. If it \
                 is no evidence, name it in the profile's `leave`, or have the camera stop writing while it is docked",
            ),
            Self::ReadOnly => f.write_str(
                "it can only be read, so what is proven stays on it. Switch off the lock of its card, or mount it so that it can \
                 be written to; camdock goes on by itself then",
            ),
            Self::Many { like, count, examples } => {
                write!(f, "when last counted, the same was so of {count} entries of this camera, such as ")?;
                for (index, path) in examples.iter().enumerate() {
                    write!(f, "{}{path}", if index == 0 { "" } else { ", " })?;
                }
                write!(f, ". Of each: {like}")
            }
            Self::Refused { error } => {
                write!(f, "the destination refuses it ({error}). Mend the cause, then have it tried again")
            }
        }
    }
}
