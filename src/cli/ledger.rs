//! The ledger of a running or stopped station, for commands that look into it by themselves.

use std::io;

use anyhow::bail;
use camdock::config::Config;
use camdock::ledger::{LEDGER_FILE, Ledger};

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

/// What keeps a station from starting, as far as that is the disk's or the ledger's fault.
pub(super) async fn in_the_way_of_a_start(config: &Config) -> Option<String> {
    let folder = &config.station.data_dir;
    match disk::try_writing(folder) {
        Ok(()) => {}
        // A first start creates the folder; and who asks may not be who runs it.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => return None,
        Err(error) => {
            return Some(format!("{} cannot be written to: {error}. {}", folder.display(), disk::remedy(&error)));
        }
    }
    folder.join(LEDGER_FILE).exists().then_some(())?;
    open(config).await.err().map(|error| format!("{error:#}"))
}
