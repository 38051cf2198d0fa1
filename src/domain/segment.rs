//! A recorded file: as the camera shows it, and as the station knows it once it was read.

use serde::Serialize;

use super::{ByteCount, CameraSerial, Fingerprint, Moment, ObjectName, SegmentId, SourcePath, Subject};

/// A file as the camera lists it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it lies on the camera.
    pub path: SourcePath,
    /// Its length.
    pub size: ByteCount,
    /// When it was last written, by the camera's clock.
    pub modified: Moment,
    /// Changes whenever the file system can tell that the file was written or replaced. Equal stamps do not prove equal
    /// content; different stamps prove that the file must be read again.
    pub stamp: u64,
    /// What it is.
    pub kind: SourceKind,
}

/// What a camera can list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// A regular file.
    File,
    /// All bytes of a volume whose file system is not sound. It is evidence, always marked as damaged, and never wiped.
    /// It lies on no file system, so its path begins with `/`, as that of no file does.
    Image,
}

/// Something on a camera that is no regular file, or that cannot be read. It is reported and kept where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// Where it lies on the camera.
    pub path: SourcePath,
    /// What it is.
    pub kind: OddityKind,
}

/// The ways in which a camera's entry can be no readable regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OddityKind {
    /// A symbolic link; never followed.
    SymbolicLink,
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
    /// A block or character device.
    Device,
    /// Another file system, or another part of one, is mounted here: it is not the camera's.
    MountPoint,
    /// The folder could not be listed, or the entry not be looked at.
    Unreadable,
}

/// A segment as the station knows it: read from the camera, fingerprinted, and durable in the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Derived from the camera, the path and the content.
    pub id: SegmentId,
    /// The camera that recorded it.
    pub camera: CameraSerial,
    /// Where it lay on the camera.
    pub path: SourcePath,
    /// When it was last written, by the camera's clock.
    pub recorded_at: Moment,
    /// What was read from the camera.
    pub fingerprint: Fingerprint,
    /// Whether every byte could be read; if not, the unreadable ranges read as zeros, and the original is never wiped.
    pub damaged: bool,
}

impl Segment {
    /// What a notice about it is about.
    #[must_use]
    pub fn about(&self) -> Subject {
        Subject::station().camera(&self.camera).file(&self.path)
    }

    /// The name of its object at every destination, before the destination's prefix.
    #[must_use]
    pub fn object_name(&self) -> ObjectName {
        ObjectName::of_segment(&self.camera, &self.path, self.recorded_at, &self.fingerprint.sha256)
    }
}
