//! What is told of dockings, as short stories.

use super::super::stories::{BEGAN, after, began, ended, ledger, nas, proven, segment, spooled};
use super::super::tests::plan;
use super::super::{Entry, Figures, problems};
use super::*;
use crate::domain::{Amount, Outcome, ProblemId, ProblemKind, Removal, Segment};

fn problem(segment: &Segment) -> Entry {
    Entry::ProblemFound {
        camera: segment.camera.clone(),
        path: segment.path.clone(),
        segment: Some(segment.id),
        destination: Some(nas()),
        kind: ProblemKind::OtherContent,
    }
}

fn names(known: &[Explanation]) -> Vec<String> {
    known.iter().map(|known| known.segment.path.to_string()).collect()
}

/// A camera was taken early, and came again.
#[tokio::test]
async fn a_docking_is_about_what_was_copied_in_it_or_left_its_camera_in_it() {
    let ledger = ledger().await;
    let (first, second) = (DockingId::new(BEGAN), DockingId::new(after(1)));
    let (one, two, three) = (segment("A"), segment("BC"), segment("DEF"));
    ledger.record(BEGAN, vec![began(first), spooled(first, &one), spooled(first, &two), problem(&two)]).await.unwrap();
    ledger.record(after(1), vec![ended(first, Outcome::TakenEarly), began(second)]).await.unwrap();
    let wiped = Entry::SegmentWiped { docking: second, segment: one.id };
    let gone = Entry::OriginalGone { docking: second, segment: two.id };
    ledger
        .record(after(2), vec![spooled(second, &three), proven(&one, "v1"), wiped, gone.clone(), gone])
        .await
        .unwrap();
    for _ in 0..2 {
        let (told, known) = ledger.docking(first, None, 9).await.unwrap().unwrap();
        assert_eq!((told.segments, told.bytes.get(), names(&known)), (2, 3, vec!["A".to_owned(), "BC".to_owned()]));
        assert_eq!(told.ended, Some((after(1), Outcome::TakenEarly)));
        assert_eq!(known[0].removal(), Some(Removal::Wiped), "what became of it since is told as well");
        assert_eq!((known[0].problems.len(), known[1].problems.len()), (0, 1));
        let (told, known) = ledger.docking(second, None, 9).await.unwrap().unwrap();
        assert_eq!((told.segments, told.bytes.get(), told.ended), (3, 6, None));
        assert_eq!(names(&known), ["A", "BC", "DEF"]);
        ledger.rebuild().await.unwrap();
    }
}

#[tokio::test]
async fn segments_of_a_docking_are_told_a_page_at_a_time_and_each_once() {
    let ledger = ledger().await;
    let docking = DockingId::new(BEGAN);
    let all: Vec<_> = (0..7).map(|number| segment(&number.to_string())).collect();
    let spooled = all.iter().map(|segment| spooled(docking, segment));
    ledger.record(BEGAN, std::iter::once(began(docking)).chain(spooled).collect()).await.unwrap();
    let mut told = Vec::new();
    loop {
        let after = told.last().map(|known: &Explanation| known.segment.id);
        let (_, page) = ledger.docking(docking, after, 3).await.unwrap().unwrap();
        if page.is_empty() {
            break;
        }
        told.extend(page);
    }
    assert_eq!(names(&told), ["0", "1", "2", "3", "4", "5", "6"]);
    let unknown = Some(segment("unknown").id);
    assert_eq!(ledger.docking(docking, unknown, 3).await.unwrap(), None, "nothing comes after it");
}

