//! Writing a new file piece by piece on a thread of its own, so that hashing and writing overlap.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Pieces waiting to be written.
const BACKLOG: usize = 2;
/// Written bytes after which writing them back to the medium begins, so that the final fsync finds little left to do.
const WRITE_BACK: u64 = 32 << 20;

enum Order {
    Write(Bytes),
    Sync(oneshot::Sender<io::Result<File>>),
}

/// A file being written. Dropping it stops the writing.
#[derive(Debug)]
pub struct PieceWriter {
    orders: mpsc::Sender<Order>,
    outcome: Option<JoinHandle<io::Result<()>>>,
}

impl PieceWriter {
    /// Takes over a file, open for writing.
    #[must_use]
    pub fn new(file: File) -> Self {
        let (orders, inbox) = mpsc::channel(BACKLOG);
        let outcome = tokio::task::spawn_blocking(move || work(file, inbox));
        Self { orders, outcome: Some(outcome) }
    }

    /// Appends a piece. An error may be about an earlier piece.
    ///
    /// # Errors
    /// The system's words; the file is of no use afterwards.
    pub async fn write(&mut self, piece: Bytes) -> io::Result<()> {
        match self.orders.send(Order::Write(piece)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure().await),
        }
    }

    /// Waits until everything is written and synced, and gives the file back.
    ///
    /// # Errors
    /// The system's words; the file is of no use afterwards, and must not be synced again: the second attempt can
    /// falsely succeed.
    pub async fn sync(mut self) -> io::Result<File> {
        let (sender, receiver) = oneshot::channel();
        if self.orders.send(Order::Sync(sender)).await.is_err() {
            return Err(self.failure().await);
        }
        match receiver.await {
            Ok(answer) => answer,
            Err(_) => Err(self.failure().await),
        }
    }

    async fn failure(&mut self) -> io::Error {
        let unknown = || io::Error::other("writing stopped");
        match self.outcome.take() {
            None => unknown(),
            Some(outcome) => match outcome.await {
                Ok(Err(error)) => error,
                Ok(Ok(())) | Err(_) => unknown(),
            },
        }
    }
}

fn work(mut file: File, mut inbox: mpsc::Receiver<Order>) -> io::Result<()> {
    let mut since_write_back = 0;
    let mut write_back: Option<JoinHandle<io::Result<()>>> = None;
    let runtime = tokio::runtime::Handle::current();
    while let Some(order) = inbox.blocking_recv() {
        match order {
            Order::Write(piece) => {
                file.write_all(&piece)?;
                since_write_back += piece.len() as u64;
                if since_write_back >= WRITE_BACK && write_back.as_ref().is_none_or(JoinHandle::is_finished) {
                    finish(&runtime, write_back.take())?;
                    let file = file.try_clone()?;
                    write_back = Some(runtime.spawn_blocking(move || file.sync_data()));
                    since_write_back = 0;
                }
            }
            Order::Sync(reply) => {
                finish(&runtime, write_back.take())?;
                file.sync_all()?;
                // The asker may have gone away; then the file is nobody's.
                let _ = reply.send(Ok(file));
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The first failed sync is the one that counts: a later one may succeed although data was lost.
fn finish(runtime: &tokio::runtime::Handle, write_back: Option<JoinHandle<io::Result<()>>>) -> io::Result<()> {
    write_back.map_or(Ok(()), |task| runtime.block_on(task).map_err(io::Error::other)?)
}

/// Makes a folder and those above it that are missing; nobody but camdock's own user may look into what it makes, whatever the
/// umask. Blocks.
///
/// # Errors
/// The system's words.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes the names in a folder durable. Blocks.
///
/// # Errors
/// The system's words.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
