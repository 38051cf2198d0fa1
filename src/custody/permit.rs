//! The only value that lets a camera adapter delete anything.

use std::collections::BTreeSet;

use super::rule::{Facts, Source, Unmet, conditions};
use crate::custody::Proof;
use crate::domain::{
    CameraSerial, DestinationName, DockingId, Fingerprint, Segment, SegmentId, SourceFile, SourceKind,
};
use crate::faults::{PlantedBug, planted};

/// The statement that the camera's file, read again from the camera itself, is the segment that was spooled.
#[derive(Debug)]
pub struct SourceMatch {
    segment: SegmentId,
    file: SourceFile,
    fingerprint: Fingerprint,
}

impl SourceMatch {
    /// Compares what was read from the camera just now with what was taken from it before.
    ///
    /// # Errors
    /// [`Unmet::SourceDiffers`] if they are not the same bytes.
    pub fn compare(segment: &Segment, file: &SourceFile, read_again: Fingerprint) -> Result<Self, Unmet> {
        if segment.path != file.path || !segment.fingerprint.same_content(&read_again) || file.size != read_again.size {
            return Err(Unmet::SourceDiffers);
        }
        Ok(Self { segment: segment.id, file: file.clone(), fingerprint: read_again })
    }

    /// Whether the camera still lists the very file that was read: same path, length, time and stamp.
    #[must_use]
    pub fn still_holds_for(&self, file: &SourceFile) -> bool {
        self.file == *file
    }

    /// The segment that the file is.
    #[must_use]
    pub const fn segment(&self) -> SegmentId {
        self.segment
    }
}

/// A file that may be deleted: all conditions are met for this one.
#[derive(Debug)]
pub struct Clearance {
    camera: CameraSerial,
    file: ClearedFile,
}

/// A file that a permit lists.
#[derive(Debug)]
pub struct ClearedFile {
    segment: SegmentId,
    file: SourceFile,
}

impl ClearedFile {
    /// The segment that the file is.
    #[must_use]
    pub const fn segment(&self) -> SegmentId {
        self.segment
    }

    /// The file as it was when it was read again. An adapter passes over it if it is any different now.
    #[must_use]
    pub const fn file(&self) -> &SourceFile {
        &self.file
    }
}

impl Clearance {
    /// Checks every condition of the rule for one file.
    ///
    /// # Errors
    /// The first condition that is not met.
    pub fn check(
        segment: &Segment,
        source: &SourceMatch,
        proofs: &[Proof],
        required: &BTreeSet<DestinationName>,
    ) -> Result<Self, Unmet> {
        let same = source.segment == segment.id && source.fingerprint.same_content(&segment.fingerprint);
        let claimed = planted(PlantedBug::WipeBeforeProof) || planted(PlantedBug::OneProofForAll) && !proofs.is_empty();
        let about_this = |proof: &&Proof| proof.fingerprint().same_content(&source.fingerprint);
        let proven = proofs.iter().filter(about_this).map(|proof| proof.destination().clone());
        let facts = Facts {
            damaged: segment.damaged || source.file.kind == SourceKind::Image,
            source: if same { Source::Same } else { Source::Differs },
            proven: if claimed { required.clone() } else { proven.collect() },
            required,
        };
        conditions(&facts).into_iter().try_for_each(|(_, met)| met)?;
        let file = ClearedFile { segment: segment.id, file: source.file.clone() };
        Ok(Self { camera: segment.camera.clone(), file })
    }
}

/// The permission to delete exactly these files from this camera, in this docking, once.
#[derive(Debug)]
pub struct WipePermit {
    docking: DockingId,
    camera: CameraSerial,
    files: Vec<ClearedFile>,
}

/// A permit was handed to a camera, or to a docking, that it is not for. Nothing was deleted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the permit is for camera {} in docking {}, and this is {} in docking {}", of.0, of.1, here.0, here.1)]
pub struct WrongPermit {
    of: (CameraSerial, DockingId),
    here: (CameraSerial, DockingId),
}

impl WipePermit {
    /// A permit for the cleared files, as far as they are files of this camera.
    #[must_use]
    pub fn issue(docking: DockingId, camera: CameraSerial, cleared: Vec<Clearance>) -> Self {
        let of_it = cleared.into_iter().filter(|clearance| clearance.camera == camera);
        let files = of_it.map(|clearance| clearance.file).collect();
        Self { docking, camera, files }
    }

    /// The files that it lists.
    #[must_use]
    pub fn files(&self) -> &[ClearedFile] {
        &self.files
    }

    /// Uses the permit up, and gives what may be deleted; an adapter has no other way to it.
    ///
    /// # Errors
    /// [`WrongPermit`] if it is for another camera than the one that asks, or for another docking than the one it is in.
    pub fn redeem(self, camera: &CameraSerial, docking: DockingId) -> Result<Cleared, WrongPermit> {
        if self.camera == *camera && self.docking == docking {
            Ok(Cleared { files: self.files })
        } else {
            Err(WrongPermit { of: (self.camera, self.docking), here: (camera.clone(), docking) })
        }
    }
}

/// What a redeemed permit allows to delete.
#[derive(Debug)]
pub struct Cleared {
    files: Vec<ClearedFile>,
}

impl Cleared {
    /// The files that may be deleted.
    #[must_use]
    pub fn files(&self) -> &[ClearedFile] {
        &self.files
    }
}
