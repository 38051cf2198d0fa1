//! One story, from its seed: builds a world, lets stations live in it, makes things go wrong, and sees to the end.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use camdock::camera::CameraError;
use camdock::custody::ProofPolicy;
use camdock::dock::{BayEvent, Location};
use camdock::domain::{
    BayName, BayState, ByteCount, CameraSerial, DestinationName, Moment, Need, ObjectName, ObjectPrefix, Sha256,
    Snapshot, StationId,
};
use camdock::faults::{PlantedBug, plant};
use camdock::ledger::{Health, Ledger, Pause};
use camdock::station::{Command, Doors, Station, StationError};
use camdock::transfer::{Site, Target};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::camera::{Camera, DockedCamera, File, Place, Reads, source_path};
use crate::chaos::{Chaos, Fault};
use crate::destination::{Destination, Knows, Line, Outage};
use crate::oracle;
use crate::spool::{Spool, StationSpool};
use crate::world::{Crash, Evidence, Life, Machine, WallClock, World, look};

/// A story that is not over so long after the last fault never ends.
const PATIENCE: Duration = Duration::from_secs(3 * 3_600);
/// How often the director looks whether the story is over.
const GLANCE: Duration = Duration::from_secs(2);

/// How a story ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The promise that was broken.
    pub failure: Option<String>,
    /// What happened, if it was asked for.
    pub story: Vec<String>,
    pub steps: u64,
    pub lasted: Duration,
}

/// Plays the story of `seed`, with the production code having `bug` if one is given.
pub(crate) fn play(seed: u64, bug: Option<PlantedBug>, told: bool) -> Ending {
    plant(bug);
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let ending = runtime.expect("a runtime").block_on(async {
        let mut rng = fastrand::Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1));
        let chaos = Chaos::draw_odds(&mut rng);
        let mut world = World::new(rng, chaos, told);
        let traits = build(&mut world);
        Director::new(world, traits).direct().await
    });
    plant(None);
    ending
}

/// What stays the same through a story.
#[derive(Clone)]
struct Traits {
    bays: Vec<usize>,
    concurrency: usize,
    keep_after_wipe: Duration,
}

fn build(world: &mut World) -> Traits {
    world.chunk_size = [16, 32, 64][world.rng.usize(0..3)];
    let cameras = world.rng.usize(1..=3);
    let twins = cameras > 1 && world.rng.u32(0..4) == 0;
    for index in 0..cameras {
        let serial = if twins { 0 } else { index };
        let serial = CameraSerial::new(format!("cam{serial}")).expect("a serial");
        world.cameras.push(Camera::new(serial));
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
        world.destinations.push(Destination::new(name, need, policy, knows));
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
        world.machines.push(Machine { life: 0, crash: None, spool: Spool::new(capacity), ledger, log_read: 0 });
    }
    Traits {
        bays,
        concurrency: world.rng.usize(1..=4),
        keep_after_wipe: Duration::from_secs([0, 30, 3_600][world.rng.usize(0..3)]),
    }
}

/// Somewhere between a few bytes and a few chunks; cameras have sizes and times in common.
fn new_file(world: &mut World, camera: usize) {
    let path = format!("DCIM/{:04}.MP4", world.rng.u32(0..6));
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
        sha256,
        states: vec![sha256],
        was_damaged: false,
    });
    world.cameras[camera].files.insert(path, File { content, modified, stamp, reads: Reads::Wholly, evidence });
}

fn content(rng: &mut fastrand::Rng, length: usize) -> Vec<u8> {
    // Now and then nothing but zeros, which is what unreadable bytes are kept as.
    if rng.u32(0..10) == 0 { vec![0; length] } else { (0..length).map(|_| rng.u8(..)).collect() }
}

