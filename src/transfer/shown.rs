//! How a destination is doing, in words: a plain function of what the uploader knows, so that it can be read and tested as
//! a table.

use std::time::Duration;

use super::troubles::Since;
use crate::cloud::DestinationError;
use crate::domain::{
    DestinationCause, DestinationName, DestinationSnapshot, DestinationState, Moment, PutOffSnapshot, counted,
};

/// What has waited for so long is a matter for a person, even if camdock goes on trying.
pub const OVERDUE: Duration = Duration::from_hours(1);

/// How a destination is doing.
#[derive(Debug)]
pub(super) enum Doing<'a> {
    /// Nothing was asked of it yet.
    Unasked,
    /// Whatever was asked of it, it did.
    Well,
    /// It does not answer the probe.
    Ill { error: &'a DestinationError, since: Since, again_at: Moment },
    /// It answers the probe, but nothing that it was given since then gets through.
    TakesNothing { error: Option<&'a DestinationError>, since: Since },
    /// Some segments do not get through, and others do.
    TakesOthers { since: Since },
}

/// What people are shown. `waited` is how long whatever waits has been waiting.
pub(super) fn snapshot(
    name: &DestinationName,
    doing: &Doing<'_>,
    waited: Duration,
    put_off: Vec<PutOffSnapshot>,
) -> DestinationSnapshot {
    let blank = DestinationSnapshot { put_off, ..DestinationSnapshot::unasked(name.clone()) };
    let mut shown = match doing {
        Doing::Unasked => blank,
        Doing::Well => {
            let message = "Everything it was given is proven or on its way.".to_owned();
            DestinationSnapshot { state: DestinationState::Ok, message, ..blank }
        }
        Doing::Ill { error, since, again_at } => {
            let (cause, begin) = about(error);
            let message = refusal(name, error).unwrap_or_else(|| {
                let again = if asked_for_patience(error) {
                    format!(" It is tried again at {again_at}.")
                } else {
                    String::new()
                };
                format!("{begin}{error}. Uploads go on by themselves.{again}")
            });
            let (since, again_at) = (Some(since.moment), Some(*again_at));
            DestinationSnapshot { state: urgency(error), cause: Some(cause), message, since, again_at, ..blank }
        }
        Doing::TakesNothing { error, since } => {
            let cause = error.map_or(DestinationCause::Segments, |error| about(error).0);
            let state = error.map_or(DestinationState::Waiting, urgency);
            let those = those(&blank.put_off);
            let message =
                format!("It answers, but does not take what it is given: {those}. Uploads go on by themselves.");
            DestinationSnapshot { state, cause: Some(cause), message, since: Some(since.moment), ..blank }
        }
        Doing::TakesOthers { since } => {
            let those = those(&blank.put_off);
            let message = format!("It takes everything but {those}. camdock tries these again by itself.");
            let (state, cause) = (DestinationState::Ok, Some(DestinationCause::Segments));
            DestinationSnapshot { state, cause, message, since: Some(since.moment), ..blank }
        }
    };
    if waited >= OVERDUE
        && let Some(cause) = shown.cause
        && !matches!(shown.state, DestinationState::Refused | DestinationState::Attention)
    {
        shown.state = DestinationState::Overdue;
        shown.message = format!("{} It has waited for more than an hour. {}", shown.message, advice(cause));
    }
    shown
}

/// Whether a person must act before anything can go on.
const fn urgency(error: &DestinationError) -> DestinationState {
    match error {
        DestinationError::Denied { .. }
        | DestinationError::NoContainer(_)
        | DestinationError::Permanent(_)
        | DestinationError::WrongPlace(_) => DestinationState::Refused,
        DestinationError::NotSetUp(_) => DestinationState::Attention,
        _ => DestinationState::Waiting,
    }
}

const fn asked_for_patience(error: &DestinationError) -> bool {
    matches!(error, DestinationError::Busy { retry_after: Some(_), .. })
}

/// Why it is waited for, and how a sentence about it begins.
fn about(error: &DestinationError) -> (DestinationCause, &'static str) {
    match error {
        DestinationError::Unreachable(_) => (DestinationCause::Network, "Waiting for network: "),
        DestinationError::NoAnswer(_) => (DestinationCause::NoAnswer, "Waiting: "),
        DestinationError::Full(_) => (DestinationCause::Full, "Waiting for room: "),
        DestinationError::Storage(_) => (DestinationCause::Storage, "Waiting: "),
        DestinationError::Denied { .. } => (DestinationCause::Credential, ""),
        DestinationError::NoContainer(_) => (DestinationCause::NoContainer, ""),
        DestinationError::Permanent(_) => (DestinationCause::Refusal, ""),
        DestinationError::WrongPlace(_) => (DestinationCause::WrongPlace, ""),
        DestinationError::NotSetUp(_) => (DestinationCause::NotSetUp, ""),
        DestinationError::Busy { .. } | DestinationError::ChunkDamaged(_) | DestinationError::SpoolDamaged(_) => {
            (DestinationCause::Busy, "Waiting: ")
        }
    }
}

/// What is said if a person must act before anything can go on.
fn refusal(name: &DestinationName, error: &DestinationError) -> Option<String> {
    match error {
        DestinationError::Denied { code, credential } => {
            Some(format!("Refused by {name} ({code}): check credential {credential}."))
        }
        DestinationError::WrongPlace(wrong) => Some(format!("{name}: {wrong}.")),
        DestinationError::NotSetUp(why) => Some(format!("Not set up: {why}.")),
        DestinationError::Permanent(why) => Some(format!("{name} refuses: {why}.")),
        DestinationError::NoContainer(_) => Some(format!("{name} refuses: {error}.")),
        _ => None,
    }
}

/// What to do about it, once it has lasted.
const fn advice(cause: DestinationCause) -> &'static str {
    match cause {
        DestinationCause::Network => "Look at this station's network and at the destination's address.",
        DestinationCause::NoAnswer => "Look at the server behind it, and mount a share again.",
        DestinationCause::Busy => "Ask who runs it.",
        DestinationCause::Full => "Make room there.",
        DestinationCause::Storage => "Look at its disk or its share.",
        DestinationCause::Credential => "Check the credential and what it allows.",
        DestinationCause::NotSetUp => "See what it lacks.",
        DestinationCause::WrongPlace => "Bring back the place that was enrolled.",
        DestinationCause::NoContainer => "Create it, or correct the configuration.",
        DestinationCause::Refusal | DestinationCause::Segments => "Look at what is said of it.",
    }
}

