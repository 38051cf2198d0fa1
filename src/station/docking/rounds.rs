//! When a camera that is ready is looked at again.
//!
//! Promises: what appears on it all the same is found within ten seconds. At first it is looked at often, since a camera may make files
//! of its own when it has been emptied; later seldom, and then together with all others that are ready, so that the machine wakes once.

use std::time::Duration;

use crate::domain::Moment;

/// So long after it became ready it is looked at as often as any other.
const AT_FIRST: Duration = Duration::from_secs(30);
/// Later in steps of this length, which are those of the wall clock, so that they are the same for all.
const STEP_MILLIS: u64 = 8_000;
/// Two looks are not closer together than this.
const APART: Duration = Duration::from_secs(1);

/// How long to wait before the next look, `often` being what is waited for elsewhere.
pub(super) fn pause(ready_for: Duration, now: Moment, often: Duration) -> Duration {
    if ready_for < AT_FIRST {
        return often;
    }
    let left = Duration::from_millis(STEP_MILLIS - now.millis().unsigned_abs() % STEP_MILLIS);
    if left < APART { left + Duration::from_millis(STEP_MILLIS) } else { left }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFTEN: Duration = Duration::from_secs(2);

    #[test]
    fn what_appears_is_found_within_ten_seconds_and_at_first_sooner() {
        for millis in 0..20_000 {
            let now = Moment::from_millis(1_700_000_000_000 + millis);
            assert_eq!(pause(AT_FIRST / 2, now, OFTEN), OFTEN);
            let pause = pause(AT_FIRST, now, OFTEN);
            assert!(pause >= APART && pause < Duration::from_secs(10), "{pause:?}");
        }
    }

    #[test]
    fn later_all_are_looked_at_together() {
        let began = 1_700_000_000_123;
        let next = |millis| {
            let pause = pause(Duration::from_mins(5), Moment::from_millis(millis), OFTEN);
            (millis + i64::try_from(pause.as_millis()).unwrap()) % 8_000
        };
        for millis in [began, began + 2_999, began + 6_500, began + 60_000] {
            assert_eq!(next(millis), 0);
        }
    }
}
