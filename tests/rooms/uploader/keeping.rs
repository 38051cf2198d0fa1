//! What a destination is to keep from deletion: it counts for nothing until it does, and says so.

use std::time::Duration;

use camdock::cloud::DestinationError;
use camdock::custody::Unproven;
use camdock::domain::{
    Caller, CameraSerial, DestinationCause, DestinationState, Enforcement, HoldRule, LegalHold, Moment, NotRetained,
    Pattern, ProofMethod, Protection, ProtectionPolicy, Retain, Retention, RetentionPolicy, UserName,
};
use camdock::transfer::{NotCleared, clear, keep_as_asked, retain};

use super::place::Keeps;
use super::{HOUR, MINUTE, Station, reread, said};

const LENGTH: Duration = Duration::from_hours(31 * 24);
/// When these stories begin.
const NOW: Moment = Moment::from_millis(1_800_000_000_000);

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
        assert!(kept.retention.unwrap().until >= NOW.plus(LENGTH), "{keeps:?}: {kept}");
        assert_eq!(kept.legal_hold, LegalHold::Absent, "nothing of it is damaged");
        let copies = station.ledger.copies(segment.id).await.unwrap();
        assert_eq!((copies[0].method, copies[0].protection), (Some(ProofMethod::Sha256), kept), "it is written down");
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

/// Somebody wants this much of a camera kept so long, or held.
fn wish(path: Option<&str>, until: Option<Moment>, legal_hold: LegalHold) -> Retain {
    let retention = until.map(|until| Retention { until, enforcement: Enforcement::Unlocked });
    let protection = Protection { retention, legal_hold };
    Retain { camera: CameraSerial::new("BWC-1").unwrap(), path: path.map(Pattern::new), protection }
}

fn sam() -> Caller {
    Caller::User(UserName::new("sam").unwrap())
}

#[tokio::test(start_paused = true)]
async fn what_somebody_wants_kept_longer_is_kept_longer_and_nothing_else_is() {
    let mut station = Station::asking_for(a_month_and_a_hold_on_what_is_damaged()).await;
    let (mine, other) = (station.spools("BWC-1", 0).await, station.spools("BWC-2", 0).await);
    station.uploads();
    station.after(MINUTE).await;
    let before = station.place.kept(&other);
    let year = NOW.plus(LENGTH * 12);
    let wanted = wish(Some(&mine.path.to_string()), Some(year), LegalHold::Placed);
    let retained = retain(&station.site, wanted, sam()).await.unwrap().unwrap();
    assert_eq!((retained.segments, retained.destinations.len()), (1, 1));
    keep_as_asked(&station.site).await.unwrap();

    let kept = station.place.kept(&mine);
    assert!(kept.retention.unwrap().until >= year && kept.legal_hold == LegalHold::Placed, "{kept}");
    assert_eq!(kept.retention.unwrap().enforcement, Enforcement::Locked, "as firmly as the destination's policy is");
    assert_eq!(station.place.kept(&other), before);
    assert_eq!(station.ledger.copies(mine.id).await.unwrap()[0].protection, kept, "it is written down");
    let asked = station.place.asked("");
    keep_as_asked(&station.site).await.unwrap();
    assert_eq!(station.place.asked(""), asked, "what is done is not done again");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_kept_longer_just_now_is_kept_longer_when_it_can() {
    let mut station = Station::new().await;
    let brought = station.spools("BWC-1", 0).await;
    station.uploads();
    station.after(MINUTE).await;
    let queued = station.spools("BWC-1", 1).await;
    station.place.goes_wrong(|_| Some(DestinationError::Unreachable("no route to host".to_owned())));
    let until = NOW.plus(LENGTH * 12);
    retain(&station.site, wish(None, Some(until), LegalHold::Absent), sam()).await.unwrap().unwrap();
    keep_as_asked(&station.site).await.unwrap();
    assert_eq!(station.place.kept(&brought), Protection::NONE);

    station.place.goes_wrong(|_| None);
    keep_as_asked(&station.site).await.unwrap();
    station.after(HOUR).await;
    for segment in [&brought, &queued] {
        assert_eq!(station.place.kept(segment).retention.map(|it| it.until), Some(until), "{}", segment.path);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_cannot_be_fulfilled_is_refused_with_the_reason() {
    let station = Station::new().await;
    let segment = station.spools("BWC-1", 0).await;
    let far = NOW.plus(LENGTH * 12 * 200);
    let (begin, held, free) = (Moment::from_millis(0), LegalHold::Placed, LegalHold::Absent);
    for (wanted, why) in [
        (wish(None, None, free), NotRetained::NothingAsked),
        (wish(None, Some(begin), held), NotRetained::Past),
        (wish(None, Some(far), free), NotRetained::TooFar),
        (wish(Some("*/EVENT/*"), None, held), NotRetained::Unknown),
    ] {
        assert_eq!(retain(&station.site, wanted.clone(), sam()).await.unwrap(), Err(why), "{wanted:?}");
    }
    let (_, asked) = station.ledger.keeping(segment.id).await.unwrap().unwrap();
    assert_eq!(asked, Protection::NONE, "nothing of it is written down");
}
