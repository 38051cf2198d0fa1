//! What there is to tell of a bay.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray, VariantNames};

use super::Notice;
use crate::domain::{BayName, CameraSerial, DestinationName};

/// What goes on in a bay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum BayNotice {
    /// No camera.
    Empty,
    /// Something is in it; which camera, is being found out.
    Identifying,
    /// What looked like none turned out to be a camera.
    CameraAfterAll,
    /// Something was put into the camera or taken out of it; it is looked at again.
    Exchanged,
    /// It is no camera that may be touched.
    NoCamera {
        /// What it is and what to do, in sentences.
        why: String,
    },
    /// The camera no longer answers.
    CameraSilent,
    /// The camera no longer answers, and nothing was left on it. What else was so before still is.
    SilentWithNothingLeft {
        /// The state before.
        before: BayState,
    },
    /// The camera cannot be used for now.
    CameraFails {
        /// What was said.
        error: String,
    },
    /// The camera calls itself otherwise than it did when it was put in.
    OtherSerial {
        /// How it called itself.
        before: CameraSerial,
        /// How it calls itself now.
        now: CameraSerial,
    },
    /// Another bay holds a camera of the same serial.
    SameSerial {
        /// That other bay.
        other: BayName,
        /// The serial of both.
        camera: CameraSerial,
    },
    /// Files are copied from the camera to the spool.
    Copying {
        /// How many of them are.
        done: u64,
        /// Of how many.
        total: u64,
    },
    /// The spool cannot be written to or read from.
    SpoolFails {
        /// What was said.
        error: String,
    },
    /// A copy in the spool was not what was written, so it is made again.
    BadCopy {
        /// How it differs.
        error: String,
    },
    /// Everything is in the spool, and the camera is read once more to compare.
    Comparing {
        /// How many files were compared.
        done: u64,
        /// Of how many.
        total: u64,
    },
    /// Everything is in the spool, and required destinations still lack something.
    Uploading {
        /// How many segments.
        segments: u64,
    },
    /// Everything is proven; nothing is wiped before ledger and spool are examined after a start.
    WipeAwaitsExamination,
    /// Everything is proven; nothing is wiped while the spool cannot be read.
    WipeAwaitsSpool,
    /// Everything was proven; a required destination cannot confirm it now.
    WipeAwaitsDestination {
        /// Why not.
        error: String,
    },
    /// The same, for more than an hour.
    WipeOverdue {
        /// Why not.
        error: String,
    },
    /// Files are deleted from the camera.
    Wiping,
    /// Everything that was on it is proven and deleted.
    Ready,
    /// Nothing was on it from the beginning.
    WasEmpty,
    /// Nothing is left on it, and it was not camdock that deleted it.
    WentByItself,
    /// Some files are written on and on.
    StillWritten {
        /// How many.
        files: u64,
    },
    /// Some files have not been the same for long enough.
    Restless {
        /// How many.
        files: u64,
    },
    /// A program on this machine has some files open.
    HeldOpen {
        /// How many.
        files: u64,
    },
    /// The camera makes some files anew whenever they are deleted.
    Looping {
        /// How many.
        files: u64,
    },
    /// There is no room to copy some files to, until others are uploaded.
    SpoolFull {
        /// How many.
        files: u64,
    },
    /// There is none, and nothing is uploaded any more: what fills the spool waits for a person.
    SpoolStuck {
        /// How many.
        files: u64,
    },
    /// There is none, and camdock cannot make any.
    DiskFull {
        /// How many.
        files: u64,
    },
    /// A volume of the camera is not sound.
    DamagedVolume {
        /// What is wrong with it, as a sentence.
        why: String,
    },
    /// The camera can only be read.
    WriteProtected,
    /// Some of what was ever taken from the camera is not where it must be, and nowhere to be sent from.
    Missing {
        /// How many.
        segments: u64,
        /// Of which camera.
        camera: CameraSerial,
    },
    /// A person must look at some of its files.
    Problems {
        /// How many.
        files: u64,
        /// Of which camera.
        camera: CameraSerial,
    },
    /// What the camera waits for has lasted too long.
    AwaitsDestination {
        /// What is to be said of the camera itself.
        bay: Box<Notice>,
        /// Which destination.
        name: DestinationName,
        /// How that is doing.
        destination: Box<Notice>,
    },
    /// The bay's own folder or port is not there as configured.
    NotSetUp {
        /// What is missing.
        why: String,
    },
}

