//! Telling in time what will not be done in time: once for each shift, and only what is too late in the best case.

use std::collections::BTreeMap;

use crate::domain::{
    BayName, CameraNotice, CameraSerial, Moment, Notice, ShiftStart, Snapshot, StationNotice, Subject,
};

/// Who was told of which shift.
#[derive(Debug, Default)]
pub(super) struct Lateness {
    queue: Option<Moment>,
    /// One for each bay.
    cameras: BTreeMap<BayName, (CameraSerial, Moment)>,
}

impl Lateness {
    /// What is so now and was not told of this shift yet.
    pub(super) fn news(&mut self, shown: &Snapshot) -> Vec<(Subject, Notice)> {
        let mut news = Vec::new();
        if let Some(ShiftStart { at, time }) = shown.not_clear_before()
            && self.queue.replace(at) != Some(at)
        {
            news.push((Subject::station(), StationNotice::LateForShift { shift: time }.into()));
        }
        for bay in &shown.bays {
            let Some((start, camera)) = shown.not_ready_before(bay).zip(bay.camera.clone()) else { continue };
            let told = (camera.clone(), start.at);
            if self.cameras.insert(bay.name.clone(), told.clone()) != Some(told) {
                let about = Subject::station().bay(&bay.name).camera(&camera);
                news.push((about, CameraNotice::LateForShift { shift: start.time }.into()));
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{BayNotice, BaySnapshot, Expected, StationId};

    const NOON: Moment = Moment::from_millis(1_800_014_400_000);

    fn minutes(number: u64) -> Duration {
        Duration::from_mins(number)
    }

    /// A station whose queue and whose camera are done so many minutes after noon at the earliest, with a shift that starts at `shift`.
    fn station(shift: Moment, camera: &str, queue: Option<u64>, ready: Option<u64>) -> Snapshot {
        let expected = |after| Expected { earliest: NOON.plus(minutes(after)), latest: NOON.plus(minutes(after + 90)) };
        let bay = BaySnapshot {
            notice: BayNotice::Uploading { segments: 1 },
            camera: Some(CameraSerial::new(camera).unwrap()),
            expected: ready.map(expected),
            ..BaySnapshot::empty(BayName::new("1").unwrap())
        };
        let mut shown = Snapshot::of(StationId::new("hq-01").unwrap(), vec![bay]);
        shown.queue.clear = queue.map(expected);
        shown.shift = Some(ShiftStart { at: shift, time: "14:00".parse().unwrap() });
        shown
    }

    fn told(lateness: &mut Lateness, shown: &Snapshot) -> Vec<String> {
        lateness.news(shown).into_iter().map(|(_, notice)| notice.id()).collect()
    }

    #[test]
    fn what_is_late_in_the_best_case_is_told_and_nothing_else() {
        let shift = NOON.plus(minutes(120));
        let (queue, camera) = ("station-late-for-shift", "camera-late-for-shift");
        for (clear, ready, said) in [
            (None, None, vec![]),
            (Some(119), Some(60), vec![]),
            (Some(121), None, vec![queue]),
            (Some(121), Some(119), vec![queue]),
            (None, Some(300), vec![camera]),
            (Some(300), Some(300), vec![queue, camera]),
        ] {
            let shown = station(shift, "BWC-1", clear, ready);
            assert_eq!(told(&mut Lateness::default(), &shown), said, "{clear:?} {ready:?}");
            let no_shifts = Snapshot { shift: None, ..shown };
            assert_eq!(
                told(&mut Lateness::default(), &no_shifts),
                Vec::<String>::new(),
                "nobody said when shifts start"
            );
        }
    }

    #[test]
    fn it_is_told_once_for_each_shift_and_each_camera() {
        let (mut lateness, shift) = (Lateness::default(), NOON.plus(minutes(120)));
        let late = station(shift, "BWC-1", Some(300), Some(300));
        assert_eq!(told(&mut lateness, &late).len(), 2);
        let in_time = station(shift, "BWC-1", Some(60), Some(60));
        for shown in [&late, &in_time, &late] {
            assert_eq!(told(&mut lateness, shown), Vec::<String>::new(), "a pace that wavers is no news");
        }
        let other = station(shift, "BWC-2", Some(300), Some(300));
        assert_eq!(told(&mut lateness, &other), ["camera-late-for-shift"]);
        let next = station(NOON.plus(minutes(180)), "BWC-2", Some(300), Some(300));
        assert_eq!(told(&mut lateness, &next), ["station-late-for-shift", "camera-late-for-shift"]);
    }
}
