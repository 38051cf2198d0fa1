//! Which place each destination is.

use rusqlite::{Connection, OptionalExtension as _};

use super::records::name;
use super::{Ledger, LedgerError};
use crate::domain::{DestinationName, PlaceId};

impl Ledger {
    /// The place that a destination is enrolled as, if it is.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn enrolled(&self, destination: &DestinationName) -> Result<Option<PlaceId>, LedgerError> {
        let destination = destination.clone();
        self.look(move |db| enrolled(db, &destination)).await
    }

    /// Every destination that was ever enrolled, and as which place.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn enrolments(&self) -> Result<Vec<(DestinationName, PlaceId)>, LedgerError> {
        self.look(|db| {
            let mut statement = db.prepare_cached("SELECT destination, place FROM enrolment ORDER BY destination")?;
            let rows = statement.query_and_then([], |row| {
                let text: String = row.get(1)?;
                Ok((name(row, 0, DestinationName::new)?, place(&text)?))
            })?;
            rows.collect()
        })
        .await
    }
}

pub(super) fn enrolled(db: &Connection, destination: &DestinationName) -> Result<Option<PlaceId>, LedgerError> {
    let text: Option<String> = db
        .prepare_cached("SELECT place FROM enrolment WHERE destination = ?1")?
        .query_row([destination.as_str()], |row| row.get(0))
        .optional()?;
    text.map(|text| place(&text)).transpose()
}

fn place(text: &str) -> Result<PlaceId, LedgerError> {
    PlaceId::parse(text).map_err(|error| LedgerError::Damaged(format!("the place {text:?}: {error}")))
}
