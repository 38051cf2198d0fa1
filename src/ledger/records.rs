//! Rows as values.

use std::sync::Arc;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row};

use super::LedgerError;
use crate::domain::{
    ByteCount, CameraSerial, Crc32c, Crc64, DeliveryState, DestinationName, DockingId, Enforcement, Fingerprint, Gone,
    LegalHold, Moment, Need, Outcome, ProofMethod, Protection, Removal, Retention, Segment, SegmentId, Sha256,
    SourcePath, SpoolCopy,
};

/// Stands in the column `docking` of a segment that was found in the spool after a crash.
pub(super) const RECOVERED: &str = "recovered";

/// A word in a column that no camdock writes there.
#[derive(Debug, thiserror::Error)]
#[error("the word {0:?} in a column that has no such word")]
struct UnknownWord(String);

/// Gives the values of a type the words that stand for them in a column. Any other word is damage, and said to be: none
/// becomes a value by default.
macro_rules! words {
    ($type:ty { $($value:ident = $word:literal),+ $(,)? }) => {
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(match self {
                    $(Self::$value => $word.into()),+
                })
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_str()? {
                    $($word => Ok(Self::$value),)+
                    other => Err(FromSqlError::other(UnknownWord(other.to_owned()))),
                }
            }
        }
    };
}

words!(Need { Required = "required", Optional = "optional" });
words!(ProofMethod {
    Attested = "attested",
    Crc64OfChunks = "crc64-of-chunks",
    Crc64 = "crc64",
    Crc32c = "crc32c",
    Sha256 = "sha256",
    ReadBack = "read-back",
});
words!(Enforcement { Unlocked = "unlocked", Locked = "locked" });
words!(SpoolCopy { Present = "present", Released = "released", Lost = "lost" });
words!(DeliveryState { Queued = "queued", Proven = "proven", Problem = "problem", Stranded = "stranded" });
words!(Removal { Wiped = "wiped", Interrupted = "interrupted", NotByCamdock = "not-by-camdock" });
words!(Stage { Offload = "offload", Upload = "upload", Wipe = "wipe" });
words!(Counted {
    Docked = "docked",
    Ended = "ended",
    Stage = "stage",
    Spooled = "spooled",
    Proven = "proven",
    Withdrawn = "withdrawn",
    Removed = "removed",
    Problem = "problem",
});
words!(Outcome { Completed = "completed", TakenEarly = "taken-early", Interrupted = "interrupted" });

/// A destination and whether the wipe waits for it.
pub type DestinationNeed = (DestinationName, Need);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// A camera was put in; by bay.
    Docked,
    /// A docking ended; by outcome.
    Ended,
    /// A stage of a completed docking; with how long it took.
    Stage,
    /// A segment came into the spool.
    Spooled,
    /// A copy came to be proven; by destination, with how long that took.
    Proven,
    /// A proven copy was not there any more; by destination.
    Withdrawn,
    /// An original left its camera; by how.
    Removed,
    /// A problem was found; by kind.
    Problem,
}

/// A stage of a docking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Until its last copy is in the spool.
    Offload,
    /// Until it may be wiped.
    Upload,
    /// Until it is wiped.
    Wipe,
}

/// A segment that is, as far as the ledger knows, still on its camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSegment {
    /// The segment. A camera has many, and each is kept in several places.
    pub segment: Arc<Segment>,
    /// Its spool copy.
    pub spool: SpoolCopy,
    /// How many required destinations still wait for it.
    pub pending: u32,
    /// Whether camdock ever began to delete it.
    pub deletion: Deletion,
}

/// Whether camdock began to delete an original, which it does only when every required copy is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// It did not.
    NotBegun,
    /// It did; whatever became of that.
    Begun,
}

const COLUMNS: &str = "segment.id, segment.camera, segment.path, segment.recorded_at, segment.size, segment.sha256, \
                       segment.chunk_size, segment.chunks, segment.damaged, segment.spool, segment.pending, \
                       segment.wiped_at, segment.seq, segment.docking, segment.gone, segment.seen_at, segment.deleting, \
                       segment.crc32c";

/// Selects whole segments; `rest` begins with a join, `WHERE` or `ORDER BY`.
pub(super) fn select_segments(
    db: &Connection,
    rest: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<StoredSegment>, LedgerError> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM segment {rest}"))?;
    let rows = statement.query_and_then(parameters, StoredSegment::read)?;
    rows.collect()
}

impl From<StoredSegment> for KnownSegment {
    fn from(StoredSegment { segment, spool, pending, deletion, .. }: StoredSegment) -> Self {
        Self { segment: Arc::new(segment), spool, pending, deletion }
    }
}

