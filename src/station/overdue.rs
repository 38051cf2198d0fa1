//! Cameras that were not docked here for long, but for those that are retired.
//!
//! Promises: the ledger is asked seldom, and a little at a time, however many cameras it knows, so nobody waits for it. What is kept
//! and told is bounded: each camera has a line when it becomes overdue, and many at once, as after a start, have one together.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::StationError;
use super::board::Board;
use crate::domain::{
    Action, Caller, CameraNotice, CameraSerial, Moment, NotRetired, Notice, Overdue, OverdueCamera, RetiredCamera,
    StationNotice, Subject,
};
use crate::journal::tell;
use crate::ledger::{Entry, LastVisit};
use crate::transfer::Site;

/// How often the ledger is asked without anything having happened.
const ASK_EVERY: Duration = Duration::from_mins(10);
/// Cameras that come together are asked about together.
const PAUSE: Duration = Duration::from_secs(1);
/// So many cameras are asked about in one go, so that no other step waits for long.
const PORTION: u32 = 256;
/// So many are shown by name.
const SHOWN: usize = 100;
/// So many have a line of their own when they become overdue together.
const FEW: usize = 3;
const DAY: u64 = 24 * 3600;

/// Keeps known which cameras are overdue, for as long as the station runs.
pub(super) async fn watch(
    site: Site,
    board: Board,
    after: Duration,
    retired: Arc<Notify>,
    shown: watch::Sender<Option<Overdue>>,
) -> Result<(), StationError> {
    let mut bays = board.watch();
    let mut asked = None;
    loop {
        bays.borrow_and_update();
        let docked = docked(&board);
        let now = site.clock.now();
        let mut found = Look::new(after, asked.replace(now), now);
        let mut last = None;
        loop {
            let visits = site.ledger.last_visits(last, PORTION).await?;
            for visit in &visits {
                found.see(visit, &docked);
            }
            last = visits.last().map(|visit| visit.camera.clone());
            if last.is_none() {
                break;
            }
        }
        for (about, notice) in found.news() {
            tell(&about, notice);
        }
        shown.send_replace(Some(found.overdue()));
        sleep(PAUSE).await;
        let again = Instant::now() + ASK_EVERY;
        // Whichever comes first: that time, a camera that was not there, or one that is retired.
        while docked.is_superset(&self::docked(&board)) {
            tokio::select! {
                () = retired.notified() => break,
                changed = timeout_at(again, bays.changed()) => if changed.is_err() { break },
            }
        }
    }
}

fn docked(board: &Board) -> BTreeSet<CameraSerial> {
    board.look().into_iter().filter_map(|bay| bay.camera).collect()
}

/// Has a camera be missed no more, since somebody says that it does not come back. That is all: what it recorded is told of as before,
/// and if it comes all the same, it is served like every other.
pub(super) async fn retire(
    site: &Site,
    camera: CameraSerial,
    by: Caller,
) -> Result<Result<RetiredCamera, NotRetired>, StationError> {
    let Some(visit) = site.ledger.last_visit(&camera).await? else { return Ok(Err(NotRetired::Unknown)) };
    let Some(since) = visit.ended_at else { return Ok(Err(NotRetired::Docked)) };
    let taken = Entry::ActionTaken { by, action: Action::Retire(camera.clone()) };
    let retired = visit.retired_at.is_none().then(|| Entry::CameraRetired { camera: camera.clone() });
    site.record([taken].into_iter().chain(retired).collect()).await?;
    tell(&Subject::station().camera(&camera), CameraNotice::Retired);
    let unproven = site.ledger.tally_of(&camera).await?.unproven;
    Ok(Ok(RetiredCamera { camera, since, unproven }))
}

/// One look at all cameras.
#[derive(Debug)]
struct Look {
    after: Duration,
    /// When it was looked last; none before the first look.
    before: Option<Moment>,
    now: Moment,
    cameras: u64,
    latest: BTreeSet<OverdueCamera>,
    /// Those that have become overdue since it was looked last, no more than one too many for lines of their own.
    new: Vec<CameraSerial>,
}

impl Look {
    const fn new(after: Duration, before: Option<Moment>, now: Moment) -> Self {
        Self { after, before, now, cameras: 0, latest: BTreeSet::new(), new: Vec::new() }
    }

