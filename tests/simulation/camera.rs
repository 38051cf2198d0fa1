//! Cameras: what they hold, and the port through which a station sees one of them.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use camdock::camera::{CameraError, Condition, Kept, Listing, NotDeleted, Piece, Reading, SourceReader};
use camdock::custody::WipePermit;
use camdock::domain::{
    ByteCount, CameraSerial, DockingId, MediumId, Moment, Oddity, OddityKind, SourceFile, SourceKind, SourcePath,
};

use crate::chaos::Fault;
use crate::mishaps;
use crate::oracle;
use crate::world::{ByPath, Life, World, look};

/// How well a file can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    Wholly,
    /// Not these bytes.
    Partly(usize, usize),
    /// Differently each time.
    Unsteadily,
    Refused,
}

/// Whether a file can be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletes {
    Freely,
    Refused,
    /// Somebody has it open.
    InUse,
}

#[derive(Debug, Clone)]
pub(crate) struct File {
    pub content: Vec<u8>,
    pub modified: Moment,
    pub stamp: u64,
    pub reads: Reads,
    pub deletes: Deletes,
    /// How often it read differently: no two readings are the same.
    pub disturbances: u8,
    /// Which evidence it is.
    pub evidence: usize,
    /// Who has it open and writes on.
    pub writer: Option<Writer>,
}

/// A program that has a file open, and writes to it now and then.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub pause: Duration,
    pub next: Duration,
    /// So often it still writes, before it closes the file.
    pub left: u32,
}

impl File {
    /// A healthy one.
    pub(crate) const fn new(content: Vec<u8>, modified: Moment, stamp: u64, evidence: usize) -> Self {
        Self {
            content,
            modified,
            stamp,
            reads: Reads::Wholly,
            deletes: Deletes::Freely,
            disturbances: 0,
            evidence,
            writer: None,
        }
    }
}

/// Where a camera is docked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub station: usize,
    pub bay: usize,
}

pub(crate) struct Camera {
    pub serial: CameraSerial,
    pub files: ByPath<File>,
    pub links: Vec<String>,
    pub docked: Option<Place>,
    /// How often it was put into a bay or taken out.
    pub moves: u64,
    /// Whether a person put it aside, so that another with its serial can be served.
    pub set_aside: bool,
    /// How long a file must rest.
    pub quiet: Duration,
    /// Whether its file system tells that a file is open.
    pub leases: bool,
    /// Files that are made anew after each deletion, and how often still.
    pub makes_anew: ByPath<u32>,
    /// What is made anew, and when, with what it was.
    pub to_make: Vec<(Duration, String, File)>,
    pub read_only_until: Duration,
    /// Until when its folder cannot be looked into.
    pub blind_until: Duration,
    /// Until when none of its files can be read.
    pub dead_until: Duration,
    /// Deleted, but not yet on the medium.
    unsynced: Vec<(String, File)>,
}

impl Camera {
    pub(crate) const fn new(serial: CameraSerial, quiet: Duration, leases: bool) -> Self {
        Self {
            serial,
            files: ByPath::new(),
            links: Vec::new(),
            docked: None,
            moves: 0,
            set_aside: false,
            quiet,
            leases,
            makes_anew: ByPath::new(),
            to_make: Vec::new(),
            read_only_until: Duration::ZERO,
            blind_until: Duration::ZERO,
            dead_until: Duration::ZERO,
            unsynced: Vec::new(),
        }
    }

    pub(crate) fn dock(&mut self, place: Place) {
        self.moves += 1;
        self.docked = Some(place);
    }

    /// Deletions that were not yet on the medium may turn out not to have happened.
    pub(crate) fn pulled_out(&mut self, rng: &mut fastrand::Rng) {
        self.moves += 1;
        self.docked = None;
        self.lose_unsynced(rng);
    }

    pub(crate) fn lose_unsynced(&mut self, rng: &mut fastrand::Rng) {
        for (path, file) in std::mem::take(&mut self.unsynced) {
            if rng.bool() {
                self.files.entry(path).or_insert(file);
            }
        }
    }

    fn listing(&self, now: Duration) -> Listing {
        if now < self.blind_until {
            let oddity = Oddity { path: source_path("DCIM"), kind: OddityKind::Unreadable };
            return Listing { files: Vec::new(), oddities: vec![oddity] };
        }
        Listing {
            files: self.files.iter().map(|(path, file)| listed(path, file)).collect(),
            oddities: self
                .links
                .iter()
                .map(|path| Oddity { path: source_path(path), kind: OddityKind::SymbolicLink })
                .collect(),
        }
    }

