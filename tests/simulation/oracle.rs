//! Says which promise is broken, by looking at the world itself and never at what anybody claims.

use std::collections::BTreeMap;
use std::time::Duration;

use camdock::domain::Need;
use camdock::domain::{
    BayNotice, BaySnapshot, BayState, CameraSerial, DestinationName, ProblemId, SegmentId, Sha256, Snapshot,
};
use rusqlite::Connection;
use serde_json::Value;

use crate::camera::{Camera, Reads, source_path};
use crate::destination::Destination;
use crate::shown;
use crate::world::{Evidence, Host, World};

/// What a station goes by may be so old when it is written down.
const SINCE_ASKED: Duration = Duration::from_secs(20);

/// More steps than any story needs that comes to an end.
const STEPS: u64 = 400_000;

/// Judges the world after a step of `station`.
pub(crate) fn judge(world: &mut World, station: usize) {
    if std::mem::take(&mut world.touched) {
        nothing_is_lost(world);
    }
    the_log_tells_the_truth(world, station);
    shown::judge(world, station);
    if world.steps > STEPS {
        world.fail(|| format!("P3: no end after {STEPS} steps"));
    }
}

/// P1: what a camera recorded is on the camera, or at every required destination.
pub(crate) fn nothing_is_lost(world: &mut World) {
    let lost = world.evidence.iter().enumerate().find_map(|(index, evidence)| {
        let file = world.cameras[evidence.camera].files.get(&evidence.path);
        // What the camera itself removed may be lost; then that must be told, see `what_is_nowhere_is_told`.
        if file.is_some_and(|file| file.evidence == index) || evidence.removed_by_camera.is_some() {
            return None;
        }
        let lacks = missing_at(world, &evidence.sha256)?;
        Some(format!("P1: {} of camera {} is gone from the camera and not at {lacks}", evidence.path, evidence.camera))
    });
    if let Some(lost) = lost {
        world.fail(|| lost);
    }
}

/// A required destination that does not hold this content, or does not keep it as it is asked to.
pub(crate) fn missing_at(world: &World, sha256: &Sha256) -> Option<String> {
    let required = world.destinations.iter().filter(|place| place.need == Need::Required);
    required.filter(|place| !place.keeps(sha256)).map(|place| place.name.to_string()).next()
}

/// What is done over and over, with all the faults of a story, is written down less often than this.
const SO_OFTEN: i64 = 40;

/// Each new entry of a station's custody log is true when it is committed.
fn the_log_tells_the_truth(world: &mut World, station: usize) {
    let machine = &world.hosts[station];
    let ledger = std::sync::Arc::clone(&machine.ledger);
    let db = ledger.lock().expect("the oracle does not panic");
    let changes = db.total_changes();
    if machine.changes_seen == changes {
        return;
    }
    if let Some(untold) = nowhere_and_untold(&db) {
        drop(db);
        world.fail(|| format!("P5: segment {untold} is nowhere, and that is no problem"));
        return;
    }
    let entries = new_entries(&db, machine.log_read);
    world.hosts[station].changes_seen = changes;
    world.hosts[station].log_read += i64::try_from(entries.len()).expect("a log is short");
    for entry in entries {
        world.tell(|| format!("  > {entry}"));
        if written(&db, &entry) > SO_OFTEN {
            world.fail(|| format!("P3: the same is done and written down again and again: {entry}"));
        }
        let entry: Value = serde_json::from_str(&entry).expect("the log is JSON");
        if let Err(lie) = check_entry(world, station, &db, &entry) {
            world.fail(|| format!("the custody log is wrong: {lie}: {entry}"));
        }
    }
}

/// A segment without a copy here that a required destination lacks, or that no destination has proven, and that is not told of.
fn nowhere_and_untold(db: &Connection) -> Option<SegmentId> {
    db.prepare_cached(
        "SELECT id FROM segment WHERE spool <> 'present' AND nowhere_since IS NULL
             AND (EXISTS (SELECT 1 FROM unproven_required WHERE unproven_required.segment = seq)
                  OR NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.segment = seq AND state = 'proven')) LIMIT 1",
    )
    .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
    .ok()
    .map(SegmentId::from_bytes)
}

