//! What a destination is to keep from deletion: it counts for nothing until it does, and says so.

use std::time::Duration;

use camdock::cloud::DestinationError;
use camdock::custody::Unproven;
use camdock::domain::{
    DestinationCause, DestinationState, Enforcement, HoldRule, LegalHold, ProofMethod, Protection, ProtectionPolicy,
    RetentionPolicy,
};
use camdock::transfer::{NotCleared, clear};

use super::place::Keeps;
use super::{HOUR, MINUTE, Station, reread, said};

const LENGTH: Duration = Duration::from_hours(31 * 24);

fn a_month_and_a_hold_on_what_is_damaged() -> ProtectionPolicy {
    let retention = RetentionPolicy { length: LENGTH, enforcement: Enforcement::Locked };
    ProtectionPolicy { retention: Some(retention), legal_hold: vec![HoldRule::Damaged] }
}

#[tokio::test(start_paused = true)]
async fn what_is_brought_is_kept_for_as_long_as_is_asked_from_when_it_was_taken() {
    for keeps in [Keeps::WhatItIsAsked, Keeps::WhatItIsAskedLater] {
        let mut station = Station::asking_for(a_month_and_a_hold_on_what_is_damaged()).await;
        station.place.keeps(keeps);
        let segment = station.spools("BWC-1", 0).await;
        station.uploads();
        station.after(MINUTE).await;
        assert_eq!(station.waiting().await, 0, "{keeps:?}");
        let kept = station.place.kept(&segment);
        let taken = station.ledger.spooled_at(segment.id).await.unwrap().unwrap();
        assert!(kept.retention.unwrap().until >= taken.plus(LENGTH), "{keeps:?}: {kept}");
        assert_eq!(kept.legal_hold, LegalHold::Absent, "nothing of it is damaged");
        let copies = station.ledger.copies(segment.id).await.unwrap();
        assert_eq!((copies[0].method, copies[0].protection), (Some(ProofMethod::Attested), kept), "it is written down");
    }
}

#[tokio::test(start_paused = true)]
async fn at_a_place_that_keeps_nothing_nothing_is_proven_and_it_says_why() {
    let mut station = Station::asking_for(a_month_and_a_hold_on_what_is_damaged()).await;
    station.place.keeps(Keeps::Nothing);
    let segment = station.spools("BWC-1", 0).await;
    station.spools("BWC-2", 1).await;
    station.uploads();
    let shown = station.after(MINUTE).await;
    assert_eq!((shown.state(), shown.cause()), (DestinationState::Refused, Some(DestinationCause::Unprotected)));
    assert!(said(&shown).contains("kept until"), "{}", said(&shown));
    let refused = clear(&station.site, &segment, &reread(&segment)).await.unwrap_err();
    assert!(matches!(&refused, NotCleared::Unproven { why: Unproven::Unprotected { .. }, .. }), "{refused}");
    station.after(HOUR * 12).await;
    assert_eq!(station.waiting().await, 2, "they wait for the place, however long that takes");
    assert_eq!(station.problems().await, [], "and is none of the segment's fault");

    station.place.keeps(Keeps::WhatItIsAskedLater);
    let shown = station.after(HOUR).await;
    assert_eq!((shown.state(), station.waiting().await), (DestinationState::Ok, 0), "{}", said(&shown));
    clear(&station.site, &segment, &reread(&segment)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_place_that_refuses_to_keep_one_object_takes_the_others() {
    let mut station = Station::asking_for(a_month_and_a_hold_on_what_is_damaged()).await;
    let bad = station.spools("BWC-1", 0).await;
    let others = [station.spools("BWC-1", 1).await, station.spools("BWC-2", 2).await];
    let poisoned = bad.object_name().to_string();
    station.place.goes_wrong(move |object| {
        (object == Some(&poisoned)).then(|| DestinationError::Unprotected("409 ImmutableStorage".to_owned()))
    });
    station.uploads();
    let shown = station.after(MINUTE).await;
    assert_eq!(shown.state(), DestinationState::Ok, "{}", said(&shown));
    assert!(others.iter().all(|other| station.place.kept(other) != Protection::NONE));
    assert_eq!(station.waiting().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_somebody_stopped_keeping_does_not_clear_a_wipe_until_it_is_kept_again() {
    let mut station = Station::asking_for(a_month_and_a_hold_on_what_is_damaged()).await;
    let segment = station.spools("BWC-1", 0).await;
    station.uploads();
    station.after(MINUTE).await;
    clear(&station.site, &segment, &reread(&segment)).await.unwrap();

    station.place.keeps_no_longer(&segment);
    let refused = clear(&station.site, &segment, &reread(&segment)).await.unwrap_err();
    assert!(matches!(&refused, NotCleared::Unproven { why: Unproven::Unprotected { .. }, .. }), "{refused}");
    assert_eq!(station.waiting().await, 1, "the proof does not count any more");

    station.after(MINUTE).await;
    assert_eq!(station.waiting().await, 0);
    assert_ne!(station.place.kept(&segment), Protection::NONE);
    clear(&station.site, &segment, &reread(&segment)).await.unwrap();
}
