//! What a person must look at.

use rusqlite::{Connection, Row};

use super::records::name;
use super::{Ledger, LedgerError, entry};
use crate::domain::{CameraSerial, DestinationName, Moment, Problem, ProblemId, SegmentId, SourcePath};

impl Ledger {
    /// What waits for a person, oldest first; of one camera, or of all.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn problems(&self, camera: Option<CameraSerial>) -> Result<Vec<Problem>, LedgerError> {
        self.look(move |db| problems(db, camera.as_ref())).await
    }

    /// How many problems there are.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn problem_count(&self) -> Result<u64, LedgerError> {
        self.look(|db| {
            let count: i64 = db.prepare_cached("SELECT count(*) FROM problem")?.query_row([], |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or(0))
        })
        .await
    }
}

pub(super) fn problems(db: &Connection, camera: Option<&CameraSerial>) -> Result<Vec<Problem>, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT id, camera, path, segment, destination, kind, since FROM problem
         WHERE ?1 IS NULL OR camera = ?1 ORDER BY id",
    )?;
    let rows = statement.query_and_then([camera.map(CameraSerial::as_str)], problem)?;
    rows.collect()
}

fn problem(row: &Row<'_>) -> Result<Problem, LedgerError> {
    let segment: Option<[u8; 16]> = row.get(3)?;
    let destination: Option<String> = row.get(4)?;
    let kind: String = row.get(5)?;
    Ok(Problem {
        id: ProblemId(row.get(0)?),
        camera: name(row, 1, CameraSerial::new)?,
        path: SourcePath::new(row.get(2)?),
        segment: segment.map(SegmentId::from_bytes),
        destination: destination
            .map(DestinationName::new)
            .transpose()
            .map_err(|error| LedgerError::Damaged(error.to_string()))?,
        kind: entry::read_problem(&kind)?,
        since: Moment::from_millis(row.get(6)?),
    })
}
