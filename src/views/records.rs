//! What a station remembers, as a port.

use async_trait::async_trait;

use crate::domain::{Day, Docking, DockingId, ExplainedDocking, Problem, ProblemId, SegmentId};

/// Tells what the station remembers. No answer takes longer than a person waits, and none costs more because the station has a long
/// history.
#[async_trait]
pub trait Records: Send + Sync {
    /// What was done in this hour and in those before it.
    async fn day(&self) -> Result<Day, NoRecords>;

    /// Dockings, the latest first, `limit` at most; those that began before another one, if that is given. `None` if there is no such
    /// one.
    async fn dockings(&self, before: Option<DockingId>, limit: u32) -> Result<Option<Vec<Docking>>, NoRecords>;

    /// One docking with `limit` of its segments at most; those behind another one, if that is given. `None` if there is no such docking
    /// or segment.
    async fn docking(
        &self,
        docking: DockingId,
        after: Option<SegmentId>,
        limit: u32,
    ) -> Result<Option<ExplainedDocking>, NoRecords>;

    /// What waits for a person, oldest first: `limit` at most, from behind the problem `after` on.
    async fn problems(&self, after: ProblemId, limit: u32) -> Result<Vec<Problem>, NoRecords>;
}

/// Why nothing of it can be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRecords {
    /// There was no answer.
    #[error(
        "the ledger has not answered for {seconds} seconds: the disk that holds it may hang. Look at that disk, and ask again"
    )]
    Silent {
        /// For how long somebody waited.
        seconds: u64,
    },
    /// It cannot be read.
    #[error("{why}")]
    Unreadable {
        /// The ledger's words.
        why: String,
    },
}
