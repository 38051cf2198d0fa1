//! Making a ledger anew, from what can be read of a damaged one.
//!
//! Promise: whenever the process ends or the power goes, the next start has the old ledger or the finished new one, and never
//! an empty one that looks like either. The names of the files say how far it is, and only a rename brings it further:
//!
//! ```text
//!   on the disk                              the next step
//!   ledger.db  ledger.rebuilding-7.db        build the new one beside it, from the beginning; then it is ledger.rebuilt-7.db
//!   ledger.db  ledger.rebuilt-7.db           move the old one aside: ledger.damaged-7.db
//!   ledger.db-wal, or -shm                   move it after its database: ledger.damaged-7.db-wal
//!   ledger.rebuilt-7.db                      put it in place: ledger.db
//!   ledger.db                                nothing: this is the ledger
//! ```

use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::entry::{Entry, UnknownEntries};
use super::{LedgerError, custody_log, derive, files, projection, schema};
use crate::domain::{Moment, ProblemKind, SourcePath, StorageNotice, Subject};
use crate::journal::tell;

/// A database, and what SQLite keeps beside it under its name, in the order in which they are moved: as long as the database
/// has its name, the others are needed to read it.
const OLD: [&str; 3] = ["", "-wal", "-shm"];

/// A rebuild that is not finished.
#[derive(Debug)]
pub(super) struct Rebuild {
    ledger: PathBuf,
    /// When it was begun; part of every name.
    began: Moment,
}

/// What brings a rebuild further. Each can be cut short, and taken again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Write the new ledger beside the old one.
    Build,
    /// Move the old ledger, or what SQLite keeps beside it, out of the way.
    MoveAside { from: PathBuf, to: PathBuf },
    /// Give the new ledger its name.
    PutInPlace,
}

impl Rebuild {
    /// Decides to make `ledger` anew; from now on the next start does it, if this one does not.
    pub(super) fn begin(ledger: &Path, now: Moment) -> Result<Self, LedgerError> {
        if let Some(unfinished) = Self::unfinished(ledger)? {
            return Ok(unfinished);
        }
        let rebuild = Self { ledger: ledger.to_owned(), began: now };
        files::create_private(&rebuild.named("rebuilding"))?;
        rebuild.sync_folder()?;
        Ok(rebuild)
    }

