//! Composing the snapshot: the board, the queue, the destinations and the holds, whenever one of them changes.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::StationError;
use super::board::Board;
use crate::domain::Snapshot;
use crate::transfer::{Condition, Site};

/// Changes closer together than this are shown together.
const QUIET: Duration = Duration::from_millis(100);
/// Ages grow without anything changing.
const REFRESH: Duration = Duration::from_secs(1);

/// Publishes a snapshot whenever the station changed, and now and then in between.
pub(super) async fn publish(
    site: Site,
    board: Board,
    conditions: Vec<Condition>,
    shown: watch::Sender<Snapshot>,
) -> Result<(), StationError> {
    let mut bays = board.watch();
    let mut ledger = site.ledger.changes();
    loop {
        bays.borrow_and_update();
        ledger.borrow_and_update();
        let snapshot = Snapshot {
            station: site.station.clone(),
            bays: board.look(),
            queue: site.ledger.queue(site.clock.now()).await?,
            destinations: conditions.iter().map(|condition| condition.borrow().clone()).collect(),
            holds: site.ledger.hold_count().await?,
        };
        shown.send_if_modified(|last| {
            let news = *last != snapshot;
            *last = snapshot;
            news
        });
        let changed = async {
            tokio::select! {
                biased;
                _ = bays.changed() => {}
                _ = ledger.changed() => {}
            }
        };
        // Without news, only ages have grown.
        let _ = timeout(REFRESH, changed).await;
        sleep(QUIET).await;
    }
}
