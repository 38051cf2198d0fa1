//! What fails at a destination that is well: which segments, whose they are, how often and since when. Plain bookkeeping;
//! nothing here waits or asks.
//!
//! Promises: a segment that fails gives way to the others, and so does a camera of which nothing gets through. No segment
//! becomes a matter for a person before there is evidence that the trouble is its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::pace;
use crate::cloud::DestinationError;
use crate::domain::{CameraSerial, Moment, PutOff};

/// So many segments of one camera may fail in a row before the camera as a whole is tried one segment at a time: its
/// folder at the destination may be at fault, and the other cameras' segments are not to wait behind all of its own.
const TOLERATED: u32 = 2;

/// A segment that is due, but not tried, is told again after so long.
const TOLD_AGAIN: Duration = Duration::from_mins(1);

/// How long a segment that fails by itself is tried before it becomes a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Persistence {
    /// So often at least.
    pub attempts: u32,
    /// For so long at least.
    pub lasting: Duration,
}

impl Persistence {
    /// What stations have. A lock, a lease, a partition that is being moved or a night's maintenance ends within six
    /// hours, and whoever works at a station then may still be the one who knows what was changed; ten attempts are more
    /// than a line drops in a row. People are told after an hour already; only camdock's own attempts end here.
    pub const OF_A_STATION: Self = Self { attempts: 10, lasting: Duration::from_hours(6) };
}

/// Since when, for reckoning and for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Since {
    pub(super) instant: Instant,
    pub(super) moment: Moment,
}

/// What is to be done about a segment that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// It is tried again by itself.
    TryAgain,
    /// It is a matter for a person.
    AskSomebody,
}

#[derive(Debug)]
struct Trouble {
    camera: CameraSerial,
    failures: u32,
    since: Since,
    due: Instant,
    error: String,
    cause: Option<DestinationError>,
}

/// How one camera's segments fare.
#[derive(Debug, Default)]
struct Streak {
    /// So many failed since one got through.
    in_a_row: u32,
    /// Nothing of the camera is tried before.
    rests_until: Option<Instant>,
    /// Its segments in trouble, the one that has been longest first.
    segments: BTreeSet<(Instant, i64)>,
}

/// The segments that failed at a destination while it was well.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    segments: BTreeMap<i64, Trouble>,
    due: BTreeSet<(Instant, i64)>,
    /// Those that are not due yet; shared with whoever reads the queue.
    asleep: Arc<BTreeSet<i64>>,
    cameras: BTreeMap<CameraSerial, Streak>,
    last_success: Option<Instant>,
}

impl Troubles {
    /// A delivery failed by itself. `cause` is what the destination said, if it was asked.
    pub(super) fn failed(
        &mut self,
        seq: i64,
        camera: &CameraSerial,
        error: String,
        cause: Option<DestinationError>,
        now: Since,
        persistence: Persistence,
    ) -> Next {
        let earlier = self.remove(seq);
        let (failures, since) = earlier.map_or((1, now), |earlier| (earlier.failures.saturating_add(1), earlier.since));
        let due = now.instant + pace::segment_rests(cause.as_ref(), failures);
        let streak = self.cameras.entry(camera.clone()).or_default();
        streak.in_a_row = streak.in_a_row.saturating_add(1);
        streak.segments.insert((since.instant, seq));
        if streak.in_a_row > TOLERATED {
            streak.rests_until = Some(now.instant + pace::backoff(streak.in_a_row - TOLERATED));
        }
        self.due.insert((due, seq));
        Arc::make_mut(&mut self.asleep).insert(seq);
        self.segments.insert(seq, Trouble { camera: camera.clone(), failures, since, due, error, cause });

        // If many fail and nothing gets through, it may be the destination after all.
        let its_own = self.segments.len() == 1 || self.others_got_through(since.instant);
        let long_enough = now.instant.duration_since(since.instant) >= persistence.lasting;
        if failures >= persistence.attempts && long_enough && its_own { Next::AskSomebody } else { Next::TryAgain }
    }

    /// A delivery got through.
    pub(super) fn succeeded(&mut self, seq: i64, camera: &CameraSerial, now: Instant) {
        self.last_success = Some(now);
        self.forget(seq);
        if let Some(streak) = self.cameras.get_mut(camera) {
            (streak.in_a_row, streak.rests_until) = (0, None);
        }
        self.tidy(camera);
    }

