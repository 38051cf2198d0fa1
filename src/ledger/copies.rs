//! The copies of a segment: in the spool, and at the destinations.

use rusqlite::{Connection, params};

use super::records::{KnownSegment, name, protection, select_segments};
use super::{Ledger, LedgerError};
use crate::domain::{Copy, DestinationName, Moment, Segment, SegmentId, Version};

pub(super) const IN_SPOOL: &str =
    "SELECT seq, id FROM segment WHERE spool = 'present' AND seq > ?1 ORDER BY seq LIMIT ?2";
pub(super) const SPARE: &str = "WHERE spool = 'present' AND unproven = 0 AND seq > ?1 ORDER BY seq LIMIT ?2";
pub(super) const WIPED_BEFORE: &str =
    "WHERE spool = 'present' AND lacking = 0 AND wiped_at <= ?3 AND seq > ?1 ORDER BY seq LIMIT ?2";

impl Ledger {
    /// One segment, if the ledger knows it.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn segment(&self, segment: SegmentId) -> Result<Option<KnownSegment>, LedgerError> {
        self.look(move |db| {
            let rows = select_segments(db, "WHERE id = ?1", [segment.as_bytes()])?;
            Ok(rows.into_iter().map(KnownSegment::from).next())
        })
        .await
    }

    /// What the ledger knows about a segment's copies at the configured destinations.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn copies(&self, segment: SegmentId) -> Result<Vec<Copy>, LedgerError> {
        self.look(move |db| copies(db, segment)).await
    }

    /// The copies that the spool has: `limit` at most, from the place `after` in the queue on, each with its place.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn in_spool(&self, after: i64, limit: u32) -> Result<Vec<(i64, SegmentId)>, LedgerError> {
        self.look(move |db| {
            let mut statement = db.prepare_cached(IN_SPOOL)?;
            let rows = statement
                .query_and_then(params![after, limit], |row| Ok((row.get(0)?, SegmentId::from_bytes(row.get(1)?))))?;
            rows.collect()
        })
        .await
    }

    /// Every segment of which some required destination has not proven its copy, or of which no required one is known.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn unproven(&self) -> Result<Vec<Segment>, LedgerError> {
        self.look(|db| {
            let rows = select_segments(
                db,
                "WHERE pending > 0
                   OR EXISTS (SELECT 1 FROM unproven_required WHERE unproven_required.segment = segment.seq)
                   OR NOT EXISTS (SELECT 1 FROM delivery JOIN destination ON destination.name = delivery.destination
                                  WHERE delivery.segment = segment.seq AND state = 'proven' AND need = 'required')",
                [],
            )?;
            Ok(rows.into_iter().map(|row| row.segment).collect())
        })
        .await
    }

    /// Evidence of which no copy is left here although a required destination lacks it, and which nobody has yet said to have
    /// seen: from the place `after` in the queue on.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn nowhere(&self, after: i64, limit: u32) -> Result<Vec<(i64, Segment)>, LedgerError> {
        self.look(move |db| {
            let rows = select_segments(
                db,
                "WHERE nowhere_since IS NOT NULL AND seen_at IS NULL AND seq > ?1 ORDER BY seq LIMIT ?2",
                params![after, limit],
            )?;
            Ok(rows.into_iter().map(|row| (row.seq, row.segment)).collect())
        })
        .await
    }

    /// Spool copies whose originals were wiped before `before` and that every configured destination has proven: candidates
    /// for removal. Oldest first, from the place `after` in the queue on, each with its place.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn wiped_before(
        &self,
        before: Moment,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Segment)>, LedgerError> {
        self.spooled_where(WIPED_BEFORE, (after, limit, before.millis())).await
    }

    /// Spool copies that every required destination has proven, wiped or not: what may go first when the spool is full.
    /// Oldest first, from the place `after` in the queue on, each with its place.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn proven_in_spool(&self, after: i64, limit: u32) -> Result<Vec<(i64, Segment)>, LedgerError> {
        let eligible = if crate::faults::planted(crate::faults::PlantedBug::EvictUnproven) {
            "WHERE spool = 'present' AND seq > ?1 ORDER BY seq LIMIT ?2"
        } else {
            SPARE
        };
        self.spooled_where(eligible, (after, limit)).await
    }

    async fn spooled_where(
        &self,
        rest: &'static str,
        parameters: impl rusqlite::Params + Clone + Send + 'static,
    ) -> Result<Vec<(i64, Segment)>, LedgerError> {
        self.look(move |db| {
            let rows = select_segments(db, rest, parameters.clone())?;
            Ok(rows.into_iter().map(|row| (row.seq, row.segment)).collect())
        })
        .await
    }
}

pub(super) fn copies(db: &Connection, segment: SegmentId) -> Result<Vec<Copy>, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT delivery.destination, delivery.state, delivery.version, delivery.method, delivery.kept_until,
                delivery.enforcement, delivery.legal_hold FROM delivery
         JOIN destination ON destination.name = delivery.destination
         WHERE destination.need <> 'retired' AND delivery.segment = (SELECT seq FROM segment WHERE id = ?1)",
    )?;
    let rows = statement.query_and_then([segment.as_bytes()], |row| {
        let version: Option<String> = row.get(2)?;
        Ok(Copy {
            destination: name(row, 0, DestinationName::new)?,
            state: row.get(1)?,
            version: version.map(Version),
            method: row.get(3)?,
            protection: protection(row, 4)?,
        })
    })?;
    rows.collect()
}
