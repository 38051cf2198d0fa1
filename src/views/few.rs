//! A door that lets in a few at a time.
//!
//! Promises: however many connections somebody opens, only so many are taken at once, and whoever comes then waits until one is closed.
//! Each is a file of this process, and cameras and ledger need theirs.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A listener that has so many connections open at most.
pub(super) struct Few<L> {
    listener: L,
    free: Arc<Semaphore>,
}

/// One connection, which has its place for as long as it is open.
pub(super) struct Connection<S> {
    stream: S,
    _place: Option<OwnedSemaphorePermit>,
}

impl<L> Few<L> {
    /// So many of what comes to `listener`.
    pub(super) fn of(listener: L, at_once: usize) -> Self {
        Self { listener, free: Arc::new(Semaphore::new(at_once)) }
    }
}

impl<L: Listener<Io: Unpin>> Listener for Few<L> {
    type Io = Connection<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, L::Addr) {
        // The semaphore is never closed.
        let place = Arc::clone(&self.free).acquire_owned().await.ok();
        let (stream, at) = self.listener.accept().await;
        (Connection { stream, _place: place }, at)
    }

    fn local_addr(&self) -> io::Result<L::Addr> {
        self.listener.local_addr()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::{UnixListener, UnixStream};
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn whoever_comes_while_all_places_are_taken_is_let_in_when_one_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("door");
        let mut door = Few::of(UnixListener::bind(&path).unwrap(), 1);
        let (_one, _two) = (UnixStream::connect(&path).await.unwrap(), UnixStream::connect(&path).await.unwrap());
        let first = door.accept().await;
        assert!(timeout(Duration::from_millis(100), door.accept()).await.is_err(), "there is one place");
        drop(first);
        timeout(Duration::from_secs(10), door.accept()).await.expect("it is free now");
    }
}
