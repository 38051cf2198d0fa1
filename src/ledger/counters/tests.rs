//! What is counted, as short stories.

use std::time::Duration;

use super::super::stories::{BEGAN, after, bay, began, ended, ledger, nas, proven, segment, spooled};
use super::super::{Entry, Figures, Ledger};
use super::*;
use crate::domain::{Deliveries, Segment, Stages};

fn intended(docking: DockingId) -> Entry {
    Entry::WipeIntended { docking, segments: Vec::new(), media: Vec::new() }
}

fn wiped(docking: DockingId, segment: &Segment) -> Entry {
    Entry::SegmentWiped { docking, segment: segment.id }
}

async fn counters_of(ledger: &Ledger) -> Counters {
    let Figures { counters, .. } = ledger.figures(BEGAN).await.unwrap();
    ledger.rebuild().await.unwrap();
    assert_eq!(ledger.figures(BEGAN).await.unwrap().counters, counters, "the log alone tells it");
    counters
}

/// Puts a camera in that has these segments, and takes it out when all is done.
async fn dock(ledger: &Ledger, docking: DockingId, segments: &[Segment]) {
    let each = |entry: &dyn Fn(&Segment) -> Entry| segments.iter().map(entry).collect::<Vec<_>>();
    for (at, entries) in [
        (0, vec![began(docking)]),
        (10, each(&|segment| spooled(docking, segment))),
        (70, each(&|segment| proven(segment, "v1"))),
        (71, vec![intended(docking)]),
        (73, each(&|segment| wiped(docking, segment))),
        (900, vec![ended(docking, Outcome::Completed)]),
    ] {
        ledger.record(after(at), entries).await.unwrap();
    }
}

#[tokio::test]
async fn a_docking_is_counted_with_how_long_its_stages_took() {
    let ledger = ledger().await;
    dock(&ledger, DockingId::new(BEGAN), &[segment("A"), segment("BC")]).await;
    let counters = counters_of(&ledger).await;
    assert_eq!((counters.entries, counters.dockings[&bay()], counters.endings.completed), (10, 1, 1));
    let both = Amount { times: 2, bytes: ByteCount::new(3) };
    assert_eq!((counters.spooled, counters.removals.wiped), (both, both));
    let Deliveries { bytes, took } = &counters.proven[&nas()];
    assert_eq!((bytes.get(), took.times(), took.total), (3, 2, Duration::from_mins(2)));
    let Stages { offload, upload, wipe } = &counters.stages;
    let took = [offload, upload, wipe].map(|stage| (stage.times(), stage.total.as_secs()));
    assert_eq!(took, [(1, 10), (1, 61), (1, 2)], "and not the time for which it lay there");
    let class = |bound| Durations::BOUNDS.iter().position(|known| *known == bound).unwrap();
    assert_eq!((offload.within[class(15)], upload.within[class(300)], wipe.within[class(5)]), (1, 1, 1));
}

#[tokio::test]
async fn what_is_known_already_is_not_counted_again() {
    let (ledger, docking, one) = (ledger().await, DockingId::new(BEGAN), segment("A"));
    let unreadable = || Entry::ProblemFound {
        camera: one.camera.clone(),
        path: one.path.clone(),
        segment: None,
        destination: None,
        kind: ProblemKind::Unsteady,
    };
    let twice = |entry: Entry| [entry.clone(), entry];
    ledger.record(BEGAN, vec![began(docking), spooled(docking, &one)]).await.unwrap();
    ledger.record(after(1), twice(proven(&one, "v1")).to_vec()).await.unwrap();
    ledger.record(after(2), twice(wiped(docking, &one)).to_vec()).await.unwrap();
    ledger.record(after(3), twice(unreadable()).to_vec()).await.unwrap();
    let counters = counters_of(&ledger).await;
    assert_eq!((counters.proven[&nas()].took.times(), counters.removals.wiped.times), (1, 1));
    assert_eq!(counters.problems, [("unsteady".to_owned(), 1)].into());
}

#[tokio::test]
async fn a_copy_that_was_lost_and_proven_again_is_counted_again() {
    let (ledger, docking, one) = (ledger().await, DockingId::new(BEGAN), segment("A"));
    let withdrawn = Entry::ProofWithdrawn { segment: one.id, destination: nas(), why: String::new() };
    let story = vec![began(docking), spooled(docking, &one), proven(&one, "v1"), withdrawn, proven(&one, "v2")];
    ledger.record(BEGAN, story).await.unwrap();
    let counters = counters_of(&ledger).await;
    assert_eq!((counters.proven[&nas()].took.times(), counters.withdrawn[&nas()]), (2, 1));
}

#[tokio::test]
async fn a_docking_that_was_cut_short_does_not_tell_how_long_one_takes() {
    let (ledger, docking, one) = (ledger().await, DockingId::new(BEGAN), segment("A"));
    let gone = Entry::OriginalGone { docking, segment: one.id };
    let ended = ended(docking, Outcome::TakenEarly);
    let story = vec![began(docking), spooled(docking, &one), intended(docking), gone, ended];
    ledger.record(BEGAN, story).await.unwrap();
    let counters = counters_of(&ledger).await;
    assert_eq!((counters.endings.taken_early, counters.stages), (1, Stages::default()));
    assert_eq!((counters.removals.not_by_camdock.times, counters.removals.wiped.times), (1, 0));
}

#[tokio::test]
async fn what_is_copied_after_the_first_wipe_begins_a_new_upload() {
    let (ledger, docking, one, other) = (ledger().await, DockingId::new(BEGAN), segment("A"), segment("B"));
    for (at, entry) in [
        (0, began(docking)),
        (1, spooled(docking, &one)),
        (2, intended(docking)),
        (3, wiped(docking, &one)),
        (10, spooled(docking, &other)),
        (30, intended(docking)),
        (31, intended(docking)),
        (32, wiped(docking, &other)),
        (40, ended(docking, Outcome::Completed)),
    ] {
        ledger.record(after(at), vec![entry]).await.unwrap();
    }
    let Stages { offload, upload, wipe } = counters_of(&ledger).await.stages;
    assert_eq!([offload, upload, wipe].map(|stage| stage.total.as_secs()), [10, 20, 2]);
}

#[tokio::test]
async fn however_many_dockings_there_are_what_is_counted_takes_the_same_room() {
    let ledger = ledger().await;
    let rows = || ledger.look(|db| Ok(db.query_row("SELECT count(*) FROM counted", [], |row| row.get::<_, i64>(0))?));
    for number in 0..100 {
        dock(&ledger, DockingId::new(after(number)), &[segment(&format!("{number:03}"))]).await;
        assert_eq!(rows().await.unwrap(), 8, "after {number}");
    }
    assert_eq!(counters_of(&ledger).await.dockings[&bay()], 100);
}
