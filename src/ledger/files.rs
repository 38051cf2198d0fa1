//! The files of a ledger on its disk: whose they are, and that none goes by another's name.

use std::fs::File;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::LedgerError;

/// What belongs to camdock's own user alone, whatever the umask.
const PRIVATE: u32 = 0o600;

/// Creates a file that only camdock's own user may use, or opens the one that is there and makes it so.
pub(super) fn create_private(path: &Path) -> Result<File, LedgerError> {
    let create = || {
        let file = File::options().create(true).truncate(false).write(true).mode(PRIVATE).open(path)?;
        if file.metadata()?.permissions().mode() & !PRIVATE & 0o777 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(PRIVATE))?;
        }
        Ok(file)
    };
    create().map_err(|source| LedgerError::Io { path: path.display().to_string(), source })
}

/// Closing a database would remove the write-ahead log by its name. By then it may be that of another database: a damaged one
/// is set aside while its last steps still end.
pub(super) fn leave_log_alone(db: &Connection) -> Result<(), LedgerError> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}
