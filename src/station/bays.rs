//! The cameras in their bays: who arrives, who leaves, and who is served.
//!
//! ```text
//!   docked ─► identifying ─► served ─► (taken out)
//!                  │            ▲
//!                  └─► waiting ─┘   another bay holds a camera with the same serial
//! ```
//!
//! A bay that is a folder may hold several. They are served one after another: the next as soon as nothing can be done for the one
//! before, so that none of them hides another for ever.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};

use super::board::Board;
use super::docking::{MayWipe, Progress, Visit, identify};
use super::{OpenCamera, StationError, outcome};
use crate::camera::Camera;
use crate::dock::{BayEvent, Location};
use crate::domain::{
    BayName, BayNotice, BaySnapshot, BayState, CameraNotice, CameraSerial, DockingId, OtherNotice, Subject,
};
use crate::journal::tell;
use crate::ledger::{Entry, Outcome};
use crate::transfer::Site;

/// The bays of a station.
pub(super) struct Bays {
    site: Site,
    open_camera: OpenCamera,
    board: Board,
    may_wipe: MayWipe,
    occupied: BTreeMap<BayName, Occupant>,
    others: BTreeMap<BayName, Others>,
    work: JoinSet<Result<Identified, StationError>>,
}

/// What is in a bay.
struct Occupant {
    location: Location,
    /// The docking that began when it came.
    docking: DockingId,
    stage: Stage,
}

/// What else is in a bay.
#[derive(Default)]
struct Others {
    /// Why each thing that is no camera is refused.
    refused: Vec<String>,
    /// Cameras that are served in their turn.
    waiting: VecDeque<Location>,
    /// Cameras that had theirs.
    served: Vec<Location>,
}

impl Others {
    /// Whose turn it is; one that had its turn already only if there is no other.
    fn next(&mut self) -> Option<Location> {
        self.waiting.pop_front().or_else(|| self.served.pop())
    }

    fn forget(&mut self, gone: &Location) {
        self.waiting.retain(|location| location != gone);
        self.served.retain(|location| location != gone);
    }

    fn told(&self) -> Vec<OtherNotice> {
        let refused = self.refused.iter().map(|why| OtherNotice::NoCamera { why: why.clone() });
        let waiting = self.waiting.iter().map(|location| OtherNotice::WaitsItsTurn { what: title(location) });
        let served = self.served.iter().map(|location| OtherNotice::HadItsTurn { what: title(location) });
        refused.chain(waiting).chain(served).collect()
    }
}

fn title(location: &Location) -> String {
    match location {
        Location::Folder { serial, .. } => serial.to_string(),
        Location::Usb { device, .. } => device.to_string(),
    }
}

enum Stage {
    Identifying(Task),
    /// The ledger tells cameras apart by their serial, so of two with the same one waits until the other was taken out.
    Waiting(Arc<dyn Camera>),
    Served {
        camera: CameraSerial,
        task: Task,
        progress: Progress,
    },
}

/// Work in a bay.
struct Task {
    handle: AbortHandle,
    /// Closed as soon as the work is over, finished or not.
    over: oneshot::Receiver<Infallible>,
}

impl Task {
    fn spawn<T: Send + 'static>(among: &mut JoinSet<T>, work: impl Future<Output = T> + Send + 'static) -> Self {
        let (held, over) = oneshot::channel();
        let handle = among.spawn(async move {
            let _held = held;
            work.await
        });
        Self { handle, over }
    }

    /// Ends the work. It does nothing any more when this returns: another thread may be in the middle of a step.
    async fn end(self) {
        self.handle.abort();
        let Err(_) = self.over.await;
    }
}

/// A camera whose serial is known now.
pub(super) struct Identified {
    bay: BayName,
    location: Location,
    docking: DockingId,
    camera: Arc<dyn Camera>,
}

impl Bays {
    pub(super) fn new(site: Site, open_camera: OpenCamera, board: Board, may_wipe: MayWipe) -> Self {
        Self {
            site,
            open_camera,
            board,
            may_wipe,
            occupied: BTreeMap::new(),
            others: BTreeMap::new(),
            work: JoinSet::new(),
        }
    }

    /// What comes of the work in the bays next; `None` while there is none. Forgets nothing when cancelled.
    pub(super) async fn next(&mut self) -> Option<Result<Identified, StationError>> {
        loop {
            if let Some(news) = outcome(self.work.join_next().await?).transpose() {
                return Some(news);
            }
        }
    }

