//! What is remembered of each docking, and of the segments in it.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::copies::copies;
use super::problems::about;
use super::records::{StoredSegment, bytes, name, select_segments};
use super::{Ledger, LedgerError};
use crate::domain::{BayName, CameraSerial, Docking, DockingId, Explanation, Moment, Problem, SegmentId};

const COLUMNS: &str = "id, camera, bay, began_at, ended_at, outcome, segments, bytes";

/// Takes down that a segment was copied in a docking, or left its camera in it.
const HANDLE: &str = "INSERT INTO handled (docking, segment)
    SELECT docking.seq, segment.seq FROM docking, segment WHERE docking.id = ?1 AND segment.id = ?2
    ON CONFLICT DO NOTHING";
pub(super) const NEWEST: &str = "WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";
pub(super) const IN_DOCKING: &str = "JOIN handled ON handled.segment = segment.seq
    WHERE handled.docking = ?1 AND handled.segment > ?2 ORDER BY handled.segment LIMIT ?3";

impl Ledger {
    /// Dockings, the latest first, `limit` at most: those that began before the docking `before`, if that is given. `None` if there
    /// is no such docking. Costs the same however many there are.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn dockings(&self, before: Option<DockingId>, limit: u32) -> Result<Option<Vec<Docking>>, LedgerError> {
        self.look(move |db| {
            let before = match before {
                Some(before) => place(db, before)?,
                None => Some(i64::MAX),
            };
            before.map(|before| select(db, NEWEST, params![before, limit])).transpose()
        })
        .await
    }

    /// A docking with what is known of its segments, in the order in which they came into the spool: `limit` at most, from behind the
    /// segment `after` on, if that is given. `None` if there is no such docking or no such segment.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn docking(
        &self,
        docking: DockingId,
        after: Option<SegmentId>,
        limit: u32,
    ) -> Result<Option<(Docking, Vec<Explanation>)>, LedgerError> {
        self.look(move |db| {
            let Some(seq) = place(db, docking)? else { return Ok(None) };
            let after = match after {
                Some(after) => select_segments(db, "WHERE id = ?1", [after.as_bytes()])?.pop().map(|row| row.seq),
                None => Some(0),
            };
            let Some(after) = after else { return Ok(None) };
            let Some(docking) = select(db, "WHERE id = ?1", [docking.to_string()])?.pop() else { return Ok(None) };
            let rows = select_segments(db, IN_DOCKING, params![seq, after, limit])?;
            let known = rows.into_iter().map(|row| {
                let problems = about(db, &row.segment)?;
                explanation(db, row, problems)
            });
            Ok(Some((docking, known.collect::<Result<_, LedgerError>>()?)))
        })
        .await
    }
}

fn select(db: &Connection, rest: &str, parameters: impl rusqlite::Params) -> Result<Vec<Docking>, LedgerError> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM docking {rest}"))?;
    let rows = statement.query_and_then(parameters, docking)?;
    rows.collect()
}

fn docking(row: &Row<'_>) -> Result<Docking, LedgerError> {
    let ended: Option<i64> = row.get(4)?;
    let segments: i64 = row.get(6)?;
    Ok(Docking {
        id: name(row, 0, |text| DockingId::parse(&text))?,
        camera: name(row, 1, CameraSerial::new)?,
        bay: name(row, 2, BayName::new)?,
        began_at: Moment::from_millis(row.get(3)?),
        ended: ended.map(Moment::from_millis).zip(row.get(5)?),
        segments: u64::try_from(segments).unwrap_or(0),
        bytes: bytes(row, 7)?,
    })
}

/// Where in the log a docking began.
fn place(db: &Connection, docking: DockingId) -> Result<Option<i64>, LedgerError> {
    let found = db
        .prepare_cached("SELECT seq FROM docking WHERE id = ?1")?
        .query_row([docking.to_string()], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// What is known of a segment, with the problems about it.
pub(super) fn explanation(
    db: &Connection,
    row: StoredSegment,
    problems: Vec<Problem>,
) -> Result<Explanation, LedgerError> {
    let copies = copies(db, row.segment.id)?;
    let StoredSegment { segment, spool, gone, seen_at, .. } = row;
    Ok(Explanation { segment, spool, copies, problems, gone, seen_at })
}

/// A segment was copied in a docking, or left its camera in it.
pub(super) fn handled(db: &Connection, docking: DockingId, segment: SegmentId) -> Result<(), LedgerError> {
    db.prepare_cached(HANDLE)?.execute(params![docking.to_string(), segment.as_bytes()])?;
    Ok(())
}

#[cfg(test)]
mod tests;
