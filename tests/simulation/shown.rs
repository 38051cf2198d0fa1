//! The oracle's judgement on what people are shown (P5): every statement of a snapshot is compared with the world itself.
//!
//! A snapshot tells of a moment ago, and what it tells may have changed since. So a statement is held to be untrue only once
//! it has been so at every look for longer than news take to get round.

use std::collections::BTreeMap;
use std::time::Duration;

use camdock::domain::{BayNotice, BaySnapshot, BayState, DestinationState, SegmentId, Sha256, Snapshot};

use crate::boot::bay_name;
use crate::oracle::{missing_at, short};
use crate::world::{Evidence, World};

/// So long news take to get from the world to whoever looks at the station.
const NEWS_TAKE: Duration = Duration::from_secs(20);
/// So long a station may take to notice what is in a bay; a look at a camera that does not answer takes its time.
const NOTICED_WITHIN: Duration = Duration::from_mins(1);
/// A place that has been away for so long is not well, whoever has or has not asked.
const LOOKED_IN_ON_WITHIN: Duration = Duration::from_mins(6);
/// The world is compared at every so many-eth step: each comparison looks at all of it.
const EVERY: u64 = 8;

/// What was found untrue, by what it is about, and since when it has been.
pub(crate) type Untrue = BTreeMap<String, Duration>;

/// One statement that is not so now, what it is about, and how long that may last.
struct Lie {
    about: String,
    says: String,
    bearable: Duration,
}

impl Lie {
    const fn of(about: String, says: String, bearable: Duration) -> Self {
        Self { about, says, bearable }
    }
}

/// Compares what a station shows with the world.
pub(crate) fn judge(world: &mut World, station: usize) {
    if world.steps.is_multiple_of(EVERY) {
        look(world, station);
    }
}

fn look(world: &mut World, station: usize) {
    let host = &world.hosts[station];
    let Some(shown) = host.snapshot.as_ref().filter(|shown| shown.has_changed().is_ok()) else { return };
    let shown = shown.borrow().clone();
    let mut lies = counts(world, station, &shown);
    lies.extend(shown.bays.iter().enumerate().flat_map(|(bay, said)| about_bay(world, station, bay, said)));
    lies.extend(about_destinations(world, &shown));
    let now = world.elapsed();
    let before = std::mem::take(&mut world.hosts[station].untrue);
    let mut untrue = Untrue::new();
    for Lie { about, says, bearable } in lies {
        let since = before.get(&about).copied().unwrap_or(now);
        if now >= since + bearable {
            world.fail(|| {
                format!("P5: station {station} has shown for {:?} what is not so: {says}", now.saturating_sub(since))
            });
        }
        untrue.insert(about, since);
    }
    world.hosts[station].untrue = untrue;
}

/// What the station says of its queue and its problems, and what `camdock unproven` would say.
fn counts(world: &World, station: usize, shown: &Snapshot) -> Vec<Lie> {
    let host = &world.hosts[station];
    let (known, problems) = {
        let db = host.ledger.lock().expect("the oracle does not panic");
        (known(&db), problems(&db))
    };
    let (mut queued, mut lies) = (0, Vec::new());
    for Known { id, sha256, is_queued, is_listed } in known {
        let Some(lacks) = missing_at(world, &sha256).filter(|_| !is_tampered(world, &sha256)) else { continue };
        if !is_listed {
            let says = format!("{id} is not among what is unproven, but {lacks} does not have it");
            lies.push(Lie::of(format!("unproven {id}"), says, NEWS_TAKE));
        }
        // A copy that is gone and not missed yet is found out by whoever needs it next.
        queued += u64::from(is_queued && host.spool.sealed.contains_key(&id));
    }
    if shown.queue.segments < queued {
        let says = format!("{} segments are queued; there are {queued}", shown.queue.segments);
        lies.push(Lie::of("queue".to_owned(), says, NEWS_TAKE));
    }
    if shown.problems != problems {
        let says = format!("{} problems wait for a person; there are {problems}", shown.problems);
        lies.push(Lie::of("problems".to_owned(), says, NEWS_TAKE));
    }
    lies
}

/// A segment as the ledger has it.
struct Known {
    id: SegmentId,
    sha256: Sha256,
    /// Whether it is here, and camdock brings it to its destinations by itself.
    is_queued: bool,
    /// Whether it is listed as unproven.
    is_listed: bool,
}

fn known(db: &rusqlite::Connection) -> Vec<Known> {
    let mut statement = db
        .prepare_cached(
            "SELECT id, sha256,
                    spool = 'present' AND NOT EXISTS (SELECT 1 FROM problem WHERE problem.segment = segment.id),
                    EXISTS (SELECT 1 FROM unproven_required WHERE unproven_required.segment = seq) FROM segment",
        )
        .expect("SQL");
    let rows = statement.query_map([], |row| {
        Ok(Known {
            id: SegmentId::from_bytes(row.get(0)?),
            sha256: Sha256::from_bytes(row.get(1)?),
            is_queued: row.get(2)?,
            is_listed: row.get(3)?,
        })
    });
    rows.expect("SQL").collect::<Result<_, _>>().expect("SQL")
}

