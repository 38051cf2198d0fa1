//! The only value that lets a camera adapter delete anything.

use std::collections::BTreeSet;

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

/// Why a file may not be deleted from its camera yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unmet {
    /// Some bytes could not be read; the original is the best copy there is.
    #[error("it is damaged at its source")]
    Damaged,
    /// What the camera holds now is not what was uploaded.
    #[error("the camera's file differs from what was uploaded")]
    SourceDiffers,
    /// A required destination has not proven its copy.
    #[error("{0} has not proven its copy")]
    NotProven(DestinationName),
    /// No destination is required, so nothing can be proven.
    #[error("no destination is required, so nothing can be proven")]
    NothingRequired,
}

/// A file that may be deleted: all conditions are met for this one.
#[derive(Debug)]
pub struct Clearance {
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
        if required.is_empty() {
            return Err(Unmet::NothingRequired);
        }
        if segment.damaged || source.file.kind == SourceKind::Image {
            return Err(Unmet::Damaged);
        }
        if source.segment != segment.id || !source.fingerprint.same_content(&segment.fingerprint) {
            return Err(Unmet::SourceDiffers);
        }
        for destination in required {
            let proven = |proof: &Proof| {
                proof.destination() == destination && proof.fingerprint().same_content(&source.fingerprint)
            };
            let claimed =
                planted(PlantedBug::WipeBeforeProof) || planted(PlantedBug::OneProofForAll) && !proofs.is_empty();
            if !claimed && !proofs.iter().any(proven) {
                return Err(Unmet::NotProven(destination.clone()));
            }
        }
        Ok(Self { file: ClearedFile { segment: segment.id, file: source.file.clone() } })
    }
}

/// The permission to delete exactly these files from this camera, in this docking, once.
#[derive(Debug)]
pub struct WipePermit {
    docking: DockingId,
    camera: CameraSerial,
    files: Vec<ClearedFile>,
}

impl WipePermit {
    /// A permit for the cleared files.
    #[must_use]
    pub fn issue(docking: DockingId, camera: CameraSerial, cleared: Vec<Clearance>) -> Self {
        Self { docking, camera, files: cleared.into_iter().map(|clearance| clearance.file).collect() }
    }

    /// The docking it is valid in.
    #[must_use]
    pub const fn docking(&self) -> DockingId {
        self.docking
    }

    /// The camera it is valid for.
    #[must_use]
    pub const fn camera(&self) -> &CameraSerial {
        &self.camera
    }

    /// The files that may be deleted.
    #[must_use]
    pub fn files(&self) -> &[ClearedFile] {
        &self.files
    }
}
