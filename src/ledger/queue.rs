//! The queue: what waits for which destination, and how much of it there is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::records::{DestinationNeed, StoredSegment, bytes, name, select_segments};
use super::{Ledger, LedgerError};
use crate::domain::{Amount, ByteCount, CameraSerial, DestinationName, DockingId, Moment, QueueSnapshot, Segment};

/// The cameras that wait for a destination, those with the oldest segments first.
pub(super) const HEADS: &str = "SELECT camera, segment FROM queue_head WHERE destination = ?1 ORDER BY segment";
/// The places of one camera's queue. Left to itself, SQLite may look for them among those of all cameras.
pub(super) const PLACES: &str = "SELECT segment FROM delivery INDEXED BY delivery_queue
    WHERE destination = ?1 AND camera = ?2 AND state = 'queued' ORDER BY segment";
/// When the oldest segment came into the spool that some required destination waits for.
pub(super) const OLDEST: &str = "SELECT spooled_at FROM segment WHERE seq = (
    SELECT min((SELECT min(segment) FROM queue_head WHERE destination = destination.name))
    FROM destination WHERE need = 'required')";

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
    /// The places of its oldest deliveries, oldest first; one at least.
    pub places: Vec<i64>,
}

/// How much of a queue somebody wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// So many cameras at most, those with the oldest deliveries.
    pub cameras: usize,
    /// So many deliveries of each at most, its oldest.
    pub per_camera: usize,
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

    /// Of the cameras that wait for `destination` and are not in `without`, those with the oldest deliveries, in that order. Costs the
    /// same however many cameras wait; those whose place in the queue is to be passed over cost next to nothing.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn queued(
        &self,
        destination: &DestinationName,
        head: Head,
        passed_over: impl Fn(i64) -> bool + Send + 'static,
        without: BTreeSet<CameraSerial>,
    ) -> Result<Vec<QueuedCamera>, LedgerError> {
        let destination = destination.clone();
        self.look(move |db| {
            let mut queued: Vec<QueuedCamera> = Vec::new();
            let mut heads = db.prepare_cached(HEADS)?;
            let mut heads = heads.query([destination.as_str()])?;
            while let Some(row) = heads.next()? {
                // A camera's queue begins here at the earliest, and later if that is passed over.
                let begins: i64 = row.get(1)?;
                if queued.len() >= head.cameras && queued.last().is_none_or(|last| last.places[0] < begins) {
                    break;
                }
                let camera = name(row, 0, CameraSerial::new)?;
                if without.contains(&camera) {
                    continue;
                }
                let places = oldest_of(db, &destination, &camera, head.per_camera, &passed_over)?;
                if let Some(oldest) = places.first() {
                    let at = queued.partition_point(|other| other.places[0] < *oldest);
                    queued.insert(at, QueuedCamera { camera, places });
                    queued.truncate(head.cameras);
                }
            }
            Ok(queued)
        })
        .await
    }

    /// What is to be sent from these places in the queue, in their order.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn deliveries(&self, places: Vec<i64>) -> Result<Vec<Delivery>, LedgerError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        self.look(move |db| {
            let mut deliveries = Vec::new();
            for place in &places {
                let rows = select_segments(db, "WHERE seq = ?1", [place])?;
                let delivery =
                    |row: StoredSegment| Delivery { seq: row.seq, segment: row.segment, docking: row.docking };
                deliveries.extend(rows.into_iter().map(delivery));
            }
            Ok(deliveries)
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

    /// The required destinations beside those that are `known` to which something is owed.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub fn owed_to_others(
        db: &Connection,
        known: &BTreeSet<DestinationName>,
    ) -> Result<Vec<DestinationName>, LedgerError> {
        let mut statement = db.prepare("SELECT name FROM destination WHERE need = 'required' ORDER BY name")?;
        let required = statement.query_and_then([], |row| name(row, 0, DestinationName::new))?;
        let required: Vec<_> = required.collect::<Result<_, LedgerError>>()?;
        let lacks = "SELECT EXISTS (SELECT 1 FROM delivery WHERE destination = ?1 AND state <> 'proven')";
        let mut owed = Vec::new();
        for other in required.into_iter().filter(|name| !known.contains(name)) {
            if db.query_row(lacks, [other.as_str()], |row| row.get(0))? {
                owed.push(other);
            }
        }
        Ok(owed)
    }

    /// The sums of the queue.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn queue(&self, now: Moment) -> Result<QueueSnapshot, LedgerError> {
        self.look(move |db| sums(db, now)).await
    }
}

/// What waits to be sent to each destination.
pub(super) fn backlogs(db: &Connection) -> Result<BTreeMap<DestinationName, Amount>, LedgerError> {
    let mut statement = db.prepare_cached("SELECT destination, segments, bytes FROM backlog WHERE segments > 0")?;
    let rows = statement.query_and_then([], |row| {
        let (segments, bytes): (i64, i64) = (row.get(1)?, row.get(2)?);
        let of = |number: i64| u64::try_from(number).unwrap_or(0);
        let amount = Amount { times: of(segments), bytes: ByteCount::new(of(bytes)) };
        Ok((name(row, 0, DestinationName::new)?, amount))
    })?;
    rows.collect()
}

pub(super) fn sums(db: &Connection, now: Moment) -> Result<QueueSnapshot, LedgerError> {
    let (segments, bytes) = db
        .prepare_cached("SELECT segments, bytes FROM tally")?
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    let oldest: Option<i64> = db.prepare_cached(OLDEST)?.query_row([], |row| row.get(0)).optional()?;
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

/// The first of a camera's queue. What is passed over costs a step through the index each, and is not read.
fn oldest_of(
    db: &Connection,
    destination: &DestinationName,
    camera: &CameraSerial,
    limit: usize,
    passed_over: &dyn Fn(i64) -> bool,
) -> Result<Vec<i64>, LedgerError> {
    let mut places = db.prepare_cached(PLACES)?;
    let places = places.query_and_then(params![destination.as_str(), camera.as_str()], |row| row.get(0))?;
    let wanted = |place: &Result<i64, rusqlite::Error>| place.as_ref().map_or(true, |place| !passed_over(*place));
    Ok(places.filter(wanted).take(limit).collect::<Result<_, _>>()?)
}
