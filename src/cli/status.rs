//! `camdock status`: how the station is doing.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::time::Duration;

use camdock::config::Config;
use camdock::domain::{
    BayCause, BayState, CameraNotice, DestinationCause, DestinationState, DiskState, Overdue, OverdueCamera, Part,
    ShiftStart, StationNotice, counted,
};
use camdock::views::{DestinationDocument, StatusDocument, ends_soon};
use camdock::words::Words;

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
    let status = daemon.get::<StatusDocument>("/api/v1/status").await?;
    if args.json {
        writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&status)?)?;
        return Ok(outcome(&status));
    }
    let mut shown = told(&status)?;
    write!(std::io::stdout(), "{shown}")?;
    if !args.watch {
        return Ok(outcome(&status));
    }
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = told(&daemon.get("/api/v1/status").await?)?;
        if now != shown {
            write!(std::io::stdout(), "\n{now}")?;
            shown = now;
        }
    }
}

/// So many overdue cameras are named; the document has more.
const MISSED_BY_NAME: usize = 10;

/// Whether a person is needed.
pub(super) fn outcome(status: &StatusDocument) -> Outcome {
    let bays = status.bays.iter().any(|bay| matches!(bay.state, BayState::Attention | BayState::Refused));
    let stuck =
        |state| matches!(state, DestinationState::Refused | DestinationState::Overdue | DestinationState::Attention);
    let places = status.destinations.iter().any(|place| stuck(place.state));
    let full = status.disk == DiskState::Full;
    if bays || places || full || status.problems > 0 || !status.setup.is_empty() {
        Outcome::NeedsPerson
    } else {
        Outcome::Fine
    }
}

/// Whether the line of the part itself says what is missing.
fn is_told(status: &StatusDocument, part: &Part) -> bool {
    match part {
        Part::Bay(name) => status.bays.iter().any(|bay| bay.name == *name && bay.cause == Some(BayCause::NotSetUp)),
        Part::Destination(name) => {
            let not_set_up = |place: &DestinationDocument| place.cause == Some(DestinationCause::NotSetUp);
            status.destinations.iter().any(|place| place.name == *name && not_set_up(place))
        }
        Part::Profile(_)
        | Part::ControlSocket
        | Part::Page
        | Part::Lamp(_)
        | Part::StationLamp
        | Part::Users
        | Part::Certificate
        | Part::Operators
        | Part::Clock => false,
    }
}

/// What people see of it.
fn told(status: &StatusDocument) -> Result<String, fmt::Error> {
    let (english, mut out) = (Words::english(), String::new());
    let queue = status.queue;
    writeln!(
        out,
        "station {}: {} ({}) queued, {}",
        status.station,
        counted(queue.segments, "segment"),
        queue.bytes,
        counted(status.problems, "problem")
    )?;
    if let (Some(from), Some(at)) = (queue.clear_from, queue.clear_at) {
        writeln!(out, "  clear between {from} and {at}, at the pace of late")?;
    }
    if let Some(ShiftStart { time: shift, .. }) = queue.shift {
        writeln!(out, "  {}", english.say(StationNotice::LateForShift { shift }))?;
    }
    if status.disk == DiskState::Full {
        writeln!(out, "  {}", english.say(StationNotice::DiskFull))?;
    }
    if let Some(notice) = ends_soon(status) {
        writeln!(out, "  {}", english.say(notice))?;
    }
    if let Some(overdue) = status.overdue.as_ref().filter(|overdue| overdue.cameras > 0) {
        let Overdue { cameras, days, latest } = overdue;
        writeln!(out, "  {}", english.say(StationNotice::CamerasOverdue { cameras: *cameras, days: *days }))?;
        for OverdueCamera { camera, since, .. } in latest.iter().take(MISSED_BY_NAME) {
            writeln!(out, "      {camera}, last here until {since}")?;
        }
    }
    for bay in &status.bays {
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
        if let Some(ShiftStart { time: shift, .. }) = bay.shift {
            writeln!(out, "      {}", english.say(CameraNotice::LateForShift { shift }))?;
        }
        for other in &bay.also {
            writeln!(out, "      {other}")?;
        }
    }
    for place in &status.destinations {
        writeln!(out, "  to  {:<8} {:<11} {}", place.name.as_str(), place.state, place.message)?;
    }
    for trouble in status.setup.iter().filter(|trouble| !is_told(status, &trouble.part)) {
        writeln!(out, "  {}", english.say(trouble.clone()))?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use camdock::domain::{DestinationName, StationId};
    use camdock::views::QueueDocument;

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
            let place = DestinationDocument {
                name: DestinationName::new("nas").unwrap(),
                state,
                cause: None,
                notice: String::new(),
                message: String::new(),
                since: None,
                again_at: None,
                put_off: Vec::new(),
                segments: 0,
                bytes: camdock::domain::ByteCount::default(),
                clear_at: None,
            };
            let status = StatusDocument {
                station: StationId::new("hq-01").unwrap(),
                bays: Vec::new(),
                queue: QueueDocument::default(),
                destinations: vec![place],
                disk: DiskState::default(),
                spool: None,
                setup: Vec::new(),
                overdue: None,
                certificate: None,
                problems: 0,
            };
            assert_eq!(outcome(&status), outcome_of_it, "{state}");
        }
    }
}
