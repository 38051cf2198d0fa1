//! What is told of the last hours, as short stories.

use std::time::Duration;

use super::super::Entry;
use super::super::tests::plan;
use super::*;
use crate::domain::{
    CameraSerial, Fingerprint, Hours, Need, ProofMethod, Protection, Segment, SegmentId, SourcePath, Version,
};

const NOON: Moment = Moment::from_millis(1_799_971_200_000);

fn hour(after: i64) -> Moment {
    let hours = Duration::from_hours(after.unsigned_abs());
    if after < 0 { NOON.minus(hours) } else { NOON.plus(hours) }
}

fn nas() -> DestinationName {
    DestinationName::new("nas").unwrap()
}

/// So many bytes, which no other segment has.
fn segment(number: i64, size: usize) -> Segment {
    let camera = CameraSerial::new("BWC-1").unwrap();
    let path = SourcePath::new(format!("{number}").into_bytes());
    let fingerprint = Fingerprint::of(&vec![7; size], ByteCount::new(4));
    let id = SegmentId::of(&camera, &path, &fingerprint.sha256);
    Segment { id, camera, path, recorded_at: NOON, fingerprint, damaged: false }
}

async fn ledger() -> Ledger {
    let ledger = Ledger::threaded(Ledger::in_memory().unwrap()).unwrap();
    let set = Entry::DestinationsSet { destinations: vec![(nas(), Need::Required)] };
    ledger.record(hour(-100), vec![set]).await.unwrap();
    ledger
}

fn spooled(segment: &Segment) -> Entry {
    Entry::SegmentSpooled { docking: None, segment: segment.clone() }
}

fn proven(segment: &Segment) -> Entry {
    let (destination, version) = (nas(), Version("v1".to_owned()));
    let (method, protection) = (ProofMethod::Attested, Protection::NONE);
    Entry::CopyProven { segment: segment.id, destination, version, method, protection }
}

async fn rows(ledger: &Ledger) -> i64 {
    ledger.look(|db| Ok(db.query_row("SELECT count(*) FROM hourly", [], |row| row.get(0))?)).await.unwrap()
}

/// Which hours of a day have how much.
fn told(hours: &Hours) -> Vec<(usize, u64)> {
    let each = hours.iter().enumerate().map(|(hour, bytes)| (hour, bytes.get()));
    each.filter(|(_, bytes)| *bytes > 0).collect()
}

#[tokio::test]
async fn what_was_copied_and_proven_is_told_in_the_hour_in_which_it_was_and_for_a_day() {
    let ledger = ledger().await;
    let (one, two) = (segment(1, 3), segment(2, 5));
    for (at, entry) in [(hour(-2), spooled(&one)), (hour(0), spooled(&two)), (hour(0), proven(&one))] {
        ledger.record(at.plus(Duration::from_mins(59)), vec![entry.clone(), entry]).await.unwrap();
    }
    for _ in 0..2 {
        let day = ledger.day(hour(0).plus(Duration::from_mins(20))).await.unwrap();
        assert_eq!((day.from, day.beginnings().last()), (hour(-23), Some(hour(0))));
        assert_eq!(told(&day.copied), [(21, 6), (23, 10)], "a segment that is copied again was copied again");
        assert_eq!(told(&day.proven[&nas()]), [(23, 3)], "and one that is proven already is not proven again");
        let later = ledger.day(hour(22)).await.unwrap();
        assert_eq!((told(&later.copied), told(&later.proven[&nas()])), (vec![(1, 10)], vec![(1, 3)]));
        assert_eq!(ledger.day(hour(30)).await.unwrap(), Day::until(hour(30)));
        ledger.rebuild().await.unwrap();
    }
}

#[tokio::test]
async fn however_long_a_station_runs_few_hours_are_kept() {
    let ledger = ledger().await;
    for after in 0..200 {
        ledger.record(hour(after), vec![spooled(&segment(after, 1))]).await.unwrap();
    }
    assert_eq!(rows(&ledger).await, 49);
    assert_eq!(told(&ledger.day(hour(199)).await.unwrap().copied).len(), Day::HOURS);
}

#[tokio::test]
async fn a_clock_that_was_far_ahead_leaves_nothing_behind() {
    let ledger = ledger().await;
    for after in [100_000, 0, -1] {
        ledger.record(hour(after), vec![spooled(&segment(after, 1))]).await.unwrap();
    }
    assert_eq!(told(&ledger.day(hour(0)).await.unwrap().copied), [(22, 1), (23, 1)]);
    assert_eq!(rows(&ledger).await, 2);
}

#[tokio::test]
async fn asking_for_a_day_reads_its_hours_only() {
    let ledger = ledger().await;
    let plan = ledger.look(|db| plan(db, SINCE)).await.unwrap();
    assert_eq!(plan, ["SEARCH hourly USING PRIMARY KEY (hour>?)"]);
}
