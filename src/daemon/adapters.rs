//! From a configuration to a station: which adapters stand behind its ports.
//!
//! This is the one file that knows adapters by name. A new kind of destination, of camera or of bay is wired here, and
//! nowhere else.

mod aws;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::tz::TimeZone;
use tokio::sync::{mpsc, watch};

use super::clock::hold_against;
use super::departed::departed;
use super::late::{LateDestination, Standing};
use super::parts::{self, Troubles};
use super::{SystemClock, bays, lamps};
use crate::camera::{AskUnsettled, Camera, CameraError, FolderCamera, MassStorageCamera, Surroundings};
use crate::cloud::Destination;
use crate::cloud::azure::{
    self, AzureCredential, AzureDestination, AzureSettings, AzureSetupError, Identity, NoAddress,
};
use crate::cloud::folder::{self, FolderDestination, SameDisk};
use crate::cloud::gcs::{self, GcsCredential, GcsDestination, GcsSettings, GcsSetupError};
use crate::cloud::http::{Connection, HttpError, IdentityFiles, Proxy, ReadLogin, Trust};
use crate::cloud::notes::UploadNotes;
use crate::cloud::s3::{self, S3Destination, S3Settings};
use crate::config::{
    Application, AzureAccess, Config, ConnectionSettings, Credential, CredentialError, CredentialKind,
    DestinationSettings, GoogleCredential, Place, ProxySettings, Slot, TlsSettings,
};
use crate::dock::led::{LED_CLASS, LedError, Light, darken};
use crate::dock::usb::Sysfs;
use crate::dock::{BayEvent, DockError, FolderBay, Location, watch_folders, watch_usb};
use crate::domain::{
    BayName, ChunkRules, Clock, DestinationName, DockingId, LedName, Moment, Pacing, PacingRules, Part, Profile,
    SetupCause, ShiftStarts, Snapshot, Transport, UsbDevice,
};
use crate::ledger::{LEDGER_FILE, Ledger, LedgerError, StationLock};
use crate::spool::{DiskSpool, SPOOL_FOLDER, SpoolError, sealed};
use crate::station::{Examine, OpenCamera, Station};
use crate::transfer::{AtOnce, Cap, Caps, Persistence, Site, Target};

/// So many files are read at once beside one of each camera: one for each core of a small machine to hash, if a camera is that fast.
const MORE_READS: usize = 2;
/// So many finished copies are synced at once: each takes a thread, and a disk gains nothing by more.
const SEALS: usize = 24;
/// So many fresh copies are read again at once: enough to keep a disk busy.
const COMPARISONS: usize = 3;
/// So many spool copies are looked at in one go to see which may be removed.
const RELEASES: u32 = 64;
/// What must be known of uploads after a restart lies below this folder of the data folder.
const UPLOADS: &str = "uploads";
/// Where a machine in Google's cloud asks who it is, and the variable by which Google's own programs are told another place.
const METADATA_SERVER: (&str, &str) = ("GCE_METADATA_HOST", "metadata.google.internal");

/// Where the agent of Azure Arc says that it answers, if not where it does everywhere.
const ARC_AGENT: &str = "IDENTITY_ENDPOINT";
/// What people know a credential by that lies in no file.
const NO_FILE: &str = "this machine's identity";

