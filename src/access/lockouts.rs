//! Whoever fails too often is not listened to for a while.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// So long somebody is not listened to, and so long a failure counts.
pub const STANDSTILL: Duration = Duration::from_mins(10);

/// So many are remembered. Beyond that, whoever fails for the first time takes the place of one who waits for nothing.
const MOST: usize = 1_000;

/// How often each has failed of late.
#[derive(Debug)]
pub struct Lockouts<K> {
    allowed: u32,
    failures: HashMap<K, Failures>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    times: u32,
    last: Instant,
}

/// What a failure means for whoever failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standstill {
    /// They may try again.
    No,
    /// From now on they are not listened to.
    Begins,
}

impl<K: Eq + Hash + Clone> Lockouts<K> {
    /// The `allowed`th failure within [`STANDSTILL`] is the last one for so long.
    #[must_use]
    pub fn after(allowed: u32) -> Self {
        Self { allowed, failures: HashMap::new() }
    }

    /// How long they are not listened to from now on; nothing, if they are.
    pub fn left(&mut self, key: &K, now: Instant) -> Option<Duration> {
        let failures = self.failures.get(key)?;
        let left = STANDSTILL.checked_sub(now.duration_since(failures.last))?;
        (failures.times >= self.allowed && !left.is_zero()).then_some(left)
    }

    /// They failed.
    pub fn failed(&mut self, key: &K, now: Instant) -> Standstill {
        let recent = |failures: &Failures| now.duration_since(failures.last) < STANDSTILL;
        if !self.failures.contains_key(key) && self.failures.len() >= MOST {
            self.failures.retain(|_, failures| recent(failures));
            self.make_room();
        }
        let failures = self.failures.entry(key.clone()).or_insert(Failures { times: 0, last: now });
        failures.times = if recent(failures) { failures.times.saturating_add(1) } else { 1 };
        failures.last = now;
        if failures.times == self.allowed { Standstill::Begins } else { Standstill::No }
    }

    /// They did not fail; what was before is forgotten.
    pub fn succeeded(&mut self, key: &K) {
        self.failures.remove(key);
    }

    /// Forgets somebody, rather one who may try again than one who may not.
    fn make_room(&mut self) {
        while self.failures.len() >= MOST {
            let first =
                self.failures.iter().min_by_key(|(_, failures)| (failures.times >= self.allowed, failures.last));
            let Some(key) = first.map(|(key, _)| key.clone()) else { return };
            self.failures.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn the_fifth_failure_is_the_last_one_for_ten_minutes() {
        let (mut lockouts, now) = (Lockouts::after(5), Instant::now());
        let failures: Vec<_> = (0..5).map(|_| lockouts.failed(&"sam", now)).collect();
        assert_eq!(failures[3..], [Standstill::No, Standstill::Begins]);
        assert_eq!(lockouts.left(&"sam", now + 9 * MINUTE), Some(MINUTE));
        assert_eq!(lockouts.left(&"sam", now + 10 * MINUTE), None, "then they are heard again");
        assert_eq!(lockouts.left(&"kim", now), None, "and others all the time");
    }

    #[tokio::test(start_paused = true)]
    async fn failures_of_long_ago_and_before_a_success_do_not_count() {
        let (mut lockouts, now) = (Lockouts::after(2), Instant::now());
        lockouts.failed(&1, now);
        assert_eq!(lockouts.failed(&1, now + 10 * MINUTE), Standstill::No, "the first one is forgotten");
        lockouts.succeeded(&1);
        assert_eq!(lockouts.failed(&1, now + 11 * MINUTE), Standstill::No);
    }

    #[tokio::test(start_paused = true)]
    async fn any_number_of_those_who_fail_once_frees_nobody_who_waits_and_takes_no_more_room() {
        let (mut lockouts, now) = (Lockouts::after(2), Instant::now());
        lockouts.failed(&0, now);
        lockouts.failed(&0, now);
        for other in 1..5_000 {
            lockouts.failed(&other, now);
        }
        assert!(lockouts.left(&0, now).is_some());
        assert!(lockouts.failures.len() <= MOST);
    }
}