/// `3 segments of camera A (why), 1 segment of camera B (why)`
fn those(put_off: &[PutOffSnapshot]) -> String {
    const NAMED: usize = 3;
    let each = put_off.iter().take(NAMED).map(|PutOffSnapshot { camera, segments, error, .. }| {
        format!("{} of camera {camera} ({error})", counted(*segments, "segment"))
    });
    let each: Vec<_> = each.collect();
    let more = put_off.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(", and of {}", counted(more as u64, "other camera")) } else { String::new() };
    format!("{}{more}", each.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CameraSerial;
    use tokio::time::Instant;

    const NOW: Moment = Moment::from_millis(1_800_000_000_000);

    fn since() -> Since {
        Since { instant: Instant::now(), moment: NOW }
    }

    fn place() -> DestinationName {
        DestinationName::new("nas").unwrap()
    }

    fn ill(error: &DestinationError, waited: Duration) -> DestinationSnapshot {
        let again_at = NOW.plus(Duration::from_mins(15));
        snapshot(&place(), &Doing::Ill { error, since: since(), again_at }, waited, Vec::new())
    }

    fn put_off(error: &str) -> Vec<PutOffSnapshot> {
        let camera = CameraSerial::new("BWC-1").unwrap();
        vec![PutOffSnapshot { camera, segments: 3, since: NOW, error: error.to_owned() }]
    }

    #[test]
    fn only_what_is_the_networks_is_called_the_networks() {
        for (error, cause) in [
            (DestinationError::Unreachable("x".to_owned()), DestinationCause::Network),
            (DestinationError::NoAnswer(Duration::from_secs(40)), DestinationCause::NoAnswer),
            (DestinationError::Storage("folder /n: EIO".to_owned()), DestinationCause::Storage),
            (DestinationError::Full("folder /n".to_owned()), DestinationCause::Full),
        ] {
            let shown = ill(&error, Duration::ZERO);
            assert_eq!((shown.state, shown.cause), (DestinationState::Waiting, Some(cause)), "{error}");
            assert_eq!(shown.message.contains("network"), cause == DestinationCause::Network, "{}", shown.message);
            assert!(shown.message.ends_with("Uploads go on by themselves."), "{}", shown.message);
        }
    }

    #[test]
    fn what_has_waited_for_an_hour_is_overdue_and_says_what_to_do() {
        let error = DestinationError::Unreachable("x".to_owned());
        assert_eq!(ill(&error, Duration::from_secs(3_599)).state, DestinationState::Waiting);
        let shown = ill(&error, OVERDUE);
        assert_eq!(shown.state, DestinationState::Overdue);
        assert!(shown.message.contains("Look at this station's network"), "{}", shown.message);
        assert_eq!(shown.since, Some(NOW));
    }

    #[test]
    fn until_when_a_busy_place_is_left_alone_is_shown() {
        let error = DestinationError::Busy { message: "503".to_owned(), retry_after: Some(Duration::MAX) };
        let shown = ill(&error, Duration::ZERO);
        assert_eq!(shown.again_at, Some(NOW.plus(Duration::from_mins(15))));
        assert!(shown.message.contains("tried again at 2027-01-15T08:15:00Z"), "{}", shown.message);
    }

    #[test]
    fn a_few_that_fail_do_not_make_a_place_ill_but_are_named() {
        let doing = Doing::TakesOthers { since: since() };
        let shown = snapshot(&place(), &doing, Duration::from_mins(5), put_off("folder /n: File too large"));
        assert_eq!(shown.state, DestinationState::Ok);
        assert!(shown.message.contains("3 segments of camera BWC-1 (folder /n: File too large)"), "{}", shown.message);
        let shown = snapshot(&place(), &doing, OVERDUE, put_off("x"));
        assert_eq!((shown.state, shown.cause), (DestinationState::Overdue, Some(DestinationCause::Segments)));
    }

    #[test]
    fn a_place_that_answers_and_takes_nothing_is_not_ok() {
        let error = DestinationError::Full("folder /n".to_owned());
        let doing = Doing::TakesNothing { error: Some(&error), since: since() };
        let shown = snapshot(&place(), &doing, Duration::from_mins(5), put_off("folder /n is full: make room there"));
        assert_eq!((shown.state, shown.cause), (DestinationState::Waiting, Some(DestinationCause::Full)));
        let error = DestinationError::Denied { code: "403".to_owned(), credential: "x".to_owned() };
        let doing = Doing::TakesNothing { error: Some(&error), since: since() };
        assert_eq!(snapshot(&place(), &doing, Duration::ZERO, put_off("403")).state, DestinationState::Refused);
    }
}
