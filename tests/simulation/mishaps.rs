//! What the world does to cameras, disks and destinations, and how a person mends it.

use std::time::Duration;

use camdock::domain::Sha256;
use camdock::ledger::{LEDGER_FILE, Ledger};

use crate::camera::{Deletes, File, Reads};
use crate::chaos::Fault;
use crate::destination::Outage;
use crate::oracle;
use crate::scene::new_file;
use crate::world::World;

/// Strangers delete and change objects, but only what the cameras still have: no camdock could save more.
pub(crate) fn tamper(world: &mut World) {
    for fault in [Fault::LostObject, Fault::AlteredObject] {
        if !world.goes_wrong(fault) {
            continue;
        }
        let still_on_camera = |sha256: &Sha256| {
            let mut same =
                world.evidence.iter().enumerate().filter(|(_, evidence)| evidence.sha256 == *sha256).peekable();
            same.peek().is_some()
                && same.all(|(index, evidence)| {
                    let file = world.cameras[evidence.camera].files.get(&evidence.path);
                    file.is_some_and(|file| file.evidence == index)
                })
        };
        let objects: Vec<(usize, String)> = world
            .destinations
            .iter()
            .enumerate()
            .flat_map(|(place, destination)| {
                let spare = destination.objects.iter().filter(|(_, object)| still_on_camera(&object.sha256));
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
            content.push(1);
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
        Fault::Outage | Fault::Denial => cut_off(world, event),
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
        _ => {
            let millis = world.rng.i64(-100_000_000..100_000_000);
            world.jump_clock(millis);
        }
    }
}

/// A destination cannot be used for a while.
fn cut_off(world: &mut World, event: Fault) {
    let until = world.elapsed() + Duration::from_secs(world.rng.u64(1..60));
    let place = world.rng.usize(0..world.destinations.len());
    let outage = match event {
        Fault::Denial => Outage::Denied,
        _ if world.rng.bool() => Outage::Unreachable,
        _ => Outage::Busy(Duration::from_secs(world.rng.u64(1..20))),
    };
    world.destinations[place].outage = Some((until, outage));
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
    world.evidence[file.evidence].removed_by_camera = true;
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

/// A person sees to every problem. Whether everything was mended.
pub(crate) fn mend(world: &mut World) -> bool {
    let mut wholly = true;
    world.tell(|| "a person mends things".to_owned());
    for camera in &mut world.cameras {
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
