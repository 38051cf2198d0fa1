//! Who touches the connection: one thread, or, in the simulator, the calling task.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::LedgerError;

/// Awaited before and after each step of an inline ledger.
pub type Pause = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// So many steps share one commit at most, so that the first of them does not wait for ever.
const BATCH: usize = 256;
/// So many steps may wait for the thread.
const BACKLOG: usize = 1024;

/// A step that ran inside the transaction, waiting for the commit to be told about.
type Reply = Box<dyn FnOnce(Result<(), LedgerError>) + Send>;
type Job = Box<dyn FnOnce(&Connection) -> Reply + Send>;

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
                    let result = in_savepoint(db, step);
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
        let begun = db.execute_batch("BEGIN IMMEDIATE").map_err(LedgerError::from);
        if let Err(error) = begun {
            // Dropping the job tells its caller that the ledger is closed; say here why.
            tracing::error!(%error, "the ledger cannot begin a step");
            continue;
        }
        let mut replies = vec![first(db)];
        while replies.len() < BATCH
            && let Ok(job) = inbox.try_recv()
        {
            replies.push(job(db));
        }
        let committed = db.execute_batch("COMMIT");
        if committed.is_err() {
            // After a failed commit the transaction may still be open; close it so that the next step starts clean.
            let _ = db.execute_batch("ROLLBACK");
        }
        let error = committed.err().map(|error| error.to_string());
        for reply in replies {
            reply(match &error {
                None => Ok(()),
                Some(error) => Err(LedgerError::Damaged(format!("a step could not be committed: {error}"))),
            });
        }
    }
}
