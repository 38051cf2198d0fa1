//! What a person must look at.

use rusqlite::{Connection, Row, params};

use super::records::name;
use super::{Ledger, LedgerError, PORTION, entry};
use crate::domain::{
    CameraSerial, DestinationName, Moment, Problem, ProblemId, ProblemKind, Segment, SegmentId, SourcePath,
};

/// Evidence that is nowhere, and that nobody has said to have seen.
pub(super) const NOWHERE: &str = "WHERE nowhere_since IS NOT NULL AND seen_at IS NULL";
pub(super) const FOUND_AFTER: &str = "WHERE id > ?1 ORDER BY id LIMIT ?2";
pub(super) const NOWHERE_AFTER: &str = "AND seq > ?1 ORDER BY seq LIMIT ?2";
pub(super) const FOUND_OF: &str = "WHERE camera = ?1 AND (path, id) > (?2, ?3) ORDER BY path, id LIMIT ?4";
pub(super) const NOWHERE_OF: &str = "AND camera = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";

impl Ledger {
    /// What waits for a person, oldest first; of one camera, or of all.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn problems(&self, camera: Option<CameraSerial>) -> Result<Vec<Problem>, LedgerError> {
        let Some(camera) = camera else {
            return self.look(|db| problems(db, None)).await;
        };
        let of = camera.clone();
        let found = self.look_in_portions(move |db, last: Option<&Problem>| {
            let (path, id) = last.map_or((&[][..], 0), |last| (last.path.as_bytes(), last.id.0));
            select(db, FOUND_OF, params![of.as_str(), path, id, PORTION])
        });
        let found = found.await?;
        let nowhere = self.look_in_portions(move |db, last: Option<&Problem>| {
            let after = last.map_or(0, |last| last.id.0);
            select_nowhere(db, NOWHERE_OF, params![camera.as_str(), after, PORTION])
        });
        Ok(together(found, nowhere.await?))
    }

    /// What waits for a person, oldest first: `limit` at most, from behind the problem `after` on. Costs the same however many there
    /// are.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn problems_after(&self, after: ProblemId, limit: u32) -> Result<Vec<Problem>, LedgerError> {
        self.look(move |db| {
            let found = select(db, FOUND_AFTER, params![after.0, limit])?;
            let mut problems = together(found, select_nowhere(db, NOWHERE_AFTER, params![after.0, limit])?);
            problems.truncate(limit as usize);
            Ok(problems)
        })
        .await
    }

    /// How many problems there are.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn problem_count(&self) -> Result<u64, LedgerError> {
        self.look(count).await
    }

    /// One problem, if there is such a one.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn problem(&self, id: ProblemId) -> Result<Option<Problem>, LedgerError> {
        self.look(move |db| {
            let found = select(db, "WHERE id = ?1", [id.0])?.pop();
            Ok(found.or(select_nowhere(db, "AND seq = ?1", [id.0])?.pop()))
        })
        .await
    }
}

pub(super) fn count(db: &Connection) -> Result<u64, LedgerError> {
    let count: i64 = db
        .prepare_cached(
            "SELECT (SELECT count(*) FROM problem)
                  + (SELECT count(*) FROM segment WHERE nowhere_since IS NOT NULL AND seen_at IS NULL)",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(super) fn problems(db: &Connection, camera: Option<&CameraSerial>) -> Result<Vec<Problem>, LedgerError> {
    Ok(match camera.map(CameraSerial::as_str) {
        None => together(select(db, "", [])?, select_nowhere(db, "", [])?),
        Some(camera) => {
            together(select(db, "WHERE camera = ?1", [camera])?, select_nowhere(db, "AND camera = ?1", [camera])?)
        }
    })
}

/// Both kinds as one list, oldest first.
fn together(found: Vec<Problem>, nowhere: Vec<Problem>) -> Vec<Problem> {
    let mut problems = [found, nowhere].concat();
    problems.sort_by_key(|problem| problem.id);
    problems
}

/// What waits for a person about one segment, oldest first.
pub(super) fn about(db: &Connection, segment: &Segment) -> Result<Vec<Problem>, LedgerError> {
    let (camera, path) = (segment.camera.as_str(), segment.path.as_bytes());
    let found = select(db, "WHERE camera = ?1 AND path = ?2", params![camera, path])?;
    let nowhere = select_nowhere(db, "AND id = ?1", [segment.id.as_bytes()])?;
    let mut problems = together(found, nowhere);
    problems.retain(|problem| problem.segment == Some(segment.id));
    Ok(problems)
}

/// What was found by somebody, and is written down.
fn select(db: &Connection, rest: &str, parameters: impl rusqlite::Params) -> Result<Vec<Problem>, LedgerError> {
    let mut statement =
        db.prepare_cached(&format!("SELECT id, camera, path, segment, destination, kind, since FROM problem {rest}"))?;
    let rows = statement.query_and_then(parameters, problem)?;
    rows.collect()
}

/// Evidence that is nowhere, which is a problem by being so. Its number is that of the segment's first entry.
fn select_nowhere(db: &Connection, rest: &str, parameters: impl rusqlite::Params) -> Result<Vec<Problem>, LedgerError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT seq, camera, path, id, wiped_at IS NULL, nowhere_since,
                EXISTS (SELECT 1 FROM delivery WHERE delivery.segment = segment.seq AND delivery.state = 'proven')
         FROM segment {NOWHERE} {rest}"
    ))?;
    let rows = statement.query_and_then(parameters, |row| {
        Ok(Problem {
            id: ProblemId(row.get(0)?),
            camera: Some(name(row, 1, CameraSerial::new)?),
            path: SourcePath::new(row.get(2)?),
            segment: Some(SegmentId::from_bytes(row.get(3)?)),
            destination: None,
            kind: match (row.get(4)?, row.get(6)?) {
                (true, _) => ProblemKind::OnlyOnCamera,
                (false, true) => ProblemKind::OnlyElsewhere,
                (false, false) => ProblemKind::Lost,
            },
            since: Moment::from_millis(row.get(5)?),
        })
    })?;
    rows.collect()
}

fn problem(row: &Row<'_>) -> Result<Problem, LedgerError> {
    let camera: Option<String> = row.get(1)?;
    let segment: Option<[u8; 16]> = row.get(3)?;
    let destination: Option<String> = row.get(4)?;
    let kind: String = row.get(5)?;
    Ok(Problem {
        id: ProblemId(row.get(0)?),
        camera: camera.map(CameraSerial::new).transpose().map_err(|error| LedgerError::Damaged(error.to_string()))?,
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
