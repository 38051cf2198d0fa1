//! One story, from its seed: builds a world, lets stations live in it, makes things go wrong, and sees to the end.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use camdock::dock::{BayEvent, Location};
use camdock::domain::{BayState, Caller, ProblemId};
use camdock::faults::{PlantedBug, plant};
use camdock::ledger::Ledger;
use camdock::station::Command;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::boot::{Running, bay_name, start};
use crate::chaos::{Chaos, FAULTS, Fault};
use crate::mishaps::{go_away, happen, mend, rebuild_ledger, return_to_sender, tamper};
use crate::oracle;
use crate::scene::{Traits, build, dock_all, dock_one, make_way_for_twins};
use crate::world::{Crash, Life, World, look};

/// Whoever asks something of a station in a story.
fn a_person() -> Caller {
    Caller::Account { uid: 0, name: Some("root".to_owned()) }
}

/// A story that is not over so long after the last fault never ends.
const PATIENCE: Duration = Duration::from_hours(3);
/// So long some stories go on when nothing is left to do. Whoever is shown as well must be looked in on meanwhile.
const AFTERWARDS: Duration = Duration::from_mins(8);
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
    /// How often each fault happened.
    pub happened: [u32; FAULTS],
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// Things go wrong.
    Trouble,
    /// Nothing goes wrong any more; what broke stays broken.
    Peace,
    /// A person has mended things and had everything tried again.
    Mended { wholly: bool, rounds: u32 },
    /// Footage is on its camera again, and everything about it is to be done again.
    Returned,
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
        let stations = world.hosts.len();
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
        Ending {
            failure,
            story: world.story.take().unwrap_or_default(),
            steps: world.steps,
            lasted: began.elapsed(),
            happened: world.chaos.happened,
        }
    }

    /// Notices stations that crashed, and what their hosts lost; a station that gives up by itself is a failure.
    async fn bury_the_dead(&mut self) {
        for station in 0..self.stations.len() {
            let crash = look(&self.world).hosts[station].crash.take();
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
            Crash::Process => world.hosts[station].spool.after_crash(),
            Crash::Power => {
                world.hosts[station].spool.after_power_cut(&mut rng);
                for camera in &mut world.cameras {
                    if camera.docked.is_some_and(|place| place.station == station) {
                        camera.lose_unsynced(&mut rng);
                    }
                }
            }
        }
        if world.goes_wrong(Fault::DamagedLedger) {
            rebuild_ledger(world, station);
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
            let number = {
                let world = &mut *look(&self.world);
                world.hosts[station].life += 1;
                world.tell(|| format!("station {station} starts"));
                world.hosts[station].life
            };
            let life = Life { world: Arc::clone(&self.world), wake: Arc::clone(&self.wake), station, number };
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
                    quiet: Duration::ZERO,
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
                // After what was mended, the bays must say so as well; news take a moment to get round.
                let is_judged = matches!(self.act, Act::Mended { .. } | Act::Returned);
                oracle::unfinished(&world).or_else(|| is_judged.then(|| self.not_called_ready(&world)).flatten())
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
                    oracle::what_is_nowhere_is_told(world);
                    if world.failure.is_some() {
                        return true;
                    }
                    let wholly = mend(world);
                    dock_all(world, &self.traits.bays);
                    wholly
                };
                self.retry_problems().await;
                self.act = Act::Mended { wholly, rounds: 1 };
                false
            }
            // A file may have been under way, half of it read before it was mended.
            Act::Mended { wholly: true, rounds: 1 } if self.any_problem() => {
                self.retry_problems().await;
                self.act = Act::Mended { wholly: true, rounds: 2 };
                false
            }
            Act::Mended { wholly, .. } => {
                self.check_the_end(wholly);
                !self.goes_on()
            }
            Act::Returned => {
                self.check_the_end(false);
                true
            }
            Act::Afterwards { until } => Instant::now() >= until,
        }
    }

    /// Whether the story has an epilogue.
    fn goes_on(&mut self) -> bool {
        let world = &mut *look(&self.world);
        match world.rng.u32(0..8) {
            0 => {
                go_away(world, AFTERWARDS);
                self.act = Act::Afterwards { until: Instant::now() + AFTERWARDS };
                true
            }
            1 => {
                self.act = Act::Returned;
                return_to_sender(world)
            }
            _ => false,
        }
    }

    fn any_problem(&self) -> bool {
        oracle::all_books(&look(&self.world)).iter().any(|books| !books.problems.is_empty())
    }

    async fn retry_problems(&self) {
        for (station, running) in self.stations.iter().enumerate() {
            let Some(running) = running else { continue };
            let books = oracle::books(&look(&self.world), station);
            let problems = books.problems.into_iter().map(|(problem, ..)| problem);
            for problem in problems.chain(books.nowhere.into_iter().map(|(problem, _)| problem)) {
                look(&self.world).tell(|| format!("a person has problem {problem} tried again at station {station}"));
                let (reply, answer) = oneshot::channel();
                let _ = running.commands.send(Command::Retry { problem, by: a_person(), reply }).await;
                let _ = answer.await;
            }
        }
    }

    /// A camera on which nothing is left, that nobody need look at, and whose bay does not say so.
    fn not_called_ready(&self, world: &World) -> Option<String> {
        world.cameras.iter().enumerate().find_map(|(index, camera)| {
            let place = camera.docked?;
            let books = oracle::books(world, place.station);
            let about = |serial: &str| serial == camera.serial.as_str();
            let problem = books.problems.iter().any(|(_, serial, ..)| about(serial))
                || books.nowhere.iter().any(|(_, serial)| about(serial));
            // One that removed its last file by itself may be empty while an answer about that file is still awaited.
            let by_itself = world.evidence.iter().any(|it| it.camera == index && it.removed_by_camera.is_some());
            let clean = camera.files.is_empty() && camera.links.is_empty();
            let shown = self.stations[place.station].as_ref()?.snapshot.borrow();
            let shown = shown.bays.iter().find(|shown| shown.name == bay_name(place.bay))?;
            (clean && !by_itself && !problem && shown.state() != BayState::Ready)
                .then(|| format!("an empty camera, but the bay says {shown:?}"))
        })
    }

    /// After everything was mended nothing may need a person; and what follows from the log really follows from it.
    fn check_the_end(&self, mended_wholly: bool) {
        for (station, running) in self.stations.iter().enumerate() {
            let Some(running) = running else { continue };
            let books = oracle::books(&look(&self.world), station);
            // That a camera makes files anew stays said for a while after it has stopped.
            let stays = |(id, serial, path, _): &(ProblemId, String, String, Option<String>)| {
                let world = &look(&self.world);
                let again = books.recreated.contains(id) && oracle::is_a_name_again(world, serial, path);
                again || oracle::is_made_anew(world, path)
            };
            if mended_wholly && !books.problems.iter().all(stays) {
                look(&self.world).fail(|| format!("P3: still a problem, though all is mended: {:?}", books.problems));
            }
            let world = &mut *look(&self.world);
            for camera in &world.cameras {
                let bay = camera.docked.filter(|place| place.station == station).map(|place| bay_name(place.bay));
                let nowhere = books.nowhere.iter().any(|(_, serial)| serial == camera.serial.as_str());
                let shown =
                    running.snapshot.borrow().bays.iter().find(|shown| Some(&shown.name) == bay.as_ref()).cloned();
                if let Some(shown) = &shown
                    && nowhere
                    && shown.state() == BayState::Ready
                {
                    world.failure.get_or_insert(format!("P5: evidence is nowhere, but the bay says {shown:?}"));
                }
            }
            if world.rng.u32(0..4) > 0 {
                continue;
            }
            let ledger = Arc::clone(&world.hosts[station].ledger);
            let live = oracle::projections(&ledger.lock().expect("no panic"));
            let rebuilder = Ledger::inline(Arc::clone(&ledger), Arc::new(|| Box::pin(async {})));
            let rebuilt = futures::FutureExt::now_or_never(rebuilder.rebuild());
            let after = oracle::projections(&ledger.lock().expect("no panic"));
            if !matches!(&rebuilt, Some(Ok(unknown)) if unknown.is_empty()) || live != after {
                world.fail(|| format!("the log does not tell everything: {rebuilt:?}\n{live:#?}\n{after:#?}"));
            }
        }
    }
}
