//! Removing spool copies that are no longer needed, and only after every required destination has answered for its own copy
//! once more.

use std::time::Duration;

use super::Site;
use super::proofs::still_proven;
use super::shelf::{self, ShelfError};
use crate::domain::Segment;
use crate::faults::{PlantedBug, planted};

/// So many copies are looked at in one go.
const BATCH: u32 = 64;

/// Removes copies whose originals were wiped more than `keep` ago. Returns how many went.
///
/// # Errors
/// [`ShelfError`]; ask again later.
pub async fn release_wiped(site: &Site, keep: Duration) -> Result<usize, ShelfError> {
    let due = site.ledger.wiped_before(site.clock.now().minus(keep), BATCH).await?;
    release_proven(site, &due).await
}

/// Makes room in a full spool by removing copies that every required destination has proven, oldest first. Returns how
/// many went; none means that only uploads can make room.
///
/// # Errors
/// [`ShelfError`]; ask again later.
pub async fn make_room(site: &Site) -> Result<usize, ShelfError> {
    let spare = site.ledger.proven_in_spool(0, BATCH).await?;
    release_proven(site, &spare).await
}

async fn release_proven(site: &Site, segments: &[Segment]) -> Result<usize, ShelfError> {
    let mut removed = 0;
    for segment in segments {
        // One that is not proven stays; whatever is wrong was recorded, and will be mended from this very copy.
        if !planted(PlantedBug::EvictUnproven) && !still_proven(site, segment).await? {
            continue;
        }
        shelf::release(site, segment.id).await?;
        removed += 1;
    }
    Ok(removed)
}
