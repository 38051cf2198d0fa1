//! Telling: a notice becomes one event of `tracing`, unless nobody listens or it was told often enough.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;
use tracing::Level;

use super::repeats::{Kind, Repeats, Telling};
use crate::domain::{Notice, Severity, Subject};
use crate::words::{Text, Words};

/// What filters know camdock's own lines by.
pub(super) const TARGET: &str = "camdock";

static REPEATS: Mutex<Repeats> = Mutex::new(Repeats::none());

macro_rules! tell_at {
    ($level:expr, $subject:expr, $notice:expr) => {
        if tracing::enabled!(target: TARGET, $level)
            && let Some(sentence) = sentence($subject, $notice)
        {
            let Subject { bay, camera, docking, file, destination } = $subject;
            tracing::event!(
                target: TARGET,
                $level,
                notice = $notice.id(),
                facts = serde_json::to_string($notice).unwrap_or_default(),
                bay = bay.as_ref().map(tracing::field::display),
                camera = camera.as_ref().map(tracing::field::display),
                docking = docking.as_ref().map(tracing::field::display),
                file = file.as_ref().map(tracing::field::display),
                destination = destination.as_ref().map(tracing::field::display),
                "{sentence}"
            );
        }
    };
}

/// Tells that something is so, of a subject.
pub fn tell(subject: &Subject, notice: impl Into<Notice>) {
    let notice = &notice.into();
    match notice.severity() {
        Severity::Step => tell_at!(Level::DEBUG, subject, notice),
        Severity::Outcome => tell_at!(Level::INFO, subject, notice),
        Severity::Warning => tell_at!(Level::WARN, subject, notice),
        Severity::Alarm => tell_at!(Level::ERROR, subject, notice),
    }
}

/// What the line says, unless it was said often enough.
fn sentence(subject: &Subject, notice: &Notice) -> Option<String> {
    let words = Words::english();
    let line = words.line(subject, &words.tell(notice));
    let Some(kind) = Kind::of(subject, notice) else { return Some(line) };
    let telling = REPEATS.lock().unwrap_or_else(PoisonError::into_inner).once_more(kind, Instant::now());
    match telling {
        Telling::Tell => Some(line),
        Telling::TellForTheLastTime => Some(format!("{line} {}", words.text(&Text::JournalLast))),
        Telling::TellAgain { missed } => Some(format!("{line} {}", words.text(&Text::JournalMissed { times: missed }))),
        Telling::Count => None,
    }
}
