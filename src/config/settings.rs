//! The validated settings, as plain values.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::Credential;
use crate::domain::{
    BayName, ByteCount, DestinationName, Need, ObjectPrefix, Profile, ProofPolicy, StationId, UsbPort,
};

/// Everything that a station needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[station]`
    pub station: Station,
    /// `[spool]`
    pub spool: SpoolSettings,
    /// `[[bay]]`, in the order of the files. May be empty: a station that is being taken down still uploads.
    pub bays: Vec<Bay>,
    /// `[[destination]]`, in the order of the files; at least one is required.
    pub destinations: Vec<DestinationSettings>,
    /// `[upload]`
    pub upload: UploadSettings,
    /// `[web]`
    pub web: WebSettings,
    /// The kinds of camera, in the order in which they are to be tried.
    pub profiles: Arc<[Arc<Profile>]>,
}

impl Config {
    /// The destinations that a wipe waits for; never empty.
    #[must_use]
    pub fn required(&self) -> BTreeSet<DestinationName> {
        let required = self.destinations.iter().filter(|destination| destination.need == Need::Required);
        required.map(|destination| destination.name.clone()).collect()
    }
}

/// The station itself.
#[derive(Debug, Clone)]
pub struct Station {
    /// Its name, in metadata and receipts.
    pub id: StationId,
    /// Where ledger and spool lie; absolute.
    pub data_dir: PathBuf,
}

/// The local copies.
#[derive(Debug, Clone)]
pub struct SpoolSettings {
    /// How much of the disk offloading never fills.
    pub reserve: ByteCount,
    /// How long a spool copy outlives the wipe of its segment.
    pub keep_after_wipe: Duration,
}

/// One slot of the dock.
#[derive(Debug, Clone)]
pub struct Bay {
    /// Its name.
    pub name: BayName,
    /// Where its cameras appear.
    pub slot: Slot,
}

/// Where a bay's cameras appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// A directory that appears in this folder is a docked camera; absolute.
    Folder(PathBuf),
    /// A camera that is plugged into this port.
    Port(UsbPort),
}

/// One place that evidence must reach.
#[derive(Debug, Clone)]
pub struct DestinationSettings {
    /// Its name.
    pub name: DestinationName,
    /// What goes before every object's name.
    pub prefix: ObjectPrefix,
    /// Whether a wipe waits for it.
    pub need: Need,
    /// How its copies are proven.
    pub proof: ProofPolicy,
    /// How long the provider should refuse deletion; only where the provider can.
    pub retention: Option<Duration>,
    /// Where it is.
    pub place: Place,
}

/// Where a destination is.
#[derive(Debug, Clone)]
pub enum Place {
    /// A container of an Azure storage account, or of a service that speaks the same protocol.
    Azure {
        /// Address of the account's blob service: `https`, or this very machine. Without query.
        endpoint: Url,
        /// Name of the container.
        container: String,
        /// What opens it.
        credential: Credential,
    },
    /// A directory on this machine, such as a mounted share.
    Folder {
        /// The directory; absolute.
        path: PathBuf,
    },
}

/// How segments travel.
#[derive(Debug, Clone)]
pub struct UploadSettings {
    /// The unit of resumable upload.
    pub chunk_size: ByteCount,
    /// How many chunks travel at the same time, over all destinations.
    pub concurrency: NonZeroUsize,
    /// After so long without any progress a connection is given up.
    pub stall: Duration,
}

/// The page for officers.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Where it listens.
    pub listen: SocketAddr,
}
