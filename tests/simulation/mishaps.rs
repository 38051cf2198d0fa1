//! What the world does to cameras, disks and destinations, and how a person mends it.

use std::time::Duration;

use camdock::domain::{Moment, Need, ObjectName, Sha256};
use camdock::ledger::{LEDGER_FILE, Ledger};

use crate::camera::{Deletes, File, Reads, Writer, source_path};
use crate::chaos::Fault;
use crate::destination::{Object, Outage, Poison};
use crate::oracle;
use crate::scene::{new_file, new_file_at};
use crate::world::{Crash, Evidence, World};

/// Strangers delete and change objects, but only what the cameras still have: no camdock could save more.
pub(crate) fn tamper(world: &mut World) {
    for fault in [Fault::LostObject, Fault::AlteredObject] {
        if !world.goes_wrong(fault) {
            continue;
        }
        let objects: Vec<(usize, String)> = world
            .destinations
            .iter()
            .enumerate()
            .flat_map(|(place, destination)| {
                let spare = destination.objects.iter().filter(|(_, object)| is_on_its_camera(world, &object.sha256));
                spare.map(move |(name, _)| (place, name.clone()))
            })
            .collect();
        let Some((place, name)) = world.rng.choice(objects) else { continue };
        world.tell(|| format!("  {name} at {place}"));
        let version = world.fresh();
        let destination = &mut world.destinations[place];
        if fault == Fault::LostObject {
            destination.lose(&name);
        } else {
            let mut content = destination.objects[&name].content.clone();
            content.reverse();
            if content.is_empty() || world.rng.bool() {
                content.push(1);
            } else {
                // Nothing but its version tells.
                content[0] ^= 1;
            }
            destination.plant(name, content, version);
        }
    }
}

pub(crate) fn some_file(world: &mut World) -> Option<(usize, String)> {
    let cameras = world.cameras.iter().enumerate();
    let files = cameras.flat_map(|(index, camera)| camera.files.keys().map(move |path| (index, path.clone())));
    let files: Vec<_> = files.collect();
    world.rng.choice(files)
}

/// Gives a file other content of the same length and time.
pub(crate) fn rewrite(world: &mut World, camera: usize, new_stamp: bool) {
    let paths: Vec<String> = world.cameras[camera].files.keys().cloned().collect();
    let Some(path) = world.rng.choice(paths) else { return };
    change(world, camera, &path, |file, rng| {
        if let Some(at) = rng.choice(0..file.content.len()) {
            for byte in &mut file.content[at..] {
                *byte = rng.u8(..);
            }
        }
    });
    if new_stamp {
        let stamp = world.fresh();
        world.cameras[camera].files.get_mut(&path).expect("it is there").stamp = stamp;
    }
}

/// The camera changes one of its files.
pub(crate) fn change(world: &mut World, camera: usize, path: &str, change: impl FnOnce(&mut File, &mut fastrand::Rng)) {
    let mut rng = world.rng.fork();
    let Some(file) = world.cameras[camera].files.get_mut(path) else { return };
    change(file, &mut rng);
    let evidence = &mut world.evidence[file.evidence];
    evidence.content.clone_from(&file.content);
    evidence.sha256 = Sha256::of(&file.content);
    evidence.states.push(evidence.sha256);
    evidence.was_damaged |= matches!(file.reads, Reads::Partly(..) | Reads::Refused);
    evidence.was_unsteady |= matches!(file.reads, Reads::Unsteadily);
    let (length, sha256) = (file.content.len(), evidence.sha256);
    world.tell(|| format!("camera {camera} changes {path}: now {length} bytes, {sha256}"));
}

