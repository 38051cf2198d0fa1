//! `camdock explain`: for each segment of a camera, every condition of the wipe and whether it is met.

use std::io::{self, Write};

use anyhow::bail;
use camdock::audit::explain;
use camdock::config::Config;
use camdock::domain::{CameraSerial, ExplainedSegment, Explanation, Problem, Removal, Verdict, counted};
use camdock::words::{Text, Words};

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
        line(&mut out, Verdict::Unmet, &about(problem))?;
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
    known.removal() == Some(Removal::NotByCamdock)
}

fn print(out: &mut impl Write, explained: &ExplainedSegment) -> io::Result<()> {
    let ExplainedSegment { known, conditions } = explained;
    let (segment, words) = (&known.segment, Words::english());
    writeln!(out, "{}  {}  sha256 {}", segment.path, segment.fingerprint.size, segment.fingerprint.sha256)?;
    for judgement in conditions {
        line(out, judgement.verdict, &words.judgement(judgement))?;
    }
    for problem in &known.problems {
        line(out, Verdict::Unmet, &about(problem))?;
    }
    if let Some(at) = known.seen_at {
        line(out, Verdict::Unmet, &words.text(&Text::SegmentSeen { at }))?;
    }
    Ok(())
}

fn about(problem: &Problem) -> String {
    let words = Words::english();
    words.text(&Text::SegmentProblem { problem: problem.id, message: words.say(problem.kind.clone()) })
}

fn line(out: &mut impl Write, verdict: Verdict, text: &str) -> io::Result<()> {
    writeln!(out, "  [{:>5}] {text}", Words::english().text(&Text::VerdictWord { verdict }))
}
