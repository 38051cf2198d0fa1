//! The station's durable local copies, as a port, and its adapter on a disk.
//!
//! Promises: a sealed segment survives a power cut, is complete, and lies under an opaque name; an unsealed one
//! vanishes by itself. Reading it again for comparison goes past the page cache.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::domain::{ByteCount, SegmentId};

/// The bytes of a spool copy, piece by piece.
pub type SpoolStream = BoxStream<'static, Result<Bytes, SpoolError>>;

/// Where segments rest between camera and destinations.
#[async_trait]
pub trait Spool: Send + Sync {
    /// Starts a copy. It is nameless until sealed, and vanishes if it never is.
    async fn create(&self) -> Result<Box<dyn SpoolWriter>, SpoolError>;

    /// Reads `length` bytes of a sealed copy from `offset` on.
    fn read(&self, segment: SegmentId, offset: u64, length: u64) -> SpoolStream;

    /// Reads a whole sealed copy from the medium itself, past the page cache.
    fn reread(&self, segment: SegmentId) -> SpoolStream;

    /// Which sealed copies there are.
    async fn inventory(&self) -> Result<Vec<SegmentId>, SpoolError>;

    /// How many bytes offloading may still take: what is free, less the reserve.
    async fn room(&self) -> Result<ByteCount, SpoolError>;

    /// Removes a sealed copy, durably. Removing what is not there succeeds. The caller has committed a tombstone first.
    async fn remove(&self, segment: SegmentId) -> Result<(), SpoolError>;
}

/// A copy in the making.
#[async_trait]
pub trait SpoolWriter: Send {
    /// Appends the next bytes.
    async fn write(&mut self, piece: Bytes) -> Result<(), SpoolError>;

    /// Makes the copy durable under the segment's name: fsync, rename, fsync of the folder. A copy of that name that
    /// is there already is replaced: it has the same content or is damaged.
    ///
    /// # Errors
    /// After any error the copy must be pulled again: a second fsync can falsely succeed.
    async fn seal(self: Box<Self>, segment: SegmentId) -> Result<(), SpoolError>;
}

/// What went wrong in the spool.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// No room left; offloading pauses until uploads have made some.
    #[error("the spool is full")]
    Full,
    /// The disk cannot be written to or read from.
    #[error("the spool cannot {action}: {source}. Check the disk that holds the station's data")]
    Disk {
        /// What was attempted, such as `write`.
        action: &'static str,
        /// The system's words.
        source: std::io::Error,
    },
    /// The copy is not there.
    #[error("the spool has no copy of segment {0}")]
    Missing(SegmentId),
}
