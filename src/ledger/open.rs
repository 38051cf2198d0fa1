//! Opening the database: whose it is, which version, and whether it is sound.

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use rusqlite_migration::{M, Migrations};
use rustix::fs::FlockOperation;

use super::ballast::Ballast;
use super::entry::{Entry, UnknownEntries};
use super::rebuild::Rebuild;
use super::{Ledger, LedgerError, custody_log, rebuild};
use crate::domain::Moment;
use crate::faults::{PlantedBug, planted};

/// The database's file below the data folder.
pub const LEDGER_FILE: &str = "ledger.db";
/// The lock's file below the data folder.
pub const LOCK_FILE: &str = "camdock.lock";

/// Marks the file as camdock's: "cmdk".
const APPLICATION_ID: i32 = 0x636d_646b;
/// What belongs to camdock's own user alone, whatever the umask.
const PRIVATE: u32 = 0o600;
/// What anybody on the machine may do, in a mode.
const OTHERS: u32 = 0o007;
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
        let file = create_private(&path)?;
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
            tracing::warn!("the ledger is being rebuilt");
            rebuild.finish()?;
        }
        create_private(path)?;
        let mut db = Connection::open(path)?;
        db.busy_timeout(Duration::from_secs(5))?;
        refuse_foreign_and_newer(&db, path)?;
        db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        back_up_before_migration(&db, path)?;
        leave_log_alone(&db)?;
        prepare(&mut db)?;
        Ok(db)
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

/// Creates a file that only camdock's own user may use, or opens the one that is there and makes it so.
pub(super) fn create_private(path: &Path) -> Result<File, LedgerError> {
    let create = || {
        let file = File::options().create(true).truncate(false).write(true).mode(PRIVATE).open(path)?;
        if file.metadata()?.permissions().mode() & !PRIVATE & 0o777 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(PRIVATE))?;
        }
        Ok(file)
    };
    create().map_err(|source| LedgerError::Io { path: path.display().to_string(), source })
}

/// Closing a database would remove the write-ahead log by its name. By then it may be that of another database: a damaged one
/// is set aside while its last steps still end.
pub(super) fn leave_log_alone(db: &Connection) -> Result<(), LedgerError> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// Makes whatever the database holds, be it nothing, a ledger of this version.
pub(super) fn prepare(db: &mut Connection) -> Result<(), LedgerError> {
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.set_prepared_statement_cache_capacity(64);
    Migrations::from_slice(STEPS).to_latest(db)?;
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    derive_for_this_schema(db)
}

/// A new schema's tables say what the log says, also of what was written before it.
fn derive_for_this_schema(db: &mut Connection) -> Result<(), LedgerError> {
    let this = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let step = db.transaction()?;
    let derived: Option<i64> = step.query_row("SELECT derived FROM written_by", [], |row| row.get(0)).optional()?;
    if derived != Some(this) {
        rebuild::derive_again(&step)?;
    }
    step.execute(
        "INSERT INTO written_by (one, version, derived) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET version = ?1, derived = ?2",
        params![THIS_VERSION, this],
    )?;
    Ok(step.commit()?)
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

fn user_version(db: &Connection) -> Result<usize, LedgerError> {
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(0))
}

/// Whether this is what is left of a ledger's first opening, cut short by the end of the process: nothing at all, or, as
/// earlier versions left it, all tables of some version, exactly, and nothing written into them.
fn was_being_created(db: &Connection) -> Result<bool, LedgerError> {
    let version = user_version(db)?;
    if version > STEPS.len() {
        return Ok(false);
    }
    let mut ours = Connection::open_in_memory()?;
    Migrations::from_slice(STEPS).to_version(&mut ours, version)?;
    Ok(schema(db)? == schema(&ours)? && (version == 0 || is_empty(db)?))
}

fn is_empty(db: &Connection) -> Result<bool, LedgerError> {
    Ok(db.query_row("SELECT NOT EXISTS (SELECT 1 FROM custody_log)", [], |row| row.get(0))?)
}

fn schema(db: &Connection) -> Result<Vec<(String, Option<String>)>, LedgerError> {
    let mut statement = db.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")?;
    let rows = statement.query_and_then([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

fn refuse_foreign_and_newer(db: &Connection, path: &Path) -> Result<(), LedgerError> {
    let id: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let ours = id == APPLICATION_ID || id == 0 && was_being_created(db)?;
    if !ours {
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
    create_private(&backup)?;
    db.backup("main", &backup, None)?;
    tracing::info!(backup = %backup.display(), "kept a copy of the ledger before bringing it to this version");
    Ok(())
}

#[cfg(test)]
mod tests;
