//! What is said of the future, given what was seen.

use proptest::prelude::*;

use super::*;
use crate::domain::{BayNotice, Counters, Deliveries, StationId};

const NOW: Moment = Moment::from_millis(1_800_000_000_000);
const MIB: u64 = 1 << 20;

fn mib(number: u64) -> ByteCount {
    ByteCount::new(number * MIB)
}

/// A course with these moments, in seconds from its beginning and MiB; the last is now, unless it is `silent` since.
fn course(points: &[(u64, u64)], silent: u64) -> (Course, Instant) {
    let (mut course, began) = (Course::default(), Instant::now());
    for (second, done) in points {
        course.see(began + Duration::from_secs(*second), done * MIB);
    }
    let last = points.last().map_or(0, |(second, _)| *second);
    (course, began + Duration::from_secs(last + silent))
}

/// In how many minutes it is done, at the earliest and at the latest, when so many MiB are to go.
fn minutes(points: &[(u64, u64)], silent: u64, left: u64) -> Option<(u64, u64)> {
    let (course, now) = course(points, silent);
    let Expected { earliest, latest } = course.expected((mib(left), mib(left)), now, NOW)?;
    Some((earliest.since(NOW).as_secs() / 60, latest.since(NOW).as_secs() / 60))
}

/// Ten MiB each second.
const STEADY: [(u64, u64); 5] = [(0, 0), (10, 100), (20, 200), (30, 300), (40, 400)];

#[test]
fn what_is_said_follows_from_what_was_seen() {
    for (points, silent, left, said) in [
        // Too little was seen to say anything.
        (&STEADY[..0], 0, 600, None),
        (&STEADY[..3], 0, 600, None),
        (&[(0, 0), (3, 30), (6, 60), (9, 90)], 0, 600, None),
        // A steady pace gives a narrow range, and an uneven one a wide one.
        (&STEADY[..], 0, 6_000, Some((10, 11))),
        (&[(0, 0), (10, 100), (20, 200), (30, 220), (40, 240)], 0, 6_000, Some((10, 51))),
        // Nothing is left: now.
        (&STEADY[..], 0, 0, Some((0, 1))),
        // A while of silence is a slower pace; a long one is nobody knows what.
        (&STEADY[..], 40, 6_000, Some((10, 21))),
        (&STEADY[..], 121, 6_000, None),
        // Large segments come seldom, and that is no silence.
        (&[(0, 0), (300, 3_000), (600, 6_000), (900, 9_000)], 290, 6_000, Some((10, 11))),
        // It began anew.
        (&[(0, 900), (10, 1_000), (20, 1_100), (30, 0), (40, 10)], 0, 600, None),
    ] {
        assert_eq!(minutes(points, silent, left), said, "{points:?} {silent} {left}");
    }
}

#[test]
fn a_course_is_remembered_in_bounded_room_and_forgets_how_it_was_long_ago() {
    let fast_then_slow = |second: u64| if second < 2_000 { second * 100 } else { 200_000 + (second - 2_000) };
    let points: Vec<_> = (0..6_000).map(|second| (second, fast_then_slow(second))).collect();
    let (seen, _) = course(&points, 0);
    assert!(seen.points.len() <= MOST, "{}", seen.points.len());
    assert_eq!(minutes(&points, 0, 600), Some((10, 11)), "one MiB each second is the pace now");
}

/// A station with one camera that has so much of so much proven at its one destination.
fn station(uploaded: u64, total: u64) -> Snapshot {
    let nas = DestinationName::new("nas").unwrap();
    let bay = BaySnapshot {
        notice: BayNotice::Uploading { segments: 1 },
        camera: Some(CameraSerial::new("BWC-1").unwrap()),
        bytes_total: mib(total),
        bytes_uploaded: mib(uploaded),
        ..BaySnapshot::empty(BayName::new("1").unwrap())
    };
    let mut shown = Snapshot::of(StationId::new("hq-01").unwrap(), vec![bay]);
    shown.queue.bytes = mib(total - uploaded);
    let proven = Deliveries { bytes: mib(uploaded), ..Deliveries::default() };
    shown.counters = Counters { proven: [(nas, proven)].into(), ..Counters::default() };
    shown
}

