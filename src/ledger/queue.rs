//! Questions about the queue, the cameras and the problems.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::records::{
    self, Copy, DeliveryState, DestinationNeed, Explanation, KnownSegment, SpoolCopy, name, select_segments,
};
use super::{Ledger, LedgerError};
use crate::domain::{
    BayName, ByteCount, CameraSerial, DestinationName, DockingId, MediumId, Moment, Need, Problem, ProblemId,
    ProofMethod, QueueSnapshot, Segment, SegmentId, SourcePath, Version,
};

/// One segment that waits to be sent to one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its place in the queue: lower numbers were spooled earlier.
    pub seq: i64,
    /// The segment.
    pub segment: Segment,
    /// In which docking it was first spooled.
    pub docking: Option<DockingId>,
}

/// The head of one camera's queue for one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedCamera {
    /// The camera.
    pub camera: CameraSerial,
    /// Its oldest deliveries, oldest first.
    pub deliveries: Vec<Delivery>,
}

impl Ledger {
    /// The destinations as last set, without the retired ones.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn destinations(&self) -> Result<Vec<DestinationNeed>, LedgerError> {
        self.look(|db| {
            let mut statement =
                db.prepare_cached("SELECT name, need FROM destination WHERE need <> 'retired' ORDER BY name")?;
            let rows = statement.query_and_then([], |row| {
                let need: String = row.get(1)?;
                let need = if need == "required" { Need::Required } else { Need::Optional };
                Ok((name(row, 0, DestinationName::new)?, need))
            })?;
            rows.collect()
        })
        .await
    }

    /// For each camera that waits for `destination`, its oldest deliveries whose place in the queue is not in
    /// `except`, `per_camera` at most.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn queued(
        &self,
        destination: &DestinationName,
        per_camera: u32,
        except: Vec<i64>,
    ) -> Result<Vec<QueuedCamera>, LedgerError> {
        let destination = destination.clone();
        self.look(move |db| {
            let mut queued = Vec::new();
            let mut after = String::new();
            while let Some(camera) = next_queued_camera(db, &destination, &after)? {
                let limit = i64::from(per_camera) + i64::try_from(except.len()).unwrap_or(i64::MAX / 2);
                let mut deliveries = head_of_queue(db, &destination, &camera, limit)?;
                deliveries.retain(|delivery| !except.contains(&delivery.seq));
                deliveries.truncate(per_camera as usize);
                after.clone_from(&camera);
                if !deliveries.is_empty() {
                    let camera = deliveries[0].segment.camera.clone();
                    queued.push(QueuedCamera { camera, deliveries });
                }
            }
            Ok(queued)
        })
        .await
    }

    /// The segments that the ledger believes to be on this camera.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn on_camera(&self, camera: &CameraSerial) -> Result<Vec<KnownSegment>, LedgerError> {
        let camera = camera.clone();
        self.look(move |db| {
            let rows =
                select_segments(db, "WHERE camera = ?1 AND wiped_at IS NULL ORDER BY path, seq", [camera.as_str()])?;
            Ok(rows
                .into_iter()
                .map(|row| KnownSegment { segment: row.segment, spool: row.spool, pending: row.pending })
                .collect())
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
                 AND EXISTS (SELECT 1 FROM delivery JOIN destination ON destination.name = delivery.destination
                             WHERE delivery.segment = segment.seq AND state <> 'proven' AND need = 'required')",
            )?
            .query_and_then([camera.as_str()], |row| records::bytes(row, 0))?
            .next()
            .unwrap_or(Ok(ByteCount::default()))
        })
        .await
    }

    /// What the ledger knows about a segment's copies at the configured destinations.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn copies(&self, segment: SegmentId) -> Result<Vec<Copy>, LedgerError> {
        self.look(move |db| copies(db, segment)).await
    }

    /// One segment, if the ledger knows it.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn segment(&self, segment: SegmentId) -> Result<Option<KnownSegment>, LedgerError> {
        self.look(move |db| {
            let rows = select_segments(db, "WHERE id = ?1", [segment.as_bytes()])?;
            Ok(rows
                .into_iter()
                .map(|row| KnownSegment { segment: row.segment, spool: row.spool, pending: row.pending })
                .next())
        })
        .await
    }

    /// Spool copies whose originals were wiped before `before` and that every configured destination has proven, oldest first:
    /// candidates for removal.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn wiped_before(&self, before: Moment, limit: u32) -> Result<Vec<Segment>, LedgerError> {
        self.spooled_where(
            "WHERE spool = 'present' AND wiped_at <= ?1
               AND NOT EXISTS (SELECT 1 FROM delivery JOIN destination ON destination.name = delivery.destination
                               WHERE delivery.segment = segment.seq AND state <> 'proven' AND need <> 'retired')
             ORDER BY wiped_at LIMIT ?2",
            before.millis(),
            limit,
        )
        .await
    }

    /// Spool copies that every required destination has proven, wiped or not: what may go first when the spool is full.
    /// Oldest first, from the place `after` in the queue on.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn proven_in_spool(&self, after: i64, limit: u32) -> Result<Vec<Segment>, LedgerError> {
        let eligible = if crate::faults::planted(crate::faults::PlantedBug::EvictUnproven) {
            "WHERE spool = 'present' AND seq > ?1 ORDER BY seq LIMIT ?2"
        } else {
            "WHERE spool = 'present' AND pending = 0 AND seq > ?1
               AND NOT EXISTS (SELECT 1 FROM delivery JOIN destination ON destination.name = delivery.destination
                               WHERE delivery.segment = segment.seq AND state <> 'proven' AND need = 'required')
             ORDER BY seq LIMIT ?2"
        };
        self.spooled_where(eligible, after, limit).await
    }

    /// Every segment of which some required destination has not proven its copy, or of which no required one is known.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn unproven(&self) -> Result<Vec<Segment>, LedgerError> {
        self.look(|db| {
            let rows = select_segments(
                db,
                "WHERE pending > 0
                   OR EXISTS (SELECT 1 FROM delivery JOIN destination ON destination.name = delivery.destination
                              WHERE delivery.segment = segment.seq AND state <> 'proven' AND need = 'required')
                   OR NOT EXISTS (SELECT 1 FROM delivery JOIN destination ON destination.name = delivery.destination
                                  WHERE delivery.segment = segment.seq AND state = 'proven' AND need = 'required')",
                [],
            )?;
            Ok(rows.into_iter().map(|row| row.segment).collect())
        })
        .await
    }

    async fn spooled_where(&self, rest: &'static str, first: i64, limit: u32) -> Result<Vec<Segment>, LedgerError> {
        self.look(move |db| {
            let rows = select_segments(db, rest, params![first, limit])?;
            Ok(rows.into_iter().map(|row| row.segment).collect())
        })
        .await
    }

    /// Every segment and what became of its spool copy, sorted by segment, for comparing with the spool itself.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn spool_copies(&self) -> Result<Vec<(SegmentId, SpoolCopy)>, LedgerError> {
        self.look(|db| {
            let mut statement = db.prepare("SELECT id, spool FROM segment ORDER BY id")?;
            let rows = statement.query_and_then([], |row| {
                let spool: String = row.get(1)?;
                Ok((SegmentId::from_bytes(row.get(0)?), SpoolCopy::parse(&spool)))
            })?;
            rows.collect()
        })
        .await
    }

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

    /// The sums of the queue.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn queue(&self, now: Moment) -> Result<QueueSnapshot, LedgerError> {
        self.look(move |db| {
            let (segments, bytes) = db
                .prepare_cached("SELECT segments, bytes FROM tally")?
                .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
            let oldest: Option<i64> = db
                .prepare_cached("SELECT spooled_at FROM segment WHERE pending > 0 ORDER BY seq LIMIT 1")?
                .query_row([], |row| row.get(0))
                .optional()?;
            Ok(QueueSnapshot {
                segments: u64::try_from(segments).unwrap_or(0),
                bytes: ByteCount::new(u64::try_from(bytes).unwrap_or(0)),
                oldest_seconds: oldest.map_or(Duration::ZERO, |at| now.since(Moment::from_millis(at))).as_secs(),
            })
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
            let mut problems = problems(db, Some(&camera))?;
            rows.into_iter()
                .map(|row| {
                    let (about, others) =
                        problems.drain(..).partition(|problem| problem.segment == Some(row.segment.id));
                    problems = others;
                    let copies = copies(db, row.segment.id)?;
                    Ok(Explanation {
                        segment: row.segment,
                        spool: row.spool,
                        copies,
                        problems: about,
                        wiped_at: row.wiped_at,
                    })
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

/// Steps through the queue's index from camera to camera without reading what lies between.
fn next_queued_camera(
    db: &Connection,
    destination: &DestinationName,
    after: &str,
) -> Result<Option<String>, LedgerError> {
    Ok(db
        .prepare_cached(
            "SELECT camera FROM delivery WHERE destination = ?1 AND state = 'queued' AND camera > ?2
             ORDER BY camera LIMIT 1",
        )?
        .query_row(params![destination.as_str(), after], |row| row.get(0))
        .optional()?)
}

fn head_of_queue(
    db: &Connection,
    destination: &DestinationName,
    camera: &str,
    limit: i64,
) -> Result<Vec<Delivery>, LedgerError> {
    let rows = select_segments(
        db,
        "JOIN delivery ON delivery.segment = segment.seq
         WHERE delivery.destination = ?1 AND delivery.camera = ?2 AND delivery.state = 'queued'
         ORDER BY delivery.segment LIMIT ?3",
        params![destination.as_str(), camera, limit],
    )?;
    rows.into_iter()
        .map(|row| {
            let docking: String = db
                .prepare_cached("SELECT docking FROM segment WHERE seq = ?1")?
                .query_row([row.seq], |row| row.get(0))?;
            Ok(Delivery { seq: row.seq, segment: row.segment, docking: DockingId::parse(&docking).ok() })
        })
        .collect()
}

fn copies(db: &Connection, segment: SegmentId) -> Result<Vec<Copy>, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT delivery.destination, delivery.state, delivery.version, delivery.method FROM delivery
         JOIN destination ON destination.name = delivery.destination
         WHERE destination.need <> 'retired' AND delivery.segment = (SELECT seq FROM segment WHERE id = ?1)",
    )?;
    let rows = statement.query_and_then([segment.as_bytes()], |row| {
        let state: String = row.get(1)?;
        let version: Option<String> = row.get(2)?;
        let method: Option<String> = row.get(3)?;
        Ok(Copy {
            destination: name(row, 0, DestinationName::new)?,
            state: match state.as_str() {
                "queued" => DeliveryState::Queued,
                "proven" => DeliveryState::Proven,
                "problem" => DeliveryState::Problem,
                _ => DeliveryState::Stranded,
            },
            version: version.map(Version),
            method: method.map(|method| match method.as_str() {
                "read-back" => ProofMethod::ReadBack,
                _ => ProofMethod::Attested,
            }),
        })
    })?;
    rows.collect()
}

fn problems(db: &Connection, camera: Option<&CameraSerial>) -> Result<Vec<Problem>, LedgerError> {
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
        kind: serde_json::from_str(&kind).map_err(|error| LedgerError::Damaged(error.to_string()))?,
        since: Moment::from_millis(row.get(6)?),
    })
}
