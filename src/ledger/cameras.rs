//! What is known of one camera: what is on it, what became of it, and which visits of cameras have not ended.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;

use super::dockings::explanation;
use super::problems::problems;
use super::records::{KnownSegment, StoredSegment, bytes, count, name, select_segments};
use super::{Ledger, LedgerError, PORTION};
use crate::domain::{BayName, ByteCount, CameraSerial, DockingId, Explanation, MediumId, Problem, SegmentId};

pub(super) const ON_CAMERA: &str =
    "WHERE camera = ?1 AND wiped_at IS NULL AND (path, seq) > (?2, ?3) ORDER BY path, seq LIMIT ?4";
/// All of a camera's segments: each part has an index of its own.
pub(super) const OF_CAMERA: [&str; 2] =
    ["WHERE camera = ?1 AND wiped_at IS NULL", "WHERE camera = ?1 AND wiped_at IS NOT NULL"];
pub(super) const OPEN: &str = "SELECT id, camera, bay FROM docking WHERE ended_at IS NULL ORDER BY seq";

/// What is still to be done about the segments of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CameraTally {
    /// So many segments some required destination still waits for.
    pub pending: u64,
    /// So many of the segments that were ever taken from it some required destination has not proven, whatever keeps it from that, and
    /// wherever they are; without those of which a person has seen that they are lost.
    pub unproven: u64,
    /// The bytes of those still on the camera that some required destination has not proven, whether they are queued, stranded or
    /// wait for a person.
    pub unproven_bytes: ByteCount,
}

impl Ledger {
    /// The segments that the ledger believes to be on this camera, by path. Each is as it was when its portion was read.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn on_camera(&self, camera: &CameraSerial) -> Result<Vec<KnownSegment>, LedgerError> {
        let camera = camera.clone();
        let rows = self.look_in_portions(move |db, last: Option<&StoredSegment>| {
            let (path, seq) = last.map_or((&[][..], 0), |last| (last.segment.path.as_bytes(), last.seq));
            select_segments(db, ON_CAMERA, params![camera.as_str(), path, seq, PORTION])
        });
        Ok(rows.await?.into_iter().map(KnownSegment::from).collect())
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

    /// What is still to be done about the camera's segments. Costs the same however many it has.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn tally_of(&self, camera: &CameraSerial) -> Result<CameraTally, LedgerError> {
        let camera = camera.clone();
        self.look(move |db| {
            db.prepare_cached("SELECT pending, unproven, unproven_bytes FROM camera_tally WHERE camera = ?1")?
                .query_and_then([camera.as_str()], |row| {
                    Ok(CameraTally {
                        pending: count(row, 0)?,
                        unproven: count(row, 1)?,
                        unproven_bytes: bytes(row, 2)?,
                    })
                })?
                .next()
                .unwrap_or_else(|| Ok(CameraTally::default()))
        })
        .await
    }

    /// Everything about the segments of one camera, by path. That may be years of it: to be asked on a connection of its own.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn explain(&self, camera: &CameraSerial) -> Result<Vec<Explanation>, LedgerError> {
        let camera = camera.clone();
        self.look(move |db| {
            let mut rows = Vec::new();
            for part in OF_CAMERA {
                rows.extend(select_segments(db, part, [camera.as_str()])?);
            }
            rows.sort_by(|one, other| (&one.segment.path, one.seq).cmp(&(&other.segment.path, other.seq)));
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
            let mut statement = db.prepare(OPEN)?;
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