/// P5, once everything has come to rest: evidence that some station took, and that is neither on its camera nor in a spool nor where
/// it must be, is shown as a problem somewhere, or a person said to have seen it.
pub(crate) fn what_is_nowhere_is_told(world: &mut World) {
    let untold = world.evidence.iter().enumerate().find_map(|(index, evidence)| {
        let camera = &world.cameras[evidence.camera];
        let there = camera.files.get(&evidence.path).is_some_and(|file| file.evidence == index);
        // What a stranger took from a destination after it was proven is found out when it is asked next.
        let tampered =
            |place: &Destination| place.tampered.iter().any(|object| object.contains(&short(&evidence.sha256)));
        if there || missing_at(world, &evidence.sha256).is_none() || world.destinations.iter().any(tampered) {
            return None;
        }
        let id = SegmentId::of(&camera.serial, &source_path(&evidence.path), &evidence.sha256);
        let kept = |host: &Host| {
            host.spool.sealed.get(&id).is_some_and(|copy| !copy.sick && Sha256::of(&copy.content) == evidence.sha256)
        };
        if world.hosts.iter().any(kept) {
            return None;
        }
        let known: Vec<bool> = world.hosts.iter().filter_map(|host| is_told(host, id)).collect();
        (!known.is_empty() && !known.contains(&true))
            .then(|| format!("{} of camera {}", evidence.path, evidence.camera))
    });
    if let Some(untold) = untold {
        world.fail(|| format!("P5: {untold} is nowhere, and nobody is told"));
    }
}

/// Whether a station tells that a segment is nowhere, or keeps its copy until a person has looked; nothing, if it never had it.
fn is_told(host: &Host, segment: SegmentId) -> Option<bool> {
    let db = host.ledger.lock().expect("the oracle does not panic");
    db.prepare_cached(
        "SELECT nowhere_since IS NOT NULL
             OR spool = 'present' AND EXISTS (SELECT 1 FROM problem WHERE problem.segment = segment.id)
         FROM segment WHERE id = ?1",
    )
    .and_then(|mut statement| statement.query_row([segment.as_bytes()], |row| row.get(0)))
    .ok()
}

/// The whole custody log.
pub(crate) fn log(db: &Connection) -> Vec<String> {
    new_entries(db, 0)
}

/// How often an entry stands in the log, word for word.
fn written(db: &Connection, entry: &str) -> i64 {
    db.prepare_cached("SELECT count(*) FROM custody_log WHERE entry = ?1")
        .and_then(|mut statement| statement.query_row([entry], |row| row.get(0)))
        .expect("SQL")
}

fn new_entries(db: &Connection, after: i64) -> Vec<String> {
    let mut statement = db.prepare_cached("SELECT entry FROM custody_log WHERE seq > ?1 ORDER BY seq").expect("SQL");
    let rows = statement.query_map([after], |row| row.get(0)).expect("SQL");
    rows.collect::<Result<_, _>>().expect("SQL")
}

