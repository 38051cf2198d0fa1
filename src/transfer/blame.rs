//! Whose fault a failed delivery is, by the evidence: after a failure the place is asked for something that depends on no
//! segment. If it answers, the trouble is the segment's own; if it does not, everything for the place waits.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::upload::{DeliveryError, deliver};
use super::{Site, Target};
use crate::cloud::DestinationError;
use crate::custody::Proof;
use crate::domain::{DockingId, ObjectName, Segment};
use crate::faults::{PlantedBug, planted};

/// Why a segment was not delivered, and whose fault that is.
#[derive(Debug)]
pub(super) enum Fault {
    /// The place's: it does not answer the probe either. This is what it says to that.
    Place(DestinationError),
    /// The segment's: the place is well.
    Segment(DestinationError),
    /// An object of this name with other content is there; nothing was overwritten.
    OtherContent,
    /// A mistake in camdock, and its words.
    Panic(String),
}

/// Brings a segment to its destination and proves it; if that fails, finds out whose fault it is. A panic on the way is
/// this segment's alone.
pub(super) async fn attempt(
    site: &Site,
    target: &Target,
    segment: &Segment,
    docking: Option<DockingId>,
    chunks: &Semaphore,
    probe: &Probe,
) -> Result<Proof, Fault> {
    let delivery = AssertUnwindSafe(deliver(site, target, segment, docking, chunks)).catch_unwind();
    match delivery.await {
        Ok(Ok(proof)) => Ok(proof),
        Ok(Err(DeliveryError::OtherContent)) => Err(Fault::OtherContent),
        Ok(Err(DeliveryError::Destination(error))) => Err(blame(target, error, probe).await),
        Err(panic) => Err(Fault::Panic(words(&*panic))),
    }
}

async fn blame(target: &Target, error: DestinationError, probe: &Probe) -> Fault {
    let not_the_places = matches!(error, DestinationError::ChunkDamaged(_) | DestinationError::SpoolDamaged(_));
    if not_the_places || planted(PlantedBug::BlameTheSegment) {
        return Fault::Segment(error);
    }
    match probe.is_well(target).await {
        Ok(()) => Fault::Segment(error),
        Err(of_the_place) => Fault::Place(of_the_place),
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".to_owned())
}

/// Asks a place whether it is well. Those who fail together share a question.
#[derive(Debug, Default)]
pub(super) struct Probe {
    last: Mutex<Option<Probed>>,
}

#[derive(Debug, Clone)]
struct Probed {
    asked: Instant,
    answered: Instant,
    answer: Result<(), DestinationError>,
}

impl Probe {
    /// Whether the place is well, as of a moment after this call.
    ///
    /// # Errors
    /// What it says, if it is not.
    pub(super) async fn is_well(&self, target: &Target) -> Result<(), DestinationError> {
        let now = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(probed) = &*last
            // To say that it is well takes a question that was asked since; to say that it is not, one that failed since.
            && (probed.asked > now || (probed.answer.is_err() && probed.answered > now))
        {
            return probed.answer.clone();
        }
        let asked = Instant::now();
        let answer = look(target).await;
        *last = Some(Probed { asked, answered: Instant::now(), answer: answer.clone() });
        answer
    }
}

async fn look(target: &Target) -> Result<(), DestinationError> {
    let Some(name) = ObjectName::new("camdock-place") else { return Ok(()) };
    target.destination.stat(&name.below(&target.prefix)).await.map(drop)
}
