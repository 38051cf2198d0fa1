//! Finding everything on a camera.
//!
//! Promises: the walk ends, holds two folders open at most, and needs memory for what it reports and for the folders
//! it has yet to enter, within a limit. It opens folders only, and reports whatever it cannot enter.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{FileType, OFlags, RawDir};
use rustix::io::Errno;

use super::Stock;
use super::aside::{ASIDE, Aside};
use super::beneath::{Freshness, Look, Root, split_parent, step_quietly, tells_of_damage};
use crate::camera::Listing;
use crate::domain::{ByteCount, CameraNotice, Oddity, OddityKind, SourcePath, Subject};
use crate::journal::tell;

/// How much memory the names on one camera may take. A million files with long names fit; what needs more was not
/// recorded by a camera but made to exhaust the station.
const NAMES_LIMIT: usize = 256 << 20;

/// What a reported entry takes in memory besides its name, roughly.
const ENTRY_OVERHEAD: usize = 96;

/// The longest path, in bytes, of a folder that is entered: sixty-four times as long as most programs can reach.
const DEEPEST: usize = 256 << 10;

/// How many entries are looked at before others get a turn; a folder is not interrupted.
const BATCH: usize = 4096;

const DIRENT_BUFFER: usize = 64 << 10;

const ENTER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);

/// A walk over a camera.
pub(super) struct Walk {
    root: Arc<Root>,
    /// Folders yet to be entered.
    pending: Vec<SourcePath>,
    /// The folder entered last: most often the parent of the next one, which then is reached in one step however deep.
    last: Option<(SourcePath, std::os::fd::OwnedFd)>,
    listing: Listing,
    /// What everything below the root takes up.
    occupied: ByteCount,
    damage: Option<&'static str>,
    /// The inodes seen in the folder that is looked at, where each may be there once only.
    inodes: BTreeSet<u64>,
    names: usize,
    buffer: Vec<u8>,
}

/// Whether a walk has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Done,
}

impl Walk {
    pub(super) fn new(root: Arc<Root>) -> Self {
        Self {
            root,
            pending: vec![SourcePath::new(Vec::new())],
            last: None,
            listing: Listing::default(),
            occupied: ByteCount::default(),
            damage: None,
            inodes: BTreeSet::new(),
            names: ENTRY_OVERHEAD,
            buffer: Vec::with_capacity(DIRENT_BUFFER),
        }
    }

    /// Goes on for one batch.
    ///
    /// # Errors
    /// Only if the camera as a whole cannot be listed: its root is unreadable and no damaged file system explains that, it
    /// has too many names, or this process is short of something.
    pub(super) fn advance(&mut self) -> std::io::Result<Progress> {
        let mut looked_at = 0;
        while looked_at < BATCH {
            let Some(folder) = self.pending.pop() else { return Ok(Progress::Done) };
            self.names -= cost(&folder);
            looked_at += 1 + self.enter(folder)?;
        }
        Ok(Progress::More)
    }

    /// Everything found, sorted.
    pub(super) fn finish(self) -> Stock {
        let Listing { mut files, mut oddities } = self.listing;
        // A folder that changes while it is read may show an entry twice.
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        oddities.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        oddities.dedup_by(|a, b| a.path == b.path);
        for file in &mut files {
            file.path = self.root.outside(std::mem::replace(&mut file.path, SourcePath::new(Vec::new())));
        }
        for oddity in &mut oddities {
            oddity.path = self.root.outside(std::mem::replace(&mut oddity.path, SourcePath::new(Vec::new())));
        }
        Stock {
            listing: Listing { files, oddities },
            occupied: self.occupied,
            root: self.root.occupied(),
            damage: self.damage,
        }
    }

    /// Looks at everything in a folder; returns how many entries that were.
    fn enter(&mut self, path: SourcePath) -> std::io::Result<usize> {
        let folder = match self.open(&path) {
            Ok(folder) => folder,
            Err(error) => {
                self.give_up(path, error)?;
                return Ok(0);
            }
        };
        self.inodes.clear();
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut entries = RawDir::new(&folder, buffer.spare_capacity_mut());
        let mut looked_at = 0;
        while let Some(entry) = entries.next() {
            match entry {
                Ok(entry) if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
                Ok(entry) => self.look_at(&folder, &path, entry.file_name().to_bytes())?,
                Err(Errno::INTR) => continue,
                Err(error) => {
                    self.give_up(path.clone(), error)?;
                    break;
                }
            }
            looked_at += 1;
        }
        self.buffer = buffer;
        self.last = Some((path, folder));
        Ok(looked_at)
    }

    fn open(&self, path: &SourcePath) -> rustix::io::Result<OwnedFd> {
        match (&self.last, split_parent(path.as_bytes())) {
            (Some((last, folder)), (parent, name)) if last.as_bytes() == parent && !name.is_empty() => {
                step_quietly(folder, name, ENTER)
            }
            _ => {
                let folder = self.root.open_folder(path.as_bytes(), OFlags::PATH)?;
                step_quietly(folder, b".", ENTER)
            }
        }
    }

