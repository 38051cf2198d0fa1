//! How fast to go on after a destination failed: plain arithmetic, no waiting.

use std::time::Duration;

use crate::cloud::DestinationError;

/// The first wait after a failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait for a destination that cannot be reached: short enough that a station catches up soon after its
/// network is back, long enough that hundreds of stations do not hammer a cloud that is struggling.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// The wait after a refused credential: a person must act first, and a storm of refusals looks like an attack.
const REFUSED_WAIT: Duration = Duration::from_mins(5);
/// The wait for a destination that is not set up: nobody is asked, it is only looked at whether it is set up by now.
const NOT_SET_UP_WAIT: Duration = Duration::from_secs(5);

/// The wait for the place that was enrolled: a share is mounted sooner or later, or a person enrols it, and to look costs little.
const WRONG_PLACE_WAIT: Duration = Duration::from_secs(10);

/// What a failure means for the destination as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reaction {
    /// The destination cannot work now: everything for it waits.
    Wait(Duration),
    /// The destination refuses camdock as a whole: everything for it waits for a person, and is tried now and then.
    Refused(Duration),
    /// Only this segment is concerned.
    ThisSegment,
}

/// Judges a failure, the `failures`-th in a row.
pub(super) fn judge(error: &DestinationError, failures: u32) -> Reaction {
    match error {
        DestinationError::Unreachable(_) => Reaction::Wait(backoff(failures)),
        DestinationError::Busy { retry_after, .. } => {
            Reaction::Wait(backoff(failures).max(retry_after.unwrap_or_default()))
        }
        DestinationError::Denied { .. } | DestinationError::NoContainer(_) => Reaction::Refused(jitter(REFUSED_WAIT)),
        DestinationError::NotSetUp(_) => Reaction::Refused(NOT_SET_UP_WAIT),
        DestinationError::WrongPlace(_) => Reaction::Refused(jitter(WRONG_PLACE_WAIT)),
        DestinationError::ChunkDamaged(_) | DestinationError::SpoolDamaged(_) | DestinationError::Permanent(_) => {
            Reaction::ThisSegment
        }
    }
}

/// How long to wait after the `failures`-th failure in a row.
#[must_use]
pub fn backoff(failures: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    jitter(doubled.min(LONGEST_WAIT))
}

/// Between half of it and all of it, so that stations that failed together do not come back together.
fn jitter(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let error = DestinationError::Busy { message: String::new(), retry_after: Some(Duration::from_secs(500)) };
        assert_eq!(judge(&error, 1), Reaction::Wait(Duration::from_secs(500)));
    }

    #[test]
    fn a_refused_credential_is_not_tried_again_soon() {
        let error = DestinationError::Denied { code: "403".to_owned(), credential: "x".to_owned() };
        let Reaction::Refused(wait) = judge(&error, 1) else { panic!("not refused") };
        assert!(wait >= REFUSED_WAIT / 2);
    }
}
