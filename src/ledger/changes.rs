//! Hearing of commits. Those who wait are woken in the order in which they began to wait, so that a simulated station
//! does the same every time; tokio's `watch` wakes them in an order that it draws by lot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Counts commits, and tells of them.
#[derive(Debug, Default)]
pub(super) struct Commits {
    so_far: AtomicU64,
    news: Notify,
}

impl Commits {
    pub(super) fn count(&self) {
        self.so_far.fetch_add(1, Ordering::SeqCst);
        self.news.notify_waiters();
    }
}

/// One listener's view of what was committed.
#[derive(Debug)]
pub struct Changes {
    commits: Arc<Commits>,
    seen: u64,
}

impl Changes {
    pub(super) fn of(commits: &Arc<Commits>) -> Self {
        let seen = commits.so_far.load(Ordering::SeqCst);
        Self { commits: Arc::clone(commits), seen }
    }

    /// Takes everything committed so far as seen. Call it before looking at the ledger, so that nothing is missed.
    pub fn mark_seen(&mut self) {
        self.seen = self.commits.so_far.load(Ordering::SeqCst);
    }

    /// Waits until something is committed that was not yet seen, and takes it as seen. Being cancelled loses nothing.
    pub async fn changed(&mut self) {
        loop {
            let news = self.commits.news.notified();
            let mut news = std::pin::pin!(news);
            news.as_mut().enable();
            let so_far = self.commits.so_far.load(Ordering::SeqCst);
            if so_far != self.seen {
                self.seen = so_far;
                return;
            }
            news.await;
        }
    }
}
