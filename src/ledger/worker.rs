//! Who touches the connection: one thread, or, in the simulator, the calling task.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::ballast::Ballast;
use super::{LedgerError, malformed};

/// Awaited before and after each step of an inline ledger.
pub type Pause = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// So many steps share one commit at most, so that the first of them does not wait for ever.
const BATCH: usize = 256;
/// So many steps may wait for the thread.
const BACKLOG: usize = 1024;

/// So many changed rows share one commit at most, so that none takes long.
const ROWS: u64 = 4096;

/// A step, its caller, and what it came to. A transaction that found the disk full is done again with more room, so a step may
/// be taken more than once.
pub(super) trait Step: Send {
    fn take(&mut self, db: &Connection);
    fn found_the_disk_full(&self) -> bool;
    fn reply(self: Box<Self>, committed: Result<(), LedgerError>);
}

struct Asked<F, T> {
    step: F,
    result: Option<Result<T, LedgerError>>,
    caller: oneshot::Sender<Result<T, LedgerError>>,
}

impl<T: Send, F: Fn(&Connection) -> Result<T, LedgerError> + Send> Step for Asked<F, T> {
    fn take(&mut self, db: &Connection) {
        self.result = Some(in_savepoint(db, &self.step));
    }

    fn found_the_disk_full(&self) -> bool {
        matches!(&self.result, Some(Err(LedgerError::Sqlite(error))) if is_full(error))
    }

    fn reply(self: Box<Self>, committed: Result<(), LedgerError>) {
        let Self { result, caller, .. } = *self;
        // The caller may have gone away; the step stands all the same.
        let _ = caller.send(committed.and(result.unwrap_or(Err(LedgerError::Closed))));
    }
}

pub(super) type Job = Box<dyn Step>;

#[derive(Clone)]
pub(super) enum Worker {
    Thread(mpsc::Sender<Job>),
    Inline { connection: Arc<Mutex<Connection>>, pause: Pause },
}

impl Worker {
    pub(super) fn threaded(connection: Connection) -> Result<Self, LedgerError> {
        let (jobs, inbox) = mpsc::channel(BACKLOG);
        std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || work(&connection, inbox))
            .map_err(|source| LedgerError::Io { path: "ledger thread".to_owned(), source })?;
        Ok(Self::Thread(jobs))
    }

    pub(super) const fn inline(connection: Arc<Mutex<Connection>>, pause: Pause) -> Self {
        Self::Inline { connection, pause }
    }

    pub(super) async fn call<T: Send + 'static>(
        &self,
        step: impl Fn(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        match self {
            Self::Thread(jobs) => {
                let (caller, receiver) = oneshot::channel();
                jobs.send(Box::new(Asked { step, result: None, caller })).await.map_err(|_| LedgerError::Closed)?;
                receiver.await.map_err(|_| LedgerError::Closed)?
            }
            Self::Inline { connection, pause } => {
                pause().await;
                let result = {
                    let db = connection.lock().unwrap_or_else(PoisonError::into_inner);
                    in_savepoint(&db, &step)
                };
                pause().await;
                result
            }
        }
    }
}

/// Runs one step so that its failure undoes it alone.
fn in_savepoint<T>(db: &Connection, step: &impl Fn(&Connection) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
    db.prepare_cached("SAVEPOINT step")?.execute([])?;
    let result = step(db);
    if db.is_autocommit() {
        // A full disk ends the whole transaction, not only the step.
        return result;
    }
    if result.is_err() {
        db.prepare_cached("ROLLBACK TO step")?.execute([])?;
    }
    db.prepare_cached("RELEASE step")?.execute([])?;
    result
}

fn work(db: &Connection, mut inbox: mpsc::Receiver<Job>) {
    let ballast = Ballast::of(db);
    while let Some(first) = inbox.blocking_recv() {
        let mut steps = vec![first];
        let mut ended = transaction(db, &mut steps, Attempt::First(&mut inbox));
        if ended.as_ref().is_err_and(is_full) {
            ballast.as_ref().map(Ballast::release);
            ended = transaction(db, &mut steps, Attempt::Last);
        }
        for step in steps {
            step.reply(match &ended {
                Ok(()) => Ok(()),
                Err(error) if malformed(error) => Err(LedgerError::Damaged(error.to_string())),
                Err(error) => Err(LedgerError::NotCommitted(error.to_string())),
            });
        }
    }
}

/// How a transaction is attempted.
enum Attempt<'a> {
    /// With the steps that come meanwhile. All of it is undone if one of them finds the disk full.
    First(&'a mut mpsc::Receiver<Job>),
    /// With the same steps. One that finds the disk full fails alone.
    Last,
}

/// Takes these steps, up to the bounds of one commit, and commits them together.
fn transaction(db: &Connection, steps: &mut Vec<Job>, mut attempt: Attempt<'_>) -> Result<(), rusqlite::Error> {
    db.execute_batch("BEGIN IMMEDIATE")?;
    let (before, mut taken) = (db.total_changes(), 0);
    loop {
        while let Some(step) = steps.get_mut(taken) {
            step.take(db);
            taken += 1;
            if db.is_autocommit() {
                return Err(full());
            }
            if step.found_the_disk_full() && matches!(attempt, Attempt::First(_)) {
                db.execute_batch("ROLLBACK")?;
                return Err(full());
            }
        }
        let Attempt::First(inbox) = &mut attempt else { break };
        if steps.len() >= BATCH || db.total_changes() - before >= ROWS {
            break;
        }
        match inbox.try_recv() {
            Ok(step) => steps.push(step),
            Err(_) => break,
        }
    }
    let committed = db.execute_batch("COMMIT");
    if committed.is_err() && !db.is_autocommit() {
        // After a failed commit the transaction may still be open; close it so that the next step starts clean.
        let _ = db.execute_batch("ROLLBACK");
    }
    committed
}

/// SQLite ends a transaction by itself when the disk is full, and for few other reasons; more room may help.
fn full() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None)
}

fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}
