//! Hearing that something changed. Those who wait are woken in the order in which they began to wait, so that a simulated station
//! does the same every time; tokio's `watch` wakes them in an order that it draws by lot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Something that changes: it counts how often, and tells whoever listens. Clones are of one.
#[derive(Debug, Clone, Default)]
pub struct Changing(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    so_far: AtomicU64,
    news: Notify,
}

impl Changing {
    /// It has changed.
    pub fn tell(&self) {
        self.0.so_far.fetch_add(1, Ordering::SeqCst);
        self.0.news.notify_waiters();
    }

    /// Hears of changes from now on.
    #[must_use]
    pub fn listen(&self) -> Changes {
        Changes { seen: self.so_far(), of: self.clone() }
    }

    fn so_far(&self) -> u64 {
        self.0.so_far.load(Ordering::SeqCst)
    }
}

/// One listener's view of what has changed.
#[derive(Debug)]
pub struct Changes {
    of: Changing,
    seen: u64,
}

impl Changes {
    /// Takes every change so far as seen. Call it before looking at what changes, so that nothing is missed.
    pub fn mark_seen(&mut self) {
        self.seen = self.of.so_far();
    }

    /// Waits until something changes that was not yet seen, and takes it as seen. Being cancelled loses nothing.
    pub async fn changed(&mut self) {
        loop {
            let news = self.of.0.news.notified();
            let mut news = std::pin::pin!(news);
            news.as_mut().enable();
            let so_far = self.of.so_far();
            if so_far != self.seen {
                self.seen = so_far;
                return;
            }
            news.await;
        }
    }
}
