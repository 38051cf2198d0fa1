//! When a camera that is ready is looked at again.
//!
//! Promises: what appears on it all the same is found within ten seconds, unless looking itself takes so long that it would become the
//! main work. At first it is looked at often, since a camera may make files of its own when it has been emptied; later seldom, and then
//! together with all others that are ready, so that the machine wakes once.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::Moment;

/// So long after it became ready it is looked at as often as any other.
const AT_FIRST: Duration = Duration::from_secs(30);
/// Later in steps of this length, which are those of the wall clock, so that they are the same for all.
const STEP_MILLIS: u64 = 8_000;
/// Two looks are not closer together than this.
const APART: Duration = Duration::from_secs(1);

/// The looks at a camera since it is ready.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    since: Option<Instant>,
}

impl Rounds {
    /// Whether the camera was ready when it was looked at last.
    pub(super) const fn go_on(&self) -> bool {
        self.since.is_some()
    }

    /// There is something to do for the camera again.
    pub(super) const fn end(&mut self) {
        self.since = None;
    }

    /// How long to wait before the next look at a camera that is ready, `often` being what is waited for elsewhere.
    pub(super) fn pause(&mut self, now: Moment, often: Duration) -> Duration {
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() < AT_FIRST {
            return often;
        }
        let left = Duration::from_millis(STEP_MILLIS - now.millis().unsigned_abs() % STEP_MILLIS);
        if left < APART { left + Duration::from_millis(STEP_MILLIS) } else { left }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const OFTEN: Duration = Duration::from_secs(2);
    const NOW: i64 = 1_700_000_000_123;

    /// The next pause of one that is ready for so long.
    async fn pause(ready_for: Duration, now: i64) -> Duration {
        let mut rounds = Rounds::default();
        rounds.pause(Moment::from_millis(now), OFTEN);
        advance(ready_for).await;
        rounds.pause(Moment::from_millis(now), OFTEN)
    }

    #[tokio::test(start_paused = true)]
    async fn what_appears_is_found_within_ten_seconds_and_at_first_sooner() {
        for now in (NOW..NOW + 20_000).step_by(50) {
            assert_eq!(pause(AT_FIRST / 2, now).await, OFTEN);
            let pause = pause(AT_FIRST, now).await;
            assert!(pause >= APART && pause < Duration::from_secs(10), "{pause:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn later_all_are_looked_at_together() {
        for now in [NOW, NOW + 2_999, NOW + 6_500, NOW + 60_000] {
            let pause = pause(Duration::from_mins(5), now).await;
            assert_eq!((now + i64::try_from(pause.as_millis()).unwrap()) % 8_000, 0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_made_a_file_of_its_own_is_looked_at_often_again() {
        let (mut rounds, now) = (Rounds::default(), Moment::from_millis(NOW));
        assert!(!rounds.go_on());
        rounds.pause(now, OFTEN);
        advance(AT_FIRST).await;
        assert!(rounds.go_on() && rounds.pause(now, OFTEN) > OFTEN);
        rounds.end();
        assert!(!rounds.go_on());
        assert_eq!(rounds.pause(now, OFTEN), OFTEN);
    }
}
