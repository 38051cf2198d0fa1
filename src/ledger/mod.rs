//! The station's memory: the append-only custody log, and the queue that follows from it, in one SQLite database.
//!
//! Promises:
//! - What a call has returned `Ok` for survives a power cut (WAL, `synchronous=FULL`).
//! - Every custody step is one row of the log, chained to the one before by SHA-256. All other tables are projections:
//!   they follow from the log alone, and can be rebuilt from it.
//! - There is one writer. Concurrent steps share one commit, so a step costs a fraction of an fsync.
//! - A database written by a newer camdock is refused; one that is damaged is set aside, never repaired in place.

mod back_fill;
mod ballast;
mod cameras;
mod copies;
mod counters;
mod custody_log;
mod derive;
mod dockings;
mod enrolments;
mod entry;
mod figures;
mod files;
mod hours;
mod keeping;
mod open;
mod problems;
mod projection;
mod queue;
mod rebuild;
mod records;
mod schema;
mod visits;
mod worker;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use crate::changes::{Changes, Changing};
use crate::domain::Moment;

// What the domain has the words for, and only the ledger knows.
pub use crate::domain::{Copy, DeliveryState, Explanation, Gone, Outcome, Removal, SpoolCopy};

pub use ballast::Room;
pub use cameras::CameraTally;
pub use entry::{Entry, UnknownEntries};
pub use figures::Figures;
pub use open::{Health, LEDGER_FILE, LOCK_FILE, StationLock};
pub use queue::{Delivery, Head, QueuedCamera};
pub use records::{Deletion, DestinationNeed, KnownSegment};
pub use visits::LastVisit;
pub use worker::Pause;

use ballast::Ballast;
use worker::Worker;

#[cfg(test)]
mod stories;
#[cfg(test)]
mod tests;

/// So many rows are read at a time, and so many steps that do not depend on each other are committed together: a few milliseconds.
const PORTION: u32 = 512;
const STEPS: usize = 256;

/// The station's memory. Clones share one database.
#[derive(Clone)]
pub struct Ledger {
    worker: Worker,
    commits: Changing,
}

/// What went wrong in the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// SQLite's words.
    #[error("the ledger cannot be used: {0}. Check the disk that holds the station's data")]
    Sqlite(rusqlite::Error),
    /// A migration failed; the backup beside the ledger is untouched.
    #[error("the ledger cannot be brought to this version: {0}")]
    Migration(#[from] rusqlite_migration::Error),
    /// A newer camdock wrote this ledger.
    #[error(
        "the ledger was written by camdock {wrote}, which is newer than this one ({this}). Install that version or a \
         newer one; nothing was changed"
    )]
    Newer {
        /// The version that wrote it.
        wrote: String,
        /// This version.
        this: &'static str,
    },
    /// An earlier camdock wrote this ledger, and no daemon of this version has opened it yet.
    #[error(
        "{0} was written by an earlier camdock, or its making was cut short. Start this one once; it brings it up to date"
    )]
    Older(String),
    /// The file is a database, but not camdock's.
    #[error("{0} is not a camdock ledger; set data_dir to a folder of camdock's own")]
    Foreign(String),
    /// Another daemon holds the data folder.
    #[error("another camdock already runs on {0}; stop it first")]
    Locked(String),
    /// Others on the machine may look into the data folder.
    #[error(
        "{0} is open to everybody on this machine, and evidence lies in it. Close it: chmod 0700 {0} (and, if it is not \
         camdock's own: chown camdock: {0})"
    )]
    OpenToOthers(String),
    /// The folder or a file in it cannot be used.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// SQLite's words about the commit of several steps; none of them happened.
    #[error("a step could not be committed: {0}. Check the disk that holds the station's data")]
    NotCommitted(String),
    /// The examination of the whole ledger broke off; that says nothing about it.
    #[error("the ledger could not be examined: {0}. Please report this")]
    NotExamined(String),
    /// A row that camdock cannot have written, or SQLite's words about a malformed file.
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
    /// The station is shutting down.
    #[error("the ledger is closed")]
    Closed,
}

