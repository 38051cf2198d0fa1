//! Camera → spool: one file, read once, hashed in flight, sealed, read again, and only then recorded.

use bytes::Bytes;

use super::Site;
use super::reads::Turns;
use super::shelf::{Origin, ShelfError, Stored, store};
use crate::camera::{Camera, CameraError, Piece, Reading};
use crate::domain::{ByteCount, DockingId, Fingerprinter, ProblemKind, Segment, SegmentId, SourceFile, SourceKind};
use crate::faults::{CrashPoint, PlantedBug, crash_point, planted};
use crate::ledger::LedgerError;
use crate::spool::{SpoolError, SpoolWriter};

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

impl From<ShelfError> for PullError {
    fn from(error: ShelfError) -> Self {
        match error {
            ShelfError::Ledger(error) => Self::Ledger(error),
            ShelfError::Spool(error) => Self::Spool(error),
        }
    }
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
    turns: &Turns,
    file: &SourceFile,
) -> Result<Segment, PullError> {
    let turn = turns.take().await;
    let mut copy = site.shelf.begin(file.size).await?;
    let mut reader = camera.open(file, Reading::First).await?;
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
    drop((reader, turn));
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
    match store(site, Origin::Camera(docking), copy, &segment, damaged.then_some(problem)).await? {
        Stored::Recorded(known) => Ok(Segment { damaged, ..known }),
        Stored::Bad => Err(PullError::BadCopy(file.path.clone())),
    }
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
