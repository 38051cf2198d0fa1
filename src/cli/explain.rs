//! `camdock explain`: for each segment of a camera, every condition of the wipe and whether it is met.

use std::io::{self, Write};

use anyhow::bail;
use camdock::audit::{ExplainedSegment, explain};
use camdock::config::Config;
use camdock::custody::WipeCondition;
use camdock::domain::{CameraSerial, DestinationName, counted};
use camdock::ledger::{DeliveryState, Explanation, Gone, Removal, SpoolCopy};
use camdock::words::Words;

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
        line(&mut out, false, &format!("problem {}: {}", problem.id, Words::english().say(problem.kind.clone())))?;
    }
    let known = || explained.segments.iter().map(|segment| &segment.known);
    let unwiped = known().filter(|known| known.gone.is_none()).count();
    let not_by_camdock = known().filter(|known| gone_not_by_camdock(known)).count();
    write!(out, "\n{}, {unwiped} still on the camera", counted(explained.segments.len() as u64, "segment"))?;
    if not_by_camdock > 0 {
        write!(out, ", {not_by_camdock} gone from it, but not by camdock")?;
    }
    writeln!(out)?;
    let needed = !explained.problems.is_empty() || known().any(|known| !known.problems.is_empty());
    Ok(if needed { Outcome::NeedsPerson } else { Outcome::Fine })
}

fn gone_not_by_camdock(known: &Explanation) -> bool {
    known.gone.is_some_and(|gone| gone.how == Removal::NotByCamdock)
}

fn print(out: &mut impl Write, explained: &ExplainedSegment) -> io::Result<()> {
    let ExplainedSegment { known, conditions } = explained;
    let segment = &known.segment;
    writeln!(out, "{}  {}  sha256 {}", segment.path, segment.fingerprint.size, segment.fingerprint.sha256)?;
    let (here, taken) = match (known.spool, known.gone) {
        (SpoolCopy::Present, _) => (true, "it was read from the camera, and is in the spool, durable and compared"),
        (SpoolCopy::Released, _) => (true, "it was read from the camera; the spool copy was removed after every proof"),
        (SpoolCopy::Lost, None) => {
            (false, "it was read from the camera; its spool copy is lost: dock the camera again")
        }
        (SpoolCopy::Lost, Some(_)) => (false, "it was read from the camera; its spool copy is lost"),
    };
    line(out, here, taken)?;
    for (condition, met) in conditions {
        let note = note(known, condition, met.is_ok());
        line(out, met.is_ok(), &format!("{condition}{note}"))?;
    }
    for problem in &known.problems {
        line(out, false, &format!("problem {}: {}", problem.id, Words::english().say(problem.kind.clone())))?;
    }
    if let Some(at) = known.seen_at {
        line(out, false, &format!("it is nowhere, as a person said to have seen at {at}"))?;
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
        WipeCondition::SourceIsTheSegment => match known.gone {
            Some(Gone { at, how: Removal::Wiped }) => {
                format!(": it was compared, and deleted, as a listing showed at {at}")
            }
            Some(Gone { at, how: Removal::Interrupted }) => {
                format!(": it was compared; its deletion was interrupted, and it was gone at the next look, at {at}")
            }
            Some(Gone { at, how: Removal::NotByCamdock }) => {
                format!(": it is gone from the camera, as a listing showed at {at}, but not by camdock")
            }
            None => ": it is read again, compared, and deleted when everything else is met".to_owned(),
        },
    }
}

fn copy(known: &Explanation, destination: &DestinationName) -> String {
    let copy = known.copies.iter().find(|copy| copy.destination == *destination);
    let again = if known.gone.is_some() { "" } else { "; it is asked again before the wipe" };
    match copy.map(|copy| (copy.state, copy.method)) {
        Some((DeliveryState::Proven, Some(method))) => format!(" ({method}){again}"),
        Some((DeliveryState::Proven, None)) => again.to_owned(),
        Some((DeliveryState::Queued, _)) => ": not yet, it is queued".to_owned(),
        Some((DeliveryState::Problem, _)) => ": no, a person must look at it; see below".to_owned(),
        Some((DeliveryState::Stranded, _)) => ": no, and there is no spool copy".to_owned(),
        None => ": no, it is not queued".to_owned(),
    }
}
