//! What happens with the folders and ports that are bays.

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

use super::Severity;
use crate::domain::UsbPort;

/// Something that happened with a bay's folder or port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum DockNotice {
    /// The folder cannot be looked into.
    FolderUnreadable {
        /// Which.
        folder: String,
        /// The system's words.
        error: String,
    },
    /// The folder can be looked into again.
    FolderBack {
        /// Which.
        folder: String,
    },
    /// The system does not tell when something changes in the folder.
    NoNewsOfFolder {
        /// Which.
        folder: String,
        /// The system's words.
        error: String,
    },
    /// The system does not tell when something is plugged in.
    NoNewsOfUsb {
        /// The system's words.
        error: String,
    },
    /// The port cannot be looked at.
    PortUnreadable {
        /// Which.
        port: UsbPort,
        /// The system's words.
        error: String,
    },
}

impl DockNotice {
    pub(super) const fn severity(&self) -> Severity {
        match self {
            Self::FolderBack { .. } | Self::NoNewsOfFolder { .. } | Self::NoNewsOfUsb { .. } => Severity::Outcome,
            Self::FolderUnreadable { .. } | Self::PortUnreadable { .. } => Severity::Warning,
        }
    }
}
