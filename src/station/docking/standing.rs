//! How a camera stands once a docking has done what it can for now: a plain function, so that it can be read and tested as
//! a table.

use super::plan::Plan;
use super::progress::Held;
use super::waits::WaitsFor;
use crate::camera::Condition;
use crate::domain::{BayNotice, CameraSerial};
use crate::faults::{PlantedBug, planted};

/// How a camera stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// What is to be said of it; nothing if what the bay says already is still true, since something is left to do.
    pub(super) notice: Option<BayNotice>,
    /// Whether there is nothing that camdock could do for the camera by itself.
    pub(super) is_at_rest: bool,
}

/// What is open about a camera beyond what is on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Open {
    /// How many files or other entries of it wait for a person.
    pub(super) problems: u64,
    /// Those among them that are about evidence which is nowhere.
    pub(super) missing: u64,
    /// Segments ever taken from it that some required destination has not proven.
    pub(super) unproven: u64,
    /// How the spool's room comes back, of whichever camera.
    pub(super) room: Room,
}

/// How room comes back in a full spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Room {
    /// With the uploads.
    #[default]
    ByItself,
    /// Only when a person sees to what is in it: nothing else is queued.
    ByAPerson,
}

/// Judges how a camera stands.
pub(super) fn standing(plan: &Plan, open: Open, camera: &CameraSerial, condition: Condition, held: Held) -> Standing {
    let notice = notice(plan, open, camera, condition, held);
    let is_at_rest = matches!(
        notice,
        Some(
            BayNotice::Ready
                | BayNotice::WasEmpty
                | BayNotice::WentByItself
                | BayNotice::Missing { .. }
                | BayNotice::DamagedVolume { .. }
                | BayNotice::WriteProtected
                | BayNotice::Problems { .. }
                | BayNotice::Looping { .. }
        )
    );
    Standing { notice, is_at_rest }
}

fn notice(plan: &Plan, open: Open, camera: &CameraSerial, condition: Condition, held: Held) -> Option<BayNotice> {
    let open = if planted(PlantedBug::ReadyTooEarly) { Open::default() } else { open };
    let waiting = |what| plan.waiting.iter().filter(|(_, waits)| *waits == what).count() as u64;
    let waits_for = |what| (waiting(what) > 0).then(|| waiting(what));
    let camera = || camera.clone();
    Some(match ((plan.pull.len() as u64, plan.have.len()), condition) {
        ((0, 0), _) if open.problems == 0 && planted(PlantedBug::ReadyWhileFilesWait) => ready(held),
        ((0, _), _) if let Some(files) = waits_for(WaitsFor::Disk) => BayNotice::DiskFull { files },
        ((0, _), _) if let Some(files) = waits_for(WaitsFor::Uploads) => match open.room {
            Room::ByItself => BayNotice::SpoolFull { files },
            Room::ByAPerson => BayNotice::SpoolStuck { files },
        },
        ((0, _), _) if let Some(files) = waits_for(WaitsFor::Quiet) => BayNotice::Restless { files },
        ((0, _), _) if let Some(files) = waits_for(WaitsFor::Closing) => BayNotice::HeldOpen { files },
        ((0, _), _) if let Some(files) = waits_for(WaitsFor::Loop) => BayNotice::Looping { files },
        ((files @ 1.., _), _) => BayNotice::StillWritten { files },
        _ if open.missing > 0 => BayNotice::Missing { segments: open.missing, camera: camera() },
        ((0, 0), _) if (open.problems, open.unproven) == (0, 0) => ready(held),
        // Nothing of it is left on the camera, so what is wrong with the camera is not why.
        ((0, 0), _) if open.problems == 0 => return None,
        (_, Condition::Unsound(why)) => BayNotice::DamagedVolume { why },
        (_, Condition::WriteProtected) => BayNotice::WriteProtected,
        _ if open.problems > 0 => BayNotice::Problems { files: open.problems, camera: camera() },
        _ => return None,
    })
}

