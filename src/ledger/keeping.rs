//! What keeps copies from deletion: what people asked for, and which copies are not kept so yet.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::records::{protection, select_segments};
use super::{Ledger, LedgerError};
use crate::domain::{CameraSerial, DestinationName, LegalHold, Moment, Protection, Segment, SegmentId};

/// What of the copies at a destination is not kept as long as somebody asked, by what the destination said last.
const KEPT_TOO_SHORT: &str = "WHERE seq IN (
    SELECT asked.segment FROM asked JOIN delivery ON delivery.segment = asked.segment
    WHERE delivery.destination = ?1 AND delivery.state = 'proven' AND asked.segment > ?2
      AND (asked.kept_until > ?4 AND coalesce(delivery.kept_until, 0) < asked.kept_until
           OR delivery.legal_hold < asked.legal_hold)
    ORDER BY asked.segment LIMIT ?3) ORDER BY seq";
const OF_CAMERA: &str = "WHERE camera = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";

impl Ledger {
    /// When the station first had a segment, and what people asked to have it kept by. `None` if the ledger does not know it.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn keeping(&self, segment: SegmentId) -> Result<Option<(Moment, Protection)>, LedgerError> {
        self.look(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT spooled_at, asked.kept_until, asked.enforcement, asked.legal_hold
                 FROM segment LEFT JOIN asked ON asked.segment = segment.seq WHERE id = ?1",
            )?;
            let read = |row: &Row<'_>| Ok((Moment::from_millis(row.get(0)?), protection(row, 1)?));
            Ok(statement.query_row([segment.as_bytes()], read).optional()?)
        })
        .await
    }

    /// Proven copies that a destination does not keep as long as somebody asked, if that is not over at `now`: `limit` at most, from the place `after` in the
    /// queue on, each with its place.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn kept_too_short(
        &self,
        destination: &DestinationName,
        now: Moment,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Segment)>, LedgerError> {
        let destination = destination.clone();
        self.look(move |db| {
            let rows = select_segments(db, KEPT_TOO_SHORT, params![destination.as_str(), after, limit, now.millis()])?;
            Ok(rows.into_iter().map(|row| (row.seq, row.segment)).collect())
        })
        .await
    }

    /// What is known of a camera: `limit` segments at most, from the place `after` in the queue on, each with its place.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn of_camera(
        &self,
        camera: &CameraSerial,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Segment)>, LedgerError> {
        let camera = camera.clone();
        self.look(move |db| {
            let rows = select_segments(db, OF_CAMERA, params![camera.as_str(), after, limit])?;
            Ok(rows.into_iter().map(|row| (row.seq, row.segment)).collect())
        })
        .await
    }
}

/// From now on it is asked for at least this. Whatever was asked before stays.
pub(super) fn ask(db: &Connection, segment: SegmentId, wanted: Protection) -> Result<(), LedgerError> {
    let before = db
        .prepare_cached(
            "SELECT kept_until, enforcement, legal_hold FROM asked
             WHERE segment = (SELECT seq FROM segment WHERE id = ?1)",
        )?
        .query_row([segment.as_bytes()], |row| protection(row, 0))
        .optional()?;
    let wanted = before.unwrap_or(Protection::NONE).and(&wanted);
    db.prepare_cached(
        "INSERT INTO asked (segment, kept_until, enforcement, legal_hold) SELECT seq, ?2, ?3, ?4 FROM segment WHERE id = ?1
         ON CONFLICT (segment) DO UPDATE SET kept_until = ?2, enforcement = ?3, legal_hold = ?4",
    )?
    .execute(params![
        segment.as_bytes(),
        wanted.retention.map(|retention| retention.until.millis()),
        wanted.retention.map(|retention| retention.enforcement),
        wanted.legal_hold == LegalHold::Placed,
    ])?;
    Ok(())
}
