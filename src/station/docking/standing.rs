//! How a camera stands once a docking has done what it can for now: a plain function, so that it can be read and tested as
//! a table.

use super::plan::Plan;
use crate::camera::Condition;
use crate::domain::{BayCause, BayState, CameraSerial, counted};
use crate::faults::{PlantedBug, planted};

/// How a camera stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Uploaded, proven and wiped.
    Ready,
    /// Some files are written on and on.
    StillWritten { files: usize },
    /// A volume of it is not sound, and what is wrong with it.
    DamagedVolume { why: String },
    /// It can only be read.
    WriteProtected,
    /// Some of what was taken from it is not where it must be, and nowhere to be sent from.
    Missing { count: usize },
    /// A person must look at some of its files.
    Problems { count: usize },
    /// Something is left to do; what the bay says already is still true.
    AtWork,
}

/// What is open about a camera beyond what is on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Open {
    /// Problems that wait for a person.
    pub(super) problems: usize,
    /// Those among them that are about evidence which is nowhere.
    pub(super) missing: usize,
    /// Segments ever taken from it that some required destination has not proven.
    pub(super) unproven: u64,
}

/// Judges how a camera stands.
pub(super) fn standing(plan: &Plan, open: Open, condition: Condition) -> Standing {
    let open = if planted(PlantedBug::ReadyTooEarly) { Open::default() } else { open };
    match ((plan.pull.len(), plan.have.len()), condition) {
        ((files @ 1.., _), _) => Standing::StillWritten { files },
        _ if open.missing > 0 => Standing::Missing { count: open.missing },
        ((0, 0), _) if (open.problems, open.unproven) == (0, 0) => Standing::Ready,
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
            Self::Ready => Some((BayState::Ready, None)),
            Self::StillWritten { .. } => Some((BayState::Offloading, Some(BayCause::StillWritten))),
            Self::DamagedVolume { .. } => Some((BayState::Attention, Some(BayCause::DamagedVolume))),
            Self::WriteProtected => Some((BayState::Attention, Some(BayCause::WriteProtected))),
            Self::Missing { .. } | Self::Problems { .. } => Some((BayState::Attention, Some(BayCause::Problems))),
            Self::AtWork => None,
        }
    }

    /// The sentence for it.
    pub(super) fn sentence(&self, camera: &CameraSerial) -> String {
        match self {
            Self::Ready => "Uploaded, proven and wiped: take this one.".to_owned(),
            Self::StillWritten { files: 1 } => {
                "1 file is still being written; camdock takes it as soon as it rests.".to_owned()
            }
            Self::StillWritten { files } => {
                format!("{files} files are still being written; camdock takes them as soon as they rest.")
            }
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
                counted(*count as u64, "file")
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
            (0, 0, 0, Condition::Sound, Standing::Ready),
            (0, 0, 0, Condition::MarkedByWipe, Standing::Ready),
            (0, 0, 0, Condition::WriteProtected, Standing::Ready),
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
            assert_eq!(standing(&plan(pull, have), open, condition), expected, "{case}");
        }
    }

    #[test]
    fn a_camera_is_not_ready_while_anything_ever_taken_from_it_is_unproven() {
        let queued = Open { unproven: 1, ..Open::default() };
        assert_eq!(standing(&plan(0, 0), queued, Condition::Sound), Standing::AtWork);
        assert_eq!(standing(&plan(0, 0), queued, Condition::WriteProtected), Standing::AtWork);
        let missing = Open { problems: 3, missing: 2, unproven: 2 };
        for (have, condition) in [(0, Condition::Sound), (1, Condition::Sound), (1, Condition::WriteProtected)] {
            assert_eq!(standing(&plan(0, have), missing, condition), Standing::Missing { count: 2 });
        }
        let told = Standing::Missing { count: 2 }.sentence(&CameraSerial::new("BWC-1").unwrap());
        assert!(told.contains("2 segments taken from this camera"), "{told}");
    }
}
