//! Where lines go: the journal if this runs as a service, the standard error otherwise.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use libsystemd::logging::{Priority, connected_to_journal, journal_send};
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use super::line::Line;
use super::message_id;
use super::queue::{Job, Lines};
use crate::domain::{Moment, Notice, StationNotice};
use crate::words::Words;

/// So many lines may wait to be written; what comes then is counted.
const BACKLOG: usize = 1_024;
/// At the end, what still waits is waited for so long.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Where lines go. When it is dropped, what was told until then is written, if that can be done.
#[derive(Debug)]
pub struct Outlet {
    lines: Lines,
}

/// From now on, what is told is written.
///
/// `filter` is what `CAMDOCK_LOG` may say otherwise, in the form of `tracing_subscriber::EnvFilter`.
///
/// # Errors
/// [`TryInitError`] if somebody in this process listens already.
pub fn open(filter: &str) -> Result<Outlet, TryInitError> {
    let (queue, jobs) = mpsc::sync_channel(BACKLOG);
    let lines = Lines { queue, missing: Arc::default() };
    let missing = Arc::clone(&lines.missing);
    let writer = if connected_to_journal() {
        Writer::Journal
    } else {
        Writer::Stream { coloured: std::io::stderr().is_terminal() }
    };
    // Without a thread nothing is written; everything else works.
    let _ = std::thread::Builder::new().name("journal".to_owned()).spawn(move || write_all(writer, &jobs, &missing));
    let filter = EnvFilter::try_from_env("CAMDOCK_LOG").unwrap_or_else(|_| EnvFilter::new(filter));
    tracing_subscriber::registry().with(filter).with(lines.clone()).try_init()?;
    Ok(Outlet { lines })
}

impl Drop for Outlet {
    fn drop(&mut self) {
        let (done, written) = mpsc::sync_channel(0);
        if self.lines.queue.try_send(Job::Done(done)).is_ok() {
            // Whoever hangs is left behind.
            let _ = written.recv_timeout(LAST_WAIT);
        }
    }
}

fn write_all(writer: Writer, jobs: &Receiver<Job>, missing: &AtomicU64) {
    for job in jobs {
        match job {
            Job::Write(line) => writer.write(&line),
            Job::Done(done) => {
                // Nobody waits any more.
                let _ = done.send(());
            }
        }
        match missing.swap(0, Ordering::Relaxed) {
            0 => {}
            lines => writer.write(&lines_missing(lines)),
        }
    }
}

fn lines_missing(lines: u64) -> Line {
    let notice = Notice::from(StationNotice::LinesMissing { lines });
    let mut line = Line::new(Level::WARN);
    line.message = Words::english().tell(&notice).to_string();
    line.set("MESSAGE_ID", &message_id(&notice.id()));
    line.set("CAMDOCK_NOTICE", &notice.id());
    line.set("CAMDOCK_LINES", &lines.to_string());
    line
}

/// How lines are written.
#[derive(Debug, Clone, Copy)]
enum Writer {
    /// To the journal, with all their fields.
    Journal,
    /// To the standard error, as text.
    Stream { coloured: bool },
}

impl Writer {
    fn write(self, line: &Line) {
        let fields = line.fields.iter().map(|(name, value)| (name, value));
        let written = match self {
            Self::Journal if journal_send(priority(line.level), &line.message, fields).is_ok() => Ok(()),
            // The journal takes nothing by itself: what the service says on its standard error may get there all the same.
            Self::Journal => writeln!(std::io::stderr(), "<{}>{}", u8::from(priority(line.level)), line.message),
            Self::Stream { coloured } => {
                let (begin, end) = if coloured { (colour(line.level), "\u{1b}[0m") } else { ("", "") };
                writeln!(std::io::stderr(), "{} {begin}{:>5}{end} {}", now(), line.level, line.message)
            }
        };
        // There is nobody to tell.
        let _ = written;
    }
}

const fn priority(level: Level) -> Priority {
    match level {
        Level::ERROR => Priority::Error,
        Level::WARN => Priority::Warning,
        Level::INFO => Priority::Info,
        Level::DEBUG | Level::TRACE => Priority::Debug,
    }
}

const fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        Level::DEBUG | Level::TRACE => "\u{1b}[2m",
    }
}

#[expect(clippy::disallowed_methods, reason = "when a line was written is of no consequence for anything")]
fn now() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