fn check_entry(world: &World, station: usize, db: &Connection, entry: &Value) -> Result<(), String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match text(&entry["step"]).as_str() {
        "segment-spooled" => segment_spooled(world, station, &entry["segment"]),
        "copy-proven" => {
            let sha256 = content_of(db, &entry["segment"])?;
            let name = text(&entry["destination"]);
            let place = world.destinations.iter().find(|place| place.name.as_str() == name).ok_or("no such place")?;
            let about = |(reader, object): &(usize, String)| *reader == station && object.contains(&short(&sha256));
            let mut looks =
                place.read_back.iter().filter(|(read, _)| about(read)).map(|(_, looked)| *looked).peekable();
            if entry["method"] == "read-back" && looks.peek().is_some() && !looks.any(|looked| looked) {
                return Err("nobody looked at it after it was read back".to_owned());
            }
            let excused = place.tampered.iter().any(|object| object.contains(&short(&sha256)));
            if excused || place.holds(&sha256) { Ok(()) } else { Err("it is not there".to_owned()) }
        }
        "segment-wiped" => {
            let id = text(&entry["segment"]);
            let mut same = world.evidence.iter().enumerate().filter(|(_, evidence)| {
                let serial = &world.cameras[evidence.camera].serial;
                SegmentId::of(serial, &source_path(&evidence.path), &evidence.sha256).to_string() == id
            });
            let there = |(index, evidence): (usize, &Evidence)| {
                let file = world.cameras[evidence.camera].files.get(&evidence.path);
                file.is_some_and(|file| file.evidence == index) && !evidence.came_back
            };
            // Two cameras with one serial may have the same; then it is one of them that still has it.
            if same.clone().count() > 0 && same.all(there) { Err("the camera still has it".to_owned()) } else { Ok(()) }
        }
        "original-gone" => {
            let id = text(&entry["segment"]);
            let gone = |(index, evidence): &(usize, &Evidence)| {
                let serial = &world.cameras[evidence.camera].serial;
                let file = world.cameras[evidence.camera].files.get(&evidence.path);
                SegmentId::of(serial, &source_path(&evidence.path), &evidence.sha256).to_string() == id
                    && file.is_some_and(|file| file.evidence == *index)
                    && !evidence.came_back
            };
            // Of two cameras with one serial, one may never have had it.
            let twins = world
                .cameras
                .iter()
                .enumerate()
                .any(|(index, camera)| world.cameras[..index].iter().any(|other| other.serial == camera.serial));
            if !twins && world.evidence.iter().enumerate().any(|evidence| gone(&evidence)) {
                return Err("the camera still has it".to_owned());
            }
            Ok(())
        }
        "docking-ended" => docking_ended(world, db, &text(&entry["docking"]), &text(&entry["outcome"])),
        "spool-copy-released" => {
            let sha256 = content_of(db, &entry["segment"])?;
            missing_at(world, &sha256).map_or(Ok(()), |lacks| Err(format!("{lacks} does not have it")))
        }
        "problem-found" => problem_found(world, db, entry),
        _ => Ok(()),
    }
}

/// What is said to be wrong at a destination is so.
fn problem_found(world: &World, db: &Connection, entry: &Value) -> Result<(), String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match text(&entry["reason"]["why"]).as_str() {
        "undelivered" => {
            let name = text(&entry["destination"]);
            let place = world.destinations.iter().find(|place| place.name.as_str() == name).ok_or("no such place")?;
            let now = world.elapsed();
            // It may have gone down since it was asked.
            let long = now.saturating_sub(place.out_since) > SINCE_ASKED;
            let down = place.outage.is_some_and(|(until, _)| now < until) && long;
            if down { Err("blamed on the segment, while the place is down".to_owned()) } else { Ok(()) }
        }
        "other-content" => {
            let sha256 = content_of(db, &entry["segment"])?;
            let name = text(&entry["destination"]);
            let place = world.destinations.iter().find(|place| place.name.as_str() == name).ok_or("no such place")?;
            let tampered = place.tampered.iter().any(|object| object.contains(&short(&sha256)));
            if tampered { Ok(()) } else { Err("there is no other content".to_owned()) }
        }
        "not-deleted" => {
            let (serial, path) = (text(&entry["camera"]), text(&entry["path"]));
            let has_it = |camera: &Camera| {
                camera.serial.as_str() == serial
                    && camera.files.keys().any(|name| source_path(name).to_string() == path)
            };
            // It may have gone since it was listed.
            let went = |it: &Evidence| {
                let lately = |at: Duration| world.elapsed().saturating_sub(at) < SINCE_ASKED;
                world.cameras[it.camera].serial.as_str() == serial
                    && source_path(&it.path).to_string() == path
                    && it.removed_by_camera.is_some_and(lately)
            };
            let is_so = world.cameras.iter().any(has_it) || world.evidence.iter().any(went);
            if is_so { Ok(()) } else { Err("it is not on the camera any more".to_owned()) }
        }
        "unsteady" => {
            // A file that only changed now and then is not a medium that fails.
            let (serial, path) = (text(&entry["camera"]), text(&entry["path"]));
            let reads_differently =
                |evidence: &Evidence| evidence.was_unsteady || evidence.was_damaged || evidence.states.len() > 3;
            let about = |it: &&Evidence| {
                world.cameras[it.camera].serial.as_str() == serial && source_path(&it.path).to_string() == path
            };
            if world.evidence.iter().filter(about).any(reads_differently) {
                Ok(())
            } else {
                Err("it never read differently each time".to_owned())
            }
        }
        _ => Ok(()),
    }
}