#[tokio::test]
async fn dockings_are_told_newest_first_in_the_order_of_the_log_whatever_the_clock_says() {
    let ledger = ledger().await;
    let mut ids = Vec::new();
    for seconds in [0, 500, 100, 200] {
        ids.push(DockingId::new(after(seconds)));
        ledger.record(after(seconds), vec![began(*ids.last().unwrap())]).await.unwrap();
    }
    let told = async |before, limit| {
        let dockings = ledger.dockings(before, limit).await.unwrap();
        dockings.map(|dockings| dockings.into_iter().map(|docking| docking.id).collect::<Vec<_>>())
    };
    assert_eq!(told(None, 2).await, Some(vec![ids[3], ids[2]]));
    assert_eq!(told(Some(ids[2]), 9).await, Some(vec![ids[1], ids[0]]));
    assert_eq!(told(Some(ids[0]), 9).await, Some(Vec::new()));
    assert_eq!(told(Some(DockingId::new(BEGAN)), 9).await, None);
}

#[tokio::test]
async fn problems_are_told_a_page_at_a_time_with_evidence_that_is_nowhere_among_them() {
    let (ledger, docking) = (ledger().await, DockingId::new(BEGAN));
    ledger.record(BEGAN, vec![began(docking)]).await.unwrap();
    for number in 0..5 {
        let segment = segment(&number.to_string());
        let lost = Entry::SpoolCopyLost { segment: segment.id, why: "rot".to_owned() };
        ledger.record(BEGAN, vec![spooled(docking, &segment), problem(&segment), lost]).await.unwrap();
    }
    let all = ledger.problems(None).await.unwrap();
    assert_eq!(all.len(), 10);
    let mut told = Vec::new();
    while told.len() < all.len() {
        let after = told.last().map_or(ProblemId(0), |problem: &Problem| problem.id);
        let page = ledger.problems_after(after, 3).await.unwrap();
        assert!(!page.is_empty() && page.len() <= 3);
        told.extend(page);
    }
    assert_eq!(told, all);
}

#[tokio::test]
async fn copies_in_the_spool_are_counted_as_they_come_and_go() {
    let (ledger, docking, one, two) = (ledger().await, DockingId::new(BEGAN), segment("A"), segment("BC"));
    let lost = |segment: &Segment| Entry::SpoolCopyLost { segment: segment.id, why: "rot".to_owned() };
    let released = |segment: &Segment| Entry::SpoolCopyReleased { segment: segment.id };
    for (entries, copies) in [
        (vec![began(docking), spooled(docking, &one), spooled(docking, &one)], (1, 1)),
        (vec![spooled(docking, &two), lost(&one), lost(&one)], (1, 2)),
        (vec![spooled(docking, &one), proven(&two, "v1"), released(&two)], (1, 1)),
        (vec![released(&one)], (0, 0)),
    ] {
        ledger.record(BEGAN, entries).await.unwrap();
        for _ in 0..2 {
            let Figures { copies: Amount { times, bytes }, .. } = ledger.figures(BEGAN).await.unwrap();
            assert_eq!((times, bytes.get()), copies);
            ledger.rebuild().await.unwrap();
        }
    }
}

/// A log of millions of entries is no reason to keep anybody waiting.
#[tokio::test]
async fn no_question_of_a_page_reads_a_whole_table() {
    let ledger = ledger().await;
    let segments = |rest: &str| format!("SELECT segment.path FROM segment {rest}");
    let dockings = |rest: &str| format!("SELECT {COLUMNS} FROM docking {rest}");
    let nowhere = problems::NOWHERE;
    for question in [
        dockings(NEWEST),
        dockings("WHERE id = ?1"),
        segments(IN_DOCKING),
        segments(&format!("{nowhere} {}", problems::NOWHERE_AFTER)),
        segments(&format!("{nowhere} AND id = ?1")),
        format!("SELECT kind FROM problem {}", problems::FOUND_AFTER),
        "SELECT kind FROM problem WHERE camera = ?1 AND path = ?2".to_owned(),
    ] {
        let (asked, steps) = (question.clone(), ledger.look(move |db| plan(db, &question)).await.unwrap());
        assert!(steps.iter().all(|step| step.starts_with("SEARCH")), "{asked}: {steps:?}");
    }
}