pub(crate) fn happen(world: &mut World, event: Fault) {
    world.tell(|| format!("! {event:?}"));
    let fresh = world.fresh();
    match event {
        Fault::Yank => {
            world.yank_one();
        }
        Fault::Outage | Fault::Denial => close(world, event),
        Fault::Poison => poison(world),
        Fault::Elsewhere => lead_elsewhere(world),
        Fault::BitRot | Fault::VanishedCopy | Fault::SickSector => hurt_a_copy(world, event),
        Fault::SelfDeleted => remove_by_itself(world),
        Fault::NewFile => {
            let camera = world.rng.usize(0..world.cameras.len());
            new_file(world, camera);
        }
        Fault::Rewrite => {
            let camera = world.rng.usize(0..world.cameras.len());
            rewrite(world, camera, true);
        }
        Fault::Growth
        | Fault::Touch
        | Fault::Unreadable
        | Fault::PartlyUnreadable
        | Fault::Unsteady
        | Fault::Undeletable => {
            let Some((camera, path)) = some_file(world) else { return };
            change(world, camera, &path, |file, rng| match event {
                Fault::Growth => {
                    let more = rng.usize(1..80);
                    file.content.extend((0..more).map(|_| rng.u8(..)));
                    file.modified = file.modified.plus(Duration::from_secs(1));
                    file.stamp = fresh;
                }
                Fault::Touch => {
                    file.modified = file.modified.plus(Duration::from_secs(rng.u64(1..100_000)));
                    file.stamp = fresh;
                }
                Fault::Unreadable => file.reads = Reads::Refused,
                // Two readings of a file that is very short may be the same by chance, and of an empty one there is none.
                Fault::Unsteady if file.content.len() >= 16 => file.reads = Reads::Unsteadily,
                Fault::Unsteady => {}
                Fault::Undeletable => file.deletes = Deletes::Refused,
                _ => {
                    let from = rng.usize(0..=file.content.len());
                    let to = rng.usize(from..=file.content.len());
                    if from < to {
                        file.reads = Reads::Partly(from, to);
                    }
                }
            });
        }
        Fault::OpenWriter
        | Fault::MakesAnew
        | Fault::ReadOnly
        | Fault::BlindFolder
        | Fault::DeadMedium
        | Fault::DiskFull => {
            begin(world, event);
        }
        _ => {
            let millis = world.rng.i64(-100_000_000..100_000_000);
            world.jump_clock(millis);
        }
    }
}

/// A destination cannot be reached for a while, is busy, or refuses the credential.
fn close(world: &mut World, event: Fault) {
    let now = world.elapsed();
    let until = now + Duration::from_secs(world.rng.u64(1..60));
    let place = world.rng.usize(0..world.destinations.len());
    let outage = match event {
        Fault::Denial => Outage::Denied,
        _ if world.rng.bool() => Outage::Unreachable,
        _ => Outage::Busy(Duration::from_secs(world.rng.u64(1..20))),
    };
    let place = &mut world.destinations[place];
    if place.outage.is_none_or(|(before, _)| before < now) {
        place.out_since = now;
    }
    place.outage = Some((until, outage));
}

/// A destination cannot be reached for so long.
pub(crate) fn go_away(world: &mut World, span: Duration) {
    let now = world.elapsed();
    let place = world.rng.usize(0..world.destinations.len());
    world.tell(|| format!("destination {place} goes away for {span:?}"));
    world.destinations[place].out_since = now;
    world.destinations[place].outage = Some((now + span, Outage::Unreachable));
}

/// A destination neither gives nor takes one object from here on, though it is well.
fn poison(world: &mut World) {
    let place = world.rng.usize(0..world.destinations.len());
    // It may be there already, with a copy here that can only go once the place has answered for its own.
    let stored = world.rng.bool().then(|| some_stored(world, place)).flatten();
    let Some((camera, path, modified, sha256)) = stored.or_else(|| {
        let (camera, path) = some_file(world)?;
        let file = &world.cameras[camera].files[&path];
        Some((camera, path, file.modified, Sha256::of(&file.content)))
    }) else {
        return;
    };
    let object = ObjectName::of_segment(&world.cameras[camera].serial, &source_path(&path), modified, &sha256);
    let poison = Poison { object: object.to_string(), camera, path };
    world.tell(|| format!("  {poison:?}"));
    world.destinations[place].poison.get_or_insert(poison);
}

