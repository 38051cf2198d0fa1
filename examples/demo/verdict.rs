//! Whether the demo came out well, looked at from outside: what the destination holds now against what the cameras held
//! before they were docked.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use camdock::config::Config;
use camdock::domain::{BayName, ByteCount, ObjectName, ProofMethod, Sha256, SourcePath};
use camdock::ledger::{Explanation, LEDGER_FILE, Ledger};
use futures::{StreamExt as _, TryStreamExt as _};
use indicatif::ProgressBar;

use super::cloud::{CONTAINER, Cloud};
use super::footage::{Recorded, RecordedSegment, counted, sha256_of};
use super::stage::{Stage, bays};

/// So many copies are read at once.
const READERS: usize = 2;
/// So many digits of each SHA-256 are shown; all are compared.
const DIGITS: usize = 8;

/// Where the copies are read from.
pub(super) enum Destination<'a> {
    Folder,
    Azure(&'a Cloud),
}

impl Destination<'_> {
    async fn sha256_of(&self, stage: &Stage, object: &ObjectName) -> anyhow::Result<Sha256> {
        match self {
            Self::Azure(cloud) => cloud.sha256_of(object).await,
            Self::Folder => {
                let file = stage.evidence().join(object.as_str());
                Ok(tokio::task::spawn_blocking(move || sha256_of(&file)).await??)
            }
        }
    }

    fn shown(&self, stage: &Stage) -> String {
        match self {
            Self::Folder => stage.evidence().display().to_string(),
            Self::Azure(cloud) => format!("{}/{CONTAINER}", cloud.endpoint()),
        }
    }
}

/// What became of the footage.
pub(super) struct Inspection {
    /// For people.
    pub(super) table: String,
    /// What is not as it should be, a sentence each.
    pub(super) wrong: Vec<String>,
    /// Everything that was recorded.
    pub(super) segments: usize,
    pub(super) bytes: ByteCount,
}

/// A line of the table.
struct Line {
    name: String,
    size: String,
    sha256: String,
    method: String,
    object: String,
    found: Found,
}

enum Found {
    Equal,
    Wrong(String),
}

/// Reads every copy and looks at every camera.
pub(super) async fn verdict(
    stage: &Stage,
    config: &Config,
    recorded: &[Recorded],
    destination: &Destination<'_>,
    bar: &ProgressBar,
) -> anyhow::Result<Inspection> {
    let ledger = Ledger::look_only(&config.station.data_dir.join(LEDGER_FILE))?;
    let segments = recorded.iter().map(|camera| camera.segments.len()).sum();
    let bytes = recorded.iter().map(Recorded::bytes).sum();
    let mut verdict = Inspection { table: String::new(), wrong: Vec::new(), segments, bytes };
    let mut cameras = Vec::new();
    for (bay, recorded) in bays().zip(recorded) {
        let known = ledger.explain(&recorded.camera).await?;
        let lines = futures::stream::iter(&recorded.segments).map(|segment| {
            let known = known.iter().find(|known| known.segment.path == segment.path);
            let line = look(stage, destination, segment, known);
            async { line.await.inspect(|_| bar.inc(segment.size.get())) }
        });
        let lines: Vec<Line> = lines.buffered(READERS).try_collect().await?;
        for line in &lines {
            if let Found::Wrong(what) = &line.found {
                verdict.wrong.push(format!("{} of {}: {what}", line.name, recorded.camera));
            }
        }
        let left = left_on_camera(&stage.docked(&bay, &recorded.camera))
            .with_context(|| format!("camera {} cannot be looked at", recorded.camera))?;
        if left > 0 {
            verdict.wrong.push(format!("{} left on {}", counted(left, "file"), recorded.camera));
        }
        cameras.push((bay, recorded, lines, left));
    }
    verdict.table = table(&cameras, &destination.shown(stage))?;
    Ok(verdict)
}

async fn look(
    stage: &Stage,
    destination: &Destination<'_>,
    recorded: &RecordedSegment,
    known: Option<&Explanation>,
) -> anyhow::Result<Line> {
    let method = known.and_then(|known| known.copies.iter().find_map(|copy| copy.method));
    let object = known.map(|known| known.segment.object_name());
    let found = match &object {
        None => Found::Wrong("the station never saw it".to_owned()),
        Some(object) => match destination.sha256_of(stage, object).await {
            Ok(sha256) if sha256 == recorded.sha256 => Found::Equal,
            Ok(sha256) => Found::Wrong(format!("the destination holds something else, with SHA-256 {sha256}")),
            Err(error) => Found::Wrong(format!("the destination's copy cannot be read: {error:#}")),
        },
    };
    Ok(Line {
        name: SourcePath::new(recorded.path.file_name().to_vec()).to_string(),
        size: recorded.size.to_string(),
        sha256: recorded.sha256.to_string()[..DIGITS].to_owned(),
        method: method.as_ref().map_or("nothing".to_owned(), ProofMethod::to_string),
        object: object.map_or("nowhere".to_owned(), |object| object.to_string()),
        found,
    })
}

/// How many files a camera still holds.
fn left_on_camera(folder: &Path) -> std::io::Result<usize> {
    let mut left = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        left += if entry.file_type()?.is_dir() { left_on_camera(&entry.path())? } else { 1 };
    }
    Ok(left)
}

fn table(cameras: &[(BayName, &Recorded, Vec<Line>, usize)], destination: &str) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let all = || cameras.iter().flat_map(|(_, _, lines, _)| lines);
    let widest = |column: &dyn Fn(&Line) -> &str| all().map(|line| column(line).chars().count()).max().unwrap_or(0);
    let (names, sizes) = (widest(&|line| &line.name).max(7), widest(&|line| &line.size).max(5));
    writeln!(text, "Everything lies below {destination}:\n")?;
    writeln!(text, "  {:<names$}  {:>sizes$}  {:<8}  {:<10}  lies at", "segment", "bytes", "proof", "SHA-256")?;
    for (bay, recorded, lines, left) in cameras {
        let (count, bytes) = (counted(recorded.segments.len(), "segment"), recorded.bytes());
        let state = if *left == 0 {
            "the camera is empty".to_owned()
        } else {
            format!("{} left on it", counted(*left, "file"))
        };
        writeln!(text, "{}, bay {bay}: {count}, {bytes}; {state}", recorded.camera)?;
        for Line { name, size, sha256, method, object, found } in lines {
            let equal = if matches!(found, Found::Equal) { '=' } else { '≠' };
            writeln!(text, "  {name:<names$}  {size:>sizes$}  {method:<8}  {equal} {sha256}  {object}")?;
        }
    }
    Ok(text)
}
