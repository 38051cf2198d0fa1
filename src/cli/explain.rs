//! `camdock explain`: for each segment of a camera, every condition of the wipe and whether it is met.

use std::collections::BTreeSet;
use std::io::Write as _;

use anyhow::bail;
use camdock::config::Config;
use camdock::domain::{CameraSerial, DestinationName, counted};
use camdock::ledger::{DeliveryState, Explanation, LEDGER_FILE, Ledger, SpoolCopy};

use super::Outcome;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The camera's serial
    camera: String,
}

pub(super) async fn run(config: &Config, args: &Args) -> anyhow::Result<Outcome> {
    let camera = CameraSerial::new(args.camera.clone())?;
    let ledger = Ledger::look_only(&config.station.data_dir.join(LEDGER_FILE))?;
    let segments = ledger.explain(&camera).await?;
    let problems = ledger.problems(Some(camera.clone())).await?;
    if segments.is_empty() && problems.is_empty() {
        bail!("station {} has never seen camera {camera}", config.station.id);
    }
    let required = config.required();
    let mut out = std::io::stdout().lock();
    let unmet = segments.iter().filter(|segment| !print(&mut out, segment, &required).unwrap_or(false)).count();
    for problem in problems.iter().filter(|problem| problem.segment.is_none()) {
        writeln!(out, "{}\n  [unmet] problem {}: {}", problem.path, problem.id, problem.kind)?;
    }
    writeln!(out, "\n{}, {unmet} not wiped", counted(segments.len() as u64, "segment"))?;
    Ok(if problems.is_empty() { Outcome::Fine } else { Outcome::NeedsPerson })
}

/// Prints one segment; returns whether it is wiped.
fn print(
    out: &mut impl std::io::Write,
    explained: &Explanation,
    required: &BTreeSet<DestinationName>,
) -> std::io::Result<bool> {
    let segment = &explained.segment;
    writeln!(out, "{}  {}  sha256 {}", segment.path, segment.fingerprint.size, segment.fingerprint.sha256)?;
    let mut line = |met: bool, text: String| writeln!(out, "  [{}] {text}", if met { "  met" } else { "unmet" });
    line(
        true,
        match explained.spool {
            SpoolCopy::Present => "read from the camera; in the spool, durable and compared".to_owned(),
            SpoolCopy::Released => "read from the camera; the spool copy was removed after every proof".to_owned(),
            SpoolCopy::Lost => "read from the camera; its spool copy went missing: dock the camera again".to_owned(),
        },
    )?;
    line(
        !segment.damaged,
        if segment.damaged {
            "some bytes cannot be read: the original is kept".to_owned()
        } else {
            "every byte could be read".to_owned()
        },
    )?;
    let again = if explained.wiped_at.is_some() { "" } else { "; it is asked again before the wipe" };
    for destination in required {
        let copy = explained.copies.iter().find(|copy| copy.destination == *destination);
        let (met, text) = match copy.map(|copy| (copy.state, copy.method)) {
            Some((DeliveryState::Proven, Some(method))) => (true, format!("proven ({method}){again}")),
            Some((DeliveryState::Proven, None)) => (true, format!("proven{again}")),
            Some((DeliveryState::Queued, _)) => (false, "not proven yet: queued".to_owned()),
            Some((DeliveryState::Problem, _)) => (false, "a person must look at it; see below".to_owned()),
            Some((DeliveryState::Stranded, _)) => {
                (false, "not proven, and no spool copy: dock the camera again".to_owned())
            }
            None => (false, "not queued".to_owned()),
        };
        line(met, format!("{destination}: {text}"))?;
    }
    for problem in &explained.problems {
        line(false, format!("problem {}: {}", problem.id, problem.kind))?;
    }
    match explained.wiped_at {
        Some(at) => line(true, format!("the camera's file was read again, compared, and deleted; seen gone at {at}"))?,
        None => {
            line(false, "the camera's file is read again, compared, and deleted when all of this is met".to_owned())?;
        }
    }
    Ok(explained.wiped_at.is_some())
}