    fn same(&self, wanted: &SourceFile) -> Option<&File> {
        self.files.get(&text(&wanted.path)).filter(|file| listed(&text(&wanted.path), file) == *wanted)
    }
}

pub(crate) fn source_path(path: &str) -> SourcePath {
    SourcePath::new(path.as_bytes().to_vec())
}

fn text(path: &SourcePath) -> String {
    String::from_utf8(path.as_bytes().to_vec()).expect("the simulated cameras have tame names")
}

fn listed(path: &str, file: &File) -> SourceFile {
    SourceFile {
        path: source_path(path),
        size: ByteCount::new(file.content.len() as u64),
        modified: file.modified,
        stamp: file.stamp,
        kind: SourceKind::File,
    }
}

/// A camera in a bay, as its station sees it until it is taken out.
pub(crate) struct DockedCamera {
    pub life: Life,
    pub serial: CameraSerial,
    pub docking: DockingId,
    pub camera: usize,
    pub moves: u64,
}

impl DockedCamera {
    /// Whether nothing on it can be read now.
    fn is_dead(&self, world: &World) -> bool {
        world.elapsed() < world.cameras[self.camera].dead_until
    }

    async fn ask<T: Send>(
        &self,
        what: impl FnOnce() -> String + Send,
        answer: impl FnOnce(&mut World) -> Result<T, CameraError> + Send,
    ) -> Result<T, CameraError> {
        let (camera, moves) = (self.camera, self.moves);
        self.life
            .step(
                || format!("camera {camera}: {}", what()),
                |world| {
                    mishaps::go_on(world);
                    if world.cameras[camera].moves == moves { answer(world) } else { Err(CameraError::Gone) }
                },
            )
            .await
    }
}

#[async_trait]
impl camdock::camera::Camera for DockedCamera {
    fn serial(&self) -> &CameraSerial {
        &self.serial
    }

    async fn list(&self) -> Result<Listing, CameraError> {
        let (docking, serial) = (self.docking.to_string(), self.serial.clone());
        self.ask(
            || "list".to_owned(),
            |world| {
                let now = world.elapsed();
                let listing = world.cameras[self.camera].listing(now);
                let entries = listing.files.len() + listing.oddities.len();
                oracle::a_ready_camera_is_bare(world, self.life.station, &serial, &docking, entries);
                Ok(listing)
            },
        )
        .await
    }

    fn condition(&self) -> Condition {
        let world = look(&self.life.world);
        let protected = world.elapsed() < world.cameras[self.camera].read_only_until;
        if protected { Condition::WriteProtected } else { Condition::Sound }
    }

    fn media(&self) -> &[MediumId] {
        &[]
    }

    fn quiet_time(&self) -> Duration {
        look(&self.life.world).cameras[self.camera].quiet
    }

    async fn open(&self, file: &SourceFile, _: Reading) -> Result<Box<dyn SourceReader>, CameraError> {
        let wanted = file.clone();
        let disturbed = self
            .ask(
                || format!("open {}", file.path),
                |world| {
                    let faulty = world.goes_wrong(Fault::FileError) || self.is_dead(world);
                    let camera = &mut world.cameras[self.camera];
                    camera.same(file).ok_or_else(|| CameraError::Changed(file.path.clone()))?;
                    let found = camera.files.get_mut(&text(&file.path)).expect("it is the same");
                    match found.reads {
                        _ if faulty => Err(medium_error(&file.path)),
                        Reads::Refused => Err(medium_error(&file.path)),
                        Reads::Wholly | Reads::Partly(..) => Ok(0),
                        Reads::Unsteadily => {
                            let next = found.disturbances.checked_add(1);
                            found.disturbances = next.ok_or_else(|| medium_error(&file.path))?;
                            Ok(found.disturbances)
                        }
                    }
                },
            )
            .await?;
        let camera = Self { life: self.life.clone(), serial: self.serial.clone(), ..*self };
        Ok(Box::new(OpenFile { camera, file: wanted, at: 0, disturbed }))
    }

