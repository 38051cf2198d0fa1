//! Composing the snapshot: the board, the queue, the destinations and the problems, whenever one of them changes.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use super::StationError;
use super::board::Board;
use super::forecast::Forecast;
use super::lateness::Lateness;
use crate::beat::Listener;
use crate::domain::{
    BayNotice, BaySnapshot, BayState, DestinationCause, DestinationName, DestinationNotice, DestinationSnapshot,
    DestinationState, DiskState, Overdue, Part, SetupTrouble, ShiftStarts, Snapshot, SpoolSpace, Validity,
};
use crate::journal::tell;
use crate::ledger::Figures;
use crate::transfer::{Site, WatchDestination};

/// Changes closer together than this are shown together.
const QUIET: Duration = Duration::from_millis(100);
/// While something goes on, ages grow and paces fall without anything changing.
const REFRESH: Duration = Duration::from_secs(1);

/// A disk that does not say so for this long is not said to have any.
const MEASURING_TAKES: Duration = Duration::from_secs(10);

/// Keeps the spool's room known, looked at with each beat, for as long as the station runs. By itself, since a disk may hang; then it is
/// asked no second time before it has answered.
pub(super) async fn measure(
    site: Site,
    space: watch::Sender<Option<SpoolSpace>>,
    mut beat: Listener,
) -> Result<(), StationError> {
    loop {
        let mut measuring = pin!(site.space());
        let measured = if let Ok(measured) = timeout(MEASURING_TAKES, &mut measuring).await {
            measured
        } else {
            space.send_replace(None);
            measuring.await
        };
        space.send_replace(measured.ok());
        beat.next().await;
    }
}

/// What others find out about the station, as far as they have.
pub(super) struct Found {
    /// How the disk is doing.
    pub(super) disk: watch::Receiver<DiskState>,
    /// How much room the spool has.
    pub(super) space: watch::Receiver<Option<SpoolSpace>>,
    /// Which cameras should have come back.
    pub(super) overdue: watch::Receiver<Option<Overdue>>,
    /// How long what the page proves itself with holds.
    pub(super) certificate: watch::Receiver<Option<Validity>>,
    /// With it an idle station shows itself.
    pub(super) beat: Listener,
    /// How often whoever looks wants to see the station, if more often.
    pub(super) pause: watch::Receiver<Option<Duration>>,
}

impl Found {
    /// Something is not as it was when it was looked at last, or it is time to look. That the spool has more or less room can wait, once it is known how much.
    async fn changes(&mut self, destinations: &mut [WatchDestination]) {
        let unknown = self.space.borrow().is_none();
        let mut places: FuturesUnordered<_> = destinations.iter_mut().map(watch::Receiver::changed).collect();
        tokio::select! {
            biased;
            Some(Ok(())) = places.next() => {}
            Ok(()) = self.disk.changed() => {}
            Ok(()) = self.space.changed(), if unknown => {}
            Ok(()) = self.overdue.changed() => {}
            Ok(()) = self.certificate.changed() => {}
            Ok(()) = self.pause.changed() => {}
            () = self.beat.next() => {}
            else => std::future::pending().await,
        }
    }
}

/// Composes a snapshot whenever the station changed; every second while something goes on in it, and else with each beat and as often
/// as somebody wants. Each is a sign of life: it takes an answer from the ledger to make one, and the station's own loop to pass it on.
pub(super) async fn compose(
    site: Site,
    board: Board,
    mut places: Vec<WatchDestination>,
    mut found: Found,
    mut setup: watch::Receiver<Vec<SetupTrouble>>,
    shifts: ShiftStarts,
    snapshots: mpsc::Sender<Snapshot>,
) -> Result<(), StationError> {
    let required = site.required();
    let (mut forecast, mut lateness) = (Forecast::default(), Lateness::default());
    let mut bays = board.watch();
    let mut ledger = site.ledger.changes();
    loop {
        bays.borrow_and_update();
        ledger.mark_seen();
        let wanted = *found.pause.borrow_and_update();
        let mut destinations: Vec<_> = places.iter_mut().map(|shown| shown.borrow_and_update().clone()).collect();
        let Figures { queue, problems, backlogs, copies, counters } = site.ledger.figures(site.clock.now()).await?;
        for place in &mut destinations {
            place.backlog = backlogs.get(&place.name).copied().unwrap_or_default();
        }
        let mut snapshot = Snapshot {
            station: site.station.clone(),
            bays: told_what_they_wait_for(board.look(), &destinations, &required),
            queue,
            destinations,
            problems,
            disk: *found.disk.borrow_and_update(),
            spool: *found.space.borrow(),
            copies,
            counters,
            setup: setup.borrow_and_update().clone(),
            shift: shifts.next_after(site.clock.now()),
            overdue: found.overdue.borrow_and_update().clone(),
            certificate: found.certificate.borrow_and_update().map(|validity| validity.at(site.clock.now())),
        };
        say_what_is_missing(&mut snapshot);
        forecast.tell(&mut snapshot, &required, (Instant::now(), site.clock.now()));
        for (about, notice) in lateness.news(&snapshot) {
            tell(&about, notice);
        }
        let idle = is_idle(&snapshot);
        // If nobody takes it, the station is about to stop.
        let _ = snapshots.send(snapshot).await;
        let changed = async {
            tokio::select! {
                biased;
                _ = bays.changed() => {}
                () = ledger.changed() => {}
                Ok(()) = setup.changed() => {}
                // Whoever looks again in a second sees the rest then.
                () = found.changes(&mut places), if idle => {}
            }
        };
        match if idle { wanted } else { Some(REFRESH) } {
            // Whichever comes first.
            Some(pause) => timeout(pause, changed).await.unwrap_or_default(),
            None => changed.await,
        }
        sleep(QUIET).await;
    }
}

