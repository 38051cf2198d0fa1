//! The one place in this adapter that deletes.
//!
//! Promises: only files that a redeemed permit lists are deleted, and each only while it still is what was proven. Folders,
//! empty ones too, are left alone.
//!
//! A mounted device is camdock's alone, so there a name is deleted right after a last look. A folder is anybody's, and between a
//! look and a deletion somebody could write on, or put another file in the place of the one that was looked at. So there:
//!
//! ```text
//!   open the file ─► take a lease on it: nobody else has it open, and whoever wants to waits
//!                 ─► look at it for the last time
//!                 ─► set it aside: under its own name, in a private folder beside it
//!                 ─► it is that very file, as it was, and nobody has asked for it? then delete it; else give it back
//! ```
//!
//! Where a crash leaves a file set aside, the next listing [gives it back](super::aside).

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use camdock_lease::{NoLease, WriteLease};
use rustix::fs::{AtFlags, OFlags};
use rustix::io::Errno;

use super::aside::Aside;
use super::beneath::{Freshness, Holder as _, Look, Root, split_parent};
use super::blocking;
use crate::camera::{CameraError, Kept, NotDeleted};
use crate::custody::Cleared;
use crate::domain::{CameraNotice, SourceFile, SourcePath, Subject};
use crate::faults::{CrashPoint, crash_point};
use crate::journal::tell;

/// Deletes what the permit lists of this root; returns what was kept all the same. Each file has a turn of its own on a
/// blocking thread, so that after a cancellation, when the permit is void, at most the deletion under way is completed.
///
/// # Errors
/// [`CameraError::Device`] if the file system as a whole lets nothing be deleted.
pub(in crate::camera) async fn wipe(
    root: &Arc<Root>,
    permitted: &Cleared,
    about: &Subject,
) -> Result<Vec<NotDeleted>, CameraError> {
    let mut kept = Vec::new();
    let mut touched = BTreeSet::new();
    for cleared in permitted.files() {
        let Some(inside) = root.inside(&cleared.file().path) else { continue };
        let folder = split_parent(inside).0.to_vec();
        let (root, file) = (Arc::clone(root), cleared.file().clone());
        match blocking("wiped", move || delete(&root, &file)).await? {
            Ok(Deleted::Yes) => {
                touched.insert(folder);
                crash_point(CrashPoint::MidWipe);
            }
            Ok(Deleted::InUse) => {
                touched.insert(folder);
                kept.push(NotDeleted { path: cleared.file().path.clone(), why: Kept::InUse });
            }
            Err(CameraError::Changed(path)) => {
                tell(&about.clone().file(&path), CameraNotice::Changed);
            }
            // One file that cannot be deleted keeps no other from being deleted.
            Err(CameraError::File { path, source }) => kept.push(NotDeleted { path, why: Kept::Refused(source) }),
            Err(error) => return Err(error),
        }
    }
    let root = Arc::clone(root);
    blocking("wiped", move || sync(&root, &touched)).await??;
    Ok(kept)
}

/// What became of a file that may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deleted {
    Yes,
    /// Somebody has it open.
    InUse,
}

fn delete(root: &Root, file: &SourceFile) -> Result<Deleted, CameraError> {
    if root.is_ours_alone() {
        root.check_unchanged(file)?;
        let deleted = root.parent_of(&file.path).and_then(|(folder, name)| unlink(&folder, name));
        deleted.map_err(|error| explain(root, file, error))?;
        return Ok(Deleted::Yes);
    }
    let content = root.open_file(file)?;
    match set_aside(root, file, &content)? {
        Some(doomed) => doomed.delete(root, file),
        None => Ok(Deleted::InUse),
    }
}

/// A file that was compared for the last time, and lies where only camdock looks for it.
struct Doomed<'open> {
    /// The folder that it is from.
    folder: OwnedFd,
    /// Where it lies; nowhere, if its file system makes no folder, or has no room for one. Only deleting can make some then.
    aside: Option<Aside>,
    compared: Look,
    lease: Option<WriteLease<'open>>,
}

/// Sets a file aside that is open as `content`; nothing, if somebody else has it open.
fn set_aside<'open>(
    root: &Root,
    file: &SourceFile,
    content: &'open OwnedFd,
) -> Result<Option<Doomed<'open>>, CameraError> {
    let lease = match WriteLease::take(content) {
        Ok(lease) => Some(lease),
        Err(NoLease::InUse) => return Ok(None),
        Err(NoLease::NotOffered(error)) => {
            say_once_that_nobody_can_tell(root, &error);
            None
        }
    };
    root.check_unchanged(file)?;
    let explain = |error| explain(root, file, error);
    let (folder, name) = root.parent_of(&file.path).map_err(explain)?;
    let compared = Look::at(content, b"", Freshness::Now).map_err(explain)?;
    let aside = match Aside::beside(&folder).and_then(|aside| aside.take(&folder, name).map(|()| aside)) {
        Ok(aside) => Some(aside),
        Err(Errno::NOSPC | Errno::DQUOT | Errno::MLINK | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => None,
        Err(error) => return Err(explain(error)),
    };
    crash_point(CrashPoint::SetAside);
    Ok(Some(Doomed { folder, aside, compared, lease }))
}

impl Doomed<'_> {
    /// Deletes it if it still is what was compared and nobody has asked for it; else it gets its place back.
    fn delete(self, root: &Root, file: &SourceFile) -> Result<Deleted, CameraError> {
        let explain = |error| explain(root, file, error);
        let name = file.path.file_name();
        let lies_in = self.aside.as_ref().map_or(&self.folder, Aside::folder);
        let is_the_one = Look::at(lies_in, name, Freshness::Now).is_ok_and(|now| now.is_as_written(&self.compared));
        let is_wanted = self.lease.as_ref().is_some_and(|lease| !lease.is_unbroken());
        if is_the_one && !is_wanted {
            unlink(lies_in, name).map_err(explain)?;
            return Ok(Deleted::Yes);
        }
        if let Some(aside) = &self.aside {
            aside.give_back(&self.folder, name).map_err(explain)?;
        }
        if is_the_one { Ok(Deleted::InUse) } else { Err(root.changed(&file.path)) }
    }
}

