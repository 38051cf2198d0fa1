//! What the stories about a station's ledger are told with: one camera, one bay, one destination that is required.

use std::time::Duration;

use super::{Entry, Ledger, Outcome};
use crate::domain::{
    BayName, ByteCount, CameraSerial, DestinationName, DockingId, Fingerprint, Moment, Need, ProofMethod, Protection,
    Segment, SegmentId, SourcePath, Version,
};

/// When a story begins.
pub(super) const BEGAN: Moment = Moment::from_millis(1_800_000_000_000);

pub(super) fn after(seconds: u64) -> Moment {
    BEGAN.plus(Duration::from_secs(seconds))
}

pub(super) fn nas() -> DestinationName {
    DestinationName::new("nas").unwrap()
}

pub(super) fn bay() -> BayName {
    BayName::new("1").unwrap()
}

pub(super) fn camera() -> CameraSerial {
    CameraSerial::new("BWC-1").unwrap()
}

/// A segment of the camera that is called what it holds.
pub(super) fn segment(name: &str) -> Segment {
    let (camera, path) = (camera(), SourcePath::new(name.as_bytes().to_vec()));
    let fingerprint = Fingerprint::of(name.as_bytes(), ByteCount::new(4));
    let id = SegmentId::of(&camera, &path, &fingerprint.sha256);
    Segment { id, camera, path, recorded_at: BEGAN, fingerprint, damaged: false }
}

pub(super) fn began(docking: DockingId) -> Entry {
    Entry::DockingBegan { docking, camera: camera(), bay: bay() }
}

pub(super) const fn ended(docking: DockingId, outcome: Outcome) -> Entry {
    Entry::DockingEnded { docking, outcome }
}

pub(super) fn spooled(docking: DockingId, segment: &Segment) -> Entry {
    Entry::SegmentSpooled { docking: Some(docking), segment: segment.clone() }
}

pub(super) fn proven(segment: &Segment, version: &str) -> Entry {
    let (destination, version) = (nas(), Version(version.to_owned()));
    let (method, protection) = (ProofMethod::Attested, Protection::NONE);
    Entry::CopyProven { segment: segment.id, destination, version, method, protection }
}

/// A ledger with its destination.
pub(super) async fn ledger() -> Ledger {
    let ledger = Ledger::threaded(Ledger::in_memory().unwrap()).unwrap();
    let set = Entry::DestinationsSet { destinations: vec![(nas(), Need::Required)] };
    ledger.record(BEGAN, vec![set]).await.unwrap();
    ledger
}
