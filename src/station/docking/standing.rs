//! How a camera stands once a docking has done what it can for now: a plain function, so that it can be read and tested as
//! a table.

use super::plan::Plan;
use super::progress::Held;
use super::waits::WaitsFor;
use crate::camera::Condition;
use crate::domain::{BayCause, BayState, CameraSerial, counted};
use crate::faults::{PlantedBug, planted};

/// How a camera stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing is left on it, nor to be done for it.
    Ready(Held),
    /// Some files are written on and on.
    StillWritten { files: usize },
    /// Some files have not been the same for long enough.
    Restless { files: usize },
    /// Somebody has some files open.
    Open { files: usize },
    /// The camera makes some files anew whenever they are deleted.
    Looping { files: usize },
    /// There is no room to copy some files to, until others are uploaded.
    SpoolFull { files: usize },
    /// There is none, and nothing is uploaded any more: what fills the spool waits for a person.
    SpoolStuck { files: usize },
    /// There is none, and camdock cannot make any.
    DiskFull { files: usize },
    /// A volume of it is not sound, and what is wrong with it.
    DamagedVolume { why: String },
    /// It can only be read.
    WriteProtected,
    /// Some of what was taken from it is not where it must be, and nowhere to be sent from.
    Missing { count: usize },
    /// A person must look at some of its files.
    Problems { count: u64 },
    /// Something is left to do; what the bay says already is still true.
    AtWork,
}

/// What is open about a camera beyond what is on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Open {
    /// How many files or other entries of it wait for a person.
    pub(super) problems: u64,
    /// Those among them that are about evidence which is nowhere.
    pub(super) missing: usize,
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
pub(super) fn standing(plan: &Plan, open: Open, condition: Condition, held: Held) -> Standing {
    let open = if planted(PlantedBug::ReadyTooEarly) { Open::default() } else { open };
    let waiting = |what| plan.waiting.iter().filter(|(_, waits)| *waits == what).count();
    let waits_for = |what| (waiting(what) > 0).then(|| waiting(what));
    match ((plan.pull.len(), plan.have.len()), condition) {
        ((0, 0), _) if open.problems == 0 && planted(PlantedBug::ReadyWhileFilesWait) => Standing::Ready(held),
        ((0, _), _) if let Some(files) = waits_for(WaitsFor::Disk) => Standing::DiskFull { files },
        ((0, _), _) if let Some(files) = waits_for(WaitsFor::Uploads) => match open.room {
            Room::ByItself => Standing::SpoolFull { files },
            Room::ByAPerson => Standing::SpoolStuck { files },
        },
        ((0, _), _) if let Some(files) = waits_for(WaitsFor::Quiet) => Standing::Restless { files },
        ((0, _), _) if let Some(files) = waits_for(WaitsFor::Closing) => Standing::Open { files },
        ((0, _), _) if let Some(files) = waits_for(WaitsFor::Loop) => Standing::Looping { files },
        ((files @ 1.., _), _) => Standing::StillWritten { files },
        _ if open.missing > 0 => Standing::Missing { count: open.missing },
        ((0, 0), _) if (open.problems, open.unproven) == (0, 0) => Standing::Ready(held),
        // Nothing of it is left on the camera, so what is wrong with the camera is not why.
        ((0, 0), _) if open.problems == 0 => Standing::AtWork,
        (_, Condition::Unsound(why)) => Standing::DamagedVolume { why },
        (_, Condition::WriteProtected) => Standing::WriteProtected,
        _ if open.problems > 0 => Standing::Problems { count: open.problems },
        _ => Standing::AtWork,
    }
}

impl Standing {
    /// What the bay shows, and why.
    pub(super) const fn shown(&self) -> Option<(BayState, Option<BayCause>)> {
        match self {
            Self::Ready(_) => Some((BayState::Ready, None)),
            Self::StillWritten { .. } | Self::Restless { .. } | Self::Open { .. } => {
                Some((BayState::Offloading, Some(BayCause::StillWritten)))
            }
            Self::SpoolFull { .. } => Some((BayState::Offloading, Some(BayCause::SpoolFull))),
            Self::SpoolStuck { .. } | Self::DiskFull { .. } => Some((BayState::Attention, Some(BayCause::SpoolFull))),
            Self::DamagedVolume { .. } => Some((BayState::Attention, Some(BayCause::DamagedVolume))),
            Self::WriteProtected => Some((BayState::Attention, Some(BayCause::WriteProtected))),
            Self::Missing { .. } | Self::Problems { .. } | Self::Looping { .. } => {
                Some((BayState::Attention, Some(BayCause::Problems)))
            }
            Self::AtWork => None,
        }
    }

