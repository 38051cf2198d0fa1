//! The tables, from the log alone.

use rusqlite::Connection;

use super::entry::{Entry, UnknownEntries};
use super::{LedgerError, custody_log, projection};
use crate::domain::{Moment, StorageNotice, Subject};
use crate::journal::tell;

/// Empties every table but the log, and derives them again from it.
pub(super) fn again(db: &Connection) -> Result<UnknownEntries, LedgerError> {
    db.execute_batch(
        "DELETE FROM problem; DELETE FROM delivery; DELETE FROM handled; DELETE FROM asked; DELETE FROM segment; DELETE FROM docking;
         DELETE FROM unsettled_medium; DELETE FROM destination; DELETE FROM enrolment; DELETE FROM retired; DELETE FROM counted;
         DELETE FROM hourly; DELETE FROM camera_tally; DELETE FROM queue_head;
         DELETE FROM backlog;
         UPDATE tally SET segments = 0, bytes = 0, copies = 0, copied = 0;",
    )?;
    let mut unknown = UnknownEntries::default();
    custody_log::walk(db, |seq, at, text| follow(db, seq, at, text, &mut unknown))?;
    Ok(unknown)
}

/// Applies a text of the log to the tables. One that contradicts them follows on something that this version does not
/// understand; what comes after it need not.
pub(super) fn follow(
    db: &Connection,
    seq: i64,
    at: Moment,
    text: &str,
    unknown: &mut UnknownEntries,
) -> Result<(), LedgerError> {
    db.prepare_cached("SAVEPOINT entry")?.execute([])?;
    match apply(db, seq, at, text, unknown) {
        Err(error) if error.is_damage() || error.is_contradiction() => {
            tell(&Subject::station(), StorageNotice::WithoutEffect { entry: seq, error: error.to_string() });
            db.prepare_cached("ROLLBACK TO entry")?.execute([])?;
        }
        followed => followed?,
    }
    db.prepare_cached("RELEASE entry")?.execute([])?;
    Ok(())
}

/// Applies a text of the log to the tables, or counts it as unknown.
fn apply(db: &Connection, seq: i64, at: Moment, text: &str, unknown: &mut UnknownEntries) -> Result<(), LedgerError> {
    match Entry::read(text) {
        Ok(entry) => projection::apply(db, seq, at, &entry),
        Err(error) => {
            unknown.count(error.kind);
            Ok(())
        }
    }
}
