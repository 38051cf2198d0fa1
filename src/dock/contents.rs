//! What a bay holds and what is told about it, whatever kind of bay it is.
//!
//! Promises:
//! - What counts is what is in the bay now; a notification only says that it is time to look. So nothing depends on
//!   notifications being complete, or coming at all.
//! - A socket holds one camera: the one that was docked, as long as it is there, else the first that was found. A folder may
//!   hold several, and each is told; who is served when is not decided here.
//! - One bay's trouble, such as a device that does not answer, holds up no other bay.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use super::{BayEvent, Location};
use crate::beat::Listener;
use crate::domain::BayName;

/// Events that may wait for the station.
pub(super) const BACKLOG: usize = 16;

/// How long to wait after a notification, since changes seldom come alone.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// How soon to look again where something may change that nobody tells of.
const RESCAN: Duration = Duration::from_secs(3);

/// A camera in a bay. Two are equal only if it is the same camera at the same visit.
pub(super) trait Docked: Clone + PartialEq + Send + 'static {
    /// Whether a bay of this kind may hold several.
    const SHARES: bool;

    /// Where it can be reached.
    fn location(&self) -> Location;

    /// What a person calls it.
    fn title(&self) -> String;
}

/// What was found in a bay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<C> {
    /// What may be docked; if several, the first is preferred.
    pub(super) cameras: Vec<C>,
    /// Why each other thing in the bay is refused, as a sentence.
    pub(super) refused: BTreeMap<OsString, String>,
}

/// When to look again, if nothing is told before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Whatever changes there is told: at the next beat is soon enough.
    AtBeat,
    /// After a few seconds.
    Soon,
}

/// What a bay holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BayContents<C> {
    bay: BayName,
    docked: Vec<C>,
    refused: BTreeMap<OsString, String>,
}

/// One bay's story, until nobody listens any longer: looks whenever something `changed`, at each beat, and every few seconds where
/// nobody tells of changes.
pub(super) async fn watch<C: Docked, L: FnMut() -> (Found<C>, Again) + Send + 'static>(
    bay: BayName,
    mut look: L,
    changed: Arc<Notify>,
    mut beat: Listener,
    events: mpsc::Sender<BayEvent>,
) {
    let mut before = BayContents::empty(bay);
    loop {
        let looking = tokio::task::spawn_blocking(move || {
            let found = look();
            (look, found)
        });
        // It fails only when the runtime shuts down.
        let Ok((kept, (found, again))) = looking.await else { return };
        look = kept;
        let now = before.then(found);
        for event in changes(&before, &now) {
            if events.send(event).await.is_err() {
                return;
            }
        }
        before = now;
        tokio::select! {
            () = changed.notified() => tokio::time::sleep(DEBOUNCE).await,
            () = beat.next() => {}
            () = tokio::time::sleep(RESCAN), if again == Again::Soon => {}
            () = events.closed() => return,
        }
    }
}

impl<C: Docked> BayContents<C> {
    pub(super) const fn empty(bay: BayName) -> Self {
        Self { bay, docked: Vec::new(), refused: BTreeMap::new() }
    }

    /// What the bay holds now that this was found in it.
    pub(super) fn then(&self, found: Found<C>) -> Self {
        let Found { mut cameras, mut refused } = found;
        // What was there stays before what came.
        cameras.sort_by_key(|camera| !self.docked.contains(camera));
        let others = if C::SHARES { Vec::new() } else { cameras.split_off(cameras.len().min(1)) };
        let docked = cameras;
        for other in others {
            let holds = docked.first().map_or_else(|| "a camera".to_owned(), Docked::title);
            let reason = format!("bay {} already holds {holds}; take that out first", self.bay);
            refused.insert(other.title().into(), reason);
        }
        Self { bay: self.bay.clone(), docked, refused }
    }
}

/// What happened between two looks, in the order in which it can be told.
pub(super) fn changes<C: Docked>(before: &BayContents<C>, now: &BayContents<C>) -> Vec<BayEvent> {
    let bay = &now.bay;
    let mut events = Vec::new();
    let went = before.docked.iter().filter(|was| !now.docked.contains(was));
    let came = now.docked.iter().filter(|is| !before.docked.contains(is));
    events.extend(went.map(|was| BayEvent::Removed { bay: bay.clone(), location: was.location() }));
    events.extend(came.map(|is| BayEvent::Docked { bay: bay.clone(), location: is.location() }));
    if now.refused.is_empty() && !before.refused.is_empty() {
        events.push(BayEvent::Cleared { bay: bay.clone() });
    } else if now.refused != before.refused {
        events.push(BayEvent::Refused { bay: bay.clone(), reasons: now.refused.values().cloned().collect() });
    }
    events
}