    /// A segment is no longer to be sent.
    pub(super) fn forget(&mut self, seq: i64) {
        if let Some(trouble) = self.remove(seq) {
            self.tidy(&trouble.camera);
        }
    }

    fn remove(&mut self, seq: i64) -> Option<Trouble> {
        let trouble = self.segments.remove(&seq)?;
        self.due.remove(&(trouble.due, seq));
        Arc::make_mut(&mut self.asleep).remove(&seq);
        if let Some(streak) = self.cameras.get_mut(&trouble.camera) {
            streak.segments.remove(&(trouble.since.instant, seq));
        }
        Some(trouble)
    }

    fn tidy(&mut self, camera: &CameraSerial) {
        if self.cameras.get(camera).is_some_and(|streak| streak.in_a_row == 0 && streak.segments.is_empty()) {
            self.cameras.remove(camera);
        }
    }

    /// Segments that have become due by `now`; they are asleep no longer. One that is neither tried nor forgotten after that is
    /// told again later: it may have left the queue by another way.
    pub(super) fn wake(&mut self, now: Instant) -> Vec<i64> {
        let mut woken = Vec::new();
        while let Some((due, seq)) = self.due.first().copied()
            && due <= now
        {
            self.due.remove(&(due, seq));
            if let Some(trouble) = self.segments.get_mut(&seq) {
                trouble.due = now + TOLD_AGAIN;
                self.due.insert((trouble.due, seq));
            }
            Arc::make_mut(&mut self.asleep).remove(&seq);
            woken.push(seq);
        }
        woken
    }

    /// The segments that are not due yet.
    pub(super) fn asleep(&self) -> Arc<BTreeSet<i64>> {
        Arc::clone(&self.asleep)
    }

    /// The cameras of which nothing is tried now.
    pub(super) fn resting(&self, now: Instant) -> BTreeSet<CameraSerial> {
        let rests = |streak: &Streak| streak.rests_until.is_some_and(|until| until > now);
        self.cameras.iter().filter(|(_, streak)| rests(streak)).map(|(camera, _)| camera.clone()).collect()
    }

    /// The cameras of which one segment is tried at a time.
    pub(super) fn one_by_one(&self) -> BTreeSet<CameraSerial> {
        let careful = self.cameras.iter().filter(|(_, streak)| streak.in_a_row > TOLERATED);
        careful.map(|(camera, _)| camera.clone()).collect()
    }

    /// When something is to be tried that was not at `since`.
    pub(super) fn next_due(&self, since: Instant) -> Option<Instant> {
        let cameras = self.cameras.values().filter_map(|streak| streak.rests_until).filter(|until| *until > since);
        cameras.chain(self.due.first().map(|(due, _)| *due)).min()
    }

    /// Whether anything got through after `since`.
    fn others_got_through(&self, since: Instant) -> bool {
        self.last_success.is_some_and(|success| success >= since)
    }

    /// The segment that has been in trouble longest: since when, and what the destination says of it, if it was asked.
    pub(super) fn oldest(&self) -> Option<(Since, Option<&DestinationError>)> {
        let oldest = self.cameras.values().filter_map(|streak| streak.segments.first()).min()?;
        self.segments.get(&oldest.1).map(|trouble| (trouble.since, trouble.cause.as_ref()))
    }

    /// Whether something got through since the first of the segments failed.
    pub(super) fn are_exceptions(&self) -> bool {
        self.oldest().is_some_and(|(since, _)| self.others_got_through(since.instant))
    }

