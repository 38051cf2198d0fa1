//! `camdock explain`: for each segment of a camera, every condition of the wipe and whether it is met.

use std::io::{self, Write};

use anyhow::bail;
use camdock::audit::{ExplainedSegment, explain};
use camdock::config::Config;
use camdock::custody::WipeCondition;
use camdock::domain::{CameraSerial, DestinationName, counted};
use camdock::ledger::{DeliveryState, Explanation, SpoolCopy};

use super::{Outcome, ledger};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The camera's serial
    #[arg(value_parser = |text: &str| CameraSerial::new(text))]
    camera: CameraSerial,
}

pub(super) async fn run(config: &Config, args: &Args) -> anyhow::Result<Outcome> {
    let camera = &args.camera;
    let ledger = ledger::open(config).await?;
    let Some(explained) = explain(&ledger, camera, &config.required()).await? else {
        bail!("station {} has never seen camera {camera}", config.station.id);
    };
    let mut out = io::stdout().lock();
    explained.segments.iter().try_for_each(|segment| print(&mut out, segment))?;
    for problem in &explained.problems {
        writeln!(out, "{}", problem.path)?;
        line(&mut out, false, &format!("problem {}: {}", problem.id, problem.kind))?;
    }
    let known = || explained.segments.iter().map(|segment| &segment.known);
    let unwiped = known().filter(|known| known.wiped_at.is_none()).count();
    writeln!(out, "\n{}, {unwiped} not wiped", counted(explained.segments.len() as u64, "segment"))?;
    let needed = !explained.problems.is_empty() || known().any(|known| !known.problems.is_empty());
    Ok(if needed { Outcome::NeedsPerson } else { Outcome::Fine })
}

fn print(out: &mut impl Write, explained: &ExplainedSegment) -> io::Result<()> {
    let ExplainedSegment { known, conditions } = explained;
    let segment = &known.segment;
    writeln!(out, "{}  {}  sha256 {}", segment.path, segment.fingerprint.size, segment.fingerprint.sha256)?;
    let taken = match known.spool {
        SpoolCopy::Present => "it was read from the camera, and is in the spool, durable and compared",
        SpoolCopy::Released => "it was read from the camera; the spool copy was removed after every proof",
        SpoolCopy::Lost => "it was read from the camera; its spool copy went missing: dock the camera again",
    };
    line(out, true, taken)?;
    for (condition, met) in conditions {
        let note = note(known, condition, met.is_ok());
        line(out, met.is_ok(), &format!("{condition}{note}"))?;
    }
    for problem in &known.problems {
        line(out, false, &format!("problem {}: {}", problem.id, problem.kind))?;
    }
    Ok(())
}

fn line(out: &mut impl Write, met: bool, text: &str) -> io::Result<()> {
    writeln!(out, "  [{}] {text}", if met { "  met" } else { "unmet" })
}

/// What is known beyond whether it is met.
fn note(known: &Explanation, condition: &WipeCondition, met: bool) -> String {
    match condition {
        WipeCondition::SomethingIsRequired | WipeCondition::EveryByteWasRead if met => String::new(),
        WipeCondition::SomethingIsRequired => ": none is, so nothing can be proven".to_owned(),
        WipeCondition::EveryByteWasRead => ": some cannot, so the original is kept".to_owned(),
        WipeCondition::CopyIsProven(destination) => copy(known, destination),
        WipeCondition::SourceIsTheSegment => match known.wiped_at {
            Some(at) => format!(": the file is gone from the camera, as a listing showed at {at}"),
            None => ": it is read again, compared, and deleted when everything else is met".to_owned(),
        },
    }
}

fn copy(known: &Explanation, destination: &DestinationName) -> String {
    let copy = known.copies.iter().find(|copy| copy.destination == *destination);
    let again = if known.wiped_at.is_some() { "" } else { "; it is asked again before the wipe" };
    match copy.map(|copy| (copy.state, copy.method)) {
        Some((DeliveryState::Proven, Some(method))) => format!(" ({method}){again}"),
        Some((DeliveryState::Proven, None)) => again.to_owned(),
        Some((DeliveryState::Queued, _)) => ": not yet, it is queued".to_owned(),
        Some((DeliveryState::Problem, _)) => ": no, a person must look at it; see below".to_owned(),
        Some((DeliveryState::Stranded, _)) => ": no, and there is no spool copy: dock the camera again".to_owned(),
        None => ": no, it is not queued".to_owned(),
    }
}
