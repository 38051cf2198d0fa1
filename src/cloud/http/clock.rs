//! What time it is in a cloud.
//!
//! Promises: only answers of a place that has proven itself are listened to. What is learned serves to sign requests to that
//! place and is told to people; files and evidence are dated by the station's own clock, whatever it says.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::{AGE, DATE, HeaderMap};

use crate::cloud::answers::http_date;
use crate::domain::{Clock, ClockGap, Moment};

/// A date in an answer is of whole seconds, and has been on its way: two of them that differ by no more say the same.
const SAME: Duration = Duration::from_secs(2);

/// The clock of a place, as far as its answers tell.
pub struct CloudClock {
    own: Arc<dyn Clock>,
    /// By how much the place's clock is ahead of the station's, in milliseconds; nothing before the first answer.
    ahead: RwLock<Option<i64>>,
}

impl CloudClock {
    pub(super) fn new(own: Arc<dyn Clock>) -> Self {
        Self { own, ahead: RwLock::new(None) }
    }

    /// What to sign with: the station's own time, unless the place is known to have another.
    #[must_use]
    pub fn now(&self) -> Moment {
        let here = self.own.now();
        self.gap().map_or(here, |gap| gap.there(here))
    }

    /// By how much the place's clock and the station's are apart, if that is worth a word.
    #[must_use]
    pub fn gap(&self) -> Option<ClockGap> {
        ClockGap::of(self.ahead()?)
    }

    /// Whether a request that was signed by `signed` would be signed otherwise now.
    #[must_use]
    pub fn says_otherwise(&self, signed: Moment) -> bool {
        let now = self.now();
        ClockGap::between(signed, now).is_some()
    }

    /// Listens to an answer.
    pub(super) fn listen(&self, headers: &HeaderMap) {
        // What somebody on the way has kept for a while is of no time at all.
        if headers.contains_key(AGE) {
            return;
        }
        let date = headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?));
        let Some(date) = date else { return };
        let there = date.unix_timestamp().saturating_mul(1_000);
        let ahead = there.saturating_sub(self.own.now().millis());
        let same = |known: i64| u128::from(known.abs_diff(ahead)) <= SAME.as_millis();
        if !self.ahead().is_some_and(same) {
            *self.ahead.write().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
        }
    }

    fn ahead(&self) -> Option<i64> {
        *self.ahead.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// 2015-06-26T23:39:12Z.
    const THERE: (&str, i64) = ("Fri, 26 Jun 2015 23:39:12 GMT", 1_435_361_952_000);

    struct Own(AtomicI64);

    impl Clock for Own {
        fn now(&self) -> Moment {
            Moment::from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    fn heard(clock: &CloudClock, headers: &[(&'static str, &str)]) {
        clock.listen(&headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect());
    }

    #[test]
    fn a_request_is_signed_with_the_time_of_the_place_and_with_ours_once_it_is_right() {
        let own = Arc::new(Own(AtomicI64::new(THERE.1 - 3_600_000)));
        let clock = CloudClock::new(Arc::clone(&own) as Arc<dyn Clock>);
        let before = clock.now();
        assert_eq!((before.millis(), clock.gap()), (THERE.1 - 3_600_000, None), "nobody has told another");
        heard(&clock, &[("date", THERE.0)]);
        assert_eq!(clock.now().millis(), THERE.1);
        assert_eq!(clock.gap().unwrap().to_string(), "1 h 0 min behind");
        assert!(clock.says_otherwise(before));
        own.0.store(THERE.1 + 999, Ordering::Relaxed);
        heard(&clock, &[("date", THERE.0)]);
        assert_eq!((clock.now().millis(), clock.gap()), (THERE.1 + 999, None), "somebody has set it");
    }

    #[test]
    fn what_tells_no_time_is_not_listened_to() {
        let clock = CloudClock::new(Arc::new(Own(AtomicI64::new(0))));
        for headers in [&[("age", "7"), ("date", THERE.0)][..], &[("date", "today")], &[("server", "x")]] {
            heard(&clock, headers);
            assert_eq!(clock.gap(), None, "{headers:?}");
        }
    }
}
