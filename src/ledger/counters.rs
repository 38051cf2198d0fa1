//! What was done since the log began: counted as each entry is applied, in one row for each thing that is told apart. Rows are as
//! many as bays, destinations and kinds, however long the log is.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::records::{Counted, Stage, bytes, name, sql_bytes};
use super::{LedgerError, hours};
use crate::domain::{
    Amount, BayName, ByteCount, Counters, DestinationName, DockingId, Durations, Moment, Outcome, ProblemKind, Removal,
    SegmentId,
};

/// All of it.
pub(super) fn counters(db: &Connection) -> Result<Counters, LedgerError> {
    let mut counters = Counters::default();
    let entries: i64 =
        db.prepare_cached("SELECT coalesce(max(seq), 0) FROM custody_log")?.query_row([], |row| row.get(0))?;
    counters.entries = number(entries);
    let mut statement = db.prepare_cached("SELECT what, whose, within, times, bytes, millis FROM counted")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take_in(&mut counters, row)?;
    }
    Ok(counters)
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

/// Adds one row.
fn take_in(counters: &mut Counters, row: &rusqlite::Row<'_>) -> Result<(), LedgerError> {
    let times = number(row.get(3)?);
    let amount = Amount { times, bytes: bytes(row, 4)? };
    match row.get(0)? {
        Counted::Docked => {
            counters.dockings.insert(name(row, 1, BayName::new)?, times);
        }
        Counted::Ended => match row.get(1)? {
            Outcome::Completed => counters.endings.completed = times,
            Outcome::TakenEarly => counters.endings.taken_early = times,
            Outcome::Interrupted => counters.endings.interrupted = times,
        },
        Counted::Stage => {
            let stages = &mut counters.stages;
            let durations = match row.get(1)? {
                Stage::Offload => &mut stages.offload,
                Stage::Upload => &mut stages.upload,
                Stage::Wipe => &mut stages.wipe,
            };
            add(durations, row)?;
        }
        Counted::Spooled => counters.spooled = amount,
        Counted::Proven => {
            let deliveries = counters.proven.entry(name(row, 1, DestinationName::new)?).or_default();
            deliveries.bytes += amount.bytes;
            add(&mut deliveries.took, row)?;
        }
        Counted::Withdrawn => {
            counters.withdrawn.insert(name(row, 1, DestinationName::new)?, times);
        }
        Counted::Removed => match row.get(1)? {
            Removal::Wiped => counters.removals.wiped = amount,
            Removal::Interrupted => counters.removals.interrupted = amount,
            Removal::NotByCamdock => counters.removals.not_by_camdock = amount,
        },
        Counted::Problem => {
            counters.problems.insert(row.get(1)?, times);
        }
    }
    Ok(())
}

/// Adds what one row has of durations.
fn add(durations: &mut Durations, row: &rusqlite::Row<'_>) -> Result<(), LedgerError> {
    let (within, times, millis): (i64, i64, i64) = (row.get(2)?, row.get(3)?, row.get(5)?);
    durations.total += Duration::from_millis(number(millis));
    match Durations::BOUNDS.iter().position(|bound| i64::from(*bound) == within) {
        Some(class) => durations.within[class] += number(times),
        None => durations.longer += number(times),
    }
    Ok(())
}

/// What is added to one row.
struct Event<'a, W> {
    what: Counted,
    whose: W,
    bytes: ByteCount,
    took: Option<&'a Duration>,
}

/// Counts something once.
fn count<W: rusqlite::ToSql>(db: &Connection, event: &Event<'_, W>) -> Result<(), LedgerError> {
    let Event { what, whose, bytes, took } = event;
    let millis = took.map_or(0, |took| i64::try_from(took.as_millis()).unwrap_or(i64::MAX));
    db.prepare_cached(
        "INSERT INTO counted (what, whose, within, times, bytes, millis) VALUES (?1, ?2, ?3, 1, ?4, ?5)
         ON CONFLICT DO UPDATE SET times = times + 1, bytes = bytes + ?4, millis = millis + ?5",
    )?
    .execute(params![
        what,
        whose,
        took.and_then(|took| Durations::bound(*took)).unwrap_or(0),
        sql_bytes(*bytes)?,
        millis
    ])?;
    Ok(())
}

fn once<W: rusqlite::ToSql>(db: &Connection, what: Counted, whose: W) -> Result<(), LedgerError> {
    count(db, &Event { what, whose, bytes: ByteCount::default(), took: None })
}

/// A camera was put into this bay.
pub(super) fn docked(db: &Connection, bay: &BayName) -> Result<(), LedgerError> {
    once(db, Counted::Docked, bay.as_str())
}