/// What is told of a camera that left is what its last listings showed. The station may not have heard of the very last one.
fn docking_ended(world: &World, db: &Connection, docking: &str, outcome: &str) -> Result<(), String> {
    let Some(shown) = world.shown.get(docking) else { return Ok(()) };
    let lists = [shown.before, shown.last];
    let waits: bool = db
        .query_row(
            "SELECT EXISTS (SELECT 1 FROM segment WHERE camera = docking.camera AND seen_at IS NULL
                                                   AND (unproven > 0 OR nowhere_since IS NOT NULL))
                 OR EXISTS (SELECT 1 FROM problem WHERE camera = docking.camera) FROM docking WHERE id = ?1",
            [docking],
            |row| row.get(0),
        )
        .map_err(|error| error.to_string())?;
    match outcome {
        "completed" if !lists.contains(&Some(0)) => Err("something was left on the camera".to_owned()),
        "taken-early" if lists == [Some(0), Some(0)] && !waits => Err("nothing was left to do".to_owned()),
        _ => Ok(()),
    }
}

/// So long a station may take to say that a camera holds something again.
const TAKES_BACK: Duration = Duration::from_secs(8);

/// P5: no bay calls a camera ready that has long been seen to hold something. Asked whenever the camera is listed.
pub(crate) fn a_ready_camera_is_bare(
    world: &mut World,
    station: usize,
    serial: &CameraSerial,
    docking: &str,
    entries: usize,
) {
    let now = world.elapsed();
    let shown = world.shown.entry(docking.to_owned()).or_default();
    shown.before = shown.last.replace(entries);
    shown.full_since = if entries == 0 { None } else { shown.full_since.or(Some(now)) };
    let long = shown.full_since.is_some_and(|since| now >= since + TAKES_BACK);
    if !long || !world.chaos.is_over(now.saturating_sub(TAKES_BACK)) {
        return;
    }
    let ready = |snapshot: &Snapshot| {
        snapshot.bays.iter().any(|bay| bay.camera.as_ref() == Some(serial) && bay.state() == BayState::Ready)
    };
    if world.hosts[station].snapshot.as_ref().is_some_and(|snapshot| ready(&snapshot.borrow())) {
        world.fail(|| format!("P5: camera {serial} is called ready, and has held {entries} entries for long"));
    }
}

fn segment_spooled(world: &World, station: usize, segment: &Value) -> Result<(), String> {
    let text = |key: &str| segment[key].as_str().unwrap_or_default().to_owned();
    let id = SegmentId::parse(&text("id")).map_err(|error| error.to_string())?;
    let sha256 = Sha256::parse(&text("sha256")).ok_or("no digest")?;
    let spool = &world.hosts[station].spool;
    match spool.sealed.get(&id) {
        _ if spool.vanished.contains(&id) => {}
        None => return Err("the spool has no such copy".to_owned()),
        // Before its name is durable, a power cut brings back the copy that it replaced.
        Some(copy) if !copy.is_durable() && !copy.replaced.as_ref().is_some_and(|before| before.is_durable()) => {
            return Err("the copy is not durable".to_owned());
        }
        Some(copy) if !copy.rotten && Sha256::of(&copy.content) != sha256 => {
            return Err("the copy is not what was read".to_owned());
        }
        Some(_) => {}
    }
    let recorded = world.evidence.iter().any(|evidence| {
        world.cameras[evidence.camera].serial.as_str() == text("camera")
            && evidence.path == text("path")
            && (evidence.states.contains(&sha256)
                || evidence.was_unsteady
                || evidence.was_damaged && segment["damaged"] == Value::Bool(true))
    });
    if recorded { Ok(()) } else { Err("no camera ever held this".to_owned()) }
}

