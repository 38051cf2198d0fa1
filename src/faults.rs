//! Named places where a test may end the process, and deliberate protocol mistakes that the test suites must catch.
//!
//! Promise: without the `faults` feature, which no release build has, everything in here is an empty inline function:
//! there is no variable, option or environment that could make a released camdock crash or err on purpose.

/// A step of the protocol after which the crash test kills the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// Some bytes of a segment are in an unsealed spool copy.
    MidCopy,
    /// The spool copy is durable; the ledger does not know it yet.
    SegmentSealed,
    /// The ledger knows the segment.
    SegmentRecorded,
    /// A chunk is staged at a destination.
    ChunkStaged,
    /// Every chunk is staged; nothing is committed.
    BeforeCommit,
    /// The object is committed; nothing is proven.
    AfterCommit,
    /// The copy is proven; the ledger does not know it yet.
    Proven,
    /// The ledger knows the proof.
    ProofRecorded,
    /// The permit exists; the ledger does not know the intention yet.
    PermitIssued,
    /// The ledger knows the intention to wipe; nothing is deleted.
    WipeIntended,
    /// A file of the permit was deleted; others were not.
    MidWipe,
    /// All files of the permit are deleted; the ledger does not know yet.
    FilesDeleted,
    /// The ledger knows the wipe.
    WipeRecorded,
    /// The tombstone of a spool copy is committed; the copy is still there.
    TombstoneRecorded,
    /// The spool copy is gone.
    SpoolCopyRemoved,
    /// A file of the permit is set aside to be deleted, and not deleted yet.
    SetAside,
}

impl CrashPoint {
    /// Every crash point, in the order of a docking.
    pub const ALL: [Self; 16] = [
        Self::MidCopy,
        Self::SegmentSealed,
        Self::SegmentRecorded,
        Self::ChunkStaged,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::Proven,
        Self::ProofRecorded,
        Self::PermitIssued,
        Self::WipeIntended,
        Self::MidWipe,
        Self::FilesDeleted,
        Self::WipeRecorded,
        Self::TombstoneRecorded,
        Self::SpoolCopyRemoved,
        Self::SetAside,
    ];
}

/// A deliberate mistake in the protocol. Each breaks one of the promises, and some suite must notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// Wipe a segment as soon as it is in the spool.
    WipeBeforeProof,
    /// Take the answer to a commit for a proof.
    TrustTheCommit,
    /// After a restart, take the ledger's word for a proof instead of asking the destination.
    TrustTheLedger,
    /// Take a proof from any one destination for proofs from all.
    OneProofForAll,
    /// Do not read the camera's file again before the wipe.
    SkipSourceCheck,
    /// Use the result of an earlier reading although the camera's file changed since.
    StaleSourceCheck,
    /// Believe a deletion without listing the camera afresh.
    SkipRelist,
    /// Commit chunks in the order in which they arrived.
    CommitInArrivalOrder,
    /// Record a spool copy in the ledger before it is sealed.
    RecordBeforeSeal,
    /// Do not compare the sealed spool copy with what was read.
    SkipReread,
    /// Overwrite or adopt an object of the same name whatever it contains.
    AdoptWithoutLooking,
    /// Remove spool copies that are not proven everywhere, to make room.
    EvictUnproven,
    /// Take a file for complete although it grew while it was being copied.
    IgnoreGrowth,
    /// Compare files by path and length only, so that another camera with the same serial is taken for the first.
    IdentifyBySize,
    /// Remove the spool copy before the tombstone is committed.
    RemoveBeforeTombstone,
    /// Give a spool copy its name without having synced its content.
    SkipFileSync,
    /// Do not sync the folder after giving a spool copy its name.
    SkipFolderSync,
    /// Take whatever a path or an address leads to for the place that was enrolled.
    KnowPlacesByTheirPath,
    /// Let evidence be nowhere without a problem.
    LoseSilently,
    /// Call a camera ready while something that was taken from it is unproven.
    ReadyTooEarly,
    /// Begin with an empty ledger where a rebuild was cut short.
    ForgetTheRebuild,
    /// Take whatever fails for the segment's fault, without asking whether the place is well.
    BlameTheSegment,
    /// Take an object for the one that was proven although the place says that it was changed since, if its length is right.
    IgnoreTheVersion,
    /// Do not look whether an object changed while it was being read back.
    ReadBackWithoutALook,
    /// Copy and delete files that are still being written.
    IgnoreQuietTime,
    /// Tell how a docking ended from what its bay showed last.
    OutcomeFromTheBoard,
    /// Call a camera ready although something of it waits.
    ReadyWhileFilesWait,
    /// Believe that what a listing cannot show is gone.
    IgnoreBlindSpots,
    /// Do not ask a destination how it is as long as there is nothing to send.
    NeverLookIn,
    /// Take a released spool copy for enough although a destination turns out to need it.
    HaveWhatWasReleased,
    /// Carry out an old tombstone without asking the destinations again.
    FinishTheTombstoneBlindly,
    /// Begin each round of releases with the same copies, whatever became of them.
    BeginWithTheSame,
    /// Leave a file alone for good that could not be read once.
    NeverReadAgain,
    /// Take a copy for proven although it could be deleted before its time.
    IgnoreTheRetention,
}

