//! The append-only log and its chain. What its texts say is the business of [`entry`](super::entry).

use rusqlite::{Connection, OptionalExtension as _, params};

use super::LedgerError;
use crate::domain::{Moment, Sha256};

/// Appends one text to the chain. Returns its place.
pub(super) fn append(db: &Connection, at: Moment, text: &str) -> Result<i64, LedgerError> {
    let (last, previous) = db
        .prepare_cached("SELECT seq, hash FROM custody_log ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?)))
        .optional()?
        .unwrap_or((0, [0; 32]));
    let seq = last + 1;
    let hash = link(&previous, seq, at, text);
    db.prepare_cached("INSERT INTO custody_log (seq, at, entry, hash) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        seq,
        at.millis(),
        text,
        hash.as_bytes()
    ])?;
    Ok(seq)
}

/// The hash that ties a row to everything before it.
fn link(previous: &[u8; 32], seq: i64, at: Moment, text: &str) -> Sha256 {
    let mut hasher = Sha256::hasher();
    hasher.update(previous);
    hasher.update(&seq.to_be_bytes());
    hasher.update(&at.millis().to_be_bytes());
    hasher.update(text.as_bytes());
    hasher.finish()
}

/// Reads the log from its beginning; `visit` gets each text whose place in the chain is right.
///
/// # Errors
/// [`LedgerError::Damaged`] at the first row that is unreadable or not rightly chained; and what `visit` says.
pub(super) fn walk(
    db: &Connection,
    mut visit: impl FnMut(i64, Moment, &str) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut previous = [0; 32];
    let mut expected = 1;
    let mut statement = db.prepare("SELECT seq, at, entry, hash FROM custody_log ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, at): (i64, i64) = (row.get(0)?, row.get(1)?);
        let text: String = row.get(2)?;
        let hash: [u8; 32] = row.get(3)?;
        let at = Moment::from_millis(at);
        if seq != expected {
            return Err(LedgerError::Damaged(format!("entry {expected} of the custody log is missing")));
        }
        if link(&previous, seq, at, &text).as_bytes() != &hash {
            return Err(LedgerError::Damaged(format!(
                "entry {seq} of the custody log was changed after it was written"
            )));
        }
        visit(seq, at, &text)?;
        previous = hash;
        expected += 1;
    }
    Ok(())
}
