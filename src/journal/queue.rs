//! The lines that wait to be written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;

use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::line::Line;

/// Takes lines, and never waits.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    pub(super) queue: SyncSender<Job>,
    pub(super) missing: Arc<AtomicU64>,
}

#[derive(Debug)]
pub(super) enum Job {
    /// To be written.
    Write(Line),
    /// Say so when everything before it is written.
    Done(SyncSender<()>),
}

impl Lines {
    fn send(&self, line: Line) {
        if self.queue.try_send(Job::Write(line)).is_err() {
            self.missing.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.send(Line::of(event));
    }
}
