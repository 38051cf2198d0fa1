//! Opening the database: whose it is, which version, and whether it is sound.

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use rustix::fs::{AtFlags, CWD, FlockOperation, StatxFlags};

use super::ballast::Ballast;
use super::entry::{Entry, UnknownEntries};
use super::rebuild::Rebuild;
use super::{Ledger, LedgerError, custody_log, files, schema};
use crate::domain::{Moment, StorageNotice, Subject};
use crate::faults::{PlantedBug, planted};
use crate::files::mounts;
use crate::journal::tell;

/// The database's file below the data folder.
pub const LEDGER_FILE: &str = "ledger.db";
/// The lock's file below the data folder.
pub const LOCK_FILE: &str = "camdock.lock";

/// What anybody on the machine may do, in a mode.
const OTHERS: u32 = 0o007;

/// Held for as long as a daemon uses a data folder.
#[derive(Debug)]
pub struct StationLock {
    _file: File,
}

impl StationLock {
    /// Takes the folder for this process, until the lock is dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] if another process has it; [`LedgerError::OpenToOthers`] if evidence in it would be anybody's to
    /// read.
    pub fn take(data_dir: &Path) -> Result<Self, LedgerError> {
        let path = data_dir.join(LOCK_FILE);
        let io = |source| LedgerError::Io { path: path.display().to_string(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(io)?;
        let mode = data_dir.metadata().map_err(io)?.permissions().mode();
        if mode & OTHERS != 0 {
            return Err(LedgerError::OpenToOthers(data_dir.display().to_string()));
        }
        let file = files::create_private(&path)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(LedgerError::Locked(data_dir.display().to_string())),
            Err(errno) => Err(io(errno.into())),
        }
    }
}

impl StationLock {
    /// Whether some process has taken the folder. It is only looked at: taking it for a moment could keep a daemon from
    /// starting at that moment.
    #[must_use]
    pub fn is_taken(data_dir: &Path) -> bool {
        let path = data_dir.join(LOCK_FILE);
        let wanted = StatxFlags::INO | StatxFlags::MNT_ID;
        let Ok(file) = rustix::fs::statx(CWD, &path, AtFlags::empty(), wanted) else { return false };
        let mounts = mounts().unwrap_or_default();
        let mount = mounts.iter().find(|mount| mount.id == file.stx_mnt_id);
        let device = mount.map_or((file.stx_dev_major, file.stx_dev_minor), |mount| mount.device);
        let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
        is_locked(&locks, device, file.stx_ino)
    }
}

/// Whether the kernel's list of locks has this file. Files of other file systems may have the same number.
fn is_locked(locks: &str, (major, minor): (u32, u32), inode: u64) -> bool {
    // `1: FLOCK  ADVISORY  WRITE 4711 fd:01:1234 0 EOF`, with the device in hexadecimal digits.
    let file = format!("{major:02x}:{minor:02x}:{inode}");
    locks.lines().any(|line| line.contains("FLOCK") && line.split_whitespace().any(|word| word == file))
}

/// Whether the database is sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It is. What this version does not understand of its log is kept as it is.
    Sound(UnknownEntries),
    /// It is not; SQLite's or the chain's words.
    Damaged(String),
}

impl Ledger {
    /// Opens, creates or upgrades the database at `path`, ready for [`Ledger::threaded`]. A rebuild that an earlier run has
    /// left unfinished is finished before.
    ///
    /// # Errors
    /// [`LedgerError::Newer`] and [`LedgerError::Foreign`] leave the file as it is; so does
    /// [`LedgerError::is_damage`], after which [`Ledger::set_aside`] makes a new one.
    pub fn connect(path: &Path) -> Result<Connection, LedgerError> {
        Ballast::beside(path).release_if_short();
        if let Some(rebuild) = Rebuild::unfinished(path)?
            && !planted(PlantedBug::ForgetTheRebuild)
        {
            tell(&Subject::station(), StorageNotice::Rebuilding);
            rebuild.finish()?;
        }
        files::create_private(path)?;
        let mut db = Connection::open(path)?;
        db.busy_timeout(Duration::from_secs(5))?;
        schema::refuse_foreign_and_newer(&db, path)?;
        db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        back_up_before_migration(&db, path)?;
        files::leave_log_alone(&db)?;
        schema::bring_up(&mut db)?;
        Ok(db)
    }

