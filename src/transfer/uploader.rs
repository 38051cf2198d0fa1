//! One destination's part of the queue, worked off for as long as the station runs, whether or not the cameras are
//! still there.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::pace::{self, Reaction};
use super::upload::{DeliveryError, deliver};
use super::{Site, Target, fairness, shelf};
use crate::cloud::DestinationError;
use crate::custody::Proof;
use crate::domain::{CameraSerial, DestinationCause, DestinationSnapshot, DestinationState, ProblemKind, Segment};
use crate::faults::{CrashPoint, crash_point};
use crate::ledger::{Delivery, Entry, LedgerError};

/// How a destination is doing, as shown to people.
pub type WatchDestination = watch::Receiver<DestinationSnapshot>;

/// Works off the queue of one destination.
pub struct Uploader {
    site: Site,
    target: Target,
    /// How many chunks, and how many segments, may be on their way at once.
    concurrency: usize,
    chunks: Arc<Semaphore>,
    shown: watch::Sender<DestinationSnapshot>,
    under_way: BTreeMap<i64, CameraSerial>,
    /// Segments that failed on their own account, and when each is tried again.
    put_off: BTreeMap<i64, PutOff>,
    flow: Flow,
}

#[derive(Debug, Clone, Copy)]
struct PutOff {
    until: Instant,
    failures: u32,
}

/// Whether deliveries may start.
#[derive(Debug, Clone, Copy)]
enum Flow {
    Running,
    /// Until then; then one delivery tries it.
    Paused {
        until: Instant,
        failures: u32,
    },
}

/// A finished delivery.
struct Finished {
    seq: i64,
    segment: Segment,
    result: Result<Proof, DeliveryError>,
}

impl Uploader {
    /// An uploader, and where to read how its destination is doing.
    #[must_use]
    pub fn new(site: Site, target: Target, concurrency: usize) -> (Self, WatchDestination) {
        let (shown, receiver) = watch::channel(DestinationSnapshot {
            name: target.destination.name().clone(),
            state: DestinationState::Unknown,
            cause: None,
            message: "Nothing was asked of it yet.".to_owned(),
        });
        let uploader = Self {
            site,
            target,
            concurrency,
            chunks: Arc::new(Semaphore::new(concurrency)),
            shown,
            under_way: BTreeMap::new(),
            put_off: BTreeMap::new(),
            flow: Flow::Running,
        };
        (uploader, receiver)
    }

