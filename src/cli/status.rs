//! `camdock status`: how the station is doing.

use std::io::Write as _;
use std::time::Duration;

use camdock::config::Config;
use camdock::domain::{
    BayCause, BayState, DestinationCause, DestinationSnapshot, DestinationState, Part, Snapshot, counted,
};

use super::Outcome;
use super::client::Daemon;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print the document that scripts read
    #[arg(long, conflicts_with = "watch")]
    json: bool,
    /// Print again whenever something changes, until interrupted
    #[arg(long)]
    watch: bool,
}

pub(super) async fn run(config: &Config, args: &Args) -> anyhow::Result<Outcome> {
    let daemon = Daemon::of(config);
    let mut shown = daemon.get::<Snapshot>("/api/v1/status").await?;
    if args.json {
        writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&shown)?)?;
        return Ok(outcome(&shown));
    }
    print(&shown)?;
    if !args.watch {
        return Ok(outcome(&shown));
    }
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = daemon.get("/api/v1/status").await?;
        if now != shown {
            writeln!(std::io::stdout())?;
            print(&now)?;
            shown = now;
        }
    }
}

fn outcome(snapshot: &Snapshot) -> Outcome {
    let bays = snapshot.bays.iter().any(|bay| matches!(bay.state, BayState::Attention | BayState::Refused));
    let stuck = |state| matches!(state, DestinationState::Refused | DestinationState::Attention);
    let refused = snapshot.destinations.iter().any(|place| stuck(place.state));
    if bays || refused || snapshot.problems > 0 || !snapshot.setup.is_empty() {
        Outcome::NeedsPerson
    } else {
        Outcome::Fine
    }
}

/// Whether the line of the part itself says what is missing.
fn is_told(snapshot: &Snapshot, part: &Part) -> bool {
    match part {
        Part::Bay(name) => snapshot.bays.iter().any(|bay| bay.name == *name && bay.cause == Some(BayCause::NotSetUp)),
        Part::Destination(name) => {
            let not_set_up = |place: &DestinationSnapshot| place.cause == Some(DestinationCause::NotSetUp);
            snapshot.destinations.iter().any(|place| place.name == *name && not_set_up(place))
        }
        Part::Profile(_) | Part::ControlSocket => false,
    }
}

fn print(snapshot: &Snapshot) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let queue = snapshot.queue;
    writeln!(
        out,
        "station {}: {} ({}) queued, {}",
        snapshot.station,
        counted(queue.segments, "segment"),
        queue.bytes,
        counted(snapshot.problems, "problem")
    )?;
    for bay in &snapshot.bays {
        let camera = bay.camera.as_ref().map_or("-", |camera| camera.as_str());
        writeln!(
            out,
            "  bay {:<8} {:<11} {:<16} {:>3}/{:<3} wiped  {}",
            bay.name.as_str(),
            bay.state,
            camera,
            bay.segments_wiped,
            bay.segments_total,
            bay.message
        )?;
    }
    for place in &snapshot.destinations {
        writeln!(out, "  to  {:<8} {:<11} {}", place.name.as_str(), place.state, place.message)?;
    }
    for trouble in snapshot.setup.iter().filter(|trouble| !is_told(snapshot, &trouble.part)) {
        writeln!(out, "  {}: {}.", trouble.part, trouble.message)?;
    }
    Ok(())
}
