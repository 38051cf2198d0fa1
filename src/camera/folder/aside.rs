//! Where a file lies while it is being deleted: in a private folder beside it, under its own name.
//!
//! Promise: a file that was set aside is not lost, whatever happens. Only who set it aside deletes it, having looked at it
//! there; otherwise it is given back, at the latest by the next listing. Should its name be taken by then, it stays where it is and
//! is listed there, as any file is.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, RawDir, RenameFlags};
use rustix::io::{Errno, Result};

use super::beneath::step;

/// What the private folder is called. It has a name that no camera gives.
pub(super) const ASIDE: &[u8] = b".camdock-deleting";

/// The private folder in some folder.
pub(super) struct Aside(OwnedFd);

impl Aside {
    /// Opens it in `folder`; makes it if need be.
    pub(super) fn beside(folder: &OwnedFd) -> Result<Self> {
        match rustix::fs::mkdirat(folder, ASIDE, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => Ok(Self(step(folder, ASIDE, OFlags::PATH | OFlags::DIRECTORY)?)),
            Err(error) => Err(error),
        }
    }

    pub(super) const fn folder(&self) -> &OwnedFd {
        &self.0
    }

    /// Sets an entry of `folder` aside.
    pub(super) fn take(&self, folder: &OwnedFd, name: &[u8]) -> Result<()> {
        move_over(folder, &self.0, name)
    }

    /// Gives an entry its place in `folder` back, unless another one has its name by now.
    pub(super) fn give_back(&self, folder: &OwnedFd, name: &[u8]) -> Result<()> {
        match move_over(&self.0, folder, name) {
            Err(Errno::EXIST) => Ok(()),
            moved => moved,
        }
    }

    /// Gives back whatever a deletion that was cut short left in the private folder of `folder`. Returns the names that are in
    /// `folder` again; what could not be given back is still in there.
    pub(super) fn give_all_back(folder: &OwnedFd) -> Vec<Vec<u8>> {
        let Ok(inside) = step(folder, ASIDE, OFlags::RDONLY | OFlags::DIRECTORY) else { return Vec::new() };
        let names = names(&inside);
        let aside = Self(inside);
        let again = names.into_iter().filter(|name| move_over(&aside.0, folder, name).is_ok()).collect();
        Self::clear_away(folder);
        again
    }

    /// Removes the private folder of `folder`, if there is one and nothing is in it.
    #[expect(clippy::disallowed_methods, reason = "a folder of camdock's own, and only if it is empty")]
    pub(super) fn clear_away(folder: &OwnedFd) {
        let _ = rustix::fs::unlinkat(folder, ASIDE, AtFlags::REMOVEDIR);
    }
}

/// Moves an entry under its name from one folder to another, never over one that is there.
fn move_over(from: &OwnedFd, to: &OwnedFd, name: &[u8]) -> Result<()> {
    match rustix::fs::renameat_with(from, name, to, name, RenameFlags::NOREPLACE) {
        // A file system that does not know the flag. What lies here is looked at before and after, so a rename will do.
        Err(Errno::INVAL) if matches!(rustix::fs::statat(to, name, AtFlags::SYMLINK_NOFOLLOW), Err(Errno::NOENT)) => {
            rustix::fs::renameat(from, name, to, name)
        }
        moved => moved,
    }
}

fn names(folder: &OwnedFd) -> Vec<Vec<u8>> {
    let mut buffer = Vec::with_capacity(8 << 10);
    let mut entries = RawDir::new(folder, buffer.spare_capacity_mut());
    let mut names = Vec::new();
    while let Some(Ok(entry)) = entries.next() {
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            names.push(name.to_vec());
        }
    }
    names
}