impl BayNotice {
    /// The state in which it puts its bay.
    #[must_use]
    pub const fn state(&self) -> BayState {
        match self {
            Self::Empty => BayState::Empty,
            Self::Identifying | Self::CameraAfterAll | Self::Exchanged => BayState::Identifying,
            Self::NoCamera { .. } => BayState::Refused,
            Self::SilentWithNothingLeft { before } => *before,
            Self::Copying { .. }
            | Self::StillWritten { .. }
            | Self::Restless { .. }
            | Self::HeldOpen { .. }
            | Self::SpoolFull { .. } => BayState::Offloading,
            Self::Comparing { .. }
            | Self::Uploading { .. }
            | Self::WipeAwaitsExamination
            | Self::WipeAwaitsSpool
            | Self::WipeAwaitsDestination { .. } => BayState::Uploading,
            Self::Wiping => BayState::Wiping,
            Self::Ready | Self::WasEmpty | Self::WentByItself => BayState::Ready,
            Self::CameraSilent
            | Self::CameraFails { .. }
            | Self::OtherSerial { .. }
            | Self::SameSerial { .. }
            | Self::SpoolFails { .. }
            | Self::BadCopy { .. }
            | Self::WipeOverdue { .. }
            | Self::Looping { .. }
            | Self::SpoolStuck { .. }
            | Self::DiskFull { .. }
            | Self::DamagedVolume { .. }
            | Self::WriteProtected
            | Self::Missing { .. }
            | Self::Problems { .. }
            | Self::AwaitsDestination { .. }
            | Self::NotSetUp { .. } => BayState::Attention,
        }
    }

    /// Why the bay is in that state, where the state alone does not say it.
    #[must_use]
    pub const fn cause(&self) -> Option<BayCause> {
        Some(match self {
            Self::Empty
            | Self::Identifying
            | Self::CameraAfterAll
            | Self::Copying { .. }
            | Self::Comparing { .. }
            | Self::Uploading { .. }
            | Self::Wiping
            | Self::Ready
            | Self::WasEmpty
            | Self::WentByItself => return None,
            Self::Exchanged => BayCause::Exchanged,
            Self::NoCamera { .. } => BayCause::NoCamera,
            Self::CameraSilent | Self::SilentWithNothingLeft { .. } => BayCause::CameraSilent,
            Self::CameraFails { .. } => BayCause::CameraFails,
            Self::OtherSerial { .. } => BayCause::OtherSerial,
            Self::SameSerial { .. } => BayCause::SameSerial,
            Self::SpoolFails { .. } | Self::WipeAwaitsSpool => BayCause::SpoolFails,
            Self::BadCopy { .. } => BayCause::BadCopy,
            Self::WipeAwaitsExamination => BayCause::Examining,
            Self::WipeAwaitsDestination { .. } | Self::WipeOverdue { .. } | Self::AwaitsDestination { .. } => {
                BayCause::DestinationSilent
            }
            Self::StillWritten { .. } | Self::Restless { .. } | Self::HeldOpen { .. } => BayCause::StillWritten,
            Self::SpoolFull { .. } | Self::SpoolStuck { .. } | Self::DiskFull { .. } => BayCause::SpoolFull,
            Self::DamagedVolume { .. } => BayCause::DamagedVolume,
            Self::WriteProtected => BayCause::WriteProtected,
            Self::Looping { .. } | Self::Missing { .. } | Self::Problems { .. } => BayCause::Problems,
            Self::NotSetUp { .. } => BayCause::NotSetUp,
        })
    }
}

/// What whoever stands before a bay is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instruction {
    /// Nothing is in it: a camera can be put in.
    PutIn,
    /// Leave the camera in.
    LeaveIn,
    /// Take the camera: it is ready for the next shift.
    Take,
    /// Take out what is in it.
    TakeOut,
    /// Take it out and put it in again.
    PutInAgain,
    /// Leave it in, and call whoever looks after the station.
    CallIt,
}

