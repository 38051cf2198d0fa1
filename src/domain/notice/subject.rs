//! What a notice is about.

use crate::domain::{BayName, CameraSerial, DestinationName, DockingId, SourcePath};

/// Which things a notice is about, as far as that is known: none of them, where it is about the station as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Subject {
    /// In which bay it is so.
    pub bay: Option<BayName>,
    /// Of which camera.
    pub camera: Option<CameraSerial>,
    /// In which of its visits.
    pub docking: Option<DockingId>,
    /// Of which file on the camera.
    pub file: Option<SourcePath>,
    /// At which destination.
    pub destination: Option<DestinationName>,
}

impl Subject {
    /// The station as a whole.
    #[must_use]
    pub const fn station() -> Self {
        Self { bay: None, camera: None, docking: None, file: None, destination: None }
    }

    /// The same, in a bay.
    #[must_use]
    pub fn bay(self, bay: &BayName) -> Self {
        Self { bay: Some(bay.clone()), ..self }
    }

    /// The same, of a camera.
    #[must_use]
    pub fn camera(self, camera: &CameraSerial) -> Self {
        Self { camera: Some(camera.clone()), ..self }
    }

    /// The same, in one of its visits.
    #[must_use]
    pub fn docking(self, docking: DockingId) -> Self {
        Self { docking: Some(docking), ..self }
    }

    /// The same, of a file.
    #[must_use]
    pub fn file(self, file: &SourcePath) -> Self {
        Self { file: Some(file.clone()), ..self }
    }

    /// The same, at a destination.
    #[must_use]
    pub fn destination(self, destination: &DestinationName) -> Self {
        Self { destination: Some(destination.clone()), ..self }
    }
}
