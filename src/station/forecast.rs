//! When it will be done.
//!
//! Promises:
//! - It is told from what was seen alone: when how many bytes had come to be proven, and how many are to go.
//! - A range is told, as wide as the pace was uneven; and nothing, while too little was seen or once nothing has moved for long.
//! - A plain function of moments and numbers. What is told is no more exact than a minute.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{
    BayName, BaySnapshot, BayState, ByteCount, CameraSerial, DestinationName, Expected, Moment, Snapshot,
};

/// A pace is known from so many moments on.
const ENOUGH: usize = 4;
/// And from this much time on.
const LONG_ENOUGH: Duration = Duration::from_secs(20);
/// What was before does not tell how it is now.
const LATELY: Duration = Duration::from_mins(30);
/// So many moments are remembered.
const MOST: usize = 64;
/// When nothing has moved for this long, and for three times as long as ever lately, nobody knows.
const STALLED: Duration = Duration::from_mins(2);

/// What has been seen of a station's progress.
#[derive(Debug, Default)]
pub(super) struct Forecast {
    destinations: BTreeMap<DestinationName, Course>,
    bays: BTreeMap<BayName, (CameraSerial, Course)>,
}

impl Forecast {
    /// Takes in what is so now, and says in it when it will be done.
    pub(super) fn tell(
        &mut self,
        shown: &mut Snapshot,
        required: &BTreeSet<DestinationName>,
        (at, now): (Instant, Moment),
    ) {
        let mut bays = BTreeMap::new();
        let mut on_cameras = ByteCount::default();
        for bay in shown.bays.iter_mut().filter(|bay| is_at_work(bay)) {
            let Some(camera) = bay.camera.clone() else { continue };
            let known = self.bays.remove(&bay.name).filter(|(before, _)| *before == camera);
            let mut course = known.map(|(_, course)| course).unwrap_or_default();
            course.see(at, bay.bytes_uploaded.get());
            let left = bay.bytes_total.saturating_sub(bay.bytes_uploaded);
            on_cameras += left;
            bay.expected = course.expected((left, left), at, now);
            bays.insert(bay.name.clone(), (camera, course));
        }
        self.bays = bays;
        // Some of what is on the cameras is in the queue already.
        let with_cameras = |queued: ByteCount| (queued.max(on_cameras), queued + on_cameras);
        let left = with_cameras(shown.queue.bytes);
        let nothing = ByteCount::default();
        if left.1 == nothing && shown.destinations.iter().all(|place| place.backlog.bytes == nothing) {
            self.destinations.clear();
            return;
        }
        let places: BTreeSet<_> = shown.destinations.iter().map(|place| &place.name).chain(required).cloned().collect();
        for name in places {
            let proven = shown.counters.proven.get(&name).map_or(0, |copies| copies.bytes.get());
            self.destinations.entry(name).or_default().see(at, proven);
        }
        let expected = |name: &DestinationName, left: (ByteCount, ByteCount)| match left.1 {
            nothing if nothing == ByteCount::default() => None,
            _ => self.destinations.get(name).and_then(|course| course.expected(left, at, now)),
        };
        for place in &mut shown.destinations {
            place.clear = expected(&place.name, with_cameras(place.backlog.bytes));
        }
        let each = required.iter().map(|name| expected(name, left));
        // Where nobody can tell of one, nobody can of all.
        let all: Option<Vec<Expected>> = each.collect();
        shown.queue.clear = all.and_then(|all| all.into_iter().reduce(Expected::and));
    }
}

const fn is_at_work(bay: &BaySnapshot) -> bool {
    matches!(bay.state(), BayState::Offloading | BayState::Uploading | BayState::Wiping)
}

/// How far something had come, and when.
#[derive(Debug, Default)]
struct Course {
    points: VecDeque<(Instant, u64)>,
}

impl Course {
    /// It has come so far. Less than before is a new beginning.
    fn see(&mut self, at: Instant, bytes: u64) {
        match self.points.back() {
            Some((_, before)) if bytes < *before => self.points.clear(),
            Some((_, before)) if bytes == *before => return,
            Some(_) | None => {}
        }
        self.points.push_back((at, bytes));
        let is_old = |(then, _): &(Instant, u64)| at.duration_since(*then) > LATELY;
        while self.points.front().is_some_and(is_old) && self.points.len() > 2 {
            self.points.pop_front();
        }
        if self.points.len() > MOST {
            self.thin_out();
        }
    }

    /// Forgets every other moment, less the latest.
    fn thin_out(&mut self) {
        let last = self.points.len() - 1;
        let kept = self.points.iter().enumerate().filter(|(place, _)| place % 2 == 0 || *place == last);
        self.points = kept.map(|(_, point)| *point).collect();
    }

    /// When so much more is done, at the least and at the most.
    fn expected(&self, (least, most): (ByteCount, ByteCount), at: Instant, now: Moment) -> Option<Expected> {
        let Paces { fast, slow } = self.paces(at)?;
        let earliest = now.plus(fast.time_for(least.get())).minute();
        let latest = now.plus(slow.time_for(most.get())).minute().plus(Duration::from_mins(1));
        Some(Expected { earliest, latest })
    }

    fn paces(&self, now: Instant) -> Option<Paces> {
        let (first, last) = (*self.points.front()?, *self.points.back()?);
        if self.points.len() < ENOUGH || last.0.duration_since(first.0) < LONG_ENOUGH {
            return None;
        }
        let each = self.points.iter().zip(self.points.iter().skip(1));
        let longest = each.map(|(one, next)| next.0.duration_since(one.0)).max()?;
        let silence = now.duration_since(last.0);
        if silence > STALLED && silence > longest * 3 {
            return None;
        }
        let middle = self.points[self.points.len() / 2];
        let mut paces = vec![Pace::between(first, last), Pace::between(first, middle), Pace::between(middle, last)];
        if silence > longest {
            paces.push(Pace::between(first, (now, last.1)));
        }
        Some(Paces { fast: *paces.iter().max()?, slow: *paces.iter().min()? })
    }
}

/// The paces that were seen lately.
struct Paces {
    fast: Pace,
    slow: Pace,
}

/// So many bytes, never none, in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    bytes: u64,
    took: Duration,
}

impl Pace {
    fn between((from, done): (Instant, u64), (to, more): (Instant, u64)) -> Self {
        Self { bytes: (more - done).max(1), took: to.duration_since(from).max(Duration::from_millis(1)) }
    }

    /// How long it takes for so many bytes; a year at most.
    fn time_for(self, bytes: u64) -> Duration {
        const YEAR: u64 = 365 * 24 * 3_600_000;
        let millis = self.took.as_millis() * u128::from(bytes) / u128::from(self.bytes);
        Duration::from_millis(u64::try_from(millis).unwrap_or(YEAR).min(YEAR))
    }
}

impl Ord for Pace {
    /// The faster is the greater.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let of = |one: &Self, other: &Self| u128::from(one.bytes) * other.took.as_millis();
        of(self, other).cmp(&of(other, self))
    }
}

impl PartialOrd for Pace {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests;
