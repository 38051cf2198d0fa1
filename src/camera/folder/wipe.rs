//! The one place in this adapter that deletes.
//!
//! Promises: only files that a redeemed permit lists are deleted, and each only while it still is what was proven. Folders,
//! empty ones too, are left alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustix::fs::{AtFlags, OFlags};
use rustix::io::Errno;

use super::beneath::{Holder as _, Root, split_parent};
use super::blocking;
use crate::camera::{CameraError, NotDeleted};
use crate::custody::Cleared;
use crate::domain::SourceFile;
use crate::faults::{CrashPoint, crash_point};

/// Deletes what the permit lists of this root; returns what the file system refused to delete. Each file has a turn of its
/// own on a blocking thread, so that after a cancellation, when the permit is void, at most the deletion under way is
/// completed.
pub(in crate::camera) async fn wipe(root: &Arc<Root>, permitted: &Cleared) -> Result<Vec<NotDeleted>, CameraError> {
    let mut refused = Vec::new();
    let mut touched = BTreeSet::new();
    for cleared in permitted.files() {
        let Some(inside) = root.inside(&cleared.file().path) else { continue };
        let folder = split_parent(inside).0.to_vec();
        let (root, file) = (Arc::clone(root), cleared.file().clone());
        match blocking("wiped", move || delete(&root, &file)).await? {
            Ok(()) => {
                touched.insert(folder);
                crash_point(CrashPoint::MidWipe);
            }
            Err(CameraError::Changed(path)) => {
                tracing::warn!(%path, "it changed since it was proven, so it stays on the camera");
            }
            // One file that cannot be deleted keeps no other from being deleted.
            Err(CameraError::File { path, source }) => refused.push(NotDeleted { path, source }),
            Err(error) => return Err(error),
        }
    }
    let root = Arc::clone(root);
    blocking("wiped", move || sync(&root, &touched)).await??;
    Ok(refused)
}

fn delete(root: &Root, file: &SourceFile) -> Result<(), CameraError> {
    root.check_unchanged(file)?;
    let (folder, name) = root.parent_of(&file.path).map_err(|error| root.explain(&file.path, error))?;
    #[expect(clippy::disallowed_methods, reason = "the permit lists this file, and it is what was proven")]
    rustix::fs::unlinkat(folder, name, AtFlags::empty()).map_err(|error| root.explain(&file.path, error))
}

/// Makes the deletions durable.
fn sync(root: &Root, touched: &BTreeSet<Vec<u8>>) -> Result<(), CameraError> {
    let synced = touched.iter().try_for_each(|folder| {
        match root.open_folder(folder, OFlags::RDONLY).and_then(rustix::fs::fsync) {
            // The folder was removed in the meantime, or the file system can only be synced as a whole.
            Err(Errno::NOENT | Errno::INVAL | Errno::NOSYS) => Ok(()),
            synced => synced,
        }
    });
    synced
        .and_then(|()| root.open_folder(b"", OFlags::RDONLY))
        .and_then(rustix::fs::syncfs)
        .map_err(|error| root.explain_whole("wiped", error.into()))?;
    root.check_present()
}
