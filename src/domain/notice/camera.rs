//! What happens with a docked camera.

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

use super::Severity;
use crate::domain::TimeOfDay;

/// Something that happened with a camera or one of its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum CameraNotice {
    /// Everything that was on it is proven and deleted.
    Done {
        /// How many segments were deleted in this docking.
        segments: u64,
        /// How many bytes it had in this docking.
        bytes: u64,
    },
    /// It was taken, and nothing was left to do for it.
    Taken,
    /// It was taken before everything was proven and wiped.
    TakenEarly,
    /// Its docking was interrupted because camdock ended.
    Interrupted,
    /// What is proven is being deleted.
    Deleting {
        /// How many files.
        files: u64,
    },
    /// A file is gone whose deletion had been interrupted.
    DeletionCompleted,
    /// A file is gone, and it was not camdock that deleted it.
    GoneByItself,
    /// What is wrong with it is something else at each look, so no more of that goes into the custody log.
    TroublesChange,
    /// A file changed after it was proven, so it was not deleted.
    Changed,
    /// A file that a deletion had set aside has its place back.
    PutBack,
    /// The system does not say whether a file is open, so only the quiet time keeps one that is from being deleted.
    OpenFilesUnseen {
        /// The system's words.
        error: String,
    },
    /// A volume of it cannot be mounted.
    NotMounted {
        /// Which.
        volume: String,
        /// What was said.
        error: String,
    },
    /// More or less is allocated on a volume than its files take up.
    Unaccounted {
        /// Which.
        volume: String,
        /// What the files take up, in bytes.
        files: u64,
        /// What is allocated, in bytes.
        allocated: u64,
    },
    /// A volume is damaged, so nothing is deleted from it.
    NotWritten {
        /// Which.
        volume: String,
        /// How it is damaged.
        why: String,
    },
    /// A volume could not be unmounted.
    StaysMounted {
        /// Which.
        volume: String,
        /// What was said.
        error: String,
    },
    /// A file is not the segment that it looked like.
    OtherVersion,
    /// A file was to be deleted, and may be there still.
    StillThere,
    /// A file was not deleted yet.
    NotWiped {
        /// What is in the way.
        error: String,
    },
    /// It will not be ready before the next shift, even in the best case.
    LateForShift {
        /// When that starts, by the clock on the wall.
        shift: TimeOfDay,
    },
    /// It was not docked here for too long.
    Overdue {
        /// How many whole days are too long.
        days: u64,
    },
    /// It is missed no more, since somebody said that it does not come back.
    Retired,
}

impl CameraNotice {
    pub(super) const fn severity(&self) -> Severity {
        match self {
            Self::Taken | Self::Deleting { .. } | Self::DeletionCompleted | Self::StaysMounted { .. } => Severity::Step,
            Self::Done { .. }
            | Self::TakenEarly
            | Self::Interrupted
            | Self::Changed
            | Self::PutBack
            | Self::OpenFilesUnseen { .. }
            | Self::Unaccounted { .. }
            | Self::NotWritten { .. }
            | Self::OtherVersion
            | Self::StillThere
            | Self::NotWiped { .. }
            | Self::Retired => Severity::Outcome,
            Self::GoneByItself
            | Self::TroublesChange
            | Self::NotMounted { .. }
            | Self::LateForShift { .. }
            | Self::Overdue { .. } => Severity::Warning,
        }
    }
}
