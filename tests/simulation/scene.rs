//! The scene of a story: its cameras, destinations and stations, and who is docked where.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use camdock::cloud::Enrolment;
use camdock::domain::{
    CameraSerial, DestinationName, Enforcement, HoldRule, Moment, Need, ObjectName, PlaceId, ProofPolicy,
    ProtectionPolicy, RetentionPolicy, Sha256,
};
use camdock::ledger::Ledger;

use crate::camera::{Camera, File, Place, source_path};
use crate::chaos::Fault;
use crate::destination::{Destination, Knows};
use crate::mishaps::rewrite;
use crate::oracle;
use crate::shown::Untrue;
use crate::spool::Spool;
use crate::world::{Evidence, Host, World};

/// A spool of so many bytes has room for each file, however often it grows, and for few at a time.
const SCARCE: u64 = 700;

/// What stays the same through a story.
#[derive(Clone)]
pub(crate) struct Traits {
    /// How many bays each station has.
    pub bays: Vec<usize>,
    pub concurrency: usize,
    pub keep_after_wipe: Duration,
}

pub(crate) fn build(world: &mut World) -> Traits {
    world.chunk_size = [16, 32, 64][world.rng.usize(0..3)];
    let cameras = world.rng.usize(1..=3);
    let twins = cameras > 1 && world.rng.u32(0..4) == 0;
    for index in 0..cameras {
        let serial = if twins { 0 } else { index };
        let serial = CameraSerial::new(format!("cam{serial}")).expect("a serial");
        let quiet = Duration::from_secs([0, 10, 30][world.rng.usize(0..3)]);
        let leases = world.rng.bool();
        world.cameras.push(Camera::new(serial, quiet, leases));
        for _ in 0..world.rng.usize(0..=4) {
            new_file(world, index);
        }
        if world.rng.u32(0..20) == 0 {
            world.cameras[index].links.push("DCIM/link".to_owned());
        }
    }
    for index in 0..world.rng.usize(1..=2) {
        let name = DestinationName::new(["primary", "second"][index]).expect("a name");
        let need = if index == 0 || world.rng.bool() { Need::Required } else { Need::Optional };
        let policy = if world.rng.bool() { ProofPolicy::Attested } else { ProofPolicy::ReadBack };
        let knows = [Knows::Chunks, Knows::Chunks, Knows::Sha256, Knows::Nothing][world.rng.usize(0..4)];
        // A folder that a person has enrolled, or a container that the first station to meet it enrols.
        let (enrolment, id) = if world.rng.bool() {
            (Enrolment::ByPerson, Some(PlaceId::parse(&format!("{index:032x}")).expect("a place")))
        } else {
            (Enrolment::AtFirstContact, None)
        };
        let mut destination = Destination::new(name, need, policy, knows, enrolment, id);
        destination.protection = protection(&mut world.rng);
        world.destinations.push(destination);
    }
    if world.rng.u32(0..4) == 0 {
        plant_stranger(world);
    }
    let stations = world.rng.usize(1..=2);
    let mut bays: Vec<usize> = (0..stations).map(|_| world.rng.usize(1..=3)).collect();
    bays[0] = bays[0].max(cameras.saturating_sub(bays.iter().skip(1).sum()));
    for _ in 0..stations {
        let capacity = [1_000, 2_000, 100_000][world.rng.usize(0..3)];
        let ledger = Arc::new(Mutex::new(Ledger::in_memory().expect("a ledger")));
        world.hosts.push(Host {
            life: 0,
            crash: None,
            spool: Spool::new(capacity),
            ledger,
            log_read: 0,
            changes_seen: 0,
            snapshot: None,
            untrue: Untrue::new(),
        });
    }
    let traits = Traits {
        bays,
        concurrency: world.rng.usize(1..=4),
        keep_after_wipe: Duration::from_secs([0, 30, 3_600][world.rng.usize(0..3)]),
    };
    if world.rng.u32(0..6) == 0 { make_room_scarce(world, traits) } else { traits }
}

/// What a destination is asked to keep from deletion: mostly nothing.
fn protection(rng: &mut fastrand::Rng) -> ProtectionPolicy {
    let length = Duration::from_hours(31 * 24);
    let retention = RetentionPolicy { length, enforcement: Enforcement::Locked };
    match rng.u32(0..6) {
        0 => ProtectionPolicy { retention: Some(retention), legal_hold: Vec::new() },
        1 => ProtectionPolicy { retention: None, legal_hold: vec![HoldRule::Everything] },
        2 => ProtectionPolicy { retention: Some(retention), legal_hold: vec![HoldRule::Everything] },
        _ => ProtectionPolicy::default(),
    }
}

