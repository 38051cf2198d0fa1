//! Where lines go: the journal if this runs as a service, the standard error otherwise.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
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
use super::queue::{Job, Lines};
use super::tell::tell;
use crate::domain::{Moment, StationNotice, Subject};

/// So many lines may wait to be written; what comes then is counted.
const BACKLOG: usize = 1_024;
/// At the end, what still waits is waited for so long.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Where lines go. When it is dropped, what was told until then is written, if that can be done.
#[derive(Debug)]
pub struct Outlet {
    lines: Lines,
}

/// From now on, what is told is written: to the journal if this runs as a service, else to the standard error.
///
/// `filter` is what counts unless `CAMDOCK_LOG` says otherwise, in the form of `tracing_subscriber::EnvFilter`.
///
/// # Errors
/// [`TryInitError`] if somebody in this process listens already.
pub fn open(filter: &str) -> Result<Outlet, TryInitError> {
    let writer = if connected_to_journal() {
        Writer::Journal
    } else {
        let looks = if io::stderr().is_terminal() { Looks::Coloured } else { Looks::Plain };
        Writer::Stream { to: Box::new(io::stderr()), looks }
    };
    start(filter, writer)
}

/// The same, into a file.
///
/// # Errors
/// [`TryInitError`] if somebody in this process listens already.
pub fn open_file(filter: &str, file: File) -> Result<Outlet, TryInitError> {
    start(filter, Writer::Stream { to: Box::new(file), looks: Looks::Plain })
}

fn start(filter: &str, writer: Writer) -> Result<Outlet, TryInitError> {
    let (queue, jobs) = mpsc::sync_channel(BACKLOG);
    let lines = Lines { queue, missing: Arc::default() };
    let missing = Arc::clone(&lines.missing);
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

/// Writes what comes, until nobody can tell anything more. How many lines found no room meanwhile is told as soon as there is some.
pub(super) fn write_all(mut writer: Writer, jobs: &Receiver<Job>, missing: &AtomicU64) {
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
            lines => tell(&Subject::station(), StationNotice::LinesMissing { lines }),
        }
    }
}

/// How lines are written.
pub(super) enum Writer {
    /// To the journal, with all their fields.
    Journal,
    /// As text.
    Stream {
        /// Where to.
        to: Box<dyn Write + Send>,
        /// How.
        looks: Looks,
    },
}

/// What a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    Plain,
    /// For a terminal.
    Coloured,
}

impl Writer {
    fn write(&mut self, line: &Line) {
        let fields = line.fields.iter().map(|(name, value)| (name, value));
        let written = match self {
            Self::Journal if journal_send(priority(line.level), &line.message, fields).is_ok() => Ok(()),
            // The journal takes nothing by itself: what the service says on its standard error may get there all the same.
            Self::Journal => writeln!(io::stderr(), "<{}>{}", u8::from(priority(line.level)), line.message),
            Self::Stream { to, looks } => {
                let (begin, end) = match looks {
                    Looks::Plain => ("", ""),
                    Looks::Coloured => (colour(line.level), "\u{1b}[0m"),
                };
                writeln!(to, "{} {begin}{:>5}{end} {}", now(), line.level, line.message)
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
