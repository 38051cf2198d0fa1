//! The station as a document: what `camdock status --json` and `GET /api/v1/status` give.
//!
//! The field names are a stable interface; scripts read them. A field that is new may be missing in the answer of an older
//! daemon.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schema;
use crate::domain::{
    BayCause, BayName, BaySnapshot, BayState, ByteCount, CameraSerial, Certificate, DestinationCause, DestinationName,
    DestinationSnapshot, DestinationState, DiskState, Moment, Notice, Overdue, PutOff, QueueSnapshot, SetupTrouble,
    ShiftStart, Snapshot, StationId,
};
use crate::words::Words;

/// The whole station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusDocument {
    /// Which station.
    #[schema(value_type = String)]
    pub station: StationId,
    /// Every configured bay, in the order of the configuration.
    pub bays: Vec<BayDocument>,
    /// What camdock still brings to its required destinations by itself.
    pub queue: QueueDocument,
    /// Every configured destination, in the order of the configuration.
    pub destinations: Vec<DestinationDocument>,
    /// How many problems wait for a person.
    pub problems: u64,
    /// How the disk is doing that holds ledger and spool.
    #[serde(default)]
    #[schema(schema_with = schema::disk_state)]
    pub disk: DiskState,
    /// What the spool holds, and how much room it has; none in the answer of an earlier daemon.
    #[serde(default)]
    pub spool: Option<SpoolDocument>,
    /// What could not be set up as configured; the rest works without it.
    #[serde(default)]
    #[schema(value_type = Vec<schema::Setup>)]
    pub setup: Vec<SetupTrouble>,
    /// Which cameras were not docked here for longer than `overdue_after`; none where that is not set.
    #[serde(default)]
    #[schema(value_type = Option<schema::Overdue>)]
    pub overdue: Option<Overdue>,
    /// When what the page proves itself with ends; none where it needs none, or has none yet.
    #[serde(default)]
    #[schema(value_type = Option<schema::Certificate>)]
    pub certificate: Option<Certificate>,
}

/// What camdock still brings to its required destinations by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct QueueDocument {
    /// Segments in the spool that some required destination is still to prove.
    pub segments: u64,
    /// Their bytes.
    #[schema(value_type = u64)]
    pub bytes: ByteCount,
    /// Age of the oldest of them, in seconds.
    pub oldest_seconds: u64,
    /// By when they, and what is on docked cameras, are expected to be proven; none where nobody can tell.
    #[serde(default)]
    #[schema(schema_with = schema::moment_or_none)]
    pub clear_at: Option<Moment>,
    /// Before when they are not expected to be.
    #[serde(default)]
    #[schema(schema_with = schema::moment_or_none)]
    pub clear_from: Option<Moment>,
    /// The start of the next shift, if they will not be before it even in the best case.
    #[serde(default)]
    #[schema(value_type = Option<schema::Shift>)]
    pub shift: Option<ShiftStart>,
}

/// The copies on this station's disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpoolDocument {
    /// How many copies of segments it holds.
    pub copies: u64,
    /// Their bytes.
    #[schema(value_type = u64)]
    pub bytes_used: ByteCount,
    /// What may still be copied to it; none where the disk does not say how much room it has.
    #[schema(value_type = Option<u64>)]
    pub bytes_free: Option<ByteCount>,
    /// How much of the disk copies never fill; none likewise.
    #[schema(value_type = Option<u64>)]
    pub bytes_reserved: Option<ByteCount>,
    /// The whole disk that it is on; none likewise.
    #[schema(value_type = Option<u64>)]
    pub bytes_of_disk: Option<ByteCount>,
}

/// One bay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BayDocument {
    /// Which bay.
    #[schema(value_type = String)]
    pub name: BayName,
    /// What is going on in it.
    #[schema(schema_with = schema::bay_state)]
    pub state: BayState,
    /// Why, where the state alone does not say it.
    #[schema(schema_with = schema::bay_cause)]
    pub cause: Option<BayCause>,
    /// The notice that says so.
    #[serde(default)]
    pub notice: String,
    /// The camera in it.
    #[schema(value_type = Option<String>)]
    pub camera: Option<CameraSerial>,
    /// Segments found in this docking.
    pub segments_total: u64,
    /// Segments proven and deleted from the camera in this docking.
    pub segments_wiped: u64,
    /// Bytes found in this docking.
    #[schema(value_type = u64)]
    pub bytes_total: ByteCount,
    /// Bytes of this docking that every required destination has proven.
    #[schema(value_type = u64)]
    pub bytes_uploaded: ByteCount,
    /// When the camera became ready to be taken; before that, by when it is expected to be, where anybody can tell.
    #[schema(schema_with = schema::moment_or_none)]
    pub ready_at: Option<Moment>,
    /// Before when it is not expected to be; none once it is ready.
    #[serde(default)]
    #[schema(schema_with = schema::moment_or_none)]
    pub ready_from: Option<Moment>,
    /// The start of the next shift, if it will not be before that even in the best case.
    #[serde(default)]
    #[schema(value_type = Option<schema::Shift>)]
    pub shift: Option<ShiftStart>,
    /// What is so, and what to do.
    pub message: String,
    /// What else is in the bay, and what to do about each: it is not what the rest of this is about.
    #[serde(default)]
    pub also: Vec<String>,
}