    /// Camera by camera, for people.
    pub(super) fn told(&self) -> Vec<PutOff> {
        let of_camera = |(camera, streak): (&CameraSerial, &Streak)| {
            let oldest = self.segments.get(&streak.segments.first()?.1)?;
            Some(PutOff {
                camera: camera.clone(),
                segments: streak.segments.len() as u64,
                since: oldest.since.moment,
                error: oldest.error.clone(),
            })
        };
        self.cameras.iter().filter_map(of_camera).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    struct Story {
        troubles: Troubles,
        now: Instant,
    }

    impl Story {
        fn new() -> Self {
            Self { troubles: Troubles::default(), now: Instant::now() }
        }

        fn fails(&mut self, seq: i64, camera: &str) -> Next {
            let now = Since { instant: self.now, moment: Moment::from_millis(0) };
            let camera = CameraSerial::new(camera).unwrap();
            let (error, persistence) = ("EFBIG".to_owned(), Persistence::OF_A_STATION);
            self.troubles.failed(seq, &camera, error, None, now, persistence)
        }

        fn gets_through(&mut self, seq: i64, camera: &str) {
            self.troubles.succeeded(seq, &CameraSerial::new(camera).unwrap(), self.now);
        }

        fn after(&mut self, time: Duration) {
            self.now += time;
        }

        fn resting(&self) -> usize {
            self.troubles.resting(self.now).len()
        }
    }

    #[test]
    fn neither_attempts_nor_hours_alone_make_a_problem() {
        let mut story = Story::new();
        for _ in 0..100 {
            assert_eq!(story.fails(1, "A"), Next::TryAgain, "often, but not for long");
        }
        let mut story = Story::new();
        for _ in 0..9 {
            assert_eq!(story.fails(1, "A"), Next::TryAgain, "for long, but not often");
            story.after(HOUR * 10);
        }
        assert_eq!(story.fails(1, "A"), Next::AskSomebody);
    }

    #[test]
    fn if_many_fail_and_none_gets_through_no_segment_becomes_a_problem() {
        let mut story = Story::new();
        for _ in 0..50 {
            for seq in 0..5 {
                assert_eq!(story.fails(seq, "A"), Next::TryAgain);
            }
            story.after(HOUR);
        }
        story.gets_through(7, "B");
        assert_eq!(story.fails(0, "A"), Next::AskSomebody, "others get through, so it is the segment's own");
    }

    #[test]
    fn a_camera_of_which_nothing_gets_through_rests_and_is_then_tried_one_by_one() {
        let mut story = Story::new();
        for seq in 0..2 {
            story.fails(seq, "A");
            assert_eq!(story.resting(), 0, "one or two may fail");
        }
        story.fails(2, "A");
        assert_eq!(story.resting(), 1);
        assert!(story.troubles.next_due(story.now).unwrap() > story.now);
        story.after(Duration::from_mins(1));
        assert_eq!((story.resting(), story.troubles.one_by_one().len()), (0, 1));
        story.gets_through(3, "A");
        assert_eq!(story.troubles.one_by_one().len(), 0);
    }

    #[test]
    fn one_bad_segment_among_good_ones_never_slows_its_camera_down() {
        let mut story = Story::new();
        for seq in 1..50 {
            story.fails(0, "A");
            story.gets_through(seq, "A");
            assert_eq!(story.resting(), 0);
        }
    }

    #[test]
    fn what_is_told_counts_what_is_in_trouble_and_nothing_else() {
        let mut story = Story::new();
        for seq in 0..3 {
            story.fails(seq, "A");
        }
        story.fails(9, "B");
        let told: Vec<_> = story.troubles.told().iter().map(|told| (told.camera.to_string(), told.segments)).collect();
        assert_eq!(told, [("A".to_owned(), 3), ("B".to_owned(), 1)]);
        story.gets_through(0, "A");
        story.troubles.forget(9);
        assert_eq!(story.troubles.told().len(), 1);
        assert_eq!(story.troubles.told()[0].segments, 2);
    }

    #[test]
    fn a_segment_sleeps_until_it_is_due() {
        let mut story = Story::new();
        story.fails(4, "A");
        assert!(story.troubles.asleep().contains(&4) && story.troubles.wake(story.now).is_empty());
        story.after(Duration::from_secs(1));
        assert_eq!(story.troubles.wake(story.now), [4]);
        assert!(story.troubles.asleep().is_empty());
    }

    #[test]
    fn a_segment_that_was_due_and_left_the_queue_by_another_way_haunts_nobody() {
        let mut story = Story::new();
        story.fails(4, "A");
        story.after(HOUR);
        assert_eq!(story.troubles.wake(story.now), [4], "it still waits, but the place is down");
        assert!(story.troubles.wake(story.now).is_empty(), "once is enough for now");
        story.after(TOLD_AGAIN);
        assert!(story.troubles.next_due(story.now - TOLD_AGAIN).is_some_and(|due| due <= story.now));
        assert_eq!(story.troubles.wake(story.now), [4], "whether it still waits is looked at again");
        story.troubles.forget(4);
        assert!(story.troubles.told().is_empty() && story.troubles.next_due(story.now - HOUR).is_none());
    }
}
