//! Which delivery goes next: a plain function of what waits and what is under way.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::CameraSerial;
use crate::ledger::{Delivery, QueuedCamera};

/// Chooses up to `free` deliveries to start: the oldest first, but no camera gets more than its share of all
/// `slots` while others wait, and those that are tried `one_by_one` get one.
pub(super) fn choose(
    mut queued: Vec<QueuedCamera>,
    under_way: &BTreeMap<CameraSerial, usize>,
    one_by_one: &BTreeSet<CameraSerial>,
    slots: usize,
    free: usize,
) -> Vec<Delivery> {
    let waiting: BTreeSet<_> = queued.iter().map(|queue| &queue.camera).chain(under_way.keys()).cloned().collect();
    let share = slots.div_ceil(waiting.len().max(1));
    let mut busy = under_way.clone();
    for queue in &mut queued {
        queue.deliveries.reverse();
    }
    let mut chosen = Vec::new();
    while chosen.len() < free {
        let busy_with = |camera: &CameraSerial| busy.get(camera).copied().unwrap_or(0);
        let most = |camera: &CameraSerial| if one_by_one.contains(camera) { 1 } else { share };
        let next = queued
            .iter_mut()
            .filter(|queue| busy_with(&queue.camera) < most(&queue.camera))
            .filter(|queue| !queue.deliveries.is_empty())
            .min_by_key(|queue| queue.deliveries.last().map(|delivery| delivery.seq));
        let Some(queue) = next else { break };
        *busy.entry(queue.camera.clone()).or_default() += 1;
        chosen.extend(queue.deliveries.pop());
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ByteCount, Fingerprint, Moment, Segment, SegmentId, SourcePath};

    fn camera(name: &str) -> CameraSerial {
        CameraSerial::new(name).unwrap()
    }

    fn queue(name: &str, places: &[i64]) -> QueuedCamera {
        let deliveries = places.iter().map(|seq| {
            let fingerprint = Fingerprint::of(&seq.to_le_bytes(), ByteCount::new(8));
            let path = SourcePath::new(b"A".to_vec());
            let segment = Segment {
                id: SegmentId::of(&camera(name), &path, &fingerprint.sha256),
                camera: camera(name),
                path,
                recorded_at: Moment::from_millis(0),
                fingerprint,
                damaged: false,
            };
            Delivery { seq: *seq, segment, docking: None }
        });
        QueuedCamera { camera: camera(name), deliveries: deliveries.collect() }
    }

    fn places(chosen: &[Delivery]) -> Vec<i64> {
        chosen.iter().map(|delivery| delivery.seq).collect()
    }

    #[test]
    fn the_oldest_goes_first() {
        let chosen = choose(vec![queue("A", &[5, 6]), queue("B", &[1, 9])], &BTreeMap::new(), &BTreeSet::new(), 4, 3);
        assert_eq!(places(&chosen), [1, 5, 6]);
    }

    #[test]
    fn a_full_camera_does_not_starve_the_next_one() {
        let chosen =
            choose(vec![queue("A", &[1, 2, 3, 4, 5]), queue("B", &[90, 91])], &BTreeMap::new(), &BTreeSet::new(), 4, 4);
        assert_eq!(places(&chosen), [1, 2, 90, 91]);
    }

    #[test]
    fn a_camera_alone_gets_every_slot() {
        let chosen = choose(vec![queue("A", &[1, 2, 3, 4, 5])], &BTreeMap::new(), &BTreeSet::new(), 4, 4);
        assert_eq!(places(&chosen), [1, 2, 3, 4]);
    }

    #[test]
    fn what_is_under_way_counts() {
        let under_way = BTreeMap::from([(camera("A"), 2)]);
        let chosen = choose(vec![queue("A", &[1, 2]), queue("B", &[90, 91])], &under_way, &BTreeSet::new(), 4, 2);
        assert_eq!(places(&chosen), [90, 91]);
    }

    #[test]
    fn a_camera_that_is_tried_one_by_one_leaves_the_slots_to_the_others() {
        let careful = BTreeSet::from([camera("A")]);
        let chosen = choose(vec![queue("A", &[1, 2, 3]), queue("B", &[90, 91])], &BTreeMap::new(), &careful, 4, 4);
        assert_eq!(places(&chosen), [1, 90, 91]);
    }
}
