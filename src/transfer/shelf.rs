//! The shelf on which spool copies lie, and the ledger's account of it: the two tell one story.
//!
//! Promise: what the ledger says about a copy is said of the copy that is there. A copy is put on the shelf before the ledger
//! counts on it, and taken off only after the ledger no longer does. Nobody else puts a copy there or takes one away: the
//! spool itself is known to this file alone.
//!
//! What a crash can leave between the two is mended by [`reconcile`], after each start and whenever a full spool must find
//! room:
//!
//! ```text
//!   the ledger says    and the copy is there         and it is not
//!   present            as it should be               lost, unless every copy is proven by then
//!   released           removed, or taken back        as it should be
//!   lost               taken back                    as it should be
//!   nothing            taken over, by its label
//! ```

use std::sync::Arc;

use futures::StreamExt as _;
use tokio::sync::{RwLock, Semaphore};

use super::Site;
use super::proofs::{Answer, still_proven};
use crate::domain::{
    ByteCount, ChunkSums, DestinationName, DockingId, Fingerprinter, ProblemKind, Segment, SegmentId, SegmentNotice,
    SpoolSpace, Subject,
};
use crate::faults::{CrashPoint, PlantedBug, crash_point, planted};
use crate::journal::tell;
use crate::ledger::{Entry, LedgerError, SpoolCopy};
use crate::spool::{Spool, SpoolError, SpoolStream, SpoolWriter};

/// So many copies that the ledger counts on are compared with the spool at a time.
const PORTION: u32 = 4096;

/// The spool, behind the one protocol by which copies come and go.
pub struct Shelf {
    spool: Arc<dyn Spool>,
    /// Held by many while each puts a copy on the shelf and records it, and by one alone while it takes one away.
    turn: RwLock<()>,
    /// So many finished copies are synced at once.
    seals: Semaphore,
    /// So many fresh copies are read again at once.
    comparisons: Semaphore,
}

/// Why spool and ledger could not be brought to tell one story. Asked again, they can be.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The spool failed.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// What became of a copy that was to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stored {
    /// It is durable, was read again, and the ledger counts on it. The segment is as the ledger has it: if the same content
    /// was stored before, then with the time of the first time.
    Recorded(Segment),
    /// It reads differently from what was written, and is gone again. The ledger does not count on it.
    Bad,
}

impl Shelf {
    /// The shelf of this spool; so many finished copies are synced at once, and so many fresh ones read again.
    #[must_use]
    pub fn new(spool: Arc<dyn Spool>, seals: usize, comparisons: usize) -> Self {
        let (seals, comparisons) = (Semaphore::new(seals), Semaphore::new(comparisons));
        Self { spool, turn: RwLock::default(), seals, comparisons }
    }

    /// Starts a copy of `expected` bytes, which is nothing until it is stored.
    ///
    /// # Errors
    /// [`SpoolError::Full`] and [`SpoolError::TooLarge`] if there is no room for it.
    pub(super) async fn begin(&self, expected: ByteCount) -> Result<Box<dyn SpoolWriter>, SpoolError> {
        self.spool.create(expected).await
    }

    /// How much room the spool has just now.
    pub(super) async fn space(&self) -> Result<SpoolSpace, SpoolError> {
        self.spool.space().await
    }

    /// Reads `length` bytes of a stored copy from `offset` on.
    pub(super) fn read(&self, segment: SegmentId, offset: u64, length: u64) -> SpoolStream {
        self.spool.read(segment, offset, length)
    }

    /// Whether a stored copy, read again past the page cache, has the checksums taken at the camera.
    ///
    /// # Errors
    /// [`SpoolError`] if it cannot be read at all.
    async fn is_whole(&self, segment: &Segment) -> Result<bool, SpoolError> {
        let mut sums = ChunkSums::new(segment.fingerprint.chunk_size);
        let mut content = self.spool.reread(segment.id);
        while let Some(piece) = content.next().await {
            sums.update(&piece?);
        }
        Ok(sums.matches(&segment.fingerprint))
    }
}

/// Where a copy comes from.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// From its camera, in this docking.
    Camera(DockingId),
    /// From a destination that has it.
    Destination(DestinationName),
}

