//! `camdock unproven`: what would be lost with this machine.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use camdock::audit::unproven;
use camdock::domain::{ByteCount, CameraSerial, counted};
use camdock::words::Words;

use super::Outcome;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Look at this data folder; no configuration is needed then
    #[arg(long, value_name = "FOLDER")]
    pub(super) data_dir: Option<PathBuf>,
}

pub(super) async fn run(data_dir: &Path) -> anyhow::Result<Outcome> {
    let found = unproven(data_dir).await?;
    let mut out = std::io::stdout().lock();
    let folder = data_dir.display();
    if found.segments.is_empty() && found.strangers.is_empty() && found.missing.is_empty() {
        writeln!(out, "{folder}: nothing in the spool waits for a proof")?;
        return Ok(Outcome::Fine);
    }
    let mut cameras: BTreeMap<CameraSerial, (u64, u64)> = BTreeMap::new();
    for segment in found.segments {
        let (segments, bytes) = cameras.entry(segment.camera).or_default();
        *segments += 1;
        *bytes += segment.fingerprint.size.get();
    }
    for (camera, (segments, bytes)) in cameras {
        let (segments, bytes) = (counted(segments, "segment"), ByteCount::new(bytes));
        writeln!(out, "{folder}: camera {camera}: {segments} ({bytes}) not proven")?;
    }
    for file in found.strangers {
        writeln!(out, "{folder}: {}: the ledger does not know this file", file.display())?;
    }
    for problem in found.missing {
        let camera = problem.camera.as_ref().map_or("", CameraSerial::as_str);
        writeln!(out, "{folder}: camera {camera}: {}: {}", problem.path, Words::english().say(problem.kind))?;
    }
    Ok(Outcome::NeedsPerson)
}
