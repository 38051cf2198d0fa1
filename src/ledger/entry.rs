//! What the custody log says: its entries, and the frozen form in which they are written.
//!
//! # The format
//!
//! The log is a chain of rows. Each is one custody step, as a JSON text, and is tied to everything before it by a SHA-256:
//!
//! ```text
//!   seq   at              entry                                                hash
//!   1     1767225600000   {"step":"destinations-set","destinations":[["pri…    H1 = SHA-256(00…00 ‖ seq ‖ at ‖ entry)
//!   2     1767225603120   {"step":"docking-began","docking":"019b7628-…",…     H2 = SHA-256(H1     ‖ seq ‖ at ‖ entry)
//!   3     1767225609977   {"step":"segment-spooled","docking":"019b7628-…      H3 = SHA-256(H2     ‖ seq ‖ at ‖ entry)
//! ```
//!
//! `seq` counts from 1 without a gap; `at` is the station's wall clock in milliseconds since 1970 UTC; both go into the
//! hash as 8 bytes, big-endian; `entry` goes in byte for byte as it is stored, so it is never written anew.
//!
//! In a text, `step` names the kind. Ids and hashes are written in hexadecimal or, for dockings, as UUIDs; a path is
//! written with everything but printable ASCII as `\xNN`; a length is a number of bytes; a time is in milliseconds since
//! 1970 UTC; `chunks` has 16 hexadecimal digits for each chunk.
//!
//! # What never changes
//!
//! A log is read for as long as its evidence is kept. So `format/1.jsonl` has at least one line of every kind and of every
//! variant inside, as versions of camdock have written them, and a test reads and re-projects them for ever. What is
//! written is defined in [`written`](self::written) alone, from texts and numbers; renaming anything in `domain` cannot
//! change it.
//!
//! **To add a kind**: a variant here, one in `written` with the conversions in both directions (the compiler asks for
//! them), what follows from it in `projection`, and a line in `format/1.jsonl`; lines that are there stay as they are. Say
//! something new in a new kind: a field may be added to an old kind only with a default that says what its absence always
//! meant. A word that is replaced stays readable as an alias.
//!
//! A version that meets a kind which it does not know, because a newer one wrote it, keeps the entry in its place, counts
//! and names it ([`UnknownEntries`]), and goes on with what follows.

mod words;
mod written;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use super::{LedgerError, Outcome};
use crate::domain::{
    Action, BayName, Caller, CameraSerial, DestinationName, DockingId, MediumId, Need, NoLogIn, PlaceId, ProblemId,
    ProblemKind, ProofMethod, Protection, Segment, SegmentId, SourcePath, UserName, Version,
};
use written::{Written, WrittenProblem};

