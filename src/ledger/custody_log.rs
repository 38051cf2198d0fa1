//! The append-only log and its chain.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::records::SegmentRow;
use super::{LedgerError, projection};
use crate::domain::{
    BayName, CameraSerial, DestinationName, DockingId, MediumId, Moment, Need, ProblemId, ProblemKind, ProofMethod,
    SegmentId, Sha256, SourcePath, Version,
};

/// One custody step. Entries are written once and read for ever: new kinds may be added, old ones never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
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
        segment: SegmentRow,
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
    #[serde(alias = "hold-placed")]
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
        #[serde(rename = "reason")]
        kind: ProblemKind,
    },
    /// A person had it tried again, or its cause is gone.
    #[serde(alias = "hold-released")]
    ProblemClosed {
        /// Which problem.
        #[serde(alias = "hold")]
        problem: ProblemId,
    },
    /// The rule is met for these segments; their originals are about to be deleted.
    WipeIntended {
        /// In which docking.
        docking: DockingId,
        /// Which segments.
        segments: Vec<SegmentId>,
        /// The camera's media, where its file systems tell them apart.
        #[serde(default)]
        media: Vec<MediumId>,
    },
    /// These media are sound, as found after the last deletion on them: whatever is wrong with one of them from now on is
    /// not camdock's doing.
    WipeSettled {
        /// In which docking that was seen.
        docking: DockingId,
        /// Which media.
        #[serde(default)]
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
    /// The spool copy is missing or damaged; the segment must be pulled again.
    SpoolCopyLost {
        /// Which segment.
        segment: SegmentId,
        /// What was found.
        why: String,
    },
    /// A camera left its bay, or its docking was interrupted.
    DockingEnded {
        /// Which docking.
        docking: DockingId,
        /// How.
        outcome: Outcome,
    },
}

/// How a docking ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything was proven and wiped before the camera was taken.
    Completed,
    /// The camera was taken before that; the rest waits for its next docking.
    TakenEarly,
    /// The station stopped.
    Interrupted,
}

/// Appends one entry to the chain and to the projections.
pub(super) fn append(db: &Connection, at: Moment, entry: &Entry) -> Result<(), LedgerError> {
    let (last, previous) = db
        .prepare_cached("SELECT seq, hash FROM custody_log ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?)))
        .optional()?
        .unwrap_or((0, [0; 32]));
    let seq = last + 1;
    let text = serde_json::to_string(entry).map_err(|error| LedgerError::Damaged(error.to_string()))?;
    let hash = link(&previous, seq, at, &text);
    db.prepare_cached("INSERT INTO custody_log (seq, at, entry, hash) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        seq,
        at.millis(),
        text,
        hash.as_bytes()
    ])?;
    projection::apply(db, seq, at, entry)
}

/// The hash that ties a row to everything before it.
fn link(previous: &[u8; 32], seq: i64, at: Moment, text: &str) -> Sha256 {
    let mut hasher = Sha256::hasher();
    hasher.update(previous);
    hasher.update(&seq.to_be_bytes());
    hasher.update(&at.millis().to_be_bytes());
    hasher.update(text.as_bytes());
    hasher.finish()
}

/// Reads the log from its beginning; `visit` gets each entry whose place in the chain is right.
///
/// Returns how many entries were good, and what is wrong with the next one, if anything is.
pub(super) fn walk(
    db: &Connection,
    mut visit: impl FnMut(i64, Moment, &str) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut previous = [0; 32];
    let mut expected = 1;
    let mut statement = db.prepare("SELECT seq, at, entry, hash FROM custody_log ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, at): (i64, i64) = (row.get(0)?, row.get(1)?);
        let text: String = row.get(2)?;
        let hash: [u8; 32] = row.get(3)?;
        let at = Moment::from_millis(at);
        if seq != expected {
            return Err(LedgerError::Damaged(format!("entry {expected} of the custody log is missing")));
        }
        if link(&previous, seq, at, &text).as_bytes() != &hash {
            return Err(LedgerError::Damaged(format!(
                "entry {seq} of the custody log was changed after it was written"
            )));
        }
        visit(seq, at, &text)?;
        previous = hash;
        expected += 1;
    }
    Ok(())
}

/// Checks every link of the chain.
pub(super) fn check_chain(db: &Connection) -> Result<(), LedgerError> {
    walk(db, |_, _, _| Ok(()))
}

/// Copies the entries of a damaged database into an empty one, up to the first that is unreadable or not rightly
/// chained. Returns how many were saved.
pub(super) fn salvage(damaged: &Connection, into: &Connection) -> u64 {
    let mut saved = 0;
    let end = walk(damaged, |_, at, text| {
        append(into, at, &parse(text)?)?;
        saved += 1;
        Ok(())
    });
    if let Err(error) = end {
        tracing::error!(%error, saved, "the rest of the custody log cannot be used");
    }
    saved
}

pub(super) fn parse(text: &str) -> Result<Entry, LedgerError> {
    serde_json::from_str(text).map_err(|error| LedgerError::Damaged(format!("unknown custody entry: {error}")))
}
