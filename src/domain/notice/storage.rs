//! What happens with the ledger and the spool.

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

use super::Severity;

/// Something that happened with the ledger or the spool as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum StorageNotice {
    /// The ledger is damaged; it is made anew from what can be read.
    LedgerDamaged {
        /// How.
        error: String,
    },
    /// The ledger is being made anew.
    Rebuilding,
    /// The custody log cannot be read to its end.
    LogCutShort {
        /// Why not.
        error: String,
        /// How many entries could be read.
        saved: u64,
    },
    /// An entry of the custody log contradicts what came before it.
    WithoutEffect {
        /// Its place in the log.
        entry: i64,
        /// How.
        error: String,
    },
    /// A newer camdock wrote entries that this one does not understand.
    UnknownEntries {
        /// How many of which kinds.
        what: String,
    },
    /// The ledger was copied before it was brought to this version.
    BackedUp {
        /// Where the copy is.
        backup: String,
    },
    /// The disk is full, so the ledger uses the room that was kept for it.
    ReserveUsed,
    /// No room can be kept for the ledger.
    NoReserve {
        /// The system's words.
        error: String,
    },
    /// The ledger cannot be examined.
    NotExamined {
        /// Why not.
        error: String,
    },
    /// The spool cannot be compared with the ledger.
    NotCompared {
        /// Why not.
        error: String,
    },
    /// A copy in the spool whose time has come cannot be removed.
    NotReleased {
        /// Why not.
        error: String,
    },
}

impl StorageNotice {
    pub(super) const fn severity(&self) -> Severity {
        match self {
            Self::Rebuilding | Self::UnknownEntries { .. } | Self::BackedUp { .. } => Severity::Outcome,
            Self::ReserveUsed | Self::NoReserve { .. } | Self::NotReleased { .. } => Severity::Warning,
            Self::LedgerDamaged { .. }
            | Self::LogCutShort { .. }
            | Self::WithoutEffect { .. }
            | Self::NotExamined { .. }
            | Self::NotCompared { .. } => Severity::Alarm,
        }
    }
}
