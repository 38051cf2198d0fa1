//! Where copies lie on a disk: a format that outlives the process, so that a spool can be looked at without one.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::SegmentId;

/// The spool's folder below the data folder.
pub const SPOOL_FOLDER: &str = "spool";

/// Sealed copies are below this folder of the spool.
pub(super) const SEALED: &str = "segments";

/// Every file among the sealed copies of the spool in `folder`, one after the other, also those that are none of camdock's.
/// Changes nothing. Blocks.
///
/// # Errors
/// The system's words, here and for each folder and file.
pub fn sealed(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<PathBuf>>> {
    let entries = |folder: &Path| Ok(std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())));
    let below = move |shard: io::Result<PathBuf>| -> Box<dyn Iterator<Item = io::Result<PathBuf>>> {
        match shard {
            Ok(shard) if shard.is_dir() => match entries(&shard) {
                Ok(copies) => Box::new(copies),
                Err(error) => Box::new(std::iter::once(Err(error))),
            },
            other => Box::new(std::iter::once(other)),
        }
    };
    Ok(entries(&folder.join(SEALED))?.flat_map(below))
}

/// Where the sealed copy of a segment lies.
pub(super) fn sealed_path(folder: &Path, segment: SegmentId) -> PathBuf {
    let name = segment.to_string();
    folder.join(SEALED).join(&name[..2]).join(name)
}