    pub(super) async fn on(&mut self, event: BayEvent) -> Result<(), StationError> {
        match event {
            BayEvent::Docked { bay, location } => {
                let others = self.others.entry(bay.clone()).or_default();
                if self.occupied.contains_key(&bay) {
                    others.waiting.push_back(location);
                } else {
                    self.arrive(bay.clone(), location);
                }
                self.show_others(&bay);
                Ok(())
            }
            BayEvent::Removed { bay, location } => {
                if self.occupied.get(&bay).is_some_and(|occupant| occupant.location == location) {
                    self.leave(&bay).await?;
                    let next = self.others.get_mut(&bay).and_then(Others::next);
                    self.board.update(&bay, |shown| *shown = BaySnapshot::empty(shown.name.clone()));
                    if let Some(next) = next {
                        self.arrive(bay.clone(), next);
                    }
                } else if let Some(others) = self.others.get_mut(&bay) {
                    others.forget(&location);
                }
                self.show_others(&bay);
                Ok(())
            }
            BayEvent::Refused { bay, reasons } => {
                if self.occupied.contains_key(&bay) {
                    let why = reasons.join(" ");
                    tell(&Subject::station().bay(&bay), OtherNotice::NoCamera { why });
                }
                self.others.entry(bay.clone()).or_default().refused = reasons;
                self.show_others(&bay);
                Ok(())
            }
            BayEvent::Cleared { bay } => {
                self.others.entry(bay.clone()).or_default().refused.clear();
                self.show_others(&bay);
                Ok(())
            }
        }
    }

    /// Whether anybody waits for another to give way.
    pub(super) fn somebody_waits(&self) -> bool {
        self.others.values().any(|others| !others.waiting.is_empty())
    }

    /// Where others wait in a bay for one that nothing more can be done for, the next of them is served.
    pub(super) async fn take_turns(&mut self) -> Result<(), StationError> {
        let gives_way = |(bay, occupant): (&BayName, &Occupant)| {
            let waited_for = self.others.get(bay).is_some_and(|others| !others.waiting.is_empty());
            let done = matches!(&occupant.stage, Stage::Served { progress, .. } if progress.is_at_rest());
            let fails = |shown: BaySnapshot| matches!(shown.state(), BayState::Refused | BayState::Attention);
            let unknown = !matches!(&occupant.stage, Stage::Served { .. }) && self.board.bay(bay).is_some_and(fails);
            (waited_for && (done || unknown)).then(|| bay.clone())
        };
        let bays: Vec<BayName> = self.occupied.iter().filter_map(gives_way).collect();
        for bay in bays {
            let Some(before) = self.occupied.get(&bay).map(|occupant| occupant.location.clone()) else { continue };
            self.leave(&bay).await?;
            let others = self.others.entry(bay.clone()).or_default();
            others.served.push(before);
            let next = others.next();
            if let Some(next) = next {
                self.arrive(bay.clone(), next);
            }
            self.show_others(&bay);
        }
        Ok(())
    }

    /// Says what else is in a bay.
    fn show_others(&self, bay: &BayName) {
        let Some(others) = self.others.get(bay) else { return };
        if self.occupied.contains_key(bay) {
            self.board.update(bay, |shown| shown.also = others.told());
        } else if others.refused.is_empty() {
            self.board.update(bay, |shown| *shown = BaySnapshot::empty(shown.name.clone()));
        } else {
            self.board.say(bay, BayNotice::NoCamera { why: others.refused.join(" ") });
        }
    }

    fn arrive(&mut self, bay: BayName, location: Location) {
        self.board.update(&bay, |shown| {
            *shown = BaySnapshot { also: std::mem::take(&mut shown.also), ..BaySnapshot::empty(shown.name.clone()) };
            shown.notice = BayNotice::Identifying;
        });
        let (board, open_camera) = (self.board.clone(), Arc::clone(&self.open_camera));
        let (of, place) = (bay.clone(), location.clone());
        let docking = DockingId::new(self.site.clock.now());
        let task = Task::spawn(&mut self.work, async move {
            let camera = identify(&board, &of, &place, docking, &open_camera).await;
            Ok(Identified { bay: of, location: place, docking, camera })
        });
        self.occupied.insert(bay, Occupant { location, docking, stage: Stage::Identifying(task) });
    }