    /// Whether there is room that is kept for the ledger at `path`, so that it can be written even while its disk is full.
    #[must_use]
    pub fn has_kept_room(path: &Path) -> bool {
        Ballast::beside(path).is_kept()
    }

    /// Makes a damaged database anew from what can be read of it, and keeps the damaged one beside it. What is missing
    /// then comes back from the labels in the spool, from the cameras and from the destinations, and that it was rebuilt
    /// is a problem until a person has seen it. `now` becomes part of the old file's name.
    ///
    /// # Errors
    /// [`LedgerError`] if that cannot be finished; the next [`connect`](Self::connect) goes on with it.
    pub fn set_aside(path: &Path, now: Moment) -> Result<Connection, LedgerError> {
        Rebuild::begin(path, now)?;
        Self::connect(path)
    }

    /// Does what [`set_aside`](Self::set_aside) does, until the process ends after so many steps: for the simulator.
    ///
    /// # Errors
    /// [`LedgerError`] if a step fails.
    #[cfg(feature = "faults")]
    pub fn set_aside_cut_short(path: &Path, now: Moment, steps: usize) -> Result<(), LedgerError> {
        let rebuild = Rebuild::begin(path, now)?;
        for _ in 0..steps {
            let Some(step) = rebuild.next()? else { break };
            rebuild.take(&step)?;
        }
        Ok(())
    }

    /// A database in memory, for the simulator and for tests.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn in_memory() -> Result<Connection, LedgerError> {
        let mut db = Connection::open_in_memory()?;
        schema::bring_up(&mut db)?;
        Ok(db)
    }

    /// Opens the database of a running or stopped daemon for looking only.
    ///
    /// # Errors
    /// If there is none, or it is not this version's.
    pub fn look_only(path: &Path) -> Result<Self, LedgerError> {
        if !path.exists() {
            return Err(LedgerError::Io {
                path: path.display().to_string(),
                source: std::io::Error::from(std::io::ErrorKind::NotFound),
            });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(Duration::from_secs(5))?;
        schema::refuse_foreign_and_newer(&db, path)?;
        if schema::version(&db)? < schema::NEWEST {
            return Err(LedgerError::Older(path.display().to_string()));
        }
        db.pragma_update(None, "query_only", true)?;
        // Nothing is committed, so there is nothing to wait for and no need of a thread.
        Ok(Self::inline(Arc::new(Mutex::new(db)), Arc::new(|| Box::pin(async {}))))
    }

    /// Reads the whole database and the whole chain, on a connection of its own, so that the station works meanwhile.
    ///
    /// # Errors
    /// If the database cannot be opened or read for another reason than that it is malformed: that says nothing about it.
    pub fn examine(path: &Path) -> Result<Health, LedgerError> {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        db.busy_timeout(Duration::from_secs(5))?;
        match read_everything(&db) {
            Ok(unknown) => Ok(Health::Sound(unknown)),
            Err(error) if error.is_damage() => Ok(Health::Damaged(error.to_string())),
            Err(error) => Err(error),
        }
    }
}

/// Reads every page and every entry. What this version does not understand is counted.
fn read_everything(db: &Connection) -> Result<UnknownEntries, LedgerError> {
    let verdict: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(LedgerError::Damaged(verdict));
    }
    let mut unknown = UnknownEntries::default();
    custody_log::walk(db, |_, _, text| {
        if let Err(error) = Entry::read(text) {
            unknown.count(error.kind);
        }
        Ok(())
    })?;
    Ok(unknown)
}

fn back_up_before_migration(db: &Connection, path: &Path) -> Result<(), LedgerError> {
    let version = schema::version(db)?;
    if version == 0 || version == schema::NEWEST {
        return Ok(());
    }
    let backup = path.with_extension(format!("before-schema-{}.db", schema::NEWEST));
    files::create_private(&backup)?;
    db.backup("main", &backup, None)?;
    tell(&Subject::station(), StorageNotice::BackedUp { backup: backup.display().to_string() });
    Ok(())
}

#[cfg(test)]
mod tests;
