//! What was left behind, by the last run or by a docking that was cancelled, and whether ledger and spool still tell the
//! same story. Asked after each start, and whenever a full spool must find room.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt as _;
use tokio::sync::watch;
use tokio::time::sleep;

use super::StationError;
use super::supervise::{Examine, needs};
use crate::domain::{Fingerprinter, Segment, SegmentId};
use crate::ledger::{Entry, Health, LedgerError, Outcome, SpoolCopy};
use crate::spool::SpoolError;
use crate::transfer::{Site, still_proven};

/// Writes down what is known at once: interrupted dockings and the configured destinations.
pub(super) async fn begin(site: &Site) -> Result<(), StationError> {
    let mut entries = Vec::new();
    for (docking, camera, bay) in site.ledger.open_dockings().await? {
        tracing::info!(%docking, %camera, %bay, "this docking was interrupted; it goes on from where it was");
        entries.push(Entry::DockingEnded { docking, outcome: Outcome::Interrupted });
    }
    let destinations = needs(site);
    if site.ledger.destinations().await? != destinations {
        entries.push(Entry::DestinationsSet { destinations });
    }
    Ok(site.ledger.record(site.clock.now(), entries).await?)
}

/// Reads the whole ledger and compares it with the spool, and opens the gate for wiping when they agree. Offloading and
/// uploading go on meanwhile: they only add.
pub(super) async fn examine(
    site: Site,
    examine: Examine,
    gate: watch::Sender<Option<&'static str>>,
) -> Result<(), StationError> {
    match examine().await? {
        Health::Sound(unknown) if unknown.is_empty() => {}
        Health::Sound(unknown) => {
            tracing::warn!("{unknown}. A newer camdock wrote them; they are kept, and nothing follows from them here");
        }
        Health::Damaged(why) => return Err(StationError::LedgerDamaged(why)),
    }
    while let Err(error) = reconcile(&site).await {
        match error {
            ReconcileError::Ledger(error) => return Err(error.into()),
            ReconcileError::Spool(error) => {
                tracing::error!(%error, "the spool cannot be compared with the ledger; nothing is wiped until it can");
                gate.send_replace(Some("the spool cannot be read"));
                sleep(Duration::from_secs(30)).await;
            }
        }
    }
    gate.send_replace(None);
    Ok(())
}

#[derive(Debug, thiserror::Error)]
pub(super) enum ReconcileError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// Makes ledger and spool tell the same story. Copies come and go meanwhile, so each difference is looked at again on
/// its own before anything follows from it.
pub(super) async fn reconcile(site: &Site) -> Result<(), ReconcileError> {
    let recorded = site.ledger.spool_copies().await?;
    let found: BTreeSet<SegmentId> = site.spool.inventory().await?.into_iter().collect();
    for (segment, copy) in &recorded {
        match (copy, found.contains(segment)) {
            (SpoolCopy::Present, false) => lose(site, *segment).await?,
            (SpoolCopy::Released, true) => finish_release(site, *segment).await?,
            (SpoolCopy::Lost, true) => find_again(site, *segment).await?,
            _ => {}
        }
    }
    for segment in found {
        if recorded.binary_search_by_key(&segment, |(id, _)| *id).is_err() {
            adopt(site, segment).await?;
        }
    }
    Ok(())
}

async fn lose(site: &Site, segment: SegmentId) -> Result<(), ReconcileError> {
    let _shelf = site.shelf.write().await;
    let still_recorded = site.ledger.segment(segment).await?.is_some_and(|known| known.spool == SpoolCopy::Present);
    let mut content = site.spool.read(segment, 0, 1);
    let missing = matches!(content.next().await, Some(Err(SpoolError::Missing(_))));
    if still_recorded && missing {
        tracing::error!(%segment, "its spool copy is missing; the camera must be docked again unless every copy is proven");
        let why = "it was missing at the start".to_owned();
        site.ledger.record(site.clock.now(), vec![Entry::SpoolCopyLost { segment, why }]).await?;
    }
    Ok(())
}

/// A copy that was given up is there after all.
async fn find_again(site: &Site, segment: SegmentId) -> Result<(), ReconcileError> {
    let _shelf = site.shelf.write().await;
    let lost = site.ledger.segment(segment).await?.is_some_and(|known| known.spool == SpoolCopy::Lost);
    if lost { take_over(site, segment).await } else { Ok(()) }
}

/// The tombstone was committed, but the copy outlived the crash that followed. The destinations' answers are as old as
/// that, so each is asked again; a copy that is needed after all is taken back.
async fn finish_release(site: &Site, segment: SegmentId) -> Result<(), ReconcileError> {
    let Some(known) = site.ledger.segment(segment).await? else { return Ok(()) };
    let proven = still_proven(site, &known.segment).await?;
    let _shelf = site.shelf.write().await;
    // To hear that a destination lost its copy turns a released copy into a lost one.
    match site.ledger.segment(segment).await?.map(|known| known.spool) {
        Some(SpoolCopy::Released) if proven => Ok(site.spool.remove(segment).await?),
        Some(SpoolCopy::Released | SpoolCopy::Lost) => take_over(site, segment).await,
        Some(SpoolCopy::Present) | None => Ok(()),
    }
}

/// A copy was sealed, but the crash came before the ledger knew.
async fn adopt(site: &Site, id: SegmentId) -> Result<(), ReconcileError> {
    let _shelf = site.shelf.write().await;
    if site.ledger.segment(id).await?.is_some() { Ok(()) } else { take_over(site, id).await }
}

/// Tells the ledger about a copy. Its label says whose it is, its content that it is whole.
async fn take_over(site: &Site, id: SegmentId) -> Result<(), ReconcileError> {
    let Some(label) = site.spool.label(id).await? else {
        tracing::warn!(segment = %id, "a spool copy without a label; it is kept, and replaced when its camera is docked again");
        return Ok(());
    };
    let mut fingerprinter = Fingerprinter::new(site.chunk_size);
    let mut content = site.spool.reread(id);
    while let Some(piece) = content.next().await {
        fingerprinter.update(&piece?);
    }
    let fingerprint = fingerprinter.finish();
    if SegmentId::of(&label.camera, &label.path, &fingerprint.sha256) != id {
        tracing::warn!(segment = %id, "a spool copy that is not whole; it is kept, and replaced when its camera is docked again");
        return Ok(());
    }
    tracing::info!(segment = %label.path, camera = %label.camera, "a spool copy that the ledger did not count on; taken over");
    let segment = Segment {
        id,
        camera: label.camera,
        path: label.path,
        recorded_at: label.recorded_at,
        fingerprint,
        damaged: label.damaged,
    };
    let entry = Entry::SegmentSpooled { docking: None, segment };
    Ok(site.ledger.record(site.clock.now(), vec![entry]).await?)
}