/// The cameras hold more than the spools, and some can only be read for now: copies go to make room while their originals stay,
/// and what happens to them then happens often.
fn make_room_scarce(world: &mut World, traits: Traits) -> Traits {
    let until = world.chaos.until();
    for index in 0..world.cameras.len() {
        for _ in 0..8 {
            new_file(world, index);
        }
        if world.rng.bool() {
            world.cameras[index].read_only_until = until;
        }
    }
    for host in &mut world.hosts {
        host.spool = Spool::new(SCARCE);
    }
    for fault in [Fault::LostAtRelease, Fault::Poison] {
        world.chaos.favour(fault);
    }
    Traits { keep_after_wipe: Duration::from_hours(24), ..traits }
}

/// Somewhere between a few bytes and a few chunks; cameras have sizes and times in common.
pub(crate) fn new_file(world: &mut World, camera: usize) {
    let path = format!("DCIM/{:04}.MP4", world.rng.u32(0..6));
    new_file_at(world, camera, path);
}

pub(crate) fn new_file_at(world: &mut World, camera: usize, path: String) {
    if world.cameras[camera].files.contains_key(&path) {
        return;
    }
    let length = [0, 1, 16, 40, 64, 100, 128, 250][world.rng.usize(0..8)];
    let content = content(&mut world.rng, length);
    let modified = Moment::from_millis(1_767_200_000_000 + 36_000_000 * world.rng.i64(0..3));
    let (stamp, evidence) = (world.fresh(), world.evidence.len());
    let sha256 = Sha256::of(&content);
    world.tell(|| format!("camera {camera} has {path}, {length} bytes, {sha256}"));
    world.evidence.push(Evidence {
        camera,
        path: path.clone(),
        content: content.clone(),
        modified,
        sha256,
        states: vec![sha256],
        was_damaged: false,
        was_unsteady: false,
        removed_by_camera: None,
        came_back: false,
    });
    world.cameras[camera].files.insert(path, File::new(content, modified, stamp, evidence));
}

pub(crate) fn content(rng: &mut fastrand::Rng, length: usize) -> Vec<u8> {
    // Now and then nothing but zeros, which is what unreadable bytes are kept as.
    if rng.u32(0..10) == 0 { vec![0; length] } else { (0..length).map(|_| rng.u8(..)).collect() }
}

/// Somebody has already put an object where one of the files will go: the same content, or another.
pub(crate) fn plant_stranger(world: &mut World) {
    let Some(index) = world.rng.choice(0..world.evidence.len()) else { return };
    let evidence = &world.evidence[index];
    let modified = world.cameras[evidence.camera].files[&evidence.path].modified;
    let serial = &world.cameras[evidence.camera].serial;
    let name = ObjectName::of_segment(serial, &source_path(&evidence.path), modified, &evidence.sha256);
    let mut content = evidence.content.clone();
    if world.rng.bool() {
        content.push(7);
        if world.rng.bool() {
            content.remove(0);
        }
    }
    let (place, version) = (world.rng.usize(0..world.destinations.len()), world.fresh());
    world.tell(|| format!("destination {place} already has {name}, {}", Sha256::of(&content)));
    world.destinations[place].plant(name.to_string(), content, version);
}

pub(crate) fn free_places(world: &World, bays: &[usize]) -> Vec<Place> {
    let all = bays.iter().enumerate().flat_map(|(station, bays)| (0..*bays).map(move |bay| Place { station, bay }));
    all.filter(|place| world.cameras.iter().all(|camera| camera.docked != Some(*place))).collect()
}

/// Puts some camera into some bay.
pub(crate) fn dock_one(world: &mut World, bays: &[usize]) {
    let loose: Vec<usize> = (0..world.cameras.len()).filter(|camera| world.cameras[*camera].docked.is_none()).collect();
    let places = free_places(world, bays);
    if let (Some(camera), Some(place)) = (world.rng.choice(loose), world.rng.choice(places)) {
        world.tell(|| format!("camera {camera} is put into bay {} of station {}", place.bay + 1, place.station));
        if world.goes_wrong(Fault::SwappedContent) {
            rewrite(world, camera, false);
        }
        world.cameras[camera].set_aside = false;
        world.cameras[camera].dock(place);
    }
}

/// A camera that is done with makes way for another with the same serial at the same station.
pub(crate) fn make_way_for_twins(world: &mut World) {
    let books = oracle::all_books(world);
    for index in 0..world.cameras.len() {
        let camera = &world.cameras[index];
        let Some(place) = camera.docked else { continue };
        let twin = world.cameras.iter().enumerate().any(|(other, twin)| {
            other != index
                && twin.serial == camera.serial
                && twin.docked.is_some_and(|other| other.station == place.station)
        });
        if twin && oracle::unfinished_camera(world, index, &books).is_none() {
            world.tell(|| format!("camera {index} is put aside"));
            let mut rng = world.rng.fork();
            world.cameras[index].pulled_out(&mut rng);
            world.cameras[index].set_aside = true;
        }
    }
}

pub(crate) fn dock_all(world: &mut World, bays: &[usize]) {
    while world.cameras.iter().any(|camera| camera.docked.is_none()) {
        dock_one(world, bays);
    }
}
