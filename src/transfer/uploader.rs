//! One destination's part of the queue, worked off for as long as the station runs, whether or not the cameras are
//! still there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::blame::{Fault, attempt};
use super::probe::{Health, health};
use super::shown::{self, Doing, OVERDUE};
use super::troubles::{Next, Persistence, Since, Troubles};
use super::width::Width;
use super::{Site, Target, fairness, pace, shelf};
use crate::cloud::DestinationError;
use crate::custody::Proof;
use crate::domain::{
    CameraSerial, DestinationNotice, DestinationSnapshot, Moment, ProblemKind, Segment, SegmentNotice, Subject,
};
use crate::faults::{CrashPoint, PlantedBug, crash_point, planted};
use crate::journal::tell;
use crate::ledger::{Delivery, Entry, Head, LedgerError};

/// So long after a place was last heard of, it is asked how it is: what is said of it must not be an old story.
const LOOK_IN_AFTER: Duration = Duration::from_mins(5);

/// How a destination is doing, as shown to people.
pub type WatchDestination = watch::Receiver<DestinationSnapshot>;

/// Works off the queue of one destination.
pub struct Uploader {
    site: Site,
    target: Target,
    /// How many chunks, and how many segments, may be on their way at once.
    concurrency: usize,
    chunks: Arc<Width>,
    persistence: Persistence,
    shown: watch::Sender<DestinationSnapshot>,
    under_way: BTreeMap<i64, CameraSerial>,
    /// Segments that failed on their own account.
    troubles: Troubles,
    flow: Flow,
    /// When the place was last heard of, well or not.
    heard: Instant,
}

/// Whether deliveries may start.
#[derive(Debug)]
enum Flow {
    /// Nothing was heard of the place yet.
    Untried,
    Running,
    /// The place is not well. Until then; then one delivery tries it, or a look.
    Paused {
        until: Instant,
        again_at: Moment,
        failures: u32,
        since: Since,
        error: DestinationError,
    },
}

/// What has come to its end at the place.
enum Finished {
    Delivery {
        seq: i64,
        segment: Segment,
        result: Result<Proof, Fault>,
    },
    /// It was asked how it is.
    Look(Result<Health, LedgerError>),
}

impl Uploader {
    /// An uploader, and where to read how its destination is doing.
    #[must_use]
    pub fn new(site: Site, target: Target, concurrency: usize, persistence: Persistence) -> (Self, WatchDestination) {
        let (shown, receiver) = watch::channel(DestinationSnapshot::unasked(target.destination.name().clone()));
        let uploader = Self {
            site,
            target,
            concurrency,
            chunks: Arc::new(Width::of(concurrency)),
            persistence,
            shown,
            under_way: BTreeMap::new(),
            troubles: Troubles::default(),
            flow: Flow::Untried,
            heard: Instant::now(),
        };
        (uploader, receiver)
    }

