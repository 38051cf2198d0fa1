//! The composition root: a configuration becomes a running station with its doors open.
//!
//! Promises: this is the only room that knows adapters by name, and [`adapters`] the only file of it; everybody else knows
//! ports. What shows the station to people or programs, a *view*, is wired in this file. Nothing here decides anything.
//! A station starts with what it has: a part of it that cannot be set up is shown, and tried again ([`parts`]); only without
//! its ledger or its spool there is none.

mod access;
mod adapters;
mod bays;
mod clock;
mod control;
mod departed;
mod desk;
mod lamps;
mod late;
mod page;
mod parts;
mod porter;
mod records;
mod renewal;

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::config::Config;
use crate::dock::{self, BayEvent};
use crate::domain::{Caller, DestinationName, Earlier, Part, PlaceId, SetupCause, Snapshot};
use crate::ledger::StationLock;
use crate::station::{Doors, Station, StationError};
use crate::transfer::{NoPlace, confirm};
use crate::views::{self, Audience, Commands, Desk, Dock, Recognise, Routes, systemd};

pub use adapters::{DestinationSetupError, LastLedger, OpenError, connection, lights_out, open_destination};
pub use clock::SystemClock;

use control::Control;
use desk::StationDesk;
use page::Page;
use parts::Troubles;
use records::LedgerRecords;

/// Requests, and news of bays, that may wait for the station.
const BACKLOG: usize = 16;

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
        let audience = Audience::nobody(lamps::of(config).next().map(|_| lamps::FRESH));
        let (access, certificate) = access::access(&config.web, &ledger, &troubles);
        let (beat, pause) = (troubles.beat().clone(), audience.pause());
        let doors = Doors { bays, commands, setup, certificate, beat, pause, snapshot };
        adapters::light_lamps(config, &shown, &troubles);
        let desk: Arc<dyn Desk> = Arc::new(StationDesk::new(ledger.clone(), orders));
        let behind = Behind { shown: shown.clone(), records: Arc::new(LedgerRecords::of(config)), desk, audience };
        let recognise = access::accounts(config.station.operators.clone(), &troubles);
        let control = Control::open(config.station.data_dir.clone(), behind.the_socket(recognise), troubles.clone());
        let page = Page::open(config.web.listen, access, behind.the_page(config), troubles);
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

/// What answers, whatever the door.
struct Behind {
    shown: watch::Receiver<Snapshot>,
    records: Arc<LedgerRecords>,
    desk: Arc<dyn Desk>,
    /// Those who look.
    audience: Audience,
}

impl Behind {
    /// What commands can ask for.
    fn the_socket(&self, recognise: Recognise) -> Commands {
        let numbers = views::metrics(self.shown.clone()).merge(views::health(self.shown.clone()));
        let reading = views::reading(self.shown.clone(), self.records.clone()).merge(views::openapi()).merge(numbers);
        Commands { reading: self.audience.of(reading), acting: views::acting(Arc::clone(&self.desk)), recognise }
    }

    /// What browsers can ask for.
    fn the_page(&self, config: &Config) -> Routes {
        let (shown, records) = (|| self.shown.clone(), || self.records.clone());
        let has_lamps = lamps::of(config).next().is_some();
        let dock = Dock { columns: config.web.columns, lamps: has_lamps.then(|| Arc::clone(&config.rhythms)) };
        let station =
            views::station(shown(), records()).merge(views::reading(shown(), records())).merge(views::openapi());
        let seen = |routes| self.audience.of(routes);
        Routes {
            open: views::files().merge(seen(views::health(shown()))),
            metrics: seen(views::metrics(shown())),
            bays: seen(views::page(shown(), dock)),
            station: seen(station),
            acting: views::acting(Arc::clone(&self.desk)).merge(views::buttons(Arc::clone(&self.desk))),
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
    by: Caller,
    lock: &StationLock,
) -> Result<(), EnrolError> {
    let troubles = Troubles::none();
    let _watched = troubles.watch();
    let site = adapters::open_station(config, LastLedger::Trusted, lock, &troubles)?.site;
    let target = site.target(destination).ok_or_else(|| EnrolError::Unknown(destination.clone()))?;
    Ok(confirm(&site, target, place, earlier, by).await?)
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
