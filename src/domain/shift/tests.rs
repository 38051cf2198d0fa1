//! Which start is next, on ordinary days and in nights in which clocks are changed.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn starts(times: &[&str], zone: &str) -> ShiftStarts {
    ShiftStarts::new(times.iter().map(|time| time.parse().unwrap()).collect(), TimeZone::get(zone).unwrap())
}

fn moment(utc: &str) -> Moment {
    Moment::from_millis(utc.parse::<Timestamp>().unwrap().as_millisecond())
}

#[test]
fn a_time_of_day_is_written_in_one_way() {
    for good in ["00:00", "06:00", "23:59"] {
        assert_eq!(good.parse::<TimeOfDay>().unwrap().to_string(), good);
    }
    for bad in ["", "6:00", "06:0", "24:00", "06:60", "06.00", "06:00:00", "0600", "+6:00", " 06:00", "٠٦:٠٠"] {
        assert_eq!(bad.parse::<TimeOfDay>(), Err(NoTimeOfDay), "{bad}");
    }
}

#[test]
fn the_next_start_is_told_by_the_clock_on_the_wall() {
    let three: &[&str] = &["06:00", "14:00", "22:00"];
    for (times, zone, now, next) in [
        (three, "UTC", "2026-05-01T05:59:59Z", "2026-05-01T06:00:00Z"),
        // One that is just now is not yet to come.
        (three, "UTC", "2026-05-01T06:00:00Z", "2026-05-01T14:00:00Z"),
        (three, "UTC", "2026-05-01T23:00:00Z", "2026-05-02T06:00:00Z"),
        // The order in which they are written is of no consequence.
        (&["22:00", "06:00", "14:00"], "UTC", "2026-05-01T07:00:00Z", "2026-05-01T14:00:00Z"),
        // Where it is tomorrow already, or yesterday still.
        (three, "Pacific/Auckland", "2026-05-01T13:00:00Z", "2026-05-01T18:00:00Z"),
        (three, "America/Los_Angeles", "2026-05-01T04:00:00Z", "2026-05-01T05:00:00Z"),
        // Clocks go from 02:00 to 03:00: the start at 06:00 comes an hour earlier than the day before.
        (three, "America/New_York", "2026-03-07T10:00:00Z", "2026-03-07T11:00:00Z"),
        (three, "America/New_York", "2026-03-08T04:00:00Z", "2026-03-08T10:00:00Z"),
        // And 02:30 is not there that night: it counts as 03:30.
        (&["02:30"], "America/New_York", "2026-03-08T05:00:00Z", "2026-03-08T07:30:00Z"),
        // Clocks go from 02:00 back to 01:00: 01:30 comes twice, and counts once.
        (&["01:30"], "America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z"),
        (&["01:30"], "America/New_York", "2026-11-01T05:45:00Z", "2026-11-02T06:30:00Z"),
        // A day that a whole country skipped.
        (&["06:00"], "Pacific/Apia", "2011-12-29T17:00:00Z", "2011-12-30T16:00:00Z"),
    ] {
        let start = starts(times, zone).next_after(moment(now)).unwrap();
        assert_eq!(start.at, moment(next), "{times:?} in {zone} after {now}");
    }
}

#[test]
fn who_said_nothing_of_shifts_is_told_nothing_of_them() {
    assert_eq!(ShiftStarts::unknown().next_after(moment("2026-05-01T00:00:00Z")), None);
    assert_eq!(starts(&["06:00"], "UTC").next_after(Moment::from_millis(i64::MAX)), None, "a clock may say anything");
}

#[test]
fn only_what_is_too_late_in_the_best_case_is_said_to_be() {
    let start = starts(&["14:00"], "UTC").next_after(moment("2026-05-01T10:00:00Z")).unwrap();
    for (earliest, missed) in [("13:59:00", false), ("14:00:00", false), ("14:01:00", true)] {
        assert_eq!(start.is_missed(moment(&format!("2026-05-01T{earliest}Z"))), missed, "{earliest}");
    }
}

proptest! {
    #[test]
    fn a_day_has_each_start_once_whatever_the_clocks_do(
        zone in prop::sample::select(vec!["America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata"]),
        hour in 0_u8..24, minute in 0_u8..60, day in 0_i64..20_000,
    ) {
        let starts = starts(&[&format!("{hour:02}:{minute:02}")], zone);
        let now = Moment::from_millis(day * 86_400_000);
        let next = starts.next_after(now).unwrap();
        let after = starts.next_after(next.at).unwrap();
        prop_assert!(next.at > now && next.at.since(now) <= Duration::from_hours(26), "{next:?}");
        let apart = after.at.since(next.at);
        prop_assert!(apart >= Duration::from_hours(22) && apart <= Duration::from_hours(26), "{next:?} {after:?}");
        let same = starts.next_after(next.at.minus(Duration::from_millis(1)));
        prop_assert_eq!(same, Some(next), "nothing is skipped just before it");
    }

    #[test]
    fn of_several_starts_the_earliest_is_next(minutes in prop::collection::btree_set(0_u16..1440, 1..6), now in 0_i64..2_000_000_000) {
        let times: Vec<_> = minutes.iter().map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60)).collect();
        let each: Vec<_> = times.iter().map(String::as_str).collect();
        let now = Moment::from_millis(now * 1000);
        let of = |times: &[&str]| starts(times, "Europe/London").next_after(now).unwrap().at;
        prop_assert_eq!(of(&each), each.iter().map(|time| of(&[time])).min().unwrap());
    }
}
