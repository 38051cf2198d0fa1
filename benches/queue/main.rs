//! `queue fill DATA_DIR CAMERAS SEGMENTS`: a stopped station on which so many cameras have left so many segments each, all queued
//! for the destination `sink`, as after weeks without a network. `queue ask DATA_DIR` prints how long the ledger takes for what the
//! station asks it again and again. For `make bench`.
//!
//! The ledger is written by camdock's own code. The spool copies are hard links to a few small files: a start-up that
//! looks for its copies finds them, and the disk does not fill.

mod questions;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use camdock::domain::{
    BayName, ByteCount, CameraSerial, DestinationName, DockingId, Fingerprint, Moment, Need, Segment, SegmentId,
    SourcePath,
};
use camdock::ledger::{Entry, LEDGER_FILE, Ledger, Outcome};

/// Below the number of hard links that ext4 allows to a file, 65,000.
const LINKS_PER_FILE: usize = 50_000;
const CONTENT: &[u8] = b"a short segment\n";
const CHUNK_SIZE: ByteCount = ByteCount::new(8 << 20);
const CACHE_KIB: i64 = 1 << 20;
/// Larger steps are slower: within one, SQLite's savepoint costs the square of the pages it touches.
const PER_STEP: usize = 20;
/// Where everything is queued for.
const DESTINATION: &str = "sink";
/// 2026-01-01T00:00:00Z.
const BEGINNING: Moment = Moment::from_millis(1_767_225_600_000);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["fill", data_dir, cameras, segments] => {
            let cameras = cameras.parse().context("CAMERAS is a whole number")?;
            fill(Path::new(data_dir), cameras, segments.parse().context("SEGMENTS is a whole number")?).await
        }
        ["ask", data_dir] => questions::ask(Path::new(data_dir)).await,
        _ => bail!("usage: queue fill DATA_DIR CAMERAS SEGMENTS | queue ask DATA_DIR"),
    }
}

async fn fill(data_dir: &Path, cameras: usize, segments: usize) -> anyhow::Result<()> {
    let mut spool = LinkedSpool::create(data_dir.join("spool"))?;
    let database = Ledger::connect(&data_dir.join(LEDGER_FILE))?;
    // Nothing in here is evidence: faster, and the same database in the end.
    database.pragma_update(None, "synchronous", "off")?;
    database.pragma_update(None, "cache_size", -CACHE_KIB)?;
    let ledger = Ledger::threaded(database)?;

    let destinations = vec![(DestinationName::new(DESTINATION)?, Need::Required)];
    ledger.record(BEGINNING, vec![Entry::DestinationsSet { destinations }]).await?;
    for camera in 0..cameras {
        for entries in docking(camera, segments, &mut spool)?.chunks(PER_STEP) {
            ledger.record(BEGINNING, entries.to_vec()).await?;
        }
    }
    Ok(())
}

/// The serial of one of the cameras.
fn camera_of(number: usize) -> anyhow::Result<CameraSerial> {
    Ok(CameraSerial::new(format!("QUEUE{number:05}"))?)
}

/// What the log says of one docking that ended with this many segments in the spool.
fn docking(camera: usize, segments: usize, spool: &mut LinkedSpool) -> anyhow::Result<Vec<Entry>> {
    let camera = camera_of(camera)?;
    let docking = DockingId::new(BEGINNING);
    let mut entries = vec![Entry::DockingBegan { docking, camera: camera.clone(), bay: BayName::new("0")? }];
    for index in 0..segments {
        let path = SourcePath::new(format!("DCIM/VID_{index:05}.MP4").into_bytes());
        let fingerprint = Fingerprint::of(CONTENT, CHUNK_SIZE);
        let id = SegmentId::of(&camera, &path, &fingerprint.sha256);
        let segment = Segment { id, camera: camera.clone(), path, recorded_at: BEGINNING, fingerprint, damaged: false };
        spool.add(id)?;
        entries.push(Entry::SegmentSpooled { docking: Some(docking), segment: segment.clone() });
    }
    entries.push(Entry::DockingEnded { docking, outcome: Outcome::TakenEarly });
    Ok(entries)
}

/// Spool copies where the daemon looks for them, all with the same content.
struct LinkedSpool {
    folder: PathBuf,
    links: usize,
}

impl LinkedSpool {
    fn create(folder: PathBuf) -> anyhow::Result<Self> {
        for shard in 0..=u8::MAX {
            std::fs::create_dir_all(folder.join("segments").join(format!("{shard:02x}")))?;
        }
        Ok(Self { folder, links: 0 })
    }

    fn add(&mut self, segment: SegmentId) -> anyhow::Result<()> {
        let origin = self.folder.join(format!("origin-{}", self.links / LINKS_PER_FILE));
        if self.links.is_multiple_of(LINKS_PER_FILE) {
            std::fs::write(&origin, CONTENT)?;
        }
        self.links += 1;
        let name = segment.to_string();
        std::fs::hard_link(origin, self.folder.join("segments").join(&name[..2]).join(name))?;
        Ok(())
    }
}
