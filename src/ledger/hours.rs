//! What was done in each hour of late, counted as each entry is applied. Older hours are forgotten, so however long the log is,
//! there are few rows.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::records::{Counted, bytes, name, sql_bytes};
use super::{Ledger, LedgerError};
use crate::domain::{ByteCount, Day, DestinationName, Moment};

/// Hours are kept for so long: a day and another one, so that a clock that is set back still has a day behind it.
const KEPT: Duration = Duration::from_hours(48);

const ADD: &str = "UPDATE hourly SET bytes = bytes + ?4 WHERE hour = ?1 AND what = ?2 AND whose = ?3";
const BEGIN: &str = "INSERT INTO hourly (hour, what, whose, bytes) VALUES (?1, ?2, ?3, ?4)";
/// What is too old, or of a clock that was far ahead.
const FORGET: &str = "DELETE FROM hourly WHERE hour < ?1 OR hour > ?2";
pub(super) const SINCE: &str = "SELECT hour, what, whose, bytes FROM hourly WHERE hour >= ?1";

impl Ledger {
    /// What was done in the hour of `now` and in those before it. Costs the same however long the log is.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn day(&self, now: Moment) -> Result<Day, LedgerError> {
        self.look(move |db| day(db, now)).await
    }
}

fn day(db: &Connection, now: Moment) -> Result<Day, LedgerError> {
    let mut day = Day::until(now);
    let mut statement = db.prepare_cached(SINCE)?;
    let mut rows = statement.query([day.from.millis()])?;
    while let Some(row) = rows.next()? {
        let Some(place) = day.place(Moment::from_millis(row.get(0)?)) else { continue };
        let hours = match row.get(1)? {
            Counted::Spooled => &mut day.copied,
            Counted::Proven => day.proven.entry(name(row, 2, DestinationName::new)?).or_default(),
            _ => continue,
        };
        hours[place] += bytes(row, 3)?;
    }
    Ok(day)
}

/// Takes down that so much was done.
pub(super) fn add(db: &Connection, at: Moment, what: Counted, whose: &str, done: ByteCount) -> Result<(), LedgerError> {
    let hour = at.hour();
    let row = params![hour.millis(), what, whose, sql_bytes(done)?];
    if db.prepare_cached(ADD)?.execute(row)? == 0 {
        db.prepare_cached(BEGIN)?.execute(row)?;
        db.prepare_cached(FORGET)?.execute([hour.minus(KEPT).millis(), hour.plus(KEPT).millis()])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
