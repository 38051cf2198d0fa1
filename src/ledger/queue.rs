//! The queue: what waits for which destination, and how much of it there is.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::records::{DestinationNeed, StoredSegment, bytes, name, select_segments};
use super::{Ledger, LedgerError};
use crate::domain::{Amount, ByteCount, CameraSerial, DestinationName, DockingId, Moment, QueueSnapshot, Segment};

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
            let rows = statement.query_and_then([], |row| Ok((name(row, 0, DestinationName::new)?, row.get(1)?)))?;
            rows.collect()
        })
        .await
    }

    /// For each camera that waits for `destination` and is not in `without`, its oldest deliveries, `per_camera` at most.
    /// Those whose place in the queue is to be passed over cost next to nothing.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn queued(
        &self,
        destination: &DestinationName,
        per_camera: u32,
        passed_over: impl Fn(i64) -> bool + Send + 'static,
        without: BTreeSet<CameraSerial>,
    ) -> Result<Vec<QueuedCamera>, LedgerError> {
        let destination = destination.clone();
        self.look(move |db| {
            let mut queued = Vec::new();
            let mut after = String::new();
            while let Some(camera) = next_queued_camera(db, &destination, &after)? {
                after.clone_from(&camera);
                let camera = CameraSerial::new(camera).map_err(|error| LedgerError::Damaged(error.to_string()))?;
                if without.contains(&camera) {
                    continue;
                }
                let deliveries = head_of_queue(db, &destination, &camera, per_camera, &passed_over)?;
                if !deliveries.is_empty() {
                    queued.push(QueuedCamera { camera, deliveries });
                }
            }
            Ok(queued)
        })
        .await
    }

    /// Which of these places in the queue still wait for `destination`.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn still_queued(&self, destination: &DestinationName, places: Vec<i64>) -> Result<Vec<i64>, LedgerError> {
        let destination = destination.clone();
        self.look(move |db| {
            let mut question = db.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM delivery WHERE destination = ?1 AND segment = ?2 AND state = 'queued')",
            )?;
            let mut waiting = Vec::new();
            for place in &places {
                if question.query_row(params![destination.as_str(), place], |row| row.get(0))? {
                    waiting.push(*place);
                }
            }
            Ok(waiting)
        })
        .await
    }

    /// The sums of the queue.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn queue(&self, now: Moment) -> Result<QueueSnapshot, LedgerError> {
        self.look(move |db| sums(db, now)).await
    }
}

pub(super) fn sums(db: &Connection, now: Moment) -> Result<QueueSnapshot, LedgerError> {
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
        clear: None,
    })
}

/// How many copies the spool has, and their bytes.
pub(super) fn copies(db: &Connection) -> Result<Amount, LedgerError> {
    db.prepare_cached("SELECT copies, copied FROM tally")?
        .query_and_then([], |row| {
            let times: i64 = row.get(0)?;
            Ok(Amount { times: u64::try_from(times).unwrap_or(0), bytes: bytes(row, 1)? })
        })?
        .next()
        .unwrap_or(Ok(Amount::default()))
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

/// The first of a camera's queue. What is passed over costs a step through the index each, and is not read.
fn head_of_queue(
    db: &Connection,
    destination: &DestinationName,
    camera: &CameraSerial,
    limit: u32,
    passed_over: &dyn Fn(i64) -> bool,
) -> Result<Vec<Delivery>, LedgerError> {
    let mut places = db.prepare_cached(
        "SELECT segment FROM delivery WHERE destination = ?1 AND camera = ?2 AND state = 'queued' ORDER BY segment",
    )?;
    let places = places.query_and_then(params![destination.as_str(), camera.as_str()], |row| row.get(0))?;
    let wanted = |place: &Result<i64, rusqlite::Error>| place.as_ref().map_or(true, |place| !passed_over(*place));
    let mut deliveries = Vec::new();
    for place in places.filter(wanted).take(limit as usize) {
        let rows = select_segments(db, "WHERE seq = ?1", [place?])?;
        let delivery = |row: StoredSegment| Delivery { seq: row.seq, segment: row.segment, docking: row.docking };
        deliveries.extend(rows.into_iter().map(delivery));
    }
    Ok(deliveries)
}
