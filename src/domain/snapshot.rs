//! What the station looks like at one moment, as facts: everything that is shown to anybody is read off here.

use serde::{Deserialize, Serialize};

use super::{
    Amount, BayCause, BayName, BayNotice, BayState, ByteCount, CameraSerial, Certificate, Counters, DestinationCause,
    DestinationName, DestinationNotice, DestinationState, Moment, OtherNotice, Overdue, PutOff, SetupTrouble,
    ShiftStart, StationId,
};

/// The whole station.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub disk: DiskState,
    /// How much room the spool has; none where that could not be asked just now.
    pub spool: Option<SpoolSpace>,
    /// The copies in the spool, as the ledger counts them.
    pub copies: Amount,
    /// What was done since the custody log began.
    pub counters: Counters,
    /// What could not be set up as configured; the rest works without it.
    pub setup: Vec<SetupTrouble>,
    /// When the next shift starts, where somebody said when shifts do.
    pub shift: Option<ShiftStart>,
    /// Which cameras should have come back, where somebody said when they should.
    pub overdue: Option<Overdue>,
    /// How what the page proves itself with is; none where it needs none, or has none yet.
    pub certificate: Option<Certificate>,
}

impl Snapshot {
    /// A station with these bays, of which nothing else is known yet.
    #[must_use]
    pub fn of(station: StationId, bays: Vec<BaySnapshot>) -> Self {
        Self {
            station,
            bays,
            queue: QueueSnapshot::default(),
            destinations: Vec::new(),
            problems: 0,
            disk: DiskState::Ok,
            spool: None,
            copies: Amount::default(),
            counters: Counters::default(),
            setup: Vec::new(),
            shift: None,
            overdue: None,
            certificate: None,
        }
    }

    /// The next shift's start, if the queue will not be clear before it even in the best case.
    #[must_use]
    pub fn not_clear_before(&self) -> Option<ShiftStart> {
        self.missed(self.queue.clear)
    }

    /// The next shift's start, if this bay's camera will not be ready before it even in the best case.
    #[must_use]
    pub fn not_ready_before(&self, bay: &BaySnapshot) -> Option<ShiftStart> {
        self.missed(bay.expected)
    }

    /// Where nobody can tell when something is done, nothing is said.
    fn missed(&self, expected: Option<Expected>) -> Option<ShiftStart> {
        let expected = expected?;
        self.shift.filter(|start| start.is_missed(expected.earliest))
    }
}

/// When something is expected to be done, as far as the pace of late tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Not before.
    pub earliest: Moment,
    /// By then.
    pub latest: Moment,
}

impl Expected {
    /// When both are done.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { earliest: self.earliest.max(other.earliest), latest: self.latest.max(other.latest) }
    }
}

/// How much room the spool has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolSpace {
    /// What may still be copied to it before the reserve is reached.
    pub free: ByteCount,
    /// How much of the disk copies never fill.
    pub reserve: ByteCount,
    /// The whole disk that it is on.
    pub size: ByteCount,
}

impl SpoolSpace {
    /// What the disk holds besides `copies`.
    #[must_use]
    pub fn others(self, copies: ByteCount) -> ByteCount {
        self.size.saturating_sub(self.free + self.reserve + copies)
    }
}

/// How the disk is doing that holds ledger and spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "lowercase")]
pub enum DiskState {
    /// There is room.
    #[default]
    Ok,
    /// It is full. What is proven and wiped is removed from the spool first.
    Full,
}

/// One bay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaySnapshot {
    /// Which bay.
    pub name: BayName,
    /// What is going on in it.
    pub notice: BayNotice,
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
    /// When the camera is expected to be ready; none where nobody can tell.
    pub expected: Option<Expected>,
    /// What else is in the bay: it is not what the rest of this is about.
    pub also: Vec<OtherNotice>,
}

impl BaySnapshot {
    /// A bay without a camera.
    #[must_use]
    pub const fn empty(name: BayName) -> Self {
        Self {
            name,
            notice: BayNotice::Empty,
            camera: None,
            segments_total: 0,
            segments_wiped: 0,
            bytes_total: ByteCount::new(0),
            bytes_uploaded: ByteCount::new(0),
            ready_at: None,
            expected: None,
            also: Vec::new(),
        }
    }

    /// The state that its notice puts it in.
    #[must_use]
    pub const fn state(&self) -> BayState {
        self.notice.state()
    }

    /// Why, where the state alone does not say it.
    #[must_use]
    pub const fn cause(&self) -> Option<BayCause> {
        self.notice.cause()
    }
}

/// What camdock still brings to its required destinations by itself. What a person must see to first is among the problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueSnapshot {
    /// Segments in the spool that some required destination is still to prove.
    pub segments: u64,
    /// Their bytes.
    pub bytes: ByteCount,
    /// Age of the oldest of them, in seconds.
    pub oldest_seconds: u64,
    /// When they and what is still on cameras are expected to be proven; none where nobody can tell.
    pub clear: Option<Expected>,
}

/// One destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationSnapshot {
    /// Which destination.
    pub name: DestinationName,
    /// How it is doing.
    pub notice: DestinationNotice,
    /// Since when it, or what is put off, has been waiting.
    pub since: Option<Moment>,
    /// Until when it is left alone.
    pub again_at: Option<Moment>,
    /// What does not get through although the destination is well, camera by camera.
    pub put_off: Vec<PutOff>,
    /// How many segments wait to be sent there, and their bytes.
    pub backlog: Amount,
    /// When they and what is still on cameras are expected to be proven there; none where nobody can tell.
    pub clear: Option<Expected>,
}

impl DestinationSnapshot {
    /// A destination of which nothing was asked yet.
    #[must_use]
    pub const fn unasked(name: DestinationName) -> Self {
        Self {
            name,
            notice: DestinationNotice::Unasked,
            since: None,
            again_at: None,
            put_off: Vec::new(),
            backlog: Amount::NONE,
            clear: None,
        }
    }

    /// The state that its notice puts it in.
    #[must_use]
    pub const fn state(&self) -> DestinationState {
        self.notice.state()
    }

    /// Why, if it is not well.
    #[must_use]
    pub const fn cause(&self) -> Option<DestinationCause> {
        self.notice.cause()
    }
}
