//! Removing spool copies that are no longer needed, and only after every required destination has answered for its own copy
//! once more.
//!
//! Promise: copies that cannot go, however many they are, keep no other from going: each round begins behind the last one.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::Site;
use super::proofs::{Answer, still_proven};
use super::shelf::{self, ShelfError};
use crate::domain::{Moment, Segment};
use crate::faults::{PlantedBug, planted};
use crate::ledger::LedgerError;

/// Where in the queue the last round of each kind ended.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    wiped: AtomicI64,
    spare: AtomicI64,
}

/// Which copies may go.
#[derive(Debug, Clone, Copy)]
enum Candidates {
    /// Those whose originals were wiped before this.
    WipedBefore(Moment),
    /// Those that every required destination has proven, wiped or not.
    Spare,
}

/// Removes copies whose originals were wiped more than `keep` ago. Returns how many went.
///
/// # Errors
/// [`ShelfError`]; ask again later.
pub async fn release_wiped(site: &Site, keep: Duration) -> Result<usize, ShelfError> {
    let candidates = Candidates::WipedBefore(site.clock.now().minus(keep));
    release_some(site, candidates, &site.rounds.wiped).await
}

/// Makes room in a full spool by removing copies that every required destination has proven, oldest first. Returns how
/// many went; none means that only uploads can make room.
///
/// # Errors
/// [`ShelfError`]; ask again later.
pub async fn make_room(site: &Site) -> Result<usize, ShelfError> {
    release_some(site, Candidates::Spare, &site.rounds.spare).await
}

/// Goes once around the candidates, from where the last round ended, until some have gone or nobody answers.
async fn release_some(site: &Site, candidates: Candidates, round: &AtomicI64) -> Result<usize, ShelfError> {
    let began = round.load(Ordering::SeqCst);
    let (mut after, mut around) = (began, false);
    loop {
        let batch = batch(site, candidates, after).await?;
        let Some((last, _)) = batch.last() else {
            if around || began == 0 {
                round.store(0, Ordering::SeqCst);
                return Ok(0);
            }
            (after, around) = (0, true);
            continue;
        };
        let (removed, seen) = release_proven(site, &batch).await?;
        if planted(PlantedBug::BeginWithTheSame) {
            return Ok(removed);
        }
        after = seen.unwrap_or(*last);
        round.store(after, Ordering::SeqCst);
        let all_seen = around && after >= began;
        if removed > 0 || seen.is_some() || all_seen {
            return Ok(removed);
        }
    }
}

async fn batch(site: &Site, candidates: Candidates, after: i64) -> Result<Vec<(i64, Segment)>, LedgerError> {
    match candidates {
        Candidates::WipedBefore(before) => site.ledger.wiped_before(before, after, site.releases).await,
        Candidates::Spare => site.ledger.proven_in_spool(after, site.releases).await,
    }
}

/// Returns how many went, and where it ended if a destination is not well: then the others are not asked about either, since
/// each question would take as long as patience lasts.
async fn release_proven(site: &Site, segments: &[(i64, Segment)]) -> Result<(usize, Option<i64>), ShelfError> {
    let mut removed = 0;
    for (place, segment) in segments {
        // One that is not proven stays; whatever is wrong was recorded, and will be mended from this very copy.
        let answer =
            if planted(PlantedBug::EvictUnproven) { Answer::Proven } else { still_proven(site, segment).await? };
        match answer {
            Answer::Proven => {
                shelf::release(site, segment.id).await?;
                removed += 1;
            }
            Answer::NotProven => {}
            Answer::Silence => return Ok((removed, Some(*place))),
        }
    }
    Ok((removed, None))
}
