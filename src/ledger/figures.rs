//! The figures of a station, as a snapshot shows them.

use super::counters::counters;
use super::problems::count;
use super::queue::sums;
use super::{Ledger, LedgerError};
use crate::domain::{Counters, Moment, QueueSnapshot};

/// What the ledger tells at one moment in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The sums of the queue.
    pub queue: QueueSnapshot,
    /// How many problems there are.
    pub problems: u64,
    /// What was done since the log began.
    pub counters: Counters,
}

impl Ledger {
    /// All figures of one moment. Costs the same however long the log and the queue are.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn figures(&self, now: Moment) -> Result<Figures, LedgerError> {
        self.look(move |db| Ok(Figures { queue: sums(db, now)?, problems: count(db)?, counters: counters(db)? })).await
    }
}
