//! What is known of one camera: what is on it, what became of it, and which visits of cameras have not ended.

use std::collections::{BTreeMap, BTreeSet};

use super::dockings::explanation;
use super::problems::problems;
use super::records::{KnownSegment, bytes, name, select_segments};
use super::{Ledger, LedgerError};
use crate::domain::{BayName, ByteCount, CameraSerial, DockingId, Explanation, MediumId, Problem, SegmentId};

impl Ledger {
    /// The segments that the ledger believes to be on this camera.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn on_camera(&self, camera: &CameraSerial) -> Result<Vec<KnownSegment>, LedgerError> {
        let camera = camera.clone();
        self.look(move |db| {
            let rows =
                select_segments(db, "WHERE camera = ?1 AND wiped_at IS NULL ORDER BY path, seq", [camera.as_str()])?;
            Ok(rows.into_iter().map(KnownSegment::from).collect())
        })
        .await
    }

    /// The media of this camera on which a deletion of camdock's own was begun, and which were not found sound since: what
    /// is wrong with one of them may be left over from that.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn unsettled_media(&self, camera: &CameraSerial) -> Result<BTreeSet<MediumId>, LedgerError> {
        let camera = camera.clone();
        self.look(move |db| {
            let mut statement = db.prepare_cached("SELECT medium FROM unsettled_medium WHERE camera = ?1")?;
            let media = statement.query_and_then([camera.as_str()], |row| name(row, 0, MediumId::new))?;
            media.collect()
        })
        .await
    }

    /// How many of the camera's segments some required destination still waits for.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn pending_of(&self, camera: &CameraSerial) -> Result<u64, LedgerError> {
        let camera = camera.clone();
        self.look(move |db| {
            let count: i64 = db
                .prepare_cached("SELECT count(*) FROM segment WHERE camera = ?1 AND pending > 0")?
                .query_row([camera.as_str()], |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or(0))
        })
        .await
    }

    /// How many of the segments that were ever taken from this camera some required destination has not proven, whatever keeps it
    /// from that, and wherever they are; without those of which a person has seen that they are lost.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn unproven_of(&self, camera: &CameraSerial) -> Result<u64, LedgerError> {
        let camera = camera.clone();
        self.look(move |db| {
            let count: i64 = db
                .prepare_cached("SELECT count(*) FROM segment WHERE camera = ?1 AND unproven > 0 AND seen_at IS NULL")?
                .query_row([camera.as_str()], |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or(0))
        })
        .await
    }

    /// The bytes of those of the camera's segments that some required destination has not proven, whether they are
    /// queued, stranded or wait for a person.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn unproven_bytes_of(&self, camera: &CameraSerial) -> Result<ByteCount, LedgerError> {
        let camera = camera.clone();
        self.look(move |db| {
            db.prepare_cached(
                "SELECT coalesce(sum(size), 0) FROM segment WHERE camera = ?1 AND wiped_at IS NULL
                 AND EXISTS (SELECT 1 FROM unproven_required WHERE unproven_required.segment = segment.seq)",
            )?
            .query_and_then([camera.as_str()], |row| bytes(row, 0))?
            .next()
            .unwrap_or(Ok(ByteCount::default()))
        })
        .await
    }

    /// Everything about the segments of one camera, by path.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn explain(&self, camera: &CameraSerial) -> Result<Vec<Explanation>, LedgerError> {
        let camera = camera.clone();
        self.look(move |db| {
            let rows = select_segments(db, "WHERE camera = ?1 ORDER BY path, seq", [camera.as_str()])?;
            let mut problems: BTreeMap<Option<SegmentId>, Vec<Problem>> = BTreeMap::new();
            for problem in self::problems(db, Some(&camera))? {
                problems.entry(problem.segment).or_default().push(problem);
            }
            rows.into_iter()
                .map(|row| {
                    let about = problems.remove(&Some(row.segment.id)).unwrap_or_default();
                    explanation(db, row, about)
                })
                .collect()
        })
        .await
    }

    /// Dockings that have begun and not ended: interrupted by a crash, if asked at start-up.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn open_dockings(&self) -> Result<Vec<(DockingId, CameraSerial, BayName)>, LedgerError> {
        self.look(|db| {
            let mut statement = db.prepare("SELECT id, camera, bay FROM docking WHERE ended_at IS NULL")?;
            let rows = statement.query_and_then([], |row| {
                Ok((
                    name(row, 0, |text| DockingId::parse(&text))?,
                    name(row, 1, CameraSerial::new)?,
                    name(row, 2, BayName::new)?,
                ))
            })?;
            rows.collect()
        })
        .await
    }
}
