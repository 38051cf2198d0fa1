//! The station's durable local copies, as a port, and its adapter on a disk.
//!
//! Promises: a sealed segment survives a power cut, is complete, and lies under an opaque name; an unsealed one
//! vanishes by itself. Reading it again for comparison goes past the page cache.

mod disk;
mod layout;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::domain::{ByteCount, CameraSerial, Moment, Segment, SegmentId, SourcePath, SpoolSpace};
use crate::faults::{PlantedBug, planted};

pub use disk::DiskSpool;
pub use layout::{SPOOL_FOLDER, sealed};

/// The bytes of a spool copy, piece by piece.
pub type SpoolStream = BoxStream<'static, Result<Bytes, SpoolError>>;

/// Where segments rest between camera and destinations.
#[async_trait]
pub trait Spool: Send + Sync {
    /// Starts a copy of `expected` bytes. It is nameless until sealed, and vanishes if it never is.
    ///
    /// # Errors
    /// [`SpoolError::Full`] or [`SpoolError::Crowded`] if that would eat into the reserve, [`SpoolError::TooLarge`] if it would
    /// even if nothing else were on the disk; nothing was started.
    async fn create(&self, expected: ByteCount) -> Result<Box<dyn SpoolWriter>, SpoolError>;

    /// Reads `length` bytes of a sealed copy from `offset` on.
    fn read(&self, segment: SegmentId, offset: u64, length: u64) -> SpoolStream;

    /// Reads a whole sealed copy from the medium itself, past the page cache.
    fn reread(&self, segment: SegmentId) -> SpoolStream;

    /// Which copies have a name, in no order. Each is durable by the time the answer comes, whoever gave it its name.
    async fn inventory(&self) -> Result<Vec<SegmentId>, SpoolError>;

    /// What a sealed copy says about itself, if it was sealed with a label and the disk keeps labels.
    async fn label(&self, segment: SegmentId) -> Result<Option<Label>, SpoolError>;

    /// How much room there is just now.
    async fn space(&self) -> Result<SpoolSpace, SpoolError>;

    /// Removes a sealed copy, durably. Removing what is not there succeeds. If the ledger knows the copy, the caller has
    /// committed first that it is released or lost.
    async fn remove(&self, segment: SegmentId) -> Result<(), SpoolError>;
}

/// A copy in the making, and the steps by which a disk makes it durable. [`seal`](trait.SpoolWriter.html#method.seal)
/// takes them in the one order that survives a power cut.
///
/// After an error of any step the copy must be pulled again: a second fsync can falsely succeed.
#[async_trait]
pub trait SpoolWriter: Send {
    /// Appends the next bytes.
    async fn write(&mut self, piece: Bytes) -> Result<(), SpoolError>;

    /// Writes on the copy whose it is, if the disk keeps labels.
    async fn label(&mut self, label: Label) -> Result<(), SpoolError>;

    /// Makes content and label durable. Nothing is written afterwards.
    async fn sync(&mut self) -> Result<(), SpoolError>;

    /// Gives the copy its name. A copy that has this name already is replaced: it has the same content or is damaged.
    async fn rename(&mut self, segment: SegmentId) -> Result<(), SpoolError>;

    /// Makes the name durable, by syncing the folder that it is in.
    async fn sync_folder(&mut self) -> Result<(), SpoolError>;
}

impl dyn SpoolWriter {
    /// Labels the copy and makes it durable under the segment's name. The order is the protocol, so it is written once,
    /// for every disk.
    ///
    /// # Errors
    /// After any error the copy must be pulled again.
    pub async fn seal(mut self: Box<Self>, segment: &Segment) -> Result<(), SpoolError> {
        self.label(Label::from(segment)).await?;
        if !planted(PlantedBug::SkipFileSync) {
            self.sync().await?;
        }
        self.rename(segment.id).await?;
        if !planted(PlantedBug::SkipFolderSync) {
            self.sync_folder().await?;
        }
        Ok(())
    }
}

/// Whose a spool copy is. It lies on the copy itself, so that the spool can be understood without the ledger.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Label {
    /// The camera that recorded it.
    pub camera: CameraSerial,
    /// Where it lay on the camera.
    pub path: SourcePath,
    /// When it was last written, by the camera's clock.
    pub recorded_at: Moment,
    /// Whether some bytes could not be read.
    pub damaged: bool,
}

impl From<&Segment> for Label {
    fn from(segment: &Segment) -> Self {
        Self {
            camera: segment.camera.clone(),
            path: segment.path.clone(),
            recorded_at: segment.recorded_at,
            damaged: segment.damaged,
        }
    }
}

/// What went wrong in the spool.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// No room left; offloading pauses until uploads have made some.
    #[error("the spool is full")]
    Full,
    /// No room left, and the spool's own copies are not what takes it.
    #[error("something else fills the disk that holds the station's data")]
    Crowded,
    /// There would be no room even if nothing else were on the disk.
    #[error("it has {0}, more than the spool can ever hold")]
    TooLarge(ByteCount),
    /// The disk cannot be written to or read from.
    #[error("the spool cannot {action}: {source}. Check the disk that holds the station's data")]
    Disk {
        /// What was attempted, such as `write`.
        action: &'static str,
        /// The system's words.
        source: std::io::Error,
    },
    /// The disk gives an error where the copy lies, and only there as far as anybody knows.
    #[error("the disk cannot read its copy of segment {0}")]
    Unreadable(SegmentId),
    /// The copy is not there.
    #[error("the spool has no copy of segment {0}")]
    Missing(SegmentId),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A label lies on a copy's disk for as long as the copy does, whatever version comes next.
    #[test]
    fn a_label_that_any_version_wrote_is_read_as_what_it_said() {
        let written = r#"{"camera":"BWC-1","path":"DCIM/\\xe9 \\\\.MP4","recorded_at":7,"damaged":true}"#;
        let label = Label {
            camera: CameraSerial::new("BWC-1").unwrap(),
            path: SourcePath::new(b"DCIM/\xe9 \\.MP4".to_vec()),
            recorded_at: Moment::from_millis(7),
            damaged: true,
        };
        assert_eq!(serde_json::from_str::<Label>(written).unwrap(), label);
        assert_eq!(serde_json::to_string(&label).unwrap(), written);
    }
}
