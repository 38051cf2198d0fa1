//! How a destination is doing: a plain function of what the uploader knows, so that it can be read and tested as
//! a table.

use std::time::Duration;

use super::troubles::Since;
use crate::cloud::DestinationError;
use crate::domain::{
    DestinationCause, DestinationName, DestinationNotice, DestinationSnapshot, DestinationState, Moment, Notice, PutOff,
};

/// What has waited for so long is a matter for a person, even if camdock goes on trying.
pub const OVERDUE: Duration = Duration::from_hours(1);
/// Of so many cameras it is told what does not get through; of the others, that there are some.
const NAMED: usize = 3;

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

/// What is to be told of it. `waited` is how long whatever waits has been waiting.
pub(super) fn snapshot(
    name: &DestinationName,
    doing: &Doing<'_>,
    waited: Duration,
    put_off: Vec<PutOff>,
) -> DestinationSnapshot {
    let named = || put_off.iter().take(NAMED).cloned().map(Notice::PutOff).collect();
    let more = put_off.len().saturating_sub(NAMED) as u64;
    let (mut notice, since, again_at) = match doing {
        Doing::Unasked => (DestinationNotice::Unasked, None, None),
        Doing::Well => (DestinationNotice::Well, None, None),
        Doing::Ill { error, since, again_at } => (told(name, error, *again_at), Some(since.moment), Some(*again_at)),
        Doing::TakesNothing { error, since } => {
            let like = error.map(|error| told(name, error, since.moment));
            let state = like.as_ref().map_or(DestinationState::Waiting, DestinationNotice::state);
            let cause = like.and_then(|like| like.cause()).unwrap_or(DestinationCause::Segments);
            (DestinationNotice::TakesNothing { state, cause, put_off: named(), more }, Some(since.moment), None)
        }
        Doing::TakesOthers { since } => {
            (DestinationNotice::TakesOthers { put_off: named(), more }, Some(since.moment), None)
        }
    };
    if waited >= OVERDUE
        && let Some(cause) = notice.cause()
        && !matches!(notice.state(), DestinationState::Refused | DestinationState::Attention)
    {
        notice = DestinationNotice::Overdue { destination: Box::new(notice.into()), cause };
    }
    DestinationSnapshot { notice, since, again_at, put_off, ..DestinationSnapshot::unasked(name.clone()) }
}

