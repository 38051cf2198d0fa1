//! What the station looks like at one moment: the document behind the page, the commands and the metrics.
//!
//! The field names are a stable interface; scripts read them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BayName, ByteCount, CameraSerial, DestinationName, Moment, SetupTrouble, StationId};

/// The whole station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Which station.
    pub station: StationId,
    /// Every configured bay, in the order of the configuration.
    pub bays: Vec<BaySnapshot>,
    /// What camdock still brings to its required destinations by itself.
    pub queue: QueueSnapshot,
    /// Every configured destination, in the order of the configuration.
    pub destinations: Vec<DestinationSnapshot>,
    /// How many problems wait for a person.
    pub problems: u64,
    /// How the disk is doing that holds ledger and spool.
    #[serde(default)]
    pub disk: DiskState,
    /// What could not be set up as configured; the rest works without it.
    #[serde(default)]
    pub setup: Vec<SetupTrouble>,
}

/// How the disk is doing that holds ledger and spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskState {
    /// There is room.
    #[default]
    Ok,
    /// It is full. What is proven and wiped is removed from the spool first.
    Full,
}

/// One bay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaySnapshot {
    /// Which bay.
    pub name: BayName,
    /// What is going on in it.
    pub state: BayState,
    /// Why, where the state alone does not say it.
    pub cause: Option<BayCause>,
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
    /// What else is in the bay, and what to do about each: it is not what the rest of this is about.
    #[serde(default)]
    pub also: Vec<String>,
}

impl BaySnapshot {
    /// A bay without a camera.
    #[must_use]
    pub fn empty(name: BayName) -> Self {
        Self {
            name,
            state: BayState::Empty,
            cause: None,
            camera: None,
            segments_total: 0,
            segments_wiped: 0,
            bytes_total: ByteCount::default(),
            bytes_uploaded: ByteCount::default(),
            ready_at: None,
            message: "No camera.".to_owned(),
            also: Vec::new(),
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

impl BayState {
    /// Whether a bay can come into this state from `before`. `station::board` draws the table.
    #[must_use]
    pub const fn may_follow(self, before: Self) -> bool {
        // Cameras are taken out and put in at any moment.
        if matches!(self, Self::Empty | Self::Identifying) {
            return true;
        }
        match before {
            // Nothing is known of a camera that is not yet identified, but that something is wrong with it.
            Self::Empty => matches!(self, Self::Refused),
            Self::Refused => matches!(self, Self::Refused | Self::Attention),
            // Nothing is deleted before it was compared, and nothing is charged before it was wiped.
            Self::Identifying => !matches!(self, Self::Wiping | Self::Charging),
            Self::Charging => !matches!(self, Self::Wiping),
            Self::Offloading | Self::Uploading | Self::Wiping | Self::Ready | Self::Attention => true,
        }
    }
}

/// Why a bay is in its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BayCause {
    /// Offloading waits: the spool is full.
    SpoolFull,
    /// Files are still being written.
    StillWritten,
    /// The wipe waits: camdock examines its ledger and spool after a start.
    Examining,
    /// The wipe waits: a required destination cannot be asked.
    DestinationSilent,
    /// The spool cannot be written to or read from.
    SpoolFails,
    /// A copy in the spool was not what was written.
    BadCopy,
    /// A person must look at some files.
    Problems,
    /// A volume of the camera is not sound.
    DamagedVolume,
    /// The camera can only be read.
    WriteProtected,
    /// Another bay holds a camera with the same serial.
    SameSerial,
    /// The camera calls itself otherwise than it did before.
    OtherSerial,
    /// The camera no longer answers.
    CameraSilent,
    /// The camera cannot be used.
    CameraFails,
    /// A card was put into the camera or taken out of it.
    Exchanged,
    /// It is no camera that may be touched.
    NoCamera,
    /// The bay's own folder or port is not there as configured.
    NotSetUp,
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

/// What camdock still brings to its required destinations by itself. What a person must see to first is among the problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QueueSnapshot {
    /// Segments in the spool that some required destination is still to prove.
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
    /// Why it is waiting or refuses.
    pub cause: Option<DestinationCause>,
    /// One plain sentence.
    pub message: String,
    /// Since when it, or what is put off, has been waiting.
    #[serde(default)]
    pub since: Option<Moment>,
    /// Until when it is left alone.
    #[serde(default)]
    pub again_at: Option<Moment>,
    /// What does not get through although the destination is well, camera by camera.
    #[serde(default)]
    pub put_off: Vec<PutOffSnapshot>,
}

impl DestinationSnapshot {
    /// A destination of which nothing was asked yet.
    #[must_use]
    pub fn unasked(name: DestinationName) -> Self {
        Self {
            name,
            state: DestinationState::Unknown,
            cause: None,
            message: "Nothing was asked of it yet.".to_owned(),
            since: None,
            again_at: None,
            put_off: Vec::new(),
        }
    }
}

/// Segments of one camera that do not get through to a destination that is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutOffSnapshot {
    /// Whose they are.
    pub camera: CameraSerial,
    /// How many.
    pub segments: u64,
    /// Since when the first of them has been tried in vain.
    pub since: Moment,
    /// What was said of that one.
    pub error: String,
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
    /// It refuses the credential, or is not the place that was enrolled; a person must mend it.
    Refused,
    /// It, or something it was given, has waited for more than an hour. camdock goes on trying; a person should look.
    Overdue,
    /// It is not set up; the message says what is missing.
    Attention,
}

/// Why a destination is waiting or refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DestinationCause {
    /// It cannot be reached.
    Network,
    /// It asks for patience, or fails inside.
    Busy,
    /// It does not take the credential.
    Credential,
    /// Its container or folder does not exist.
    NoContainer,
    /// It is not the place that was enrolled, or no place is.
    WrongPlace,
    /// It does not answer at all.
    NoAnswer,
    /// It has no room.
    Full,
    /// Its disk or file system fails.
    Storage,
    /// It refuses whatever it is asked for.
    Refusal,
    /// Some segments do not get through, though it is well.
    Segments,
    /// It is not set up, so nothing can be asked of it.
    NotSetUp,
}

impl fmt::Display for DestinationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unknown => "unknown",
            Self::Ok => "ok",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::Overdue => "overdue",
            Self::Attention => "attention",
        })
    }
}