fn content_of(db: &Connection, segment: &Value) -> Result<Sha256, String> {
    let id = SegmentId::parse(segment.as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
    let sha256 = db
        .prepare_cached("SELECT sha256 FROM segment WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id.as_bytes()], |row| row.get(0)));
    sha256.map(Sha256::from_bytes).map_err(|error| format!("unknown segment: {error}"))
}

pub(crate) fn short(sha256: &Sha256) -> String {
    sha256.to_string()[..16].to_owned()
}

/// A spool copy that the ledger knows goes only with a tombstone, and only if every required destination has its content.
pub(crate) fn judge_removal(world: &mut World, station: usize, segment: SegmentId) {
    let ledger = std::sync::Arc::clone(&world.hosts[station].ledger);
    let db = ledger.lock().expect("the oracle does not panic");
    let tombstone: bool = db
        .prepare_cached(
            "SELECT NOT EXISTS (SELECT 1 FROM custody_log WHERE entry LIKE '%segment-spooled%' || ?1 || '%')
                 OR EXISTS (SELECT 1 FROM custody_log WHERE entry LIKE '%spool-copy-released%' || ?1 || '%'
                                                         OR entry LIKE '%spool-copy-lost%' || ?1 || '%')",
        )
        .and_then(|mut statement| statement.query_row([segment.to_string()], |row| row.get(0)))
        .expect("SQL");
    if !tombstone {
        world.fail(|| format!("P1: the spool copy {segment} is removed without a tombstone"));
    }
    let Some(copy) = world.hosts[station].spool.sealed.get(&segment) else { return };
    // A bad copy is no loss.
    let good =
        content_of(&db, &Value::String(segment.to_string())).ok().filter(|sha256| *sha256 == Sha256::of(&copy.content));
    if let Some(lacks) = good.and_then(|sha256| missing_at(world, &sha256)) {
        world.fail(|| format!("P1: the spool copy {segment} is removed, but {lacks} does not have it"));
    }
}

/// Whether a station knows which place a destination is.
pub(crate) fn has_enrolled(host: &Host, destination: &DestinationName) -> bool {
    let db = host.ledger.lock().expect("the oracle does not panic");
    db.query_row("SELECT EXISTS (SELECT 1 FROM enrolment WHERE destination = ?1)", [destination.as_str()], |row| {
        row.get(0)
    })
    .expect("SQL")
}

/// What a station's ledger says in sums.
#[derive(Debug)]
pub(crate) struct Books {
    /// Segments that required destinations wait for.
    pub queued: i64,
    /// Cameras and paths of what needs a person, and where, if at a destination.
    pub problems: Vec<(ProblemId, String, String, Option<String>)>,
    /// Which of the problems say that a camera writes a file anew.
    pub recreated: Vec<ProblemId>,
    /// Cameras and paths of what is said to be unreadable.
    pub unreadable: Vec<(String, String)>,
    /// Cameras of evidence that is nowhere.
    pub nowhere: Vec<(ProblemId, String)>,
}

pub(crate) fn all_books(world: &World) -> Vec<Books> {
    (0..world.hosts.len()).map(|station| books(world, station)).collect()
}

pub(crate) fn books(world: &World, station: usize) -> Books {
    let db = world.hosts[station].ledger.lock().expect("the oracle does not panic");
    let queued = db.query_row("SELECT segments FROM tally", [], |row| row.get(0)).expect("SQL");
    let mut statement = db
        .prepare_cached("SELECT id, coalesce(camera, ''), CAST(path AS TEXT), destination FROM problem ORDER BY id")
        .expect("SQL");
    let rows = statement.query_map([], |row| Ok((ProblemId(row.get(0)?), row.get(1)?, row.get(2)?, row.get(3)?)));
    let problems = rows.expect("SQL").collect::<Result<_, _>>().expect("SQL");
    let mut statement = db
        .prepare_cached(
            "SELECT seq, camera FROM segment WHERE nowhere_since IS NOT NULL AND seen_at IS NULL ORDER BY seq",
        )
        .expect("SQL");
    let rows = statement.query_map([], |row| Ok((ProblemId(row.get(0)?), row.get(1)?)));
    let nowhere = rows.expect("SQL").collect::<Result<_, _>>().expect("SQL");
    let mut statement = db
        .prepare_cached("SELECT camera, CAST(path AS TEXT) FROM problem WHERE kind ->> 'why' = 'unreadable'")
        .expect("SQL");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let unreadable = rows.expect("SQL").collect::<Result<_, _>>().expect("SQL");
    let mut statement = db.prepare_cached("SELECT id FROM problem WHERE kind ->> 'why' = 'recreated'").expect("SQL");
    let rows = statement.query_map([], |row| row.get(0).map(ProblemId));
    let recreated = rows.expect("SQL").collect::<Result<_, _>>().expect("SQL");
    Books { queued, problems, recreated, unreadable, nowhere }
}

/// Whether a camera made a file of this path anew.
pub(crate) fn is_made_anew(world: &World, path: &str) -> bool {
    world.cameras.iter().any(|camera| camera.makes_anew.contains_key(path))
}

/// Whether a camera of this serial recorded more than one file under this name: to a station that is the same.
pub(crate) fn is_a_name_again(world: &World, serial: &str, path: &str) -> bool {
    let of_it =
        |evidence: &&Evidence| evidence.path == path && world.cameras[evidence.camera].serial.as_str() == serial;
    world.evidence.iter().filter(of_it).count() > 1
}

/// What is still to be done, once nothing goes wrong any more; nothing if the story has ended well.
pub(crate) fn unfinished(world: &World) -> Option<String> {
    let books = all_books(world);
    if let Some(station) = books.iter().position(|books| books.queued > 0) {
        return Some(format!("station {station} has {} segments in its queue", books[station].queued));
    }
    if let Some(camera) = world.cameras.iter().position(|camera| !camera.to_make.is_empty()) {
        return Some(format!("camera {camera} is about to make a file anew"));
    }
    (0..world.cameras.len()).find_map(|camera| unfinished_camera(world, camera, &books))
}

/// What is still to be done about one camera: everything on it must wait for a person where it is docked.
pub(crate) fn unfinished_camera(world: &World, index: usize, books: &[Books]) -> Option<String> {
    let camera = &world.cameras[index];
    let books = match camera.docked {
        Some(place) => &books[place.station],
        // It was finished then; its problems follow it when it is docked again.
        None if camera.set_aside => return None,
        None => return Some(format!("camera {index} is in no bay")),
    };
    let required = |name: &String| {
        let place = world.destinations.iter().find(|place| place.name.as_str() == name);
        place.is_some_and(|place| place.need == Need::Required)
    };
    // What can be read again needs nobody.
    let can_be_read = |path: &str| {
        let said = (camera.serial.as_str().to_owned(), path.to_owned());
        books.unreadable.contains(&said)
            && world.elapsed() >= camera.dead_until
            && camera.files.get(path).is_some_and(|file| file.reads == Reads::Wholly)
    };
    let waits = |path: &str| {
        !can_be_read(path)
            && books.problems.iter().any(|(_, serial, about, destination)| {
                serial == camera.serial.as_str() && about == path && destination.as_ref().is_none_or(required)
            })
    };
    let poisoned = |path: &str| {
        let mut poisons = world.destinations.iter().filter_map(|place| place.poison.as_ref());
        // A twin's file of the same content is the same object.
        poisons.any(|poison| world.cameras[poison.camera].serial == camera.serial && poison.path == path)
    };
    if camera.docked.is_some_and(|place| waits_for_room(&world.hosts[place.station], &camera.serial)) {
        return None;
    }
    let path = camera.files.keys().find(|path| !waits(path) && !poisoned(path))?;
    Some(format!("{path} is still on camera {index} at {:?}, and waits for nobody", camera.docked))
}

/// Whether a camera's bay says that what waits for a person leaves no room for the rest of the camera.
fn waits_for_room(host: &Host, camera: &CameraSerial) -> bool {
    let says =
        |bay: &BaySnapshot| bay.camera.as_ref() == Some(camera) && matches!(bay.notice, BayNotice::SpoolStuck { .. });
    host.snapshot.as_ref().is_some_and(|shown| shown.borrow().bays.iter().any(says))
}

/// Everything that follows from the log, as text.
pub(crate) fn projections(db: &Connection) -> BTreeMap<&'static str, Vec<String>> {
    [
        "destination",
        "docking",
        "segment",
        "delivery",
        "problem",
        "enrolment",
        "tally",
        "counted",
        "camera_tally",
        "queue_head",
    ]
    .into_iter()
    .map(|table| {
        let mut statement = db.prepare(&format!("SELECT * FROM {table}")).expect("SQL");
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            (0..columns).map(|column| row.get::<_, rusqlite::types::Value>(column)).collect::<Result<Vec<_>, _>>()
        });
        let mut rows: Vec<String> = rows.expect("SQL").map(|row| format!("{:?}", row.expect("SQL"))).collect();
        rows.sort();
        (table, rows)
    })
    .collect()
}