impl PlantedBug {
    /// Every planted bug.
    pub const ALL: [Self; 34] = [
        Self::WipeBeforeProof,
        Self::TrustTheCommit,
        Self::TrustTheLedger,
        Self::OneProofForAll,
        Self::SkipSourceCheck,
        Self::StaleSourceCheck,
        Self::SkipRelist,
        Self::CommitInArrivalOrder,
        Self::RecordBeforeSeal,
        Self::SkipReread,
        Self::AdoptWithoutLooking,
        Self::EvictUnproven,
        Self::IgnoreGrowth,
        Self::IdentifyBySize,
        Self::RemoveBeforeTombstone,
        Self::SkipFileSync,
        Self::SkipFolderSync,
        Self::KnowPlacesByTheirPath,
        Self::LoseSilently,
        Self::ReadyTooEarly,
        Self::ForgetTheRebuild,
        Self::BlameTheSegment,
        Self::IgnoreTheVersion,
        Self::ReadBackWithoutALook,
        Self::IgnoreQuietTime,
        Self::OutcomeFromTheBoard,
        Self::ReadyWhileFilesWait,
        Self::IgnoreBlindSpots,
        Self::NeverLookIn,
        Self::HaveWhatWasReleased,
        Self::FinishTheTombstoneBlindly,
        Self::BeginWithTheSame,
        Self::NeverReadAgain,
        Self::IgnoreTheRetention,
    ];
}

#[cfg(feature = "faults")]
mod switches {
    use std::cell::Cell;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::{CrashPoint, PlantedBug};

    thread_local! {
        static PLANTED: Cell<Option<PlantedBug>> = const { Cell::new(None) };
    }

    /// What `CAMDOCK_CRASH_AT=MidCopy:2` asks for: the point, and the how many-eth arrival there.
    static CRASH_AT: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
        let wish = std::env::var("CAMDOCK_CRASH_AT").ok()?;
        let (point, hit) = wish.split_once(':')?;
        Some((point.to_owned(), hit.parse().ok()?))
    });
    static HITS: AtomicU32 = AtomicU32::new(0);

    /// Ends the process at once, as `kill -9` would, if a test asked for this point.
    pub fn crash_point(point: CrashPoint) {
        if let Some((name, hit)) = &*CRASH_AT
            && format!("{point:?}") == *name
            && HITS.fetch_add(1, Ordering::SeqCst) + 1 == *hit
        {
            let this = rustix::process::getpid();
            let _ = rustix::process::kill_process(this, rustix::process::Signal::KILL);
        }
    }

    /// Whether this thread runs with that mistake.
    #[must_use]
    pub fn planted(bug: PlantedBug) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// Makes this thread run with that mistake, or with none.
    pub fn plant(bug: Option<PlantedBug>) {
        PLANTED.set(bug);
    }
}

#[cfg(feature = "faults")]
pub use switches::{crash_point, plant, planted};

/// Nothing, in a build without the `faults` feature.
#[cfg(not(feature = "faults"))]
#[inline]
pub const fn crash_point(_: CrashPoint) {}

/// Never, in a build without the `faults` feature.
#[cfg(not(feature = "faults"))]
#[inline]
#[must_use]
pub const fn planted(_: PlantedBug) -> bool {
    false
}
