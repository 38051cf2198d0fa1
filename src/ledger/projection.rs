//! What follows from the log: the only code that writes the other tables.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::LedgerError;
use super::entry::{self, Entry};
use super::records::{RECOVERED, bytes, sql_bytes};
use super::{counters, dockings, enrolments, keeping, visits};
use crate::domain::{
    CameraSerial, DeliveryState, DestinationName, DockingId, LegalHold, MediumId, Moment, Need, PlaceId, ProblemId,
    ProblemKind, ProofMethod, Protection, Removal, Segment, SegmentId, SourcePath, SpoolCopy, Version,
};
use crate::faults::{PlantedBug, planted};

/// What is summed up about a segment's copies. `:at` is when it became so.
const SUMMARY: &str = "UPDATE segment SET (pending, unproven, lacking, nowhere_since, seen_at) = (
    SELECT pending, unproven, lacking,
           iif(nowhere, coalesce(segment.nowhere_since, :at), NULL), iif(nowhere, segment.seen_at, NULL)
    FROM (SELECT count(*) FILTER (WHERE state = 'queued' AND need = 'required') AS pending,
                 count(*) FILTER (WHERE state <> 'proven' AND need = 'required') AS unproven,
                 count(*) FILTER (WHERE state <> 'proven' AND need <> 'retired') AS lacking,
                 segment.spool <> 'present' AND (count(*) FILTER (WHERE state <> 'proven' AND need = 'required') > 0
                                                 OR count(*) FILTER (WHERE state = 'proven') = 0) AS nowhere
          FROM delivery JOIN destination ON destination.name = delivery.destination
          WHERE delivery.segment = segment.seq))";

/// Places a problem, unless it is known already.
pub(super) const PLACE: &str = "INSERT INTO problem (id, camera, path, segment, destination, kind, since)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (
        SELECT 1 FROM problem WHERE camera IS ?2 AND path = ?3 AND segment IS ?4 AND destination IS ?5 AND kind = ?6)";