const fn ready(held: Held) -> BayNotice {
    match held {
        Held::Footage => BayNotice::Ready,
        Held::WhatWentByItself => BayNotice::WentByItself,
        Held::Nothing => BayNotice::WasEmpty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        BayCause, BayState, ByteCount, Fingerprint, Moment, Segment, SegmentId, SourceFile, SourceKind, SourcePath,
    };

    fn plan(pull: usize, have: usize) -> Plan {
        let (camera, path) = (CameraSerial::new("BWC-1").unwrap(), SourcePath::new(b"A".to_vec()));
        let fingerprint = Fingerprint::of(b"film", ByteCount::new(4));
        let id = SegmentId::of(&camera, &path, &fingerprint.sha256);
        let modified = Moment::from_millis(7);
        let file =
            SourceFile { path: path.clone(), size: fingerprint.size, modified, stamp: 1, kind: SourceKind::File };
        let segment = Segment { id, camera, path, recorded_at: modified, fingerprint, damaged: false };
        Plan { pull: vec![file.clone(); pull], have: vec![(file, segment.into()); have], ..Plan::default() }
    }

    fn camera() -> CameraSerial {
        CameraSerial::new("BWC-1").unwrap()
    }

    fn said(plan: &Plan, open: Open, condition: Condition) -> Option<BayNotice> {
        standing(plan, open, &camera(), condition, Held::Footage).notice
    }

    #[test]
    fn a_camera_is_ready_only_when_nothing_is_left_on_it_and_nobody_is_needed() {
        let unsound = || Condition::Unsound("It was dropped.".to_owned());
        let damaged = Some(BayNotice::DamagedVolume { why: "It was dropped.".to_owned() });
        let problems = |files| Some(BayNotice::Problems { files, camera: camera() });
        let table = [
            (0, 0, 0, Condition::Sound, Some(BayNotice::Ready)),
            (0, 0, 0, Condition::MarkedByWipe, Some(BayNotice::Ready)),
            (0, 0, 0, Condition::WriteProtected, Some(BayNotice::Ready)),
            (2, 0, 0, Condition::Sound, Some(BayNotice::StillWritten { files: 2 })),
            (2, 1, 1, unsound(), Some(BayNotice::StillWritten { files: 2 })),
            (0, 1, 0, unsound(), damaged.clone()),
            (0, 0, 1, unsound(), damaged),
            (0, 1, 0, Condition::WriteProtected, Some(BayNotice::WriteProtected)),
            (0, 3, 1, Condition::Sound, problems(1)),
            (0, 0, 2, Condition::MarkedByWipe, problems(2)),
            (0, 1, 0, Condition::Sound, None),
        ];
        for (pull, have, problems, condition, expected) in table {
            let case = format!("{pull} to pull, {have} to wipe, {problems} problems, {condition:?}");
            let open = Open { problems, ..Open::default() };
            assert_eq!(said(&plan(pull, have), open, condition), expected, "{case}");
        }
    }

    #[test]
    fn a_camera_is_not_ready_while_anything_ever_taken_from_it_is_unproven() {
        let queued = Open { unproven: 1, ..Open::default() };
        assert_eq!(said(&plan(0, 0), queued, Condition::Sound), None);
        assert_eq!(said(&plan(0, 0), queued, Condition::WriteProtected), None);
        let missing = Open { problems: 3, missing: 2, unproven: 2, ..Open::default() };
        for (have, condition) in [(0, Condition::Sound), (1, Condition::Sound), (1, Condition::WriteProtected)] {
            let expected = BayNotice::Missing { segments: 2, camera: camera() };
            assert_eq!(said(&plan(0, have), missing, condition), Some(expected));
        }
    }

    #[test]
    fn a_camera_on_which_a_file_waits_is_not_ready() {
        for (what, expected) in
            [(WaitsFor::Quiet, BayNotice::Restless { files: 1 }), (WaitsFor::Closing, BayNotice::HeldOpen { files: 1 })]
        {
            let file = plan(1, 0).pull.remove(0);
            let plan = Plan { waiting: vec![(file, what)], ..Plan::default() };
            assert_eq!(said(&plan, Open::default(), Condition::Sound), Some(expected));
        }
    }

    #[test]
    fn a_spool_that_is_full_of_problems_is_not_said_to_become_empty_by_itself() {
        let file = plan(1, 0).pull.remove(0);
        let plan = Plan { waiting: vec![(file, WaitsFor::Uploads)], ..Plan::default() };
        let said = |room| said(&plan, Open { room, ..Open::default() }, Condition::Sound).unwrap();
        assert_eq!(said(Room::ByItself), BayNotice::SpoolFull { files: 1 });
        let stuck = said(Room::ByAPerson);
        assert_eq!((stuck.state(), stuck.cause()), (BayState::Attention, Some(BayCause::SpoolFull)));
        assert_eq!(stuck, BayNotice::SpoolStuck { files: 1 });
    }

    #[test]
    fn a_camera_that_held_nothing_is_not_called_uploaded() {
        let said =
            |held| standing(&Plan::default(), Open::default(), &camera(), Condition::Sound, held).notice.unwrap();
        assert_eq!(said(Held::Nothing), BayNotice::WasEmpty);
        assert_eq!(said(Held::WhatWentByItself), BayNotice::WentByItself);
        assert_eq!(said(Held::Footage), BayNotice::Ready);
    }
}
