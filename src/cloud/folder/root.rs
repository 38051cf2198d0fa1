//! The folder of a destination, held by a handle.
//!
//! Promises: whatever lies in the folder, nothing outside of it is reached: no link is followed and no mount is crossed
//! (the kernel holds this, by `openat2`). Everything that one visit sees and does, it sees and does in one folder, even if
//! the share is unmounted meanwhile.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::super::{ObjectState, Version, WrongPlace, read_place, write_place};
use super::VisitError;
use crate::domain::{ByteCount, PlaceId, Protection};
use crate::files::open_beneath;

/// Where everything lies that is no evidence.
pub(super) const OWN: &str = ".camdock";
/// The enrolment.
const PLACE: &str = ".camdock/place";
/// An enrolment is a few lines.
const LONGEST_PLACE: u64 = 4096;

/// Owner and group may read what is written here, if the umask lets them; nobody may run it.
const FILE: Mode = Mode::from_raw_mode(0o666);
const FOLDER: Mode = Mode::from_raw_mode(0o777);

/// A folder, held for one visit. Paths are relative to it.
pub(super) struct Root {
    folder: OwnedFd,
}

impl Root {
    /// Takes hold of the folder that `path` leads to now, if it leads to one.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
            Ok(folder) => Ok(Some(Self { folder })),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Whether it lies on the same device as the folder `other`, or as where that would be made.
    pub(super) fn shares_its_disk_with(&self, other: &Path) -> io::Result<bool> {
        for folder in other.ancestors() {
            match rustix::fs::stat(folder) {
                Ok(found) => return Ok(rustix::fs::fstat(&self.folder)?.st_dev == found.st_dev),
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(false)
    }

    /// Which place it is, if it is enrolled.
    pub(super) fn place(&self) -> Result<Option<PlaceId>, VisitError> {
        let Some(file) = there(self.open_file(PLACE, OFlags::RDONLY))? else { return Ok(None) };
        let mut text = Vec::new();
        file.take(LONGEST_PLACE).read_to_end(&mut text)?;
        Ok(Some(read_place(&text, PLACE)?))
    }

    /// Enrols it, unless it is enrolled; returns which place it is now.
    pub(super) fn enrol(&self, id: PlaceId) -> Result<PlaceId, VisitError> {
        if let Some(place) = self.place()? {
            return Ok(place);
        }
        let growing = format!("{OWN}/place.{id}.part");
        self.write_durably(&growing, write_place(id).as_bytes())?;
        if !self.rename_if_free(&growing, PLACE, &growing)? {
            self.remove(&growing)?;
        }
        self.sync_names(PLACE)?;
        self.place()?.ok_or_else(|| WrongPlace::Unreadable(PLACE.to_owned()).into())
    }

    /// Opens what lies at `path` beneath it.
    pub(super) fn open_file(&self, path: &str, flags: OFlags) -> io::Result<File> {
        let mode = if flags.contains(OFlags::CREATE) { FILE } else { Mode::empty() };
        // A name may lead to a pipe or a terminal.
        let harmless = if flags.contains(OFlags::PATH) { flags } else { flags | OFlags::NONBLOCK | OFlags::NOCTTY };
        Ok(open_beneath(&self.folder, path, harmless, mode)?.into())
    }

    /// Opens a regular file so that its medium answers, not this machine's page cache, where the file system can do that.
    pub(super) fn open_past_the_cache(&self, path: &str) -> io::Result<File> {
        let file = match self.open_file(path, OFlags::RDONLY | OFlags::DIRECT) {
            Err(error) if error.raw_os_error() == Some(Errno::INVAL.raw_os_error()) => {
                self.open_file(path, OFlags::RDONLY)?
            }
            opened => opened?,
        };
        regular(path, file)
    }

    /// Length and version of the file at `path`, if there is one.
    pub(super) fn state_of(&self, path: &str) -> io::Result<Option<ObjectState>> {
        let Some(file) = there(self.open_file(path, OFlags::PATH))? else { return Ok(None) };
        let found = regular(path, file)?.metadata()?;
        let version = format!(
            "{}-{}.{:09}-{}.{:09}",
            found.ino(),
            found.mtime(),
            found.mtime_nsec(),
            found.ctime(),
            found.ctime_nsec()
        );
        let (length, version) = (ByteCount::new(found.len()), Version(version));
        Ok(Some(ObjectState { length, version, protection: Protection::NONE }))
    }

    /// Makes every folder above `path`.
    pub(super) fn make_folders_above(&self, path: &str) -> io::Result<()> {
        for (slash, _) in path.match_indices('/') {
            let (parent, name) = split(&path[..slash]);
            match rustix::fs::mkdirat(self.folder_at(parent)?, name, FOLDER) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// Writes a file, whatever was there, and syncs it.
    pub(super) fn write_durably(&self, path: &str, content: &[u8]) -> io::Result<()> {
        self.make_folders_above(path)?;
        let mut file = self.open_file(path, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC)?;
        file.write_all(content)?;
        file.sync_all()
    }

    /// Gives a file another name, in place of what may have it.
    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let ((old, from), (new, to)) = (split(from), split(to));
        Ok(rustix::fs::renameat(self.folder_at(old)?, from, self.folder_at(new)?, to)?)
    }

    /// Gives a file another name unless that is taken. Tells whether it did. `claim` is what this file claims the name with
    /// where the file system knows neither a rename that does not replace nor a second name for a file.
    pub(super) fn rename_if_free(&self, from: &str, to: &str, claim: &str) -> io::Result<bool> {
        let ((old, source), (new, target)) = (split(from), split(to));
        let (old, new) = (self.folder_at(old)?, self.folder_at(new)?);
        match rustix::fs::renameat_with(&old, source, &new, target, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(true),
            Err(Errno::EXIST) => return Ok(false),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            Err(errno) => return Err(errno.into()),
        }
        match rustix::fs::linkat(&old, source, &new, target, rustix::fs::AtFlags::empty()) {
            Ok(()) => {
                self.remove(from)?;
                Ok(true)
            }
            Err(Errno::EXIST) => Ok(false),
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::MLINK) => {
                self.rename_claimed(from, to, claim)
            }
            Err(errno) => Err(errno.into()),
        }
    }

    /// Renames under a claim: a file that only one writer can create. A claim of the same words is this file's own, of an
    /// earlier attempt.
    fn rename_claimed(&self, from: &str, to: &str, claim: &str) -> io::Result<bool> {
        let taken = format!("{to}.camdock-claim");
        match self.open_file(&taken, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL) {
            Ok(mut file) => {
                file.write_all(claim.as_bytes())?;
                file.sync_all()?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let mut whose = String::new();
                self.open_file(&taken, OFlags::RDONLY)?.take(LONGEST_PLACE).read_to_string(&mut whose)?;
                if whose != claim {
                    let message = format!("another station is bringing {to} here; if none is, remove {taken}");
                    return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
                }
            }
            Err(error) => return Err(error),
        }
        let free = there(self.open_file(to, OFlags::PATH))?.is_none();
        if free {
            self.rename(from, to)?;
        }
        self.remove(&taken)?;
        Ok(free)
    }

    /// Removes a file of camdock's own: a claim, a check object, or the first name of a file that has a second one.
    #[expect(clippy::disallowed_methods, reason = "no evidence has such a name, or it has another one")]
    pub(super) fn remove(&self, path: &str) -> io::Result<()> {
        let (folder, name) = split(path);
        Ok(rustix::fs::unlinkat(self.folder_at(folder)?, name, rustix::fs::AtFlags::empty())?)
    }

    /// Makes the name of a file, and of every folder above it, durable.
    pub(super) fn sync_names(&self, path: &str) -> io::Result<()> {
        let mut above = split(path).0;
        loop {
            let folder =
                open_beneath(&self.folder, or_itself(above), OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
            match rustix::fs::fsync(&folder) {
                // Some network file systems do not know it for folders.
                Ok(()) | Err(Errno::INVAL | Errno::NOTSUP) => {}
                Err(errno) => return Err(errno.into()),
            }
            if above.is_empty() {
                return Ok(());
            }
            above = split(above).0;
        }
    }

    fn folder_at(&self, path: &str) -> io::Result<OwnedFd> {
        Ok(open_beneath(&self.folder, or_itself(path), OFlags::PATH | OFlags::DIRECTORY, Mode::empty())?)
    }
}

/// `None` if there is nothing of that name.
pub(super) fn there<T>(answer: io::Result<T>) -> io::Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn regular(path: &str, file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other(format!("{path} is not a regular file"))) }
}

/// The folder above `path`, empty for the root, and the last name.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

const fn or_itself(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}