impl BayNotice {
    /// What to do about it, for whoever stands before the bay.
    #[must_use]
    pub const fn instruction(&self) -> Instruction {
        match self {
            Self::Empty => Instruction::PutIn,
            Self::NoCamera { .. } | Self::SilentWithNothingLeft { .. } => Instruction::TakeOut,
            Self::CameraSilent | Self::CameraFails { .. } | Self::OtherSerial { .. } => Instruction::PutInAgain,
            Self::Ready | Self::WasEmpty | Self::WentByItself => Instruction::Take,
            Self::Identifying
            | Self::CameraAfterAll
            | Self::Exchanged
            | Self::SameSerial { .. }
            | Self::Copying { .. }
            | Self::Comparing { .. }
            | Self::Uploading { .. }
            | Self::WipeAwaitsExamination
            | Self::WipeAwaitsSpool
            | Self::WipeAwaitsDestination { .. }
            | Self::Wiping
            | Self::StillWritten { .. }
            | Self::Restless { .. }
            | Self::HeldOpen { .. }
            | Self::SpoolFull { .. } => Instruction::LeaveIn,
            Self::SpoolFails { .. }
            | Self::BadCopy { .. }
            | Self::WipeOverdue { .. }
            | Self::Looping { .. }
            | Self::SpoolStuck { .. }
            | Self::DiskFull { .. }
            | Self::DamagedVolume { .. }
            | Self::WriteProtected
            | Self::Missing { .. }
            | Self::Problems { .. }
            | Self::AwaitsDestination { .. }
            | Self::NotSetUp { .. } => Instruction::CallIt,
        }
    }
}

/// What else is in a bay, besides the camera that the rest is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum OtherNotice {
    /// It is no camera that may be touched.
    NoCamera {
        /// What it is and what to do, as a sentence.
        why: String,
    },
    /// It is served as soon as nothing more can be done for the camera before it.
    WaitsItsTurn {
        /// What it is.
        what: String,
    },
    /// It was served, and is still there.
    HadItsTurn {
        /// What it is.
        what: String,
    },
}

/// What is going on in a bay.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum BayState {
    /// No camera.
    Empty,
    /// Finding out which camera this is.
    Identifying,
    /// Copying segments from the camera to the spool.
    Offloading,
    /// Everything is in the spool; waiting for the destinations.
    Uploading,
    /// Deleting proven segments from the camera.
    Wiping,
    /// Wiped, not yet charged.
    Charging,
    /// Charged, transferred, wiped: take this one.
    Ready,
    /// A person is needed; the message says what for.
    Attention,
    /// Not a camera this bay accepts.
    Refused,
}

impl BayState {
    /// Whether a bay can come into this state from `before`. `station::board` draws the table.
    #[must_use]
    pub const fn may_follow(self, before: Self) -> bool {
        // Cameras are taken out and put in at any moment.
        if matches!(self, Self::Empty | Self::Identifying) {
            return true;
        }
        match before {
            // Nothing is known of a camera that is not yet identified, but that something is wrong with it.
            Self::Empty => matches!(self, Self::Refused),
            Self::Refused => matches!(self, Self::Refused | Self::Attention),
            // Nothing is deleted before it was compared, and nothing is charged before it was wiped.
            Self::Identifying => !matches!(self, Self::Wiping | Self::Charging),
            Self::Charging => !matches!(self, Self::Wiping),
            Self::Offloading | Self::Uploading | Self::Wiping | Self::Ready | Self::Attention => true,
        }
    }
}

/// Why a bay is in its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum BayCause {
    /// Offloading waits: the spool is full.
    SpoolFull,
    /// Files are still being written.
    StillWritten,
    /// The wipe waits: camdock examines its ledger and spool after a start.
    Examining,
    /// The wipe waits: a required destination cannot be asked.
    DestinationSilent,
    /// The spool cannot be written to or read from.
    SpoolFails,
    /// A copy in the spool was not what was written.
    BadCopy,
    /// A person must look at some files.
    Problems,
    /// A volume of the camera is not sound.
    DamagedVolume,
    /// The camera can only be read.
    WriteProtected,
    /// Another bay holds a camera with the same serial.
    SameSerial,
    /// The camera calls itself otherwise than it did before.
    OtherSerial,
    /// The camera no longer answers.
    CameraSilent,
    /// The camera cannot be used.
    CameraFails,
    /// A card was put into the camera or taken out of it.
    Exchanged,
    /// It is no camera that may be touched.
    NoCamera,
    /// The bay's own folder or port is not there as configured.
    NotSetUp,
}

impl fmt::Display for BayState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Empty => "empty",
            Self::Identifying => "identifying",
            Self::Offloading => "offloading",
            Self::Uploading => "uploading",
            Self::Wiping => "wiping",
            Self::Charging => "charging",
            Self::Ready => "ready",
            Self::Attention => "attention",
            Self::Refused => "refused",
        })
    }
}
