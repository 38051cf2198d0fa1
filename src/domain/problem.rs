//! What a person must look at.

use std::fmt;

use super::{ByteCount, CameraSerial, DestinationName, Moment, OddityKind, ProblemId, SegmentId, SourcePath};

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

// What is told of evidence that is nowhere, or not where it must be.
const ONLY_ON_CAMERA: &str = "no copy of it is left here, and a required destination has not proven its own. Dock its camera again: it may \
     still have it, and then everything goes on by itself. The destinations are asked again now and then, and when \
     you have it tried again";
const ONLY_ELSEWHERE: &str = "a required destination lacks it, no copy is left here, and its camera does not have it any more; but another \
     destination has proven its copy. `camdock explain` tells which; bring it from there to where it is missing. \
     The destinations are asked again now and then; `camdock retry` says that you have seen this";
const LOST: &str = "LOST: it was taken from its camera, no copy is left here, no destination has proven one, and the camera does \
     not have it any more. `camdock explain` tells everything that is known of it. Another station or the \
     destination's own versions may have it: the destinations are asked again now and then. `camdock retry` says \
     that you have seen this";

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oddity { kind } => {
                write!(f, "it is {kind}; camdock left it on the camera and took everything else")
            }
            Self::Unreadable { error } => write!(
                f,
                "it cannot be read ({error}); it stays on the camera, and is tried again now and then. Mend its permissions \
                 or the medium"
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
            Self::LedgerRebuilt { saved, lost } => tell_rebuilt(f, *saved, *lost),
            Self::OnlyOnCamera => f.write_str(ONLY_ON_CAMERA),
            Self::OnlyElsewhere => f.write_str(ONLY_ELSEWHERE),
            Self::Lost => f.write_str(LOST),
            Self::Undelivered { error } => write!(
                f,
                "it does not get through to the destination, which is well ({error}); camdock tried for hours, and keeps \
                 its copy. Mend the cause, then have it tried again"
            ),
        }
    }
}

fn tell_rebuilt(f: &mut fmt::Formatter<'_>, saved: u64, lost: Option<u64>) -> fmt::Result {
    write!(f, "the station's ledger was damaged or missing, and was made anew from what could be read: ")?;
    match lost {
        Some(0) => write!(f, "all {saved} entries of the custody log")?,
        Some(lost) => write!(f, "{saved} entries of the custody log were saved, the last {lost} were not")?,
        None => write!(f, "{saved} entries of the custody log were saved, nobody can tell of how many")?,
    }
    f.write_str(
                    ". What is on the cameras and in the spool is taken up again by itself, and every destination is asked; \
                     the history and the problems of the lost entries are only in the old file, which is kept under this \
                     name if there was one. Have the disk looked at. `camdock retry` says that you have seen this",
                )
}
