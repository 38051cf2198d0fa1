//! Made-up stations, each told by the real views at an address of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use camdock::domain::{
    Amount, BayName, BayNotice, BaySnapshot, ByteCount, Counters, Deliveries, DestinationCause, DestinationName,
    DestinationNotice, DestinationSnapshot, Durations, Endings, Part, QueueSnapshot, Removals, SetupCause,
    SetupTrouble, Snapshot, SpoolSpace, Stages, StationId,
};
use camdock::views;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How often a station shows itself.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// A station that is told of for as long as this lives.
pub(super) struct MadeUp {
    pub(super) at: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for MadeUp {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl MadeUp {
    /// Tells of whatever `compose` makes, again and again.
    pub(super) async fn telling<C: Future<Output = Snapshot> + Send>(
        mut compose: impl FnMut() -> C + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (station, shown) = watch::channel(compose().await);
        let showing = tokio::spawn(async move {
            loop {
                sleep(SHOWN_EVERY).await;
                station.send_replace(compose().await);
            }
        });
        let answering = tokio::spawn(async move { axum::serve(listener, views::metrics(shown)).await.unwrap() });
        Self { at, tasks: [showing, answering] }
    }

    /// One of a fleet, in which something goes on.
    pub(super) async fn of_a_fleet(number: u32) -> Self {
        let mut step = 0;
        Self::telling(move || {
            step += 1;
            std::future::ready(at_work(number, step))
        })
        .await
    }
}

pub(super) fn bay(number: u32) -> BayName {
    BayName::new(number.to_string()).unwrap()
}

pub(super) fn place(name: &str) -> DestinationName {
    DestinationName::new(name).unwrap()
}

/// A station with nothing in it.
pub(super) fn empty(name: &str, bays: u32, places: &[&str]) -> Snapshot {
    let bays = (1..=bays).map(|number| BaySnapshot::empty(bay(number))).collect();
    Snapshot {
        destinations: places.iter().map(|name| DestinationSnapshot::unasked(place(name))).collect(),
        spool: Some(SpoolSpace {
            free: ByteCount::new(1 << 38),
            reserve: ByteCount::new(1 << 30),
            size: ByteCount::new(1 << 40),
        }),
        ..Snapshot::of(StationId::new(name).unwrap(), bays)
    }
}

/// What a station of a fleet shows at its `step`-th look.
fn at_work(number: u32, step: u64) -> Snapshot {
    let error = "the wire is cut".to_owned();
    let took = || Durations { within: [step; Durations::BOUNDS.len()], longer: 0, total: Duration::from_secs(step) };
    let amount = Amount { times: step, bytes: ByteCount::new(step << 20) };
    let mut shown = empty(&format!("hq-{number:02}"), 8, &["nas", "primary"]);
    shown.bays[0].notice = BayNotice::Copying { done: 1, total: 2 };
    shown.bays[1].notice = BayNotice::SpoolFull { files: 1 };
    shown.destinations[0].notice = DestinationNotice::Well;
    shown.destinations[1].notice = DestinationNotice::Waiting { cause: DestinationCause::Network, error };
    shown.queue = QueueSnapshot {
        segments: 3,
        bytes: ByteCount::new(1000),
        oldest_seconds: 60 * u64::from(number),
        ..QueueSnapshot::default()
    };
    shown.problems = u64::from(number % 4 == 1);
    shown.counters = Counters {
        entries: 10 * step,
        dockings: BTreeMap::from([(bay(1), step)]),
        endings: Endings { completed: step, taken_early: 0, interrupted: 0 },
        stages: Stages { offload: took(), upload: took(), wipe: took() },
        spooled: amount,
        proven: ["nas", "primary"]
            .map(|name| (place(name), Deliveries { bytes: ByteCount::new(step << 20), took: took() }))
            .into(),
        removals: Removals { wiped: amount, ..Removals::default() },
        ..Counters::default()
    };
    if number == 2 {
        let message = "another program has it".to_owned();
        shown.setup.push(SetupTrouble { part: Part::ControlSocket, cause: SetupCause::SocketUnusable, message });
    }
    shown
}
