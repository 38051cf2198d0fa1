//! Spool → one destination: one segment, from whatever is there already to a proof.

use std::collections::BTreeSet;

use super::keeping::prove_and_keep;
use super::places::{NoPlace, enrolled};
use super::width::Width;
use super::{Site, Target, chunk};
use crate::cloud::{CommitOutcome, DestinationError, Upload};
use crate::custody::{Proof, Unproven, Wanted};
use crate::domain::{ChunkOrder, DockingId, PlaceId, Protection, Segment};
use crate::faults::{CrashPoint, crash_point};
#[cfg(feature = "faults")]
use crate::faults::{PlantedBug, planted};
use crate::ledger::LedgerError;
use futures::StreamExt as _;

/// So often the list of staged chunks is asked for anew before the delivery is put off.
const ROUNDS: u32 = 3;

/// So many chunks of one segment line up for their turn, which the destination's width gives.
const WAITING: usize = 64;

/// Why a segment is not proven at a destination.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeliveryError {
    /// The destination's side, or the spool's, failed.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An object of this name with other content is there; nothing was overwritten.
    #[error("an object of this name with other content is there")]
    OtherContent,
}

impl From<NoPlace> for DeliveryError {
    fn from(error: NoPlace) -> Self {
        match error {
            NoPlace::Destination(error) => Self::Destination(error),
            NoPlace::Ledger(error) => Self::Ledger(error),
        }
    }
}

/// Brings `segment` to `target` and proves it. Whatever an earlier attempt, of this station or another, has brought
/// there is used: a complete object is adopted, staged chunks are not sent again.
pub(super) async fn deliver(
    site: &Site,
    target: &Target,
    segment: &Segment,
    docking: Option<DockingId>,
    chunks: &Width,
) -> Result<Proof, DeliveryError> {
    let upload = Upload {
        object: target.object(segment),
        fingerprint: target.fingerprint(segment),
        metadata: metadata(site, segment, docking),
        // From now on, so that no time before it has reached the place is lost.
        protection: target.protection.of(segment, site.clock.now()),
    };
    let wanted = site.protection(target, segment).await?;
    let place = enrolled(site, target).await?;
    if let Some(proof) = ask(target, place, &upload, wanted).await? {
        return Ok(proof);
    }
    for _ in 0..ROUNDS {
        send_missing(site, target, segment, &upload, chunks).await?;
        crash_point(CrashPoint::BeforeCommit);
        let outcome = target.destination.commit(&upload).await?;
        crash_point(CrashPoint::AfterCommit);
        #[cfg(feature = "faults")]
        if planted(PlantedBug::TrustTheCommit) && outcome == CommitOutcome::Created {
            return Ok(Proof::claimed(target.destination.name().clone(), upload.fingerprint));
        }
        if outcome != CommitOutcome::ChunksMissing
            && let Some(proof) = ask(target, place, &upload, wanted).await?
        {
            crash_point(CrashPoint::Proven);
            return Ok(proof);
        }
    }
    let message = "it accepts every chunk, but the object does not come into being".to_owned();
    Err(DestinationError::Busy { message, retry_after: None }.into())
}

/// The proof, or `None` if the destination holds no such object.
async fn ask(
    target: &Target,
    place: PlaceId,
    upload: &Upload,
    protection: Protection,
) -> Result<Option<Proof>, DeliveryError> {
    let wanted = Wanted { protection, ..Wanted::of(upload, target.policy) };
    match prove_and_keep(&*target.destination, place, wanted, upload.protection, None).await {
        Ok(proof) => Ok(Some(proof)),
        Err(Unproven::Absent) => Ok(None),
        Err(Unproven::OtherContent) => Err(DeliveryError::OtherContent),
        Err(error @ (Unproven::Unsteady | Unproven::Unprotected { .. })) => {
            Err(DestinationError::Unreachable(error.to_string()).into())
        }
        Err(Unproven::Unanswered(error)) => Err(error.into()),
    }
}

async fn send_missing(
    site: &Site,
    target: &Target,
    segment: &Segment,
    upload: &Upload,
    chunks: &Width,
) -> Result<(), DestinationError> {
    let staged: BTreeSet<u32> = target.destination.staged(upload).await?.into_iter().collect();
    let missing = (0..upload.fingerprint.chunk_count()).filter(|index| !staged.contains(index));
    let sends = missing.map(|index| async move {
        let turn = chunks.turn().await;
        let body = chunk::body(&site.shelf, &target.caps, segment.id, &upload.fingerprint, index);
        target.destination.put_chunk(upload, index, body).await?;
        turn.arrived();
        crash_point(CrashPoint::ChunkStaged);
        Ok::<_, DestinationError>(())
    });
    let at_once = match target.destination.chunk_rules().order {
        ChunkOrder::Any => WAITING,
        ChunkOrder::OneAfterAnother => 1,
    };
    let mut sends = futures::stream::iter(sends).buffer_unordered(at_once);
    while let Some(sent) = sends.next().await {
        sent?;
    }
    Ok(())
}

fn metadata(site: &Site, segment: &Segment, docking: Option<DockingId>) -> Vec<(&'static str, String)> {
    let mut metadata = vec![
        ("sha256", segment.fingerprint.sha256.to_string()),
        ("camera", segment.camera.to_string()),
        ("station", site.station.to_string()),
        ("original-name", segment.path.escaped()),
        ("recorded-at", segment.recorded_at.to_string()),
    ];
    if let Some(docking) = docking {
        metadata.push(("docking", docking.to_string()));
    }
    if segment.damaged {
        metadata.push(("damaged", "at-source".to_owned()));
    }
    metadata
}
