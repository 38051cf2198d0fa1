//! Patience with a folder: a share whose server hangs answers nothing, not even an error.
//!
//! Promises: every step has a deadline, whatever the folder does, and it says how long nothing was heard. A thread that
//! hangs cannot be ended; so many may hang in one folder and no more, and nobody but this folder waits for them.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use crate::cloud::DestinationError;

/// So many threads work in one folder at once, or hang there: more than uploads keep busy, and a small part of those that
/// the process has.
const THREADS: usize = 32;

/// How long a folder is waited for. Clones wait together.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    longest: Duration,
    threads: Arc<Semaphore>,
    /// Since when nothing was heard; unset while the folder answers.
    quiet: Arc<Mutex<Option<Instant>>>,
}

impl Patience {
    pub(super) fn of(longest: Duration) -> Self {
        Self { longest, threads: Arc::new(Semaphore::new(THREADS)), quiet: Arc::default() }
    }

    /// Does one step on a thread on which it may block.
    ///
    /// # Errors
    /// [`DestinationError::NoAnswer`] if it takes too long; the step may happen all the same.
    pub(super) async fn step<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, DestinationError> {
        let began = Instant::now();
        let deadline = began + self.longest;
        let step = async {
            // The semaphore is never closed. A thread that hangs keeps its place.
            let place = Arc::clone(&self.threads).acquire_owned().await;
            tokio::task::spawn_blocking(move || {
                let done = work();
                drop(place);
                done
            })
            .await
        };
        match timeout_at(deadline, step).await {
            Ok(Ok(done)) => {
                *self.quiet() = None;
                Ok(done)
            }
            Ok(Err(broken)) => Err(DestinationError::Storage(broken.to_string())),
            Err(_) => {
                self.quiet().get_or_insert(began);
                Err(self.silence())
            }
        }
    }

    /// What is read, as long as each piece comes in time.
    pub(super) fn pieces(
        &self,
        pieces: BoxStream<'static, io::Result<Bytes>>,
    ) -> BoxStream<'static, io::Result<Bytes>> {
        let patience = self.clone();
        stream::unfold(Some(pieces), move |pieces| {
            let patience = patience.clone();
            async move {
                let mut pieces = pieces?;
                let began = Instant::now();
                let Ok(piece) = timeout(patience.longest, pieces.next()).await else {
                    patience.quiet().get_or_insert(began);
                    return Some((Err(io::ErrorKind::TimedOut.into()), None));
                };
                *patience.quiet() = None;
                piece.map(|piece| (piece, Some(pieces)))
            }
        })
        .boxed()
    }

    /// How long nothing was heard.
    pub(super) fn silence(&self) -> DestinationError {
        let quiet = self.quiet().map_or(self.longest, |since| since.elapsed());
        DestinationError::NoAnswer(quiet)
    }

    fn quiet(&self) -> MutexGuard<'_, Option<Instant>> {
        self.quiet.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    const SHORT: Duration = Duration::from_millis(100);

    #[tokio::test]
    async fn a_step_that_hangs_is_given_up_and_the_next_one_goes_on_when_the_folder_answers() {
        let patience = Patience::of(SHORT);
        let (release, hung) = mpsc::channel::<()>();
        let answer = patience.step(move || hung.recv()).await;
        assert!(matches!(answer, Err(DestinationError::NoAnswer(waited)) if waited >= SHORT), "{answer:?}");
        drop(release);
        assert_eq!(patience.step(|| 7).await.unwrap(), 7);
        assert!(patience.quiet().is_none(), "it was heard");
    }

    #[tokio::test]
    async fn how_long_nothing_was_heard_is_told_from_the_first_step_on() {
        let patience = Patience::of(SHORT);
        let mut held = Vec::new();
        for times in 1..4 {
            let (release, hung) = mpsc::channel::<()>();
            held.push(release);
            let answer = patience.step(move || hung.recv()).await;
            assert!(matches!(answer, Err(DestinationError::NoAnswer(waited)) if waited >= SHORT * times), "{answer:?}");
        }
    }

    #[tokio::test]
    async fn no_more_threads_hang_than_one_folder_may_have_and_others_have_their_own() {
        static HANGING: AtomicUsize = AtomicUsize::new(0);
        let (sick, well) = (Patience::of(SHORT), Patience::of(SHORT));
        let mut held = Vec::new();
        let steps: Vec<_> = (0..3 * THREADS)
            .map(|_| {
                let (release, hung) = mpsc::channel::<()>();
                held.push(release);
                sick.step(move || {
                    HANGING.fetch_add(1, Ordering::SeqCst);
                    hung.recv()
                })
            })
            .collect();
        let answers = futures::future::join_all(steps).await;
        assert!(answers.iter().all(|answer| matches!(answer, Err(DestinationError::NoAnswer(_)))));
        assert!(HANGING.load(Ordering::SeqCst) <= THREADS);
        assert_eq!(well.step(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_read_that_hangs_ends_in_an_error() {
        let patience = Patience::of(SHORT);
        let first = stream::iter([Ok(Bytes::from_static(b"film"))]);
        let pieces: Vec<_> = patience.pieces(first.chain(stream::pending()).boxed()).collect().await;
        assert_eq!(pieces[0].as_ref().unwrap(), "film");
        assert_eq!(pieces[1].as_ref().unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(pieces.len(), 2);
    }
}
