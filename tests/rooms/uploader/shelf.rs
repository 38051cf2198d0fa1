//! Spool and ledger tell one story, whatever a crash has left between them and however a copy reads.

use camdock::domain::{ProblemKind, Segment};
use camdock::ledger::{Entry, KnownSegment, SpoolCopy};
use camdock::spool::Spool as _;
use camdock::transfer::{PullError, SourceTrouble, check_source, make_room, pull, reconcile, release_wiped};

use super::camera::ScriptedCamera;
use super::{HOUR, MINUTE, Station, file_of, proven, spooled_and_proven};

impl Station {
    async fn known(&self, segment: &Segment) -> KnownSegment {
        self.ledger.segment(segment.id).await.unwrap().expect("the ledger knows it")
    }

    async fn is_on_the_shelf(&self, segment: &Segment) -> bool {
        self.spool.inventory().await.unwrap().contains(&segment.id)
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_missing_is_no_longer_counted_on() {
    let station = Station::new().await;
    let (missing, there) = (station.spools("BWC-1", 1).await, station.spools("BWC-1", 2).await);
    station.spool.remove(missing.id).await.unwrap();
    reconcile(&station.site).await.unwrap();
    assert_eq!(station.known(&missing).await.spool, SpoolCopy::Lost);
    assert_eq!(station.known(&there).await.spool, SpoolCopy::Present);
    let problems = station.problems().await;
    assert!(matches!(&problems[..], [only] if only.kind == ProblemKind::OnlyOnCamera), "{problems:?}");
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_was_only_not_listed_is_looked_at_before_it_is_given_up() {
    let station = Station::new().await;
    let segment = station.spools("BWC-1", 1).await;
    station.spool.lists_nothing();
    reconcile(&station.site).await.unwrap();
    assert_eq!(station.known(&segment).await.spool, SpoolCopy::Present);
    assert_eq!(station.problems().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_outlived_its_tombstone_goes_only_if_every_destination_still_has_it() {
    let station = Station::new().await;
    let [kept, lost] = &spooled_and_proven(&station, 2, 0).await[..] else { panic!("two") };
    for segment in [kept, lost] {
        station.record(Entry::SpoolCopyReleased { segment: segment.id }).await;
    }
    station.place.lost(lost);
    reconcile(&station.site).await.unwrap();
    assert!(!station.is_on_the_shelf(kept).await);
    assert_eq!(station.known(kept).await.spool, SpoolCopy::Released);
    assert!(station.is_on_the_shelf(lost).await);
    let taken_back = station.known(lost).await;
    assert_eq!((taken_back.spool, taken_back.pending), (SpoolCopy::Present, 1), "it is uploaded again");
}

#[tokio::test(start_paused = true)]
async fn a_copy_whose_destination_cannot_be_asked_outlives_its_tombstone() {
    let station = Station::new().await;
    let segment = spooled_and_proven(&station, 1, 1).await.remove(0);
    station.record(Entry::SpoolCopyReleased { segment: segment.id }).await;
    reconcile(&station.site).await.unwrap();
    assert!(station.is_on_the_shelf(&segment).await);
    assert_eq!(station.known(&segment).await.spool, SpoolCopy::Present);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_was_given_up_and_is_there_after_all_is_taken_back() {
    let station = Station::new().await;
    let segment = station.spools("BWC-1", 1).await;
    station.record(Entry::SpoolCopyLost { segment: segment.id, why: "the disk was away".to_owned() }).await;
    reconcile(&station.site).await.unwrap();
    assert_eq!(station.known(&segment).await.spool, SpoolCopy::Present);
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_which_the_ledger_never_heard_is_taken_over_by_its_label_if_it_is_whole() {
    let station = Station::new().await;
    let (whole, cut) = (Station::segment("BWC-1", 1), Station::segment("BWC-1", 2));
    station.seals(&whole, &Station::content("BWC-1", 1)).await;
    station.seals(&cut, "somethi").await;
    reconcile(&station.site).await.unwrap();
    let known = station.known(&whole).await;
    assert_eq!((known.segment, known.spool, known.pending), (whole.into(), SpoolCopy::Present, 1));
    assert_eq!(station.ledger.segment(cut.id).await.unwrap(), None);
    assert!(station.is_on_the_shelf(&cut).await, "it is kept, whatever it is");
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_reads_otherwise_than_it_was_written_goes_and_nobody_counts_on_the_one_before() {
    let station = Station::new().await;
    let (segment, content) = (Station::segment("BWC-1", 1), Station::content("BWC-1", 1));
    let camera = ScriptedCamera::reading(&[&content]);
    let first = pull(&station.site, station.docking, &camera, &station.site.turns(), &file_of(&segment)).await.unwrap();
    assert_eq!((first.id, station.known(&segment).await.spool), (segment.id, SpoolCopy::Present));
    station.spool.reads_wrongly(true);
    let again = pull(&station.site, station.docking, &camera, &station.site.turns(), &file_of(&segment)).await;
    assert!(matches!(again, Err(PullError::BadCopy(_))), "{again:?}");
    assert!(!station.is_on_the_shelf(&segment).await, "it would take up room for ever");
    assert_eq!(station.known(&segment).await.spool, SpoolCopy::Lost);
}

#[tokio::test(start_paused = true)]
async fn a_bad_copy_of_what_was_never_there_is_nothing_that_was_lost() {
    let station = Station::new().await;
    let (segment, content) = (Station::segment("BWC-1", 1), Station::content("BWC-1", 1));
    station.spool.reads_wrongly(true);
    let camera = ScriptedCamera::reading(&[&content]);
    let pulled = pull(&station.site, station.docking, &camera, &station.site.turns(), &file_of(&segment)).await;
    assert!(matches!(pulled, Err(PullError::BadCopy(_))), "{pulled:?}");
    assert_eq!(station.ledger.segment(segment.id).await.unwrap(), None);
    assert_eq!(station.problems().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_could_not_be_sent_is_given_up_only_if_it_is_not_what_was_read() {
    let mut station = Station::new().await;
    let segment = station.spools("BWC-1", 1).await;
    station.place.spoils_chunks(true);
    station.uploads();
    station.after(MINUTE).await;
    assert_eq!(station.known(&segment).await.spool, SpoolCopy::Present, "the copy itself is whole");
    station.spool.reads_wrongly(true);
    station.after(HOUR).await;
    assert_eq!(station.known(&segment).await.spool, SpoolCopy::Lost);
}

#[tokio::test(start_paused = true)]
async fn every_copy_whose_original_was_wiped_long_enough_ago_goes_in_one_round() {
    let station = Station::new().await;
    let segments = spooled_and_proven(&station, 3, 0).await;
    assert_eq!(release_wiped(&station.site, MINUTE).await.unwrap(), 0, "nothing was wiped");
    for segment in &segments {
        station.record(Entry::OriginalGone { docking: station.docking, segment: segment.id }).await;
    }
    assert_eq!(release_wiped(&station.site, MINUTE).await.unwrap(), 3);
    assert_eq!(station.spool.inventory().await.unwrap(), []);
    assert_eq!(release_wiped(&station.site, MINUTE).await.unwrap(), 0, "nothing is left");
}

#[tokio::test(start_paused = true)]
async fn a_round_that_ended_behind_the_last_copy_begins_with_the_first_again() {
    let station = Station::new().await;
    let before = spooled_and_proven(&station, 2, 0).await;
    station.place.lost(&before[1]);
    assert_eq!(make_room(&station.site).await.unwrap(), 1);
    assert_eq!(make_room(&station.site).await.unwrap(), 0, "the other one is not proven any more");
    let later = station.spools("BWC-2", 1).await;
    proven(&station, &later).await;
    assert_eq!(make_room(&station.site).await.unwrap(), 1);
    assert_eq!(make_room(&station.site).await.unwrap(), 0, "and nothing turns for ever");
}

#[tokio::test(start_paused = true)]
async fn a_round_goes_past_any_number_of_copies_that_cannot_go_and_once_around() {
    // A round looks at 64 at a time.
    let station = Station::new().await;
    let segments = spooled_and_proven(&station, 130, 0).await;
    let (last, before) = segments.split_last().unwrap();
    for segment in before {
        station.place.lost(segment);
    }
    assert_eq!(make_room(&station.site).await.unwrap(), 1, "the very last can go");
    assert!(!station.is_on_the_shelf(last).await);
    for segment in before {
        proven(&station, segment).await;
    }
    for segment in &before[..64] {
        station.place.lost(segment);
    }
    assert_eq!(make_room(&station.site).await.unwrap(), 64, "behind the last it begins with the first, and goes on");
}

#[tokio::test(start_paused = true)]
async fn a_source_is_the_segment_only_if_it_reads_so_to_its_very_end() {
    let station = Station::new().await;
    let (segment, content) = (Station::segment("BWC-1", 1), Station::content("BWC-1", 1));
    let (begin, end) = content.split_at(4);
    let camera = ScriptedCamera::reading(&[begin, end]);
    let file = file_of(&segment);
    let turns = station.site.turns();
    let check = || check_source(&camera, &turns, &file, &segment);
    assert!(check().await.is_ok());
    let grown = [begin, end, "and more"];
    for other in [&grown[..], &[begin], &[end, begin], &[]] {
        camera.reads(other);
        assert!(matches!(check().await, Err(SourceTrouble::Differs)), "{other:?}");
    }
    camera.reads(&[begin]);
    camera.cannot_read(end.len() as u64);
    assert!(matches!(check().await, Err(SourceTrouble::Differs)), "a part of it cannot be read");
}

#[tokio::test(start_paused = true)]
async fn a_camera_that_answers_no_more_keeps_no_other_from_being_read() {
    let station = Station::new().await;
    let (segment, content) = (Station::segment("BWC-1", 1), Station::content("BWC-1", 1));
    let (silent, other) = (ScriptedCamera::reading(&[]), ScriptedCamera::reading(&[&content]));
    silent.hangs();
    let (its_turns, turns, file) = (station.site.turns(), station.site.turns(), file_of(&segment));
    let waits = pull(&station.site, station.docking, &silent, &its_turns, &file);
    let pulled = pull(&station.site, station.docking, &other, &turns, &file);
    tokio::select! {
        biased;
        ended = waits => panic!("it answers: {ended:?}"),
        pulled = pulled => assert_eq!(pulled.unwrap().id, segment.id),
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_copies_are_synced_at_once_than_a_disk_has_use_for() {
    let station = Station::new().await;
    station.spool.syncs_slowly();
    let pulls = (1..=4).map(async |number| {
        let content = Station::content("BWC-1", number);
        let (camera, file) = (ScriptedCamera::reading(&[&content]), file_of(&Station::segment("BWC-1", number)));
        pull(&station.site, station.docking, &camera, &station.site.turns(), &file).await.unwrap()
    });
    assert_eq!(futures::future::join_all(pulls).await.len(), 4);
    assert_eq!(station.spool.most_syncs_at_once(), 1, "as this station was told");
}
