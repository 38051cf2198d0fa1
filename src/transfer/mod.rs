//! Moving evidence: camera → spool, spool → destinations, and the wipe that may follow.
//!
//! Promises: every function here can be cancelled at any await and called again; what it has done so far is found in
//! the ledger, the spool and at the destinations. Nothing here knows which camera or cloud it talks to.

mod chunk;
mod offload;
mod pace;
mod release;
mod schedule;
mod upload;
mod uploader;
mod wipe;

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::{RwLock, Semaphore};

use crate::cloud::Destination;
use crate::custody::ProofPolicy;
use crate::domain::{ByteCount, Clock, DestinationName, Need, ObjectName, ObjectPrefix, Segment, StationId};
use crate::ledger::Ledger;
use crate::spool::Spool;

pub use offload::{PullError, matches_spool_copy, pull};
pub use pace::backoff;
pub use release::{ReleaseError, make_room, release_wiped, still_proven};
pub use uploader::{Condition, Uploader};
pub use wipe::{NotCleared, SourceTrouble, WipeError, WipeOutcome, check_source, clear, wipe};

/// What every transfer of a station needs.
#[derive(Clone)]
pub struct Site {
    /// Which station this is.
    pub station: StationId,
    /// The durable local copies.
    pub spool: Arc<dyn Spool>,
    /// The station's memory.
    pub ledger: Ledger,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Where evidence must or may reach.
    pub targets: Arc<Vec<Target>>,
    /// Length of every chunk but the last.
    pub chunk_size: ByteCount,
    /// Held by many while each puts a copy into the spool and records it, and by one alone while it takes one away: what
    /// the ledger says about a copy is said of the copy that is there.
    pub shelf: Arc<RwLock<()>>,
    /// So many files are read from cameras at once, all bays together: it bounds what the daemon holds in memory.
    pub reads: Arc<Semaphore>,
    /// So many fresh spool copies are read again at once, for the same reason.
    pub comparisons: Arc<Semaphore>,
}

/// A destination and what is asked of it.
#[derive(Clone)]
pub struct Target {
    /// The destination.
    pub destination: Arc<dyn Destination>,
    /// What is put before every object's name there.
    pub prefix: ObjectPrefix,
    /// Which proof is enough.
    pub policy: ProofPolicy,
    /// Whether the wipe waits for it.
    pub need: Need,
}

impl Target {
    /// What the segment is called there.
    #[must_use]
    pub fn object(&self, segment: &Segment) -> ObjectName {
        segment.object_name().below(&self.prefix)
    }
}

impl Site {
    /// The names of the destinations that the wipe waits for.
    #[must_use]
    pub fn required(&self) -> BTreeSet<DestinationName> {
        self.required_targets().map(|target| target.destination.name().clone()).collect()
    }

    /// The destinations that the wipe waits for.
    pub fn required_targets(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|target| target.need == Need::Required)
    }
}
