//! The world around the stations: everything that survives them, and everything that can go wrong with it.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camdock::domain::{Clock, Moment, Sha256, Snapshot};
use rusqlite::Connection;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::camera::Camera;
use crate::chaos::{Chaos, Fault};
use crate::destination::Destination;
use crate::oracle;
use crate::shown::Untrue;
use crate::spool::Spool;

/// 2026-01-01T00:00:00Z, when every story begins.
const NEW_YEAR: i64 = 1_767_225_600_000;

/// One file that a camera recorded, in its present state.
pub(crate) struct Evidence {
    pub camera: usize,
    pub path: String,
    pub content: Vec<u8>,
    /// When it was recorded.
    pub modified: Moment,
    pub sha256: Sha256,
    /// Every state that the file was ever in.
    pub states: Vec<Sha256>,
    /// Whether the camera could ever not give all of it.
    pub was_damaged: bool,
    /// Whether it ever read differently each time: then nothing is known of what was read.
    pub was_unsteady: bool,
    /// When the camera removed it by itself: what nobody had taken by then is lost, and no camdock could help it.
    pub removed_by_camera: Option<Duration>,
    /// Whether the camera had it again after it was deleted.
    pub came_back: bool,
}

/// What survives a station's crash.
pub(crate) struct Host {
    /// Which life the station is in; calls of earlier lives never return.
    pub life: u64,
    pub crash: Option<Crash>,
    pub spool: Spool,
    pub ledger: Arc<Mutex<Connection>>,
    /// So much of the custody log was compared with the world.
    pub log_read: i64,
    /// How many changes the database had seen by then.
    pub changes_seen: u64,
    /// How the station shows itself, while it is up.
    pub snapshot: Option<watch::Receiver<Snapshot>>,
    /// What of it is not so, for now.
    pub untrue: Untrue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The process ends; the machine goes on.
    Process,
    /// The machine stops; what was not synced is lost.
    Power,
}

/// What a docking was shown of its camera.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// How many entries the last two listings had.
    pub last: Option<usize>,
    pub before: Option<usize>,
    /// Since when none was without any.
    pub full_since: Option<Duration>,
}

pub(crate) struct World {
    pub rng: fastrand::Rng,
    pub chaos: Chaos,
    pub evidence: Vec<Evidence>,
    pub cameras: Vec<Camera>,
    pub destinations: Vec<Destination>,
    pub hosts: Vec<Host>,
    pub chunk_size: u64,
    /// What each docking was shown of its camera.
    pub shown: BTreeMap<String, Shown>,
    /// Whether a camera or a destination changed since the rule was last checked.
    pub touched: bool,
    pub steps: u64,
    /// The promise that was broken.
    pub failure: Option<String>,
    pub story: Option<Vec<String>>,
    began: Instant,
    wall_offset: i64,
    stamps: u64,
}

impl World {
    pub(crate) fn new(rng: fastrand::Rng, chaos: Chaos, told: bool) -> Self {
        Self {
            rng,
            chaos,
            evidence: Vec::new(),
            cameras: Vec::new(),
            destinations: Vec::new(),
            hosts: Vec::new(),
            chunk_size: 16,
            shown: BTreeMap::new(),
            touched: false,
            steps: 0,
            failure: None,
            story: told.then(Vec::new),
            began: Instant::now(),
            wall_offset: 0,
            stamps: 0,
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn wall(&self) -> Moment {
        let elapsed = i64::try_from(self.elapsed().as_millis()).expect("a story lasts hours");
        Moment::from_millis(NEW_YEAR + elapsed + self.wall_offset)
    }

    pub(crate) fn jump_clock(&mut self, millis: i64) {
        self.wall_offset += millis;
    }

    /// A number that was never given before.
    pub(crate) fn fresh(&mut self) -> u64 {
        self.stamps += 1;
        self.stamps
    }

    pub(crate) fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(format!("{:>11.3}s  {}", self.began.elapsed().as_secs_f64(), what()));
        }
    }

    /// Whether this goes wrong now.
    pub(crate) fn goes_wrong(&mut self, fault: Fault) -> bool {
        let now = self.elapsed();
        let wrong = self.chaos.draw(fault, now, &mut self.rng);
        if wrong {
            self.tell(|| format!("  ! {fault:?}"));
        }
        wrong
    }