impl From<rusqlite::Error> for LedgerError {
    /// A value that no camdock has written is damage, whatever SQLite thinks of the file.
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
        match error {
            FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) => {
                Self::Damaged(error.to_string())
            }
            error => Self::Sqlite(error),
        }
    }
}

impl LedgerError {
    /// Whether the file itself is damaged, so that trying again is of no use.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Sqlite(error) => malformed(error),
            Self::Migration(rusqlite_migration::Error::RusqliteError { err, .. }) => malformed(err),
            Self::Damaged(_) => true,
            _ => false,
        }
    }
}

impl LedgerError {
    /// Whether a row contradicts what is there already, so that nothing can follow from it.
    fn is_contradiction(&self) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation))
    }
}

/// Whether SQLite complains about the file's content, not about the disk or anything else.
fn malformed(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase))
}

impl Ledger {
    /// A ledger on its own thread, committing concurrent steps together.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn threaded(connection: Connection) -> Result<Self, LedgerError> {
        Ok(Self::over(Worker::threaded(connection)?))
    }

    /// A ledger that does each step at once on the calling task, with `pause` awaited before and after: for the
    /// simulator, which stops the world there. The database outlives the ledger, as a disk outlives a process.
    #[must_use]
    pub fn inline(connection: Arc<Mutex<Connection>>, pause: Pause) -> Self {
        Self::over(Worker::inline(connection, pause))
    }

    fn over(worker: Worker) -> Self {
        Self { worker, commits: Changing::default() }
    }

    /// Tells of every step that is committed from here on.
    #[must_use]
    pub fn changes(&self) -> Changes {
        self.commits.listen()
    }

    /// Commits custody steps, all or none, and what follows from them.
    ///
    /// # Errors
    /// [`LedgerError`]; then none of the steps happened.
    pub async fn record(&self, at: Moment, entries: Vec<Entry>) -> Result<(), LedgerError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.worker
            .call(move |db| {
                for entry in &entries {
                    let seq = custody_log::append(db, at, &entry.write()?)?;
                    projection::apply(db, seq, at, entry)?;
                }
                Ok(())
            })
            .await?;
        self.commits.tell();
        Ok(())
    }

    /// Commits custody steps that do not depend on each other, in portions, so that none of them keeps others waiting for long.
    ///
    /// # Errors
    /// [`LedgerError`]; then the first of them may have happened.
    pub async fn record_each(&self, at: Moment, mut entries: Vec<Entry>) -> Result<(), LedgerError> {
        while !entries.is_empty() {
            let rest = entries.split_off(entries.len().min(STEPS));
            self.record(at, entries).await?;
            entries = rest;
        }
        Ok(())
    }

    /// Keeps room for the ledger on its disk, as soon as there is some. Says whether there is.
    ///
    /// # Errors
    /// The system's words.
    pub async fn keep_room(&self) -> Result<Room, LedgerError> {
        self.look(|db| Ballast::of(db).map_or(Ok(Room::Kept), |ballast| ballast.keep())).await
    }

    /// Empties every table but the log, and derives them again from it. Returns what this version does not understand.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] where the log itself is; then nothing was changed.
    pub async fn rebuild(&self) -> Result<UnknownEntries, LedgerError> {
        self.worker.call(derive::again).await
    }

    /// Looks something up.
    fn look<T: Send + 'static>(
        &self,
        question: impl Fn(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Pin<Box<dyn Future<Output = Result<T, LedgerError>> + Send + '_>> {
        Box::pin(self.worker.call(question))
    }

    /// Looks up many rows, a portion at a time, so that nobody else waits for long. `portion` gets the last row that is known.
    async fn look_in_portions<T: Clone + Send + Sync + 'static>(
        &self,
        portion: impl Fn(&Connection, Option<&T>) -> Result<Vec<T>, LedgerError> + Clone + Send + 'static,
    ) -> Result<Vec<T>, LedgerError> {
        let mut rows: Vec<T> = Vec::new();
        loop {
            let (last, portion) = (rows.last().cloned(), portion.clone());
            let mut next = self.look(move |db| portion(db, last.as_ref())).await?;
            let was_last = next.len() < PORTION as usize;
            rows.append(&mut next);
            if was_last {
                return Ok(rows);
            }
        }
    }
}
