//! Keeping copies from deletion for longer than the configuration says, because a person asked.
//!
//! Promises: what was asked is written down before anybody is told that it will be done, and is done as soon as each destination can
//! be had, whenever that is. Nothing here makes a time shorter, or lifts a legal hold.

use futures::future::try_join_all;

use super::places::{NoPlace, enrolled};
use super::probe::health;
use super::proofs::note_failure;
use super::{Site, Target};
use crate::cloud::{Destination, DestinationError};
use crate::custody::{Proof, Remembered, Unproven, Wanted, prove};
use crate::domain::{Action, Caller, NotRetained, PlaceId, Protection, Retain, Retained, Segment, SegmentNotice};
use crate::journal::tell;
use crate::ledger::{Entry, LedgerError};

/// So many segments are looked up in one go.
const BATCH: u32 = 64;

/// Writes down what a person asks to have kept longer, and says how much that is; [`keep_as_asked`] has it done.
///
/// # Errors
/// [`LedgerError`]; then some of it may be written down, and none of it is said to be. The inner error says why it is not done.
pub async fn retain(site: &Site, retain: Retain, by: Caller) -> Result<Result<Retained, NotRetained>, LedgerError> {
    let keeps = |target: &&Target| target.protection.asks_for_something();
    let destinations: Vec<_> =
        site.targets.iter().filter(keeps).map(|target| target.destination.name().clone()).collect();
    if let Err(why) = retain.check(site.clock.now()) {
        return Ok(Err(why));
    }
    if destinations.is_empty() {
        return Ok(Err(NotRetained::Nowhere));
    }
    let mut taken = Some(Entry::ActionTaken { by, action: Action::Retain(retain.clone()) });
    let Retain { camera, path, protection } = retain;
    let (mut after, mut segments) = (0, 0);
    loop {
        let known = site.ledger.of_camera(&camera, after, BATCH).await?;
        let Some((last, _)) = known.last() else { break };
        after = *last;
        let meant = |segment: &Segment| path.as_ref().is_none_or(|path| path.describes(segment.path.as_bytes()));
        let asked = known.into_iter().filter(|(_, segment)| meant(segment));
        let asked = asked.map(|(_, segment)| Entry::ProtectionAsked { segment: segment.id, protection });
        let asked: Vec<_> = asked.collect();
        segments += asked.len() as u64;
        if !asked.is_empty() {
            site.record(taken.take().into_iter().chain(asked).collect()).await?;
        }
    }
    Ok(if segments == 0 { Err(NotRetained::Unknown) } else { Ok(Retained { camera, segments, destinations }) })
}

/// Has each proven copy kept that is not kept as long as somebody asked. What fails is tried again at the next call.
///
/// # Errors
/// [`LedgerError`]
pub async fn keep_as_asked(site: &Site) -> Result<(), LedgerError> {
    // One that is down is waited for by nobody but itself.
    try_join_all(site.targets.iter().map(|target| keep_at(site, target))).await?;
    Ok(())
}

async fn keep_at(site: &Site, target: &Target) -> Result<(), LedgerError> {
    if !target.protection.asks_for_something() {
        return Ok(());
    }
    let name = target.destination.name();
    let mut after = 0;
    loop {
        let behind = site.ledger.kept_too_short(name, site.clock.now(), after, BATCH).await?;
        let Some((last, _)) = behind.last() else { return Ok(()) };
        after = *last;
        for (_, segment) in behind {
            let about = segment.about().destination(name);
            match keep(site, target, &segment).await? {
                Ok(proof) => {
                    let (version, method, protection) = (proof.version().clone(), proof.method(), proof.protection());
                    let until = protection.retention.map(|retention| retention.until);
                    tell(&about, SegmentNotice::Kept { until, legal_hold: protection.legal_hold });
                    let (segment, destination) = (segment.id, name.clone());
                    site.record(vec![Entry::CopyProven { segment, destination, version, method, protection }]).await?;
                }
                // If it is the place, it would say the same of the others.
                Err(error) if health(site, target).await?.is_err() => {
                    tell(&about, SegmentNotice::NotKept { error: error.to_string() });
                    return Ok(());
                }
                Err(error) => tell(&about, SegmentNotice::NotKept { error: error.to_string() }),
            }
        }
    }
}

async fn keep(site: &Site, target: &Target, segment: &Segment) -> Result<Result<Proof, Unproven>, LedgerError> {
    let place = match enrolled(site, target).await {
        Ok(place) => place,
        Err(NoPlace::Destination(error)) => return Ok(Err(error.into())),
        Err(NoPlace::Ledger(error)) => return Err(error),
    };
    let copies = site.ledger.copies(segment.id).await?;
    let copy = copies.iter().find(|copy| copy.destination == *target.destination.name());
    let remembered = copy.and_then(Remembered::of);
    let (object, content) = (target.object(segment), target.fingerprint(segment));
    let protection = site.protection(target, segment).await?;
    let wanted = Wanted { object: &object, content: &content, policy: target.policy, protection };
    let kept = prove_and_keep(&*target.destination, place, wanted, Protection::NONE, remembered.as_ref()).await;
    if let Err(why @ (Unproven::Absent | Unproven::OtherContent)) = &kept {
        note_failure(site, segment, target.destination.name(), copy, why).await?;
    }
    Ok(kept)
}

/// The proof of a copy. One that is right and not kept as is wanted, since another station made it, the place did not listen or
/// somebody asked for more since, is protected now; `more` than is wanted, if that is said.
pub(super) async fn prove_and_keep(
    destination: &dyn Destination,
    place: PlaceId,
    wanted: Wanted<'_>,
    more: Protection,
    remembered: Option<&Remembered>,
) -> Result<Proof, Unproven> {
    match prove(destination, place, wanted, remembered).await {
        Err(Unproven::Unprotected { version, is, .. }) => {
            let protection = wanted.protection.and(&more).and(&is);
            destination.protect(wanted.object, &version, protection).await?;
            prove(destination, place, wanted, remembered).await.map_err(|error| match error {
                Unproven::Unprotected { is, wanted, .. } => {
                    let why = format!("it was asked for this: {wanted}. It says that it did so, and shows this: {is}");
                    DestinationError::Unprotected(why).into()
                }
                error => error,
            })
        }
        answer => answer,
    }
}
