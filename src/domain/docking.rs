//! What is remembered of a docking.

use serde::Serialize;

use super::{BayName, ByteCount, CameraSerial, DockingId, Moment};

/// How a docking ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::VariantArray)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything was proven and wiped before the camera was taken.
    Completed,
    /// The camera was taken before that; the rest waits for its next docking.
    TakenEarly,
    /// The station stopped.
    Interrupted,
}

/// One visit of one camera to one bay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Docking {
    /// Which visit.
    pub id: DockingId,
    /// Which camera.
    pub camera: CameraSerial,
    /// Which bay.
    pub bay: BayName,
    /// When the camera was put in.
    pub began_at: Moment,
    /// When and how it ended; none while it has not.
    pub ended: Option<(Moment, Outcome)>,
    /// How many segments were copied from the camera in it, or left the camera in it.
    pub segments: u64,
    /// Their bytes.
    pub bytes: ByteCount,
}
