//! The port to the places that evidence must reach, and one adapter per kind of place.
//!
//! Promises of every adapter:
//! - An object is created whole or not at all, and never overwritten ([`Destination::commit`]).
//! - What is staged was checked by the place itself against the checksum taken at the camera: each chunk, or, where a place checks
//!   none of them, the whole before it becomes an object.
//! - [`Destination::attest`] reports what the place says about the committed object *now*; it never repeats what
//!   this process sent. Judging the report is custody's business.
//! - Whatever is told of an object is told together with which place it was seen at ([`Seen`]): a path or an address may
//!   lead somewhere else tomorrow.
//! - What keeps an object from being changed or deleted ([`Protection`]) is asked for when it is created, and told as the place
//!   tells it; no adapter can make it less.
//! - Adapters do not retry and do not wait: they say what happened, and the caller paces itself.

pub mod answers;
pub mod azure;
mod described;
pub mod folder;
pub mod gcs;
pub mod http;
pub mod notes;
mod place;
pub mod s3;
pub mod token;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::domain::{
    ByteCount, Checksum, ChunkRules, ClockGap, ConnectionTrouble, Crc64, DestinationName, Fingerprint, ObjectName,
    PlaceId, Protection,
};
use crate::faults::{PlantedBug, planted};

pub use crate::domain::Version;
pub use described::{content_type, fit};
pub use place::{Enrolment, Seen, WrongPlace, read_place, write_place};

/// One place that evidence must reach.
#[async_trait]
pub trait Destination: Send + Sync {
    /// Its name in the configuration.
    fn name(&self) -> &DestinationName;

    /// Who has to say that the place is the right one, before anything counts there.
    fn enrolment(&self) -> Enrolment;

    /// Into which chunks it takes an object, and in which order.
    fn chunk_rules(&self) -> ChunkRules;

    /// Which place this is, as the place itself says: read from the enrolment that lies there, or `None` if there is none.
    /// One small request that depends on no object, so its failure is the place's.
    async fn place(&self) -> Result<Option<PlaceId>, DestinationError>;

    /// Enrols the place under this id, unless it is enrolled already. Returns the id that it has from now on.
    async fn enrol(&self, id: PlaceId) -> Result<PlaceId, DestinationError>;

    /// Length and version of the committed object, if there is one, and which place says so.
    async fn stat(&self, object: &ObjectName) -> Result<Seen<ObjectState>, DestinationError>;

    /// What the place itself says about the content of the committed object, if there is one, and which place that is.
    async fn attest(&self, object: &ObjectName) -> Result<Seen<Attestation>, DestinationError>;

    /// The chunks of this upload that the place has staged and checked, in any order. Resuming starts here: the
    /// place's own list is the truth, not what the station remembers having sent.
    async fn staged(&self, upload: &Upload) -> Result<Vec<u32>, DestinationError>;

    /// Sends one chunk, with its checksum, for the place to check. Where chunks go one after another, all before it are staged.
    async fn put_chunk(&self, upload: &Upload, index: u32, body: ChunkBody) -> Result<(), DestinationError>;

    /// Makes the object out of the staged chunks, in order, unless an object of that name exists.
    ///
    /// Success is a claim, not a proof: the caller asks [`attest`](Self::attest) afterwards.
    async fn commit(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError>;

    /// The content of the committed object, read from the place itself past any cache of this machine.
    async fn read(&self, object: &ObjectName) -> Result<ByteStream, DestinationError>;

    /// Has this version of the object kept at least so long, and held if that is wanted. What keeps it already stays.
    ///
    /// Success is a claim, not a proof: the caller looks at the object's state afterwards.
    async fn protect(
        &self,
        object: &ObjectName,
        version: &Version,
        protection: Protection,
    ) -> Result<(), DestinationError>;

    /// Tries to delete the object. Only `camdock check` calls this, on the object it has just put there, to find out
    /// whether the place lets a dock delete evidence; a well-kept place refuses.
    async fn try_delete(&self, object: &ObjectName) -> Result<DeleteOutcome, DestinationError>;

    /// What people may want to know although everything works, from what was seen so far. Nothing is asked.
    fn remarks(&self) -> Vec<Remark> {
        Vec::new()
    }
}

/// Something about a destination that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// A token lets in.
    Token {
        /// Whose it is.
        of: String,
        /// How long it is still good. It is renewed in time.
        good_for: Duration,
    },
    /// The place has another time than the station.
    Clock {
        /// By how much they are apart.
        gap: ClockGap,
    },
    /// The place's own search does not find objects by what they are.
    Unsearchable {
        /// Why they carry nothing to find them by.
        why: String,
    },
}

/// The bytes of an object or a chunk, piece by piece. An empty piece is a sign of life of whoever makes the next one wait.
pub type ByteStream = BoxStream<'static, Result<Bytes, std::io::Error>>;

/// One segment on its way to one destination: everything an adapter needs to know, and the same after any restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The full name of the object, the destination's prefix included.
    pub object: ObjectName,
    /// What was read from the camera, in chunks as the destination takes them.
    pub fingerprint: Fingerprint,
    /// What travels with the object, as printable ASCII.
    pub metadata: Vec<(&'static str, String)>,
    /// What is to keep the object from being changed or deleted, from its creation on.
    pub protection: Protection,
}

