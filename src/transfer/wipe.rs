//! Permit → camera: the conditions of the rule gathered for each file, one permit, one deletion, one fresh look.

use std::collections::BTreeSet;

use super::Site;
use super::proofs::{NotCleared, prove_everywhere};
use super::reads::Turns;
use crate::camera::{Camera, CameraError, Listing, NotDeleted, Piece, Reading};
use crate::custody::{Clearance, SourceMatch, WipePermit};
use crate::domain::{DockingId, Fingerprinter, Segment, SegmentId, SourceFile, SourcePath};
use crate::faults::{CrashPoint, PlantedBug, crash_point, planted};
use crate::ledger::{Entry, LedgerError};

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
    camera: &dyn Camera,
    turns: &Turns,
    file: &SourceFile,
    segment: &Segment,
) -> Result<SourceMatch, SourceTrouble> {
    if planted(PlantedBug::SkipSourceCheck) || planted(PlantedBug::IdentifyBySize) {
        return SourceMatch::compare(segment, file, segment.fingerprint.clone()).map_err(|_| SourceTrouble::Differs);
    }
    let _turn = turns.take().await;
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

/// Gathers every condition of the rule for one file.
///
/// # Errors
/// [`NotCleared`] says which condition is not met.
pub async fn clear(site: &Site, segment: &Segment, source: &SourceMatch) -> Result<Clearance, NotCleared> {
    let proofs =
        if planted(PlantedBug::WipeBeforeProof) { Vec::new() } else { prove_everywhere(site, segment).await? };
    Ok(Clearance::check(segment, source, &proofs, &site.required())?)
}

/// How a wipe ended.
#[derive(Debug)]
pub struct WipeOutcome {
    /// Segments whose originals camdock deleted, and which are gone, as a fresh listing shows.
    pub wiped: Vec<SegmentId>,
    /// Segments that were to be deleted, and are listed still.
    pub still_there: Vec<SegmentId>,
    /// Segments of which nobody can tell now: where they lay cannot be listed.
    pub unseen: Vec<SegmentId>,
    /// Files that the camera kept although they did not change, and that are there still; and why.
    pub kept: Vec<NotDeleted>,
    /// How many entries, of whatever kind, the fresh listing shows.
    pub left: u64,
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
    site.record(vec![Entry::WipeIntended { docking, segments, media: camera.media().to_vec() }]).await?;
    crash_point(CrashPoint::WipeIntended);
    let kept = camera.wipe(permit).await?;
    crash_point(CrashPoint::FilesDeleted);
    let outcome = if planted(PlantedBug::SkipRelist) {
        let wiped = listed.iter().map(|(segment, _)| *segment).collect();
        WipeOutcome { wiped, still_there: Vec::new(), unseen: Vec::new(), kept, left: 0 }
    } else {
        compare(&listed, &camera.list().await?, kept)
    };
    let entries = outcome.wiped.iter().map(|segment| Entry::SegmentWiped { docking, segment: *segment });
    site.record_each(entries.collect()).await?;
    crash_point(CrashPoint::WipeRecorded);
    Ok(outcome)
}

/// What a permit listed, which is used up by now.
type Listed = Vec<(SegmentId, SourcePath)>;

fn compare(permitted: &Listed, listing: &Listing, kept: Vec<NotDeleted>) -> WipeOutcome {
    let listed: BTreeSet<&SourcePath> = listing.files.iter().map(|file| &file.path).collect();
    let blind = listing.blind_spots();
    let left = (listing.files.len() + listing.oddities.len()) as u64;
    let is_listed = |(_, path): &&(SegmentId, SourcePath)| listed.contains(path);
    let may_hide = |(_, path): &&(SegmentId, SourcePath)| blind.may_hide(path);
    let (still_there, others): (Vec<_>, Vec<_>) = permitted.iter().partition(is_listed);
    let (unseen, gone): (Vec<_>, Vec<_>) = others.into_iter().partition(may_hide);
    // What the camera did not let go, and what is gone all the same, was deleted by somebody else: the next look tells of it.
    let refused: BTreeSet<&SourcePath> = kept.iter().map(|kept| &kept.path).collect();
    let wiped = gone.iter().filter(|(_, path)| !refused.contains(path)).copied().collect();
    let gone: BTreeSet<&SourcePath> = gone.iter().map(|(_, path)| path).collect();
    let kept = kept.into_iter().filter(|kept| !gone.contains(&kept.path)).collect();
    let ids = |files: Vec<&(SegmentId, SourcePath)>| files.into_iter().map(|(segment, _)| *segment).collect();
    WipeOutcome { wiped: ids(wiped), still_there: ids(still_there), unseen: ids(unseen), kept, left }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::Kept;
    use crate::domain::{ByteCount, Moment, Oddity, OddityKind, Sha256, SourceKind};

    fn path(text: &str) -> SourcePath {
        SourcePath::new(text.as_bytes().to_vec())
    }

    fn file(text: &str) -> SourceFile {
        let (size, modified) = (ByteCount::new(1), Moment::from_millis(0));
        SourceFile { path: path(text), size, modified, stamp: 1, kind: SourceKind::File }
    }

    fn segment(text: &str) -> SegmentId {
        let camera = crate::domain::CameraSerial::new("BWC-1").unwrap();
        SegmentId::of(&camera, &path(text), &Sha256::from_bytes([7; 32]))
    }

    #[test]
    fn only_what_a_fresh_listing_would_show_and_does_not_is_gone_and_only_what_it_shows_is_there() {
        let permitted: Listed = ["A", "B", "DCIM/C"].map(|text| (segment(text), path(text))).to_vec();
        let oddity = Oddity { path: path("DCIM"), kind: OddityKind::Unreadable };
        let outcome = |files, oddities| compare(&permitted, &Listing { files, oddities }, Vec::new());
        let nothing = outcome(Vec::new(), Vec::new());
        assert_eq!((nothing.wiped.len(), nothing.still_there.len(), nothing.left), (3, 0, 0));
        let listed = outcome(vec![file("A"), file("new")], vec![oddity]);
        assert_eq!(listed.wiped, [segment("B")]);
        assert_eq!((listed.still_there, listed.unseen), (vec![segment("A")], vec![segment("DCIM/C")]));
        assert_eq!(listed.left, 3, "two files and a folder that cannot be read");
    }

    #[test]
    fn what_was_refused_and_is_gone_all_the_same_was_not_wiped_and_is_not_refused_any_more() {
        let permitted: Listed = ["A", "B"].map(|text| (segment(text), path(text))).to_vec();
        let refused = ["A", "B"].map(|text| {
            let why = Kept::Refused(std::io::Error::other("the file system does not let it go"));
            NotDeleted { path: path(text), why }
        });
        let listing = Listing { files: vec![file("B")], oddities: Vec::new() };
        let outcome = compare(&permitted, &listing, refused.into());
        assert_eq!((outcome.wiped, outcome.still_there), (vec![], vec![segment("B")]));
        assert_eq!(outcome.kept.iter().map(|kept| &kept.path).collect::<Vec<_>>(), [&path("B")]);
    }
}
