//! Composing the snapshot: the board, the queue, the destinations and the problems, whenever one of them changes.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::StationError;
use super::board::Board;
use crate::domain::{DiskState, Snapshot};
use crate::transfer::{Site, WatchDestination};

/// Changes closer together than this are shown together.
const QUIET: Duration = Duration::from_millis(100);
/// Ages grow without anything changing.
const REFRESH: Duration = Duration::from_secs(1);

/// Composes a snapshot whenever the station changed, and at least about every second. Each is a sign of life: it takes an
/// answer from the ledger to make one, and the station's own loop to pass it on.
pub(super) async fn compose(
    site: Site,
    board: Board,
    destinations: Vec<WatchDestination>,
    disk: watch::Receiver<DiskState>,
    snapshots: mpsc::Sender<Snapshot>,
) -> Result<(), StationError> {
    let mut bays = board.watch();
    let mut ledger = site.ledger.changes();
    loop {
        bays.borrow_and_update();
        ledger.mark_seen();
        let snapshot = Snapshot {
            station: site.station.clone(),
            bays: board.look(),
            queue: site.ledger.queue(site.clock.now()).await?,
            destinations: destinations.iter().map(|shown| shown.borrow().clone()).collect(),
            problems: site.ledger.problem_count().await?,
            disk: *disk.borrow(),
        };
        // If nobody takes it, the station is about to stop.
        let _ = snapshots.send(snapshot).await;
        let changed = async {
            tokio::select! {
                biased;
                _ = bays.changed() => {}
                () = ledger.changed() => {}
            }
        };
        // Without news, only ages have grown.
        let _ = timeout(REFRESH, changed).await;
        sleep(QUIET).await;
    }
}
