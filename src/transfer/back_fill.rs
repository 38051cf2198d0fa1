//! Bringing to a destination what it never got, from another that has it: through the spool, and behind everything else.
//!
//! Promises: nothing that another destination gives is believed before it is, bit for bit, what was read from the camera; then it is
//! a spool copy like every other, and goes the way of all. Evidence that comes in meanwhile goes first, and a spool without room is
//! left alone.

use std::collections::BTreeMap;

use futures::StreamExt as _;

use super::shelf::{Origin, ShelfError, Stored, store};
use super::{Site, Target};
use crate::domain::{BackFill, DeliveryState, DestinationName, Fingerprinter, Segment, SegmentNotice};
use crate::journal::tell;
use crate::ledger::LedgerError;

/// So many places of the queue are looked through in one go.
const WINDOW: i64 = 1_000;

/// No more is fetched while so many segments wait to be sent to a destination.
const AHEAD: u64 = 4;

/// How far each destination was filled in this round.
#[derive(Debug, Default)]
pub struct Filling(BTreeMap<DestinationName, i64>);

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Nothing is missing that could be had now.
    Through,
    /// What was fetched is still to be sent, or there is no room.
    Waits,
    /// Something was fetched.
    Fetched,
}

impl Filling {
    /// Fetches at most one segment for each destination that is to be filled.
    ///
    /// # Errors
    /// [`LedgerError`]
    pub async fn step(&mut self, site: &Site) -> Result<Step, LedgerError> {
        let mut furthest = Step::Through;
        for target in site.targets.iter().filter(|target| target.back_fill == BackFill::FromOthers) {
            let begin = self.0.get(target.destination.name()).copied().unwrap_or(0);
            let (step, place) = fill(site, target, begin).await?;
            self.0.insert(target.destination.name().clone(), place);
            furthest = furthest.max(step);
        }
        Ok(furthest)
    }
}

/// What it came to, and from where on the rest is to be looked through.
async fn fill(site: &Site, target: &Target, begin: i64) -> Result<(Step, i64), LedgerError> {
    let name = target.destination.name();
    if site.ledger.backlog(name).await? >= AHEAD {
        return Ok((Step::Waits, begin));
    }
    let (mut after, newest) = (begin, site.ledger.newest_place().await?);
    while after < newest {
        let end = after.saturating_add(WINDOW);
        for (seq, segment) in site.ledger.missing_at(name, (after, end)).await? {
            match fetch(site, &segment).await? {
                Fetch::Done => return Ok((Step::Fetched, seq)),
                Fetch::NoRoom => return Ok((Step::Waits, seq - 1)),
                // Another round asks again.
                Fetch::NobodyGivesIt => {}
            }
        }
        after = end;
    }
    Ok((Step::Through, 0))
}

enum Fetch {
    Done,
    NoRoom,
    NobodyGivesIt,
}

/// Fetches a segment into the spool from whichever destination gives it.
async fn fetch(site: &Site, segment: &Segment) -> Result<Fetch, LedgerError> {
    let copies = site.ledger.copies(segment.id).await?;
    let sources = copies.iter().filter(|copy| copy.state == DeliveryState::Proven);
    for source in sources.filter_map(|copy| site.target(&copy.destination)) {
        match fetch_from(site, source, segment).await {
            Ok(true) => {
                tell(&segment.about().destination(source.destination.name()), SegmentNotice::Fetched);
                return Ok(Fetch::Done);
            }
            Ok(false) => {}
            Err(ShelfError::Ledger(error)) => return Err(error),
            Err(ShelfError::Spool(_)) => return Ok(Fetch::NoRoom),
        }
    }
    Ok(Fetch::NobodyGivesIt)
}

/// Whether this destination gave what was read from the camera.
async fn fetch_from(site: &Site, source: &Target, segment: &Segment) -> Result<bool, ShelfError> {
    let expected = &segment.fingerprint;
    let Ok(mut content) = source.destination.read(&source.object(segment)).await else { return Ok(false) };
    let mut copy = site.shelf.begin(expected.size).await?;
    let mut fingerprinter = Fingerprinter::new(expected.chunk_size);
    while let Some(piece) = content.next().await {
        let Ok(piece) = piece else { return Ok(false) };
        fingerprinter.update(&piece);
        if fingerprinter.size() > expected.size {
            return Ok(false);
        }
        copy.write(piece).await?;
    }
    if !fingerprinter.finish().same_content(expected) {
        return Ok(false);
    }
    let origin = Origin::Destination(source.destination.name().clone());
    Ok(matches!(store(site, origin, copy, segment, None).await?, Stored::Recorded(_)))
}
