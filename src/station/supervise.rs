//! The station as a whole: which tasks there are, what ends them, and what a failure of one means for the others.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::bays::Bays;
use super::board::Board;
use super::docking::NotYet;
use super::{Command, Examine, OpenCamera, StationError, outcome, overdue, recover, status};
use crate::beat::{Beat, Listener};
use crate::dock::BayEvent;
use crate::domain::{
    Action, BayName, BaySnapshot, DiskState, SetupTrouble, ShiftStarts, Snapshot, StorageNotice, Subject, Validity,
};
use crate::journal::tell;
use crate::ledger::{Entry, Room};
use crate::transfer::{
    Filling, Persistence, ShelfError, Site, Step, Uploader, WatchDestination, ask_for_the_missing, confirm,
    keep_as_asked, release_wiped, retain,
};

/// How often the destinations are asked for evidence that is nowhere.
const ASK_EVERY: Duration = Duration::from_mins(10);
/// How long a destination that is filled is left alone while what was fetched for it is still to be sent.
const FILL_AGAIN: Duration = Duration::from_secs(20);
/// How often it is looked whether a camera gives way to another in its bay.
const TURNS: Duration = Duration::from_secs(2);

/// Who is told when a person has something done.
struct Told {
    /// Who asks for what is nowhere.
    ask: Arc<Notify>,
    /// Who misses cameras.
    retired: Arc<Notify>,
    /// Who has copies kept.
    wishes: Arc<Notify>,
}

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
    /// How long a segment is tried that fails by itself.
    pub persistence: Persistence,
    /// When shifts start.
    pub shifts: ShiftStarts,
    /// After how long a camera that was not docked here is overdue; never, if nobody said.
    pub overdue_after: Option<Duration>,
}

/// What reaches a running station from outside.
pub struct Doors {
    /// Cameras coming and going.
    pub bays: mpsc::Receiver<BayEvent>,
    /// What people ask for.
    pub commands: mpsc::Receiver<Command>,
    /// What could not be set up, and is tried again outside.
    pub setup: watch::Receiver<Vec<SetupTrouble>>,
    /// How long what the page proves itself with holds, where there is something.
    pub certificate: watch::Receiver<Option<Validity>>,
    /// With it the station looks at what nobody tells of.
    pub beat: Beat,
    /// How often whoever looks wants to see the station, if more often than with its beat, while nothing goes on in it.
    pub pause: watch::Receiver<Option<Duration>>,
    /// Where the station shows itself: whenever something changed, every second while something goes on in it, and otherwise with its
    /// beat and as often as is wanted, for as long as all is well with its loop and its ledger, so that whoever watches can tell that
    /// it hangs.
    pub snapshot: watch::Sender<Snapshot>,
}

