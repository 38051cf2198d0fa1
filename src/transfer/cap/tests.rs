//! How fast pieces go, by a clock that nothing else moves.

use futures::future::join_all;
use jiff::tz::TimeZone;

use super::*;
use crate::domain::{Days, Moment, PacingRules, Period};

/// A wall clock that began at a moment when the test did.
struct Wall(Moment, Instant);

impl Clock for Wall {
    fn now(&self) -> Moment {
        self.0.plus(self.1.elapsed())
    }
}

fn cap_by(rules: PacingRules, begins: &str) -> Arc<Cap> {
    let begins: jiff::Timestamp = begins.parse().unwrap();
    let clock = Wall(Moment::from_millis(begins.as_millisecond()), Instant::now());
    Arc::new(Cap::new(Pacing::new(rules, TimeZone::UTC), Arc::new(clock)))
}

fn cap(rate: &str) -> Arc<Cap> {
    cap_by(PacingRules { otherwise: Some(BitRate::parse(rate).unwrap()), periods: Vec::new() }, "2026-05-04T12:00:00Z")
}

/// What a chunk in the spool gives: pieces of the size in which it is read.
fn content(bytes: usize) -> ByteStream {
    const READ: &[u8] = &[7; 256 << 10];
    let lengths = (0..bytes.div_ceil(READ.len())).map(move |at| READ.len().min(bytes - at * READ.len()));
    stream::iter(lengths.map(|length| Ok(Bytes::from_static(&READ[..length])))).boxed()
}

/// How much comes until an instant.
async fn until(end: Instant, content: &mut ByteStream) -> u64 {
    let mut bytes = 0;
    while let Ok(Some(piece)) = tokio::time::timeout_at(end, content.next()).await {
        bytes += piece.unwrap().len() as u64;
    }
    bytes
}

/// How much goes on each of several ways in that time.
async fn in_time(time: Duration, ways: &[&Caps]) -> Vec<u64> {
    let end = Instant::now() + time;
    join_all(ways.iter().map(|caps| async { until(end, &mut caps.slow(content(400 << 20))).await })).await
}

fn within_3_percent(bytes: u64, rate: &str, time: Duration) {
    let allowed = BitRate::parse(rate).unwrap().bytes_in(time).get();
    assert!(bytes.abs_diff(allowed) * 100 <= allowed * 3, "{bytes} B instead of {allowed} B");
}

#[tokio::test(start_paused = true)]
async fn one_chunk_goes_as_fast_as_the_cap_says() {
    for rate in ["64 kbit/s", "1 Mbit/s", "40 Mbit/s", "1 Gbit/s"] {
        let time = Duration::from_secs(if rate == "1 Gbit/s" { 3 } else { 30 });
        let bytes = in_time(time, &[&Caps::of([cap(rate)])]).await[0];
        within_3_percent(bytes, rate, time);
    }
}

#[tokio::test(start_paused = true)]
async fn many_chunks_share_one_cap_and_each_gets_on() {
    let (caps, minute) = (Caps::of([cap("40 Mbit/s")]), Duration::from_mins(1));
    let each = in_time(minute, &[&caps; 8]).await;
    within_3_percent(each.iter().sum(), "40 Mbit/s", minute);
    for bytes in each {
        within_3_percent(bytes, "5 Mbit/s", minute);
    }
}

#[tokio::test(start_paused = true)]
async fn a_destination_keeps_to_its_own_cap_and_all_keep_to_the_stations() {
    let (station, minute) = (cap("40 Mbit/s"), Duration::from_mins(1));
    let slow = Caps::of([cap("8 Mbit/s"), Arc::clone(&station)]);
    let free = Caps::of([station]);
    let each = in_time(minute, &[&slow, &free, &free, &free]).await;
    within_3_percent(each[0], "8 Mbit/s", minute);
    within_3_percent(each.iter().sum(), "40 Mbit/s", minute);
}

#[tokio::test(start_paused = true)]
async fn another_period_counts_as_soon_as_it_begins() {
    let night = Period { days: Days::ALL, from: "19:00".parse().unwrap(), to: "07:00".parse().unwrap() };
    let rate = |text| BitRate::parse(text).unwrap();
    let rules = PacingRules { otherwise: Some(rate("1 Mbit/s")), periods: vec![(night, Some(rate("40 Mbit/s")))] };
    let caps = Caps::of([cap_by(rules, "2026-05-04T18:59:00Z")]);
    let (minute, mut chunk, begins) = (Duration::from_mins(1), caps.slow(content(400 << 20)), Instant::now());
    within_3_percent(until(begins + minute, &mut chunk).await, "1 Mbit/s", minute);
    within_3_percent(until(begins + minute * 2, &mut chunk).await, "40 Mbit/s", minute);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_slowest_cap_shows_that_it_does() {
    let caps = Caps::of([cap("64 kbit/s")]);
    let waits = join_all((0..64).map(|_| async {
        let (mut content, mut longest, mut last) = (caps.slow(content(4 << 10)), Duration::ZERO, Instant::now());
        while let Some(piece) = content.next().await {
            piece.unwrap();
            longest = longest.max(last.elapsed());
            last = Instant::now();
        }
        longest
    }));
    let longest = waits.await.into_iter().max().unwrap();
    assert!(
        longest < Duration::from_secs(1),
        "{longest:?} without a sign of life, and a second's patience can be configured"
    );
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_leaves_the_line_to_the_others() {
    let caps = Caps::of([cap("1 Mbit/s")]);
    let given_up = until(Instant::now() + Duration::from_millis(600), &mut caps.slow(content(1 << 20))).await;
    let minute = Duration::from_mins(1);
    let bytes = in_time(minute, &[&caps]).await[0];
    within_3_percent(bytes, "1 Mbit/s", minute);
    assert!(given_up > 0);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_rested_does_not_make_up_for_it() {
    let (caps, hour, second) = (Caps::of([cap("40 Mbit/s")]), Duration::from_hours(1), Duration::from_secs(1));
    in_time(second, &[&caps]).await;
    tokio::time::sleep(hour).await;
    let bytes = in_time(second, &[&caps]).await[0];
    assert!(bytes <= BitRate::parse("40 Mbit/s").unwrap().bytes_in(second + REST * 2).get(), "{bytes} B in a second");
}

#[tokio::test(start_paused = true)]
async fn what_comes_out_is_what_went_in() {
    let caps = Caps::of([cap("40 Mbit/s"), cap("50 Mbit/s")]);
    let bytes: Vec<u8> = (0..1_000_003_u32).map(|at| at.to_le_bytes()[1]).collect();
    let pieces: Vec<_> = bytes.chunks(100_001).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let failing = stream::iter(pieces).chain(stream::iter([Err(io::Error::other("the spool"))])).boxed();
    let mut slowed = caps.slow(failing);
    let mut seen = Vec::new();
    let error = loop {
        match slowed.next().await.unwrap() {
            Ok(piece) => seen.extend_from_slice(&piece),
            Err(error) => break error,
        }
    };
    assert!(seen == bytes && error.to_string() == "the spool");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_stuck_in_the_middle_of_its_turn_keeps_nobody_waiting() {
    let (caps, minute) = (Caps::of([cap("1 Mbit/s")]), Duration::from_mins(1));
    let mut stuck = caps.slow(content(1 << 20));
    stuck.next().await.unwrap().unwrap();
    // It is given a turn, and nobody looks any more whether it has come.
    assert!(futures::poll!(stuck.next()).is_pending());
    let bytes = in_time(minute, &[&caps]).await[0];
    within_3_percent(bytes, "1 Mbit/s", minute);
}
