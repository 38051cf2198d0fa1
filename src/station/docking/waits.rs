//! Which files of a camera are left alone for now, and until when. By the station's own monotonic clock: what a camera says of
//! its time, or when the station's clock is set, changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{SourceFile, SourceKind, SourcePath};
use crate::faults::{PlantedBug, planted};

/// What a file waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WaitsFor {
    /// It has not been the same for long enough, so it may be written still.
    Quiet,
    /// Somebody has it open.
    Closing,
    /// The camera makes it anew whenever it is deleted: it is taken less and less often.
    Loop,
    /// The spool is full of copies that are still to be uploaded.
    Uploads,
    /// Something else fills the disk that the spool is on.
    Disk,
}

/// A file that was deleted so often in one docking and is there again is in a loop.
const LOOPS: u32 = 3;
/// So long it is left alone then, and twice as long each time after that, up to an hour.
const LOOP_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_LOOP_PAUSE: Duration = Duration::from_hours(1);

/// The files of one camera that wait, or may have to.
#[derive(Debug)]
pub(super) struct Waits {
    quiet: Duration,
    /// Each file as it was last listed, and since when it has been like that.
    since: BTreeMap<SourcePath, (SourceFile, Instant)>,
    /// Until when, and for what.
    put_off: BTreeMap<SourcePath, (Instant, WaitsFor)>,
    /// How often each file was deleted, and when last.
    deleted: BTreeMap<SourcePath, (u32, Instant)>,
}

impl Waits {
    /// A file counts as written to the end once it has not changed for `quiet`.
    pub(super) const fn new(quiet: Duration) -> Self {
        Self { quiet, since: BTreeMap::new(), put_off: BTreeMap::new(), deleted: BTreeMap::new() }
    }

    /// Takes in what is listed now.
    pub(super) fn see(&mut self, listed: &[SourceFile], now: Instant) {
        self.put_off.retain(|_, (until, _)| *until > now);
        for file in listed {
            if let Some((times, last)) = self.deleted.get(&file.path)
                && let Some(pause) = loop_pause(*times)
                && *last + pause > now
            {
                self.put_off.insert(file.path.clone(), (*last + pause, WaitsFor::Loop));
            }
        }
        if self.quiet.is_zero() {
            return;
        }
        let mut before = std::mem::take(&mut self.since);
        // An image is all of a volume that nobody writes to.
        for file in listed.iter().filter(|file| file.kind == SourceKind::File) {
            let same = before.remove(&file.path).filter(|(seen, _)| seen == file);
            self.since.insert(file.path.clone(), same.unwrap_or_else(|| (file.clone(), now)));
        }
    }

    /// Leaves a file alone for so long.
    pub(super) fn put_off(&mut self, path: SourcePath, until: Instant, what: WaitsFor) {
        self.put_off.insert(path, (until, what));
    }

    /// A file was deleted, as a fresh listing shows.
    pub(super) fn was_deleted(&mut self, path: SourcePath, now: Instant) {
        let (times, last) = self.deleted.entry(path).or_insert((0, now));
        (*times, *last) = (*times + 1, now);
    }

    /// The files that the camera makes anew whenever they are deleted, until it has not for long.
    pub(super) fn looping(&self, now: Instant) -> Vec<SourcePath> {
        let loops = self.deleted.iter().filter(|(_, (times, last))| {
            loop_pause(*times).is_some_and(|pause| *times > LOOPS && *last + 2 * pause > now)
        });
        let waits = self.put_off.iter().filter(|(_, (until, what))| *what == WaitsFor::Loop && *until > now);
        let mut paths: Vec<_> = loops.map(|(path, _)| path).chain(waits.map(|(path, _)| path)).cloned().collect();
        paths.sort();
        paths.dedup();
        paths
    }

    /// Whether any file waits for this.
    pub(super) fn any(&self, what: WaitsFor, now: Instant) -> bool {
        self.put_off.values().any(|(until, waits)| *waits == what && *until > now)
    }

    /// The files that are to be left alone now.
    pub(super) fn now(&self, now: Instant) -> BTreeMap<SourcePath, WaitsFor> {
        let mut waits = BTreeMap::new();
        if !planted(PlantedBug::IgnoreQuietTime) {
            let restless = self.since.iter().filter(|(_, (_, since))| *since + self.quiet > now);
            waits.extend(restless.map(|(path, _)| (path.clone(), WaitsFor::Quiet)));
        }
        let put_off = self.put_off.iter().filter(|(_, (until, _))| *until > now);
        waits.extend(put_off.map(|(path, (_, what))| (path.clone(), *what)));
        waits
    }

