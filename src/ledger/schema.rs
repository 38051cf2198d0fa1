//! The tables of a ledger: whose they are, and how they come to be those of this version.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};
use rusqlite_migration::{M, Migrations};

use super::{LedgerError, derive};

/// Marks the file as camdock's: "cmdk". The first step writes it together with the first table.
pub(super) const APPLICATION_ID: i32 = 0x636d_646b;
const THIS_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Every step the schema has taken. Append only.
pub(super) const STEPS: &[M<'_>] = &[
    M::up(include_str!("schema/1.sql")),
    M::up(include_str!("schema/2.sql")),
    M::up(include_str!("schema/3.sql")),
    M::up(include_str!("schema/4.sql")),
    M::up(include_str!("schema/5.sql")),
    M::up(include_str!("schema/6.sql")),
    M::up(include_str!("schema/7.sql")),
    M::up(include_str!("schema/8.sql")),
    M::up(include_str!("schema/9.sql")),
    M::up(include_str!("schema/10.sql")),
    M::up(include_str!("schema/11.sql")),
];

/// The version of the schema that this camdock writes.
pub(super) const NEWEST: usize = STEPS.len();

/// Makes whatever the database holds, be it nothing, a ledger of this version.
pub(super) fn bring_up(db: &mut Connection) -> Result<(), LedgerError> {
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.set_prepared_statement_cache_capacity(64);
    Migrations::from_slice(STEPS).to_latest(db)?;
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    derive_for_this_schema(db)
}

/// A new schema's tables say what the log says, also of what was written before it.
fn derive_for_this_schema(db: &mut Connection) -> Result<(), LedgerError> {
    let this = i64::try_from(NEWEST).unwrap_or(i64::MAX);
    let step = db.transaction()?;
    let derived: Option<i64> = step.query_row("SELECT derived FROM written_by", [], |row| row.get(0)).optional()?;
    if derived != Some(this) {
        derive::again(&step)?;
    }
    step.execute(
        "INSERT INTO written_by (one, version, derived) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET version = ?1, derived = ?2",
        params![THIS_VERSION, this],
    )?;
    Ok(step.commit()?)
}

/// Which version of the schema a database has.
pub(super) fn version(db: &Connection) -> Result<usize, LedgerError> {
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(0))
}

/// Whether this is what is left of a ledger's first opening, cut short by the end of the process: nothing at all, or, as
/// earlier versions left it, all tables of some version, exactly, and nothing written into them.
fn was_being_created(db: &Connection) -> Result<bool, LedgerError> {
    let found = version(db)?;
    if found > NEWEST {
        return Ok(false);
    }
    let mut ours = Connection::open_in_memory()?;
    Migrations::from_slice(STEPS).to_version(&mut ours, found)?;
    Ok(tables(db)? == tables(&ours)? && (found == 0 || is_empty(db)?))
}

fn is_empty(db: &Connection) -> Result<bool, LedgerError> {
    Ok(db.query_row("SELECT NOT EXISTS (SELECT 1 FROM custody_log)", [], |row| row.get(0))?)
}

fn tables(db: &Connection) -> Result<Vec<(String, Option<String>)>, LedgerError> {
    let mut statement = db.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")?;
    let rows = statement.query_and_then([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Whose database it is, and whether this version may touch it.
pub(super) fn refuse_foreign_and_newer(db: &Connection, path: &Path) -> Result<(), LedgerError> {
    let id: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let ours = id == APPLICATION_ID || id == 0 && was_being_created(db)?;
    if !ours {
        return Err(LedgerError::Foreign(path.display().to_string()));
    }
    if version(db)? > NEWEST {
        let wrote = db
            .query_row("SELECT version FROM written_by", [], |row| row.get(0))
            .unwrap_or_else(|_| "of an unknown version".to_owned());
        return Err(LedgerError::Newer { wrote, this: THIS_VERSION });
    }
    Ok(())
}
