//! Which link of the chain from a camera to the cloud is at fault.

use serde::Serialize;
use strum::VariantArray;

use super::{BayCause, DestinationCause, Part, SetupCause, SetupTrouble};

/// A link of the chain, in the order in which evidence passes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, VariantArray)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// The camera, its card, or what is on it.
    Camera,
    /// The contact between camera and bay.
    Cable,
    /// The bay: its port or folder, and its lamp.
    Port,
    /// The station's own disk.
    Disk,
    /// The way to a destination.
    Network,
    /// A destination itself: a cloud, a share, a folder.
    Cloud,
    /// What camdock shows a destination to be let in.
    Credential,
    /// What the station was told to be.
    Configuration,
}

impl BayCause {
    /// Where to look first if a bay waits for this; nothing, if it is nobody's fault, or a destination's, which tells more of it.
    #[must_use]
    pub const fn link(self) -> Option<Link> {
        Some(match self {
            Self::Problems
            | Self::DamagedVolume
            | Self::WriteProtected
            | Self::SameSerial
            | Self::OtherSerial
            | Self::CameraFails
            | Self::NoCamera => Link::Camera,
            Self::CameraSilent => Link::Cable,
            Self::SpoolFull | Self::SpoolFails | Self::BadCopy => Link::Disk,
            Self::StillWritten | Self::Examining | Self::Exchanged | Self::DestinationSilent | Self::NotSetUp => {
                return None;
            }
        })
    }
}

impl DestinationCause {
    /// Where to look first if a destination is not well; nothing, if what is not set up tells more of it.
    #[must_use]
    pub const fn link(self) -> Option<Link> {
        Some(match self {
            Self::Network | Self::Certificate | Self::Proxy | Self::NoAnswer => Link::Network,
            Self::Credential => Link::Credential,
            Self::Busy
            | Self::NoContainer
            | Self::WrongPlace
            | Self::Full
            | Self::Storage
            | Self::Refusal
            | Self::Unprotected
            | Self::Segments => Link::Cloud,
            Self::NotSetUp => return None,
        })
    }
}

impl SetupTrouble {
    /// Where to look first if a part could not be set up.
    #[must_use]
    pub const fn link(&self) -> Link {
        match (self.cause, &self.part) {
            (SetupCause::CredentialMissing | SetupCause::CredentialUnreadable | SetupCause::CredentialUnusable, _) => {
                Link::Credential
            }
            (
                SetupCause::Settings
                | SetupCause::SharedPlace
                | SetupCause::ProfileBroken
                | SetupCause::AddressUnusable
                | SetupCause::ClockApart,
                _,
            )
            | (_, Part::Users | Part::Certificate | Part::Operators | Part::Clock) => Link::Configuration,
            (_, Part::Destination(_)) => Link::Cloud,
            (_, Part::Bay(_) | Part::Lamp(_) | Part::StationLamp) => Link::Port,
            (SetupCause::SocketUnusable, _) | (_, Part::Profile(_) | Part::ControlSocket | Part::Page) => Link::Disk,
        }
    }
}
