//! The data folder's disk, as far as a command can tell why nothing works.

use std::io::{self, Write as _};
use std::path::Path;

use camdock::ledger::LedgerError;

/// With less than this, not even the ledger can be written.
const SMALLEST: usize = 64 << 10;

/// Writes a little where the ledger is written, and leaves nothing behind.
///
/// # Errors
/// As writing the ledger would fail. A full disk is full for camdock's user, even if root still could.
pub(super) fn try_writing(folder: &Path) -> io::Result<()> {
    let disk = rustix::fs::statvfs(folder)?;
    if disk.f_bavail.saturating_mul(disk.f_frsize) < SMALLEST as u64 {
        return Err(io::ErrorKind::StorageFull.into());
    }
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(&vec![0; SMALLEST])?;
    file.sync_all()
}

/// What to do about a folder that cannot be written to.
pub(super) fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "Make room on that disk",
        io::ErrorKind::ReadOnlyFilesystem => "See why that disk is read-only, and mount it writable",
        io::ErrorKind::PermissionDenied => "Let camdock's user write there",
        io::ErrorKind::NotFound => "Create it, owned by camdock's user, with mode 0700",
        _ => "See to that disk",
    }
}

/// Says what the ledger's error may come from.
pub(super) fn behind(error: LedgerError, folder: &Path) -> anyhow::Error {
    match try_writing(folder) {
        Err(disk) if matches!(disk.kind(), io::ErrorKind::StorageFull | io::ErrorKind::ReadOnlyFilesystem) => {
            let why = format!("{} cannot be written to: {disk}. {}", folder.display(), remedy(&disk));
            anyhow::Error::from(error).context(why)
        }
        _ => error.into(),
    }
}