    /// Uploads until cancelled.
    ///
    /// # Errors
    /// [`LedgerError`] if the ledger fails; nothing goes on without it.
    pub async fn run(mut self) -> Result<(), LedgerError> {
        let mut changes = self.site.ledger.changes();
        let mut under_way: JoinSet<Finished> = JoinSet::new();
        loop {
            changes.mark_seen();
            let now = Instant::now();
            self.wake(now).await?;
            self.start(now, &mut under_way).await?;
            self.look_in(now, &mut under_way);
            self.show();
            let wake = self.next_wake(now);
            tokio::select! {
                biased;
                // A delivery catches its own panic, so nothing but an end of the runtime keeps one from finishing.
                Some(Ok(finished)) = under_way.join_next() => self.settle(finished).await?,
                () = changes.changed() => {}
                () = tokio::time::sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
        }
    }

    /// What is due may have been proven, or have become a problem, by another way meanwhile.
    async fn wake(&mut self, now: Instant) -> Result<(), LedgerError> {
        let due = self.troubles.wake(now);
        if due.is_empty() {
            return Ok(());
        }
        let waiting = self.site.ledger.still_queued(self.target.destination.name(), due.clone()).await?;
        for seq in due.into_iter().filter(|seq| !waiting.contains(seq)) {
            self.troubles.forget(seq);
        }
        Ok(())
    }

    /// Starts as many deliveries as may be under way.
    async fn start(&mut self, now: Instant, deliveries: &mut JoinSet<Finished>) -> Result<(), LedgerError> {
        let slots = match self.flow {
            Flow::Untried | Flow::Running => self.concurrency,
            Flow::Paused { until, .. } if now >= until => 1,
            Flow::Paused { .. } => 0,
        };
        let free = slots.saturating_sub(self.under_way.len());
        if free == 0 {
            return Ok(());
        }
        let (under_way, asleep) = (self.under_way.clone(), self.troubles.asleep());
        let passed_over = move |seq| under_way.contains_key(&seq) || asleep.contains(&seq);
        let mut per_camera = BTreeMap::new();
        for camera in self.under_way.values() {
            *per_camera.entry(camera.clone()).or_default() += 1;
        }
        let head = Head { cameras: fairness::enough(slots, &per_camera), per_camera: free };
        let resting = self.troubles.resting(now);
        let queued = self.site.ledger.queued(self.target.destination.name(), head, passed_over, resting).await?;
        let one_by_one = self.troubles.one_by_one();
        let chosen = fairness::choose(queued, &per_camera, &one_by_one, slots, free);
        for Delivery { seq, segment, docking } in self.site.ledger.deliveries(chosen).await? {
            self.under_way.insert(seq, segment.camera.clone());
            let (site, target, chunks) = (self.site.clone(), self.target.clone(), Arc::clone(&self.chunks));
            deliveries.spawn(async move {
                let result = attempt(&site, &target, &segment, docking, &chunks).await;
                Finished::Delivery { seq, segment, result }
            });
        }
        Ok(())
    }

    /// Asks the place how it is, if nothing else will show that soon.
    fn look_in(&self, now: Instant, under_way: &mut JoinSet<Finished>) {
        if under_way.is_empty() && self.next_look() <= now && !planted(PlantedBug::NeverLookIn) {
            let (site, target) = (self.site.clone(), self.target.clone());
            under_way.spawn(async move { Finished::Look(health(&site, &target).await) });
        }
    }

    /// When the place is to be asked how it is, if nothing is on its way there.
    fn next_look(&self) -> Instant {
        match self.flow {
            Flow::Untried => self.heard,
            Flow::Running => self.heard + LOOK_IN_AFTER,
            Flow::Paused { until, .. } => until,
        }
    }

    /// When something is due that was not due at `since`, when deliveries were last started. It may be due already.
    fn next_wake(&self, since: Instant) -> Option<Instant> {
        let due = match self.flow {
            Flow::Paused { until, .. } if until > since => None,
            Flow::Untried | Flow::Running | Flow::Paused { .. } => self.troubles.next_due(since),
        };
        let overdue = self.waiting_since().map(|waiting| waiting.instant + OVERDUE);
        let later = [Some(self.next_look()), overdue].into_iter().flatten().filter(|at| *at > since);
        due.into_iter().chain(later).min()
    }

    async fn settle(&mut self, finished: Finished) -> Result<(), LedgerError> {
        self.heard = Instant::now();
        match finished {
            Finished::Delivery { seq, segment, result } => {
                self.under_way.remove(&seq);
                self.settle_delivery(seq, segment, result).await
            }
            Finished::Look(health) => {
                match health? {
                    Ok(()) => self.flow = Flow::Running,
                    Err(error) => self.pause(error),
                }
                Ok(())
            }
        }
    }

    async fn settle_delivery(
        &mut self,
        seq: i64,
        segment: Segment,
        result: Result<Proof, Fault>,
    ) -> Result<(), LedgerError> {
        match result {
            Ok(proof) => {
                let (version, method, protection) = (proof.version().clone(), proof.method(), proof.protection());
                self.troubles.succeeded(seq, &segment.camera, Instant::now());
                self.flow = Flow::Running;
                let destination = self.target.destination.name().clone();
                tell(&segment.about().destination(&destination), SegmentNotice::Proven { method });
                let entry = Entry::CopyProven { segment: segment.id, destination, version, method, protection };
                self.record(vec![entry]).await?;
                crash_point(CrashPoint::ProofRecorded);
                Ok(())
            }
            Err(Fault::Ledger(error)) => Err(error),
            Err(Fault::OtherContent) => {
                self.flow = Flow::Running;
                self.found(seq, &segment, ProblemKind::OtherContent).await
            }
            Err(Fault::Place(error)) => {
                self.pause(error);
                Ok(())
            }
            Err(Fault::Segment(error)) => {
                self.flow = Flow::Running;
                let spool = matches!(error, DestinationError::ChunkDamaged(_) | DestinationError::SpoolDamaged(_));
                if spool && let Some(why) = shelf::give_up_if_bad(&self.site, &segment).await? {
                    tell(&segment.about(), SegmentNotice::CopyBad { why: why.to_owned() });
                    self.troubles.forget(seq);
                    return Ok(());
                }
                self.put_off(seq, &segment, error.to_string(), Some(error)).await
            }
            Err(Fault::Panic(words)) => {
                let error = format!("camdock itself broke off over it: {words}; please report this");
                self.put_off(seq, &segment, error, None).await
            }
        }
    }

    /// The place is well, but does not get this segment.
    async fn put_off(
        &mut self,
        seq: i64,
        segment: &Segment,
        error: String,
        cause: Option<DestinationError>,
    ) -> Result<(), LedgerError> {
        let about = segment.about().destination(self.target.destination.name());
        tell(&about, SegmentNotice::PutOff { error: error.clone() });
        let now = self.now();
        match self.troubles.failed(seq, &segment.camera, error.clone(), cause, now, self.persistence) {
            Next::TryAgain => Ok(()),
            Next::AskSomebody => self.found(seq, segment, ProblemKind::Undelivered { error }).await,
        }
    }

    async fn found(&mut self, seq: i64, segment: &Segment, kind: ProblemKind) -> Result<(), LedgerError> {
        let destination = self.target.destination.name().clone();
        tell(&segment.about().destination(&destination), kind.clone());
        let entry = Entry::ProblemFound {
            camera: segment.camera.clone(),
            path: segment.path.clone(),
            segment: Some(segment.id),
            destination: Some(destination),
            kind,
        };
        self.record(vec![entry]).await?;
        self.troubles.forget(seq);
        Ok(())
    }

    async fn record(&self, entries: Vec<Entry>) -> Result<(), LedgerError> {
        self.site.record(entries).await
    }

    fn now(&self) -> Since {
        Since { instant: Instant::now(), moment: self.site.clock.now() }
    }

    /// Everything for the place waits. Deliveries that were under way together fail together; that counts as one failure.
    fn pause(&mut self, error: DestinationError) {
        let now = self.now();
        let (failures, since) = match &mut self.flow {
            Flow::Paused { until, error: earlier, .. } if *until > now.instant => {
                *earlier = error;
                return;
            }
            Flow::Paused { failures, since, .. } => (failures.saturating_add(1), *since),
            Flow::Untried | Flow::Running => (1, now),
        };
        self.chunks.start_gently();
        let wait = pace::place_rests(&error, failures);
        let (until, again_at) = (now.instant + wait, now.moment.plus(wait));
        self.flow = Flow::Paused { until, again_at, failures, since, error };
    }

    fn doing(&self) -> Doing<'_> {
        match (&self.flow, self.troubles.oldest()) {
            (Flow::Paused { again_at, since, error, .. }, _) => {
                Doing::Ill { error, since: *since, again_at: *again_at }
            }
            (_, Some((since, _))) if self.troubles.are_exceptions() => Doing::TakesOthers { since },
            (_, Some((since, error))) => Doing::TakesNothing { error, since },
            (Flow::Untried, None) => Doing::Unasked,
            (Flow::Running, None) => Doing::Well,
        }
    }

    /// Since when something has been waiting: the place as a whole, or a segment.
    fn waiting_since(&self) -> Option<Since> {
        let place = match &self.flow {
            Flow::Paused { since, .. } => Some(*since),
            Flow::Untried | Flow::Running => None,
        };
        let segment = self.troubles.oldest().map(|(since, _)| since);
        place.into_iter().chain(segment).min_by_key(|since| since.instant)
    }

    fn show(&self) {
        let waited = self.waiting_since().map_or(Duration::ZERO, |since| since.instant.elapsed());
        let mut now = shown::snapshot(self.target.destination.name(), &self.doing(), waited, self.troubles.told());
        if let DestinationNotice::NotSetUp { why } = &mut now.notice {
            *why = format!("{why}. {}", self.target.need.while_not_set_up());
        }
        self.shown.send_if_modified(|shown| {
            if *shown == now {
                return false;
            }
            if now.state() != shown.state() {
                tell(&Subject::station().destination(&now.name), now.notice.clone());
            }
            *shown = now;
            true
        });
    }
}