/// Somebody has already put an object where one of the files will go: the same content, or another.
fn plant_stranger(world: &mut World) {
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

/// A station that is up, or waits to be started again.
struct Running {
    task: Option<JoinHandle<Result<(), StationError>>>,
    bays: mpsc::Sender<BayEvent>,
    commands: mpsc::Sender<Command>,
    snapshot: watch::Receiver<Snapshot>,
    /// Where each camera is, as far as this life of the station was told.
    told: Vec<Option<(usize, u64)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// Things go wrong.
    Trouble,
    /// Nothing goes wrong any more; what broke stays broken.
    Peace,
    /// A person has mended things and released the holds.
    Mended { wholly: bool },
    /// Only time goes by.
    Afterwards { until: Instant },
}

struct Director {
    world: Arc<Mutex<World>>,
    wake: Arc<Notify>,
    traits: Traits,
    stations: Vec<Option<Running>>,
    boot_at: Vec<Instant>,
    act: Act,
    quiet: u32,
    next_event: Instant,
}

impl Director {
    fn new(world: World, traits: Traits) -> Self {
        let now = Instant::now();
        let stations = world.machines.len();
        Self {
            world: Arc::new(Mutex::new(world)),
            wake: Arc::new(Notify::new()),
            traits,
            stations: (0..stations).map(|_| None).collect(),
            boot_at: vec![now; stations],
            act: Act::Trouble,
            quiet: 0,
            next_event: now,
        }
    }

    async fn direct(mut self) -> Ending {
        let began = Instant::now();
        loop {
            self.bury_the_dead().await;
            self.boot();
            if look(&self.world).failure.is_some() {
                break;
            }
            if self.act == Act::Trouble {
                self.trouble();
            } else if self.peace(began).await {
                break;
            }
            self.announce();
            let next = self.next_event;
            tokio::select! {
                biased;
                () = self.wake.notified() => {}
                () = tokio::time::sleep_until(next) => {}
            }
        }
        for running in self.stations.iter().flatten() {
            running.task.as_ref().inspect(|task| task.abort());
        }
        let mut world = look(&self.world);
        let failure = world.failure.take();
        Ending { failure, story: world.story.take().unwrap_or_default(), steps: world.steps, lasted: began.elapsed() }
    }

    /// Notices stations that crashed, and what their machines lost; a station that gives up by itself is a failure.
    async fn bury_the_dead(&mut self) {
        for station in 0..self.stations.len() {
            let crash = look(&self.world).machines[station].crash.take();
            if let Some(crash) = crash {
                if let Some(task) = self.stations[station].take().and_then(|running| running.task) {
                    task.abort();
                    let _ = task.await;
                }
                self.after(station, crash);
            } else if let Some(running) = &mut self.stations[station]
                && running.task.as_ref().is_some_and(JoinHandle::is_finished)
                && let Some(task) = running.task.take()
            {
                let ended = task.await;
                look(&self.world).fail(|| format!("P3: station {station} gave up: {ended:?}"));
            }
        }
    }

    fn after(&mut self, station: usize, crash: Crash) {
        let world = &mut *look(&self.world);
        let mut rng = world.rng.fork();
        match crash {
            Crash::Process => world.machines[station].spool.after_crash(),
            Crash::Power => {
                world.machines[station].spool.after_power_cut(&mut rng);
                for camera in &mut world.cameras {
                    if camera.docked.is_some_and(|place| place.station == station) {
                        camera.lose_unsynced(&mut rng);
                    }
                }
            }
        }
        self.boot_at[station] = Instant::now() + Duration::from_millis(rng.u64(10..20_000));
        if self.stations.iter().all(Option::is_none) {
            tamper(world);
        }
    }

    fn boot(&mut self) {
        for station in 0..self.stations.len() {
            if self.stations[station].is_some() || Instant::now() < self.boot_at[station] {
                continue;
            }
            let life = {
                let world = &mut *look(&self.world);
                world.machines[station].life += 1;
                world.tell(|| format!("station {station} starts"));
                world.machines[station].life
            };
            let life = Life { world: Arc::clone(&self.world), wake: Arc::clone(&self.wake), station, life };
            self.stations[station] = Some(start(&life, &self.traits));
        }
    }

    /// Tells stations what changed in their bays.
    fn announce(&mut self) {
        let world = look(&self.world);
        for (station, running) in self.stations.iter_mut().enumerate() {
            let Some(running) = running else { continue };
            for (index, camera) in world.cameras.iter().enumerate() {
                let now = camera.docked.filter(|place| place.station == station).map(|place| (place.bay, camera.moves));
                let before = std::mem::replace(&mut running.told[index], now);
                if before == now {
                    continue;
                }
                let location = |moves| Location::Folder {
                    path: PathBuf::from(format!("{index}/{moves}")),
                    serial: camera.serial.clone(),
                };
                if let Some((bay, moves)) = before {
                    let _ = running.bays.try_send(BayEvent::Removed { bay: bay_name(bay), location: location(moves) });
                }
                if let Some((bay, moves)) = now {
                    let _ = running.bays.try_send(BayEvent::Docked { bay: bay_name(bay), location: location(moves) });
                }
            }
        }
    }

    fn trouble(&mut self) {
        let world = &mut *look(&self.world);
        if world.chaos.is_over(world.elapsed()) {
            world.tell(|| "nothing goes wrong any more".to_owned());
            for destination in &mut world.destinations {
                destination.outage = None;
            }
            self.act = Act::Peace;
            self.boot_at.fill(Instant::now());
            self.next_event = Instant::now();
            dock_all(world, &self.traits.bays);
            return;
        }
        if Instant::now() < self.next_event {
            return;
        }
        if let Some(event) = world.rng.bool().then(|| world.chaos.draw_event(&mut world.rng)).flatten() {
            happen(world, event);
            oracle::nothing_is_lost(world);
        }
        if world.rng.u32(0..3) > 0 {
            dock_one(world, &self.traits.bays);
        }
        let share = u64::try_from(world.chaos.until().as_millis() / 10).expect("minutes");
        self.next_event = Instant::now() + Duration::from_millis(world.rng.u64(50..=share));
    }

    /// Waits for the end; true once it has come.
    async fn peace(&mut self, began: Instant) -> bool {
        if Instant::now() < self.next_event {
            return false;
        }
        self.next_event = Instant::now() + GLANCE;
        let unfinished = {
            let mut world = look(&self.world);
            make_way_for_twins(&mut world);
            if self.stations.iter().any(Option::is_none) {
                Some("a station is down".to_owned())
            } else {
                oracle::unfinished(&world)
            }
        };
        if let Some(unfinished) = unfinished {
            self.quiet = 0;
            let late = began.elapsed() > look(&self.world).chaos.until() + PATIENCE;
            if late {
                look(&self.world).fail(|| format!("P3: no end in sight: {unfinished}"));
            }
            return late;
        }
        self.quiet += 1;
        if self.quiet < 3 {
            return false;
        }
        self.quiet = 0;
        match self.act {
            Act::Trouble | Act::Peace => {
                let wholly = {
                    let world = &mut *look(&self.world);
                    let wholly = mend(world);
                    dock_all(world, &self.traits.bays);
                    wholly
                };
                self.release_holds().await;
                self.act = Act::Mended { wholly };
                false
            }
            Act::Mended { wholly } => {
                self.check_the_end(wholly).await;
                let linger = look(&self.world).rng.u32(0..4) == 0;
                self.act = Act::Afterwards { until: Instant::now() + Duration::from_secs(300) };
                !linger
            }
            Act::Afterwards { until } => Instant::now() >= until,
        }
    }

    async fn release_holds(&self) {
        for (station, running) in self.stations.iter().enumerate() {
            let Some(running) = running else { continue };
            let holds = oracle::books(&look(&self.world), station).holds;
            for (hold, ..) in holds {
                look(&self.world).tell(|| format!("a person releases hold {hold} at station {station}"));
                let (reply, answer) = oneshot::channel();
                let _ = running.commands.send(Command::ReleaseHold { hold, reply }).await;
                let _ = answer.await;
            }
        }
    }

    /// After everything was mended nothing may be held; and what follows from the log really follows from it.
    async fn check_the_end(&self, mended_wholly: bool) {
        for (station, running) in self.stations.iter().enumerate() {
            let Some(running) = running else { continue };
            let books = oracle::books(&look(&self.world), station);
            if mended_wholly && !books.holds.is_empty() {
                look(&self.world).fail(|| format!("P3: still held, though all is mended: {:?}", books.holds));
            }
            let world = &mut *look(&self.world);
            for camera in &world.cameras {
                let bay = camera.docked.filter(|place| place.station == station).map(|place| bay_name(place.bay));
                let clean = camera.files.is_empty() && camera.links.is_empty();
                let held = books.holds.iter().any(|(_, serial, ..)| serial == camera.serial.as_str());
                let shown =
                    running.snapshot.borrow().bays.iter().find(|shown| Some(&shown.name) == bay.as_ref()).cloned();
                if let Some(shown) = shown
                    && clean
                    && !held
                    && shown.state != BayState::Ready
                {
                    world.failure.get_or_insert(format!("P3: an empty camera, but the bay says {shown:?}"));
                }
            }
            if world.rng.u32(0..4) > 0 {
                continue;
            }
            let ledger = Arc::clone(&world.machines[station].ledger);
            let live = oracle::projections(&ledger.lock().expect("no panic"));
            let rebuilder = Ledger::inline(Arc::clone(&ledger), Arc::new(|| Box::pin(async {})));
            let rebuilt = futures::FutureExt::now_or_never(rebuilder.rebuild());
            let after = oracle::projections(&ledger.lock().expect("no panic"));
            if !matches!(rebuilt, Some(Ok(()))) || live != after {
                world.fail(|| format!("the log does not tell everything: {rebuilt:?}\n{live:#?}\n{after:#?}"));
            }
        }
    }
}

fn bay_name(bay: usize) -> BayName {
    BayName::new((bay + 1).to_string()).expect("a number is a name")
}

/// Starts a station on its machine.
fn start(life: &Life, traits: &Traits) -> Running {
    let (targets, ledger, chunk_size, cameras) = {
        let world = look(&life.world);
        let targets = world.destinations.iter().enumerate().map(|(place, destination)| Target {
            destination: Arc::new(Line { life: life.clone(), name: destination.name.clone(), place }),
            prefix: ObjectPrefix::default(),
            policy: destination.policy,
            need: destination.need,
        });
        let ledger = Arc::clone(&world.machines[life.station].ledger);
        (targets.collect(), ledger, ByteCount::new(world.chunk_size), world.cameras.len())
    };
    let (pausing, opening, examining) = (life.clone(), life.clone(), life.clone());
    let pause: Pause = Arc::new(move || {
        let life = pausing.clone();
        Box::pin(async move { life.step(String::new, |_| ()).await })
    });
    let site = Site {
        station: StationId::new(format!("station-{}", life.station)).expect("a name"),
        spool: Arc::new(StationSpool(life.clone())),
        ledger: Ledger::inline(ledger, pause),
        clock: Arc::new(WallClock(Arc::clone(&life.world))),
        targets: Arc::new(targets),
        chunk_size,
    };
    let station = Station {
        site,
        bays: (0..traits.bays[life.station]).map(bay_name).collect(),
        open_camera: Arc::new(move |location| Box::pin(open(opening.clone(), location))),
        examine: Arc::new(move || {
            let life = examining.clone();
            Box::pin(async move {
                life.step(|| "examine the ledger".to_owned(), |_| ()).await;
                Ok(Health::Sound)
            })
        }),
        concurrency: traits.concurrency,
        keep_after_wipe: traits.keep_after_wipe,
    };
    let (bays, bay_events) = mpsc::channel(256);
    let (commands, command_inbox) = mpsc::channel(8);
    let (shown, snapshot) = watch::channel(station.first_snapshot());
    let doors = Doors { bays: bay_events, commands: command_inbox, snapshot: shown };
    let task = Some(tokio::spawn(station.run(doors)));
    Running { task, bays, commands, snapshot, told: vec![None; cameras] }
}

async fn open(life: Life, location: Location) -> Result<Arc<dyn camdock::camera::Camera>, CameraError> {
    let Location::Folder { path, serial } = location;
    let path = path.display().to_string();
    let (camera, moves) = path.split_once('/').expect("made by announce");
    let (camera, moves) = (camera.parse().expect("a number"), moves.parse().expect("a number"));
    Ok(Arc::new(DockedCamera { life, serial, camera, moves }))
}

fn free_places(world: &World, bays: &[usize]) -> Vec<Place> {
    let all = bays.iter().enumerate().flat_map(|(station, bays)| (0..*bays).map(move |bay| Place { station, bay }));
    all.filter(|place| world.cameras.iter().all(|camera| camera.docked != Some(*place))).collect()
}

/// Puts some camera into some bay.
fn dock_one(world: &mut World, bays: &[usize]) {
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
fn make_way_for_twins(world: &mut World) {
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

fn dock_all(world: &mut World, bays: &[usize]) {
    while world.cameras.iter().any(|camera| camera.docked.is_none()) {
        dock_one(world, bays);
    }
}

/// Strangers delete and change objects, but only what the cameras still have: no camdock could save more.
fn tamper(world: &mut World) {
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

fn some_file(world: &mut World) -> Option<(usize, String)> {
    let cameras = world.cameras.iter().enumerate();
    let files = cameras.flat_map(|(index, camera)| camera.files.keys().map(move |path| (index, path.clone())));
    let files: Vec<_> = files.collect();
    world.rng.choice(files)
}

/// Gives a file other content of the same length and time.
fn rewrite(world: &mut World, camera: usize, new_stamp: bool) {
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
fn change(world: &mut World, camera: usize, path: &str, change: impl FnOnce(&mut File, &mut fastrand::Rng)) {
    let mut rng = world.rng.fork();
    let Some(file) = world.cameras[camera].files.get_mut(path) else { return };
    change(file, &mut rng);
    let evidence = &mut world.evidence[file.evidence];
    evidence.content.clone_from(&file.content);
    evidence.sha256 = Sha256::of(&file.content);
    evidence.states.push(evidence.sha256);
    evidence.was_damaged |= file.reads != Reads::Wholly;
    let (length, sha256) = (file.content.len(), evidence.sha256);
    world.tell(|| format!("camera {camera} changes {path}: now {length} bytes, {sha256}"));
}

fn happen(world: &mut World, event: Fault) {
    world.tell(|| format!("! {event:?}"));
    let fresh = world.fresh();
    match event {
        Fault::Yank => {
            world.yank_one();
        }
        Fault::Outage | Fault::Denial => {
            let until = world.elapsed() + Duration::from_secs(world.rng.u64(1..60));
            let place = world.rng.usize(0..world.destinations.len());
            let outage = if event == Fault::Denial {
                Outage::Denied
            } else if world.rng.bool() {
                Outage::Unreachable
            } else {
                Outage::Busy(Duration::from_secs(world.rng.u64(1..20)))
            };
            world.destinations[place].outage = Some((until, outage));
        }
        Fault::BitRot | Fault::VanishedCopy => {
            let station = world.rng.usize(0..world.machines.len());
            let mut rng = world.rng.fork();
            let spool = &mut world.machines[station].spool;
            if event == Fault::BitRot { spool.rot(&mut rng) } else { spool.vanish(&mut rng) }
        }
        Fault::NewFile => {
            let camera = world.rng.usize(0..world.cameras.len());
            new_file(world, camera);
        }
        Fault::Rewrite => {
            let camera = world.rng.usize(0..world.cameras.len());
            rewrite(world, camera, true);
        }
        Fault::Growth | Fault::Touch | Fault::Unreadable | Fault::PartlyUnreadable => {
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

/// A person sees to what is held. Whether everything was mended.
fn mend(world: &mut World) -> bool {
    let mut wholly = true;
    world.tell(|| "a person mends things".to_owned());
    for camera in &mut world.cameras {
        for file in camera.files.values_mut().filter(|file| file.reads != Reads::Wholly) {
            if world.rng.u32(0..4) > 0 {
                file.reads = Reads::Wholly;
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