/// Applies one entry to the tables that follow from the log.
pub(super) fn apply(db: &Connection, seq: i64, at: Moment, entry: &Entry) -> Result<(), LedgerError> {
    match entry {
        Entry::DestinationsSet { destinations } => set_destinations(db, at, destinations),
        Entry::DockingBegan { docking, camera, bay } => {
            db.prepare_cached("INSERT INTO docking (id, camera, bay, began_at, seq) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![docking.to_string(), camera.as_str(), bay.as_str(), at.millis(), seq])?;
            visits::is_here(db, camera)?;
            counters::docked(db, bay)
        }
        Entry::SegmentSpooled { docking, segment } => spooled(db, seq, at, *docking, segment),
        Entry::CopyProven { segment, destination, version, method, protection } => {
            counters::proven(db, at, *segment, destination)?;
            set_delivery(db, at, *segment, destination, DeliveryState::Proven, Some((version, *method, *protection)))
        }
        Entry::ProtectionAsked { segment, protection } => keeping::ask(db, *segment, *protection),
        Entry::ProofWithdrawn { segment, destination, why: _ } => {
            counters::withdrawn(db, *segment, destination)?;
            withdraw(db, at, *segment, destination)
        }
        Entry::ProblemFound { camera, path, segment, destination, kind } => {
            let camera = Some(camera);
            found(db, seq, at, &About { camera, path, segment: *segment, destination: destination.as_ref() }, kind)
        }
        Entry::ProblemClosed { problem } => close_problem(db, at, *problem),
        Entry::WipeIntended { docking, segments, media } => {
            counters::cleared(db, at, *docking)?;
            for segment in segments {
                db.prepare_cached("UPDATE segment SET deleting = 1 WHERE id = ?1")?.execute([segment.as_bytes()])?;
            }
            for_each_medium(
                db,
                "INSERT OR IGNORE INTO unsettled_medium (camera, medium) SELECT camera, ?2 FROM docking WHERE id = ?1",
                *docking,
                media,
            )
        }
        Entry::WipeSettled { docking, media } => for_each_medium(
            db,
            "DELETE FROM unsettled_medium
             WHERE camera = (SELECT camera FROM docking WHERE id = ?1) AND medium = ?2",
            *docking,
            media,
        ),
        Entry::SegmentWiped { docking, segment } => original_gone(db, at, *docking, *segment, "'wiped'"),
        Entry::OriginalGone { docking, segment } => {
            original_gone(db, at, *docking, *segment, "iif(deleting, 'interrupted', 'not-by-camdock')")
        }
        Entry::CopyRestored { segment, from: _ } => restored(db, at, *segment),
        Entry::SpoolCopyReleased { segment } => set_spool(db, at, *segment, SpoolCopy::Released),
        Entry::SpoolCopyLost { segment, why: _ } => set_spool(db, at, *segment, SpoolCopy::Lost),
        Entry::DockingEnded { docking, outcome } => {
            db.prepare_cached("UPDATE docking SET ended_at = ?2, outcome = ?3 WHERE id = ?1")?.execute(params![
                docking.to_string(),
                at.millis(),
                outcome
            ])?;
            counters::ended(db, *docking, *outcome)
        }
        Entry::DestinationEnrolled { destination, place } => enrol(db, at, destination, *place),
        Entry::CameraRetired { camera } => visits::retire(db, at, camera),
        Entry::LedgerRebuilt { aside, saved, lost } => {
            let kind = ProblemKind::LedgerRebuilt { saved: *saved, lost: *lost };
            found(db, seq, at, &About { camera: None, path: aside, segment: None, destination: None }, &kind)
        }
        // They are there to be read. What an action changed, its own entries say.
        Entry::LoggedIn { .. }
        | Entry::LogInRefused { .. }
        | Entry::ActionTaken { .. }
        | Entry::ActionRefused { .. } => Ok(()),
    }
}

/// What was proven at another place is not proven at this one: it is brought there as long as it can be had from the spool
/// or from its camera. Of what is gone from both, the old place's copy is the last that is known of.
fn enrol(db: &Connection, at: Moment, destination: &DestinationName, place: PlaceId) -> Result<(), LedgerError> {
    let before = enrolments::enrolled(db, destination)?;
    db.execute(
        "INSERT INTO enrolment (destination, place) VALUES (?1, ?2) ON CONFLICT (destination) DO UPDATE SET place = ?2",
        params![destination.as_str(), place.to_string()],
    )?;
    if before.is_none_or(|before| before == place) {
        return Ok(());
    }
    db.execute(
        "UPDATE delivery SET state = iif(segment.spool = 'present', 'queued', 'stranded'),
                             version = NULL, method = NULL, proven_at = NULL,
                             kept_until = NULL, enforcement = NULL, legal_hold = 0
         FROM segment WHERE segment.seq = delivery.segment AND delivery.destination = ?1 AND delivery.state = 'proven'
                        AND (segment.spool = 'present' OR segment.wiped_at IS NULL)",
        [destination.as_str()],
    )?;
    need_everywhere(db, at)
}

/// After what is asked of the destinations changed: what was released, and is still to be brought to a required one, is to be
/// pulled from its camera again. Whatever is proven everywhere stays so, and is not counted again.
fn need_everywhere(db: &Connection, at: Moment) -> Result<(), LedgerError> {
    db.execute(
        "UPDATE segment SET spool = 'lost' WHERE spool = 'released' AND wiped_at IS NULL AND EXISTS (
             SELECT 1 FROM destination WHERE need = 'required' AND NOT EXISTS (
                 SELECT 1 FROM delivery WHERE delivery.destination = destination.name
                                          AND delivery.segment = segment.seq AND state = 'proven'))",
        [],
    )?;
    db.execute(
        &format!(
            "{SUMMARY} WHERE spool = 'present' OR unproven > 0 OR nowhere_since IS NOT NULL
                          OR seq IN (SELECT segment FROM delivery WHERE state <> 'proven')"
        ),
        &[(":at", &at.millis())],
    )?;
    Ok(())
}

fn original_gone(
    db: &Connection,
    at: Moment,
    docking: DockingId,
    segment: SegmentId,
    how: &str,
) -> Result<(), LedgerError> {
    let gone = db
        .prepare_cached(&format!(
            "UPDATE segment SET wiped_at = ?2, gone = {how} WHERE id = ?1 AND wiped_at IS NULL RETURNING gone, size"
        ))?
        .query_and_then(params![segment.as_bytes(), at.millis()], |row| {
            Ok::<_, LedgerError>((row.get::<_, Removal>(0)?, bytes(row, 1)?))
        })?
        .next()
        .transpose()?;
    let Some((how, size)) = gone else { return Ok(()) };
    dockings::handled(db, docking, segment)?;
    counters::removed(db, at, docking, how, size)
}

fn withdraw(db: &Connection, at: Moment, segment: SegmentId, destination: &DestinationName) -> Result<(), LedgerError> {
    let spool: Option<SpoolCopy> = db
        .prepare_cached("SELECT spool FROM segment WHERE id = ?1")?
        .query_row([segment.as_bytes()], |row| row.get(0))
        .optional()?;
    let state = if spool == Some(SpoolCopy::Present) { DeliveryState::Queued } else { DeliveryState::Stranded };
    need_again(db, segment)?;
    set_delivery(db, at, segment, destination, state, None)
}

