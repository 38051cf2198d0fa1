//! Whether a place is well: one small question that depends on no segment. Whoever met a failure there asks it, to know
//! whose fault that was.

use std::collections::BTreeMap;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::places::{NoPlace, enrolled};
use super::{Site, Target};
use crate::cloud::{DestinationError, Seen};
use crate::domain::DestinationName;
use crate::ledger::LedgerError;

/// What a place said to the question.
pub(super) type Health = Result<(), DestinationError>;

/// The last answer of each place. Those who fail together share a question.
#[derive(Debug, Default)]
pub(super) struct Probes(BTreeMap<DestinationName, Mutex<Option<Probed>>>);

#[derive(Debug)]
struct Probed {
    asked: Instant,
    answered: Instant,
    health: Health,
}

impl Probes {
    pub(super) fn of(targets: &[Target]) -> Self {
        Self(targets.iter().map(|target| (target.destination.name().clone(), Mutex::default())).collect())
    }
}

/// Whether the place is well, as of a moment after this call.
///
/// # Errors
/// [`LedgerError`] if nobody knows which place it should be.
pub(super) async fn health(site: &Site, target: &Target) -> Result<Health, LedgerError> {
    let now = Instant::now();
    let Some(last) = site.probes.0.get(target.destination.name()) else { return look(site, target).await };
    let mut last = last.lock().await;
    if let Some(probed) = &*last
        // To say that it is well takes a question that was asked since; to say that it is not, one that failed since.
        && (probed.asked > now || (probed.health.is_err() && probed.answered > now))
    {
        return Ok(probed.health.clone());
    }
    let asked = Instant::now();
    let health = look(site, target).await?;
    *last = Some(Probed { asked, answered: Instant::now(), health: health.clone() });
    Ok(health)
}

async fn look(site: &Site, target: &Target) -> Result<Health, LedgerError> {
    let place = match enrolled(site, target).await {
        Ok(place) => place,
        Err(NoPlace::Destination(error)) => return Ok(Err(error)),
        Err(NoPlace::Ledger(error)) => return Err(error),
    };
    let there = target.destination.place().await;
    Ok(there.and_then(|there| Ok(Seen::new(there, Some(())).at(place).map(drop)?)))
}
