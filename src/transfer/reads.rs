//! Whose files are read from cameras just now.
//!
//! Promises: every camera is read from as soon as it is docked, however many others are and however long their files take. What a
//! fast camera is read beyond that is bounded for all of them together, since each reading takes memory and a core that hashes.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

/// The readings that are shared, beside the one that each camera has of its own.
#[derive(Debug)]
pub(super) struct Reads {
    shared: Arc<Semaphore>,
}

/// One camera's readings.
#[derive(Debug)]
pub struct Turns {
    own: Semaphore,
    shared: Arc<Semaphore>,
}

/// One file may be read for as long as this is kept.
pub(super) type Turn<'turns> = SemaphorePermit<'turns>;

impl Reads {
    pub(super) fn new(shared: usize) -> Self {
        Self { shared: Arc::new(Semaphore::new(shared)) }
    }

    /// The turns of a camera that was docked.
    pub(super) fn of_a_camera(&self) -> Turns {
        Turns { own: Semaphore::new(1), shared: Arc::clone(&self.shared) }
    }
}

impl Turns {
    /// Waits until one more of this camera's files may be read.
    pub(super) async fn take(&self) -> Turn<'_> {
        loop {
            let turn = tokio::select! {
                biased;
                own = self.own.acquire() => own,
                shared = self.shared.acquire() => shared,
            };
            // They are never closed.
            if let Ok(turn) = turn {
                return turn;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_camera_has_its_turn_whatever_the_others_have_taken() {
        let reads = Reads::new(1);
        let (first, second) = (reads.of_a_camera(), reads.of_a_camera());
        let _taken = (first.take().await, first.take().await);
        assert!(first.take().now_or_never().is_none(), "all that is shared is taken");
        assert!(second.take().now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_waits_goes_on_with_whichever_turn_comes_back() {
        let reads = Reads::new(1);
        let (first, second) = (reads.of_a_camera(), reads.of_a_camera());
        let own = second.take().await;
        let shared = first.take().now_or_never().map(drop).and(second.take().now_or_never());
        for turn in [own, shared.expect("it was given back")] {
            let mut waits = Box::pin(second.take());
            assert!((&mut waits).now_or_never().is_none());
            drop(turn);
            std::mem::forget(waits.now_or_never().expect("a turn came back"));
        }
    }
}
