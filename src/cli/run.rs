//! `camdock run`: the daemon.

use std::sync::mpsc;
use std::time::Duration;

use camdock::config::Config;
use camdock::daemon::{Daemon, DaemonError, LastLedger, lights_out};
use camdock::domain::{Lamp, StationNotice, StorageNotice, Subject};
use camdock::journal;
use camdock::ledger::StationLock;
use camdock::station::StationError;
use camdock::views::systemd;
use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;

/// Blocking work, such as a read from a camera that no longer answers, is left behind after this long.
const LEAVE_BEHIND: Duration = Duration::from_secs(3);
/// A thread for blocking work is kept for so long without any: bays and parts are looked at every half minute, and that is no reason to
/// start threads and end them each time.
const KEPT_FOR: Duration = Duration::from_mins(1);
/// LEDs that are well are dark at once.
const LAMPS_TAKE: Duration = Duration::from_millis(500);
/// What is logged, unless `CAMDOCK_LOG` says otherwise. What a request failed of is said once, in camdock's
/// own words, and so is what becomes of the ledger.
const LIBRARIES: &str = "info,typespec_client_core=warn,rusqlite_migration=warn";

/// Runs the station until it is told to stop.
pub(super) fn run(config: &Config) -> anyhow::Result<Outcome> {
    let _journal = journal::open(LIBRARIES)?;
    let lock = StationLock::take(&config.station.data_dir)?;
    let mut last = LastLedger::Trusted;
    loop {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).thread_keep_alive(KEPT_FOR).enable_all().build()?;
        let ended = runtime.block_on(serve(config, last, &lock));
        // Whatever still runs is cancelled; nothing is lost by that.
        runtime.shutdown_timeout(LEAVE_BEHIND);
        lamps_out(config);
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

/// Nobody is behind the lamps any more, or not before the ledger is rebuilt; so they say nothing.
fn lamps_out(config: &Config) {
    let bays = config.bays.iter().filter_map(|bay| bay.lamp.as_ref());
    let leds: Vec<_> = config.station.lamp.iter().chain(bays).flat_map(Lamp::leds).cloned().collect();
    if leds.is_empty() {
        return;
    }
    let (tell, done) = mpsc::channel();
    #[expect(
        clippy::disallowed_methods,
        reason = "a LED may hang, and nobody waits for it; there is no runtime any more"
    )]
    std::thread::spawn(move || tell.send(lights_out(&leds)));
    match done.recv_timeout(LAMPS_TAKE) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => stays_lit(error.to_string()),
        Err(_) => stays_lit("it does not answer".to_owned()),
    }
}

fn stays_lit(error: String) {
    journal::tell(&Subject::station(), StationNotice::LampStaysLit { error });
}
