//! Asking every required destination, now, and noting what it says: before a wipe, and before a spool copy goes.

use super::Site;
use super::places::{NoPlace, enrolled};
use super::probe::health;
use crate::cloud::DestinationError;
use crate::custody::{Proof, Remembered, Unmet, Unproven, Wanted, prove};
use crate::domain::{DestinationName, ProblemKind, Segment, SegmentNotice};
use crate::faults::{PlantedBug, planted};
use crate::journal::tell;
use crate::ledger::{Copy, DeliveryState, Entry, LedgerError};

/// Why a file is not cleared for the wipe.
#[derive(Debug, thiserror::Error)]
pub enum NotCleared {
    /// A condition of the rule is not met.
    #[error(transparent)]
    Unmet(#[from] Unmet),
    /// A required destination did not prove its copy; if it said something worth recording, that was recorded.
    #[error("{destination}: {why}")]
    Unproven {
        /// Which destination.
        destination: DestinationName,
        /// What it said.
        why: Unproven,
    },
    /// A required destination is well, but cannot be asked about its copy of this segment.
    #[error("{destination} does not answer for its copy, and for others it does: {why}")]
    Unanswered {
        /// Which destination.
        destination: DestinationName,
        /// What it said.
        why: DestinationError,
    },
    /// A person must look at this destination's copy. It was not asked: the answer would be no other one.
    #[error("{0}: a person must look at its copy")]
    IsAProblem(DestinationName),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What the required destinations say, together, when they are asked about a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Each proves its copy.
    Proven,
    /// One has no copy, cannot be asked about it, or a person must look at it.
    NotProven,
    /// One is not well, so that it can be asked about nothing.
    Silence,
}

/// Whether every required destination proves its copy now.
///
/// # Errors
/// [`LedgerError`]
pub(super) async fn still_proven(site: &Site, segment: &Segment) -> Result<Answer, LedgerError> {
    match prove_everywhere(site, segment).await {
        Ok(_) => Ok(Answer::Proven),
        Err(NotCleared::Ledger(error)) => Err(error),
        Err(NotCleared::Unproven { why: Unproven::Unanswered(_), .. }) => Ok(Answer::Silence),
        Err(_) => Ok(Answer::NotProven),
    }
}

/// Asks every required destination for its proof, now. What the ledger remembers spares a destination the work of
/// proving the same version of an object twice.
pub(super) async fn prove_everywhere(site: &Site, segment: &Segment) -> Result<Vec<Proof>, NotCleared> {
    let copies = site.ledger.copies(segment.id).await?;
    let needs_person = |copy: &&Copy| copy.state == DeliveryState::Problem;
    let required = site.required();
    if let Some(copy) = copies.iter().filter(needs_person).find(|copy| required.contains(&copy.destination)) {
        return Err(NotCleared::IsAProblem(copy.destination.clone()));
    }
    let mut proofs = Vec::new();
    for target in site.required_targets() {
        let name = target.destination.name();
        let copy = copies.iter().find(|copy| copy.destination == *name);
        let remembered = copy.and_then(Remembered::of);
        let object = target.object(segment);
        let destination = &*target.destination;
        let asked = match enrolled(site, target).await {
            Ok(place) => {
                let content = &target.fingerprint(segment);
                let protection = site.protection(target, segment).await?;
                let wanted = Wanted { object: &object, content, policy: target.policy, protection };
                prove(destination, place, wanted, remembered.as_ref()).await
            }
            Err(NoPlace::Destination(error)) => Err(error.into()),
            Err(NoPlace::Ledger(error)) => return Err(error.into()),
        };
        match asked {
            Ok(proof) => {
                let news = copy.is_none_or(|copy| copy.protection != proof.protection());
                if news || remembered.is_none_or(|earlier| earlier.version != *proof.version()) {
                    site.record(vec![Entry::CopyProven {
                        segment: segment.id,
                        destination: name.clone(),
                        version: proof.version().clone(),
                        method: proof.method(),
                        protection: proof.protection(),
                    }])
                    .await?;
                }
                proofs.push(proof);
            }
            Err(_) if planted(PlantedBug::OneProofForAll) => {}
            Err(Unproven::Unanswered(why)) => {
                let destination = name.clone();
                return Err(match health(site, target).await? {
                    Ok(()) => NotCleared::Unanswered { destination, why },
                    Err(why) => NotCleared::Unproven { destination, why: why.into() },
                });
            }
            Err(why) => {
                note_failure(site, segment, name, copy, &why).await?;
                return Err(NotCleared::Unproven { destination: name.clone(), why });
            }
        }
    }
    Ok(proofs)
}

/// A destination that no longer has what it had proven is a matter for the queue, or for a person.
pub(super) async fn note_failure(
    site: &Site,
    segment: &Segment,
    destination: &DestinationName,
    copy: Option<&Copy>,
    why: &Unproven,
) -> Result<(), LedgerError> {
    let state = copy.map(|copy| copy.state);
    match why {
        Unproven::Absent | Unproven::Unprotected { .. } if state == Some(DeliveryState::Proven) => {
            tell(&segment.about().destination(destination), SegmentNotice::ProofWithdrawn);
            site.record(vec![Entry::ProofWithdrawn {
                segment: segment.id,
                destination: destination.clone(),
                why: why.to_string(),
            }])
            .await
        }
        Unproven::OtherContent if state != Some(DeliveryState::Problem) => {
            tell(&segment.about().destination(destination), ProblemKind::OtherContent);
            site.record(vec![Entry::ProblemFound {
                camera: segment.camera.clone(),
                path: segment.path.clone(),
                segment: Some(segment.id),
                destination: Some(destination.clone()),
                kind: ProblemKind::OtherContent,
            }])
            .await
        }
        _ => Ok(()),
    }
}
