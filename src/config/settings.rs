//! The validated settings, as plain values.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::profiles::BrokenProfile;
use super::sections::{BaySettings, DestinationSettings, SpoolSettings, StationSettings, UploadSettings, WebSettings};
use crate::domain::{DestinationName, Need, Profile, Rhythms};

/// Everything that a station needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[station]`
    pub station: StationSettings,
    /// `[spool]`
    pub spool: SpoolSettings,
    /// `[[bay]]`, in the order of the files. May be empty: a station that is being taken down still uploads.
    pub bays: Vec<BaySettings>,
    /// `[[destination]]`, in the order of the files; at least one is required.
    pub destinations: Vec<DestinationSettings>,
    /// `[upload]`
    pub upload: UploadSettings,
    /// `[web]`
    pub web: WebSettings,
    /// `[lamps]`: how lamps blink.
    pub rhythms: Arc<Rhythms>,
    /// The kinds of camera, in the order in which they are to be tried.
    pub profiles: Arc<[Arc<Profile>]>,
    /// The profiles' files that are wrong; what they may have been meant to close is not among the profiles.
    pub broken_profiles: Vec<BrokenProfile>,
}

impl Config {
    /// The destinations that a wipe waits for; never empty.
    #[must_use]
    pub fn required(&self) -> BTreeSet<DestinationName> {
        let required = self.destinations.iter().filter(|destination| destination.need == Need::Required);
        required.map(|destination| destination.name.clone()).collect()
    }
}
