//! The station as a whole: which tasks there are, what ends them, and what a failure of one means for the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use super::board::Board;
use super::docking::{Docking, DockingError, WipeGate};
use super::{Command, StationError, recover, status};
use crate::camera::{Camera, CameraError};
use crate::dock::{BayEvent, Location};
use crate::domain::{BayName, BaySnapshot, BayState, CameraSerial, DockingId, Need, Snapshot};
use crate::ledger::{Entry, LedgerError, Outcome};
use crate::transfer::{Condition, ReleaseError, Site, Uploader, release_wiped};

/// A camera that cannot be used is tried again after this long.
const TRY_CAMERA_AGAIN: Duration = Duration::from_secs(10);
/// How often spool copies are looked through for those that may go.
const RELEASE_EVERY: Duration = Duration::from_mins(1);

/// Makes a camera out of what a bay found. This is where a station learns about kinds of cameras.
pub type OpenCamera = Arc<dyn Fn(Location) -> BoxFuture<'static, Result<Arc<dyn Camera>, CameraError>> + Send + Sync>;

/// Reads the whole ledger and says whether it is sound.
pub type Examine = Arc<dyn Fn() -> BoxFuture<'static, Result<crate::ledger::Health, LedgerError>> + Send + Sync>;

/// A station, ready to run.
pub struct Station {
    /// What its transfers need.
    pub site: Site,
    /// Its bays, in the order of the configuration.
    pub bays: Vec<BayName>,
    /// How cameras are opened.
    pub open_camera: OpenCamera,
    /// How the ledger is examined in the background.
    pub examine: Examine,
    /// How many chunks may be on their way to one destination.
    pub concurrency: usize,
    /// How long a spool copy outlives the wipe of its original.
    pub keep_after_wipe: Duration,
}

/// What reaches a running station from outside.
pub struct Doors {
    /// Cameras coming and going.
    pub bays: mpsc::Receiver<BayEvent>,
    /// What people ask for.
    pub commands: mpsc::Receiver<Command>,
    /// Where the station shows itself: whenever something changed, and at least every few seconds for as long as all is
    /// well with its loop and its ledger, so that whoever watches can tell that it hangs.
    pub snapshot: watch::Sender<Snapshot>,
}

/// A camera in its bay.
struct Docked {
    location: Location,
    camera: CameraSerial,
    docking: DockingId,
    task: AbortHandle,
}

impl Station {
    /// How the station looks before it has begun.
    #[must_use]
    pub fn first_snapshot(&self) -> Snapshot {
        Snapshot {
            station: self.site.station.clone(),
            bays: self.bays.iter().cloned().map(BaySnapshot::empty).collect(),
            queue: crate::domain::QueueSnapshot::default(),
            destinations: Vec::new(),
            holds: 0,
        }
    }

    /// Runs until cancelled. Being cancelled loses nothing: the next run finds everything in the ledger, in the spool
    /// and at the destinations.
    ///
    /// # Errors
    /// [`StationError`] if the ledger fails or is found to be damaged; nothing can be promised without it.
    pub async fn run(self, mut doors: Doors) -> Result<(), StationError> {
        let board = Board::new(self.bays.iter().cloned());
        recover::begin(&self.site).await?;
        let mut tasks: JoinSet<Result<(), StationError>> = JoinSet::new();
        let mut conditions: Vec<Condition> = Vec::new();
        for target in self.site.targets.iter() {
            let (uploader, condition) = Uploader::new(self.site.clone(), target.clone(), self.concurrency);
            conditions.push(condition);
            tasks.spawn(async move { Ok(uploader.run().await?) });
        }
        let (gate, wipe_gate) = watch::channel(Some("camdock is still checking its ledger and spool after the start"));
        tasks.spawn(recover::examine(self.site.clone(), Arc::clone(&self.examine), gate));
        tasks.spawn(release(self.site.clone(), self.keep_after_wipe));
        let (composed, mut snapshots) = mpsc::channel(1);
        tasks.spawn(status::compose(self.site.clone(), board.clone(), conditions, composed));

        let (docked, waiting) = (BTreeMap::new(), BTreeMap::new());
        let mut bays = Bays { station: &self, board, wipe_gate, docked, waiting };
        loop {
            tokio::select! {
                biased;
                Some(ended) = tasks.join_next() => match ended {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return Err(error),
                    Err(error) if error.is_cancelled() => {}
                    Err(error) => return Err(StationError::Broken(error.to_string())),
                },
                event = doors.bays.recv() => match event {
                    Some(event) => bays.on(event, &mut tasks).await?,
                    None => return Err(StationError::Broken("the bays are no longer watched".to_owned())),
                },
                Some(command) = doors.commands.recv() => self.obey(command).await?,
                Some(snapshot) = snapshots.recv() => { doors.snapshot.send_replace(snapshot); }
            }
        }
    }