fn problems(db: &rusqlite::Connection) -> u64 {
    let count: i64 = db
        .prepare_cached(
            "SELECT (SELECT count(*) FROM problem)
              + (SELECT count(*) FROM segment WHERE nowhere_since IS NOT NULL AND seen_at IS NULL)",
        )
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .expect("SQL");
    u64::try_from(count).expect("a count")
}

/// Whether a stranger took this content from a destination after it was proven: that is found out when it is asked next.
fn is_tampered(world: &World, sha256: &Sha256) -> bool {
    world.destinations.iter().any(|place| place.tampered.iter().any(|object| object.contains(&short(sha256))))
}

/// What a bay says of the camera in it.
fn about_bay(world: &World, station: usize, bay: usize, said: &BaySnapshot) -> Vec<Lie> {
    let in_it = world
        .cameras
        .iter()
        .find(|camera| camera.docked.is_some_and(|place| place.station == station && place.bay == bay));
    let name = bay_name(bay);
    let mut lies = Vec::new();
    let mut lie = |what: &str, says: String, bearable| {
        lies.push(Lie::of(format!("{what} of bay {name}"), format!("bay {name}: {says}"), bearable));
    };
    match (in_it, &said.camera) {
        (Some(camera), _) if said.state() == BayState::Empty => {
            lie("camera", format!("no camera; it is {}", camera.serial), NOTICED_WITHIN);
        }
        (None, Some(serial)) => lie("camera", format!("camera {serial}; there is none"), NOTICED_WITHIN),
        (Some(camera), Some(serial)) if camera.serial != *serial => {
            lie("camera", format!("camera {serial}; it is {}", camera.serial), NOTICED_WITHIN);
        }
        _ => {}
    }
    if said.notice == BayNotice::Ready && said.segments_wiped == 0 {
        lie("wiped", format!("what was on it is wiped, and nothing was: {said:?}"), Duration::ZERO);
    }
    if said.segments_wiped > said.segments_total || said.bytes_uploaded > said.bytes_total {
        lie("sums", format!("more is done than there was: {said:?}"), Duration::ZERO);
    }
    let Some(camera) = in_it.filter(|camera| said.camera.as_ref() == Some(&camera.serial)) else { return lies };
    let of_it = || {
        let serial = |evidence: &Evidence| world.cameras[evidence.camera].serial == camera.serial;
        world.evidence.iter().enumerate().filter(move |(_, evidence)| serial(evidence))
    };
    let is_gone = |(index, evidence): &(usize, &Evidence)| {
        let file = world.cameras[evidence.camera].files.get(&evidence.path);
        file.is_none_or(|file| file.evidence != *index)
    };
    let gone = of_it().filter(is_gone).count() as u64;
    if said.segments_wiped > gone && !of_it().any(|(_, evidence)| evidence.came_back) {
        lie("wiped", format!("{} segments wiped; {gone} are gone", said.segments_wiped), NEWS_TAKE);
    }
    // Of what a file was earlier, only the hash is known; and one that came back counts each time.
    let steady = |(_, evidence): (usize, &Evidence)| {
        evidence.states.len() == 1 && !evidence.was_damaged && !evidence.was_unsteady && !evidence.came_back
    };
    let there =
        |evidence: &Evidence| missing_at(world, &evidence.sha256).is_none() || is_tampered(world, &evidence.sha256);
    let held: u64 = of_it().filter(|(_, evidence)| there(evidence)).map(|(_, it)| it.content.len() as u64).sum();
    if of_it().all(steady) && said.bytes_uploaded.get() > held {
        lie("uploaded", format!("{} uploaded; {held} bytes are there", said.bytes_uploaded), NEWS_TAKE);
    }
    lies
}

/// What is said of places that have been away for long.
fn about_destinations(world: &World, shown: &Snapshot) -> Vec<Lie> {
    let now = world.elapsed();
    let away = |name: &_| {
        let place = world.destinations.iter().find(|place| place.name == *name)?;
        let (until, _) = place.outage?;
        (now < until && now >= place.out_since + LOOKED_IN_ON_WITHIN).then_some(place.out_since)
    };
    let well = shown.destinations.iter().filter(|said| said.state() == DestinationState::Ok);
    well.filter_map(|said| {
        let since = away(&said.name)?;
        let says = format!("{} is ok; it has been away since {since:?}", said.name);
        Some(Lie::of(format!("state of {}", said.name), says, NEWS_TAKE))
    })
    .collect()
}
