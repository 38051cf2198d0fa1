//! The composition root: a configuration becomes a running station with its doors open.
//!
//! Promises: this is the only room that knows adapters by name, and [`adapters`] the only file of it; everybody else knows
//! ports. What shows the station to people or programs, a *view*, is wired in this file. Nothing here decides anything.
//! A station starts with what it has: a part of it that cannot be set up is shown, and tried again ([`parts`]); only without
//! its ledger or its spool there is none.

mod adapters;
mod bays;
mod clock;
mod control;
mod desk;
mod lamps;
mod late;
mod page;
mod parts;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::config::Config;
use crate::dock::{self, BayEvent};
use crate::domain::{DestinationName, Earlier, Part, PlaceId, SetupCause, Snapshot};
use crate::ledger::StationLock;
use crate::station::{Doors, Station, StationError};
use crate::transfer::{NoPlace, confirm};
use crate::views::{self, Audience, Dock, systemd};

pub use adapters::{DestinationSetupError, LastLedger, OpenError, lights_out, open_destination};
pub use clock::SystemClock;

use control::Control;
use desk::StationDesk;
use page::Page;
use parts::Troubles;

/// Requests, and news of bays, that may wait for the station.
const BACKLOG: usize = 16;
/// An idle station that nobody looks at shows itself this often, for its watchdog: several times in the two minutes for which that waits.
const ALONE: Duration = Duration::from_secs(30);

/// A station with its doors open: cameras can come, and commands be asked.
pub struct Daemon {
    station: Station,
    doors: Doors,
    control: Control,
    page: Page,
    shown: watch::Receiver<Snapshot>,
}

/// Why a station cannot be opened, or ended.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Its ledger or its spool cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
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
        let troubles = Troubles::none_at(dock::beat());
        let setup = troubles.watch();
        for broken in &config.broken_profiles {
            let message = format!("{broken}. Once it is mended, run: systemctl restart camdock");
            let part = Part::Profile(broken.file.display().to_string());
            troubles.note(&part, Some((SetupCause::ProfileBroken, message)));
        }
        let station = adapters::open_station(config, last, lock, &troubles)?;
        let ledger = station.site.ledger().clone();
        let (snapshot, shown) = watch::channel(station.first_snapshot());
        let (orders, commands) = mpsc::channel(BACKLOG);
        let bays = together(adapters::watch_bays(config, &troubles));
        let has_lamps = lamps::of(config).next().is_some();
        let audience = Audience::nobody(if has_lamps { lamps::FRESH } else { ALONE });
        let doors = Doors { bays, commands, setup, pause: audience.pause(), snapshot };
        let metrics = || views::metrics(shown.clone());
        let routes = views::routes(shown.clone(), Arc::new(StationDesk { ledger, orders })).merge(metrics());
        let routes = audience.of(routes);
        adapters::light_lamps(config, &shown, &troubles);
        let control = Control::open(config.station.data_dir.clone(), routes, troubles.clone());
        let dock = Dock { columns: config.web.columns, lamps: has_lamps.then(|| Arc::clone(&config.rhythms)) };
        let page =
            Page::open(config.web.listen, audience.of(views::page(shown.clone(), dock).merge(metrics())), troubles);
        Ok(Self { station, doors, control, page, shown })
    }

    /// How the station looks, from now on.
    #[must_use]
    pub fn shown(&self) -> watch::Receiver<Snapshot> {
        self.shown.clone()
    }

    /// Where browsers of this machine find the page, if it could be opened.
    #[must_use]
    pub fn page(&self) -> Option<String> {
        self.page.address()
    }

    /// Runs until something fails. Being cancelled loses nothing.
    ///
    /// # Errors
    /// [`DaemonError`] says what failed. After [`StationError::LedgerDamaged`] the station can be opened once more, with
    /// [`LastLedger::Damaged`].
    pub async fn run(self) -> Result<(), DaemonError> {
        let (control, page, mut first) = (self.control, self.page, self.shown.clone());
        let answer = async move {
            // Before the first one is composed nobody knows how the station is, so nobody is told.
            let _ = first.changed().await;
            tokio::join!(control.serve(), page.serve());
        };
        tokio::select! {
            biased;
            ended = self.station.run(self.doors) => Ok(ended?),
            () = answer => Ok(()),
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
    let troubles = Troubles::none();
    let _watched = troubles.watch();
    let site = adapters::open_station(config, LastLedger::Trusted, lock, &troubles)?.site;
    let target = site.target(destination).ok_or_else(|| EnrolError::Unknown(destination.clone()))?;
    Ok(confirm(&site, target, place, earlier).await?)
}

/// Why a place was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The ledger or the spool cannot be opened.
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
