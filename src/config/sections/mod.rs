//! Turns each table of the configuration into its settings: a file per table, with its keys, its settings and their rules.

mod bay;
mod destination;
mod lamp;
mod lamps;
mod pacing;
mod spool;
mod station;
mod upload;
mod web;

use std::path::PathBuf;
use std::sync::Arc;

use super::document::Node;
use super::mistake::Mistakes;
use super::reader::{Given, Keys, Reader};
use super::rules::{self, Folder, KnownNeed};
use super::settings::Config;
use crate::domain::{LedName, UsbPort};

pub use bay::{BaySettings, Slot};
pub use destination::{
    AzureAccess, ConnectionSettings, DestinationSettings, GoogleCredential, Place, ProxySettings, S3Access,
};
pub use spool::SpoolSettings;
pub use station::StationSettings;
pub use upload::UploadSettings;
pub use web::{TlsSettings, WebSettings};

const ROOT: Keys = Keys::table("", &["station", "spool", "bay", "destination", "upload", "web", "lamps"]);

/// The keys of every table.
#[cfg(test)]
pub(super) const ALL_KEYS: [Keys; 16] = [
    ROOT,
    station::KEYS,
    spool::KEYS,
    bay::KEYS,
    destination::KEYS,
    destination::azure::CREDENTIAL_KEYS,
    destination::s3::CREDENTIAL_KEYS,
    destination::gcs::CREDENTIAL_KEYS,
    destination::connection::TLS_KEYS,
    destination::connection::PROXY_KEYS,
    upload::KEYS,
    pacing::KEYS,
    web::KEYS,
    web::TLS_KEYS,
    lamp::KEYS,
    lamps::KEYS,
];

/// What was read so far that must not be written twice, or not be missing everywhere.
#[derive(Default)]
struct Seen {
    folders: Vec<Folder>,
    ports: Vec<Given<UsbPort>>,
    lights: Vec<Given<lamp::Source>>,
    needs: Vec<KnownNeed>,
}

/// Where credentials are looked for.
pub(super) struct Whereabouts {
    /// The folder of the configuration file; absolute.
    pub(super) folder: PathBuf,
    /// systemd's credentials, if it has any for this service.
    pub(super) credentials: Option<PathBuf>,
}

/// Reads everything but the profiles. `None` if anything is wrong, which is reported.
pub(super) fn config(root: Node, whereabouts: &Whereabouts, mistakes: &mut Mistakes) -> Option<Config> {
    let mut root = Reader::new(ROOT, root, mistakes)?;
    let mut seen = Seen::default();
    let station = station::station(&mut root, &mut seen);
    let spool = spool::spool(&mut root);
    let bays = root.list(bay::KEYS);
    let bays: Vec<_> = bays.into_iter().map(|node| bay::bay(node, &mut seen, root.mistakes)).collect();
    let destinations = root.list(destination::KEYS);
    let read = |node| destination::destination(node, whereabouts, &mut seen, root.mistakes);
    let destinations: Vec<_> = destinations.into_iter().map(read).collect();
    let configured: Vec<_> = destinations.iter().flatten().map(|(settings, _)| settings.name.clone()).collect();
    let upload = upload::upload(&mut root, &configured);
    let web = web::web(&mut root, whereabouts);
    let rhythms = lamps::lamps(&mut root);
    let whole = root.at().clone();
    root.close("here");

    rules::something_required(&seen.needs, &whole, mistakes);
    rules::folders_apart(&seen.folders, mistakes);
    rules::ports_apart(&seen.ports, mistakes);
    lamp::lights_apart(&seen.lights, mistakes);
    let known: Vec<_> = destinations.iter().flatten().cloned().collect();
    destination::places_apart(&known, mistakes);

    let destinations: Option<Vec<_>> = destinations.into_iter().collect();
    Some(Config {
        station: station?,
        spool: spool?,
        bays: bays.into_iter().collect::<Option<_>>()?,
        destinations: destinations?.into_iter().map(|(settings, _)| settings).collect(),
        upload: upload?,
        web: web?,
        rhythms: rhythms?,
        profiles: Arc::default(),
        broken_profiles: Vec::new(),
    })
}

/// Reads the data folder alone.
pub(super) fn data_dir(root: Node, mistakes: &mut Mistakes) -> Option<PathBuf> {
    let mut root = Reader::new(ROOT, root, mistakes)?;
    station::given_data_dir(&mut root.table(station::KEYS)?).map(|folder| folder.value)
}

/// The LEDs of every lamp that can be made out, whatever else is wrong.
pub(super) fn leds(root: Node, mistakes: &mut Mistakes) -> Vec<LedName> {
    let Some(mut root) = Reader::new(ROOT, root, mistakes) else { return Vec::new() };
    let mut lights = Vec::new();
    if let Some(mut station) = root.table(station::KEYS) {
        lamp::lamp(&mut station, &mut lights);
    }
    for bay in root.list(bay::KEYS) {
        if let Some(mut bay) = Reader::new(bay::KEYS, bay, root.mistakes) {
            lamp::lamp(&mut bay, &mut lights);
        }
    }
    lights.into_iter().filter_map(|given| given.value.led()).collect()
}

/// Remembers a folder for the comparison of all of them.
fn noted(folder: Option<Given<PathBuf>>, what: String, folders: &mut Vec<Folder>) -> Option<PathBuf> {
    let Given { value: path, at } = folder?;
    folders.push(Folder { what, path: path.clone(), at });
    Some(path)
}
