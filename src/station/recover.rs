//! What the last run left behind, and whether ledger and spool still tell the same story: asked after each start.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::Examine;
use super::StationError;
use super::docking::NotYet;
use crate::domain::{CameraNotice, StorageNotice, Subject};
use crate::journal::tell;
use crate::ledger::{Entry, Health, Outcome, UnknownEntries};
use crate::transfer::{ShelfError, Site, reconcile};

/// What could not be examined or compared is tried again after this long.
const AGAIN: Duration = Duration::from_secs(30);

/// Writes down what is known at once: interrupted dockings and the configured destinations.
pub(super) async fn begin(site: &Site) -> Result<(), StationError> {
    let mut entries = Vec::new();
    for (docking, camera, bay) in site.ledger.open_dockings().await? {
        tell(&Subject::station().bay(&bay).camera(&camera).docking(docking), CameraNotice::Interrupted);
        entries.push(Entry::DockingEnded { docking, outcome: Outcome::Interrupted });
    }
    let destinations = site.needs();
    if site.ledger.destinations().await? != destinations {
        entries.push(Entry::DestinationsSet { destinations });
    }
    Ok(site.record(entries).await?)
}

/// Reads the whole ledger and compares it with the spool, and lets wiping begin when they agree. Offloading and
/// uploading go on meanwhile: they only add.
pub(super) async fn examine(
    site: Site,
    examine: Examine,
    wiping: watch::Sender<Option<NotYet>>,
) -> Result<(), StationError> {
    match sound(examine).await? {
        unknown if unknown.is_empty() => {}
        unknown => {
            tell(&Subject::station(), StorageNotice::UnknownEntries { what: unknown.to_string() });
        }
    }
    while let Err(error) = reconcile(&site).await {
        match error {
            ShelfError::Ledger(error) => return Err(error.into()),
            ShelfError::Spool(error) => {
                tell(&Subject::station(), StorageNotice::NotCompared { error: error.to_string() });
                wiping.send_replace(Some(NotYet::SpoolFails));
                sleep(AGAIN).await;
            }
        }
    }
    wiping.send_replace(None);
    Ok(())
}

/// Examines the ledger, however often it takes: a disk that is busy, fails or has no memory says nothing about it.
async fn sound(examine: Examine) -> Result<UnknownEntries, StationError> {
    loop {
        match examine().await {
            Ok(Health::Sound(unknown)) => return Ok(unknown),
            Ok(Health::Damaged(why)) => return Err(StationError::LedgerDamaged(why)),
            Err(error) => {
                tell(&Subject::station(), StorageNotice::NotExamined { error: error.to_string() });
                sleep(AGAIN).await;
            }
        }
    }
}