/// One custody step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The destinations evidence must or may reach, from here on.
    DestinationsSet {
        /// Every configured destination.
        destinations: Vec<(DestinationName, Need)>,
    },
    /// A camera was put into a bay.
    DockingBegan {
        /// This docking.
        docking: DockingId,
        /// Which camera.
        camera: CameraSerial,
        /// Which bay.
        bay: BayName,
    },
    /// A segment is durable in the spool, and was read again to compare.
    SegmentSpooled {
        /// In which docking, or none if it was found in the spool after a crash.
        docking: Option<DockingId>,
        /// What was read from the camera.
        segment: Segment,
    },
    /// A destination's copy is proven.
    CopyProven {
        /// Which segment.
        segment: SegmentId,
        /// Where.
        destination: DestinationName,
        /// Which state of the object was looked at.
        version: Version,
        /// How.
        method: ProofMethod,
        /// What keeps the object from being changed or deleted, as the destination said.
        protection: Protection,
    },
    /// A person asked to have a segment kept longer than the configuration says.
    ProtectionAsked {
        /// Which segment.
        segment: SegmentId,
        /// Until when, and whether there is to be a legal hold.
        protection: Protection,
    },
    /// A destination that had proven its copy no longer does; the segment is queued again.
    ProofWithdrawn {
        /// Which segment.
        segment: SegmentId,
        /// Where.
        destination: DestinationName,
        /// What the destination says now.
        why: String,
    },
    /// A person must look at something.
    ProblemFound {
        /// The camera it is about.
        camera: CameraSerial,
        /// The file on it.
        path: SourcePath,
        /// The segment, where the file could be read.
        segment: Option<SegmentId>,
        /// The destination, where the trouble is at one.
        destination: Option<DestinationName>,
        /// What is wrong.
        kind: ProblemKind,
    },
    /// A person had it tried again, or its cause is gone.
    ProblemClosed {
        /// Which problem.
        problem: ProblemId,
    },
    /// The rule is met for these segments; their originals are about to be deleted.
    WipeIntended {
        /// In which docking.
        docking: DockingId,
        /// Which segments.
        segments: Vec<SegmentId>,
        /// The camera's media, where its file systems tell them apart.
        media: Vec<MediumId>,
    },
    /// These media are sound, as found after the last deletion on them: whatever is wrong with one of them from now on is
    /// not camdock's doing.
    WipeSettled {
        /// In which docking that was seen.
        docking: DockingId,
        /// Which media.
        media: Vec<MediumId>,
    },
    /// The original is gone: a fresh listing no longer shows it.
    SegmentWiped {
        /// In which docking.
        docking: DockingId,
        /// Which segment.
        segment: SegmentId,
    },
    /// The original is gone, as a listing shows, although no wipe of this docking deleted it: an interrupted wipe did, or
    /// somebody else.
    OriginalGone {
        /// In which docking that was seen.
        docking: DockingId,
        /// Which segment.
        segment: SegmentId,
    },
    /// The spool copy may go: its tombstone. The copy is removed after this is committed.
    SpoolCopyReleased {
        /// Which segment.
        segment: SegmentId,
    },
    /// A spool copy was fetched from a destination that has it, for another that lacks it.
    CopyRestored {
        /// Which segment.
        segment: SegmentId,
        /// From where.
        from: DestinationName,
    },
    /// The spool copy is missing or damaged; the segment must be pulled again.
    SpoolCopyLost {
        /// Which segment.
        segment: SegmentId,
        /// What was found.
        why: String,
    },
    /// From here on a destination is this very place, and no other.
    DestinationEnrolled {
        /// Which destination.
        destination: DestinationName,
        /// The id that lies there.
        place: PlaceId,
    },
    /// A camera left its bay, or its docking was interrupted.
    DockingEnded {
        /// Which docking.
        docking: DockingId,
        /// How.
        outcome: Outcome,
    },
    /// The log up to here is what could be read of a damaged or missing ledger.
    LedgerRebuilt {
        /// Under which name the damaged one is kept, beside this one.
        aside: SourcePath,
        /// How many entries could be read.
        saved: u64,
        /// How many could not, where that is known.
        lost: Option<u64>,
    },
    /// Somebody logged in.
    LoggedIn {
        /// Who.
        user: UserName,
        /// From which address.
        from: IpAddr,
    },
    /// Somebody was not let in.
    LogInRefused {
        /// As whom; none if there is no such user. What was typed is not written down: it may be a password.
        user: Option<UserName>,
        /// From which address.
        from: IpAddr,
        /// Why not.
        why: NoLogIn,
    },
    /// A person had the station do something. What came of it follows in entries of its own.
    ActionTaken {
        /// Who.
        by: Caller,
        /// What.
        action: Action,
    },
    /// A camera is missed no more: somebody said that it does not come back. It is missed again once it was docked again.
    CameraRetired {
        /// Which camera.
        camera: CameraSerial,
    },
    /// Somebody wanted the station to do something, and may not.
    ActionRefused {
        /// Who.
        by: Caller,
        /// What.
        action: Action,
    },
}

impl Entry {
    /// The text that goes into the log.
    ///
    /// # Errors
    /// None that can happen: texts and numbers are always JSON.
    pub(super) fn write(&self) -> Result<String, LedgerError> {
        serde_json::to_string(&Written::from(self)).map_err(|error| LedgerError::Damaged(error.to_string()))
    }

    /// Understands a text of the log.
    ///
    /// # Errors
    /// [`NotUnderstood`] if another version wrote it; it is to be kept as it is.
    pub(super) fn read(text: &str) -> Result<Self, NotUnderstood> {
        let written: Result<Written, _> = serde_json::from_str(text);
        let entry = written.map_err(|error| error.to_string()).and_then(Self::try_from);
        entry.map_err(|why| NotUnderstood { kind: kind(text), why })
    }
}

/// What is wrong with a file, in the form in which the log has it.
pub(super) fn write_problem(kind: &ProblemKind) -> Result<String, LedgerError> {
    serde_json::to_string(&WrittenProblem::from(kind)).map_err(|error| LedgerError::Damaged(error.to_string()))
}

/// Understands what [`write_problem`] wrote.
pub(super) fn read_problem(text: &str) -> Result<ProblemKind, LedgerError> {
    let written: Result<WrittenProblem, _> = serde_json::from_str(text);
    let read = written.map_err(|error| error.to_string()).and_then(ProblemKind::try_from);
    read.map_err(|error| LedgerError::Damaged(format!("the problem {text:?}: {error}")))
}

/// The kind that a text of the log says it is.
fn kind(text: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Kind {
        step: String,
    }
    serde_json::from_str::<Kind>(text).map_or_else(|_| "without a kind".to_owned(), |kind| kind.step)
}

/// An entry that this version cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an entry of kind {kind:?} that this version does not understand: {why}")]
pub(super) struct NotUnderstood {
    pub(super) kind: String,
    pub(super) why: String,
}

/// Entries of the log that this version does not understand, counted by the kinds that they say they are. They are kept
/// where they are; nothing follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnknownEntries(BTreeMap<String, u64>);

impl UnknownEntries {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn count(&mut self, kind: String) {
        *self.0.entry(kind).or_default() += 1;
    }
}

impl fmt::Display for UnknownEntries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: u64 = self.0.values().sum();
        let each: Vec<_> = self.0.iter().map(|(kind, count)| format!("{count} {}", kind.escape_debug())).collect();
        let entries = if all == 1 { "entry" } else { "entries" };
        write!(f, "{all} {entries} of the custody log that this version does not understand: {}", each.join(", "))
    }
}

#[cfg(test)]
mod tests;
