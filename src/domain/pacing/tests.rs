//! Which cap holds when, on ordinary days and in nights in which clocks are changed.

use super::*;

fn rate(text: &str) -> BitRate {
    BitRate::parse(text).unwrap()
}

fn moment(utc: &str) -> Moment {
    Moment::from_millis(utc.parse::<Timestamp>().unwrap().as_millisecond())
}

fn period(days: &str, from: &str, to: &str) -> Period {
    Period { days: Days::parse(days).unwrap(), from: from.parse().unwrap(), to: to.parse().unwrap() }
}

fn pacing(zone: &str, periods: &[(Period, Option<&str>)]) -> Pacing {
    let periods = periods.iter().map(|(period, cap)| (*period, cap.map(rate))).collect();
    Pacing::new(PacingRules { otherwise: Some(rate("100 Mbit/s")), periods }, TimeZone::get(zone).unwrap())
}

fn holds(pacing: &Pacing, cases: &[(&str, Option<&str>)]) {
    for (now, cap) in cases {
        assert_eq!(pacing.at(moment(now)), cap.map(rate), "{now}");
    }
}

#[test]
fn a_speed_has_a_unit_and_is_never_none() {
    for good in ["64 kbit/s", "40 Mbit/s", "1 Gbit/s", "1500 kbit/s"] {
        assert_eq!(rate(good).to_string(), good);
    }
    assert_eq!(rate("1000kbit/s"), rate("1 Mbit/s"));
    for bad in ["", "40", "0 Mbit/s", "40 MB/s", "40 MiB", "-1 Mbit/s", "1.5 Mbit/s", "Mbit/s", "99999999999999 Gbit/s"]
    {
        assert_eq!(BitRate::parse(bad), Err(UnitError::Rate), "{bad}");
    }
    assert_eq!(BitRate::SLOWEST, rate("64 kbit/s"));
}

#[test]
fn a_speed_tells_how_long_bytes_take_and_how_many_go_in_a_time() {
    assert_eq!(rate("40 Mbit/s").time_for(ByteCount::new(5_000_000)), Duration::from_secs(1));
    assert_eq!(rate("40 Mbit/s").bytes_in(Duration::from_millis(200)), ByteCount::new(1_000_000));
    assert_eq!(
        rate("64 kbit/s").time_for(ByteCount::new(u64::MAX)),
        Duration::from_nanos(u64::MAX),
        "for ever, almost"
    );
}

#[test]
fn days_are_written_as_one_or_as_a_span() {
    let all = Days::parse("mon-sun").unwrap();
    assert_eq!(all, Days::ALL);
    assert_eq!(Days::parse("sat-mon").unwrap(), Days([true, false, false, false, false, true, true]));
    assert_eq!(Days::parse("mon-fri").unwrap().and(Days::parse("sat-sun").unwrap()), Days::ALL);
    for bad in ["", "monday", "Mon", "mon-", "-fri", "mon-fri-sun", "mon, tue"] {
        assert_eq!(Days::parse(bad), Err(NoDays), "{bad}");
    }
}

#[test]
fn a_period_begins_with_its_first_minute_and_its_end_is_no_more_in_it() {
    // 4 May 2026 is a Monday.
    let office = pacing("UTC", &[(period("mon-fri", "07:00", "19:00"), Some("10 Mbit/s"))]);
    holds(
        &office,
        &[
            ("2026-05-04T06:59:59.999Z", Some("100 Mbit/s")),
            ("2026-05-04T07:00:00Z", Some("10 Mbit/s")),
            ("2026-05-04T18:59:59.999Z", Some("10 Mbit/s")),
            ("2026-05-04T19:00:00Z", Some("100 Mbit/s")),
            ("2026-05-09T12:00:00Z", Some("100 Mbit/s")),
        ],
    );
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_begins_and_a_day_can_be_whole() {
    let nights =
        pacing("UTC", &[(period("fri", "22:00", "06:00"), None), (period("sun", "00:00", "00:00"), Some("5 Mbit/s"))]);
    holds(
        &nights,
        &[
            ("2026-05-08T05:00:00Z", Some("100 Mbit/s")),
            ("2026-05-08T22:00:00Z", None),
            ("2026-05-09T05:59:59Z", None),
            ("2026-05-09T06:00:00Z", Some("100 Mbit/s")),
            ("2026-05-09T23:59:59Z", Some("100 Mbit/s")),
            ("2026-05-10T00:00:00Z", Some("5 Mbit/s")),
            ("2026-05-10T23:59:59Z", Some("5 Mbit/s")),
            ("2026-05-11T00:00:00Z", Some("100 Mbit/s")),
        ],
    );
}

#[test]
fn the_first_period_that_holds_counts() {
    let both = [
        (period("mon-sun", "12:00", "13:00"), Some("1 Mbit/s")),
        (period("mon-sun", "00:00", "00:00"), Some("2 Mbit/s")),
    ];
    holds(
        &pacing("UTC", &both),
        &[("2026-05-04T12:30:00Z", Some("1 Mbit/s")), ("2026-05-04T13:00:00Z", Some("2 Mbit/s"))],
    );
}

#[test]
fn periods_go_by_the_clock_on_the_wall_whatever_it_does_at_night() {
    let early = [(period("mon-sun", "01:00", "03:00"), Some("10 Mbit/s"))];
    let new_york = pacing("America/New_York", &early);
    holds(
        &new_york,
        &[
            // Winter, five hours behind.
            ("2026-01-10T06:00:00Z", Some("10 Mbit/s")),
            ("2026-01-10T05:59:59Z", Some("100 Mbit/s")),
            // Clocks go from 02:00 to 03:00: it lasts an hour.
            ("2026-03-08T06:59:59Z", Some("10 Mbit/s")),
            ("2026-03-08T07:00:00Z", Some("100 Mbit/s")),
            // Clocks go from 02:00 back to 01:00: it lasts three.
            ("2026-11-01T05:00:00Z", Some("10 Mbit/s")),
            ("2026-11-01T06:30:00Z", Some("10 Mbit/s")),
            ("2026-11-01T07:59:59Z", Some("10 Mbit/s")),
            ("2026-11-01T08:00:00Z", Some("100 Mbit/s")),
        ],
    );
}

#[test]
fn a_clock_that_says_anything_leaves_what_holds_otherwise() {
    let night = pacing("UTC", &[(period("mon-sun", "00:00", "00:00"), Some("1 Mbit/s"))]);
    assert_eq!(night.at(Moment::from_millis(i64::MAX)), Some(rate("100 Mbit/s")));
    assert!(!Pacing::new(PacingRules::default(), TimeZone::UTC).ever_limits());
    assert!(night.ever_limits());
}