    /// Whether there is nothing that camdock could do for the camera by itself.
    pub(super) const fn needs_a_person_or_nothing(&self) -> bool {
        matches!(
            self,
            Self::Ready(_)
                | Self::Missing { .. }
                | Self::DamagedVolume { .. }
                | Self::WriteProtected
                | Self::Problems { .. }
                | Self::Looping { .. }
        )
    }

    /// The sentence for it.
    pub(super) fn sentence(&self, camera: &CameraSerial) -> String {
        match self {
            Self::Ready(Held::Footage) => "Uploaded, proven and wiped: take this one.".to_owned(),
            Self::Ready(Held::Nothing) => "It was empty: take this one.".to_owned(),
            Self::Ready(Held::WhatWentByItself) => {
                "Nothing is left on it, and it was not camdock that deleted what was: take this one.".to_owned()
            }
            Self::StillWritten { files: 1 } => {
                "1 file is still being written; camdock takes it as soon as it rests.".to_owned()
            }
            Self::StillWritten { files } => {
                format!("{files} files are still being written; camdock takes them as soon as they rest.")
            }
            Self::Restless { files } => format!(
                "Waiting until {} has not changed for a while, since it may still be written; camdock takes it then.",
                counted(*files as u64, "file")
            ),
            Self::Open { files } => format!(
                "A program on this machine has {} open, so nothing of that is deleted yet; it goes on by itself.",
                counted(*files as u64, "file")
            ),
            Self::SpoolFull { files } => format!(
                "The spool is full, so {} waits on the camera. Copying goes on by itself once uploads have made room.",
                counted(*files as u64, "file")
            ),
            Self::SpoolStuck { files } => format!(
                "The spool is full of what waits for a person, so {} waits on the camera. See: camdock problems. Copying goes on \
                 by itself once there is room.",
                counted(*files as u64, "file")
            ),
            Self::DiskFull { files } => format!(
                "Something else fills the disk that holds the station's data, so {} waits on the camera. Make room there; \
                 copying goes on by itself.",
                counted(*files as u64, "file")
            ),
            Self::Looping { files } => format!(
                "The camera makes {} anew whenever that is deleted, so camdock takes it less and less often; everything else \
                 is done. See: camdock problems.",
                counted(*files as u64, "file")
            ),
            Self::DamagedVolume { why } => format!(
                "{why} What can be read is uploaded, and an image of it; nothing is deleted. A person must look at it: \
                 camdock problems."
            ),
            Self::WriteProtected => {
                "Everything on it is uploaded, but it can only be read, so its files stay on it. Is \
                                     the lock of its card switched on?"
                    .to_owned()
            }
            Self::Missing { count } => format!(
                "Evidence is missing: {} taken from this camera earlier, not at every required destination, and not here any \
                 more. See: camdock problems, camdock explain {camera}.",
                counted(*count as u64, "segment")
            ),
            Self::Problems { count } => format!(
                "A person must look at {}; everything else is safe. See: camdock problems, camdock explain {camera}.",
                counted(*count, "file")
            ),
            Self::AtWork => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ByteCount, Fingerprint, Moment, Segment, SegmentId, SourceFile, SourceKind, SourcePath};

    fn plan(pull: usize, have: usize) -> Plan {
        let (camera, path) = (CameraSerial::new("BWC-1").unwrap(), SourcePath::new(b"A".to_vec()));
        let fingerprint = Fingerprint::of(b"film", ByteCount::new(4));
        let id = SegmentId::of(&camera, &path, &fingerprint.sha256);
        let modified = Moment::from_millis(7);
        let file =
            SourceFile { path: path.clone(), size: fingerprint.size, modified, stamp: 1, kind: SourceKind::File };
        let segment = Segment { id, camera, path, recorded_at: modified, fingerprint, damaged: false };
        Plan { pull: vec![file.clone(); pull], have: vec![(file, segment); have], ..Plan::default() }
    }

    #[test]
    fn a_camera_is_ready_only_when_nothing_is_left_on_it_and_nobody_is_needed() {
        let unsound = || Condition::Unsound("It was dropped.".to_owned());
        let damaged = Standing::DamagedVolume { why: "It was dropped.".to_owned() };
        let table = [
            (0, 0, 0, Condition::Sound, Standing::Ready(Held::Footage)),
            (0, 0, 0, Condition::MarkedByWipe, Standing::Ready(Held::Footage)),
            (0, 0, 0, Condition::WriteProtected, Standing::Ready(Held::Footage)),
            (2, 0, 0, Condition::Sound, Standing::StillWritten { files: 2 }),
            (2, 1, 1, unsound(), Standing::StillWritten { files: 2 }),
            (0, 1, 0, unsound(), damaged.clone()),
            (0, 0, 1, unsound(), damaged),
            (0, 1, 0, Condition::WriteProtected, Standing::WriteProtected),
            (0, 3, 1, Condition::Sound, Standing::Problems { count: 1 }),
            (0, 0, 2, Condition::MarkedByWipe, Standing::Problems { count: 2 }),
            (0, 1, 0, Condition::Sound, Standing::AtWork),
        ];
        for (pull, have, problems, condition, expected) in table {
            let case = format!("{pull} to pull, {have} to wipe, {problems} problems, {condition:?}");
            let open = Open { problems, ..Open::default() };
            assert_eq!(standing(&plan(pull, have), open, condition, Held::Footage), expected, "{case}");
        }
    }

    #[test]
    fn a_camera_is_not_ready_while_anything_ever_taken_from_it_is_unproven() {
        let queued = Open { unproven: 1, ..Open::default() };
        assert_eq!(standing(&plan(0, 0), queued, Condition::Sound, Held::Footage), Standing::AtWork);
        assert_eq!(standing(&plan(0, 0), queued, Condition::WriteProtected, Held::Footage), Standing::AtWork);
        let missing = Open { problems: 3, missing: 2, unproven: 2, ..Open::default() };
        for (have, condition) in [(0, Condition::Sound), (1, Condition::Sound), (1, Condition::WriteProtected)] {
            assert_eq!(standing(&plan(0, have), missing, condition, Held::Footage), Standing::Missing { count: 2 });
        }
        let told = Standing::Missing { count: 2 }.sentence(&CameraSerial::new("BWC-1").unwrap());
        assert!(told.contains("2 segments taken from this camera"), "{told}");
    }

    #[test]
    fn a_camera_on_which_a_file_waits_is_not_ready() {
        for (what, expected) in
            [(WaitsFor::Quiet, Standing::Restless { files: 1 }), (WaitsFor::Closing, Standing::Open { files: 1 })]
        {
            let file = plan(1, 0).pull.remove(0);
            let plan = Plan { waiting: vec![(file, what)], ..Plan::default() };
            assert_eq!(standing(&plan, Open::default(), Condition::Sound, Held::Footage), expected);
        }
    }

    #[test]
    fn a_spool_that_is_full_of_problems_is_not_said_to_become_empty_by_itself() {
        let file = plan(1, 0).pull.remove(0);
        let plan = Plan { waiting: vec![(file, WaitsFor::Uploads)], ..Plan::default() };
        let standing = |room| standing(&plan, Open { room, ..Open::default() }, Condition::Sound, Held::Footage);
        assert_eq!(standing(Room::ByItself), Standing::SpoolFull { files: 1 });
        let stuck = standing(Room::ByAPerson);
        assert_eq!(stuck.shown(), Some((BayState::Attention, Some(BayCause::SpoolFull))));
        assert!(stuck.sentence(&CameraSerial::new("BWC-1").unwrap()).contains("camdock problems"));
    }

    #[test]
    fn a_camera_that_held_nothing_is_not_called_uploaded() {
        let camera = CameraSerial::new("BWC-1").unwrap();
        let said = |held| standing(&Plan::default(), Open::default(), Condition::Sound, held).sentence(&camera);
        assert_eq!(said(Held::Nothing), "It was empty: take this one.");
        assert!(!said(Held::WhatWentByItself).contains("wiped"));
        assert_eq!(said(Held::Footage), "Uploaded, proven and wiped: take this one.");
    }
}
