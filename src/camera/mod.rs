//! The port to a docked camera, and one adapter per kind of camera.
//!
//! Promises of every adapter:
//! - Nothing on the camera is changed except by [`Camera::wipe`], which deletes exactly the files its permit lists. What one that
//!   was cut short left half done, the next listing undoes.
//! - A listing is complete and current, or an error: an absent file or an empty folder is believed only while the
//!   device is known to be present.
//! - No name on a camera can lead out of the camera.

mod folder;
mod mass_storage;

pub use folder::FolderCamera;
pub use mass_storage::{AskUnsettled, MassStorageCamera, Surroundings};

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::custody::{WipePermit, WrongPermit};
use crate::domain::{ByteCount, CameraSerial, MediumId, Oddity, SourceFile, SourceKind, SourcePath};
use crate::faults::{PlantedBug, planted};

/// A camera in a bay.
#[async_trait]
pub trait Camera: Send + Sync {
    /// Its serial.
    fn serial(&self) -> &CameraSerial;

    /// Everything on it, as it is now.
    async fn list(&self) -> Result<Listing, CameraError>;

    /// Whether its file systems are as they should be, as far as it was looked at by now. Nothing is wiped from a camera
    /// of another condition than [`allows_wiping`](Condition::allows_wiping): the station does not ask for it, and the
    /// adapter refuses it.
    fn condition(&self) -> Condition;

    /// Its media, where its file systems tell them apart from those of another camera with the same serial.
    fn media(&self) -> &[MediumId];

    /// How long a file must not have changed before it counts as written to the end. Until then it is neither copied nor
    /// deleted.
    fn quiet_time(&self) -> Duration;

    /// Opens a listed file.
    ///
    /// # Errors
    /// [`CameraError::Changed`] if it is no longer the file that was listed.
    async fn open(&self, file: &SourceFile, reading: Reading) -> Result<Box<dyn SourceReader>, CameraError>;

    /// Deletes exactly the files that the permit lists, passing over each that changed since it was listed, and makes
    /// the deletion durable. What is really gone is for the next fresh [`list`](Self::list) to say. Returns those that
    /// it kept although they did not change.
    ///
    /// # Errors
    /// [`CameraError::WrongPermit`] if it was issued for another camera, or for another docking than the one in which this
    /// one was opened.
    async fn wipe(&self, permit: WipePermit) -> Result<Vec<NotDeleted>, CameraError>;

    /// Lets go of whatever keeps the camera from being taken out. The next call takes hold of it again, and is
    /// [`CameraError::Gone`] if another one is there by then.
    fn let_go(&self) {}
}

/// Which reading of a file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The first: it may be answered by any memory on the way.
    First,
    /// Another, to compare: it must come from the camera's medium itself, past every cache of this machine.
    Again,
}

/// A file that could not be deleted although its permit allows it.
#[derive(Debug)]
pub struct NotDeleted {
    /// Which file.
    pub path: SourcePath,
    /// Why.
    pub why: Kept,
}

/// Why a file was not deleted.
#[derive(Debug)]
pub enum Kept {
    /// Somebody has it open, so it may be written on.
    InUse,
    /// The file system refuses, in the system's words.
    Refused(std::io::Error),
}

/// How a camera's file systems are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Nothing is known to be wrong.
    Sound,
    /// Something is wrong that a deletion of camdock's own explains: it was cut short, and what it left behind stays.
    MarkedByWipe,
    /// Nothing is wrong, but it can only be read.
    WriteProtected,
    /// Something is wrong, and what, as a sentence. Images of the volumes concerned are listed beside the files.
    Unsound(String),
}

impl Condition {
    /// Whether files may be deleted from a camera in this condition, if a permit lists them.
    #[must_use]
    pub const fn allows_wiping(&self) -> bool {
        match self {
            Self::Sound | Self::MarkedByWipe => true,
            Self::WriteProtected | Self::Unsound(_) => false,
        }
    }
}

/// What a camera holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Regular files, and images of volumes that are not sound, sorted by path.
    pub files: Vec<SourceFile>,
    /// Everything else, sorted by path.
    pub oddities: Vec<Oddity>,
}

