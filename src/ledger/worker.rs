//! Who touches the connection: one thread, or, in the simulator, the calling task.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{LedgerError, malformed};

/// Awaited before and after each step of an inline ledger.
pub type Pause = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// So many steps share one commit at most, so that the first of them does not wait for ever.
const BATCH: usize = 256;
/// So many steps may wait for the thread.
const BACKLOG: usize = 1024;

/// A step that ran inside the transaction, waiting for the commit to be told about.
type Reply = Box<dyn FnOnce(Result<(), LedgerError>) + Send>;
/// A step and its caller; it gets the connection inside a transaction, or why there is no transaction.
type Job = Box<dyn FnOnce(Result<&Connection, LedgerError>) -> Reply + Send>;

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
        step: impl FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        match self {
            Self::Thread(jobs) => {
                let (sender, receiver) = oneshot::channel();
                let job: Job = Box::new(move |db| {
                    let result = db.and_then(|db| in_savepoint(db, step));
                    Box::new(move |committed| {
                        // The caller may have gone away; the step stands all the same.
                        let _ = sender.send(committed.and(result));
                    })
                });
                jobs.send(job).await.map_err(|_| LedgerError::Closed)?;
                receiver.await.map_err(|_| LedgerError::Closed)?
            }
            Self::Inline { connection, pause } => {
                pause().await;
                let result = {
                    let db = connection.lock().unwrap_or_else(PoisonError::into_inner);
                    in_savepoint(&db, step)
                };
                pause().await;
                result
            }
        }
    }
}

/// Runs one step so that its failure undoes it alone.
fn in_savepoint<T>(
    db: &Connection,
    step: impl FnOnce(&Connection) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    db.prepare_cached("SAVEPOINT step")?.execute([])?;
    let result = step(db);
    if result.is_err() {
        db.prepare_cached("ROLLBACK TO step")?.execute([])?;
    }
    db.prepare_cached("RELEASE step")?.execute([])?;
    result
}

fn work(db: &Connection, mut inbox: mpsc::Receiver<Job>) {
    while let Some(first) = inbox.blocking_recv() {
        if let Err(error) = db.execute_batch("BEGIN IMMEDIATE") {
            first(Err(error.into()))(Ok(()));
            continue;
        }
        let mut replies = vec![first(Ok(db))];
        while replies.len() < BATCH
            && let Ok(job) = inbox.try_recv()
        {
            replies.push(job(Ok(db)));
        }
        let committed = db.execute_batch("COMMIT");
        if committed.is_err() {
            // After a failed commit the transaction may still be open; close it so that the next step starts clean.
            let _ = db.execute_batch("ROLLBACK");
        }
        for reply in replies {
            reply(match &committed {
                Ok(()) => Ok(()),
                Err(error) if malformed(error) => Err(LedgerError::Damaged(error.to_string())),
                Err(error) => Err(LedgerError::NotCommitted(error.to_string())),
            });
        }
    }
}