    async fn obey(&self, command: Command) -> Result<(), StationError> {
        match command {
            Command::ReleaseHold { hold, reply } => {
                let known = self.site.ledger.holds(None).await?.into_iter().find(|known| known.id == hold);
                if known.is_some() {
                    let entry = Entry::HoldReleased { hold };
                    self.site.ledger.record(self.site.clock.now(), vec![entry]).await?;
                }
                // Whoever asked may have gone away.
                let _ = reply.send(known);
                Ok(())
            }
        }
    }
}

/// The cameras that are in their bays.
struct Bays<'a> {
    station: &'a Station,
    board: Board,
    wipe_gate: WipeGate,
    docked: BTreeMap<BayName, Docked>,
    /// Cameras with the serial of one that is docked in another bay. The ledger tells cameras apart by their serial, so
    /// each waits until the other was taken out.
    waiting: BTreeMap<BayName, Location>,
}

impl Bays<'_> {
    async fn on(&mut self, event: BayEvent, tasks: &mut JoinSet<Result<(), StationError>>) -> Result<(), StationError> {
        match event {
            BayEvent::Docked { bay, location } => {
                self.leave(&bay, tasks).await?;
                self.arrive(bay, location, tasks).await
            }
            BayEvent::Removed { bay, location } => {
                let docked = self.docked.get(&bay).map(|docked| &docked.location);
                if docked.or(self.waiting.get(&bay)) == Some(&location) {
                    self.leave(&bay, tasks).await?;
                    self.board.update(&bay, |shown| *shown = BaySnapshot::empty(shown.name.clone()));
                }
                Ok(())
            }
            BayEvent::Refused { bay, reason } => {
                if self.docked.contains_key(&bay) || self.waiting.contains_key(&bay) {
                    tracing::warn!(%bay, %reason, "refused");
                } else {
                    self.board.say(&bay, BayState::Refused, reason);
                }
                Ok(())
            }
            BayEvent::Cleared { bay } => {
                if self.board.bay(&bay).is_some_and(|shown| shown.state == BayState::Refused) {
                    self.board.update(&bay, |shown| *shown = BaySnapshot::empty(shown.name.clone()));
                }
                Ok(())
            }
        }
    }

    async fn arrive(
        &mut self,
        bay: BayName,
        location: Location,
        tasks: &mut JoinSet<Result<(), StationError>>,
    ) -> Result<(), StationError> {
        self.board.update(&bay, |shown| {
            *shown = BaySnapshot::empty(shown.name.clone());
            shown.state = BayState::Identifying;
            "Finding out which camera this is.".clone_into(&mut shown.message);
        });
        let camera = location.serial();
        let Some((other, _)) = self.docked.iter().find(|(_, docked)| docked.camera == *camera) else {
            return self.begin(bay, location, tasks).await;
        };
        let message = format!(
            "Bay {other} holds a camera with the same serial, {camera}. Take that one out; then this one is served."
        );
        tracing::warn!(%bay, %other, %camera, "two cameras with one serial");
        self.board.say(&bay, BayState::Attention, message);
        self.waiting.insert(bay, location);
        Ok(())
    }

    /// The camera is no longer in this bay; one that waited for it to go is served now.
    async fn leave(
        &mut self,
        bay: &BayName,
        tasks: &mut JoinSet<Result<(), StationError>>,
    ) -> Result<(), StationError> {
        self.waiting.remove(bay);
        let Some(camera) = self.docked.get(bay).map(|docked| docked.camera.clone()) else { return Ok(()) };
        self.end(bay).await?;
        let next = self.waiting.iter().find(|(_, location)| *location.serial() == camera).map(|(next, _)| next.clone());
        match next.and_then(|next| self.waiting.remove_entry(&next)) {
            Some((next, location)) => self.arrive(next, location, tasks).await,
            None => Ok(()),
        }
    }

    async fn begin(
        &mut self,
        bay: BayName,
        location: Location,
        tasks: &mut JoinSet<Result<(), StationError>>,
    ) -> Result<(), StationError> {
        let site = &self.station.site;
        let camera = location.serial().clone();
        let docking = DockingId::new(site.clock.now());
        let entry = Entry::DockingBegan { docking, camera: camera.clone(), bay: bay.clone() };
        site.ledger.record(site.clock.now(), vec![entry]).await?;
        self.board.update(&bay, |shown| shown.camera = Some(camera.clone()));
        let task = tasks.spawn(serve(
            site.clone(),
            self.board.clone(),
            self.wipe_gate.clone(),
            (bay.clone(), docking),
            location.clone(),
            Arc::clone(&self.station.open_camera),
        ));
        self.docked.insert(bay, Docked { location, camera, docking, task });
        Ok(())
    }

    async fn end(&mut self, bay: &BayName) -> Result<(), StationError> {
        let Some(docked) = self.docked.remove(bay) else { return Ok(()) };
        docked.task.abort();
        let ready = self.board.bay(bay).is_some_and(|shown| shown.state == BayState::Ready);
        let outcome = if ready { Outcome::Completed } else { Outcome::TakenEarly };
        tracing::info!(%bay, camera = %docked.camera, ?outcome, "camera taken");
        let site = &self.station.site;
        let entry = Entry::DockingEnded { docking: docked.docking, outcome };
        Ok(site.ledger.record(site.clock.now(), vec![entry]).await?)
    }
}