impl Listing {
    /// What it says nothing about.
    #[must_use]
    pub fn blind_spots(&self) -> BlindSpots<'_> {
        BlindSpots {
            everywhere: self.files.iter().any(|file| file.kind == SourceKind::Image),
            below: self.oddities.iter().map(|oddity| oddity.path.as_bytes()).collect(),
        }
    }
}

/// Where a listing cannot be believed to be complete: below what cannot be read, and everywhere if the camera has a volume
/// that is not sound. That a file is not listed there does not mean that it is gone.
#[derive(Debug)]
pub struct BlindSpots<'listing> {
    everywhere: bool,
    below: BTreeSet<&'listing [u8]>,
}

impl BlindSpots<'_> {
    /// Whether a file may be on the camera although it is not listed.
    #[must_use]
    pub fn may_hide(&self, path: &SourcePath) -> bool {
        if planted(PlantedBug::IgnoreBlindSpots) {
            return false;
        }
        let path = path.as_bytes();
        let folders = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(slash, _)| &path[..slash]);
        self.everywhere || folders.chain([path]).any(|above| self.below.contains(above))
    }
}

/// A file being read from its beginning to its end.
#[async_trait]
pub trait SourceReader: Send {
    /// The next piece, or `None` at the end.
    async fn next(&mut self) -> Result<Option<Piece>, CameraError>;

    /// Looks at the file once more, after the last piece.
    ///
    /// # Errors
    /// [`CameraError::Changed`] if it was written while it was read.
    async fn finish(&mut self) -> Result<(), CameraError>;
}

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Its bytes.
    Data(Bytes),
    /// So many bytes that the medium cannot give any more.
    Unreadable(ByteCount),
}

/// What went wrong with a camera.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// The camera was taken out, or does not answer. What is spooled goes on uploading; the rest waits for the next
    /// docking.
    #[error("the camera is gone")]
    Gone,
    /// The file is not the one that was listed: it grew, was rewritten, or vanished. Look again.
    #[error("{0} changed while it was being read")]
    Changed(SourcePath),
    /// This file cannot be read; others may.
    #[error("{path} cannot be read: {source}")]
    File {
        /// Which file.
        path: SourcePath,
        /// The system's words.
        source: std::io::Error,
    },
    /// Its drives or their media are not those that it was opened with: look at it afresh.
    #[error("what is in the camera was exchanged")]
    Exchanged,
    /// The permit is not for this camera in this docking. Nothing was deleted.
    #[error(transparent)]
    WrongPermit(#[from] WrongPermit),
    /// This is no camera that camdock may touch, and why, as a sentence. Nothing on it was changed.
    #[error("{0}")]
    Refused(String),
    /// The camera as a whole cannot be used.
    #[error("the camera cannot be {action}: {source}")]
    Device {
        /// What was attempted, such as `listed`.
        action: &'static str,
        /// The system's words.
        source: std::io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Moment, OddityKind};

    fn path(text: &str) -> SourcePath {
        SourcePath::new(text.as_bytes().to_vec())
    }

    #[test]
    fn a_file_below_a_folder_that_cannot_be_read_is_not_known_to_be_gone() {
        let oddity = Oddity { path: path("DCIM/101"), kind: OddityKind::Unreadable };
        let listing = Listing { files: Vec::new(), oddities: vec![oddity] };
        let blind = listing.blind_spots();
        for (file, hidden) in
            [("DCIM/101/A.MP4", true), ("DCIM/101", true), ("DCIM/1011/A.MP4", false), ("DCIM", false)]
        {
            assert_eq!(blind.may_hide(&path(file)), hidden, "{file}");
        }
    }

    #[test]
    fn a_volume_that_is_not_sound_may_hide_anything() {
        let image = SourceFile {
            path: path("/p1.img"),
            size: ByteCount::new(1),
            modified: Moment::from_millis(0),
            stamp: 1,
            kind: SourceKind::Image,
        };
        let listing = Listing { files: vec![image], oddities: Vec::new() };
        assert!(listing.blind_spots().may_hide(&path("DCIM/A.MP4")));
    }
}
