//! The hardware of a dock: which camera is in which bay.
//!
//! Promises: a camera that was there before camdock started is found too; whatever is in
//! a bay and is no camera is refused with a reason that a person can act on, and is never opened.

mod contents;
mod folder;
pub mod led;
mod mounts;
pub mod usb;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::{BayName, CameraSerial, Profile, UsbDevice, UsbPort};

pub use folder::{FolderBay, watch_folders};
pub use mounts::beat;
pub use usb::watch_usb;

/// Something happened in a bay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BayEvent {
    /// A camera is in the bay. In one that is a folder, others may be too.
    Docked {
        /// Which bay.
        bay: BayName,
        /// Where the camera can be reached.
        location: Location,
    },
    /// A camera in the bay was taken out.
    Removed {
        /// Which bay.
        bay: BayName,
        /// Where the camera was reached.
        location: Location,
    },
    /// Something is in the bay that camdock will not touch, and this is all of it. A camera that is docked there meanwhile is not
    /// affected.
    Refused {
        /// Which bay.
        bay: BayName,
        /// For each thing, what it is and what to do, as a sentence.
        reasons: Vec<String>,
    },
    /// Nothing in the bay is refused any longer.
    Cleared {
        /// Which bay.
        bay: BayName,
    },
}

/// Where a docked camera can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// It is a folder.
    Folder {
        /// The folder.
        path: PathBuf,
        /// The camera's serial, which is the folder's name.
        serial: CameraSerial,
        /// How long a file in it must not have changed before it counts as written to the end.
        quiet: Duration,
    },
    /// It is plugged into a USB port.
    Usb {
        /// What is plugged in.
        device: UsbDevice,
        /// The kinds of camera that it may be, the likeliest first; never empty.
        profiles: Vec<Arc<Profile>>,
    },
}

/// Why bays cannot be watched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DockError {
    /// One camera would be in two bays at once, or a whole bay would be taken for a camera.
    #[error(
        "the folder of bay {second}, {}, is that of bay {first}, or one lies in the other: give each bay a folder apart \
         from the others", folder.display()
    )]
    Overlap {
        /// One bay.
        first: BayName,
        /// The other.
        second: BayName,
        /// The other's folder.
        folder: PathBuf,
    },
    /// One camera would be in two bays at once.
    #[error(
        "port {port} of bay {second} is the same socket as that of bay {first}: a USB 3 socket has two port paths, and \
         either names it. Remove one of the two bays"
    )]
    OneSocket {
        /// One bay.
        first: BayName,
        /// The other.
        second: BayName,
        /// The other's port.
        port: UsbPort,
    },
}

impl DockError {
    /// The bay without which the rest can be watched.
    #[must_use]
    pub const fn second(&self) -> &BayName {
        match self {
            Self::Overlap { second, .. } | Self::OneSocket { second, .. } => second,
        }
    }
}