/// Serves whatever is at `location` until it is taken out, which cancels this.
async fn serve(
    site: Site,
    board: Board,
    wipe_gate: WipeGate,
    (bay, id): (BayName, DockingId),
    location: Location,
    open_camera: OpenCamera,
) -> Result<(), StationError> {
    loop {
        let served = match open_camera(location.clone()).await {
            Ok(camera) => {
                let mut docking = Docking::new(site.clone(), board.clone(), wipe_gate.clone(), bay.clone(), camera, id);
                docking.serve().await
            }
            Err(error) => Err(error.into()),
        };
        match served {
            Ok(never) => match never {},
            Err(DockingError::Ledger(error)) => return Err(error.into()),
            Err(DockingError::Camera(CameraError::Gone)) => {
                board.say(&bay, BayState::Attention, "The camera no longer answers. What was copied goes on uploading; put the camera in again for the rest.");
            }
            Err(DockingError::Camera(error)) => {
                board.say(
                    &bay,
                    BayState::Attention,
                    format!("Nothing on the camera was changed: {error}. Take it out and put it in again."),
                );
            }
        }
        sleep(TRY_CAMERA_AGAIN).await;
    }
}

/// Removes spool copies whose time has come, for as long as the station runs.
async fn release(site: Site, keep: Duration) -> Result<(), StationError> {
    loop {
        match release_wiped(&site, keep).await {
            Ok(0) => sleep(RELEASE_EVERY).await,
            Ok(_) => {}
            Err(ReleaseError::Ledger(error)) => return Err(error.into()),
            Err(ReleaseError::Spool(error)) => {
                tracing::error!(%error, "a spool copy could not be removed; trying again");
                sleep(RELEASE_EVERY).await;
            }
        }
    }
}

/// The destinations of a site, as the ledger writes them.
pub(super) fn needs(site: &Site) -> Vec<(crate::domain::DestinationName, Need)> {
    let mut needs: Vec<_> =
        site.targets.iter().map(|target| (target.destination.name().clone(), target.need)).collect();
    needs.sort_by(|one, other| one.0.cmp(&other.0));
    needs
}