/// Why a station cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
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
    /// Its settings cannot be used.
    #[error(transparent)]
    Gcs(#[from] GcsSetupError),
    /// The network cannot be used.
    #[error("the network cannot be used: {0}. Check this machine's TLS certificates and proxy settings")]
    Http(#[from] HttpError),
    /// Nobody could tell this machine's identity.
    #[error(transparent)]
    Agent(#[from] NoAddress),
    /// AWS has not told where this machine's or this container's role is asked for.
    #[error(transparent)]
    Aws(#[from] aws::Misled),
}

impl DestinationSetupError {
    fn cause(&self) -> SetupCause {
        match self {
            Self::Credential(CredentialError::Unreadable { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                SetupCause::CredentialMissing
            }
            Self::Credential(CredentialError::Unreadable { .. }) => SetupCause::CredentialUnreadable,
            Self::Credential(CredentialError::Unusable { .. })
            | Self::Azure(AzureSetupError::Credential { .. } | AzureSetupError::Http(HttpError::File { .. }))
            | Self::Gcs(GcsSetupError::Credential { .. } | GcsSetupError::Http(HttpError::File { .. }))
            | Self::Http(HttpError::File { .. }) => SetupCause::CredentialUnusable,
            Self::Azure(_) | Self::Gcs(_) | Self::Http(_) | Self::Agent(_) | Self::Aws(_) => SetupCause::Settings,
        }
    }
}

impl From<aws::NoAccess> for DestinationSetupError {
    fn from(error: aws::NoAccess) -> Self {
        match error {
            aws::NoAccess::File(error) => Self::Credential(error),
            aws::NoAccess::Surroundings(error) => Self::Aws(error),
        }
    }
}

/// What the last run's ledger is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastLedger {
    /// Carry on with it, unless it turns out to be damaged.
    Trusted,
    /// It was found to be damaged: set it aside and rebuild it.
    Damaged,
}

/// Sets up one configured destination, for whoever tries it and leaves nothing in the data folder. Nothing is asked of it yet.
///
/// # Errors
/// [`DestinationSetupError`]
pub fn open_destination(
    settings: &DestinationSettings,
    config: &Config,
) -> Result<Arc<dyn Destination>, DestinationSetupError> {
    open_with(settings, config, UploadNotes::none)
}

/// The same for the station itself, which goes on after a restart with what it noted.
fn open_for_the_station(
    settings: &DestinationSettings,
    config: &Config,
) -> Result<Arc<dyn Destination>, DestinationSetupError> {
    let folder = config.station.data_dir.join(UPLOADS).join(settings.name.as_str());
    open_with(settings, config, || UploadNotes::open(folder))
}

fn open_with(
    settings: &DestinationSettings,
    config: &Config,
    notes: impl FnOnce() -> UploadNotes,
) -> Result<Arc<dyn Destination>, DestinationSetupError> {
    let (name, stall) = (settings.name.clone(), config.upload.stall);
    let connection = connection(&settings.connection, stall)?;
    match &settings.place {
        Place::Folder { path, same_disk } => {
            let same_disk = if *same_disk {
                SameDisk::Allowed
            } else {
                SameDisk::Refused { data_dir: config.station.data_dir.clone() }
            };
            Ok(Arc::new(FolderDestination::new(name, path.clone(), same_disk, stall)))
        }
        Place::Gcs { endpoint, bucket, credential } => {
            let again = credential.clone();
            let opened = GcsDestination::new(
                GcsSettings {
                    name,
                    endpoint: endpoint.clone(),
                    bucket: bucket.clone(),
                    credential: google_credential(credential)?,
                    credential_name: credential.to_string(),
                    connection,
                    notes: notes(),
                },
                Arc::new(SystemClock),
            )?;
            Ok(Arc::new(opened.renewing(move || google_credential(&again).ok())))
        }
        Place::S3 { url, region, bucket, owner, credential } => {
            let station = config.station.id.clone();
            let first = aws::credential(credential, &station)?;
            let again = credential.clone();
            let opened = S3Destination::new(
                S3Settings {
                    name,
                    bucket_url: url.clone(),
                    bucket: bucket.clone(),
                    region: region.clone(),
                    credential: first,
                    credential_name: credential.to_string(),
                    bucket_owner: owner.clone(),
                    connection,
                    notes: notes(),
                },
                Arc::new(SystemClock),
            )?;
            Ok(Arc::new(opened.renewing(move || aws::credential(&again, &station).ok())))
        }
        Place::Azure { endpoint, container, credential } => {
            let first = azure_credential(credential)?;
            let (again, file) = (credential.clone(), settings.place.credential());
            let opened = AzureDestination::new(
                AzureSettings {
                    name,
                    endpoint: endpoint.clone(),
                    container: container.clone(),
                    credential_name: file.map_or(NO_FILE.to_owned(), |file| file.file.display().to_string()),
                    credential: first,
                    connection,
                },
                Arc::new(SystemClock),
            )?;
            Ok(Arc::new(opened.renewing(move || azure_credential(&again).ok())))
        }
    }
}

/// How a cloud is reached. A proxy's login is read again when the proxy does not take it.
///
/// # Errors
/// [`CredentialError`] if there is no login to begin with.
pub fn connection(settings: &ConnectionSettings, stall: Duration) -> Result<Connection, CredentialError> {
    let ConnectionSettings { ca, identity, proxy } = settings;
    let proxy = proxy.as_ref().map(|ProxySettings { address, login }| {
        let login = login.clone().map(|login| {
            login.read()?;
            Ok(Arc::new(move || login.read().ok()) as ReadLogin)
        });
        Ok(Proxy { address: address.clone(), login: login.transpose()? })
    });
    Ok(Connection {
        stall,
        trust: ca.clone().map_or(Trust::Machine, Trust::Only),
        identity: identity.clone().map(|TlsSettings { certificate, key }| IdentityFiles { certificate, key }),
        proxy: proxy.transpose()?,
    })
}

/// Into which chunks a place takes an object; so much is known of its kind before it is set up.
const fn chunk_rules(place: &Place) -> ChunkRules {
    match place {
        Place::Azure { .. } => azure::CHUNK_RULES,
        Place::S3 { .. } => s3::CHUNK_RULES,
        Place::Gcs { .. } => gcs::CHUNK_RULES,
        Place::Folder { .. } => folder::CHUNK_RULES,
    }
}

fn azure_credential(access: &AzureAccess) -> Result<AzureCredential, DestinationSetupError> {
    Ok(match access {
        AzureAccess::File(credential) => azure_secret(credential)?,
        AzureAccess::Managed { client } => AzureCredential::Identity(Identity::managed(client.clone())?),
        AzureAccess::Arc => AzureCredential::Identity(Identity::arc(std::env::var(ARC_AGENT).ok().as_deref())?),
    })
}

fn azure_secret(credential: &Credential) -> Result<AzureCredential, CredentialError> {
    let secret = credential.read()?;
    Ok(match &credential.kind {
        CredentialKind::SharedKey { account } => AzureCredential::SharedKey { account: account.clone(), key: secret },
        CredentialKind::ClientSecret(of) => AzureCredential::Identity(Identity::ClientSecret(application(of), secret)),
        CredentialKind::ClientCertificate(of) => {
            AzureCredential::Identity(Identity::ClientCertificate(application(of), secret))
        }
        CredentialKind::FederatedToken(of) => AzureCredential::Identity(Identity::Federated(application(of), secret)),
        // The configuration gives Azure no other; a SAS that is none is refused with its reason.
        _ => AzureCredential::Sas(secret),
    })
}

fn google_credential(credential: &GoogleCredential) -> Result<GcsCredential, CredentialError> {
    let GoogleCredential::File(credential) = credential else {
        let (variable, usual) = METADATA_SERVER;
        return Ok(GcsCredential::MetadataServer(std::env::var(variable).unwrap_or_else(|_| usual.to_owned())));
    };
    let secret = credential.read()?;
    Ok(match &credential.kind {
        CredentialKind::ExternalAccount => GcsCredential::ExternalAccount(secret),
        // The configuration gives Google no other; a key that is none is refused with its reason.
        _ => GcsCredential::ServiceAccount(secret),
    })
}

fn application(of: &Application) -> azure::Application {
    azure::Application { authority: of.authority.clone(), tenant: of.tenant.clone(), client: of.client.clone() }
}

/// A destination that is set up in the background, now or as soon as what is missing is there.
fn late_destination(settings: &DestinationSettings, config: &Config, troubles: &Troubles) -> Arc<dyn Destination> {
    let (told, standing) = watch::channel(Standing::Untried);
    let (name, of, config) = (settings.name.clone(), settings.clone(), config.clone());
    parts::look_after(Part::Destination(name.clone()), troubles.clone(), move || {
        if matches!(*told.borrow(), Standing::Open(_)) {
            let error = DestinationSetupError::from(of.place.credential()?.read().err()?);
            return Some((
                error.cause(),
                format!("{error}. The one that was read before is used as long as it is good"),
            ));
        }
        match open_for_the_station(&of, &config) {
            Ok(destination) => {
                told.send_replace(Standing::Open(destination));
                None
            }
            Err(error) => {
                told.send_replace(Standing::Missing(error.to_string()));
                Some((error.cause(), format!("{error}. {}", of.need.while_not_set_up())))
            }
        }
    });
    Arc::new(LateDestination::new(name, chunk_rules(&settings.place), standing))
}

/// Opens ledger and spool as configured. Blocks; needs a runtime. Destinations are set up by themselves, meanwhile or later.
/// The caller holds the data folder's `_lock` for as long as the station runs.
///
/// # Errors
/// [`OpenError`]
pub(super) fn open_station(
    config: &Config,
    last: LastLedger,
    _lock: &StationLock,
    troubles: &Troubles,
) -> Result<Station, OpenError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let path = config.station.data_dir.join(LEDGER_FILE);
    let (ledger, owed) = open_ledger(config, last, clock.now())?;
    let cap = |rules: &PacingRules| Arc::new(Cap::new(Pacing::new(rules.clone(), TimeZone::system()), clock.clone()));
    let of_the_station = cap(&config.upload.pacing);
    let targets = config.destinations.iter().map(|settings| Target {
        destination: late_destination(settings, config, troubles),
        prefix: settings.prefix.clone(),
        policy: settings.proof,
        protection: settings.protection.clone(),
        back_fill: settings.back_fill,
        need: settings.need,
        caps: Caps::of([cap(&settings.pacing), Arc::clone(&of_the_station)]),
    });
    let targets: Vec<Target> = targets.chain(departed(config, owed, troubles)).collect();
    hold_against(targets.iter().map(|target| Arc::clone(&target.destination)).collect(), troubles.clone());
    let spool = DiskSpool::open(config.station.data_dir.join(SPOOL_FOLDER), config.spool.reserve)?;
    let at_once = AtOnce { more_reads: MORE_READS, seals: SEALS, comparisons: COMPARISONS, releases: RELEASES };
    let id = config.station.id.clone();
    Ok(Station {
        site: Site::new(id, Arc::new(spool), ledger.clone(), clock, targets, config.upload.chunk_size, at_once),
        bays: config.bays.iter().map(|bay| bay.name.clone()).collect(),
        open_camera: open_camera(ledger),
        examine: examine(path),
        concurrency: config.upload.concurrency.get(),
        keep_after_wipe: config.spool.keep_after_wipe,
        persistence: Persistence::OF_A_STATION,
        shifts: ShiftStarts::new(config.station.shift_starts.clone(), TimeZone::system()),
        overdue_after: config.station.overdue_after,
    })
}

/// Opens the ledger, or makes it anew if it is damaged. One that is missing although copies lie in the spool was lost, and is
/// not silently begun afresh.
fn open_ledger(config: &Config, last: LastLedger, now: Moment) -> Result<(Ledger, Vec<DestinationName>), LedgerError> {
    let data_dir = &config.station.data_dir;
    let path = data_dir.join(LEDGER_FILE);
    let was_lost =
        !path.exists() && sealed(&data_dir.join(SPOOL_FOLDER)).is_ok_and(|mut copies| copies.next().is_some());
    let trusted = match last {
        LastLedger::Trusted if !was_lost => match Ledger::connect(&path) {
            Ok(connection) => Some(connection),
            Err(error) if !error.is_damage() => return Err(error),
            Err(_) => None,
        },
        LastLedger::Trusted | LastLedger::Damaged => None,
    };
    let connection = match trusted {
        Some(connection) => connection,
        None => Ledger::set_aside(&path, now)?,
    };
    let known = config.destinations.iter().map(|settings| settings.name.clone()).collect();
    let owed = Ledger::owed_to_others(&connection, &known)?;
    Ok((Ledger::threaded(connection)?, owed))
}

/// Watches the configured bays, each kind by its own watcher, and looks after what they need. Needs a runtime.
pub(super) fn watch_bays(config: &Config, troubles: &Troubles) -> Vec<mpsc::Receiver<BayEvent>> {
    let (mut folders, mut ports) = (Vec::new(), Vec::new());
    for bay in &config.bays {
        match &bay.slot {
            Slot::Folder { folder, quiet_time } => {
                folders.push(FolderBay { name: bay.name.clone(), folder: folder.clone(), quiet: *quiet_time });
            }
            Slot::Port(port) => ports.push((bay.name.clone(), port.clone())),
        }
    }
    let watched_folders =
        all_that_can_be(&mut folders, |bay| &bay.name, troubles, |bays| watch_folders(bays, troubles.beat()));
    let watched_ports = all_that_can_be(
        &mut ports,
        |(name, _)| name,
        troubles,
        |ports| watch_usb(ports, &config.profiles, troubles.beat()),
    );
    for FolderBay { name, folder, .. } in folders {
        parts::look_after(Part::Bay(name), troubles.clone(), move || bays::folder_missing(&folder));
    }
    for (bay, port) in ports {
        let sysfs = Sysfs::default();
        parts::look_after(Part::Bay(bay), troubles.clone(), move || bays::port_missing(&sysfs, &port));
    }
    vec![watched_folders, watched_ports]
}

/// Watches the bays, without those that are in the place of another one.
fn all_that_can_be<B: Clone>(
    bays: &mut Vec<B>,
    name: impl Fn(&B) -> &BayName,
    troubles: &Troubles,
    watch: impl Fn(Vec<B>) -> Result<mpsc::Receiver<BayEvent>, DockError>,
) -> mpsc::Receiver<BayEvent> {
    loop {
        match watch(bays.clone()) {
            Ok(events) => return events,
            Err(error) => {
                let bay = error.second().clone();
                bays.retain(|one| *name(one) != bay);
                let message = format!("{error}. Until the next start this one serves no camera");
                troubles.note(&Part::Bay(bay), Some((SetupCause::SharedPlace, message)));
            }
        }
    }
}

/// Has every configured lamp show what the station shows. Needs a runtime.
pub(super) fn light_lamps(config: &Config, shown: &watch::Receiver<Snapshot>, troubles: &Troubles) {
    for (post, lamp) in lamps::of(config) {
        let mut light = Light::new(lamp.clone(), Arc::clone(&config.rhythms), Path::new(LED_CLASS));
        lamps::keep(post, shown.clone(), troubles.clone(), move |signal| {
            let error = light.show(signal).err()?;
            let cause = if error.is_missing() { SetupCause::LedMissing } else { SetupCause::LedUnusable };
            Some((cause, format!("{error}. Everything else works; camdock goes on trying")))
        });
    }
}

/// Makes LEDs dark, since nobody is behind them any more. Blocks as long as they like.
///
/// # Errors
/// The first that cannot be made dark.
pub fn lights_out(leds: &[LedName]) -> Result<(), LedError> {
    darken(leds, Path::new(LED_CLASS))
}

fn open_camera(ledger: Ledger) -> OpenCamera {
    Arc::new(move |location, docking| {
        let ledger = ledger.clone();
        async move {
            match location {
                Location::Folder { path, serial, quiet } => {
                    let open = move || FolderCamera::open(path, serial, docking, quiet);
                    let opened = tokio::task::spawn_blocking(open);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_two_bays_in_one_place_the_first_is_served_and_the_other_says_why_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("BWC-1")).unwrap();
        let name = |name: &str| BayName::new(name).unwrap();
        let inside = folder.path().join("inside");
        let bay = |number: &str, folder: &Path| FolderBay {
            name: name(number),
            folder: folder.to_owned(),
            quiet: std::time::Duration::ZERO,
        };
        let mut bays = vec![bay("1", folder.path()), bay("2", &inside), bay("3", folder.path())];
        let troubles = Troubles::none();
        let shown = troubles.watch();
        let mut events =
            all_that_can_be(&mut bays, |bay| &bay.name, &troubles, |bays| watch_folders(bays, troubles.beat()));
        assert!(matches!(events.recv().await, Some(BayEvent::Docked { bay, .. }) if bay == name("1")));
        assert_eq!(bays.len(), 1, "only that one is looked after");
        let told: Vec<_> = shown.borrow().iter().map(|trouble| (trouble.part.clone(), trouble.cause)).collect();
        assert_eq!(told, ["2", "3"].map(|bay| (Part::Bay(name(bay)), SetupCause::SharedPlace)));
    }
}
