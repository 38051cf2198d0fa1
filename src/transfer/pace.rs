//! How fast to go on after a failure: plain arithmetic, no waiting.

use std::time::Duration;

use crate::cloud::DestinationError;

/// The first wait after a failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait for a destination that cannot be reached: short enough that a station catches up soon after its
/// network is back, long enough that hundreds of stations do not hammer a cloud that is struggling.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// The wait after a refused credential: a person must act first, and a storm of refusals looks like an attack.
const REFUSED_WAIT: Duration = Duration::from_mins(5);
/// The longest wait that a destination can ask for, and the longest of a segment that fails by itself. Whoever asks for more
/// may be a proxy or a mistake, and nothing may wait for long without being tried.
const LONGEST_ASKED_FOR: Duration = Duration::from_mins(15);
/// The wait for a destination that is not set up: nobody is asked, it is only looked at whether it is set up by now.
const NOT_SET_UP_WAIT: Duration = Duration::from_secs(5);

/// The wait for the place that was enrolled: a share is mounted sooner or later, or a person enrols it, and to look costs little.
const WRONG_PLACE_WAIT: Duration = Duration::from_secs(10);

/// How long everything for a destination waits that is not well, after the `failures`-th failure in a row.
pub(super) fn place_rests(error: &DestinationError, failures: u32) -> Duration {
    match error {
        DestinationError::NotSetUp(_) => NOT_SET_UP_WAIT,
        DestinationError::WrongPlace(_) => jitter(WRONG_PLACE_WAIT),
        _ => own_wait(error).max(backoff(failures)),
    }
}

/// How long a segment waits that failed by itself for the `failures`-th time.
pub(super) fn segment_rests(error: Option<&DestinationError>, failures: u32) -> Duration {
    error.map(own_wait).unwrap_or_default().max(doubling(failures, LONGEST_ASKED_FOR))
}

/// How long to wait after the `failures`-th failure in a row.
#[must_use]
pub fn backoff(failures: u32) -> Duration {
    doubling(failures, LONGEST_WAIT)
}

/// What the failure itself asks for.
fn own_wait(error: &DestinationError) -> Duration {
    match error {
        DestinationError::Busy { retry_after: Some(wish), .. } => (*wish).min(LONGEST_ASKED_FOR),
        DestinationError::Denied { .. } | DestinationError::NoContainer(_) | DestinationError::Permanent(_) => {
            jitter(REFUSED_WAIT)
        }
        _ => Duration::ZERO,
    }
}

fn doubling(failures: u32, longest: Duration) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    jitter(doubled.min(longest))
}

/// Between half of it and all of it, so that stations that failed together do not come back together.
fn jitter(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(seconds: u64) -> DestinationError {
        DestinationError::Busy { message: String::new(), retry_after: Some(Duration::from_secs(seconds)) }
    }

    #[test]
    fn waits_double_up_to_a_minute() {
        for (failures, longest) in [(1, 1), (2, 2), (4, 8), (7, 60), (1000, 60)] {
            let wait = backoff(failures);
            let longest = Duration::from_secs(longest);
            assert!(wait <= longest && wait >= longest / 2, "failure {failures}: {wait:?}");
        }
    }

    #[test]
    fn a_destination_that_asks_for_patience_gets_it() {
        assert_eq!(place_rests(&busy(500), 1), Duration::from_secs(500));
        assert_eq!(segment_rests(Some(&busy(500)), 1), Duration::from_secs(500));
    }

    #[test]
    fn nobody_can_ask_for_more_patience_than_a_quarter_of_an_hour() {
        for seconds in [86_400, u64::MAX] {
            assert_eq!(place_rests(&busy(seconds), 1), Duration::from_mins(15));
            assert_eq!(segment_rests(Some(&busy(seconds)), 1000), Duration::from_mins(15));
        }
    }

    #[test]
    fn a_segment_that_fails_by_itself_is_tried_more_and_more_rarely_but_always_again() {
        let waits: Vec<Duration> = (1..40).map(|failures| segment_rests(None, failures)).collect();
        assert!(waits[0] <= Duration::from_secs(1) && waits[8] >= Duration::from_mins(2), "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= Duration::from_mins(15)), "{waits:?}");
    }

    #[test]
    fn a_refused_credential_is_not_tried_again_soon() {
        let error = DestinationError::Denied { code: "403".to_owned(), credential: "x".to_owned() };
        assert!(place_rests(&error, 1) >= REFUSED_WAIT / 2);
    }
}
