//! The ledger of a running or stopped station, for commands that look into it by themselves.

use std::io;

use anyhow::bail;
use camdock::config::Config;
use camdock::ledger::{LEDGER_FILE, Ledger, LedgerError};

use super::disk;

/// Opens it for looking only, and sees to it that it can be looked into.
pub(super) async fn open(config: &Config) -> anyhow::Result<Ledger> {
    let folder = &config.station.data_dir;
    let path = folder.join(LEDGER_FILE);
    if matches!(path.try_exists(), Ok(false)) {
        bail!(
            "there is no ledger in {}: camdock has not run here yet, or data_dir is another folder",
            folder.display()
        );
    }
    let ledger = Ledger::look_only(&path).map_err(|error| disk::behind(error, folder))?;
    ledger.problem_count().await.map_err(|error| disk::behind(error, folder))?;
    Ok(ledger)
}

/// What a start of the station would come to, as far as that depends on the disk and the ledger.
pub(super) enum Start {
    /// Nothing is in the way.
    Works,
    /// It works on the room that is kept for the ledger, though this is so.
    WorksOnKeptRoom(String),
    /// It sets the damaged ledger aside and rebuilds it; SQLite's or the ledger's words.
    Rebuilds(String),
    /// It fails, for as long as this is so.
    Fails(String),
}

/// Looks at the disk and the ledger as a start would.
pub(super) async fn before_a_start(config: &Config) -> Start {
    let folder = &config.station.data_dir;
    match disk::try_writing(folder) {
        Ok(()) => {}
        // A first start creates the folder; and who asks may not be who runs it.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
            return Start::Works;
        }
        Err(error) => {
            let trouble = format!("{} cannot be written to: {error}. {}", folder.display(), disk::remedy(&error));
            let kept = error.kind() == io::ErrorKind::StorageFull && Ledger::has_kept_room(&folder.join(LEDGER_FILE));
            return if kept { Start::WorksOnKeptRoom(trouble) } else { Start::Fails(trouble) };
        }
    }
    if !folder.join(LEDGER_FILE).exists() {
        return Start::Works;
    }
    match open(config).await {
        Ok(_) => Start::Works,
        Err(error) if error.downcast_ref::<LedgerError>().is_some_and(LedgerError::is_damage) => {
            Start::Rebuilds(format!("{error:#}"))
        }
        Err(error) => Start::Fails(format!("{error:#}")),
    }
}
