//! Evidence that is nowhere: asking for it again, wherever it might be after all.

use super::Site;
use super::proofs::{Answer, still_proven};
use crate::domain::SegmentNotice;
use crate::journal::tell;
use crate::ledger::LedgerError;

/// So many segments are looked up in one go.
const BATCH: u32 = 64;

/// Asks every required destination again for each segment of which no copy is left here although one is needed: another station
/// may have brought it there, or somebody may have put back what was lost. What is proven is no problem any more.
///
/// # Errors
/// [`LedgerError`]
pub async fn ask_for_the_missing(site: &Site) -> Result<(), LedgerError> {
    let mut after = 0;
    loop {
        let missing = site.ledger.nowhere(after, BATCH).await?;
        let Some((last, _)) = missing.last() else { return Ok(()) };
        after = *last;
        for (_, segment) in missing {
            match still_proven(site, &segment).await? {
                Answer::Proven => {
                    tell(&segment.about(), SegmentNotice::FoundAgain);
                }
                Answer::NotProven => {}
                // It would be silent about the others, too.
                Answer::Silence => return Ok(()),
            }
        }
    }
}
