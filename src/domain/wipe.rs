//! What is remembered of deletions on a camera.

/// Whether the last deletion on a camera is known to have left its file systems sound.
///
/// Whoever mounts a file system for writing marks it as in use, and takes the mark off when it is unmounted; a camera
/// that is taken out in between keeps the mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastWipe {
    /// There was none, or the camera was found sound afterwards.
    Settled,
    /// One was begun, and the camera was never found sound since: a mark on it may be camdock's own.
    Unsettled,
}
