//! What happens with a segment on its way to the destinations.

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

use super::Severity;
use crate::domain::{LegalHold, Moment, ProofMethod, SegmentId};

/// Something that happened with a segment or its copy in the spool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum SegmentNotice {
    /// A destination has proven its copy.
    Proven {
        /// How.
        method: ProofMethod,
    },
    /// It was fetched from a destination, for another that lacks it.
    Fetched,
    /// A destination keeps it from deletion as somebody asked.
    Kept {
        /// Until when.
        until: Option<Moment>,
        /// Whether there is a legal hold.
        legal_hold: LegalHold,
    },
    /// A destination does not keep it as somebody asked; it is asked again.
    NotKept {
        /// What was said.
        error: String,
    },
    /// A destination that is well did not get it.
    PutOff {
        /// What was said.
        error: String,
    },
    /// A destination no longer has what it had proven.
    ProofWithdrawn,
    /// It was nowhere, and every required destination has proven it now.
    FoundAgain,
    /// Its copy in the spool is no longer what was taken from the camera.
    CopyBad {
        /// How it differs.
        why: String,
    },
    /// Its copy in the spool is not there.
    CopyMissing,
    /// A copy in the spool does not say whose it is.
    CopyUnlabelled {
        /// Which.
        copy: SegmentId,
    },
    /// A copy in the spool is not whole.
    CopyTorn,
    /// A copy in the spool that the ledger did not count on is good, and counts now.
    CopyTakenOver,
}

impl SegmentNotice {
    pub(super) const fn severity(&self) -> Severity {
        match self {
            Self::Proven { .. } | Self::PutOff { .. } | Self::Fetched => Severity::Step,
            Self::FoundAgain
            | Self::Kept { .. }
            | Self::CopyUnlabelled { .. }
            | Self::CopyTorn
            | Self::CopyTakenOver => Severity::Outcome,
            Self::ProofWithdrawn | Self::NotKept { .. } => Severity::Warning,
            Self::CopyBad { .. } | Self::CopyMissing => Severity::Alarm,
        }
    }
}
