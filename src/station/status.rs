//! Composing the snapshot: the board, the queue, the destinations and the problems, whenever one of them changes.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::StationError;
use super::board::Board;
use crate::domain::{
    BayCause, BaySnapshot, BayState, DestinationCause, DestinationName, DestinationSnapshot, DestinationState,
    DiskState, Snapshot,
};
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
    let required = site.required();
    let mut bays = board.watch();
    let mut ledger = site.ledger.changes();
    loop {
        bays.borrow_and_update();
        ledger.mark_seen();
        let destinations: Vec<_> = destinations.iter().map(|shown| shown.borrow().clone()).collect();
        let snapshot = Snapshot {
            station: site.station.clone(),
            bays: told_what_they_wait_for(board.look(), &destinations, &required),
            queue: site.ledger.queue(site.clock.now()).await?,
            destinations,
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

/// A camera that waits for its uploads is told of here as what it waits for, if that has lasted too long: its docking knows
/// how much is to go, and the destination why it does not.
fn told_what_they_wait_for(
    mut bays: Vec<BaySnapshot>,
    destinations: &[DestinationSnapshot],
    required: &BTreeSet<DestinationName>,
) -> Vec<BaySnapshot> {
    for bay in bays.iter_mut().filter(|bay| bay.state == BayState::Uploading) {
        let waited_for = destinations.iter().filter(|place| required.contains(&place.name));
        let stuck = waited_for.into_iter().find(|place| match place.state {
            DestinationState::Refused => true,
            DestinationState::Overdue if place.cause == Some(DestinationCause::Segments) => {
                place.put_off.iter().any(|put_off| Some(&put_off.camera) == bay.camera.as_ref())
            }
            DestinationState::Overdue => true,
            DestinationState::Unknown | DestinationState::Ok | DestinationState::Waiting => false,
        });
        if let Some(DestinationSnapshot { name, message, .. }) = stuck {
            (bay.state, bay.cause) = (BayState::Attention, Some(BayCause::DestinationSilent));
            bay.message = format!("{} Waiting for {name}: {message}", bay.message);
        }
    }
    bays
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BayName, CameraSerial, Moment, PutOffSnapshot};

    fn uploading(camera: &str) -> BaySnapshot {
        let camera = Some(CameraSerial::new(camera).unwrap());
        BaySnapshot { state: BayState::Uploading, camera, ..BaySnapshot::empty(BayName::new("1").unwrap()) }
    }

    fn place(state: DestinationState, cause: DestinationCause) -> DestinationSnapshot {
        let camera = CameraSerial::new("BWC-1").unwrap();
        let put_off = PutOffSnapshot { camera, segments: 1, since: Moment::from_millis(0), error: "EFBIG".to_owned() };
        DestinationSnapshot {
            state,
            cause: Some(cause),
            put_off: vec![put_off],
            ..DestinationSnapshot::unasked(DestinationName::new("nas").unwrap())
        }
    }

    #[test]
    fn a_bay_asks_for_a_person_if_what_its_camera_waits_for_has_lasted_too_long() {
        use {DestinationCause as Cause, DestinationState as Place};
        let nas = BTreeSet::from([DestinationName::new("nas").unwrap()]);
        for (state, cause, camera, shown) in [
            (Place::Ok, Cause::Segments, "BWC-1", BayState::Uploading),
            (Place::Waiting, Cause::Network, "BWC-1", BayState::Uploading),
            (Place::Overdue, Cause::Network, "BWC-2", BayState::Attention),
            (Place::Refused, Cause::Credential, "BWC-2", BayState::Attention),
            (Place::Overdue, Cause::Segments, "BWC-1", BayState::Attention),
            (Place::Overdue, Cause::Segments, "BWC-2", BayState::Uploading),
        ] {
            let bays = told_what_they_wait_for(vec![uploading(camera)], &[place(state, cause)], &nas);
            assert_eq!(bays[0].state, shown, "{state} {cause:?} {camera}");
        }
        let ready = BaySnapshot { state: BayState::Ready, ..uploading("BWC-1") };
        let bays = told_what_they_wait_for(vec![ready.clone()], &[place(Place::Overdue, Cause::Network)], &nas);
        assert_eq!(bays, [ready], "it waits for nothing");
        let bays = told_what_they_wait_for(
            vec![uploading("BWC-1")],
            &[place(Place::Overdue, Cause::Network)],
            &BTreeSet::new(),
        );
        assert_eq!(bays[0].state, BayState::Uploading, "it does not wait for an optional one");
    }
}