/// What is said after a camera of so many MiB has been seen for so many seconds, ten MiB each.
fn told(seconds: u64, total: u64, required: &[&str]) -> Snapshot {
    let (mut forecast, began) = (Forecast::default(), Instant::now());
    let required = required.iter().map(|name| DestinationName::new(*name).unwrap()).collect();
    let mut shown = station(0, total);
    for second in 0..=seconds {
        shown = station((second * 10).min(total), total);
        let at = Duration::from_secs(second);
        forecast.tell(&mut shown, &required, (began + at, NOW.plus(at)));
    }
    shown
}

#[test]
fn a_bay_and_the_queue_say_when_they_are_done() {
    let shown = told(60, 6_600, &["nas"]);
    let at = |minutes: u64| NOW.plus(Duration::from_mins(minutes));
    assert_eq!(shown.bays[0].expected, Some(Expected { earliest: at(11), latest: at(12) }));
    let clear = shown.queue.clear.unwrap();
    assert_eq!(clear.earliest, at(11));
    assert!(clear.latest <= at(22), "what is on the camera may be in the queue as well: {clear:?}");
}

#[test]
fn what_waits_for_a_place_of_which_nothing_was_seen_is_not_foretold() {
    assert_eq!(told(60, 6_600, &["nas", "silent"]).queue.clear, None);
    assert_eq!(told(60, 6_600, &[]).queue.clear, None);
}

#[test]
fn a_place_that_is_not_foretold_keeps_no_other_from_being_seen() {
    let (mut forecast, began) = (Forecast::default(), Instant::now());
    let both = ["a-silent-one", "nas"].map(|name| DestinationName::new(name).unwrap());
    for second in 0..60 {
        let at = began + Duration::from_secs(second);
        forecast.tell(&mut station(second * 10, 6_600), &both.clone().into(), (at, NOW));
    }
    let mut shown = station(600, 6_600);
    let [_, nas] = both;
    forecast.tell(&mut shown, &[nas].into(), (began + Duration::from_mins(1), NOW));
    assert!(shown.queue.clear.is_some(), "it was seen for a minute, beside one of which nothing could be said");
}

#[test]
fn another_camera_in_the_bay_is_another_story() {
    let (mut forecast, began) = (Forecast::default(), Instant::now());
    let required = BTreeSet::new();
    for second in 0..60 {
        let mut shown = station(second * 10, 6_600);
        if second > 50 {
            shown.bays[0].camera = Some(CameraSerial::new("BWC-2").unwrap());
        }
        forecast.tell(&mut shown, &required, (began + Duration::from_secs(second), NOW));
        assert_eq!(shown.bays[0].expected.is_some(), (20..=50).contains(&second), "second {second}");
    }
}

proptest! {
    #[test]
    fn at_a_steady_pace_the_truth_lies_in_what_is_said(pace in 1_u64..500, every in 2_u64..100, left in 0_u64..100_000) {
        let points: Vec<_> = (0..40).map(|step| (step * every, step * every * pace)).collect();
        let (seen, now) = course(&points, 0);
        let said = seen.expected((mib(left), mib(left)), now, NOW).unwrap();
        let truth = NOW.plus(Duration::from_secs(left / pace));
        prop_assert!(said.earliest <= truth && truth <= said.latest.plus(Duration::from_secs(1)), "{said:?} {truth}");
    }

    #[test]
    fn more_to_do_is_never_done_earlier(
        steps in prop::collection::vec((1_u64..60, 0_u64..1_000), 4..80), left in 0_u64..100_000, more in 0_u64..100_000,
    ) {
        let (mut at, mut done) = (0, 0);
        let points: Vec<_> = steps.into_iter().map(|(second, mib)| { at += second; done += mib; (at, done) }).collect();
        let (seen, now) = course(&points, 0);
        let said = |left| seen.expected((mib(left), mib(left)), now, NOW);
        if let (Some(less), Some(more)) = (said(left), said(left + more)) {
            prop_assert!(less.earliest <= less.latest);
            prop_assert!(less.earliest <= more.earliest && less.latest <= more.latest);
        }
    }
}
