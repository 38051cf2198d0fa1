//! What there is to tell of those who ask the station.
//!
//! Nobody's name is among it: who it was stands in the custody log.

use std::net::IpAddr;

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

use super::Severity;

/// Somebody was let in, or was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum AccessNotice {
    /// Somebody logged in.
    LoggedIn {
        /// From where.
        address: IpAddr,
    },
    /// Somebody gave a wrong name or password.
    LogInRefused {
        /// From where.
        address: IpAddr,
    },
    /// A name failed so often that it is not listened to for a while.
    LockedOut {
        /// From where, the last time.
        address: IpAddr,
    },
    /// Somebody wanted the station to do what they may not have it do.
    ActionRefused,
}

impl AccessNotice {
    pub(super) const fn severity(&self) -> Severity {
        match self {
            Self::LoggedIn { .. } | Self::LogInRefused { .. } | Self::ActionRefused => Severity::Outcome,
            Self::LockedOut { .. } => Severity::Warning,
        }
    }
}
