//! Cameras that should have come back by now, and those of which somebody knows that they do not.

use serde::{Deserialize, Serialize};

use super::{CameraSerial, DockingId, Moment};

/// The cameras that were not docked at this station for so long that somebody should ask where they are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Overdue {
    /// How many whole days are too long.
    pub days: u64,
    /// How many cameras there are.
    pub cameras: u64,
    /// Those of them that were here last, the latest first, up to a hundred.
    pub latest: Vec<OverdueCamera>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OverdueCamera {
    /// When it was taken out of its bay for the last time.
    pub since: Moment,
    /// Which camera.
    pub camera: CameraSerial,
    /// Its last visit; none in the answer of an earlier daemon.
    #[serde(default)]
    pub docking: Option<DockingId>,
}

/// A camera that nobody misses any more, because somebody said that it does not come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredCamera {
    /// Which camera.
    pub camera: CameraSerial,
    /// When it was taken out of its bay for the last time.
    pub since: Moment,
    /// How many of the segments that were ever taken from it some required destination has not proven. They go on to be told of.
    pub unproven: u64,
}

/// Why a camera cannot be retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRetired {
    /// It was never here, so nobody misses it.
    #[error("no camera of that serial was ever docked here")]
    Unknown,
    /// It is here.
    #[error("it is docked here now. Take it out first")]
    Docked,
}