/// Puts a finished copy on the shelf: seals it, reads it again, and only then records it, with what a person must look at.
///
/// # Errors
/// [`ShelfError`]; the copy must be pulled again.
pub(super) async fn store(
    site: &Site,
    origin: Origin,
    copy: Box<dyn SpoolWriter>,
    segment: &Segment,
    problem: Option<ProblemKind>,
) -> Result<Stored, ShelfError> {
    let shelf = &site.shelf;
    let _turn = shelf.turn.read().await;
    if planted(PlantedBug::RecordBeforeSeal) {
        record(site, origin.clone(), segment, problem.clone()).await?;
    }
    // The semaphores are never closed.
    let sealing = shelf.seals.acquire().await;
    copy.seal(segment).await?;
    drop(sealing);
    crash_point(CrashPoint::SegmentSealed);
    let comparing = shelf.comparisons.acquire().await;
    if !planted(PlantedBug::SkipReread) && !shelf.is_whole(segment).await? {
        discard(site, segment.id).await?;
        return Ok(Stored::Bad);
    }
    drop(comparing);
    record(site, origin, segment, problem).await?;
    crash_point(CrashPoint::SegmentRecorded);
    let known = site.ledger.segment(segment.id).await?;
    Ok(Stored::Recorded(known.map_or_else(|| segment.clone(), |known| Arc::unwrap_or_clone(known.segment))))
}

async fn record(
    site: &Site,
    origin: Origin,
    segment: &Segment,
    problem: Option<ProblemKind>,
) -> Result<(), LedgerError> {
    let mut entries = vec![match origin {
        Origin::Camera(docking) => Entry::SegmentSpooled { docking: Some(docking), segment: segment.clone() },
        Origin::Destination(from) => Entry::CopyRestored { segment: segment.id, from },
    }];
    entries.extend(problem.map(|kind| Entry::ProblemFound {
        camera: segment.camera.clone(),
        path: segment.path.clone(),
        segment: Some(segment.id),
        destination: None,
        kind,
    }));
    site.record(entries).await
}

/// Removes a bad copy, so that it does not take up room for ever. It may have replaced a good one.
async fn discard(site: &Site, segment: SegmentId) -> Result<(), ShelfError> {
    if site.ledger.segment(segment).await?.is_some_and(|known| known.spool == SpoolCopy::Present) {
        lost(site, segment, "it was replaced by one that was not what was read from the camera").await?;
    }
    Ok(site.shelf.spool.remove(segment).await?)
}

/// Looks at a copy that could not be sent. If it is missing, or not what was read from the camera, the ledger counts on it no
/// longer; returns what is wrong with it then.
///
/// # Errors
/// [`LedgerError`]; look again later.
pub(super) async fn give_up_if_bad(site: &Site, segment: &Segment) -> Result<Option<&'static str>, LedgerError> {
    // Reading takes long, and nobody should have to wait for it; so what is found bad is looked at once more, when nobody can
    // put a good copy in its place.
    if trouble_with(site, segment).await.is_none() {
        return Ok(None);
    }
    // What an earlier attempt or another station has brought to a destination is not missing there. No answer is no proof.
    still_proven(site, segment).await?;
    let _turn = site.shelf.turn.write().await;
    let trouble = trouble_with(site, segment).await;
    if let Some(why) = trouble {
        lost(site, segment.id, why).await?;
    }
    Ok(trouble)
}

async fn trouble_with(site: &Site, segment: &Segment) -> Option<&'static str> {
    match site.shelf.is_whole(segment).await {
        Ok(false) => Some("it is not what was read from the camera"),
        Err(SpoolError::Missing(_)) => Some("it is missing"),
        Err(SpoolError::Unreadable(_)) => Some("the disk cannot read it"),
        // It is right, or the disk may recover: the delivery is tried again.
        Ok(true) | Err(_) => None,
    }
}

/// Records that a copy which the ledger counts on cannot be used.
async fn lost(site: &Site, segment: SegmentId, why: &str) -> Result<(), LedgerError> {
    let entry = Entry::SpoolCopyLost { segment, why: why.to_owned() };
    site.record(vec![entry]).await
}

/// Takes a copy off the shelf: tombstone first. The caller has just heard every required destination prove its own.
///
/// # Errors
/// [`ShelfError`]; what a crash or an error leaves undone is done at the next start.
pub(super) async fn release(site: &Site, segment: SegmentId) -> Result<(), ShelfError> {
    let spool = &site.shelf.spool;
    let _turn = site.shelf.turn.write().await;
    if planted(PlantedBug::RemoveBeforeTombstone) {
        spool.remove(segment).await?;
    }
    site.record(vec![Entry::SpoolCopyReleased { segment }]).await?;
    crash_point(CrashPoint::TombstoneRecorded);
    spool.remove(segment).await?;
    crash_point(CrashPoint::SpoolCopyRemoved);
    Ok(())
}