    /// The rebuild of `ledger` that an earlier run began and did not finish.
    pub(super) fn unfinished(ledger: &Path) -> Result<Option<Self>, LedgerError> {
        let folder = ledger.parent().unwrap_or(Path::new("."));
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(folder, error)),
        };
        let stem = ledger.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        for entry in entries {
            let name = entry.map_err(|error| io(folder, error))?.file_name();
            let began = name.to_str().and_then(|name| {
                let word = name.strip_prefix(stem)?.strip_prefix('.')?.strip_suffix(".db")?;
                word.strip_prefix("rebuilding-").or_else(|| word.strip_prefix("rebuilt-"))?.parse().ok()
            });
            if let Some(began) = began.map(Moment::from_millis) {
                return Ok(Some(Self { ledger: ledger.to_owned(), began }));
            }
        }
        Ok(None)
    }

    /// Takes every step that is left.
    pub(super) fn finish(&self) -> Result<(), LedgerError> {
        while let Some(step) = self.next()? {
            self.take(&step)?;
        }
        Ok(())
    }

    /// What is to be done next, as the files say.
    pub(super) fn next(&self) -> Result<Option<Step>, LedgerError> {
        if !exists(&self.named("rebuilt"))? {
            return Ok(exists(&self.named("rebuilding"))?.then_some(Step::Build));
        }
        for suffix in OLD {
            let (from, to) = (beside(&self.ledger, suffix), beside(&self.named("damaged"), suffix));
            if exists(&from)? {
                return Ok(Some(Step::MoveAside { from, to }));
            }
        }
        Ok(Some(Step::PutInPlace))
    }

    pub(super) fn take(&self, step: &Step) -> Result<(), LedgerError> {
        let (unfinished, finished) = (self.named("rebuilding"), self.named("rebuilt"));
        match step {
            Step::Build => {
                self.build(&unfinished)?;
                rename(&unfinished, &finished)?;
            }
            Step::MoveAside { from, to } => rename(from, to)?,
            Step::PutInPlace => rename(&finished, &self.ledger)?,
        }
        self.sync_folder()
    }

    /// Writes the whole new ledger into `place`, and syncs it.
    fn build(&self, place: &Path) -> Result<(), LedgerError> {
        let file = files::create_private(place)?;
        // An attempt that was cut short may have left something.
        file.set_len(0).map_err(|error| io(place, error))?;
        let mut db = Connection::open(place)?;
        // If this is cut short, all of it is done again: it needs no log of its own on the disk.
        db.pragma_update_and_check(None, "journal_mode", "memory", |_| Ok(()))?;
        schema::bring_up(&mut db)?;
        db.pragma_update(None, "synchronous", "OFF")?;
        db.execute_batch("BEGIN")?;
        let Salvaged { saved, lost } = self.salvage(&db)?;
        let aside = SourcePath::new(self.named("damaged").file_name().unwrap_or_default().as_bytes().to_vec());
        tell(&Subject::station().file(&aside), ProblemKind::LedgerRebuilt { saved, lost });
        let entry = Entry::LedgerRebuilt { aside, saved, lost };
        let seq = custody_log::append(&db, self.began, &entry.write()?)?;
        projection::apply(&db, seq, self.began, &entry)?;
        db.execute_batch("COMMIT")?;
        db.close().map_err(|(_, error)| error)?;
        file.sync_all().map_err(|error| io(place, error))
    }

    fn salvage(&self, into: &Connection) -> Result<Salvaged, LedgerError> {
        if !exists(&self.ledger)? {
            return Ok(Salvaged { saved: 0, lost: None });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let damaged = Connection::open_with_flags(&self.ledger, flags)?;
        files::leave_log_alone(&damaged)?;
        let saved = copy_entries(&damaged, into)?;
        let written = damaged.query_row("SELECT max(seq) FROM custody_log", [], |row| row.get::<_, i64>(0));
        let written = written.ok().and_then(|written| u64::try_from(written).ok());
        let lost = written.map(|written| written.saturating_sub(saved));
        Ok(Salvaged { saved, lost })
    }

    fn named(&self, state: &str) -> PathBuf {
        self.ledger.with_extension(format!("{state}-{}.db", self.began.millis()))
    }

    fn sync_folder(&self) -> Result<(), LedgerError> {
        let folder = self.ledger.parent().unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| io(folder, error))
    }
}

/// How much of a damaged log could be read, in entries.
struct Salvaged {
    saved: u64,
    /// Unknown where not even their number can be read.
    lost: Option<u64>,
}

/// Copies the entries of a damaged database into an empty one, up to the first that is unreadable or not rightly chained.
/// Each stays as it was written, understood or not, and so does its place in the chain. Returns how many were saved.
///
/// # Errors
/// Whatever else keeps it from going on, such as a full disk: that is no damage, and says nothing about the rest.
pub(super) fn copy_entries(damaged: &Connection, into: &Connection) -> Result<u64, LedgerError> {
    let mut saved = 0;
    let mut unknown = UnknownEntries::default();
    let end = custody_log::walk(damaged, |_, at, text| {
        let seq = custody_log::append(into, at, text)?;
        derive::follow(into, seq, at, text, &mut unknown)?;
        saved += 1;
        Ok(())
    });
    match end {
        Err(error) if error.is_damage() => {
            tell(&Subject::station(), StorageNotice::LogCutShort { error: error.to_string(), saved });
        }
        end => end?,
    }
    if !unknown.is_empty() {
        tell(&Subject::station(), StorageNotice::UnknownEntries { what: unknown.to_string() });
    }
    Ok(saved)
}

/// Whether a file is there; not being able to tell is not the same as no.
fn exists(path: &Path) -> Result<bool, LedgerError> {
    path.try_exists().map_err(|error| io(path, error))
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", database.display()))
}

fn rename(from: &Path, to: &Path) -> Result<(), LedgerError> {
    std::fs::rename(from, to).map_err(|error| io(from, error))
}

fn io(path: &Path, source: std::io::Error) -> LedgerError {
    LedgerError::Io { path: path.display().to_string(), source }
}
