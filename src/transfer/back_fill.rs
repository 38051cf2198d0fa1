//! Bringing to a destination what it never got, from another that has it: through the spool, and behind everything else.
//!
//! Promises: nothing that another destination gives is believed before it is, bit for bit, what was read from the camera; then it is
//! a spool copy like every other, and goes the way of all. Evidence that comes in meanwhile goes first, and a spool without room is
//! left alone.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;

use super::probe::health;
use super::proofs::note_failure;
use super::shelf::{Origin, ShelfError, Stored, store};
use super::{Site, Target};
use crate::custody::Unproven;
use crate::domain::{BackFill, DeliveryState, DestinationName, Fingerprinter, Segment, SegmentNotice};
use crate::journal::tell;
use crate::ledger::LedgerError;
use crate::spool::SpoolError;

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
    // Whoever is not well is asked once and no more.
    let mut silent = BTreeSet::new();
    let (mut after, newest) = (begin, site.ledger.newest_place().await?);
    while after < newest {
        let end = after.saturating_add(WINDOW);
        for (seq, segment) in site.ledger.missing_at(name, (after, end)).await? {
            match fetch(site, &segment, &mut silent).await? {
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

/// Why a destination did not give a segment.
enum NotGiven {
    /// It does not answer, or not to the end.
    Unanswered,
    /// It gave something else.
    OtherContent,
    /// The copy could not be stored here.
    Here(ShelfError),
}

impl From<ShelfError> for NotGiven {
    fn from(error: ShelfError) -> Self {
        Self::Here(error)
    }
}

impl From<SpoolError> for NotGiven {
    fn from(error: SpoolError) -> Self {
        Self::Here(error.into())
    }
}

/// Fetches a segment into the spool from whichever destination gives it. Those that are not well become `silent`.
async fn fetch(site: &Site, segment: &Segment, silent: &mut BTreeSet<DestinationName>) -> Result<Fetch, LedgerError> {
    let copies = site.ledger.copies(segment.id).await?;
    for copy in copies.iter().filter(|copy| copy.state == DeliveryState::Proven) {
        let name = &copy.destination;
        let Some(source) = site.target(name).filter(|_| !silent.contains(name)) else { continue };
        match fetch_from(site, source, segment).await {
            Ok(()) => {
                tell(&segment.about().destination(name), SegmentNotice::Fetched);
                return Ok(Fetch::Done);
            }
            Err(NotGiven::Unanswered) => {
                if health(site, source).await?.is_err() {
                    silent.insert(name.clone());
                }
            }
            Err(NotGiven::OtherContent) => {
                note_failure(site, segment, name, Some(copy), &Unproven::OtherContent).await?;
            }
            Err(NotGiven::Here(ShelfError::Ledger(error))) => return Err(error),
            Err(NotGiven::Here(ShelfError::Spool(_))) => return Ok(Fetch::NoRoom),
        }
    }
    Ok(Fetch::NobodyGivesIt)
}

/// Fetches what was read from the camera, and nothing else.
async fn fetch_from(site: &Site, source: &Target, segment: &Segment) -> Result<(), NotGiven> {
    let expected = &segment.fingerprint;
    let content = source.destination.read(&source.object(segment)).await;
    let mut content = content.map_err(|_| NotGiven::Unanswered)?;
    let mut copy = site.shelf.begin(expected.size).await?;
    let mut fingerprinter = Fingerprinter::new(expected.chunk_size);
    while let Some(piece) = content.next().await {
        let piece = piece.map_err(|_| NotGiven::Unanswered)?;
        fingerprinter.update(&piece);
        if fingerprinter.size() > expected.size {
            return Err(NotGiven::OtherContent);
        }
        copy.write(piece).await?;
    }
    let found = fingerprinter.finish();
    if found.size < expected.size {
        // It may have been cut off.
        return Err(NotGiven::Unanswered);
    }
    if !found.same_content(expected) {
        return Err(NotGiven::OtherContent);
    }
    let origin = Origin::Destination(source.destination.name().clone());
    match store(site, origin, copy, segment, None).await? {
        Stored::Recorded(_) => Ok(()),
        // This disk is at fault; another round tries again.
        Stored::Bad => Err(NotGiven::Unanswered),
    }
}