    fn see(&mut self, visit: &LastVisit, docked: &BTreeSet<CameraSerial>) {
        let is_missed = visit.retired_at.is_none() && !docked.contains(&visit.camera);
        let Some(since) = visit.ended_at.filter(|_| is_missed) else { return };
        let due = since.plus(self.after);
        if due > self.now {
            return;
        }
        self.cameras += 1;
        self.latest.insert(OverdueCamera { since, camera: visit.camera.clone(), docking: Some(visit.docking) });
        if self.latest.len() > SHOWN {
            self.latest.pop_first();
        }
        if self.before.is_some_and(|before| due > before) && self.new.len() <= FEW {
            self.new.push(visit.camera.clone());
        }
    }

    /// What is to be told of it.
    fn news(&self) -> Vec<(Subject, Notice)> {
        let (days, cameras) = (self.after.as_secs() / DAY, self.cameras);
        let together = self.new.len() > FEW || self.before.is_none() && cameras > 0;
        if together {
            return vec![(Subject::station(), StationNotice::CamerasOverdue { cameras, days }.into())];
        }
        let each = |camera| (Subject::station().camera(camera), CameraNotice::Overdue { days }.into());
        self.new.iter().map(each).collect()
    }

    fn overdue(self) -> Overdue {
        let latest = self.latest.into_iter().rev().collect();
        Overdue { days: self.after.as_secs() / DAY, cameras: self.cameras, latest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DockingId;

    const DAYS: Duration = Duration::from_hours(24);

    fn day(number: u32) -> Moment {
        Moment::from_millis(1_800_000_000_000).plus(DAYS * number)
    }

    fn serial(number: u32) -> CameraSerial {
        CameraSerial::new(format!("BWC-{number:04}")).unwrap()
    }

    fn visit(number: u32, ended: Option<u32>) -> LastVisit {
        let docking = DockingId::new(day(number));
        LastVisit { camera: serial(number), docking, ended_at: ended.map(day), retired_at: None }
    }

    /// What is found when it is looked on a day, having been looked on another, with two weeks as the limit.
    fn look(before: Option<u32>, now: u32, visits: &[LastVisit], docked: &[u32]) -> Look {
        let docked = docked.iter().copied().map(serial).collect();
        let mut look = Look::new(DAYS * 14, before.map(day), day(now));
        for visit in visits {
            look.see(visit, &docked);
        }
        look
    }

    fn ids(look: &Look) -> Vec<String> {
        look.news().iter().map(|(_, notice)| notice.id()).collect()
    }

    #[test]
    fn a_camera_is_overdue_that_was_taken_long_ago_and_is_not_here() {
        let visits = [visit(1, Some(10)), visit(2, Some(11)), visit(3, Some(0)), visit(4, None), visit(5, Some(1))];
        let found = look(None, 24, &visits, &[5]);
        let overdue = found.overdue();
        assert_eq!((overdue.days, overdue.cameras), (14, 2));
        let shown: Vec<_> = overdue.latest.into_iter().map(|camera| camera.camera).collect();
        assert_eq!(shown, [serial(1), serial(3)], "those that were here last come first");
    }

    #[test]
    fn a_camera_that_is_retired_is_missed_no_more() {
        let retired = LastVisit { retired_at: Some(day(20)), ..visit(1, Some(0)) };
        let overdue = look(Some(13), 24, &[retired, visit(2, Some(0))], &[]).overdue();
        let shown: Vec<_> = overdue.latest.into_iter().map(|camera| camera.camera).collect();
        assert_eq!((overdue.cameras, shown), (1, vec![serial(2)]));
    }

    #[test]
    fn of_a_thousand_the_latest_hundred_are_shown_and_all_are_counted() {
        let visits: Vec<_> = (0..1_000).map(|number| visit(number, Some(number))).collect();
        let overdue = look(None, 2_000, &visits, &[]).overdue();
        assert_eq!((overdue.cameras, overdue.latest.len()), (1_000, SHOWN));
        assert_eq!(overdue.latest[0].camera, serial(999));
    }

    #[test]
    fn each_is_told_once_when_it_becomes_overdue_and_many_at_once_together() {
        let few: Vec<_> = (0..3).map(|number| visit(number, Some(10))).collect();
        let many: Vec<_> = (0..1_000).map(|number| visit(number, Some(10))).collect();
        let (one, all) = ("camera-overdue", "station-cameras-overdue");
        for (before, now, visits, told) in [
            (None, 23, &many, vec![]),
            (None, 24, &few, vec![all]),
            (None, 24, &many, vec![all]),
            (Some(23), 24, &few, vec![one, one, one]),
            (Some(24), 25, &few, vec![]),
            (Some(23), 24, &many, vec![all]),
            // A clock that was set back tells nothing twice before it is as late again.
            (Some(30), 29, &many, vec![]),
        ] {
            assert_eq!(ids(&look(before, now, visits, &[])), told, "{before:?} {now}");
        }
    }
}