/// One destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DestinationDocument {
    /// Which destination.
    #[schema(value_type = String)]
    pub name: DestinationName,
    /// How it is doing.
    #[schema(schema_with = schema::destination_state)]
    pub state: DestinationState,
    /// Why it is waiting or refuses.
    #[schema(schema_with = schema::destination_cause)]
    pub cause: Option<DestinationCause>,
    /// The notice that says so.
    #[serde(default)]
    pub notice: String,
    /// What is so, and what to do.
    pub message: String,
    /// Since when it, or what is put off, has been waiting.
    #[serde(default)]
    #[schema(schema_with = schema::moment_or_none)]
    pub since: Option<Moment>,
    /// Until when it is left alone.
    #[serde(default)]
    #[schema(schema_with = schema::moment_or_none)]
    pub again_at: Option<Moment>,
    /// What does not get through although the destination is well, camera by camera.
    #[serde(default)]
    #[schema(value_type = Vec<schema::PutOff>)]
    pub put_off: Vec<PutOff>,
    /// How many segments wait to be sent there.
    #[serde(default)]
    pub segments: u64,
    /// Their bytes.
    #[serde(default)]
    #[schema(value_type = u64)]
    pub bytes: ByteCount,
    /// By when they and what is still on cameras are expected to be proven there; none where nobody can tell.
    #[serde(default)]
    #[schema(schema_with = schema::moment_or_none)]
    pub clear_at: Option<Moment>,
}

impl StatusDocument {
    /// The document about a station.
    #[must_use]
    pub fn new(snapshot: &Snapshot, words: &Words) -> Self {
        Self {
            station: snapshot.station.clone(),
            bays: snapshot.bays.iter().map(|bay| BayDocument::new(snapshot, bay, words)).collect(),
            queue: QueueDocument::new(snapshot),
            destinations: snapshot.destinations.iter().map(|place| DestinationDocument::new(place, words)).collect(),
            problems: snapshot.problems,
            disk: snapshot.disk,
            spool: Some(SpoolDocument::new(snapshot)),
            setup: snapshot.setup.clone(),
            overdue: snapshot.overdue.clone(),
            certificate: snapshot.certificate,
        }
    }
}

impl QueueDocument {
    fn new(snapshot: &Snapshot) -> Self {
        let QueueSnapshot { segments, bytes, oldest_seconds, clear } = snapshot.queue;
        let (clear_at, clear_from) = (clear.map(|clear| clear.latest), clear.map(|clear| clear.earliest));
        Self { segments, bytes, oldest_seconds, clear_at, clear_from, shift: snapshot.not_clear_before() }
    }
}

impl SpoolDocument {
    fn new(snapshot: &Snapshot) -> Self {
        let (copies, room) = (snapshot.copies, snapshot.spool);
        Self {
            copies: copies.times,
            bytes_used: copies.bytes,
            bytes_free: room.map(|room| room.free),
            bytes_reserved: room.map(|room| room.reserve),
            bytes_of_disk: room.map(|room| room.size),
        }
    }
}

impl BayDocument {
    fn new(snapshot: &Snapshot, bay: &BaySnapshot, words: &Words) -> Self {
        let notice = Notice::from(bay.notice.clone());
        Self {
            name: bay.name.clone(),
            state: bay.state(),
            cause: bay.cause(),
            notice: notice.id(),
            camera: bay.camera.clone(),
            segments_total: bay.segments_total,
            segments_wiped: bay.segments_wiped,
            bytes_total: bay.bytes_total,
            bytes_uploaded: bay.bytes_uploaded,
            ready_at: bay.ready_at.or(bay.expected.map(|expected| expected.latest)),
            ready_from: bay.expected.map(|expected| expected.earliest),
            shift: snapshot.not_ready_before(bay),
            message: words.say(notice),
            also: bay.also.iter().cloned().map(|other| words.say(other)).collect(),
        }
    }
}

impl DestinationDocument {
    fn new(place: &DestinationSnapshot, words: &Words) -> Self {
        let notice = Notice::from(place.notice.clone());
        Self {
            name: place.name.clone(),
            state: place.state(),
            cause: place.cause(),
            notice: notice.id(),
            message: words.say(notice),
            since: place.since,
            again_at: place.again_at,
            put_off: place.put_off.clone(),
            segments: place.backlog.times,
            bytes: place.backlog.bytes,
            clear_at: place.clear.map(|clear| clear.latest),
        }
    }
}
