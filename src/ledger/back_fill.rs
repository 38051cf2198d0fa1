//! What a destination never got, and others have.

use rusqlite::{OptionalExtension as _, params};

use super::records::select_segments;
use super::{Ledger, LedgerError};
use crate::domain::{DestinationName, Segment};

/// What a destination lacks although some other has it, and the spool no more.
const MISSING: &str = "WHERE seq > ?2 AND seq <= ?3 AND spool <> 'present'
    AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.destination = ?1 AND delivery.segment = segment.seq
                                             AND state <> 'stranded')
    AND EXISTS (SELECT 1 FROM delivery JOIN destination ON destination.name = delivery.destination
                WHERE delivery.segment = segment.seq AND state = 'proven' AND need <> 'retired') ORDER BY seq";

impl Ledger {
    /// The place in the queue of the segment that came last; 0 if there is none.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn newest_place(&self) -> Result<i64, LedgerError> {
        self.look(|db| {
            let newest: Option<i64> = db.query_row("SELECT max(seq) FROM segment", [], |row| row.get(0))?;
            Ok(newest.unwrap_or(0))
        })
        .await
    }

    /// How many segments wait to be sent to a destination.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn backlog(&self, destination: &DestinationName) -> Result<u64, LedgerError> {
        let destination = destination.clone();
        self.look(move |db| {
            let mut statement = db.prepare_cached("SELECT segments FROM backlog WHERE destination = ?1")?;
            let segments: Option<i64> = statement.query_row([destination.as_str()], |row| row.get(0)).optional()?;
            Ok(segments.and_then(|segments| u64::try_from(segments).ok()).unwrap_or(0))
        })
        .await
    }

    /// What a destination lacks although some other has proven it, of which the spool has no copy: from the place after the first
    /// to the second, each with its place.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn missing_at(
        &self,
        destination: &DestinationName,
        (after, end): (i64, i64),
    ) -> Result<Vec<(i64, Segment)>, LedgerError> {
        let destination = destination.clone();
        self.look(move |db| {
            let rows = select_segments(db, MISSING, params![destination.as_str(), after, end])?;
            Ok(rows.into_iter().map(|row| (row.seq, row.segment)).collect())
        })
        .await
    }
}
