//! Permit → camera: the conditions of the rule gathered for each file, one permit, one deletion, one fresh look.

use std::collections::BTreeSet;

use super::Site;
use crate::camera::{Camera, CameraError, Listing, NotDeleted, Piece, Reading};
use crate::custody::{Clearance, Proof, Remembered, SourceMatch, Unmet, Unproven, WipePermit, prove};
use crate::domain::{
    DestinationName, DockingId, Fingerprinter, ProblemKind, Segment, SegmentId, SourceFile, SourcePath,
};
use crate::faults::{CrashPoint, PlantedBug, crash_point, planted};
use crate::ledger::{Copy, DeliveryState, Entry, LedgerError};

/// Why a file on a camera could not be matched with its segment.
#[derive(Debug, thiserror::Error)]
pub enum SourceTrouble {
    /// The camera holds other bytes than were uploaded: it must be pulled as a segment of its own.
    #[error("the camera's file is not what was read before")]
    Differs,
    /// The camera's side failed.
    #[error(transparent)]
    Camera(#[from] CameraError),
}

/// Reads a camera's file again, past the page cache, and compares it with its segment.
///
/// # Errors
/// [`SourceTrouble`]
pub async fn check_source(
    site: &Site,
    camera: &dyn Camera,
    file: &SourceFile,
    segment: &Segment,
) -> Result<SourceMatch, SourceTrouble> {
    if planted(PlantedBug::SkipSourceCheck) || planted(PlantedBug::IdentifyBySize) {
        return SourceMatch::compare(segment, file, segment.fingerprint.clone()).map_err(|_| SourceTrouble::Differs);
    }
    let _turn = site.reads.acquire().await;
    let mut reader = camera.open(file, Reading::Again).await?;
    let mut fingerprinter = Fingerprinter::new(segment.fingerprint.chunk_size);
    while let Some(piece) = reader.next().await? {
        match piece {
            Piece::Data(bytes) => fingerprinter.update(&bytes),
            Piece::Unreadable(_) => return Err(SourceTrouble::Differs),
        }
        if fingerprinter.size() > file.size {
            break;
        }
    }
    reader.finish().await?;
    SourceMatch::compare(segment, file, fingerprinter.finish()).map_err(|_| SourceTrouble::Differs)
}

/// Why a file is not cleared for the wipe.
#[derive(Debug, thiserror::Error)]
pub enum NotCleared {
    /// A condition of the rule is not met.
    #[error(transparent)]
    Unmet(#[from] Unmet),
    /// A required destination did not prove its copy; if it said something worth recording, that was recorded.
    #[error("{destination}: {why}")]
    Unproven {
        /// Which destination.
        destination: DestinationName,
        /// What it said.
        why: Unproven,
    },
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Gathers every condition of the rule for one file.
///
/// # Errors
/// [`NotCleared`] says which condition is not met.
pub async fn clear(site: &Site, segment: &Segment, source: &SourceMatch) -> Result<Clearance, NotCleared> {
    let proofs =
        if planted(PlantedBug::WipeBeforeProof) { Vec::new() } else { prove_everywhere(site, segment).await? };
    Ok(Clearance::check(segment, source, &proofs, &site.required())?)
}

/// Asks every required destination for its proof, now. What the ledger remembers spares a destination the work of
/// proving the same version of an object twice.
pub(super) async fn prove_everywhere(site: &Site, segment: &Segment) -> Result<Vec<Proof>, NotCleared> {
    let copies = site.ledger.copies(segment.id).await?;
    let mut proofs = Vec::new();
    for target in site.required_targets() {
        let name = target.destination.name();
        let copy = copies.iter().find(|copy| copy.destination == *name);
        let remembered = copy.and_then(remembered);
        let object = target.object(segment);
        let destination = &*target.destination;
        match prove(destination, &object, &segment.fingerprint, target.policy, remembered.as_ref()).await {
            Ok(proof) => {
                if remembered.is_none_or(|earlier| earlier.version != *proof.version()) {
                    record(
                        site,
                        Entry::CopyProven {
                            segment: segment.id,
                            destination: name.clone(),
                            version: proof.version().clone(),
                            method: proof.method(),
                        },
                    )
                    .await?;
                }
                proofs.push(proof);
            }
            Err(_) if planted(PlantedBug::OneProofForAll) => {}
            Err(why) => {
                note_failure(site, segment, name, copy, &why).await?;
                return Err(NotCleared::Unproven { destination: name.clone(), why });
            }
        }
    }
    Ok(proofs)
}

fn remembered(copy: &Copy) -> Option<Remembered> {
    Some(Remembered { version: copy.version.clone()?, method: copy.method? })
}

/// A destination that no longer has what it had proven is a matter for the queue, or for a person.
async fn note_failure(
    site: &Site,
    segment: &Segment,
    destination: &DestinationName,
    copy: Option<&Copy>,
    why: &Unproven,
) -> Result<(), LedgerError> {
    let state = copy.map(|copy| copy.state);
    match why {
        Unproven::Absent if state == Some(DeliveryState::Proven) => {
            tracing::error!(segment = %segment.path, camera = %segment.camera, %destination, "a proven copy is gone; it is uploaded again");
            record(
                site,
                Entry::ProofWithdrawn { segment: segment.id, destination: destination.clone(), why: why.to_string() },
            )
            .await
        }
        Unproven::OtherContent if state != Some(DeliveryState::Problem) => {
            record(
                site,
                Entry::ProblemFound {
                    camera: segment.camera.clone(),
                    path: segment.path.clone(),
                    segment: Some(segment.id),
                    destination: Some(destination.clone()),
                    kind: ProblemKind::OtherContent,
                },
            )
            .await
        }
        _ => Ok(()),
    }
}

async fn record(site: &Site, entry: Entry) -> Result<(), LedgerError> {
    site.ledger.record(site.clock.now(), vec![entry]).await
}

/// How a wipe ended.
#[derive(Debug)]
pub struct WipeOutcome {
    /// Segments whose originals are gone, as a fresh listing shows.
    pub wiped: Vec<SegmentId>,
    /// Segments that were to be deleted, and may be there still.
    pub still_there: Vec<SegmentId>,
    /// Files that the camera's file system refused to delete.
    pub refused: Vec<NotDeleted>,
}

/// Why a wipe broke off. What was deleted by then is found out at the next look at the camera.
#[derive(Debug, thiserror::Error)]
pub enum WipeError {
    /// The camera's side failed.
    #[error(transparent)]
    Camera(#[from] CameraError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Deletes the cleared files, and believes in each deletion only when a fresh listing no longer shows the file.
///
/// # Errors
/// [`WipeError`]
pub async fn wipe(
    site: &Site,
    docking: DockingId,
    camera: &dyn Camera,
    cleared: Vec<Clearance>,
) -> Result<WipeOutcome, WipeError> {
    let permit = WipePermit::issue(docking, camera.serial().clone(), cleared);
    crash_point(CrashPoint::PermitIssued);
    let listed: Listed = permit.files().iter().map(|file| (file.segment(), file.file().path.clone())).collect();
    let segments = listed.iter().map(|(segment, _)| *segment).collect();
    record(site, Entry::WipeIntended { docking, segments, media: camera.media().to_vec() }).await?;
    crash_point(CrashPoint::WipeIntended);
    let refused = camera.wipe(permit).await?;
    crash_point(CrashPoint::FilesDeleted);
    let outcome = if planted(PlantedBug::SkipRelist) {
        let wiped = listed.iter().map(|(segment, _)| *segment).collect();
        WipeOutcome { wiped, still_there: Vec::new(), refused }
    } else {
        compare(&listed, &camera.list().await?, refused)
    };
    let entries = outcome.wiped.iter().map(|segment| Entry::SegmentWiped { docking, segment: *segment });
    site.ledger.record(site.clock.now(), entries.collect()).await?;
    crash_point(CrashPoint::WipeRecorded);
    Ok(outcome)
}

/// What a permit listed, which is used up by now.
type Listed = Vec<(SegmentId, SourcePath)>;

fn compare(permitted: &Listed, listing: &Listing, refused: Vec<NotDeleted>) -> WipeOutcome {
    let listed: BTreeSet<&SourcePath> = listing.files.iter().map(|file| &file.path).collect();
    let blind = listing.blind_spots();
    let gone = |(_, path): &&(SegmentId, SourcePath)| !listed.contains(path) && !blind.may_hide(path);
    let (wiped, still_there): (Vec<_>, Vec<_>) = permitted.iter().partition(gone);
    let ids = |files: Vec<&(SegmentId, SourcePath)>| files.into_iter().map(|(segment, _)| *segment).collect();
    WipeOutcome { wiped: ids(wiped), still_there: ids(still_there), refused }
}