/// Evidence of which both some spool and this destination have a copy.
fn some_stored(world: &mut World, place: usize) -> Option<(usize, String, Moment, Sha256)> {
    let spooled = |sha256: &Sha256| {
        let mut copies = world.hosts.iter().flat_map(|host| host.spool.sealed.values());
        copies.any(|copy| Sha256::of(&copy.content) == *sha256)
    };
    let stored = |evidence: &&Evidence| world.destinations[place].holds(&evidence.sha256) && spooled(&evidence.sha256);
    let stored: Vec<_> = world.evidence.iter().filter(stored).collect();
    let Evidence { camera, path, modified, sha256, .. } = world.rng.choice(stored)?;
    Some((*camera, path.clone(), *modified, *sha256))
}

/// A destination's path leads to another place for a while.
fn lead_elsewhere(world: &mut World) {
    let place = world.rng.usize(0..world.destinations.len());
    let until = world.elapsed() + Duration::from_secs(world.rng.u64(1..60));
    // Whoever meets a place for the first time cannot know that it is another one.
    let name = world.destinations[place].name.clone();
    if world.hosts.iter().all(|host| oracle::has_enrolled(host, &name)) {
        let mut rng = world.rng.fork();
        world.destinations[place].lead_elsewhere(until, &mut rng);
    }
}

/// Begins something that goes on for a while.
fn begin(world: &mut World, event: Fault) {
    match event {
        Fault::OpenWriter => {
            let Some((camera, path)) = some_file(world) else { return };
            let docked = &world.cameras[camera];
            let leases = docked.leases;
            // Where no lease protects the file, its writer makes shorter pauses than the quiet time.
            let longest = if leases { 60 } else { docked.quiet.as_secs().saturating_sub(3) };
            if longest < 2 {
                return;
            }
            // Some write all the time, so that they do while the file is read.
            let (pause, left) = if leases && world.rng.bool() {
                (Duration::from_millis(world.rng.u64(5..200)), world.rng.u32(5..60))
            } else {
                (Duration::from_secs(world.rng.u64(1..longest)), world.rng.u32(2..6))
            };
            // And it writes as soon as it has opened the file: nobody could know of it before.
            let next = world.elapsed() + if leases { pause } else { Duration::ZERO };
            let file = world.cameras[camera].files.get_mut(&path).expect("it was found");
            file.writer = Some(Writer { pause, next, left });
        }
        Fault::MakesAnew => {
            let Some((camera, path)) = some_file(world) else { return };
            let times = world.rng.u32(1..7);
            world.cameras[camera].makes_anew.insert(path, times);
        }
        Fault::ReadOnly | Fault::BlindFolder | Fault::DeadMedium => {
            let camera = world.rng.usize(0..world.cameras.len());
            let until = world.elapsed() + Duration::from_secs(world.rng.u64(1..90));
            let camera = &mut world.cameras[camera];
            match event {
                Fault::ReadOnly => camera.read_only_until = until,
                Fault::BlindFolder => camera.blind_until = until,
                _ => camera.dead_until = until,
            }
        }
        _ => {
            let station = world.rng.usize(0..world.hosts.len());
            let until = world.elapsed() + Duration::from_secs(world.rng.u64(1..90));
            world.hosts[station].spool.crowded_until = until;
        }
    }
}

/// The disk damages, loses or can no longer read some spool copy.
fn hurt_a_copy(world: &mut World, event: Fault) {
    let station = world.rng.usize(0..world.hosts.len());
    let mut rng = world.rng.fork();
    let spool = &mut world.hosts[station].spool;
    match event {
        Fault::BitRot => spool.rot(&mut rng),
        Fault::SickSector => spool.sicken(&mut rng),
        _ => spool.vanish(&mut rng),
    }
}

/// A camera removes one of its files, as one that records in a loop does.
fn remove_by_itself(world: &mut World) {
    let Some((camera, path)) = some_file(world) else { return };
    world.tell(|| format!("camera {camera} removes {path} by itself"));
    let file = world.cameras[camera].files.remove(&path).expect("it was listed");
    let now = world.elapsed();
    world.evidence[file.evidence].removed_by_camera = Some(now);
    world.touched = true;
}

