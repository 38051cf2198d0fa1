//! What of a station could not be set up as it is configured.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use super::{BayName, DestinationName};

/// A part of the station that could not be set up. The rest works without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupTrouble {
    /// Which part.
    #[serde(flatten)]
    pub part: Part,
    /// What is in the way.
    pub cause: SetupCause,
    /// What is wrong, what camdock does about it, and what to do.
    pub message: String,
}

/// What a station is made of, as far as it works without it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "part", content = "name", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Part {
    /// A destination.
    Destination(DestinationName),
    /// A bay.
    Bay(BayName),
    /// A camera profile, by its file.
    Profile(String),
    /// The socket on which commands such as `camdock status` ask the station.
    ControlSocket,
    /// The page in the browser.
    Page,
    /// A bay's lamp.
    Lamp(BayName),
    /// The station's own lamp.
    StationLamp,
    /// The list of those who may log in.
    Users,
    /// What the page proves itself with.
    Certificate,
    /// The group of those who may have the station do something.
    Operators,
    /// What the station takes the time for.
    Clock,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destination(name) => write!(f, "destination {name}"),
            Self::Bay(name) => write!(f, "bay {name}"),
            Self::Profile(file) => write!(f, "profile {file}"),
            Self::ControlSocket => f.write_str("the commands' socket"),
            Self::Page => f.write_str("the page"),
            Self::Lamp(bay) => write!(f, "the lamp of bay {bay}"),
            Self::StationLamp => f.write_str("the station's lamp"),
            Self::Users => f.write_str("the list of users"),
            Self::Certificate => f.write_str("the certificate of the page"),
            Self::Clock => f.write_str("the clock"),
            Self::Operators => f.write_str("the group of operators"),
        }
    }
}

/// Why a part could not be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "kebab-case")]
pub enum SetupCause {
    /// Its credential is not there.
    CredentialMissing,
    /// Its credential is there, and may not or cannot be read.
    CredentialUnreadable,
    /// Its credential is no secret of the configured kind.
    CredentialUnusable,
    /// Its settings cannot be used on this machine, for want of certificates for instance.
    Settings,
    /// Its folder is not there.
    FolderMissing,
    /// Its folder is there, and may not or cannot be looked into.
    FolderUnreadable,
    /// There is no such USB port now.
    PortMissing,
    /// Another bay has the same folder or socket.
    SharedPlace,
    /// Its file is wrong, or cannot be read.
    ProfileBroken,
    /// It cannot be made where it belongs.
    SocketUnusable,
    /// Nobody can listen at its address.
    AddressUnusable,
    /// A LED or GPIO chip of it is not there.
    LedMissing,
    /// A LED or GPIO line of it cannot be lit as it should.
    LedUnusable,
    /// Its file cannot be read.
    FileUnreadable,
    /// Its file is wrong.
    FileBroken,
    /// Others have another time.
    ClockApart,
    /// Looking at it takes so long that it may never end.
    NoAnswer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scripts_read_of_a_trouble_is_one_flat_object() {
        for (part, json) in [
            (
                Part::Bay(BayName::new("1").unwrap()),
                r#"{"part":"bay","name":"1","cause":"port-missing","message":"m"}"#,
            ),
            (Part::ControlSocket, r#"{"part":"control-socket","cause":"port-missing","message":"m"}"#),
        ] {
            let trouble = SetupTrouble { part, cause: SetupCause::PortMissing, message: "m".to_owned() };
            assert_eq!(serde_json::to_string(&trouble).unwrap(), json);
            assert_eq!(serde_json::from_str::<SetupTrouble>(json).unwrap(), trouble);
        }
    }
}
