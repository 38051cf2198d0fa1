//! Removing spool copies that are no longer needed: tombstone first, and only after every required destination has
//! answered for its own copy once more.

use std::time::Duration;

use super::Site;
use super::wipe::{NotCleared, prove_everywhere};
use crate::domain::Segment;
use crate::faults::{CrashPoint, PlantedBug, crash_point, planted};
use crate::ledger::{Entry, LedgerError};
use crate::spool::SpoolError;

/// So many copies are looked at in one go.
const BATCH: u32 = 64;

/// Why copies could not be removed.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The spool failed; the copy is removed at the next start.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// Removes copies whose originals were wiped more than `keep` ago. Returns how many went.
///
/// # Errors
/// [`ReleaseError`]; ask again later.
pub async fn release_wiped(site: &Site, keep: Duration) -> Result<usize, ReleaseError> {
    let due = site.ledger.wiped_before(site.clock.now().minus(keep), BATCH).await?;
    release_proven(site, &due).await
}

/// Makes room in a full spool by removing copies that every required destination has proven, oldest first. Returns how
/// many went; none means that only uploads can make room.
///
/// # Errors
/// [`ReleaseError`]; ask again later.
pub async fn make_room(site: &Site) -> Result<usize, ReleaseError> {
    let spare = site.ledger.proven_in_spool(0, BATCH).await?;
    release_proven(site, &spare).await
}

/// Whether every required destination proves its copy now. One that does not answer proves nothing.
///
/// # Errors
/// [`LedgerError`]
pub async fn still_proven(site: &Site, segment: &Segment) -> Result<bool, LedgerError> {
    match prove_everywhere(site, segment).await {
        Ok(_) => Ok(true),
        Err(NotCleared::Ledger(error)) => Err(error),
        Err(NotCleared::Unmet(_) | NotCleared::Unproven { .. }) => Ok(false),
    }
}

async fn release_proven(site: &Site, segments: &[Segment]) -> Result<usize, ReleaseError> {
    let mut removed = 0;
    for segment in segments {
        // One that is not proven stays; whatever is wrong was recorded, and will be mended from this very copy.
        if !planted(PlantedBug::EvictUnproven) && !still_proven(site, segment).await? {
            continue;
        }
        let _shelf = site.shelf.write().await;
        let tombstone = Entry::SpoolCopyReleased { segment: segment.id };
        if planted(PlantedBug::RemoveBeforeTombstone) {
            site.spool.remove(segment.id).await?;
        }
        site.ledger.record(site.clock.now(), vec![tombstone]).await?;
        crash_point(CrashPoint::TombstoneRecorded);
        site.spool.remove(segment.id).await?;
        crash_point(CrashPoint::SpoolCopyRemoved);
        removed += 1;
    }
    Ok(removed)
}