    /// How long until the first of them need no longer be left alone.
    pub(super) fn shortest(&self, now: Instant) -> Option<Duration> {
        let restless = self.since.values().map(|(_, since)| *since + self.quiet);
        let ends = restless.chain(self.put_off.values().map(|(until, _)| *until));
        ends.filter(|end| *end > now).min().map(|end| end - now)
    }
}

/// How long a file is left alone that was deleted so often, if it is in a loop.
fn loop_pause(times: u32) -> Option<Duration> {
    let doublings = times.checked_sub(LOOPS)?.min(6);
    Some((LOOP_PAUSE * (1 << doublings)).min(LONGEST_LOOP_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ByteCount, Moment};

    const QUIET: Duration = Duration::from_secs(30);

    fn file(stamp: u64) -> SourceFile {
        SourceFile {
            path: SourcePath::new(b"A".to_vec()),
            size: ByteCount::new(3),
            modified: Moment::from_millis(7),
            stamp,
            kind: SourceKind::File,
        }
    }

    #[test]
    fn a_file_that_is_written_with_pauses_never_comes_to_rest() {
        let mut waits = Waits::new(QUIET);
        let began = Instant::now();
        for (times, seconds) in (0..100).step_by(10).enumerate() {
            let now = began + Duration::from_secs(seconds);
            waits.see(&[file(times as u64)], now);
            assert_eq!(waits.now(now).len(), 1, "{seconds} s");
        }
    }

    #[test]
    fn a_file_rests_once_it_has_been_the_same_for_the_quiet_time() {
        let mut waits = Waits::new(QUIET);
        let began = Instant::now();
        waits.see(&[file(1)], began);
        let almost = began + QUIET - Duration::from_millis(1);
        waits.see(&[file(1)], almost);
        assert_eq!(waits.now(almost).values().collect::<Vec<_>>(), [&WaitsFor::Quiet]);
        assert_eq!(waits.shortest(almost), Some(Duration::from_millis(1)));
        waits.see(&[file(1)], began + QUIET);
        assert!(waits.now(began + QUIET).is_empty());
        waits.see(&[file(2)], began + QUIET);
        assert_eq!(waits.now(began + QUIET).len(), 1, "it was written once more");
    }

    #[test]
    fn a_file_that_was_away_begins_anew() {
        let mut waits = Waits::new(QUIET);
        let began = Instant::now();
        waits.see(&[file(1)], began);
        waits.see(&[], began + QUIET);
        waits.see(&[file(1)], began + QUIET);
        assert_eq!(waits.now(began + QUIET).len(), 1);
    }

    #[test]
    fn a_file_that_is_made_anew_whenever_it_is_deleted_is_taken_less_and_less_often() {
        let mut waits = Waits::new(Duration::ZERO);
        let began = Instant::now();
        let (mut now, mut taken) = (began, 0);
        while now < began + Duration::from_hours(24) {
            waits.see(&[file(1)], now);
            if waits.now(now).is_empty() {
                waits.was_deleted(file(1).path, now);
                taken += 1;
            }
            now += Duration::from_secs(2);
        }
        assert!(taken < 40, "{taken} times in a day, and not 43,200");
        assert_eq!(waits.looping(now), [file(1).path], "and that is told");
        assert!(waits.looping(now + Duration::from_hours(3)).is_empty(), "until it has stopped");
    }

    #[test]
    fn a_file_of_the_same_name_may_be_there_a_few_times() {
        let mut waits = Waits::new(Duration::ZERO);
        let now = Instant::now();
        for _ in 1..LOOPS {
            waits.was_deleted(file(1).path, now);
            waits.see(&[file(1)], now);
            assert!(waits.now(now).is_empty() && waits.looping(now).is_empty());
        }
    }

    #[test]
    fn where_nobody_writes_nothing_waits_but_what_is_put_off() {
        let mut waits = Waits::new(Duration::ZERO);
        let now = Instant::now();
        waits.see(&[file(1)], now);
        assert!(waits.now(now).is_empty());
        waits.put_off(file(1).path, now + QUIET, WaitsFor::Closing);
        assert_eq!(waits.now(now).values().collect::<Vec<_>>(), [&WaitsFor::Closing]);
        waits.see(&[file(1)], now + QUIET);
        assert!(waits.now(now + QUIET).is_empty());
    }
}