/// What a problem is about.
struct About<'a> {
    camera: Option<&'a CameraSerial>,
    path: &'a SourcePath,
    segment: Option<SegmentId>,
    destination: Option<&'a DestinationName>,
}

/// What is known already is not written down twice: two parts of the station may find the same trouble.
fn found(db: &Connection, seq: i64, at: Moment, about: &About<'_>, kind: &ProblemKind) -> Result<(), LedgerError> {
    let About { camera, path, segment, destination } = *about;
    let placed = db.prepare_cached(PLACE)?.execute(params![
        seq,
        camera.map(CameraSerial::as_str),
        path.as_bytes(),
        segment.map(|segment| *segment.as_bytes()),
        destination.map(DestinationName::as_str),
        entry::write_problem(kind)?,
        at.millis()
    ])?;
    if placed > 0 {
        counters::problem(db, kind)?;
    }
    match (segment, destination) {
        (Some(segment), Some(destination)) => set_delivery(db, at, segment, destination, DeliveryState::Problem, None),
        _ => Ok(()),
    }
}

fn for_each_medium(db: &Connection, change: &str, docking: DockingId, media: &[MediumId]) -> Result<(), LedgerError> {
    for medium in media {
        db.prepare_cached(change)?.execute(params![docking.to_string(), medium.as_str()])?;
    }
    Ok(())
}

fn set_destinations(db: &Connection, at: Moment, destinations: &[(DestinationName, Need)]) -> Result<(), LedgerError> {
    db.execute("UPDATE destination SET need = 'retired'", [])?;
    for (name, need) in destinations {
        db.execute(
            "INSERT INTO destination (name, need) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET need = ?2",
            params![name.as_str(), need],
        )?;
        db.execute(
            "INSERT INTO delivery (destination, segment, camera, state)
             SELECT ?1, seq, camera, 'queued' FROM segment WHERE spool = 'present'
             ON CONFLICT (destination, segment) DO NOTHING",
            [name.as_str()],
        )?;
    }
    need_everywhere(db, at)
}

/// There is a spool copy, so every destination can get its own that has none.
fn queue_where_it_lacks(db: &Connection, segment: SegmentId) -> Result<(), LedgerError> {
    db.prepare_cached(
        "INSERT INTO delivery (destination, segment, camera, state)
         SELECT destination.name, segment.seq, segment.camera, 'queued' FROM destination, segment
         WHERE destination.need <> 'retired' AND segment.id = ?1
         ON CONFLICT (destination, segment) DO UPDATE SET state = 'queued' WHERE state = 'stranded'",
    )?
    .execute([segment.as_bytes()])?;
    Ok(())
}

/// A segment came into the spool: for the first time, or again because its copy had gone or its original reappeared.
fn spooled(
    db: &Connection,
    seq: i64,
    at: Moment,
    docking: Option<DockingId>,
    segment: &Segment,
) -> Result<(), LedgerError> {
    let first_in = docking.map_or_else(|| RECOVERED.to_owned(), |docking| docking.to_string());
    let fingerprint = &segment.fingerprint;
    let chunks: Vec<u8> = fingerprint.chunks.iter().flat_map(|crc64| crc64.to_le_bytes()).collect();
    db.prepare_cached(
        "INSERT INTO segment (seq, id, camera, path, recorded_at, size, sha256, chunk_size, chunks, damaged, docking,
                              spooled_at, spool, pending, crc32c)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'present', 0, ?13)
         ON CONFLICT (id) DO UPDATE SET spool = 'present', wiped_at = NULL, gone = NULL, deleting = 0, chunk_size = ?8,
                                        chunks = ?9, damaged = damaged AND ?10,
                                        crc32c = coalesce(?13, crc32c)",
    )?
    .execute(params![
        seq,
        segment.id.as_bytes(),
        segment.camera.as_str(),
        segment.path.as_bytes(),
        segment.recorded_at.millis(),
        sql_bytes(fingerprint.size)?,
        fingerprint.sha256.as_bytes(),
        sql_bytes(fingerprint.chunk_size)?,
        chunks,
        segment.damaged,
        first_in,
        at.millis(),
        fingerprint.crc32c.map(|crc32c| crc32c.0),
    ])?;
    queue_where_it_lacks(db, segment.id)?;
    if let Some(docking) = docking {
        dockings::handled(db, docking, segment.id)?;
    }
    counters::spooled(db, at, docking, fingerprint.size)?;
    sum_up(db, at, segment.id)
}

