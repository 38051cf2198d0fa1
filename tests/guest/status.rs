//! What `camdock status --json` says, as far as the scenarios ask.

use serde::Deserialize;

/// The station.
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    pub(crate) bays: Vec<Bay>,
    pub(crate) queue: Queue,
    pub(crate) destinations: Vec<Destination>,
    pub(crate) problems: u64,
}

impl Status {
    /// The bay of this number.
    pub(crate) fn bay(&self, number: usize) -> &Bay {
        &self.bays[number - 1]
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Bay {
    pub(crate) state: BayState,
    pub(crate) camera: Option<String>,
    pub(crate) segments_wiped: u64,
    pub(crate) bytes_total: u64,
    pub(crate) bytes_uploaded: u64,
    pub(crate) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BayState {
    Empty,
    Identifying,
    Offloading,
    Uploading,
    Wiping,
    Charging,
    Ready,
    Attention,
    Refused,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Queue {
    pub(crate) segments: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Destination {
    pub(crate) state: DestinationState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DestinationState {
    Unknown,
    Ok,
    Waiting,
    Overdue,
    Refused,
    Attention,
}