/// A station's ledger is damaged, though its log can be read, and the process ends while it is rebuilt, on a real disk. The next
/// start must know everything that was known before, and that it was rebuilt.
pub(crate) fn rebuild_ledger(world: &mut World, station: usize) {
    let (steps, now) = (world.rng.usize(0..=6), world.wall());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(LEDGER_FILE);
    let ledger = std::sync::Arc::clone(&world.hosts[station].ledger);
    let mut db = ledger.lock().expect("no panic");
    let before = oracle::log(&db);
    db.backup("main", &path, None).expect("the ledger can be copied");
    Ledger::set_aside_cut_short(&path, now, steps).expect("nothing fails");
    let rebuilt = Ledger::connect(&path).expect("the next start opens it");
    rebuilt.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).expect("a single file");
    drop(rebuilt);
    db.restore("main", &path, None::<fn(rusqlite::backup::Progress)>).expect("the ledger can be copied back");
    let after = oracle::log(&db);
    drop(db);
    world.hosts[station].changes_seen = 0;
    world.tell(|| format!("the ledger of station {station} is rebuilt, cut short after {steps} steps"));
    let told = after.get(before.len()).is_some_and(|entry| entry.contains("ledger-rebuilt"));
    if !after.starts_with(&before) || !told {
        world.fail(|| format!("P1: the rebuilt ledger has {} of {} entries", after.len(), before.len()));
    }
}

/// What cameras do by themselves as time goes by: open writers write on, and files that were deleted are made anew.
pub(crate) fn go_on(world: &mut World) {
    let now = world.elapsed();
    for camera in 0..world.cameras.len() {
        let due = |writer: &Writer| writer.next <= now;
        let files = world.cameras[camera].files.iter();
        let written: Vec<String> =
            files.filter(|(_, file)| file.writer.as_ref().is_some_and(due)).map(|(path, _)| path.clone()).collect();
        for path in written {
            let fresh = world.fresh();
            change(world, camera, &path, |file, rng| {
                let Some(writer) = &mut file.writer else { return };
                writer.next = now + writer.pause;
                writer.left -= 1;
                if writer.left == 0 {
                    file.writer = None;
                }
                if let Some(at) = rng.choice(0..file.content.len()) {
                    file.content[at..].iter_mut().for_each(|byte| *byte = rng.u8(..));
                }
                file.content.push(rng.u8(..));
                file.modified = file.modified.plus(Duration::from_secs(1));
                file.stamp = fresh;
            });
        }
        let anew = std::mem::take(&mut world.cameras[camera].to_make);
        let (due, later): (Vec<_>, Vec<_>) = anew.into_iter().partition(|(at, ..)| *at <= now);
        world.cameras[camera].to_make = later;
        for (_, path, before) in due {
            if world.rng.bool() {
                bring_back(world, camera, path, before);
            } else {
                new_file_at(world, camera, path);
            }
        }
    }
}

/// A camera has a file again that was deleted from it, as it was.
fn bring_back(world: &mut World, camera: usize, path: String, before: File) {
    let File { content, modified, evidence, .. } = before;
    if world.cameras[camera].files.contains_key(&path) || Sha256::of(&content) != world.evidence[evidence].sha256 {
        return;
    }
    world.tell(|| format!("camera {camera} has {path} again"));
    world.evidence[evidence].came_back = true;
    let stamp = world.fresh();
    world.cameras[camera].files.insert(path, File::new(content, modified, stamp, evidence));
}