/// A docking ended. Only one that came to its end tells how long its stages take.
pub(super) fn ended(db: &Connection, docking: DockingId, outcome: Outcome) -> Result<(), LedgerError> {
    once(db, Counted::Ended, outcome)?;
    if outcome != Outcome::Completed {
        return Ok(());
    }
    let times = db
        .prepare_cached("SELECT began_at, spooled_at, cleared_at, wiped_at FROM docking WHERE id = ?1")?
        .query_row([docking.to_string()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, Option<i64>>(2)?.zip(row.get(3)?)))
        })
        .optional()?;
    // Without a deletion nothing was done in it.
    let Some((began, spooled, Some((cleared, wiped)))) = times else { return Ok(()) };
    let stage = |stage, from: i64, to: i64| {
        let took = Moment::from_millis(to).since(Moment::from_millis(from));
        count(db, &Event { what: Counted::Stage, whose: stage, bytes: ByteCount::default(), took: Some(&took) })
    };
    if let Some(spooled) = spooled {
        stage(Stage::Offload, began, spooled)?;
    }
    stage(Stage::Upload, spooled.unwrap_or(began), cleared)?;
    stage(Stage::Wipe, cleared, wiped)
}

/// A segment came into the spool.
pub(super) fn spooled(
    db: &Connection,
    at: Moment,
    docking: Option<DockingId>,
    size: ByteCount,
) -> Result<(), LedgerError> {
    if let Some(docking) = docking {
        // Whatever is copied later is to be cleared later.
        db.prepare_cached("UPDATE docking SET spooled_at = ?2, cleared_at = NULL WHERE id = ?1")?
            .execute(params![docking.to_string(), at.millis()])?;
    }
    hours::add(db, at, Counted::Spooled, "", size)?;
    count(db, &Event { what: Counted::Spooled, whose: "", bytes: size, took: None })
}

/// A destination's copy is proven; one that is proven already is not counted again. Called before that is taken down.
pub(super) fn proven(
    db: &Connection,
    at: Moment,
    segment: SegmentId,
    destination: &DestinationName,
) -> Result<(), LedgerError> {
    let newly = db
        .prepare_cached(
            "SELECT size, spooled_at FROM segment WHERE id = ?1 AND NOT EXISTS (
                 SELECT 1 FROM delivery WHERE segment = segment.seq AND destination = ?2 AND state = 'proven')",
        )?
        .query_and_then(params![segment.as_bytes(), destination.as_str()], |row| {
            Ok::<_, LedgerError>((bytes(row, 0)?, row.get::<_, i64>(1)?))
        })?
        .next()
        .transpose()?;
    let Some((bytes, spooled)) = newly else { return Ok(()) };
    let took = at.since(Moment::from_millis(spooled));
    hours::add(db, at, Counted::Proven, destination.as_str(), bytes)?;
    count(db, &Event { what: Counted::Proven, whose: destination.as_str(), bytes, took: Some(&took) })
}

/// A destination no longer has its copy. Called before that is taken down: only a proven one can be missed.
pub(super) fn withdrawn(db: &Connection, segment: SegmentId, destination: &DestinationName) -> Result<(), LedgerError> {
    let was_proven = db
        .prepare_cached(
            "SELECT 1 FROM delivery JOIN segment ON segment.seq = delivery.segment
             WHERE segment.id = ?1 AND destination = ?2 AND state = 'proven'",
        )?
        .exists(params![segment.as_bytes(), destination.as_str()])?;
    if was_proven { once(db, Counted::Withdrawn, destination.as_str()) } else { Ok(()) }
}

/// The rule was met for segments of this docking.
pub(super) fn cleared(db: &Connection, at: Moment, docking: DockingId) -> Result<(), LedgerError> {
    db.prepare_cached("UPDATE docking SET cleared_at = coalesce(cleared_at, ?2) WHERE id = ?1")?
        .execute(params![docking.to_string(), at.millis()])?;
    Ok(())
}

/// An original of this size left its camera.
pub(super) fn removed(
    db: &Connection,
    at: Moment,
    docking: DockingId,
    how: Removal,
    size: ByteCount,
) -> Result<(), LedgerError> {
    if how == Removal::Wiped {
        db.prepare_cached("UPDATE docking SET wiped_at = ?2 WHERE id = ?1")?
            .execute(params![docking.to_string(), at.millis()])?;
    }
    count(db, &Event { what: Counted::Removed, whose: how, bytes: size, took: None })
}

/// A problem was found that was not known.
pub(super) fn problem(db: &Connection, kind: &ProblemKind) -> Result<(), LedgerError> {
    once(db, Counted::Problem, kind.trouble())
}

#[cfg(test)]
mod tests;
