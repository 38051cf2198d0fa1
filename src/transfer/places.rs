//! Which place each destination is: enrolled once, and from then on known by the id that lies there.

use futures::future::OptionFuture;
use tokio::sync::Mutex;

use super::{Site, Target};
use crate::cloud::{DestinationError, Enrolment, Seen, WrongPlace};
use crate::domain::{Action, Caller, Earlier, PlaceId, StationNotice, Subject};
use crate::journal::tell;
use crate::ledger::{Entry, LedgerError};

/// Why a destination has no place at which anything counts.
#[derive(Debug, thiserror::Error)]
pub enum NoPlace {
    /// It could not be asked, or is not the right one.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<WrongPlace> for NoPlace {
    fn from(wrong: WrongPlace) -> Self {
        Self::Destination(wrong.into())
    }
}

/// The place that counts as this destination. At the first contact that is the one which it has now, if it is enrolled, or
/// if it is of a kind that needs nobody to enrol it.
///
/// # Errors
/// [`NoPlace`]; then nothing counts there.
pub(super) async fn enrolled(site: &Site, target: &Target) -> Result<PlaceId, NoPlace> {
    let destination = &target.destination;
    if let Some(place) = site.ledger.enrolled(destination.name()).await? {
        return Ok(place);
    }
    // One asks at a time, and the others hear what it found: who asked late could meet another place, and enrol that.
    let turn = site.first_contacts.get(destination.name());
    let _turn = OptionFuture::from(turn.map(Mutex::lock)).await;
    if let Some(place) = site.ledger.enrolled(destination.name()).await? {
        return Ok(place);
    }
    let place = match (destination.place().await?, destination.enrolment()) {
        (Some(place), _) => place,
        (None, Enrolment::AtFirstContact) => destination.enrol(PlaceId::random()).await?,
        (None, Enrolment::ByPerson) => return Err(WrongPlace::NotEnrolled(destination.name().clone()).into()),
    };
    enrol(site, target, place, None).await?;
    Ok(place)
}

/// Enrols what a person has looked at: the destination must lead to that very place from here, too.
///
/// # Errors
/// [`NoPlace`]; then everything is as it was.
pub async fn confirm(
    site: &Site,
    target: &Target,
    place: PlaceId,
    earlier: Earlier,
    by: Caller,
) -> Result<(), NoPlace> {
    Seen::new(target.destination.place().await?, Some(())).at(place)?;
    let action = Action::Enrol { destination: target.destination.name().clone(), place, earlier };
    let taken = Entry::ActionTaken { by, action };
    match (site.ledger.enrolled(target.destination.name()).await?, earlier) {
        (Some(enrolled), _) if enrolled == place => Ok(site.record(vec![taken]).await?),
        (Some(enrolled), Earlier::Stays) => Err(WrongPlace::Other { enrolled, found: place }.into()),
        (None, _) | (Some(_), Earlier::IsReplaced) => enrol(site, target, place, Some(taken)).await,
    }
}

/// Has `place` count as this destination from here on, whatever did so before. One that is another destination's does not.
/// `taken` says who wanted it, if that was a person.
async fn enrol(site: &Site, target: &Target, place: PlaceId, taken: Option<Entry>) -> Result<(), NoPlace> {
    let name = target.destination.name();
    let configured = |other: &_| site.targets.iter().any(|target| target.destination.name() == other);
    let known = site.ledger.enrolments().await?;
    if let Some((other, _)) =
        known.into_iter().find(|(other, theirs)| *theirs == place && other != name && configured(other))
    {
        return Err(WrongPlace::SameAs(other).into());
    }
    tell(&Subject::station(), StationNotice::Enrolled { destination: name.clone(), place });
    let enrolled = Entry::DestinationEnrolled { destination: name.clone(), place };
    Ok(site.record(taken.into_iter().chain([enrolled]).collect()).await?)
}
