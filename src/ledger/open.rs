//! Opening the database: whose it is, which version, and whether it is sound.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};
use rustix::fs::FlockOperation;

use super::entry::{Entry, UnknownEntries};
use super::{Ledger, LedgerError, custody_log, projection};
use crate::domain::Moment;

/// The database's file below the data folder.
pub const LEDGER_FILE: &str = "ledger.db";
/// The lock's file below the data folder.
pub const LOCK_FILE: &str = "camdock.lock";

/// Marks the file as camdock's: "cmdk".
const APPLICATION_ID: i32 = 0x636d_646b;
const THIS_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Every step the schema has taken. Append only.
const STEPS: &[M<'_>] = &[
    M::up(include_str!("schema/1.sql")),
    M::up(include_str!("schema/2.sql")),
    M::up(include_str!("schema/3.sql")),
    M::up(include_str!("schema/4.sql")),
    M::up(include_str!("schema/5.sql")),
];

/// Held for as long as a daemon uses a data folder.
#[derive(Debug)]
pub struct StationLock {
    _file: File,
}

impl StationLock {
    /// Takes the folder for this process, until the lock is dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] if another process has it.
    pub fn take(data_dir: &Path) -> Result<Self, LedgerError> {
        let path = data_dir.join(LOCK_FILE);
        let io = |source| LedgerError::Io { path: path.display().to_string(), source };
        std::fs::create_dir_all(data_dir).map_err(io)?;
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
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
        let Ok(file) = std::fs::metadata(data_dir.join(LOCK_FILE)) else { return false };
        let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
        let inode = format!(":{}", file.ino());
        locks.lines().any(|line| line.contains("FLOCK") && line.split_whitespace().any(|word| word.ends_with(&inode)))
    }
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
    /// Opens, creates or upgrades the database at `path`, ready for [`Ledger::threaded`].
    ///
    /// # Errors
    /// [`LedgerError::Newer`] and [`LedgerError::Foreign`] leave the file as it is; so does
    /// [`LedgerError::is_damage`], after which [`Ledger::set_aside`] makes a new one.
    pub fn connect(path: &Path) -> Result<Connection, LedgerError> {
        let mut db = Connection::open(path)?;
        db.busy_timeout(Duration::from_secs(5))?;
        refuse_foreign_and_newer(&db, path)?;
        db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        back_up_before_migration(&db, path)?;
        prepare(&mut db)?;
        Ok(db)
    }

    /// Sets a damaged database aside, beside the new one, and saves as much of its custody log into the new one as can
    /// be read. What is missing comes back from the labels in the spool, from the cameras and from the destinations.
    /// `now` becomes part of the old file's name.
    ///
    /// # Errors
    /// [`LedgerError`] if the files cannot be moved or a new database cannot be made.
    pub fn set_aside(path: &Path, now: Moment) -> Result<Connection, LedgerError> {
        let aside = path.with_extension(format!("damaged-{}.db", now.millis()));
        for suffix in ["", "-wal", "-shm"] {
            let with_suffix = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
            match std::fs::rename(with_suffix(path), with_suffix(&aside)) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(LedgerError::Io { path: path.display().to_string(), source }),
            }
        }
        let db = Self::connect(path)?;
        let saved = match Connection::open(&aside) {
            Ok(damaged) => {
                db.execute_batch("BEGIN")?;
                let saved = salvage(&damaged, &db);
                db.execute_batch("COMMIT")?;
                saved
            }
            Err(_) => 0,
        };
        tracing::error!(aside = %aside.display(), saved, "the ledger was damaged: set aside and rebuilt");
        Ok(db)
    }

    /// A database in memory, for the simulator and for tests.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn in_memory() -> Result<Connection, LedgerError> {
        let mut db = Connection::open_in_memory()?;
        prepare(&mut db)?;
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
        refuse_foreign_and_newer(&db, path)?;
        db.pragma_update(None, "query_only", true)?;
        // Nothing is committed, so there is nothing to wait for and no need of a thread.
        Ok(Self::inline(Arc::new(Mutex::new(db)), Arc::new(|| Box::pin(async {}))))
    }

    /// Reads the whole database and the whole chain, on a connection of its own, so that the station works meanwhile.
    ///
    /// # Errors
    /// If the database cannot be opened at all.
    pub fn examine(path: &Path) -> Result<Health, LedgerError> {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        db.busy_timeout(Duration::from_secs(5))?;
        let verdict: String = match db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)) {
            Ok(verdict) => verdict,
            Err(error) => return Ok(Health::Damaged(error.to_string())),
        };
        if verdict != "ok" {
            return Ok(Health::Damaged(verdict));
        }
        let mut unknown = UnknownEntries::default();
        let read = custody_log::walk(&db, |_, _, text| {
            if let Err(error) = Entry::read(text) {
                unknown.count(error.kind);
            }
            Ok(())
        });
        Ok(match read {
            Ok(()) => Health::Sound(unknown),
            Err(error) => Health::Damaged(error.to_string()),
        })
    }
}