/// Whether nothing goes on, so that nothing of it grows old.
fn is_idle(shown: &Snapshot) -> bool {
    let at_work = |bay: &BaySnapshot| match bay.state() {
        BayState::Empty | BayState::Ready | BayState::Attention | BayState::Refused => false,
        BayState::Identifying | BayState::Offloading | BayState::Uploading | BayState::Wiping | BayState::Charging => {
            true
        }
    };
    shown.queue.segments == 0 && !shown.bays.iter().any(at_work)
}

/// A camera that waits for its uploads is told of here as what it waits for, if that has lasted too long: its docking knows
/// how much is to go, and the destination why it does not.
fn told_what_they_wait_for(
    mut bays: Vec<BaySnapshot>,
    destinations: &[DestinationSnapshot],
    required: &BTreeSet<DestinationName>,
) -> Vec<BaySnapshot> {
    for bay in bays.iter_mut().filter(|bay| bay.state() == BayState::Uploading) {
        let waited_for = destinations.iter().filter(|place| required.contains(&place.name));
        let stuck = waited_for.into_iter().find(|place| match place.state() {
            DestinationState::Overdue if place.cause() == Some(DestinationCause::Segments) => {
                place.put_off.iter().any(|put_off| Some(&put_off.camera) == bay.camera.as_ref())
            }
            DestinationState::Refused | DestinationState::Overdue | DestinationState::Attention => true,
            DestinationState::Unknown | DestinationState::Ok | DestinationState::Waiting => false,
        });
        if let Some(DestinationSnapshot { name, notice, .. }) = stuck {
            bay.notice = BayNotice::AwaitsDestination {
                bay: Box::new(bay.notice.clone().into()),
                name: name.clone(),
                destination: Box::new(notice.clone().into()),
            };
        }
    }
    bays
}