    pub(crate) fn fail(&mut self, broken: impl FnOnce() -> String) {
        if self.failure.is_none() {
            let broken = broken();
            self.tell(|| format!("BROKEN: {broken}"));
            self.failure = Some(broken);
        }
    }

    pub(crate) fn crash(&mut self, station: usize, crash: Crash) {
        self.tell(|| format!("station {station}: {crash:?} crash"));
        let machine = &mut self.hosts[station];
        machine.life += 1;
        machine.crash = Some(crash);
    }

    fn crash_at_this_step(&mut self) -> Option<Crash> {
        if self.goes_wrong(Fault::Crash) {
            Some(Crash::Process)
        } else if self.goes_wrong(Fault::PowerCut) {
            Some(Crash::Power)
        } else {
            None
        }
    }

    fn yank_at_this_step(&mut self) -> bool {
        self.goes_wrong(Fault::Yank) && self.yank_one()
    }

    /// Takes some camera out of its bay, if one is in a bay.
    pub(crate) fn yank_one(&mut self) -> bool {
        let docked: Vec<usize> =
            (0..self.cameras.len()).filter(|camera| self.cameras[*camera].docked.is_some()).collect();
        let Some(camera) = self.rng.choice(docked) else { return false };
        self.tell(|| format!("camera {camera} is pulled out"));
        let mut rng = self.rng.fork();
        self.cameras[camera].pulled_out(&mut rng);
        self.touched = true;
        true
    }
}

/// One life of one station: what its parts reach the world through.
#[derive(Clone)]
pub(crate) struct Life {
    pub world: Arc<Mutex<World>>,
    /// Wakes the director.
    pub wake: Arc<Notify>,
    pub station: usize,
    /// Which of the station's lives.
    pub number: u64,
}

pub(crate) fn look(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Life {
    /// One step of the world: takes its time, may be the station's last, and is judged by the oracle.
    pub(crate) async fn step<T: Send>(
        &self,
        what: impl FnOnce() -> String + Send,
        effect: impl FnOnce(&mut World) -> T + Send,
    ) -> T {
        self.delay().await;
        let outcome = self.at_once(what, effect);
        let Some(outcome) = outcome else { return pending().await };
        self.delay().await;
        outcome
    }

    /// The step itself; nothing if the station has died before it, or dies before it hears the answer.
    fn at_once<T>(&self, what: impl FnOnce() -> String, effect: impl FnOnce(&mut World) -> T) -> Option<T> {
        let mut world = look(&self.world);
        let world = &mut *world;
        if world.failure.is_some() || world.hosts[self.station].life != self.number {
            return None;
        }
        world.steps += 1;
        let crash = world.crash_at_this_step();
        if let Some(crash) = crash
            && world.rng.bool()
        {
            world.tell(|| format!("[{}] {} (never happened)", self.station, what()));
            world.crash(self.station, crash);
            self.wake.notify_one();
            return None;
        }
        let what = what();
        if !what.is_empty() {
            world.tell(|| format!("[{}] {what}", self.station));
        }
        let outcome = effect(world);
        oracle::judge(world, self.station);
        if world.failure.is_some() {
            self.wake.notify_one();
            return None;
        }
        if let Some(crash) = crash {
            world.crash(self.station, crash);
            self.wake.notify_one();
            return None;
        }
        if world.yank_at_this_step() {
            self.wake.notify_one();
        }
        Some(outcome)
    }

    async fn delay(&self) {
        let wait = {
            let mut world = look(&self.world);
            let calm = world.chaos.is_over(world.elapsed());
            match world.rng.u8(..) {
                0..=179 => 0,
                180..=252 => world.rng.u64(1..=30),
                _ if calm => world.rng.u64(1..=100),
                _ => world.rng.u64(100..=3_000),
            }
        };
        if wait > 0 {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }
}

/// The wall clock that stations see.
pub(crate) struct WallClock(pub Arc<Mutex<World>>);

impl Clock for WallClock {
    fn now(&self) -> Moment {
        look(&self.0).wall()
    }
}

/// Files by path.
pub(crate) type ByPath<T> = BTreeMap<String, T>;
