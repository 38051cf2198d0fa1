//! The conditions of a wipe, written once: what a permit is judged by, and what people are told.

use std::collections::BTreeSet;
use std::fmt;

use crate::domain::DestinationName;

/// One condition that must be met before a file may be deleted from its camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WipeCondition {
    /// Some destination is required; otherwise nothing would be proven.
    SomethingIsRequired,
    /// Every byte of the file could be read.
    EveryByteWasRead,
    /// What the camera holds now, read again, is the segment that was uploaded.
    SourceIsTheSegment,
    /// This required destination has proven its copy.
    CopyIsProven(DestinationName),
}

/// Why a condition is not met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unmet {
    /// No destination is required, so nothing can be proven.
    #[error("no destination is required, so nothing can be proven")]
    NothingRequired,
    /// Some bytes could not be read; the original is the best copy there is.
    #[error("it is damaged at its source")]
    Damaged,
    /// What the camera holds now was not read again yet.
    #[error("the camera's file was not read again yet")]
    SourceNotRead,
    /// What the camera holds now is not what was uploaded.
    #[error("the camera's file differs from what was uploaded")]
    SourceDiffers,
    /// A required destination has not proven its copy.
    #[error("{0} has not proven its copy")]
    NotProven(DestinationName),
}

/// What is known about a file and its copies. Who judges a permit knows it from live answers; who only tells people, from
/// the ledger's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts<'a> {
    /// Whether some bytes of it could not be read, or it is the image of a volume.
    pub damaged: bool,
    /// How the camera's file compares with the segment.
    pub source: Source,
    /// The destinations that have proven their copies.
    pub proven: BTreeSet<DestinationName>,
    /// The destinations that must.
    pub required: &'a BTreeSet<DestinationName>,
}

/// How the camera's file compares with the segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// It was not read again yet.
    NotRead,
    /// It was, and is something else.
    Differs,
    /// It was, and is the same, bit for bit.
    Same,
}

/// A condition, and why it is not met if it is not.
pub type Judged = (WipeCondition, Result<(), Unmet>);

/// Every condition of the rule with its verdict, in the order in which people are told. All must be met.
#[must_use]
pub fn conditions(facts: &Facts<'_>) -> Vec<Judged> {
    let met_if = |met: bool, unmet: Unmet| if met { Ok(()) } else { Err(unmet) };
    let source = match facts.source {
        Source::NotRead => Err(Unmet::SourceNotRead),
        Source::Differs => Err(Unmet::SourceDiffers),
        Source::Same => Ok(()),
    };
    let mut conditions = vec![
        (WipeCondition::SomethingIsRequired, met_if(!facts.required.is_empty(), Unmet::NothingRequired)),
        (WipeCondition::EveryByteWasRead, met_if(!facts.damaged, Unmet::Damaged)),
    ];
    conditions.extend(facts.required.iter().map(|destination| {
        let proven = met_if(facts.proven.contains(destination), Unmet::NotProven(destination.clone()));
        (WipeCondition::CopyIsProven(destination.clone()), proven)
    }));
    conditions.push((WipeCondition::SourceIsTheSegment, source));
    conditions
}

impl fmt::Display for WipeCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SomethingIsRequired => f.write_str("a destination is required"),
            Self::EveryByteWasRead => f.write_str("every byte could be read"),
            Self::SourceIsTheSegment => f.write_str("what the camera holds now is what was uploaded"),
            Self::CopyIsProven(destination) => write!(f, "{destination} has proven its copy"),
        }
    }
}