/// A person puts footage that was wiped back onto its camera while every station is down, and a stranger deletes it from a
/// destination: no station has a copy of it any more. Whether there was such footage.
pub(crate) fn return_to_sender(world: &mut World) -> bool {
    let is_spooled = |evidence: &Evidence| {
        let mut copies = world.hosts.iter().flat_map(|host| host.spool.sealed.values());
        copies.any(|copy| Sha256::of(&copy.content) == evidence.sha256)
    };
    let returns = |evidence: &Evidence| {
        let camera = &world.cameras[evidence.camera];
        let steady = evidence.states.len() == 1 && !evidence.was_damaged && !evidence.was_unsteady;
        steady
            && evidence.removed_by_camera.is_none()
            && camera.docked.is_some()
            && !camera.files.contains_key(&evidence.path)
            && oracle::missing_at(world, &evidence.sha256).is_none()
            && !is_spooled(evidence)
    };
    let wiped: Vec<usize> = (0..world.evidence.len()).filter(|index| returns(&world.evidence[*index])).collect();
    let Some(evidence) = world.rng.choice(wiped) else { return false };
    for station in 0..world.hosts.len() {
        world.crash(station, Crash::Process);
    }
    let Evidence { camera, ref path, ref content, modified, sha256, .. } = world.evidence[evidence];
    let (path, before) = (path.clone(), File::new(content.clone(), modified, 0, evidence));
    bring_back(world, camera, path, before);
    if is_on_its_camera(world, &sha256) {
        lose_from_somewhere(world, &sha256);
    }
    true
}

/// Whether everything of this content is on its camera.
fn is_on_its_camera(world: &World, sha256: &Sha256) -> bool {
    let mut same = world.evidence.iter().enumerate().filter(|(_, evidence)| evidence.sha256 == *sha256).peekable();
    same.peek().is_some()
        && same.all(|(index, evidence)| {
            let file = world.cameras[evidence.camera].files.get(&evidence.path);
            file.is_some_and(|file| file.evidence == index)
        })
}

/// Every station goes down when one lets go of its copy of what a camera still has, and a stranger deletes that from a
/// destination. Whether that happens.
pub(crate) fn lose_what_is_let_go(world: &mut World, sha256: &Sha256) -> bool {
    if !is_on_its_camera(world, sha256) || !world.goes_wrong(Fault::LostAtRelease) {
        return false;
    }
    for station in 0..world.hosts.len() {
        world.crash(station, Crash::Process);
    }
    lose_from_somewhere(world, sha256);
    true
}

/// A stranger deletes this content from a required destination.
fn lose_from_somewhere(world: &mut World, sha256: &Sha256) {
    let required = |place: &usize| world.destinations[*place].need == Need::Required;
    let required: Vec<usize> = (0..world.destinations.len()).filter(required).collect();
    let Some(place) = world.rng.choice(required) else { return };
    let place = &mut world.destinations[place];
    let same = |(name, object): (&String, &Object)| (object.sha256 == *sha256).then(|| name.clone());
    let names: Vec<_> = place.objects.iter().filter_map(same).collect();
    for name in names {
        place.lose(&name);
    }
}

/// A person sees to every problem. Whether everything was mended.
pub(crate) fn mend(world: &mut World) -> bool {
    let mut wholly = true;
    world.tell(|| "a person mends things".to_owned());
    for camera in &mut world.cameras {
        (camera.read_only_until, camera.blind_until, camera.dead_until) = Default::default();
        for file in camera.files.values_mut() {
            if file.reads == Reads::Wholly && file.deletes == Deletes::Freely {
                continue;
            }
            if world.rng.u32(0..4) > 0 {
                (file.reads, file.deletes) = (Reads::Wholly, Deletes::Freely);
            } else {
                wholly = false;
            }
        }
        if world.rng.bool() {
            camera.links.clear();
        }
        wholly &= camera.links.is_empty();
    }
    for place in &mut world.destinations {
        place.poison = None;
        let wrong: Vec<String> = place
            .objects
            .iter()
            .filter(|(name, object)| !name.contains(&object.sha256.to_string()[..16]))
            .map(|(name, _)| name.clone())
            .collect();
        for name in wrong {
            if world.rng.u32(0..4) > 0 {
                place.lose(&name);
            } else {
                wholly = false;
            }
        }
    }
    wholly
}