impl Upload {
    /// The chunks in the order in which they make the object.
    #[must_use]
    pub fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.fingerprint.chunk_count()).collect();
        if planted(PlantedBug::CommitInArrivalOrder) {
            fastrand::shuffle(&mut order);
        }
        order
    }
}

/// The content of one chunk, to be sent once. Opening it reads the spool again, so a chunk is never held in memory
/// whole. The stream ends in an error, before its last piece, if the spool no longer holds what was read from the camera.
#[derive(Clone)]
pub struct ChunkBody {
    /// Length of the chunk.
    pub length: ByteCount,
    /// Checksum of the chunk, taken at the camera.
    pub crc64: Crc64,
    open: Arc<dyn Fn() -> ByteStream + Send + Sync>,
}

impl ChunkBody {
    /// A chunk whose content `open` reads.
    pub fn new(length: ByteCount, crc64: Crc64, open: impl Fn() -> ByteStream + Send + Sync + 'static) -> Self {
        Self { length, crc64, open: Arc::new(open) }
    }

    /// The content, from its beginning.
    #[must_use]
    pub fn open(&self) -> ByteStream {
        (self.open)()
    }
}

impl fmt::Debug for ChunkBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkBody").field("length", &self.length).field("crc64", &self.crc64).finish_non_exhaustive()
    }
}

/// Length and version of a committed object, and what keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectState {
    /// Its length, as the place states it.
    pub length: ByteCount,
    /// Which state of the object this is about.
    pub version: Version,
    /// What keeps it from being changed or deleted, as far as the place says so.
    pub protection: Protection,
}

/// What a place says about a committed object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// Its length and version; the version was the same before and after the evidence was gathered.
    pub state: ObjectState,
    /// What the place knows about the content.
    pub evidence: Evidence,
}

/// What a place knows about the content of a committed object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// The committed chunks, in order: each was accepted only because the place computed this very checksum for it.
    Chunks(Vec<CommittedChunk>),
    /// A checksum of the whole final object, which the place has computed or which was taken while it was read again.
    Whole(Checksum),
    /// The object was not made by camdock, or in chunks of another size: only reading it back can tell.
    Unknown,
}

/// One committed chunk, as the place lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommittedChunk {
    /// The position it was staged for.
    pub index: u32,
    /// Its length.
    pub length: ByteCount,
    /// The checksum the place verified.
    pub crc64: Crc64,
}

/// How a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// The place says that it made the object.
    Created,
    /// An object of that name was there already; it was left as it is.
    AlreadyThere,
    /// A chunk that should have been staged is not: ask for the list again and send what is missing.
    ChunksMissing,
}

/// How an attempt to delete ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteOutcome {
    /// The object is gone.
    Deleted,
    /// The place refuses deletion, as it should.
    Refused,
}

/// What went wrong at a destination, sorted by what the caller should do about it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DestinationError {
    /// No connection, no answer, no progress, or an answer that is none of the destination's (a captive portal).
    /// Try again later.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// No secure connection comes about, or the proxy on the way opens none. Try again later: somebody may have to act.
    #[error("cannot be reached: {0}")]
    NoConnection(#[from] ConnectionTrouble),
    /// The place asks for patience (429, 503) or failed inside (5xx). Try again later, not before `retry_after`.
    #[error("busy: {message}")]
    Busy {
        /// The place's words.
        message: String,
        /// How long the place asked to wait.
        retry_after: Option<Duration>,
    },
    /// The credential is refused. Trying again soon is pointless and looks like an attack.
    #[error("refused ({code}): check credential {credential}")]
    Denied {
        /// Status and error code, such as `403 AuthorizationFailure`.
        code: String,
        /// Which credential.
        credential: String,
    },
    /// It is not the place that was enrolled, so nothing there counts.
    #[error(transparent)]
    WrongPlace(#[from] WrongPlace),
    /// The container or folder does not exist.
    #[error("{0} does not exist: create it, or correct the configuration")]
    NoContainer(String),
    /// The place computed another checksum than the one taken at the camera: the chunk was damaged on its way, or in
    /// the spool.
    #[error("the chunk arrived damaged: {0}")]
    ChunkDamaged(String),
    /// The spool could not deliver the chunk's bytes as they were read from the camera.
    #[error("the spool copy cannot be read as it was written: {0}")]
    SpoolDamaged(String),
    /// The place refuses this object for good (too large, forbidden name, …).
    #[error("refused: {0}")]
    Permanent(String),
    /// Whatever is asked of the place, it says nothing: a share whose server hangs, a connection on which nothing moves.
    #[error("no answer for {} s", .0.as_secs())]
    NoAnswer(Duration),
    /// The place has no room left, or no more for this station.
    #[error("{0} is full: make room there")]
    Full(String),
    /// The place does not keep objects from being changed or deleted as it is asked to, and why.
    #[error("it does not keep objects as asked: {0}")]
    Unprotected(String),
    /// The place's disk or file system fails, and how.
    #[error("{0}")]
    Storage(String),
    /// The station could not set the destination up, so nothing was asked of it. It goes on trying to.
    #[error("not set up: {0}")]
    NotSetUp(String),
}
