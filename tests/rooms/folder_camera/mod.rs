//! A camera that is a folder, with every trap that a folder can set.

mod listing;
mod reading;
mod wiping;

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use camdock::camera::{Camera, CameraError, FolderCamera, Piece, Reading, SourceReader};
use camdock::domain::{CameraSerial, DockingId, OddityKind, SourceFile, SourcePath};
use rustix::fs::Mode;
use tempfile::TempDir;

/// A camera in a folder of its own, beside which other things may lie.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: TempDir::new().unwrap() };
        std::fs::create_dir(bench.root()).unwrap();
        bench
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("BWC-1")
    }

    /// A path on the camera.
    fn on(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// A path beside the camera.
    fn beside(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        std::fs::create_dir_all(self.on(path).parent().unwrap()).unwrap();
        std::fs::write(self.on(path), content).unwrap();
    }

    fn camera(&self) -> FolderCamera {
        camera_at(&self.root())
    }
}

/// The docking that these tests are about.
pub(crate) fn docking() -> DockingId {
    DockingId::parse("019b7628-0000-7000-8000-000000000001").unwrap()
}

fn serial() -> CameraSerial {
    CameraSerial::new("BWC-1").unwrap()
}

fn camera_at(root: &Path) -> FolderCamera {
    FolderCamera::open(root.to_owned(), serial(), docking(), Duration::ZERO).unwrap()
}

fn path(path: impl Into<Vec<u8>>) -> SourcePath {
    SourcePath::new(path.into())
}

/// The paths of all listed files.
async fn listed(camera: &FolderCamera) -> Vec<String> {
    camera.list().await.unwrap().files.iter().map(|file| file.path.to_string()).collect()
}

/// Everything on the camera that is no readable regular file.
async fn oddities(camera: &FolderCamera) -> Vec<(String, OddityKind)> {
    camera.list().await.unwrap().oddities.into_iter().map(|oddity| (oddity.path.to_string(), oddity.kind)).collect()
}

/// The listed file of that name.
async fn find(camera: &FolderCamera, name: &str) -> SourceFile {
    let files = camera.list().await.unwrap().files;
    files.into_iter().find(|file| file.path == path(name)).expect("it is not listed")
}

/// The rest of a file, with the lengths of the stretches that could not be read; and the last look at it.
async fn drain(reader: &mut dyn SourceReader) -> Result<Vec<Result<Vec<u8>, u64>>, CameraError> {
    let stretches = pieces(reader).await?;
    reader.finish().await?;
    Ok(stretches)
}

/// The rest of a file, without the last look at it.
async fn pieces(reader: &mut dyn SourceReader) -> Result<Vec<Result<Vec<u8>, u64>>, CameraError> {
    let mut stretches: Vec<Result<Vec<u8>, u64>> = Vec::new();
    while let Some(piece) = reader.next().await? {
        match (piece, stretches.last_mut()) {
            (Piece::Data(data), Some(Ok(before))) => before.extend_from_slice(&data),
            (Piece::Data(data), _) => stretches.push(Ok(data.to_vec())),
            (Piece::Unreadable(length), Some(Err(before))) => *before += length.get(),
            (Piece::Unreadable(length), _) => stretches.push(Err(length.get())),
        }
    }
    Ok(stretches)
}

/// The whole of a healthy file.
async fn read(camera: &FolderCamera, file: &SourceFile, reading: Reading) -> Result<Vec<u8>, CameraError> {
    let mut reader = camera.open(file, reading).await?;
    let stretches = drain(reader.as_mut()).await?;
    Ok(stretches.into_iter().flat_map(|stretch| stretch.expect("a part is unreadable")).collect())
}

/// Bytes of which no two neighbouring blocks are alike.
fn footage(length: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(length as u64);
    let mut content = vec![0; length];
    rng.fill(&mut content);
    content
}

/// Makes folders one inside the other, deeper than a path can say, and returns the last one.
fn dig(from: &Path, name: &str, depth: usize) -> OwnedFd {
    (0..depth).fold(OwnedFd::from(File::open(from).unwrap()), |folder, _| {
        rustix::fs::mkdirat(&folder, name, Mode::RWXU).unwrap();
        let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::DIRECTORY;
        rustix::fs::openat(&folder, name, flags, Mode::empty()).unwrap()
    })
}

/// Runs the named test again in a process of its own, started by `wrapper`, which restricts or separates it. Returns
/// whether this is that second run.
fn again_under(wrapper: &[&str], test: &str) -> bool {
    const MARK: &str = "CAMDOCK_TEST_WRAPPED";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    // Removed out here, where nothing is mounted in it.
    let scratch = TempDir::new().unwrap();
    let output = Command::new(wrapper[0])
        .args(&wrapper[1..])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("folder_camera::{test}"), "--nocapture"])
        .env(MARK, "1")
        .env("TMPDIR", scratch.path())
        .output()
        .expect("this test needs the package util-linux");
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text)).concat();
    assert!(output.status.success(), "it failed under {wrapper:?}, which needs CAP_SYS_ADMIN: run it as root\n{said}");
    assert!(said.contains("1 passed"), "there is no such test: {said}");
    false
}

fn mount(arguments: &[&str], at: &Path) {
    let status = Command::new("mount").args(arguments).arg(at).status().unwrap();
    assert!(status.success(), "mount {arguments:?} failed; this test needs CAP_SYS_ADMIN, so run it as root");
}
