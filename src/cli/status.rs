//! `camdock status`: how the station is doing.

use std::io::Write as _;
use std::time::Duration;

use camdock::config::Config;
use camdock::domain::{
    BayCause, BayState, DestinationCause, DestinationSnapshot, DestinationState, DiskState, Part, Snapshot, counted,
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
    let stuck =
        |state| matches!(state, DestinationState::Refused | DestinationState::Overdue | DestinationState::Attention);
    let places = snapshot.destinations.iter().any(|place| stuck(place.state));
    let full = snapshot.disk == DiskState::Full;
    if bays || places || full || snapshot.problems > 0 || !snapshot.setup.is_empty() {
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
    if snapshot.disk == DiskState::Full {
        writeln!(
            out,
            "  the disk that holds the station's data is full: what is proven and wiped goes first; make room on it"
        )?;
    }
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
        for other in &bay.also {
            writeln!(out, "      {other}")?;
        }
    }
    for place in &snapshot.destinations {
        writeln!(out, "  to  {:<8} {:<11} {}", place.name.as_str(), place.state, place.message)?;
    }
    for trouble in snapshot.setup.iter().filter(|trouble| !is_told(snapshot, &trouble.part)) {
        writeln!(out, "  {}: {}.", trouble.part, trouble.message)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use camdock::domain::{DestinationName, DestinationSnapshot, QueueSnapshot, StationId};

    #[test]
    fn what_waits_for_more_than_an_hour_needs_a_person_and_what_waits_for_less_does_not() {
        for (state, outcome_of_it) in [
            (DestinationState::Unknown, Outcome::Fine),
            (DestinationState::Ok, Outcome::Fine),
            (DestinationState::Waiting, Outcome::Fine),
            (DestinationState::Overdue, Outcome::NeedsPerson),
            (DestinationState::Refused, Outcome::NeedsPerson),
            (DestinationState::Attention, Outcome::NeedsPerson),
        ] {
            let place =
                DestinationSnapshot { state, ..DestinationSnapshot::unasked(DestinationName::new("nas").unwrap()) };
            let snapshot = Snapshot {
                station: StationId::new("hq-01").unwrap(),
                bays: Vec::new(),
                queue: QueueSnapshot::default(),
                destinations: vec![place],
                disk: DiskState::default(),
                setup: Vec::new(),
                problems: 0,
            };
            assert_eq!(outcome(&snapshot), outcome_of_it, "{state}");
        }
    }
}
