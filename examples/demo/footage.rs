//! What the demo's cameras have recorded.
//!
//! Promises: generated footage is playable; one's own footage is copied and never touched; the SHA-256 of each segment
//! is taken here, before any part of the station has seen it.

use std::fs::{File, FileTimes};
use std::io::{self, Read as _, Write};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use camdock::daemon::SystemClock;
use camdock::domain::{ByteCount, CameraSerial, Clock as _, Sha256, SourcePath};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::mp4;

/// How many cameras there are.
pub(super) const CAMERAS: usize = 4;
const SHIFT: Duration = Duration::from_hours(8);
const PIECE: usize = 256 << 10;

/// Where the footage comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Source {
    /// The demo makes it.
    Generated(Amount),
    /// Every regular file below this folder.
    Folder(PathBuf),
}

/// How much footage is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Amount {
    /// A shift's worth in miniature: 400 MiB.
    Full,
    /// For tests: 1.5 MiB.
    Small,
}

impl Amount {
    /// The sizes of each camera's segments.
    fn sizes(self) -> [Vec<ByteCount>; CAMERAS] {
        let mib: [&[u64]; CAMERAS] =
            [&[40, 32, 24, 8, 1], &[36, 30, 20, 3], &[40, 40, 16, 12, 5, 2], &[28, 24, 18, 14, 6, 1]];
        match self {
            Self::Full => mib.map(|sizes| sizes.iter().map(|size| ByteCount::new(size << 20)).collect()),
            Self::Small => mib.map(|_| vec![ByteCount::new(200 << 10); 2]),
        }
    }
}

/// What one camera held before it was docked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Recorded {
    pub(super) camera: CameraSerial,
    pub(super) segments: Vec<RecordedSegment>,
}

impl Recorded {
    pub(super) fn bytes(&self) -> ByteCount {
        self.segments.iter().map(|segment| segment.size).sum()
    }
}

/// One file as it was before its camera was docked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RecordedSegment {
    pub(super) path: SourcePath,
    pub(super) size: ByteCount,
    pub(super) sha256: Sha256,
}

/// `1 file`, `2 files`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A segment to be put on a camera.
struct Take {
    /// Below the camera's folder.
    path: PathBuf,
    size: ByteCount,
    recorded_at: SystemTime,
    origin: Origin,
}

enum Origin {
    Seed(u64),
    File(PathBuf),
}

/// What goes on which camera.
pub(super) struct Takes {
    cameras: [Vec<Take>; CAMERAS],
    /// Entries of one's own folder that are no regular files.
    pub(super) left_out: usize,
}

impl Takes {
    /// Plans; nothing is written. Blocks.
    pub(super) fn plan(source: &Source) -> anyhow::Result<Self> {
        match source {
            Source::Generated(amount) => Ok(Self { cameras: generated(*amount), left_out: 0 }),
            Source::Folder(folder) => own(folder),
        }
    }

    pub(super) fn bytes(&self) -> ByteCount {
        self.cameras.iter().flatten().map(|take| take.size).sum()
    }

    /// Puts the cameras into `folder`, each a folder by the name of its serial. `progress` is told of bytes written, and
    /// may put an end to it. Blocks.
    pub(super) fn record(
        self,
        folder: &Path,
        progress: &dyn Fn(u64) -> io::Result<()>,
    ) -> anyhow::Result<Vec<Recorded>> {
        let mut cameras = Vec::new();
        for (index, takes) in self.cameras.into_iter().enumerate().filter(|(_, takes)| !takes.is_empty()) {
            let camera = CameraSerial::new(format!("BWC-{:04}", index + 1))?;
            let root = folder.join(camera.as_str());
            let segments = takes.iter().map(|take| {
                record(take, &root, progress).with_context(|| format!("{} cannot be prepared", take.path.display()))
            });
            cameras.push(Recorded { segments: segments.collect::<anyhow::Result<_>>()?, camera });
        }
        Ok(cameras)
    }
}