    /// Uploads until cancelled.
    ///
    /// # Errors
    /// [`LedgerError`] if the ledger fails; nothing goes on without it.
    pub async fn run(mut self) -> Result<(), LedgerError> {
        let mut changes = self.site.ledger.changes();
        let mut deliveries: JoinSet<Finished> = JoinSet::new();
        loop {
            changes.mark_seen();
            let now = Instant::now();
            self.start(now, &mut deliveries).await?;
            let wake = self.next_wake(now);
            tokio::select! {
                biased;
                Some(finished) = deliveries.join_next() => match finished {
                    Ok(finished) => self.settle(finished).await?,
                    // Only a bug makes a delivery panic; it is tried again with everything that is queued.
                    Err(error) => {
                        tracing::error!(%error, destination = %self.target.destination.name(), "a delivery broke off");
                        self.under_way.clear();
                        deliveries.abort_all();
                    }
                },
                () = changes.changed() => {}
                () = tokio::time::sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
        }
    }

    /// Starts as many deliveries as may be under way.
    async fn start(&mut self, now: Instant, deliveries: &mut JoinSet<Finished>) -> Result<(), LedgerError> {
        let slots = match self.flow {
            Flow::Running => self.concurrency,
            Flow::Paused { until, .. } if now >= until => 1,
            Flow::Paused { .. } => 0,
        };
        let free = slots.saturating_sub(self.under_way.len());
        if free == 0 {
            return Ok(());
        }
        let waiting = self.put_off.iter().filter(|(_, put_off)| put_off.until > now).map(|(seq, _)| *seq);
        let except = self.under_way.keys().copied().chain(waiting).collect();
        let head = u32::try_from(self.concurrency).unwrap_or(u32::MAX);
        let queued = self.site.ledger.queued(self.target.destination.name(), head, except).await?;
        let mut per_camera = BTreeMap::new();
        for camera in self.under_way.values() {
            *per_camera.entry(camera.clone()).or_default() += 1;
        }
        for Delivery { seq, segment, docking } in fairness::choose(queued, &per_camera, slots, free) {
            self.under_way.insert(seq, segment.camera.clone());
            let (site, target, chunks) = (self.site.clone(), self.target.clone(), Arc::clone(&self.chunks));
            deliveries.spawn(async move {
                let result = deliver(&site, &target, &segment, docking, &chunks).await;
                Finished { seq, segment, result }
            });
        }
        Ok(())
    }

    /// When something is due that was not due at `since`, when deliveries were last started. It may be due already.
    fn next_wake(&self, since: Instant) -> Option<Instant> {
        let pause = match self.flow {
            Flow::Paused { until, .. } if until > since => Some(until),
            Flow::Running | Flow::Paused { .. } => None,
        };
        let put_off = self.put_off.values().map(|put_off| put_off.until).filter(|until| *until > since).min();
        pause.or(put_off)
    }

    async fn settle(&mut self, finished: Finished) -> Result<(), LedgerError> {
        let Finished { seq, segment, result } = finished;
        self.under_way.remove(&seq);
        match result {
            Ok(proof) => {
                let (version, method) = (proof.version().clone(), proof.method());
                self.put_off.remove(&seq);
                self.go_on();
                let destination = self.target.destination.name().clone();
                tracing::info!(segment = %segment.path, camera = %segment.camera, %destination, %method, "proven");
                let entry = Entry::CopyProven { segment: segment.id, destination, version, method };
                self.record(vec![entry]).await?;
                crash_point(CrashPoint::ProofRecorded);
                Ok(())
            }
            Err(DeliveryError::Ledger(error)) => Err(error),
            Err(DeliveryError::OtherContent) => {
                self.go_on();
                self.found(&segment, ProblemKind::OtherContent).await
            }
            Err(DeliveryError::Destination(error)) => self.fail(seq, &segment, error).await,
        }
    }

    async fn fail(&mut self, seq: i64, segment: &Segment, error: DestinationError) -> Result<(), LedgerError> {
        match pace::judge(&error, self.failures() + 1) {
            Reaction::Wait(wait) => {
                self.pause(wait);
                let (cause, why) = match error {
                    DestinationError::Unreachable(_) => (DestinationCause::Network, "Waiting for network"),
                    _ => (DestinationCause::Busy, "Waiting"),
                };
                let message = format!("{why}: {error}. Uploads go on by themselves.");
                self.show(DestinationState::Waiting, Some(cause), message);
                Ok(())
            }
            Reaction::Refused(wait) => {
                self.pause(wait);
                let name = self.target.destination.name().clone();
                let (state, cause, message) = match error {
                    DestinationError::Denied { code, credential } => (
                        DestinationState::Refused,
                        DestinationCause::Credential,
                        format!("Refused by {name} ({code}): check credential {credential}."),
                    ),
                    DestinationError::NotSetUp(why) => (
                        DestinationState::Attention,
                        DestinationCause::NotSetUp,
                        format!("Not set up: {why}. {}.", self.target.need.while_not_set_up()),
                    ),
                    DestinationError::WrongPlace(wrong) => {
                        (DestinationState::Refused, DestinationCause::WrongPlace, format!("{name}: {wrong}."))
                    }
                    error => {
                        (DestinationState::Refused, DestinationCause::NoContainer, format!("{name} refuses: {error}."))
                    }
                };
                self.show(state, Some(cause), message);
                Ok(())
            }
            Reaction::ThisSegment => {
                self.go_on();
                self.fail_segment(seq, segment, error).await
            }
        }
    }

    /// The destination works, but not for this segment.
    async fn fail_segment(&mut self, seq: i64, segment: &Segment, error: DestinationError) -> Result<(), LedgerError> {
        if let DestinationError::Permanent(error) = error {
            return self.found(segment, ProblemKind::Refused { error }).await;
        }
        if let Some(why) = shelf::give_up_if_bad(&self.site, segment).await? {
            tracing::error!(segment = %segment.path, camera = %segment.camera, why, "spool copy lost; dock the camera again");
            self.put_off.remove(&seq);
            return Ok(());
        }
        tracing::warn!(segment = %segment.path, camera = %segment.camera, %error, "delivery put off");
        let failures = self.put_off.get(&seq).map_or(0, |put_off| put_off.failures) + 1;
        self.put_off.insert(seq, PutOff { until: Instant::now() + pace::backoff(failures), failures });
        Ok(())
    }

    async fn found(&mut self, segment: &Segment, kind: ProblemKind) -> Result<(), LedgerError> {
        let destination = self.target.destination.name().clone();
        tracing::warn!(segment = %segment.path, camera = %segment.camera, %destination, problem = %kind, "a person must look at it");
        let entry = Entry::ProblemFound {
            camera: segment.camera.clone(),
            path: segment.path.clone(),
            segment: Some(segment.id),
            destination: Some(destination),
            kind,
        };
        self.record(vec![entry]).await
    }

    async fn record(&self, entries: Vec<Entry>) -> Result<(), LedgerError> {
        self.site.record(entries).await
    }

    fn failures(&self) -> u32 {
        match self.flow {
            Flow::Running => 0,
            Flow::Paused { failures, .. } => failures,
        }
    }

    /// Deliveries that were under way together fail together; that counts as one failure.
    fn pause(&mut self, wait: std::time::Duration) {
        let already_paused = matches!(self.flow, Flow::Paused { until, .. } if until > Instant::now());
        if !already_paused {
            self.flow = Flow::Paused { until: Instant::now() + wait, failures: self.failures() + 1 };
        }
    }

    fn go_on(&mut self) {
        self.flow = Flow::Running;
        self.show(DestinationState::Ok, None, "Everything it was given is proven or on its way.".to_owned());
    }

    fn show(&self, state: DestinationState, cause: Option<DestinationCause>, message: String) {
        self.shown.send_if_modified(|shown| {
            let news = shown.state != state || shown.cause != cause || shown.message != message;
            if news && state != shown.state {
                let destination = &shown.name;
                if matches!(state, DestinationState::Refused | DestinationState::Attention) {
                    tracing::warn!(%destination, %state, "{message}");
                } else {
                    tracing::info!(%destination, %state, "{message}");
                }
            }
            (shown.state, shown.cause, shown.message) = (state, cause, message);
            news
        });
    }
}