/// A bay or destination of which nothing else is known shows why: "no camera" and "nothing asked yet" would be less than the
/// truth. Once nothing is missing, nothing is said to be.
fn say_what_is_missing(snapshot: &mut Snapshot) {
    let Snapshot { bays, destinations, setup, .. } = snapshot;
    let is_missing =
        |name: &DestinationName| setup.iter().any(|trouble| trouble.part == Part::Destination(name.clone()));
    for place in destinations.iter_mut().filter(|place| place.cause() == Some(DestinationCause::NotSetUp)) {
        if !is_missing(&place.name) {
            place.notice = DestinationNotice::SetUp;
        }
    }
    for SetupTrouble { part, message, .. } in setup {
        match part {
            Part::Bay(name) => {
                for bay in bays.iter_mut().filter(|bay| bay.name == *name && bay.state() == BayState::Empty) {
                    bay.notice = BayNotice::NotSetUp { why: message.clone() };
                }
            }
            Part::Destination(name) => {
                let unasked = destinations.iter_mut().filter(|place| place.name == *name);
                for place in unasked.filter(|place| place.state() == DestinationState::Unknown) {
                    place.notice = DestinationNotice::NotSetUp { why: message.clone() };
                }
            }
            Part::Profile(_)
            | Part::ControlSocket
            | Part::Page
            | Part::Lamp(_)
            | Part::StationLamp
            | Part::Users
            | Part::Certificate
            | Part::Operators
            | Part::Clock => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Amount, BayName, CameraSerial, Counters, Moment, Notice, PutOff, QueueSnapshot, SetupCause, StationId,
    };

    fn uploading(camera: &str) -> BaySnapshot {
        let camera = Some(CameraSerial::new(camera).unwrap());
        let notice = BayNotice::Uploading { segments: 1 };
        BaySnapshot { notice, camera, ..BaySnapshot::empty(BayName::new("1").unwrap()) }
    }

    fn put_off() -> PutOff {
        let camera = CameraSerial::new("BWC-1").unwrap();
        PutOff { camera, segments: 1, since: Moment::from_millis(0), error: "EFBIG".to_owned() }
    }

    fn place(notice: DestinationNotice) -> DestinationSnapshot {
        let name = DestinationName::new("nas").unwrap();
        DestinationSnapshot { notice, put_off: vec![put_off()], ..DestinationSnapshot::unasked(name) }
    }

    fn overdue(notice: DestinationNotice) -> DestinationNotice {
        let cause = notice.cause().unwrap();
        DestinationNotice::Overdue { destination: Box::new(notice.into()), cause }
    }

    #[test]
    fn a_bay_asks_for_a_person_if_what_its_camera_waits_for_has_lasted_too_long() {
        let waiting = || DestinationNotice::Waiting { cause: DestinationCause::Network, error: "x".to_owned() };
        let others = || DestinationNotice::TakesOthers { put_off: vec![Notice::PutOff(put_off())], more: 0 };
        let denied =
            || DestinationNotice::Refuses { name: DestinationName::new("nas").unwrap(), error: "x".to_owned() };
        let nas = BTreeSet::from([DestinationName::new("nas").unwrap()]);
        for (notice, camera, shown) in [
            (others(), "BWC-1", BayState::Uploading),
            (waiting(), "BWC-1", BayState::Uploading),
            (overdue(waiting()), "BWC-2", BayState::Attention),
            (denied(), "BWC-2", BayState::Attention),
            (overdue(others()), "BWC-1", BayState::Attention),
            (overdue(others()), "BWC-2", BayState::Uploading),
        ] {
            let bays = told_what_they_wait_for(vec![uploading(camera)], &[place(notice.clone())], &nas);
            assert_eq!(bays[0].state(), shown, "{notice:?} {camera}");
        }
        let late = [place(overdue(waiting()))];
        let ready = BaySnapshot { notice: BayNotice::Ready, ..uploading("BWC-1") };
        let bays = told_what_they_wait_for(vec![ready.clone()], &late, &nas);
        assert_eq!(bays, [ready], "it waits for nothing");
        let bays = told_what_they_wait_for(vec![uploading("BWC-1")], &late, &BTreeSet::new());
        assert_eq!(bays[0].state(), BayState::Uploading, "it does not wait for an optional one");
    }

    #[test]
    fn what_is_missing_is_shown_where_nothing_else_is_known() {
        let (name, place) = (|name: &str| BayName::new(name).unwrap(), DestinationName::new("nas").unwrap());
        let served = BaySnapshot { notice: BayNotice::Copying { done: 0, total: 1 }, ..BaySnapshot::empty(name("2")) };
        let row = |notice| DestinationSnapshot { notice, ..DestinationSnapshot::unasked(place.clone()) };
        let trouble = |part| SetupTrouble { part, cause: SetupCause::NoAnswer, message: "it hangs".to_owned() };
        let mut snapshot = Snapshot {
            station: StationId::new("hq-01").unwrap(),
            bays: vec![BaySnapshot::empty(name("1")), served.clone()],
            queue: QueueSnapshot::default(),
            destinations: vec![row(DestinationNotice::Unasked), row(DestinationNotice::Well)],
            problems: 0,
            disk: DiskState::default(),
            spool: None,
            copies: Amount::default(),
            counters: Counters::default(),
            setup: vec![
                trouble(Part::Bay(name("1"))),
                trouble(Part::Bay(name("2"))),
                trouble(Part::Destination(place.clone())),
            ],
            shift: None,
            overdue: None,
            certificate: None,
        };
        say_what_is_missing(&mut snapshot);
        let mut later = Snapshot { setup: Vec::new(), ..snapshot.clone() };
        assert_eq!(snapshot.bays[0].notice, BayNotice::NotSetUp { why: "it hangs".to_owned() });
        assert_eq!(snapshot.bays[1], served, "a camera is there");
        assert_eq!(snapshot.destinations[0].cause(), Some(DestinationCause::NotSetUp));
        assert_eq!(snapshot.destinations[1], row(DestinationNotice::Well), "it has answered");
        say_what_is_missing(&mut later);
        let notices: Vec<_> = later.destinations.into_iter().map(|place| place.notice).collect();
        assert_eq!(notices, [DestinationNotice::SetUp, DestinationNotice::Well], "it is set up by then");
    }
}