impl Station {
    /// How the station looks before it has begun.
    #[must_use]
    pub fn first_snapshot(&self) -> Snapshot {
        Snapshot::of(self.site.station.clone(), self.bays.iter().cloned().map(BaySnapshot::empty).collect())
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
        let mut destinations: Vec<WatchDestination> = Vec::new();
        for target in self.site.targets.iter() {
            let (uploader, shown) =
                Uploader::new(self.site.clone(), target.clone(), self.concurrency, self.persistence);
            destinations.push(shown);
            tasks.spawn(async move { Ok(uploader.run().await?) });
        }
        let (wiping, may_wipe) = watch::channel(Some(NotYet::Examining));
        tasks.spawn(recover::examine(self.site.clone(), Arc::clone(&self.examine), wiping));
        let (disk, disk_shown) = watch::channel(DiskState::Ok);
        tasks.spawn(release(self.site.clone(), self.keep_after_wipe, doors.beat.listen(), disk));
        let (space, space_shown) = watch::channel(None);
        tasks.spawn(status::measure(self.site.clone(), space, doors.beat.listen()));
        let ask = Arc::new(Notify::new());
        tasks.spawn(seek(self.site.clone(), Arc::clone(&ask)));
        tasks.spawn(fill(self.site.clone()));
        let wishes = Arc::new(Notify::new());
        tasks.spawn(keep(self.site.clone(), Arc::clone(&wishes)));
        let (missed, overdue_shown) = watch::channel(None);
        let retired = Arc::new(Notify::new());
        let told = Told { ask, retired: Arc::clone(&retired), wishes };
        if let Some(after) = self.overdue_after {
            tasks.spawn(overdue::watch(self.site.clone(), board.clone(), after, Arc::clone(&retired), missed));
        }
        let (composed, mut snapshots) = mpsc::channel(1);
        let found = status::Found {
            disk: disk_shown,
            space: space_shown,
            overdue: overdue_shown,
            certificate: doors.certificate.clone(),
            beat: doors.beat.listen(),
            pause: doors.pause.clone(),
        };
        tasks.spawn(status::compose(
            self.site.clone(),
            board.clone(),
            destinations,
            found,
            doors.setup.clone(),
            self.shifts.clone(),
            composed,
        ));

        let mut bays = Bays::new(self.site.clone(), Arc::clone(&self.open_camera), board, may_wipe);
        let mut turns = interval(TURNS);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                Some(ended) = tasks.join_next() => {
                    outcome(ended)?;
                }
                Some(news) = bays.next() => bays.identified(news?).await?,
                event = doors.bays.recv() => match event {
                    Some(event) => bays.on(event).await?,
                    None => return Err(StationError::Broken("the bays are no longer watched".to_owned())),
                },
                _ = turns.tick(), if bays.somebody_waits() => bays.take_turns().await?,
                Some(command) = doors.commands.recv() => self.obey(command, &told, &mut tasks).await?,
                Some(snapshot) = snapshots.recv() => { doors.snapshot.send_replace(snapshot); }
            }
        }
    }

    async fn obey(
        &self,
        command: Command,
        told: &Told,
        tasks: &mut JoinSet<Result<(), StationError>>,
    ) -> Result<(), StationError> {
        match command {
            // The place must be asked, which takes its time.
            Command::Enrol { destination, place, earlier, by, reply } => {
                let site = self.site.clone();
                tasks.spawn(async move {
                    let answer = match site.target(&destination) {
                        None => None,
                        Some(target) => Some(confirm(&site, target, place, earlier, by).await),
                    };
                    let _ = reply.send(answer);
                    Ok(())
                });
                Ok(())
            }
            Command::Retire { camera, by, reply } => {
                let answer = overdue::retire(&self.site, camera, by).await?;
                told.retired.notify_one();
                // Whoever asked may have gone away.
                let _ = reply.send(answer);
                Ok(())
            }
            // A camera may have a great many segments.
            Command::Retain { retain: wish, by, reply } => {
                let (site, wishes) = (self.site.clone(), Arc::clone(&told.wishes));
                tasks.spawn(async move {
                    let retained = retain(&site, wish, by).await?;
                    wishes.notify_one();
                    let _ = reply.send(retained);
                    Ok(())
                });
                Ok(())
            }
            Command::Retry { problem, by, reply } => {
                let known = self.site.ledger.problem(problem).await?;
                if known.is_some() {
                    let taken = Entry::ActionTaken { by, action: Action::Retry(problem) };
                    self.site.record(vec![taken, Entry::ProblemClosed { problem }]).await?;
                    told.ask.notify_one();
                }
                // Whoever asked may have gone away.
                let _ = reply.send(known);
                Ok(())
            }
        }
    }
}

/// Asks for evidence that is nowhere, now and then and whenever a person has something tried again.
async fn seek(site: Site, ask: Arc<Notify>) -> Result<(), StationError> {
    loop {
        ask_for_the_missing(&site).await?;
        // Whichever comes first.
        let _ = timeout(ASK_EVERY, ask.notified()).await;
    }
}

/// Brings to destinations what they never got, one segment after the other, for as long as the station runs.
async fn fill(site: Site) -> Result<(), StationError> {
    let mut filling = Filling::default();
    loop {
        match filling.step(&site).await? {
            Step::Fetched => {}
            Step::Waits => sleep(FILL_AGAIN).await,
            Step::Through => sleep(ASK_EVERY).await,
        }
    }
}

/// Has copies kept as people asked, now and then and whenever somebody does.
async fn keep(site: Site, wishes: Arc<Notify>) -> Result<(), StationError> {
    loop {
        keep_as_asked(&site).await?;
        let _ = timeout(ASK_EVERY, wishes.notified()).await;
    }
}

/// Removes spool copies whose time has come, at each beat, for as long as the station runs.
///
/// On a full disk, which only this can make less full, copies go as soon as they are proven and wiped.
async fn release(
    site: Site,
    keep: Duration,
    mut beat: Listener,
    disk: watch::Sender<DiskState>,
) -> Result<(), StationError> {
    loop {
        let room = site.ledger.keep_room().await.unwrap_or_else(|error| {
            tell(&Subject::station(), StorageNotice::NoReserve { error: error.to_string() });
            Room::Short
        });
        let (state, keep) = match room {
            Room::Kept => (DiskState::Ok, keep),
            Room::Short => (DiskState::Full, Duration::ZERO),
        };
        disk.send_if_modified(|known| std::mem::replace(known, state) != state);
        match release_wiped(&site, keep).await {
            Ok(0) => beat.next().await,
            Ok(_) => {}
            Err(ShelfError::Ledger(error)) => return Err(error.into()),
            Err(ShelfError::Spool(error)) => {
                tell(&Subject::station(), StorageNotice::NotReleased { error: error.to_string() });
                beat.next().await;
            }
        }
    }
}
