//! Cameras that should have come back by now.

use serde::{Deserialize, Serialize};

use super::{CameraSerial, Moment};

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
}