    /// The camera in a bay is known now: serve it, unless another bay serves one of the same serial.
    pub(super) async fn identified(&mut self, news: Identified) -> Result<(), StationError> {
        let Identified { bay, location, docking, camera } = news;
        let still_there = |occupant: &Occupant| {
            occupant.docking == docking && matches!(occupant.stage, Stage::Identifying(_) | Stage::Waiting(_))
        };
        if !self.occupied.get(&bay).is_some_and(still_there) {
            return Ok(());
        }
        let serial = camera.serial().clone();
        let twin = |(_, other): &(&BayName, &Occupant)| matches!(&other.stage, Stage::Served { camera, .. } if *camera == serial);
        let stage = if let Some((other, _)) = self.occupied.iter().find(twin) {
            self.board.say(&bay, BayNotice::SameSerial { other: other.clone(), camera: serial });
            Stage::Waiting(camera)
        } else {
            self.begin(&bay, &location, docking, camera).await?
        };
        self.occupied.insert(bay, Occupant { location, docking, stage });
        Ok(())
    }

    async fn begin(
        &mut self,
        bay: &BayName,
        location: &Location,
        docking: DockingId,
        camera: Arc<dyn Camera>,
    ) -> Result<Stage, StationError> {
        let serial = camera.serial().clone();
        let entry = Entry::DockingBegan { docking, camera: serial.clone(), bay: bay.clone() };
        self.site.record(vec![entry]).await?;
        self.board.update(bay, |shown| shown.camera = Some(serial.clone()));
        let progress = Progress::default();
        let visit = Visit {
            site: self.site.clone(),
            board: self.board.clone(),
            may_wipe: self.may_wipe.clone(),
            bay: bay.clone(),
            docking,
            location: location.clone(),
            open_camera: Arc::clone(&self.open_camera),
            progress: progress.clone(),
        };
        let task = Task::spawn(&mut self.work, async move { visit.run(camera).await.map(|never| match never {}) });
        Ok(Stage::Served { camera: serial, task, progress })
    }

    /// Whatever is in the bay is there no longer; one that waited for it to go is served now.
    async fn leave(&mut self, bay: &BayName) -> Result<(), StationError> {
        let Some(occupant) = self.occupied.remove(bay) else { return Ok(()) };
        let docking = occupant.docking;
        let (serial, progress) = match occupant.stage {
            Stage::Identifying(task) => {
                task.end().await;
                return Ok(());
            }
            Stage::Waiting(_) => return Ok(()),
            Stage::Served { camera, task, progress } => {
                task.end().await;
                (camera, progress)
            }
        };
        let shown = self.board.bay(bay).map_or(BayState::Empty, |shown| shown.state());
        let unproven = self.site.ledger.tally_of(&serial).await?.unproven;
        let problems = self.site.ledger.problems(Some(serial.clone())).await?.len();
        let outcome = progress.outcome(unproven, problems, shown);
        let about = Subject::station().bay(bay).camera(&serial).docking(docking);
        tell(&about, if outcome == Outcome::Completed { CameraNotice::Taken } else { CameraNotice::TakenEarly });
        let entry = Entry::DockingEnded { docking, outcome };
        self.site.record(vec![entry]).await?;
        let next = self.occupied.iter().find_map(|(bay, occupant)| match &occupant.stage {
            Stage::Waiting(camera) if *camera.serial() == serial => {
                let (bay, location, docking) = (bay.clone(), occupant.location.clone(), occupant.docking);
                Some(Identified { bay, location, docking, camera: Arc::clone(camera) })
            }
            _ => None,
        });
        match next {
            Some(next) => self.identified(next).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    #[expect(clippy::disallowed_methods, reason = "the step must take real time, on a thread of its own")]
    async fn work_that_was_ended_says_nothing_more_on_its_bay() {
        let said = Arc::new(AtomicU32::new(0));
        let says = Arc::clone(&said);
        let mut work: JoinSet<()> = JoinSet::new();
        let task = Task::spawn(&mut work, async move {
            loop {
                std::thread::sleep(Duration::from_millis(50));
                says.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        });
        std::thread::sleep(Duration::from_millis(75));
        task.end().await;
        let by_then = said.load(Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(said.load(Ordering::SeqCst), by_then);
    }
}
