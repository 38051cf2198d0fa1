//! What keeps objects from deletion, as a story that every kind of place must tell alike: it keeps what it is asked to, or it is seen
//! that it does not.

use std::time::Duration;

use camdock::cloud::{DeleteOutcome, Destination, Upload};
use camdock::custody::Unproven;
use camdock::domain::{Clock as _, Enforcement, LegalHold, Moment, PlaceId, ProofPolicy, Protection, Retention};

use super::places::{Place, WallClock};
use super::scenarios::{ask, enrol, footage, store, upload};

const HOUR: Duration = Duration::from_hours(1);

/// Kept for an hour, or a little longer.
fn for_an_hour(enforcement: Enforcement) -> Protection {
    let until = now().plus(HOUR).second_after();
    Protection { retention: Some(Retention { until, enforcement }), legal_hold: LegalHold::Absent }
}

const HELD: Protection = Protection { retention: None, legal_hold: LegalHold::Placed };

fn now() -> Moment {
    WallClock.now()
}

fn wanting(name: &str, content: &[u8], protection: Protection) -> Upload {
    Upload { protection, ..upload(name, content) }
}

pub(super) async fn keeps_what_it_is_asked_to(at: &dyn Place, container: &str) {
    does_not_pretend(at, container).await;
    let keeping = format!("{container}-kept");
    if !at.make_keeping(&keeping).await {
        return;
    }
    let destination = at.connect(&keeping);
    let place = enrol(&*destination).await;
    let (locked, unlocked) = (for_an_hour(Enforcement::Locked), for_an_hour(Enforcement::Unlocked));
    // In one request, and in parts.
    for (length, name) in [(1_000, "small.mp4"), ((5 << 20) + 7, "large.mp4")] {
        let content = footage(length);
        for (kind, protection) in
            [("locked", locked), ("unlocked", unlocked), ("held", HELD), ("both", locked.and(&HELD))]
        {
            let upload = wanting(&format!("{kind}-{name}"), &content, protection);
            store(&*destination, &upload, &content).await;
            is_kept(&*destination, place, &upload).await;
        }
    }
    lengthens(&*destination, place).await;
}

/// It shows that it keeps the object, and does.
async fn is_kept(destination: &dyn Destination, place: PlaceId, upload: &Upload) {
    let proof = ask(destination, place, upload, ProofPolicy::Attested).await.unwrap();
    assert_eq!(proof.protection(), upload.protection, "{}", upload.object);
    assert_eq!(destination.try_delete(&upload.object).await.unwrap(), DeleteOutcome::Refused, "{}", upload.object);
}

/// What was put there without a wish, or for less, is kept for longer afterwards; and never for less again.
async fn lengthens(destination: &dyn Destination, place: PlaceId) {
    let content = footage(1_000);
    let mut upload = upload("later.mp4", &content);
    store(destination, &upload, &content).await;
    let proof = ask(destination, place, &upload, ProofPolicy::Attested).await.unwrap();
    assert_eq!(proof.protection(), Protection::NONE);
    let hour = for_an_hour(Enforcement::Locked);
    let longer = Retention { until: now().plus(HOUR * 2).second_after(), enforcement: Enforcement::Locked };
    let two_hours = Protection { retention: Some(longer), legal_hold: LegalHold::Placed };
    for protection in [hour, two_hours] {
        upload.protection = protection;
        let lacking = ask(destination, place, &upload, ProofPolicy::Attested).await;
        let Err(Unproven::Unprotected { version, .. }) = lacking else { panic!("{lacking:?}") };
        destination.protect(&upload.object, &version, protection).await.unwrap();
        is_kept(destination, place, &upload).await;
    }
    let version = ask(destination, place, &upload, ProofPolicy::Attested).await.unwrap().version().clone();
    let _ = destination.protect(&upload.object, &version, hour).await;
    let proof = ask(destination, place, &upload, ProofPolicy::ReadBack).await.unwrap();
    assert_eq!(proof.protection(), two_hours, "nothing makes it less");
    assert_eq!(*proof.version(), version, "its content is what it was");
}

/// Where nothing keeps objects, either the wish is refused, or the object shows that it came to nothing.
async fn does_not_pretend(at: &dyn Place, container: &str) {
    let destination = at.connect(container);
    let (place, content) = (enrol(&*destination).await, footage(1_000));
    let upload = wanting("wished.mp4", &content, for_an_hour(Enforcement::Locked));
    if destination.put_chunk(&upload, 0, super::scenarios::chunk(&upload, &content, 0)).await.is_ok()
        && destination.commit(&upload).await.is_ok()
    {
        match ask(&*destination, place, &upload, ProofPolicy::Attested).await {
            Err(Unproven::Unprotected { is, .. }) => assert_eq!(is, Protection::NONE),
            // It does keep what it is asked to, as a whole.
            Ok(proof) => assert!(proof.protection().covers(&upload.protection)),
            Err(error) => panic!("{error}"),
        }
    }
}
