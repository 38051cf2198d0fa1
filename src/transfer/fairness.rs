//! Which delivery goes next: a plain function of what waits and what is under way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::CameraSerial;
use crate::ledger::QueuedCamera;

/// Among so many cameras, those with the oldest deliveries, the choice is the same as among all that wait: if there are more, each
/// gets one slot, and of these at least `slots` have none yet.
pub(super) fn enough(slots: usize, under_way: &BTreeMap<CameraSerial, usize>) -> usize {
    slots + under_way.len()
}

/// Chooses up to `free` places in the queue to start with: the oldest first, but no camera gets more than its share of all
/// `slots` while others wait, and those that are tried `one_by_one` get one.
pub(super) fn choose(
    queued: Vec<QueuedCamera>,
    under_way: &BTreeMap<CameraSerial, usize>,
    one_by_one: &BTreeSet<CameraSerial>,
    slots: usize,
    free: usize,
) -> Vec<i64> {
    let waiting: BTreeSet<_> = queued.iter().map(|queue| &queue.camera).chain(under_way.keys()).cloned().collect();
    let share = slots.div_ceil(waiting.len().max(1));
    let mut busy = under_way.clone();
    let mut queued: Vec<_> = queued.into_iter().map(|queue| (queue.camera, VecDeque::from(queue.places))).collect();
    let mut chosen = Vec::new();
    while chosen.len() < free {
        let busy_with = |camera: &CameraSerial| busy.get(camera).copied().unwrap_or(0);
        let most = |camera: &CameraSerial| if one_by_one.contains(camera) { 1 } else { share };
        let next = queued
            .iter_mut()
            .filter(|(camera, places)| !places.is_empty() && busy_with(camera) < most(camera))
            .min_by_key(|(_, places)| places.front().copied());
        let Some((camera, places)) = next else { break };
        *busy.entry(camera.clone()).or_default() += 1;
        chosen.extend(places.pop_front());
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn camera(name: &str) -> CameraSerial {
        CameraSerial::new(name).unwrap()
    }

    fn queue(name: &str, places: &[i64]) -> QueuedCamera {
        QueuedCamera { camera: camera(name), places: places.to_vec() }
    }

    #[test]
    fn the_oldest_goes_first() {
        let chosen = choose(vec![queue("A", &[5, 6]), queue("B", &[1, 9])], &BTreeMap::new(), &BTreeSet::new(), 4, 3);
        assert_eq!(chosen, [1, 5, 6]);
    }

    #[test]
    fn a_full_camera_does_not_starve_the_next_one() {
        let chosen =
            choose(vec![queue("A", &[1, 2, 3, 4, 5]), queue("B", &[90, 91])], &BTreeMap::new(), &BTreeSet::new(), 4, 4);
        assert_eq!(chosen, [1, 2, 90, 91]);
    }

    #[test]
    fn a_camera_alone_gets_every_slot() {
        let chosen = choose(vec![queue("A", &[1, 2, 3, 4, 5])], &BTreeMap::new(), &BTreeSet::new(), 4, 4);
        assert_eq!(chosen, [1, 2, 3, 4]);
    }

    #[test]
    fn what_is_under_way_counts() {
        let under_way = BTreeMap::from([(camera("A"), 2)]);
        let chosen = choose(vec![queue("A", &[1, 2]), queue("B", &[90, 91])], &under_way, &BTreeSet::new(), 4, 2);
        assert_eq!(chosen, [90, 91]);
    }

    #[test]
    fn a_camera_that_is_tried_one_by_one_leaves_the_slots_to_the_others() {
        let careful = BTreeSet::from([camera("A")]);
        let chosen = choose(vec![queue("A", &[1, 2, 3]), queue("B", &[90, 91])], &BTreeMap::new(), &careful, 4, 4);
        assert_eq!(chosen, [1, 90, 91]);
    }

    proptest! {
        #[test]
        fn among_the_cameras_with_the_oldest_deliveries_the_choice_is_the_same_as_among_all(
            waiting in prop::collection::btree_map("[A-H]", prop::collection::btree_set(0..1_000_i64, 1..6), 0..8),
            under_way in prop::collection::btree_map("[A-J]", 1..4_usize, 0..4),
            careful in prop::collection::btree_set("[A-H]", 0..3),
            spare in 0..4_usize,
        ) {
            let under_way: BTreeMap<_, _> = under_way.iter().map(|(name, busy)| (camera(name), *busy)).collect();
            let careful: BTreeSet<_> = careful.iter().map(|name| camera(name)).collect();
            let slots = under_way.values().sum::<usize>() + spare;
            let mut all: Vec<_> = waiting
                .iter()
                .map(|(name, places)| queue(name, &places.iter().copied().collect::<Vec<_>>()))
                .collect();
            all.sort_by_key(|queue| queue.places[0]);
            let mut first = all.clone();
            first.truncate(enough(slots, &under_way));
            for queue in &mut first {
                queue.places.truncate(spare);
            }
            first.retain(|queue| !queue.places.is_empty());
            let chosen = choose(all, &under_way, &careful, slots, spare);
            prop_assert_eq!(choose(first, &under_way, &careful, slots, spare), chosen);
        }
    }
}
