//! Camera → spool: one file, read once, hashed in flight, sealed, read again, and only then recorded.

use bytes::Bytes;
use futures::StreamExt as _;

use super::Site;
use crate::camera::{Cache, Camera, CameraError, Piece};
use crate::domain::{
    ByteCount, ChunkSums, DockingId, Fingerprinter, ProblemKind, Segment, SegmentId, SourceFile, SourceKind,
};
use crate::faults::{CrashPoint, PlantedBug, crash_point, planted};
use crate::ledger::{Entry, LedgerError, SpoolCopy};
use crate::spool::{Spool, SpoolError, SpoolWriter};

/// Why a file did not get into the spool. Its original is untouched.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The camera's side failed.
    #[error(transparent)]
    Camera(#[from] CameraError),
    /// The spool's side failed.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The ledger's side failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The sealed copy reads differently from what was written. It was not recorded; pull the file again.
    #[error("the spool copy of {0} is not what was written; check the disk that holds the station's data")]
    BadCopy(crate::domain::SourcePath),
}

/// Pulls one listed file into the spool and records it. Returns the segment as the ledger has it: if the same content was
/// pulled before, then with the time, and so under the object name, of the first time. Whether it is damaged is about this reading.
///
/// # Errors
/// [`PullError`]; pull again, now or at the next docking.
pub async fn pull(
    site: &Site,
    docking: DockingId,
    camera: &dyn Camera,
    file: &SourceFile,
) -> Result<Segment, PullError> {
    // The semaphores are never closed.
    let reading = site.reads.acquire().await;
    let mut copy = site.spool.create(file.size).await?;
    let mut reader = camera.open(file, Cache::Allowed).await?;
    let mut fingerprinter = Fingerprinter::new(site.chunk_size);
    let mut missing = 0;
    while let Some(piece) = reader.next().await? {
        match piece {
            Piece::Data(bytes) => append(&mut *copy, &mut fingerprinter, bytes).await?,
            Piece::Unreadable(length) => {
                missing += length.get();
                append_zeros(&mut *copy, &mut fingerprinter, length).await?;
            }
        }
        crash_point(CrashPoint::MidCopy);
        if fingerprinter.size() > file.size && !planted(PlantedBug::IgnoreGrowth) {
            return Err(CameraError::Changed(file.path.clone()).into());
        }
    }
    let fingerprint = fingerprinter.finish();
    if !planted(PlantedBug::IgnoreGrowth) {
        reader.finish().await?;
        if fingerprint.size != file.size {
            return Err(CameraError::Changed(file.path.clone()).into());
        }
    }
    // While this copy is synced and read again, which is the disk's work, the next file is copied and hashed.
    drop((reader, reading));
    let damaged = missing > 0 || file.kind == SourceKind::Image;
    let problem = match file.kind {
        SourceKind::File => ProblemKind::DamagedAtSource { missing },
        SourceKind::Image => ProblemKind::DamagedVolume { missing },
    };
    let segment = Segment {
        id: SegmentId::of(camera.serial(), &file.path, &fingerprint.sha256),
        camera: camera.serial().clone(),
        path: file.path.clone(),
        recorded_at: file.modified,
        fingerprint,
        damaged,
    };
    let _shelf = site.shelf.read().await;
    if planted(PlantedBug::RecordBeforeSeal) {
        record(site, docking, &segment, &problem).await?;
    }
    copy.seal(&segment).await?;
    crash_point(CrashPoint::SegmentSealed);
    let comparing = site.comparisons.acquire().await;
    if !planted(PlantedBug::SkipReread) && !matches_spool_copy(&*site.spool, &segment).await? {
        discard(site, segment.id).await?;
        return Err(PullError::BadCopy(file.path.clone()));
    }
    drop(comparing);
    record(site, docking, &segment, &problem).await?;
    crash_point(CrashPoint::SegmentRecorded);
    let known = site.ledger.segment(segment.id).await?;
    Ok(known.map_or(segment, |known| Segment { damaged, ..known.segment }))
}

async fn append(copy: &mut dyn SpoolWriter, fingerprinter: &mut Fingerprinter, bytes: Bytes) -> Result<(), SpoolError> {
    fingerprinter.update(&bytes);
    copy.write(bytes).await
}

/// Unreadable bytes are kept as zeros, so that everything after them stays at its place.
async fn append_zeros(
    copy: &mut dyn SpoolWriter,
    fingerprinter: &mut Fingerprinter,
    length: ByteCount,
) -> Result<(), SpoolError> {
    static ZEROS: [u8; 4096] = [0; 4096];
    let mut left = length.get();
    while left > 0 {
        let now = left.min(ZEROS.len() as u64);
        append(copy, fingerprinter, Bytes::from_static(&ZEROS[..usize::try_from(now).unwrap_or(0)])).await?;
        left -= now;
    }
    Ok(())
}

async fn record(site: &Site, docking: DockingId, segment: &Segment, damage: &ProblemKind) -> Result<(), LedgerError> {
    let mut entries = vec![Entry::SegmentSpooled { docking: Some(docking), segment: segment.clone() }];
    if segment.damaged {
        entries.push(Entry::ProblemFound {
            camera: segment.camera.clone(),
            path: segment.path.clone(),
            segment: Some(segment.id),
            destination: None,
            kind: damage.clone(),
        });
    }
    site.ledger.record(site.clock.now(), entries).await
}

/// Removes a bad copy, so that it does not take up room for ever. It may have replaced a good one.
async fn discard(site: &Site, segment: SegmentId) -> Result<(), PullError> {
    if site.ledger.segment(segment).await?.is_some_and(|known| known.spool == SpoolCopy::Present) {
        let why = "it was replaced by one that was not what was read from the camera".to_owned();
        site.ledger.record(site.clock.now(), vec![Entry::SpoolCopyLost { segment, why }]).await?;
    }
    Ok(site.spool.remove(segment).await?)
}

/// Reads a sealed copy again, past the page cache, and compares it with the checksums taken at the camera.
///
/// # Errors
/// [`SpoolError`] if it cannot be read at all.
pub async fn matches_spool_copy(spool: &dyn Spool, segment: &Segment) -> Result<bool, SpoolError> {
    let mut sums = ChunkSums::new(segment.fingerprint.chunk_size);
    let mut content = spool.reread(segment.id);
    while let Some(piece) = content.next().await {
        sums.update(&piece?);
    }
    Ok(sums.matches(&segment.fingerprint))
}
