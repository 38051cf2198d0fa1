//! The figures of a station, as a snapshot shows them.

use std::collections::BTreeMap;

use super::counters::counters;
use super::problems::count;
use super::queue::{backlogs, copies, sums};
use super::{Ledger, LedgerError};
use crate::domain::{Amount, Counters, DestinationName, Moment, QueueSnapshot};

/// What the ledger tells at one moment in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The sums of the queue.
    pub queue: QueueSnapshot,
    /// How many problems there are.
    pub problems: u64,
    /// What waits to be sent to each destination; to those that are not named, nothing.
    pub backlogs: BTreeMap<DestinationName, Amount>,
    /// The copies in the spool.
    pub copies: Amount,
    /// What was done since the log began.
    pub counters: Counters,
}

impl Ledger {
    /// All figures of one moment. Costs the same however long the log and the queue are.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn figures(&self, now: Moment) -> Result<Figures, LedgerError> {
        self.look(move |db| {
            let (queue, problems) = (sums(db, now)?, count(db)?);
            Ok(Figures { queue, problems, backlogs: backlogs(db)?, copies: copies(db)?, counters: counters(db)? })
        })
        .await
    }
}
