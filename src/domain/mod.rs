//! The nouns of a dock, as plain values.
//!
//! Promises: nothing in here does I/O, waits, or knows any other room of the house. Every other room may use it.

mod access;
mod certificate;
mod checksum;
mod clock;
mod connection;
mod counters;
mod day;
mod destination;
mod docking;
mod explanation;
mod fingerprint;
mod ids;
mod lamp;
mod link;
mod notice;
mod object;
mod overdue;
mod pacing;
mod problem;
mod profile;
mod protection;
mod segment;
mod setup;
mod shift;
mod signal;
mod snapshot;
mod source_path;
mod transport;
mod units;
mod usb;

pub use access::{Action, Caller, Known, NoLogIn, Right, Role, Standing, Visitor};
pub use certificate::{Certificate, CertificateState, Validity};
pub use checksum::{Checksum, Crc32c, Crc64, Crc64Hasher, Sha256};
pub use clock::{Clock, ClockGap};
pub use connection::ConnectionTrouble;
pub use counters::{Amount, Counters, Deliveries, Durations, Endings, Removals, Stages};
pub use day::{Day, Hours};
pub use destination::{BackFill, Earlier, Need, ProofPolicy, Secret};
pub use docking::{Docking, Outcome};
pub use explanation::{
    Condition, Copy, DeliveryState, ExplainedDocking, ExplainedSegment, Explanation, Gone, Judgement, Removal,
    SpoolCopy, Verdict,
};
pub use fingerprint::{ChunkOrder, ChunkRules, ChunkSums, Fingerprint, Fingerprinter};
pub use ids::{
    BayName, CameraSerial, DestinationName, DockingId, IdError, MediumId, PlaceId, ProblemId, SegmentId, StationId,
    UserName,
};
pub use lamp::{Colours, Lamp, LedName, Level, NoLedName};
pub use link::Link;
pub use notice::{
    AccessNotice, BayCause, BayNotice, BayState, CameraNotice, DestinationCause, DestinationNotice, DestinationState,
    DockNotice, Instruction, Notice, OtherNotice, PutOff, SegmentNotice, Severity, StationNotice, StorageNotice,
    Subject,
};
pub use object::{ObjectName, ObjectPrefix, ProofMethod, Version};
pub use overdue::{NotRetired, Overdue, OverdueCamera, RetiredCamera};
pub use pacing::{BitRate, Days, NoDays, Pacing, PacingRules, Period};
pub use problem::{Problem, ProblemKind};
pub use profile::{Breadth, Pattern, Profile, SerialSource, UsbMatch};
pub use protection::{
    Enforcement, HoldRule, LONGEST_RETENTION, LegalHold, NotRetained, Protection, ProtectionPolicy, Retain, Retained,
    Retention, RetentionPolicy,
};
pub use segment::{Oddity, OddityKind, Segment, SourceFile, SourceKind};
pub use setup::{Part, SetupCause, SetupTrouble};
pub use shift::{NoTimeOfDay, ShiftStart, ShiftStarts, TimeOfDay};
pub use signal::{Beat, Beats, Colour, Manner, NoRhythms, Rhythm, Rhythms, Signal};
pub use snapshot::{BaySnapshot, DestinationSnapshot, DiskState, Expected, QueueSnapshot, Snapshot, SpoolSpace};
pub use source_path::{SourcePath, misleads};
pub use transport::Transport;
pub use units::{ByteCount, Moment, UnitError, counted, parse_duration};
pub use usb::{NoUsbPort, UsbClass, UsbDevice, UsbId, UsbPort, UsbSpeed};
