//! What there is to tell of a destination.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray, VariantNames};

use super::Notice;
use crate::domain::{CameraSerial, ConnectionTrouble, DestinationName, Moment};

/// How a destination is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum DestinationNotice {
    /// Nothing was asked of it yet.
    Unasked,
    /// Something was missing that it needs; nothing was asked of it since.
    SetUp,
    /// Whatever was asked of it, it did.
    Well,
    /// It cannot be used for now; camdock tries again by itself.
    Waiting {
        /// Why.
        cause: DestinationCause,
        /// What was said.
        error: String,
    },
    /// It asks to be left alone until a certain moment.
    LeftAlone {
        /// Why.
        cause: DestinationCause,
        /// What was said.
        error: String,
        /// When it is tried again.
        at: Moment,
    },
    /// No secure connection to it comes about; camdock tries again by itself.
    NoConnection {
        /// What stands in the way.
        trouble: Box<Notice>,
        /// What that is about.
        cause: DestinationCause,
    },
    /// It does not take the credential.
    Denied {
        /// Which destination.
        name: DestinationName,
        /// Its word for it.
        code: String,
        /// Which credential.
        credential: String,
    },
    /// It is not the place that was enrolled, or no place is.
    WrongPlace {
        /// Which destination.
        name: DestinationName,
        /// What is there instead, and what to do, in sentences.
        why: String,
    },
    /// Its container or folder does not exist.
    NoContainer {
        /// Which destination.
        name: DestinationName,
        /// What was said.
        error: String,
    },
    /// It refuses whatever it is asked for.
    Refuses {
        /// Which destination.
        name: DestinationName,
        /// What was said.
        error: String,
    },
    /// It does not keep objects from being changed or deleted as it is asked to.
    Unprotected {
        /// Which destination.
        name: DestinationName,
        /// What was asked, and what it did.
        why: String,
    },
    /// It is not set up, so nothing can be asked of it.
    NotSetUp {
        /// What is missing.
        why: String,
    },
    /// It answers, but nothing that it is given gets through.
    TakesNothing {
        /// How that puts it.
        state: DestinationState,
        /// Why.
        cause: DestinationCause,
        /// Some of what it does not take.
        put_off: Vec<Notice>,
        /// Of how many cameras more it does not take something.
        more: u64,
    },
    /// It takes everything but some segments.
    TakesOthers {
        /// Some of those.
        put_off: Vec<Notice>,
        /// Of how many cameras more it does not take something.
        more: u64,
    },
    /// It has been so for more than an hour.
    Overdue {
        /// How it is.
        destination: Box<Notice>,
        /// Why.
        cause: DestinationCause,
    },
}

impl DestinationNotice {
    /// The state in which it puts its destination.
    #[must_use]
    pub const fn state(&self) -> DestinationState {
        match self {
            Self::Unasked | Self::SetUp => DestinationState::Unknown,
            Self::Well | Self::TakesOthers { .. } => DestinationState::Ok,
            Self::Waiting { .. } | Self::LeftAlone { .. } | Self::NoConnection { .. } => DestinationState::Waiting,
            Self::Denied { .. }
            | Self::WrongPlace { .. }
            | Self::NoContainer { .. }
            | Self::Refuses { .. }
            | Self::Unprotected { .. } => DestinationState::Refused,
            Self::NotSetUp { .. } => DestinationState::Attention,
            Self::TakesNothing { state, .. } => *state,
            Self::Overdue { .. } => DestinationState::Overdue,
        }
    }

    /// Why, if it is not well.
    #[must_use]
    pub const fn cause(&self) -> Option<DestinationCause> {
        Some(match self {
            Self::Unasked | Self::SetUp | Self::Well => return None,
            Self::Waiting { cause, .. }
            | Self::LeftAlone { cause, .. }
            | Self::NoConnection { cause, .. }
            | Self::TakesNothing { cause, .. }
            | Self::Overdue { cause, .. } => *cause,
            Self::Denied { .. } => DestinationCause::Credential,
            Self::WrongPlace { .. } => DestinationCause::WrongPlace,
            Self::NoContainer { .. } => DestinationCause::NoContainer,
            Self::Refuses { .. } => DestinationCause::Refusal,
            Self::Unprotected { .. } => DestinationCause::Unprotected,
            Self::NotSetUp { .. } => DestinationCause::NotSetUp,
            Self::TakesOthers { .. } => DestinationCause::Segments,
        })
    }
}

/// Segments of one camera that do not get through to a destination that is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutOff {
    /// Whose they are.
    pub camera: CameraSerial,
    /// How many.
    pub segments: u64,
    /// Since when the first of them has been tried in vain.
    pub since: Moment,
    /// What was said of that one.
    pub error: String,
}

/// How a destination is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum DestinationState {
    /// Nothing asked of it yet.
    Unknown,
    /// The last request succeeded.
    Ok,
    /// It cannot be reached or is overloaded; camdock tries again by itself.
    Waiting,
    /// It refuses the credential, or is not the place that was enrolled; a person must mend it.
    Refused,
    /// It, or something it was given, has waited for more than an hour. camdock goes on trying; a person should look.
    Overdue,
    /// It is not set up; the message says what is missing.
    Attention,
}

/// Why a destination is waiting or refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum DestinationCause {
    /// It cannot be reached.
    Network,
    /// No secure connection comes about: its certificate, or the station's.
    Certificate,
    /// The proxy on the way does not let the station through.
    Proxy,
    /// It asks for patience, or fails inside.
    Busy,
    /// It does not take the credential.
    Credential,
    /// Its container or folder does not exist.
    NoContainer,
    /// It is not the place that was enrolled, or no place is.
    WrongPlace,
    /// It does not answer at all.
    NoAnswer,
    /// It has no room.
    Full,
    /// Its disk or file system fails.
    Storage,
    /// It refuses whatever it is asked for.
    Refusal,
    /// It does not keep objects from being changed or deleted as it is asked to.
    Unprotected,
    /// Some segments do not get through, though it is well.
    Segments,
    /// It is not set up, so nothing can be asked of it.
    NotSetUp,
}

impl From<&ConnectionTrouble> for DestinationCause {
    fn from(trouble: &ConnectionTrouble) -> Self {
        match trouble {
            ConnectionTrouble::CertificateEnded { .. }
            | ConnectionTrouble::CertificateNotYet { .. }
            | ConnectionTrouble::CertificateOfAnother { .. }
            | ConnectionTrouble::UnknownIssuer { .. }
            | ConnectionTrouble::CertificateOfAuthority { .. }
            | ConnectionTrouble::CertificateUnusable { .. }
            | ConnectionTrouble::CertificateWanted
            | ConnectionTrouble::CertificateRefused { .. }
            | ConnectionTrouble::TooOld => Self::Certificate,
            ConnectionTrouble::ProxyLogin { .. } | ConnectionTrouble::ProxyRefuses { .. } => Self::Proxy,
        }
    }
}

impl fmt::Display for DestinationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unknown => "unknown",
            Self::Ok => "ok",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::Overdue => "overdue",
            Self::Attention => "attention",
        })
    }
}
