//! Rows as values.

use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

use super::LedgerError;
use crate::domain::{
    ByteCount, CameraSerial, Crc64, DestinationName, Fingerprint, Moment, Need, Problem, ProofMethod, Segment,
    SegmentId, Sha256, SourcePath, Version,
};

/// A destination and whether the wipe waits for it.
pub type DestinationNeed = (DestinationName, Need);

/// A segment as the custody log writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentRow {
    id: SegmentId,
    camera: CameraSerial,
    path: SourcePath,
    recorded_at: Moment,
    size: ByteCount,
    sha256: Sha256,
    chunk_size: ByteCount,
    /// CRC-64 of each chunk, 16 hexadecimal digits each.
    chunks: String,
    damaged: bool,
}

impl From<&Segment> for SegmentRow {
    fn from(segment: &Segment) -> Self {
        let Segment { id, camera, path, recorded_at, fingerprint, damaged } = segment;
        Self {
            id: *id,
            camera: camera.clone(),
            path: path.clone(),
            recorded_at: *recorded_at,
            size: fingerprint.size,
            sha256: fingerprint.sha256,
            chunk_size: fingerprint.chunk_size,
            chunks: fingerprint.chunks.iter().map(Crc64::to_string).collect(),
            damaged: *damaged,
        }
    }
}

impl SegmentRow {
    /// The segment that was written down.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] if the checksums are no checksums.
    pub(super) fn segment(&self) -> Result<Segment, LedgerError> {
        let digits = self.chunks.as_bytes().chunks(16);
        let chunk = |digits: &[u8]| {
            let text = std::str::from_utf8(digits).ok()?;
            u64::from_str_radix(text, 16).ok().map(Crc64)
        };
        let chunks: Option<Vec<_>> = digits.map(chunk).collect();
        Ok(Segment {
            id: self.id,
            camera: self.camera.clone(),
            path: self.path.clone(),
            recorded_at: self.recorded_at,
            fingerprint: Fingerprint {
                size: self.size,
                sha256: self.sha256,
                chunk_size: self.chunk_size,
                chunks: chunks.ok_or_else(|| LedgerError::Damaged(format!("checksums of segment {}", self.id)))?,
            },
            damaged: self.damaged,
        })
    }
}

/// What became of a spool copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpoolCopy {
    /// It is there.
    Present,
    /// It was removed after every destination had proven its own.
    Released,
    /// It went missing, was damaged, or is needed again after it was released: the segment must be pulled again.
    Lost,
}

impl SpoolCopy {
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "present" => Self::Present,
            "released" => Self::Released,
            _ => Self::Lost,
        }
    }
}

/// How far one segment is at one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

/// A segment that is, as far as the ledger knows, still on its camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSegment {
    /// The segment.
    pub segment: Segment,
    /// Its spool copy.
    pub spool: SpoolCopy,
    /// How many required destinations still wait for it.
    pub pending: u32,
}

/// Everything that `camdock explain` tells about one segment.
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
    /// When its original was deleted.
    pub wiped_at: Option<Moment>,
}

const COLUMNS: &str = "segment.id, segment.camera, segment.path, segment.recorded_at, segment.size, segment.sha256, \
                       segment.chunk_size, segment.chunks, segment.damaged, segment.spool, segment.pending, \
                       segment.wiped_at, segment.seq";

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

/// A whole row of the segment table.
pub(super) struct StoredSegment {
    pub(super) segment: Segment,
    pub(super) spool: SpoolCopy,
    pub(super) pending: u32,
    pub(super) wiped_at: Option<Moment>,
    pub(super) seq: i64,
}

impl StoredSegment {
    fn read(row: &Row<'_>) -> Result<Self, LedgerError> {
        let chunks: Vec<u8> = row.get(7)?;
        let chunks = chunks.as_chunks::<8>().0.iter().map(|bytes| Crc64(u64::from_le_bytes(*bytes))).collect();
        let segment = Segment {
            id: SegmentId::from_bytes(row.get(0)?),
            camera: name(row, 1, CameraSerial::new)?,
            path: SourcePath::new(row.get(2)?),
            recorded_at: Moment::from_millis(row.get(3)?),
            fingerprint: Fingerprint {
                size: bytes(row, 4)?,
                sha256: Sha256::from_bytes(row.get(5)?),
                chunk_size: bytes(row, 6)?,
                chunks,
            },
            damaged: row.get(8)?,
        };
        let spool: String = row.get(9)?;
        let wiped_at: Option<i64> = row.get(11)?;
        Ok(Self {
            segment,
            spool: SpoolCopy::parse(&spool),
            pending: row.get(10)?,
            wiped_at: wiped_at.map(Moment::from_millis),
            seq: row.get(12)?,
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

/// Reads a length that camdock itself has written.
pub(super) fn bytes(row: &Row<'_>, column: usize) -> Result<ByteCount, LedgerError> {
    let count: i64 = row.get(column)?;
    u64::try_from(count).map(ByteCount::new).map_err(|_| LedgerError::Damaged(format!("a length of {count}")))
}

/// A length as SQLite stores it.
pub(super) fn sql_bytes(count: ByteCount) -> Result<i64, LedgerError> {
    i64::try_from(count.get()).map_err(|_| LedgerError::Damaged(format!("a length of {count}")))
}
