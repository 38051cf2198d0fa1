//! `camdock run`: the daemon.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use axum::Router;
use camdock::config::{Config, Slot};
use camdock::dock::{self, BayEvent};
use camdock::domain::{Problem, ProblemId, Snapshot};
use camdock::ledger::{Ledger, StationLock};
use camdock::station::{Command, Doors, LastLedger, Station, StationError};
use camdock::views::{self, Desk, systemd};
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};

use super::Outcome;

/// Blocking work, such as a read from a camera that no longer answers, is left behind after this long.
pub(super) const LEAVE_BEHIND: Duration = Duration::from_secs(3);
/// What is logged, unless `CAMDOCK_LOG` says otherwise. What a request failed of is said once, in camdock's
/// own words, and so is what becomes of the ledger.
const LOG: &str = "info,typespec_client_core=warn,rusqlite_migration=warn";
/// Requests that may wait for the station.
const BACKLOG: usize = 16;

/// Runs the station until it is told to stop.
pub(super) fn run(config: &Config) -> anyhow::Result<Outcome> {
    tell_the_journal();
    let lock = StationLock::take(&config.station.data_dir)?;
    let mut last = LastLedger::Trusted;
    loop {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let ended = runtime.block_on(serve(config, last, &lock));
        // Whatever still runs is cancelled; nothing is lost by that.
        runtime.shutdown_timeout(LEAVE_BEHIND);
        match ended {
            Ok(()) => return Ok(Outcome::Fine),
            Err(error) => match error.downcast_ref::<StationError>() {
                Some(StationError::LedgerDamaged(_)) if last == LastLedger::Trusted => {
                    tracing::error!("{error:#}");
                    systemd::rebuilding();
                    last = LastLedger::Damaged;
                }
                _ => return Err(error),
            },
        }
    }
}

async fn serve(config: &Config, last: LastLedger, lock: &StationLock) -> anyhow::Result<()> {
    let mut stop = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let service = Service::open(config, last, lock)?;
    let shown = service.shown.clone();

    systemd::ready();
    tracing::info!(station = %config.station.id, version = env!("CARGO_PKG_VERSION"), "camdock is ready");
    tokio::select! {
        biased;
        _ = stop.recv() => {}
        _ = interrupt.recv() => {}
        ended = service.run() => ended?,
        () = systemd::keep_telling(shown) => {}
    }
    systemd::stopping();
    tracing::info!("camdock stops; everything it was doing goes on at the next start");
    Ok(())
}

/// A station with its doors open: cameras can come, and commands be asked.
pub(super) struct Service {
    station: Station,
    doors: Doors,
    socket: UnixListener,
    routes: Router,
    /// How the station looks.
    pub(super) shown: watch::Receiver<Snapshot>,
}

impl Service {
    /// Opens everything that the configuration names. Nothing moves before [`run`](Self::run). Needs a runtime.
    pub(super) fn open(config: &Config, last: LastLedger, lock: &StationLock) -> anyhow::Result<Self> {
        let station = Station::open(config, last, lock)?;
        let ledger = station.site.ledger.clone();
        let (snapshot, shown) = watch::channel(station.first_snapshot());
        let (orders, commands) = mpsc::channel(BACKLOG);
        let (mut folders, mut ports) = (Vec::new(), Vec::new());
        for bay in &config.bays {
            match &bay.slot {
                Slot::Folder(folder) => folders.push((bay.name.clone(), folder.clone())),
                Slot::Port(port) => ports.push((bay.name.clone(), port.clone())),
            }
        }
        let bays = [dock::watch_folders(folders)?, dock::watch_usb(ports, &config.profiles)?];
        let doors = Doors { bays: together(bays), commands, snapshot };
        let socket = views::bind(&config.station.data_dir)?;
        let routes = views::routes(shown.clone(), Arc::new(Counter { ledger, orders }));
        Ok(Self { station, doors, socket, routes, shown })
    }

    /// Runs until something fails. Being cancelled loses nothing.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        tokio::select! {
            biased;
            ended = self.station.run(self.doors) => Ok(ended?),
            ended = views::serve(self.socket, self.routes) => ended.context("the socket broke"),
        }
    }
}

/// What is told by any of the sources.
fn together<const N: usize>(sources: [mpsc::Receiver<BayEvent>; N]) -> mpsc::Receiver<BayEvent> {
    let (events, receiver) = mpsc::channel(BACKLOG);
    for mut source in sources {
        let events = events.clone();
        tokio::spawn(async move {
            while let Ok(place) = events.reserve().await {
                let event = tokio::select! {
                    event = source.recv() => event,
                    () = events.closed() => return,
                };
                match event {
                    Some(event) => place.send(event),
                    None => return,
                }
            }
        });
    }
    receiver
}

/// Where requests to the station are handed in.
struct Counter {
    ledger: Ledger,
    orders: mpsc::Sender<Command>,
}

#[async_trait]
impl Desk for Counter {
    async fn problems(&self) -> Result<Vec<Problem>, String> {
        self.ledger.problems(None).await.map_err(|error| error.to_string())
    }

    async fn retry(&self, problem: ProblemId) -> Result<Option<Problem>, String> {
        let (reply, answer) = oneshot::channel();
        let stopped = "the station is stopping";
        self.orders.send(Command::Retry { problem, reply }).await.map_err(|_| stopped.to_owned())?;
        answer.await.map_err(|_| stopped.to_owned())
    }
}

/// The journal adds time, unit and host by itself.
fn tell_the_journal() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("CAMDOCK_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(LOG));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    if std::env::var_os("JOURNAL_STREAM").is_some() { lines.without_time().init() } else { lines.init() }
}
