//! What there is to tell of the station itself.

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

use super::Severity;
use crate::domain::{DestinationName, Moment, Part, PlaceId, StationId, TimeOfDay};

/// Something that is the matter with the station, or happened with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum StationNotice {
    /// The disk that holds ledger and spool is full. What is proven and wiped is removed from the spool first.
    DiskFull,
    /// camdock runs.
    Started {
        /// Which station.
        station: StationId,
        /// Which version.
        version: String,
    },
    /// camdock was told to stop.
    Stopping,
    /// The page can be opened.
    PageOpen {
        /// Where.
        address: String,
    },
    /// The page or the commands' socket answered no more; it is opened again.
    DoorLost {
        /// Which, and what was said.
        error: String,
    },
    /// A part that was not set up is.
    SetUp {
        /// Which.
        #[serde(flatten)]
        part: Part,
    },
    /// A place counts as a destination from here on.
    Enrolled {
        /// Which destination.
        destination: DestinationName,
        /// Which place.
        place: PlaceId,
    },
    /// camdock ended, and a lamp may still show what was so before.
    LampStaysLit {
        /// What was said.
        error: String,
    },
    /// So many lines could not be written in time.
    LinesMissing {
        /// How many.
        lines: u64,
    },
    /// The queue, and what is on docked cameras, will not be clear before the next shift, even in the best case.
    LateForShift {
        /// When that starts, by the clock on the wall.
        shift: TimeOfDay,
    },
    /// What the page proves itself with should be renewed.
    CertificateEnds {
        /// When it ends.
        at: Moment,
    },
    /// Cameras were not docked here for too long.
    CamerasOverdue {
        /// How many.
        cameras: u64,
        /// How many whole days are too long.
        days: u64,
    },
}

impl StationNotice {
    pub(super) const fn severity(&self) -> Severity {
        match self {
            Self::Started { .. }
            | Self::Stopping
            | Self::PageOpen { .. }
            | Self::DoorLost { .. }
            | Self::SetUp { .. }
            | Self::Enrolled { .. }
            | Self::LinesMissing { .. } => Severity::Outcome,
            Self::DiskFull
            | Self::LampStaysLit { .. }
            | Self::LateForShift { .. }
            | Self::CertificateEnds { .. }
            | Self::CamerasOverdue { .. } => Severity::Warning,
        }
    }
}
