//! From a configuration to a station: which adapters stand behind its ports.
//!
//! This is the one file that knows adapters by name. A new kind of destination, of camera or of bay is wired here, and
//! nowhere else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::mpsc;

use super::SystemClock;
use crate::camera::{AskUnsettled, Camera, CameraError, FolderCamera, MassStorageCamera, Surroundings};
use crate::cloud::azure::{AzureCredential, AzureDestination, AzureSettings, AzureSetupError};
use crate::cloud::{Destination, FolderDestination};
use crate::config::{Config, Credential, CredentialError, CredentialKind, DestinationSettings, Place, Slot};
use crate::dock::{BayEvent, DockError, Location, watch_folders, watch_usb};
use crate::domain::{Clock, DestinationName, DockingId, Moment, Profile, Transport, UsbDevice};
use crate::ledger::{LEDGER_FILE, Ledger, LedgerError, StationLock};
use crate::spool::{DiskSpool, SPOOL_FOLDER, SpoolError, sealed};
use crate::station::{Examine, OpenCamera, Station};
use crate::transfer::{AtOnce, Site, Target};

/// A camera that is alone gets so many reads at once: one for each core of a small machine to hash.
const FEWEST_READS: usize = 2;
/// So many fresh copies are read again at once: enough to keep a disk busy.
const COMPARISONS: usize = 3;

/// Why a station cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// A destination cannot be set up.
    #[error("destination {name}: {source}")]
    Destination {
        /// Which one.
        name: DestinationName,
        /// What is wrong.
        source: DestinationSetupError,
    },
}

/// Why a destination cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum DestinationSetupError {
    /// Its credential cannot be read.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// Its settings cannot be used.
    #[error(transparent)]
    Azure(#[from] AzureSetupError),
}

/// What the last run's ledger is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastLedger {
    /// Carry on with it, unless it turns out to be damaged.
    Trusted,
    /// It was found to be damaged: set it aside and rebuild it.
    Damaged,
}

/// Sets up one configured destination. Nothing is asked of it yet.
///
/// # Errors
/// [`DestinationSetupError`]
pub fn open_destination(
    settings: &DestinationSettings,
    config: &Config,
) -> Result<Arc<dyn Destination>, DestinationSetupError> {
    match &settings.place {
        Place::Folder { path } => Ok(Arc::new(FolderDestination::new(settings.name.clone(), path.clone()))),
        Place::Azure { endpoint, container, credential } => {
            let first = azure_credential(credential)?;
            let again = credential.clone();
            let opened = AzureDestination::new(
                AzureSettings {
                    name: settings.name.clone(),
                    endpoint: endpoint.clone(),
                    container: container.clone(),
                    credential_name: credential.file.display().to_string(),
                    credential: first,
                    stall: config.upload.stall,
                },
                Arc::new(SystemClock),
            )?;
            Ok(Arc::new(opened.renewing(move || azure_credential(&again).ok())))
        }
    }
}

fn azure_credential(credential: &Credential) -> Result<AzureCredential, CredentialError> {
    let secret = credential.read()?;
    Ok(match &credential.kind {
        CredentialKind::Sas => AzureCredential::Sas(secret),
        CredentialKind::SharedKey { account } => AzureCredential::SharedKey { account: account.clone(), key: secret },
    })
}

/// Opens ledger, spool and destinations as configured. Blocks. The caller holds the data folder's `_lock` for as long as
/// the station runs.
///
/// # Errors
/// [`OpenError`]
pub(super) fn open_station(config: &Config, last: LastLedger, _lock: &StationLock) -> Result<Station, OpenError> {
    let clock = Arc::new(SystemClock);
    let path = config.station.data_dir.join(LEDGER_FILE);
    let ledger = open_ledger(&config.station.data_dir, last, clock.now())?;
    let mut targets = Vec::new();
    for settings in &config.destinations {
        let destination = open_destination(settings, config)
            .map_err(|source| OpenError::Destination { name: settings.name.clone(), source })?;
        targets.push(Target {
            destination,
            prefix: settings.prefix.clone(),
            policy: settings.proof,
            need: settings.need,
        });
    }
    let spool = DiskSpool::open(config.station.data_dir.join(SPOOL_FOLDER), config.spool.reserve)?;
    let at_once = AtOnce { reads: config.bays.len().max(FEWEST_READS), comparisons: COMPARISONS };
    let id = config.station.id.clone();
    Ok(Station {
        site: Site::new(id, Arc::new(spool), ledger.clone(), clock, targets, config.upload.chunk_size, at_once),
        bays: config.bays.iter().map(|bay| bay.name.clone()).collect(),
        open_camera: open_camera(ledger),
        examine: examine(path),
        concurrency: config.upload.concurrency.get(),
        keep_after_wipe: config.spool.keep_after_wipe,
    })
}