/// Whatever changes a copy of a segment, here or at a destination, ends with this: so evidence cannot come to be nowhere without
/// being a problem.
fn sum_up(db: &Connection, at: Moment, segment: SegmentId) -> Result<(), LedgerError> {
    db.prepare_cached(&format!("{SUMMARY} WHERE id = :id"))?
        .execute(rusqlite::named_params! { ":at": at.millis(), ":id": segment.as_bytes() })?;
    if planted(PlantedBug::LoseSilently) {
        db.execute("UPDATE segment SET nowhere_since = NULL", [])?;
    }
    Ok(())
}

fn set_delivery(
    db: &Connection,
    at: Moment,
    segment: SegmentId,
    destination: &DestinationName,
    state: DeliveryState,
    proof: Option<(&Version, ProofMethod, Protection)>,
) -> Result<(), LedgerError> {
    let retention = proof.and_then(|(.., protection)| protection.retention);
    db.prepare_cached(
        "INSERT INTO delivery (destination, segment, camera, state, version, method, proven_at, kept_until, enforcement,
                               legal_hold)
         SELECT ?2, seq, camera, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM segment WHERE id = ?1
         ON CONFLICT (destination, segment) DO UPDATE SET state = ?3, version = ?4, method = ?5, proven_at = ?6,
                                                          kept_until = ?7, enforcement = ?8, legal_hold = ?9",
    )?
    .execute(params![
        segment.as_bytes(),
        destination.as_str(),
        state,
        proof.map(|(version, ..)| &version.0),
        proof.map(|(_, method, _)| method),
        proof.map(|_| at.millis()),
        retention.map(|retention| retention.until.millis()),
        retention.map(|retention| retention.enforcement),
        proof.is_some_and(|(.., protection)| protection.legal_hold == LegalHold::Placed),
    ])?;
    sum_up(db, at, segment)
}

/// The spool has a copy again, without a look at the camera.
fn restored(db: &Connection, at: Moment, segment: SegmentId) -> Result<(), LedgerError> {
    db.prepare_cached("UPDATE segment SET spool = 'present' WHERE id = ?1")?.execute([segment.as_bytes()])?;
    queue_where_it_lacks(db, segment)?;
    sum_up(db, at, segment)
}

fn set_spool(db: &Connection, at: Moment, segment: SegmentId, state: SpoolCopy) -> Result<(), LedgerError> {
    db.prepare_cached("UPDATE segment SET spool = ?2 WHERE id = ?1")?.execute(params![segment.as_bytes(), state])?;
    db.prepare_cached(
        "UPDATE delivery SET state = 'stranded'
         WHERE state = 'queued' AND segment = (SELECT seq FROM segment WHERE id = ?1)",
    )?
    .execute([segment.as_bytes()])?;
    sum_up(db, at, segment)
}

/// Closing means "try again": a delivery goes back into the queue; a file without a problem is pulled at the next look.
///
/// Evidence that is nowhere stays a problem for as long as it is so; that it is lost, a person can say to have seen.
fn close_problem(db: &Connection, at: Moment, ProblemId(problem): ProblemId) -> Result<(), LedgerError> {
    let about: Option<(Option<[u8; 16]>, Option<String>)> = db
        .query_row("SELECT segment, destination FROM problem WHERE id = ?1", [problem], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((segment, destination)) = about else {
        db.prepare_cached(
            "UPDATE segment SET seen_at = ?2 WHERE seq = ?1 AND nowhere_since IS NOT NULL AND wiped_at IS NOT NULL",
        )?
        .execute(params![problem, at.millis()])?;
        return Ok(());
    };
    db.execute("DELETE FROM problem WHERE id = ?1", [problem])?;
    let Some(segment) = segment.map(SegmentId::from_bytes) else { return Ok(()) };
    if let Some(destination) = destination {
        let destination = DestinationName::new(destination)
            .map_err(|error| LedgerError::Damaged(format!("the name of a destination: {error}")))?;
        db.execute(
            "UPDATE delivery SET state = CASE segment.spool WHEN 'present' THEN 'queued' ELSE 'stranded' END
             FROM segment WHERE delivery.segment = segment.seq AND segment.id = ?1 AND delivery.destination = ?2
                            AND delivery.state = 'problem'",
            params![segment.as_bytes(), destination.as_str()],
        )?;
        need_again(db, segment)?;
        return sum_up(db, at, segment);
    }
    Ok(())
}

/// A copy that was released, but that some destination turns out to need, counts as lost: it is to be pulled again.
fn need_again(db: &Connection, segment: SegmentId) -> Result<(), LedgerError> {
    if planted(PlantedBug::HaveWhatWasReleased) {
        return Ok(());
    }
    db.prepare_cached("UPDATE segment SET spool = 'lost' WHERE id = ?1 AND spool = 'released'")?
        .execute([segment.as_bytes()])?;
    Ok(())
}