/// What an error says of the place as a whole.
fn told(name: &DestinationName, error: &DestinationError, again_at: Moment) -> DestinationNotice {
    let (name, waits) = (name.clone(), |cause| DestinationNotice::Waiting { cause, error: error.to_string() });
    match error {
        DestinationError::Unreachable(_) => waits(DestinationCause::Network),
        DestinationError::NoConnection(trouble) => {
            DestinationNotice::NoConnection { trouble: Box::new(trouble.clone().into()), cause: trouble.into() }
        }
        DestinationError::NoAnswer(_) => waits(DestinationCause::NoAnswer),
        DestinationError::Full(_) => waits(DestinationCause::Full),
        DestinationError::Storage(_) => waits(DestinationCause::Storage),
        DestinationError::Busy { retry_after: Some(_), .. } => {
            DestinationNotice::LeftAlone { cause: DestinationCause::Busy, error: error.to_string(), at: again_at }
        }
        DestinationError::Busy { .. } | DestinationError::ChunkDamaged(_) | DestinationError::SpoolDamaged(_) => {
            waits(DestinationCause::Busy)
        }
        DestinationError::Denied { code, credential } => {
            DestinationNotice::Denied { name, code: code.clone(), credential: credential.clone() }
        }
        DestinationError::NoContainer(_) => DestinationNotice::NoContainer { name, error: error.to_string() },
        DestinationError::Unprotected(why) => DestinationNotice::Unprotected { name, why: why.clone() },
        DestinationError::Permanent(why) => DestinationNotice::Refuses { name, error: why.clone() },
        DestinationError::WrongPlace(wrong) => DestinationNotice::WrongPlace { name, why: wrong.to_string() },
        DestinationError::NotSetUp(why) => DestinationNotice::NotSetUp { why: why.clone() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CameraSerial;
    use crate::words::Words;
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

    fn put_off(error: &str) -> Vec<PutOff> {
        let camera = CameraSerial::new("BWC-1").unwrap();
        vec![PutOff { camera, segments: 3, since: NOW, error: error.to_owned() }]
    }

    fn english(shown: &DestinationSnapshot) -> String {
        Words::english().say(shown.notice.clone())
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
            assert_eq!((shown.state(), shown.cause()), (DestinationState::Waiting, Some(cause)), "{error}");
            let said = english(&shown);
            assert_eq!(said.contains("network"), cause == DestinationCause::Network, "{said}");
            assert!(said.ends_with("Uploads go on by themselves."), "{said}");
        }
    }

    #[test]
    fn what_has_waited_for_an_hour_is_overdue_and_says_what_to_do() {
        let error = DestinationError::Unreachable("x".to_owned());
        assert_eq!(ill(&error, Duration::from_secs(3_599)).state(), DestinationState::Waiting);
        let shown = ill(&error, OVERDUE);
        assert_eq!(shown.state(), DestinationState::Overdue);
        assert!(english(&shown).contains("Look at this station's network"), "{}", english(&shown));
        assert_eq!(shown.since, Some(NOW));
    }

    #[test]
    fn until_when_a_busy_place_is_left_alone_is_shown() {
        let error = DestinationError::Busy { message: "503".to_owned(), retry_after: Some(Duration::MAX) };
        let shown = ill(&error, Duration::ZERO);
        assert_eq!(shown.again_at, Some(NOW.plus(Duration::from_mins(15))));
        assert!(english(&shown).contains("tried again at 2027-01-15T08:15:00Z"), "{}", english(&shown));
    }

    #[test]
    fn a_few_that_fail_do_not_make_a_place_ill_but_are_named() {
        let doing = Doing::TakesOthers { since: since() };
        let shown = snapshot(&place(), &doing, Duration::from_mins(5), put_off("folder /n: File too large"));
        assert_eq!(shown.state(), DestinationState::Ok);
        let said = english(&shown);
        assert!(said.contains("but 3 segments of camera BWC-1 (folder /n: File too large). camdock"), "{said}");
        let shown = snapshot(&place(), &doing, OVERDUE, put_off("x"));
        assert_eq!((shown.state(), shown.cause()), (DestinationState::Overdue, Some(DestinationCause::Segments)));
    }

    #[test]
    fn of_many_cameras_some_are_named_and_the_others_counted() {
        let all = (0..5).flat_map(|_| put_off("x")).collect();
        let said = english(&snapshot(&place(), &Doing::TakesOthers { since: since() }, Duration::ZERO, all));
        assert_eq!(said.matches("3 segments of camera BWC-1 (x)").count(), 3, "{said}");
        assert!(said.contains("BWC-1 (x), and of 2 other cameras. camdock"), "{said}");
    }

    #[test]
    fn a_place_that_answers_and_takes_nothing_is_not_ok() {
        let error = DestinationError::Full("folder /n".to_owned());
        let doing = Doing::TakesNothing { error: Some(&error), since: since() };
        let shown = snapshot(&place(), &doing, Duration::from_mins(5), put_off("folder /n is full: make room there"));
        assert_eq!((shown.state(), shown.cause()), (DestinationState::Waiting, Some(DestinationCause::Full)));
        let error = DestinationError::Denied { code: "403".to_owned(), credential: "x".to_owned() };
        let doing = Doing::TakesNothing { error: Some(&error), since: since() };
        assert_eq!(snapshot(&place(), &doing, Duration::ZERO, put_off("403")).state(), DestinationState::Refused);
    }
}
