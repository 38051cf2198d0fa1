//! Moving evidence: camera → spool, spool → destinations, and the wipe that may follow.
//!
//! Promises: every function here can be cancelled at any await and called again; what it has done so far is found in
//! the ledger, the spool and at the destinations. Nothing here knows which camera or cloud it talks to.

mod back_fill;
mod blame;
mod cap;
mod chunk;
mod fairness;
mod keeping;
mod offload;
mod pace;
mod places;
mod probe;
mod proofs;
mod reads;
mod release;
mod seek;
mod shelf;
mod shown;
mod troubles;
mod upload;
mod uploader;
mod width;
mod wipe;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::Mutex;

use self::reads::Reads;

use crate::cloud::Destination;
use crate::domain::{
    BackFill, ByteCount, Clock, DestinationName, Fingerprint, Need, ObjectName, ObjectPrefix, ProofPolicy, Protection,
    ProtectionPolicy, Segment, SpoolSpace, StationId,
};
use crate::ledger::{Entry, Ledger, LedgerError};
use crate::spool::{Spool, SpoolError};

pub use back_fill::{Filling, Step};
pub use cap::{Cap, Caps};
pub use keeping::{keep_as_asked, retain};
pub use offload::{PullError, pull};
pub use pace::backoff;
pub use places::{NoPlace, confirm};
pub use proofs::NotCleared;
pub use reads::Turns;
pub use release::{make_room, release_wiped};
pub use seek::ask_for_the_missing;
pub use shelf::{Shelf, ShelfError, reconcile};
pub use shown::OVERDUE;
pub use troubles::Persistence;
pub use uploader::{Uploader, WatchDestination};
pub use wipe::{SourceTrouble, WipeError, WipeOutcome, check_source, clear, wipe};

/// What every transfer of a station needs. Clones are of one station.
#[derive(Clone)]
pub struct Site {
    /// Which station this is.
    pub(crate) station: StationId,
    /// The durable local copies.
    shelf: Arc<Shelf>,
    /// The station's memory.
    pub(crate) ledger: Ledger,
    /// The wall clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// Where evidence must or may reach.
    pub(crate) targets: Arc<[Target]>,
    /// Length of every chunk but the last.
    chunk_size: ByteCount,
    /// Whose files are read from cameras.
    reads: Arc<Reads>,
    /// Held by who asks a destination for the first time which place it is.
    first_contacts: Arc<BTreeMap<DestinationName, Mutex<()>>>,
    /// What each destination said when it was last asked how it is.
    probes: Arc<probe::Probes>,
    /// So many spool copies are looked at in one go to see which may be removed.
    releases: u32,
    /// How far the spool was looked through for copies that may go.
    rounds: Arc<release::Rounds>,
}

/// How much a station does at once: it bounds what the daemon holds in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtOnce {
    /// So many files are read from cameras at once beside one of each camera, all bays together.
    pub more_reads: usize,
    /// So many finished spool copies are synced at once.
    pub seals: usize,
    /// So many fresh spool copies are read again at once.
    pub comparisons: usize,
    /// So many spool copies are looked at in one go to see which may be removed.
    pub releases: u32,
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
    /// What is to keep from deletion what it gets.
    pub protection: ProtectionPolicy,
    /// What it gets of what was taken before it was configured.
    pub back_fill: BackFill,
    /// Whether the wipe waits for it.
    pub need: Need,
    /// What bounds how fast it is sent to.
    pub caps: Caps,
}

impl Target {
    /// What the segment is called there.
    #[must_use]
    pub fn object(&self, segment: &Segment) -> ObjectName {
        segment.object_name().below(&self.prefix)
    }

    /// The segment's content in chunks as they are taken there.
    #[must_use]
    pub fn fingerprint(&self, segment: &Segment) -> Fingerprint {
        segment.fingerprint.cut_for(self.destination.chunk_rules())
    }
}

impl Site {
    /// A site that has moved nothing yet.
    #[must_use]
    pub fn new(
        station: StationId,
        spool: Arc<dyn Spool>,
        ledger: Ledger,
        clock: Arc<dyn Clock>,
        targets: Vec<Target>,
        chunk_size: ByteCount,
        at_once: AtOnce,
    ) -> Self {
        Self {
            station,
            shelf: Arc::new(Shelf::new(spool, at_once.seals, at_once.comparisons)),
            ledger,
            clock,
            first_contacts: Arc::new(
                targets.iter().map(|target| (target.destination.name().clone(), Mutex::default())).collect(),
            ),
            probes: Arc::new(probe::Probes::of(&targets)),
            targets: targets.into(),
            chunk_size,
            reads: Arc::new(Reads::new(at_once.more_reads)),
            releases: at_once.releases,
            rounds: Arc::default(),
        }
    }

    /// The station's memory.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The turns in which the files of a camera are read that was docked.
    #[must_use]
    pub fn turns(&self) -> Turns {
        self.reads.of_a_camera()
    }

    /// How much room the spool has just now.
    ///
    /// # Errors
    /// [`SpoolError`] if that cannot be found out.
    pub async fn space(&self) -> Result<SpoolSpace, SpoolError> {
        self.shelf.space().await
    }

    /// What must keep a segment's copy at `target` from deletion: what the configuration says, from when the station took it, and
    /// what people asked for since. A destination of which the configuration asks nothing is not asked to keep anything.
    async fn protection(&self, target: &Target, segment: &Segment) -> Result<Protection, LedgerError> {
        if !target.protection.asks_for_something() {
            return Ok(Protection::NONE);
        }
        let known = self.ledger.keeping(segment.id).await?;
        let (taken, asked) = known.unwrap_or_else(|| (self.clock.now(), Protection::NONE));
        Ok(target.protection.of(segment, taken).and(&asked.still_to_come(self.clock.now())))
    }

    /// Commits custody steps that happen now, all or none.
    ///
    /// # Errors
    /// [`LedgerError`]; then none of them happened.
    pub(crate) async fn record(&self, entries: Vec<Entry>) -> Result<(), LedgerError> {
        self.ledger.record(self.clock.now(), entries).await
    }

    /// Commits custody steps that happen now and do not depend on each other, in portions.
    ///
    /// # Errors
    /// [`LedgerError`]; then the first of them may have happened.
    pub(crate) async fn record_each(&self, entries: Vec<Entry>) -> Result<(), LedgerError> {
        self.ledger.record_each(self.clock.now(), entries).await
    }

    /// The destinations, and whether the wipe waits for each, sorted by name.
    #[must_use]
    pub fn needs(&self) -> Vec<(DestinationName, Need)> {
        let mut needs: Vec<_> =
            self.targets.iter().map(|target| (target.destination.name().clone(), target.need)).collect();
        needs.sort_by(|one, other| one.0.cmp(&other.0));
        needs
    }

    /// The names of the destinations that the wipe waits for.
    #[must_use]
    pub fn required(&self) -> BTreeSet<DestinationName> {
        self.required_targets().map(|target| target.destination.name().clone()).collect()
    }

    /// A destination by its name.
    #[must_use]
    pub fn target(&self, name: &DestinationName) -> Option<&Target> {
        self.targets.iter().find(|target| target.destination.name() == name)
    }

    /// The destinations that the wipe waits for.
    pub fn required_targets(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|target| target.need == Need::Required)
    }
}
