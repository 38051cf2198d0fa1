//! Whose fault a failed delivery is, by the evidence: after a failure the place is asked for something that depends on no
//! segment. If it answers, the trouble is the segment's own; if it does not, everything for the place waits.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

use super::probe::health;
use super::upload::{DeliveryError, deliver};
use super::width::Width;
use super::{Site, Target};
use crate::cloud::DestinationError;
use crate::custody::Proof;
use crate::domain::{DockingId, Segment};
use crate::faults::{PlantedBug, planted};
use crate::ledger::LedgerError;

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
    /// The ledger's; nothing goes on without it.
    Ledger(LedgerError),
}

/// Brings a segment to its destination and proves it; if that fails, finds out whose fault it is. A panic on the way is
/// this segment's alone.
pub(super) async fn attempt(
    site: &Site,
    target: &Target,
    segment: &Segment,
    docking: Option<DockingId>,
    chunks: &Width,
) -> Result<Proof, Fault> {
    let delivery = async {
        match deliver(site, target, segment, docking, chunks).await {
            Ok(proof) => Ok(proof),
            Err(DeliveryError::OtherContent) => Err(Fault::OtherContent),
            Err(DeliveryError::Ledger(error)) => Err(Fault::Ledger(error)),
            Err(DeliveryError::Destination(error)) => Err(blame(site, target, error).await),
        }
    };
    let outcome = AssertUnwindSafe(delivery).catch_unwind().await;
    outcome.unwrap_or_else(|panic| Err(Fault::Panic(words(&*panic))))
}

async fn blame(site: &Site, target: &Target, error: DestinationError) -> Fault {
    let not_the_places = matches!(error, DestinationError::ChunkDamaged(_) | DestinationError::SpoolDamaged(_));
    if not_the_places || planted(PlantedBug::BlameTheSegment) {
        return Fault::Segment(error);
    }
    match health(site, target).await {
        Ok(Ok(())) => Fault::Segment(error),
        Ok(Err(of_the_place)) => Fault::Place(of_the_place),
        Err(error) => Fault::Ledger(error),
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".to_owned())
}
