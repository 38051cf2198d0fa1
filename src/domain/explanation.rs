//! What is known about one segment: its copies, its original, and how each condition of its wipe stands.

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

use super::{
    DestinationName, Docking, Enforcement, LegalHold, Moment, Problem, ProofMethod, Protection, Segment, Version,
};

/// What became of a spool copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpoolCopy {
    /// It is there.
    Present,
    /// It was removed after every destination had proven its own.
    Released,
    /// It went missing, was damaged, or is needed again after it was released: the segment must be pulled again.
    Lost,
}

/// How an original left its camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::VariantArray)]
#[serde(rename_all = "kebab-case")]
pub enum Removal {
    /// camdock deleted it, and looked.
    Wiped,
    /// camdock had begun to delete it, every copy proven, and was interrupted; it was gone at the next look.
    Interrupted,
    /// The camera itself or somebody else removed or replaced it.
    NotByCamdock,
}

/// An original that its camera no longer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    /// When that was seen.
    pub at: Moment,
    /// How it went.
    pub how: Removal,
}

/// How far one segment is at one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// It waits in the spool to be sent.
    Queued,
    /// The destination had proven its copy when last asked.
    Proven,
    /// A person must look at it.
    Problem,
    /// There is no spool copy to send; the camera must be docked again.
    Stranded,
}

/// One destination's copy of a segment, as far as the ledger knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Where.
    pub destination: DestinationName,
    /// How far.
    pub state: DeliveryState,
    /// The proven state of the object.
    pub version: Option<Version>,
    /// How it was proven.
    pub method: Option<ProofMethod>,
    /// What kept it from being changed or deleted when that was last asked.
    pub protection: Protection,
}

/// Everything that the ledger knows about one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The segment.
    pub segment: Segment,
    /// Its spool copy.
    pub spool: SpoolCopy,
    /// Its copies at the configured destinations.
    pub copies: Vec<Copy>,
    /// What a person must look at about it.
    pub problems: Vec<Problem>,
    /// When and how its original left the camera.
    pub gone: Option<Gone>,
    /// When a person said to have seen that it is lost.
    pub seen_at: Option<Moment>,
}

/// One segment, with every condition of its wipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedSegment {
    /// What the ledger knows about it.
    pub known: Explanation,
    /// Every condition and how it stands, in the order in which people are told. The ledger's memory of a proof is not a proof: each
    /// destination is asked again before the wipe.
    pub conditions: Vec<Judgement>,
}

/// A docking with what is known of its segments, or of some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedDocking {
    /// The docking.
    pub docking: Docking,
    /// Segments that were copied in it, or left the camera in it, in the order in which they came into the spool.
    pub segments: Vec<ExplainedSegment>,
    /// When it was so.
    pub read_at: Moment,
}

/// One condition, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// Which one, and what is known of it.
    #[serde(flatten)]
    pub condition: Condition,
    /// Whether it is met.
    pub verdict: Verdict,
}

/// Whether a condition is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is.
    Met,
    /// It is not, or not yet.
    Unmet,
}

/// What must be so before a segment leaves its camera, with what is known beyond whether it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Condition {
    /// It was read from the camera, and nothing happened to the copy here that should not have.
    WasRead {
        /// What became of that copy.
        copy: SpoolCopy,
        /// How the original left the camera, if it did.
        original: Option<Removal>,
    },
    /// Some destination is required.
    SomethingIsRequired,
    /// Every byte of the file could be read.
    EveryByteWasRead,
    /// This required destination has proven its copy.
    CopyIsProven {
        /// Which one.
        destination: DestinationName,
        /// How far it is; none if it is not to get it.
        state: Option<DeliveryState>,
        /// How it was proven, where that is known.
        method: Option<ProofMethod>,
        /// Until when the destination keeps it from deletion, if it said so.
        kept_until: Option<Moment>,
        /// How firmly.
        enforcement: Option<Enforcement>,
        /// Whether it has a legal hold there.
        legal_hold: LegalHold,
        /// How the original left the camera, if it did. If not, the destination is asked again before it does.
        original: Option<Removal>,
    },
    /// What the camera holds now is what was uploaded.
    SourceIsTheSegment {
        /// How the original left the camera, if it did.
        original: Option<Removal>,
        /// When that was seen.
        at: Option<Moment>,
    },
}

impl Verdict {
    /// Met if nothing stands against it.
    #[must_use]
    pub const fn of<T, E>(judged: &Result<T, E>) -> Self {
        if judged.is_ok() { Self::Met } else { Self::Unmet }
    }
}

impl Explanation {
    /// How the original left the camera, if it did.
    #[must_use]
    pub fn removal(&self) -> Option<Removal> {
        self.gone.map(|gone| gone.how)
    }
}