/// What keeps an object, in the columns `kept_until`, `enforcement` and `legal_hold`, of which the first is at `at`.
pub(super) fn protection(row: &Row<'_>, at: usize) -> rusqlite::Result<Protection> {
    let (until, enforcement): (Option<i64>, Option<Enforcement>) = (row.get(at)?, row.get(at + 1)?);
    let retention = until.zip(enforcement);
    let held: Option<bool> = row.get(at + 2)?;
    Ok(Protection {
        retention: retention.map(|(until, enforcement)| Retention { until: Moment::from_millis(until), enforcement }),
        legal_hold: if held.unwrap_or(false) { LegalHold::Placed } else { LegalHold::Absent },
    })
}

/// A whole row of the segment table.
#[derive(Clone)]
pub(super) struct StoredSegment {
    pub(super) segment: Segment,
    pub(super) spool: SpoolCopy,
    pub(super) pending: u32,
    pub(super) gone: Option<Gone>,
    pub(super) seen_at: Option<Moment>,
    pub(super) deletion: Deletion,
    pub(super) seq: i64,
    pub(super) docking: Option<DockingId>,
}

impl StoredSegment {
    fn read(row: &Row<'_>) -> Result<Self, LedgerError> {
        let segment = Segment {
            id: SegmentId::from_bytes(row.get(0)?),
            camera: name(row, 1, CameraSerial::new)?,
            path: SourcePath::new(row.get(2)?),
            recorded_at: Moment::from_millis(row.get(3)?),
            fingerprint: Fingerprint {
                size: bytes(row, 4)?,
                sha256: Sha256::from_bytes(row.get(5)?),
                chunk_size: bytes(row, 6)?,
                chunks: checksums(row, 7)?.into(),
                crc32c: row.get::<_, Option<u32>>(17)?.map(Crc32c),
            },
            damaged: row.get(8)?,
        };
        let (gone_at, how): (Option<i64>, Option<Removal>) = (row.get(11)?, row.get(14)?);
        let seen_at: Option<i64> = row.get(15)?;
        let deleting: bool = row.get(16)?;
        Ok(Self {
            segment,
            spool: row.get(9)?,
            pending: row.get(10)?,
            gone: gone_at.map(Moment::from_millis).zip(how).map(|(at, how)| Gone { at, how }),
            seen_at: seen_at.map(Moment::from_millis),
            deletion: if deleting { Deletion::Begun } else { Deletion::NotBegun },
            seq: row.get(12)?,
            docking: docking(row, 13)?,
        })
    }
}

/// Reads a name that camdock itself has written.
pub(super) fn name<T>(
    row: &Row<'_>,
    column: usize,
    new: impl Fn(String) -> Result<T, crate::domain::IdError>,
) -> Result<T, LedgerError> {
    let text: String = row.get(column)?;
    new(text.clone()).map_err(|error| LedgerError::Damaged(format!("the name {text:?}: {error}")))
}

/// Reads the checksums of a segment's chunks.
fn checksums(row: &Row<'_>, column: usize) -> Result<Vec<Crc64>, LedgerError> {
    let bytes: Vec<u8> = row.get(column)?;
    match bytes.as_chunks::<8>() {
        (whole, []) => Ok(whole.iter().map(|bytes| Crc64(u64::from_le_bytes(*bytes))).collect()),
        _ => Err(LedgerError::Damaged(format!("checksums of {} bytes", bytes.len()))),
    }
}

/// Reads in which docking a segment was first spooled.
fn docking(row: &Row<'_>, column: usize) -> Result<Option<DockingId>, LedgerError> {
    let text: String = row.get(column)?;
    if text == RECOVERED {
        return Ok(None);
    }
    DockingId::parse(&text).map(Some).map_err(|error| LedgerError::Damaged(format!("the docking {text:?}: {error}")))
}

/// Reads a length that camdock itself has written.
pub(super) fn bytes(row: &Row<'_>, column: usize) -> Result<ByteCount, LedgerError> {
    let count: i64 = row.get(column)?;
    u64::try_from(count).map(ByteCount::new).map_err(|_| LedgerError::Damaged(format!("a length of {count}")))
}

/// Reads a number that camdock itself has counted.
pub(super) fn count(row: &Row<'_>, column: usize) -> Result<u64, LedgerError> {
    let count: i64 = row.get(column)?;
    u64::try_from(count).map_err(|_| LedgerError::Damaged(format!("a count of {count}")))
}

/// A length as SQLite stores it.
pub(super) fn sql_bytes(count: ByteCount) -> Result<i64, LedgerError> {
    i64::try_from(count.get()).map_err(|_| LedgerError::Damaged(format!("a length of {count}")))
}