/// Copies the entries of a damaged database into an empty one, up to the first that is unreadable or not rightly chained.
/// Each stays as it was written, understood or not, and so does its place in the chain. Returns how many were saved.
fn salvage(damaged: &Connection, into: &Connection) -> u64 {
    let mut saved = 0;
    let mut unknown = UnknownEntries::default();
    let end = custody_log::walk(damaged, |_, at, text| {
        let seq = custody_log::append(into, at, text)?;
        saved += 1;
        into.execute_batch("SAVEPOINT entry")?;
        if let Err(error) = follow(into, seq, at, text, &mut unknown) {
            // It follows on something that this version does not understand. What comes after it need not.
            tracing::error!(%error, seq, "an entry of the custody log is kept, but nothing follows from it");
            into.execute_batch("ROLLBACK TO entry")?;
        }
        Ok(into.execute_batch("RELEASE entry")?)
    });
    if let Err(error) = end {
        tracing::error!(%error, saved, "the rest of the custody log cannot be used");
    }
    if !unknown.is_empty() {
        tracing::warn!("kept {unknown}; nothing follows from them");
    }
    saved
}

/// Empties every table but the log, and derives them again from it.
pub(super) fn rebuild(db: &Connection) -> Result<UnknownEntries, LedgerError> {
    db.execute_batch(
        "DELETE FROM problem; DELETE FROM delivery; DELETE FROM segment; DELETE FROM docking;
         DELETE FROM unsettled_medium; DELETE FROM destination; DELETE FROM enrolment; UPDATE tally SET segments = 0, bytes = 0;",
    )?;
    let mut unknown = UnknownEntries::default();
    custody_log::walk(db, |seq, at, text| follow(db, seq, at, text, &mut unknown))?;
    Ok(unknown)
}

/// Applies a text of the log to the tables, or counts it as unknown.
fn follow(db: &Connection, seq: i64, at: Moment, text: &str, unknown: &mut UnknownEntries) -> Result<(), LedgerError> {
    match Entry::read(text) {
        Ok(entry) => projection::apply(db, seq, at, &entry),
        Err(error) => {
            unknown.count(error.kind);
            Ok(())
        }
    }
}

fn prepare(db: &mut Connection) -> Result<(), LedgerError> {
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    // Closing would remove the write-ahead log by its name. By then it may be that of another database: a damaged one is
    // set aside while its last steps still end.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    db.set_prepared_statement_cache_capacity(64);
    Migrations::from_slice(STEPS).to_latest(db)?;
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    db.execute("INSERT OR REPLACE INTO written_by (one, version) VALUES (1, ?1)", [THIS_VERSION])?;
    Ok(())
}

fn user_version(db: &Connection) -> Result<usize, LedgerError> {
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(0))
}

fn refuse_foreign_and_newer(db: &Connection, path: &Path) -> Result<(), LedgerError> {
    let id: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && id != APPLICATION_ID {
        return Err(LedgerError::Foreign(path.display().to_string()));
    }
    if user_version(db)? > STEPS.len() {
        let wrote = db
            .query_row("SELECT version FROM written_by", [], |row| row.get(0))
            .unwrap_or_else(|_| "of an unknown version".to_owned());
        return Err(LedgerError::Newer { wrote, this: THIS_VERSION });
    }
    Ok(())
}

fn back_up_before_migration(db: &Connection, path: &Path) -> Result<(), LedgerError> {
    let version = user_version(db)?;
    if version == 0 || version == STEPS.len() {
        return Ok(());
    }
    let backup = path.with_extension(format!("before-schema-{}.db", STEPS.len()));
    db.backup("main", &backup, None)?;
    tracing::info!(backup = %backup.display(), "kept a copy of the ledger before bringing it to this version");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_a_station_runs_can_be_seen_without_getting_in_its_way() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!StationLock::is_taken(folder.path()));
        let lock = StationLock::take(folder.path()).unwrap();
        assert!(StationLock::is_taken(folder.path()));
        drop(lock);
        assert!(!StationLock::is_taken(folder.path()), "the file stays, and means nothing");
    }

    #[test]
    fn a_ledger_that_was_set_aside_takes_nothing_with_it_when_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LEDGER_FILE);
        let old = Ledger::connect(&path).unwrap();
        let new = Ledger::set_aside(&path, Moment::from_millis(7)).unwrap();
        drop(old);
        assert!(folder.path().join("ledger.db-wal").exists(), "the new one's write-ahead log");
        drop(new);
        assert_eq!(Ledger::examine(&path).unwrap(), Health::Sound(UnknownEntries::default()));
    }
}