fn explain(root: &Root, file: &SourceFile, error: Errno) -> CameraError {
    match error {
        // It says nothing about this file.
        Errno::ROFS => root.explain_whole("wiped", error.into()),
        error => root.explain(&file.path, error),
    }
}

#[expect(clippy::disallowed_methods, reason = "the permit lists this file, and it is what was proven")]
fn unlink(folder: &OwnedFd, name: &[u8]) -> rustix::io::Result<()> {
    rustix::fs::unlinkat(folder, name, AtFlags::empty())
}

/// Without leases, the quiet time is all that keeps a file with an open writer from being deleted.
fn say_once_that_nobody_can_tell(root: &Root, error: &std::io::Error) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        let folder = SourcePath::new(root.path().as_os_str().as_bytes().to_vec());
        tell(&Subject::station().file(&folder), CameraNotice::OpenFilesUnseen { error: error.to_string() });
    }
}

/// Makes the deletions durable.
fn sync(root: &Root, touched: &BTreeSet<Vec<u8>>) -> Result<(), CameraError> {
    let synced = touched.iter().try_for_each(|folder| {
        let synced = root.open_folder(folder, OFlags::RDONLY).and_then(|folder| {
            if !root.is_ours_alone() {
                Aside::clear_away(&folder);
            }
            rustix::fs::fsync(folder)
        });
        match synced {
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

#[cfg(test)]
mod tests {
    use super::super::aside::ASIDE;
    use super::super::beneath::Backing;
    use super::*;
    use crate::domain::SourcePath;
    use std::ffi::OsStr;
    use std::io::Write as _;
    use std::path::PathBuf;
    use tempfile::TempDir;

    /// A camera with one file, which is compared and set aside.
    struct Scene {
        folder: TempDir,
        root: Root,
        file: SourceFile,
        content: OwnedFd,
    }

    impl Scene {
        fn new() -> Self {
            let folder = TempDir::new().unwrap();
            std::fs::write(folder.path().join("A.MP4"), "footage").unwrap();
            let root = Root::hold(folder.path().to_owned(), Backing::default()).unwrap();
            let (parent, path) = (root.open_folder(b"", OFlags::PATH).unwrap(), SourcePath::new(b"A.MP4".to_vec()));
            let file = root.listed(&Look::at(&parent, b"A.MP4", Freshness::Now).unwrap(), path);
            let content = root.open_file(&file).unwrap();
            Self { folder, root, file, content }
        }

        fn named(&self) -> PathBuf {
            self.folder.path().join("A.MP4")
        }

        fn aside(&self) -> PathBuf {
            self.folder.path().join(OsStr::from_bytes(ASIDE)).join("A.MP4")
        }

        fn set_aside(&self) -> Doomed<'_> {
            set_aside(&self.root, &self.file, &self.content).unwrap().expect("nobody has it open")
        }
    }

    #[test]
    fn whoever_opens_a_file_after_the_last_comparison_writes_to_one_that_is_kept() {
        let scene = Scene::new();
        let doomed = scene.set_aside();
        std::thread::scope(|scope| {
            // It found the file before it was set aside, and opens it now.
            let writer = scope.spawn(|| {
                let mut opened = std::fs::File::options().append(true).open(scene.aside()).unwrap();
                opened.write_all(b", and more").unwrap();
            });
            while doomed.lease.as_ref().unwrap().is_unbroken() {
                std::thread::yield_now();
            }
            assert_eq!(doomed.delete(&scene.root, &scene.file).unwrap(), Deleted::InUse);
            writer.join().unwrap();
        });
        assert_eq!(std::fs::read(scene.named()).unwrap(), b"footage, and more");
    }

    #[test]
    fn what_takes_the_name_after_the_last_comparison_is_not_deleted() {
        let scene = Scene::new();
        let doomed = scene.set_aside();
        std::fs::write(scene.named(), "another").unwrap();
        assert_eq!(doomed.delete(&scene.root, &scene.file).unwrap(), Deleted::Yes);
        assert_eq!(std::fs::read(scene.named()).unwrap(), b"another");
        assert!(!scene.aside().exists(), "what was compared is gone");
    }

    #[test]
    fn what_was_written_without_a_lease_to_tell_is_given_back() {
        let scene = Scene::new();
        let mut doomed = scene.set_aside();
        doomed.lease = None;
        std::fs::File::options().append(true).open(scene.aside()).unwrap().write_all(b", and more").unwrap();
        assert!(matches!(doomed.delete(&scene.root, &scene.file), Err(CameraError::Changed(_))));
        assert_eq!(std::fs::read(scene.named()).unwrap(), b"footage, and more");
    }

    #[test]
    fn what_cannot_have_its_name_back_is_kept_beside_it() {
        let scene = Scene::new();
        let mut doomed = scene.set_aside();
        doomed.lease = None;
        std::fs::write(scene.aside(), "written on").unwrap();
        std::fs::write(scene.named(), "another").unwrap();
        assert!(matches!(doomed.delete(&scene.root, &scene.file), Err(CameraError::Changed(_))));
        assert_eq!(std::fs::read(scene.named()).unwrap(), b"another");
        assert_eq!(std::fs::read(scene.aside()).unwrap(), b"written on");
    }
}