    fn look_at(&mut self, folder: &OwnedFd, parent: &SourcePath, name: &[u8]) -> std::io::Result<()> {
        let path = join(parent, name);
        let look = match Look::at(folder, name, Freshness::Cached) {
            Ok(look) => look,
            Err(error) => return self.give_up(path, error),
        };
        if !self.root.owns(&look) {
            return self.report(path, OddityKind::MountPoint);
        }
        if self.root.has_no_hard_links() && !self.inodes.insert(look.inode()) {
            self.damage = Some("two entries of one folder have the same name, so that one hides the other");
            return Ok(());
        }
        self.occupied += look.occupied();
        match look.kind {
            FileType::RegularFile => {
                self.reserve(&path)?;
                self.listing.files.push(self.root.listed(&look, path));
                Ok(())
            }
            FileType::Directory if name == ASIDE && self.is_given_back(folder, parent)? => Ok(()),
            FileType::Directory if path.as_bytes().len() <= DEEPEST => {
                self.reserve(&path)?;
                self.pending.push(path);
                Ok(())
            }
            FileType::Symlink => self.report(path, OddityKind::SymbolicLink),
            FileType::Fifo => self.report(path, OddityKind::Fifo),
            FileType::Socket => self.report(path, OddityKind::Socket),
            FileType::CharacterDevice | FileType::BlockDevice => self.report(path, OddityKind::Device),
            _ => self.report(path, OddityKind::Unreadable),
        }
    }

    /// Puts what a deletion that was cut short had set aside in `folder` back where it was. Whether nothing is left aside.
    fn is_given_back(&mut self, folder: &OwnedFd, path: &SourcePath) -> std::io::Result<bool> {
        if self.root.is_ours_alone() {
            return Ok(false);
        }
        for name in Aside::give_all_back(folder) {
            tell(&Subject::station().file(&join(path, &name)), CameraNotice::PutBack);
            self.look_at(folder, path, &name)?;
        }
        Ok(matches!(Look::at(folder, ASIDE, Freshness::Cached), Err(Errno::NOENT)))
    }

    /// Reports an entry that the system refuses to show, unless that says something about the whole camera or about
    /// this process.
    fn give_up(&mut self, path: SourcePath, error: Errno) -> std::io::Result<()> {
        match error {
            _ if self.root.stands_still() && tells_of_damage(error) => {
                self.damage = Some("a part of it cannot be read");
                // The root folder has no path to be reported by.
                if path.as_bytes().is_empty() { Ok(()) } else { self.report(path, OddityKind::Unreadable) }
            }
            _ if path.as_bytes().is_empty() => Err(error.into()),
            Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOSYS => Err(error.into()),
            // Nobody can have removed it, unless the whole camera is gone, which is looked at when the walk is over.
            Errno::NOENT if self.root.stands_still() => {
                self.damage = Some("a name in one of its folders leads to nothing");
                self.report(path, OddityKind::Unreadable)
            }
            Errno::NOENT => Ok(()),
            Errno::XDEV => self.report(path, OddityKind::MountPoint),
            _ => self.report(path, OddityKind::Unreadable),
        }
    }

    fn report(&mut self, path: SourcePath, kind: OddityKind) -> std::io::Result<()> {
        self.reserve(&path)?;
        self.listing.oddities.push(Oddity { path, kind });
        Ok(())
    }

    fn reserve(&mut self, path: &SourcePath) -> std::io::Result<()> {
        self.names += cost(path);
        if self.names > NAMES_LIMIT {
            return Err(std::io::Error::other(
                "its file names alone take more than 256 MiB of memory. Nothing was taken from it; look at it by hand",
            ));
        }
        Ok(())
    }
}

fn cost(path: &SourcePath) -> usize {
    path.as_bytes().len() + ENTRY_OVERHEAD
}

fn join(parent: &SourcePath, name: &[u8]) -> SourcePath {
    let mut path = Vec::with_capacity(parent.as_bytes().len() + 1 + name.len());
    if !parent.as_bytes().is_empty() {
        path.extend_from_slice(parent.as_bytes());
        path.push(b'/');
    }
    path.extend_from_slice(name);
    SourcePath::new(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::folder::beneath::Backing;

    #[test]
    fn names_that_would_fill_the_memory_are_refused() {
        let folder = tempfile::TempDir::new().unwrap();
        std::fs::write(folder.path().join("A.MP4"), "").unwrap();
        let mut walk = Walk::new(Arc::new(Root::hold(folder.path().to_owned(), Backing::default()).unwrap()));
        walk.names += NAMES_LIMIT - 100;
        assert!(walk.advance().unwrap_err().to_string().contains("256 MiB"));
    }
}
