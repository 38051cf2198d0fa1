//! Room that is kept for the ledger on its disk, so that a full disk never keeps camdock from writing down what it does: only by
//! that can it free what it alone may free.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::{LedgerError, files};
use crate::domain::{StorageNotice, Subject};
use crate::journal::tell;

/// Enough for some 20,000 entries; a 64th of a disk that is small.
const MOST: u64 = 16 << 20;
const LEAST: u64 = 64 << 10;
const SHARE: u64 = 64;

/// A file without content beside the ledger. What it takes up is the ledger's when the disk is full.
#[derive(Debug)]
pub(super) struct Ballast(PathBuf);

/// Whether the disk that holds the ledger has room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// What is kept for the ledger is there.
    Kept,
    /// The disk is full; the ledger lives on what was kept for it.
    Short,
}

impl Ballast {
    pub(super) fn beside(ledger: &Path) -> Self {
        Self(ledger.with_extension("ballast"))
    }

    /// That of an open ledger; none, if it is not on a disk.
    pub(super) fn of(db: &Connection) -> Option<Self> {
        db.path().filter(|path| !path.is_empty()).map(|path| Self::beside(Path::new(path)))
    }

    /// Whether there is room to give.
    pub(super) fn is_kept(&self) -> bool {
        self.0.metadata().is_ok_and(|file| file.len() > 0)
    }

    /// Gives its room to the ledger. Whether there was any to give.
    pub(super) fn release(&self) -> bool {
        let release = || {
            let file = File::options().write(true).open(&self.0)?;
            let held = file.metadata()?.len() > 0;
            file.set_len(0)?;
            Ok::<_, io::Error>(held)
        };
        let released = release().unwrap_or(false);
        if released {
            tell(&Subject::station(), StorageNotice::ReserveUsed);
        }
        released
    }

    /// Gives its room to the ledger if there is next to none otherwise.
    pub(super) fn release_if_short(&self) {
        if self.disk().is_ok_and(|disk| disk.free < disk.ballast / 4) {
            self.release();
        }
    }

    /// Takes the room again, once there is that much and as much again. A disk is full when there is less than half of it left.
    ///
    /// # Errors
    /// The system's words.
    pub(super) fn keep(&self) -> Result<Room, LedgerError> {
        let keep = || {
            let (disk, held) = (self.disk()?, self.0.metadata().map_or(0, |held| held.len()));
            if held >= disk.ballast {
                return Ok(if disk.free < disk.ballast / 2 { Room::Short } else { Room::Kept });
            }
            if disk.free < disk.ballast * 2 {
                return Ok(Room::Short);
            }
            fill(files::create_private(&self.0).map_err(io::Error::other)?, disk.ballast)
        };
        keep().map_err(|source| LedgerError::Io { path: self.0.display().to_string(), source })
    }

    fn disk(&self) -> io::Result<Disk> {
        let disk = rustix::fs::statvfs(self.0.parent().unwrap_or(Path::new(".")))?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        let ballast = (bytes(disk.f_blocks) / SHARE).clamp(LEAST, MOST);
        Ok(Disk { free: bytes(disk.f_bavail), ballast })
    }
}

/// The disk that the ledger lies on, in bytes.
struct Disk {
    free: u64,
    /// How much is kept for the ledger.
    ballast: u64,
}

/// Has the file take up its room, or none of it.
fn fill(mut file: File, size: u64) -> io::Result<Room> {
    let filled = match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, size) {
        // Some file systems only give room to what is written.
        Err(Errno::OPNOTSUPP) => (0..size >> 12).try_for_each(|_| file.write_all(&[0; 1 << 12])),
        filled => filled.map_err(io::Error::from),
    };
    match filled {
        Ok(()) => Ok(Room::Kept),
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            file.set_len(0)?;
            Ok(Room::Short)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_kept_given_and_kept_again() {
        let folder = tempfile::tempdir().unwrap();
        let ballast = Ballast::beside(&folder.path().join("ledger.db"));
        assert!(!ballast.release(), "nothing is kept yet");
        assert_eq!(ballast.keep().unwrap(), Room::Kept);
        let file = folder.path().join("ledger.ballast");
        let taken = || std::os::unix::fs::MetadataExt::blocks(&file.metadata().unwrap()) * 512;
        assert!(taken() >= ballast.disk().unwrap().ballast && ballast.is_kept(), "it takes up what it keeps");
        assert!(ballast.release() && taken() == 0 && !ballast.is_kept());
        assert!(!ballast.release(), "it is given once");
        assert_eq!(ballast.keep().unwrap(), Room::Kept);
    }
}
