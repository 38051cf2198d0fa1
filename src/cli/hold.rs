//! `camdock hold`: what waits for a person.

use std::io::Write as _;

use camdock::config::Config;
use camdock::domain::Moment;
use camdock::ledger::{LEDGER_FILE, Ledger};
use camdock::views::HoldView;

use super::Outcome;
use super::client::Daemon;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Hold {
    /// List what waits for a person, and why
    List,
    /// Try again what is held; nothing is ever wiped by releasing a hold
    Release {
        /// The numbers of the holds, as listed
        #[arg(required = true)]
        ids: Vec<i64>,
    },
}

pub(super) async fn run(config: &Config, what: &Hold) -> anyhow::Result<Outcome> {
    let daemon = Daemon::of(config);
    match what {
        Hold::List => {
            let holds = if daemon.answers().await {
                daemon.get("/api/v1/holds").await?
            } else {
                let ledger = Ledger::look_only(&config.station.data_dir.join(LEDGER_FILE))?;
                ledger.holds(None).await?.into_iter().map(HoldView::from).collect::<Vec<_>>()
            };
            print(&holds)?;
            Ok(if holds.is_empty() { Outcome::Fine } else { Outcome::NeedsPerson })
        }
        Hold::Release { ids } => {
            for id in ids {
                let hold: HoldView = daemon.post(&format!("/api/v1/holds/{id}/release")).await?;
                writeln!(
                    std::io::stdout(),
                    "released {id}: {} on camera {}; camdock tries again",
                    hold.path,
                    hold.camera
                )?;
            }
            Ok(Outcome::Fine)
        }
    }
}

fn print(holds: &[HoldView]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if holds.is_empty() {
        return writeln!(out, "nothing is held");
    }
    for hold in holds {
        let at = hold.destination.as_ref().map_or_else(String::new, |destination| format!(" at {destination}"));
        let since: Moment = hold.since;
        writeln!(out, "{}  camera {}  {}{at}  since {since}\n    {}", hold.id, hold.camera, hold.path, hold.reason)?;
    }
    Ok(())
}
