//! `camdock unproven`: what would be lost with this machine.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use camdock::domain::{ByteCount, CameraSerial, Segment, counted};
use camdock::station::unproven;

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
    if found.segments.is_empty() && found.strangers.is_empty() {
        writeln!(out, "{folder}: nothing in the spool waits for a proof")?;
        return Ok(Outcome::Fine);
    }
    for (camera, segments, bytes) in by_camera(&found.segments) {
        writeln!(out, "{folder}: camera {camera}: {} ({bytes}) not proven", counted(segments, "segment"))?;
    }
    for file in found.strangers {
        writeln!(out, "{folder}: {}: the ledger does not know this file", file.display())?;
    }
    Ok(Outcome::NeedsPerson)
}

fn by_camera(segments: &[Segment]) -> Vec<(CameraSerial, u64, ByteCount)> {
    let cameras: BTreeSet<&CameraSerial> = segments.iter().map(|segment| &segment.camera).collect();
    let sums = cameras.into_iter().map(|camera| {
        let sizes = segments.iter().filter(|segment| segment.camera == *camera).map(|found| found.fingerprint.size.get());
        let (count, bytes) = sizes.fold((0, 0), |(count, sum), size| (count + 1, sum + size));
        (camera.clone(), count, ByteCount::new(bytes))
    });
    sums.collect()
}
