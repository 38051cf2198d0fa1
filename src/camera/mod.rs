//! The port to a docked camera, and one adapter per kind of camera.
//!
//! Promises of every adapter:
//! - Nothing on the camera is changed except by [`Camera::wipe`], which deletes exactly the files its permit lists.
//! - A listing is complete and current, or an error: an absent file or an empty folder is believed only while the
//!   device is known to be present.
//! - No name on a camera can lead out of the camera.

mod folder;
mod mass_storage;

pub use folder::FolderCamera;
pub use mass_storage::{AskLastWipe, MassStorageCamera, Surroundings};

use async_trait::async_trait;
use bytes::Bytes;

use crate::custody::WipePermit;
use crate::domain::{ByteCount, CameraSerial, Oddity, SourceFile, SourcePath};

pub use crate::files::Cache;

/// A camera in a bay.
#[async_trait]
pub trait Camera: Send + Sync {
    /// Its serial.
    fn serial(&self) -> &CameraSerial;

    /// Everything on it, as it is now.
    async fn list(&self) -> Result<Listing, CameraError>;

    /// Whether its file systems are as they should be. Nothing is wiped from a camera that is [`Condition::Unsound`]:
    /// the station does not ask for it, and the adapter refuses it.
    fn condition(&self) -> Condition {
        Condition::Sound
    }

    /// Opens a listed file.
    ///
    /// # Errors
    /// [`CameraError::Changed`] if it is no longer the file that was listed.
    async fn open(&self, file: &SourceFile, cache: Cache) -> Result<Box<dyn SourceReader>, CameraError>;

    /// Deletes exactly the files that the permit lists, passing over each that changed since it was listed, and makes
    /// the deletion durable. What is really gone is for the next fresh [`list`](Self::list) to say.
    async fn wipe(&self, permit: &WipePermit) -> Result<(), CameraError>;
}

/// How a camera's file systems are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Nothing is known to be wrong.
    Sound,
    /// Marked as in use, which a deletion of camdock's own explains: it was cut short, and the mark stays.
    MarkedByWipe,
    /// Something is wrong, and what, as a sentence. Images of the volumes concerned are listed beside the files.
    Unsound(String),
}

/// What a camera holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Regular files, and images of volumes that are not sound, sorted by path.
    pub files: Vec<SourceFile>,
    /// Everything else, sorted by path.
    pub oddities: Vec<Oddity>,
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
