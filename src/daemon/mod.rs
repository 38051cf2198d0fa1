//! The composition root: a configuration becomes a running station with its doors open.
//!
//! Promises: this is the only room that knows adapters by name, and [`adapters`] the only file of it; everybody else knows
//! ports. What shows the station to people or programs, a *view*, is wired in this file. Nothing here decides anything.

mod adapters;
mod clock;
mod desk;

use std::sync::Arc;

use axum::Router;
use tokio::net::UnixListener;
use tokio::sync::{mpsc, watch};

use crate::config::Config;
use crate::dock::{BayEvent, DockError};
use crate::domain::{DestinationName, Earlier, PlaceId, Snapshot};
use crate::ledger::StationLock;
use crate::station::{Doors, Station, StationError};
use crate::transfer::{NoPlace, confirm};
use crate::views::{self, SocketError, systemd};

pub use adapters::{DestinationSetupError, LastLedger, OpenError, open_destination};
pub use clock::SystemClock;

use desk::StationDesk;

/// Requests, and news of bays, that may wait for the station.
const BACKLOG: usize = 16;

/// A station with its doors open: cameras can come, and commands be asked.
pub struct Daemon {
    station: Station,
    doors: Doors,
    socket: UnixListener,
    routes: Router,
    shown: watch::Receiver<Snapshot>,
}

/// Why a station cannot be opened, or ended.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Its ledger, its spool or a destination cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its bays cannot be watched.
    #[error(transparent)]
    Dock(#[from] DockError),
    /// The commands cannot be listened for.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The commands can be listened for no longer.
    #[error("the socket broke: {0}")]
    SocketBroke(std::io::Error),
    /// The station itself ended.
    #[error(transparent)]
    Station(#[from] StationError),
}

impl Daemon {
    /// Opens everything that the configuration names. Nothing moves before [`run`](Self::run). Needs a runtime.
    ///
    /// # Errors
    /// [`DaemonError`] says which part cannot be opened, and what to do.
    pub fn open(config: &Config, last: LastLedger, lock: &StationLock) -> Result<Self, DaemonError> {
        let station = adapters::open_station(config, last, lock)?;
        let ledger = station.site.ledger().clone();
        let (snapshot, shown) = watch::channel(station.first_snapshot());
        let (orders, commands) = mpsc::channel(BACKLOG);
        let doors = Doors { bays: together(adapters::watch_bays(config)?), commands, snapshot };
        let socket = views::bind(&config.station.data_dir)?;
        let routes = views::routes(shown.clone(), Arc::new(StationDesk { ledger, orders }));
        Ok(Self { station, doors, socket, routes, shown })
    }

    /// How the station looks, from now on.
    #[must_use]
    pub fn shown(&self) -> watch::Receiver<Snapshot> {
        self.shown.clone()
    }

    /// Runs until something fails. Being cancelled loses nothing.
    ///
    /// # Errors
    /// [`DaemonError`] says what failed. After [`StationError::LedgerDamaged`] the station can be opened once more, with
    /// [`LastLedger::Damaged`].
    pub async fn run(self) -> Result<(), DaemonError> {
        tokio::select! {
            biased;
            ended = self.station.run(self.doors) => Ok(ended?),
            ended = views::serve(self.socket, self.routes) => ended.map_err(DaemonError::SocketBroke),
            () = systemd::keep_telling(self.shown) => Ok(()),
        }
    }
}

/// Enrols the place that a person has looked at, while no daemon runs.
///
/// # Errors
/// [`EnrolError`]; then everything is as it was.
pub async fn enrol(
    config: &Config,
    destination: &DestinationName,
    place: PlaceId,
    earlier: Earlier,
    lock: &StationLock,
) -> Result<(), EnrolError> {
    let site = adapters::open_station(config, LastLedger::Trusted, lock)?.site;
    let target = site.target(destination).ok_or_else(|| EnrolError::Unknown(destination.clone()))?;
    Ok(confirm(&site, target, place, earlier).await?)
}

/// Why a place was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The ledger, the spool or a destination cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no such destination.
    #[error("there is no destination {0}")]
    Unknown(DestinationName),
    /// It is not the place that the person saw, or another one is enrolled.
    #[error(transparent)]
    NoPlace(#[from] NoPlace),
}

/// What is told by any of the sources.
fn together(sources: Vec<mpsc::Receiver<BayEvent>>) -> mpsc::Receiver<BayEvent> {
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
