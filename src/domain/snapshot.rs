//! What the station looks like at one moment: the document behind the page, the commands and the metrics.
//!
//! The field names are a stable interface; scripts read them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BayName, ByteCount, CameraSerial, DestinationName, Moment, StationId};

/// The whole station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Which station.
    pub station: StationId,
    /// Every configured bay, in the order of the configuration.
    pub bays: Vec<BaySnapshot>,
    /// What still has to reach its required destinations.
    pub queue: QueueSnapshot,
    /// Every configured destination, in the order of the configuration.
    pub destinations: Vec<DestinationSnapshot>,
    /// How many problems wait for a person.
    pub problems: u64,
}

/// One bay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaySnapshot {
    /// Which bay.
    pub name: BayName,
    /// What is going on in it.
    pub state: BayState,
    /// The camera in it.
    pub camera: Option<CameraSerial>,
    /// Segments found in this docking.
    pub segments_total: u64,
    /// Segments proven and deleted from the camera in this docking.
    pub segments_wiped: u64,
    /// Bytes found in this docking.
    pub bytes_total: ByteCount,
    /// Bytes of this docking that every required destination has proven.
    pub bytes_uploaded: ByteCount,
    /// When the camera became ready to be taken.
    pub ready_at: Option<Moment>,
    /// One plain sentence.
    pub message: String,
}

impl BaySnapshot {
    /// A bay without a camera.
    #[must_use]
    pub fn empty(name: BayName) -> Self {
        Self {
            name,
            state: BayState::Empty,
            camera: None,
            segments_total: 0,
            segments_wiped: 0,
            bytes_total: ByteCount::default(),
            bytes_uploaded: ByteCount::default(),
            ready_at: None,
            message: "No camera.".to_owned(),
        }
    }
}

/// What is going on in a bay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BayState {
    /// No camera.
    Empty,
    /// Finding out which camera this is.
    Identifying,
    /// Copying segments from the camera to the spool.
    Offloading,
    /// Everything is in the spool; waiting for the destinations.
    Uploading,
    /// Deleting proven segments from the camera.
    Wiping,
    /// Wiped, not yet charged.
    Charging,
    /// Charged, transferred, wiped: take this one.
    Ready,
    /// A person is needed; the message says what for.
    Attention,
    /// Not a camera this bay accepts.
    Refused,
}

impl fmt::Display for BayState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Empty => "empty",
            Self::Identifying => "identifying",
            Self::Offloading => "offloading",
            Self::Uploading => "uploading",
            Self::Wiping => "wiping",
            Self::Charging => "charging",
            Self::Ready => "ready",
            Self::Attention => "attention",
            Self::Refused => "refused",
        })
    }
}

/// What still has to reach its required destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QueueSnapshot {
    /// Segments in the spool that some required destination has not proven.
    pub segments: u64,
    /// Their bytes.
    pub bytes: ByteCount,
    /// Age of the oldest of them, in seconds.
    pub oldest_seconds: u64,
}

/// One destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationSnapshot {
    /// Which destination.
    pub name: DestinationName,
    /// How it is doing.
    pub state: DestinationState,
    /// One plain sentence.
    pub message: String,
}

/// How a destination is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DestinationState {
    /// Nothing asked of it yet.
    Unknown,
    /// The last request succeeded.
    Ok,
    /// It cannot be reached or is overloaded; camdock tries again by itself.
    Waiting,
    /// It refuses the credential; a person must mend it.
    Refused,
}

impl fmt::Display for DestinationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unknown => "unknown",
            Self::Ok => "ok",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
        })
    }
}