fn generated(amount: Amount) -> [Vec<Take>; CAMERAS] {
    let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(SystemClock.now().millis()).unwrap_or(0));
    let mut seed = 0;
    amount.sizes().map(|sizes| {
        let pause = SHIFT / u32::try_from(sizes.len()).unwrap_or(u32::MAX);
        let mut recorded_at = now - SHIFT;
        let takes = sizes.into_iter().enumerate().map(|(index, size)| {
            (seed, recorded_at) = (seed + 1, recorded_at + pause);
            let path = format!("DCIM/100BWCAM/CLIP{:04}.MP4", index + 1).into();
            Take { path, size, recorded_at, origin: Origin::Seed(seed) }
        });
        takes.collect()
    })
}

/// Gives each file in turn to the camera that holds least.
fn own(folder: &Path) -> anyhow::Result<Takes> {
    let mut found = Found::default();
    find(folder, Path::new("DCIM"), &mut found)?;
    if found.takes.is_empty() {
        bail!("there are no files in {}; name a folder that holds some", folder.display());
    }
    found.takes.sort_by(|one, other| one.path.cmp(&other.path));
    let mut cameras: [Vec<Take>; CAMERAS] = Default::default();
    let mut held = [(ByteCount::default(), 0_usize); CAMERAS];
    for take in found.takes {
        let least = (0..CAMERAS).min_by_key(|camera| held[*camera]).unwrap_or(0);
        held[least] = (held[least].0 + take.size, held[least].1 + 1);
        cameras[least].push(take);
    }
    Ok(Takes { cameras, left_out: found.left_out })
}

#[derive(Default)]
struct Found {
    takes: Vec<Take>,
    left_out: usize,
}

fn find(folder: &Path, path: &Path, found: &mut Found) -> anyhow::Result<()> {
    let unreadable = || format!("{} cannot be listed", folder.display());
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let (origin, path) = (entry.path(), path.join(entry.file_name()));
        let metadata = entry.metadata().with_context(unreadable)?;
        if metadata.is_dir() {
            find(&origin, &path, found)?;
        } else if metadata.is_file() {
            let (size, recorded_at) = (ByteCount::new(metadata.len()), metadata.modified()?);
            found.takes.push(Take { path, size, recorded_at, origin: Origin::File(origin) });
        } else {
            found.left_out += 1;
        }
    }
    Ok(())
}

fn record(take: &Take, root: &Path, progress: &dyn Fn(u64) -> io::Result<()>) -> io::Result<RecordedSegment> {
    let file = root.join(&take.path);
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut out = Hashing { file: File::create(&file)?, hasher: sha2::Sha256::new(), length: 0, progress };
    match &take.origin {
        Origin::Seed(seed) => mp4::write(&mut out, take.size, *seed)?,
        Origin::File(origin) => copy(&mut File::open(origin)?, &mut out)?,
    }
    out.file.set_times(FileTimes::new().set_modified(take.recorded_at))?;
    let path = SourcePath::new(take.path.clone().into_os_string().into_vec());
    Ok(RecordedSegment { path, size: ByteCount::new(out.length), sha256: out.sha256() })
}

fn copy(from: &mut File, to: &mut impl Write) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(()),
            length => to.write_all(&piece[..length])?,
        }
    }
}

/// The SHA-256 of a file. Blocks.
pub(super) fn sha256_of(file: &Path) -> io::Result<Sha256> {
    let mut out = Hashing { file: io::sink(), hasher: sha2::Sha256::new(), length: 0, progress: &|_| Ok(()) };
    copy(&mut File::open(file)?, &mut out)?;
    Ok(out.sha256())
}

struct Hashing<'a, W> {
    file: W,
    hasher: sha2::Sha256,
    length: u64,
    progress: &'a dyn Fn(u64) -> io::Result<()>,
}

impl<W> Hashing<'_, W> {
    fn sha256(self) -> Sha256 {
        Sha256::from_bytes(self.hasher.finalize().into())
    }
}

impl<W: Write> Write for Hashing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.length += written as u64;
        (self.progress)(written as u64)?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