/// Makes ledger and spool tell the same story. Copies come and go meanwhile, so each difference is looked at again on
/// its own before anything follows from it.
///
/// # Errors
/// [`ShelfError`]; what was mended by then stays mended.
pub async fn reconcile(site: &Site) -> Result<(), ShelfError> {
    let mut found = site.shelf.spool.inventory().await?;
    found.sort_unstable();
    let mut expected = vec![false; found.len()];
    let mut after = 0;
    loop {
        let counted_on = site.ledger.in_spool(after, PORTION).await?;
        let Some((last, _)) = counted_on.last() else { break };
        after = *last;
        for (_, segment) in counted_on {
            match found.binary_search(&segment) {
                Ok(place) => expected[place] = true,
                Err(_) => lose(site, segment).await?,
            }
        }
    }
    for (segment, _) in found.into_iter().zip(expected).filter(|(_, expected)| !expected) {
        match site.ledger.segment(segment).await?.map(|known| known.spool) {
            Some(SpoolCopy::Released) => finish_release(site, segment).await?,
            Some(SpoolCopy::Lost) => find_again(site, segment).await?,
            None => adopt(site, segment).await?,
            Some(SpoolCopy::Present) => {}
        }
    }
    Ok(())
}

async fn lose(site: &Site, segment: SegmentId) -> Result<(), ShelfError> {
    // It may have come after the spool was looked through.
    if !is_missing(site, segment).await {
        return Ok(());
    }
    if let Some(known) = site.ledger.segment(segment).await? {
        still_proven(site, &known.segment).await?;
    }
    let _turn = site.shelf.turn.write().await;
    let recorded = site.ledger.segment(segment).await?.filter(|known| known.spool == SpoolCopy::Present);
    if let Some(known) = recorded
        && is_missing(site, segment).await
    {
        tell(&known.segment.about(), SegmentNotice::CopyMissing);
        lost(site, segment, "it was missing at the start").await?;
    }
    Ok(())
}

async fn is_missing(site: &Site, segment: SegmentId) -> bool {
    let mut content = site.shelf.spool.read(segment, 0, 1);
    matches!(content.next().await, Some(Err(SpoolError::Missing(_))))
}

/// A copy that was given up is there after all.
async fn find_again(site: &Site, segment: SegmentId) -> Result<(), ShelfError> {
    let _turn = site.shelf.turn.write().await;
    let lost = site.ledger.segment(segment).await?.is_some_and(|known| known.spool == SpoolCopy::Lost);
    if lost { take_over(site, segment).await } else { Ok(()) }
}

/// The tombstone was committed, but the copy outlived the crash that followed. The destinations' answers are as old as
/// that, so each is asked again; a copy that is needed after all is taken back.
async fn finish_release(site: &Site, segment: SegmentId) -> Result<(), ShelfError> {
    let Some(known) = site.ledger.segment(segment).await? else { return Ok(()) };
    let proven =
        planted(PlantedBug::FinishTheTombstoneBlindly) || still_proven(site, &known.segment).await? == Answer::Proven;
    let _turn = site.shelf.turn.write().await;
    // To hear that a destination lost its copy turns a released copy into a lost one.
    match site.ledger.segment(segment).await?.map(|known| known.spool) {
        Some(SpoolCopy::Released) if proven => Ok(site.shelf.spool.remove(segment).await?),
        Some(SpoolCopy::Released | SpoolCopy::Lost) => take_over(site, segment).await,
        Some(SpoolCopy::Present) | None => Ok(()),
    }
}

/// A copy was sealed, but the crash came before the ledger knew.
async fn adopt(site: &Site, id: SegmentId) -> Result<(), ShelfError> {
    let _turn = site.shelf.turn.write().await;
    if site.ledger.segment(id).await?.is_some() { Ok(()) } else { take_over(site, id).await }
}

/// Tells the ledger about a copy. Its label says whose it is, its content that it is whole.
async fn take_over(site: &Site, id: SegmentId) -> Result<(), ShelfError> {
    let spool = &site.shelf.spool;
    let Some(label) = spool.label(id).await? else {
        tell(&Subject::station(), SegmentNotice::CopyUnlabelled { copy: id });
        return Ok(());
    };
    let about = Subject::station().camera(&label.camera).file(&label.path);
    let mut fingerprinter = Fingerprinter::new(site.chunk_size);
    let mut content = spool.reread(id);
    while let Some(piece) = content.next().await {
        match piece {
            Ok(piece) => fingerprinter.update(&piece),
            // One copy that cannot be read keeps nobody from comparing the others.
            Err(SpoolError::Unreadable(_)) => break,
            Err(error) => return Err(error.into()),
        }
    }
    let fingerprint = fingerprinter.finish();
    if SegmentId::of(&label.camera, &label.path, &fingerprint.sha256) != id {
        tell(&about, SegmentNotice::CopyTorn);
        return Ok(());
    }
    tell(&about, SegmentNotice::CopyTakenOver);
    let segment = Segment {
        id,
        camera: label.camera,
        path: label.path,
        recorded_at: label.recorded_at,
        fingerprint,
        damaged: label.damaged,
    };
    let entry = Entry::SegmentSpooled { docking: None, segment };
    Ok(site.record(vec![entry]).await?)
}
