//! Where copies lie on a disk: a format that outlives the process, so that a spool can be looked at without one.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::SegmentId;

/// The spool's folder below the data folder.
pub const SPOOL_FOLDER: &str = "spool";

/// Sealed copies are below this folder of the spool.
pub(super) const SEALED: &str = "segments";

/// Every file among the sealed copies of the spool in `folder`, also those that are none of camdock's. Changes nothing.
/// Blocks.
///
/// # Errors
/// The system's words.
pub fn sealed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for shard in std::fs::read_dir(folder.join(SEALED))? {
        let shard = shard?.path();
        if shard.is_dir() {
            for entry in std::fs::read_dir(shard)? {
                found.push(entry?.path());
            }
        } else {
            found.push(shard);
        }
    }
    Ok(found)
}

/// Where the sealed copy of a segment lies.
pub(super) fn sealed_path(folder: &Path, segment: SegmentId) -> PathBuf {
    let name = segment.to_string();
    folder.join(SEALED).join(&name[..2]).join(name)
}