/// Opens the ledger, or makes it anew if it is damaged. One that is missing although copies lie in the spool was lost, and is
/// not silently begun afresh.
fn open_ledger(data_dir: &Path, last: LastLedger, now: Moment) -> Result<Ledger, LedgerError> {
    let path = data_dir.join(LEDGER_FILE);
    let was_lost = !path.exists() && sealed(&data_dir.join(SPOOL_FOLDER)).is_ok_and(|copies| !copies.is_empty());
    if last == LastLedger::Trusted && !was_lost {
        match Ledger::connect(&path) {
            Ok(connection) => return Ledger::threaded(connection),
            Err(error) if !error.is_damage() => return Err(error),
            Err(_) => {}
        }
    }
    Ledger::threaded(Ledger::set_aside(&path, now)?)
}

/// Watches the configured bays, each kind by its own watcher. Needs a runtime.
///
/// # Errors
/// [`DockError`] if two bays are one.
pub(super) fn watch_bays(config: &Config) -> Result<Vec<mpsc::Receiver<BayEvent>>, DockError> {
    let (mut folders, mut ports) = (Vec::new(), Vec::new());
    for bay in &config.bays {
        match &bay.slot {
            Slot::Folder(folder) => folders.push((bay.name.clone(), folder.clone())),
            Slot::Port(port) => ports.push((bay.name.clone(), port.clone())),
        }
    }
    Ok(vec![watch_folders(folders)?, watch_usb(ports, &config.profiles)?])
}

fn open_camera(ledger: Ledger) -> OpenCamera {
    Arc::new(move |location, docking| {
        let ledger = ledger.clone();
        async move {
            match location {
                Location::Folder { path, serial } => {
                    let opened = tokio::task::spawn_blocking(move || FolderCamera::open(path, serial, docking));
                    let camera = opened.await.map_err(|error| CameraError::Device {
                        action: "opened",
                        source: std::io::Error::other(error),
                    })??;
                    Ok(Arc::new(camera) as Arc<dyn Camera>)
                }
                Location::Usb { device, profiles } => open_usb(device, profiles, docking, ledger).await,
            }
        }
        .boxed()
    })
}

/// Opens what is plugged into a port, in the way of the likeliest profile.
async fn open_usb(
    device: UsbDevice,
    mut profiles: Vec<Arc<Profile>>,
    docking: DockingId,
    ledger: Ledger,
) -> Result<Arc<dyn Camera>, CameraError> {
    let Some(transport) = profiles.first().map(|likeliest| likeliest.transport) else {
        return Err(CameraError::Refused("No profile fits it.".to_owned()));
    };
    profiles.retain(|profile| profile.transport == transport);
    match transport {
        Transport::MassStorage => {
            let (here, ask) = (Surroundings::of_this_machine().await?, ask_unsettled(ledger));
            Ok(Arc::new(MassStorageCamera::open(here, device, profiles, ask, docking).await?))
        }
    }
}

fn ask_unsettled(ledger: Ledger) -> AskUnsettled {
    Arc::new(move |serial| {
        let ledger = ledger.clone();
        async move {
            ledger
                .unsettled_media(&serial)
                .await
                .map_err(|error| CameraError::Device { action: "identified", source: std::io::Error::other(error) })
        }
        .boxed()
    })
}

fn examine(path: PathBuf) -> Examine {
    Arc::new(move || {
        let path = path.clone();
        async move {
            let examined = tokio::task::spawn_blocking(move || Ledger::examine(&path));
            examined.await.map_err(|error| LedgerError::NotExamined(error.to_string()))?
        }
        .boxed()
    })
}
