//! `camdock run`: the daemon.

use std::time::Duration;

use camdock::config::Config;
use camdock::daemon::{Daemon, DaemonError, LastLedger};
use camdock::domain::{StationNotice, StorageNotice, Subject};
use camdock::journal;
use camdock::ledger::StationLock;
use camdock::station::StationError;
use camdock::views::systemd;
use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;

/// Blocking work, such as a read from a camera that no longer answers, is left behind after this long.
const LEAVE_BEHIND: Duration = Duration::from_secs(3);
/// What is logged, unless `CAMDOCK_LOG` says otherwise. What a request failed of is said once, in camdock's
/// own words, and so is what becomes of the ledger.
const LIBRARIES: &str = "info,typespec_client_core=warn,rusqlite_migration=warn";

/// Runs the station until it is told to stop.
pub(super) fn run(config: &Config) -> anyhow::Result<Outcome> {
    let _journal = journal::open(LIBRARIES)?;
    let lock = StationLock::take(&config.station.data_dir)?;
    let mut last = LastLedger::Trusted;
    loop {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let ended = runtime.block_on(serve(config, last, &lock));
        // Whatever still runs is cancelled; nothing is lost by that.
        runtime.shutdown_timeout(LEAVE_BEHIND);
        match ended {
            Ok(()) => return Ok(Outcome::Fine),
            Err(error) => match error.downcast_ref::<DaemonError>() {
                Some(DaemonError::Station(StationError::LedgerDamaged(_))) if last == LastLedger::Trusted => {
                    journal::tell(&Subject::station(), StorageNotice::LedgerDamaged { error: error.to_string() });
                    systemd::rebuilding();
                    last = LastLedger::Damaged;
                }
                _ => return Err(error),
            },
        }
    }
}

async fn serve(config: &Config, last: LastLedger, lock: &StationLock) -> anyhow::Result<()> {
    let mut stop = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let daemon = Daemon::open(config, last, lock)?;

    systemd::ready();
    let (station, version) = (config.station.id.clone(), env!("CARGO_PKG_VERSION").to_owned());
    journal::tell(&Subject::station(), StationNotice::Started { station, version });
    tokio::select! {
        biased;
        _ = stop.recv() => {}
        _ = interrupt.recv() => {}
        ended = daemon.run() => ended?,
    }
    systemd::stopping();
    journal::tell(&Subject::station(), StationNotice::Stopping);
    Ok(())
}