    async fn wipe(&self, permit: WipePermit) -> Result<Vec<NotDeleted>, CameraError> {
        let cleared = permit.redeem(&self.serial, self.docking)?;
        let lie = self
            .ask(|| format!("wipe {} files", cleared.files().len()), |world| Ok(world.goes_wrong(Fault::WipeLie)))
            .await?;
        let mut refused = Vec::new();
        for cleared in cleared.files() {
            let path = text(&cleared.file().path);
            let deletes = self
                .ask(
                    || format!("delete {path}"),
                    |world| {
                        let now = world.elapsed();
                        let soon = now + Duration::from_millis(world.rng.u64(1_500..20_000));
                        let camera = &mut world.cameras[self.camera];
                        if now < camera.read_only_until {
                            let source = std::io::Error::from(std::io::ErrorKind::ReadOnlyFilesystem);
                            return Err(CameraError::Device { action: "wiped", source });
                        }
                        let found = camera.same(cleared.file());
                        let deletes = match found {
                            Some(file) if file.writer.is_some() && camera.leases => Deletes::InUse,
                            Some(file) => file.deletes,
                            None => Deletes::Freely,
                        };
                        let cut_off = found.is_some_and(|file| file.writer.is_some());
                        if !lie
                            && deletes == Deletes::Freely
                            && camera.same(cleared.file()).is_some()
                            && let Some(file) = camera.files.remove(&path)
                        {
                            let before = file.clone();
                            camera.unsynced.push((path.clone(), file));
                            if let Some(left) = camera.makes_anew.get_mut(&path)
                                && *left > 0
                            {
                                *left -= 1;
                                camera.to_make.push((soon, path.clone(), before));
                            }
                            world.touched = true;
                            if cut_off {
                                world.fail(|| format!("P1: {path} is deleted while somebody writes it"));
                            }
                        }
                        Ok(deletes)
                    },
                )
                .await?;
            let why = match deletes {
                Deletes::Freely => continue,
                Deletes::Refused => Kept::Refused(std::io::Error::other("the file system does not let it go")),
                Deletes::InUse => Kept::InUse,
            };
            refused.push(NotDeleted { path: cleared.file().path.clone(), why });
        }
        self.ask(
            || "sync".to_owned(),
            |world| {
                world.cameras[self.camera].unsynced.clear();
                Ok(())
            },
        )
        .await?;
        Ok(refused)
    }
}

fn medium_error(path: &SourcePath) -> CameraError {
    CameraError::File { path: path.clone(), source: std::io::Error::other("the medium gives an error") }
}

struct OpenFile {
    camera: DockedCamera,
    file: SourceFile,
    at: usize,
    /// By how much its first byte is wrong in this reading.
    disturbed: u8,
}

#[async_trait]
impl SourceReader for OpenFile {
    async fn next(&mut self) -> Result<Option<Piece>, CameraError> {
        let (camera, at, path) = (self.camera.camera, self.at, self.file.path.clone());
        let disturbed = if at == 0 { self.disturbed } else { 0 };
        let piece = self
            .camera
            .ask(
                || format!("read {path} from {at} on"),
                |world| {
                    let most = world.rng.usize(8..=40);
                    if self.camera.is_dead(world) {
                        return Err(medium_error(&path));
                    }
                    let gone = || CameraError::Changed(path.clone());
                    let file = world.cameras[camera].files.get(&text(&path)).ok_or_else(gone)?;
                    let end = file.content.len().min(at + most);
                    if at >= file.content.len() {
                        return Ok(None);
                    }
                    Ok(Some(match file.reads {
                        Reads::Partly(from, to) if (from..to).contains(&at) => {
                            Piece::Unreadable(ByteCount::new((to.min(file.content.len()) - at) as u64))
                        }
                        Reads::Partly(from, _) if at < from => {
                            Piece::Data(Bytes::copy_from_slice(&file.content[at..end.min(from)]))
                        }
                        Reads::Partly(..) | Reads::Wholly | Reads::Unsteadily => {
                            let mut bytes = file.content[at..end].to_vec();
                            bytes.first_mut().into_iter().for_each(|byte| *byte ^= disturbed);
                            Piece::Data(bytes.into())
                        }
                        Reads::Refused => return Err(medium_error(&path)),
                    }))
                },
            )
            .await?;
        self.at += match &piece {
            Some(Piece::Data(bytes)) => bytes.len(),
            Some(Piece::Unreadable(length)) => usize::try_from(length.get()).expect("files are small"),
            None => 0,
        };
        Ok(piece)
    }

    async fn finish(&mut self) -> Result<(), CameraError> {
        let (camera, file) = (self.camera.camera, &self.file);
        self.camera
            .ask(
                || format!("look at {} again", file.path),
                |world| match world.cameras[camera].same(file) {
                    Some(_) => Ok(()),
                    None => Err(CameraError::Changed(file.path.clone())),
                },
            )
            .await
    }
}
