//! Cameras: disk images with footage on them, and what is left on them afterwards.
//!
//! Promises: the images are made by the file systems' own tools and read back by a forensic reader that shares no code
//! with the guest; nothing here mounts a camera that was docked.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use camdock_test_support::footage::{Footage, sha256};
use tempfile::TempDir;
use tokio::process::Command;

use super::exfat;
use super::machine::{Medium, run};

const SECTOR: u64 = 512;
/// Where a camera's only partition begins.
const FIRST: u64 = 2048 * SECTOR;
const MIB: u64 = 1 << 20;

/// How a camera keeps its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileSystem {
    Fat32,
    ExFat,
    Ext4,
}

impl FileSystem {
    /// The least that one takes, in bytes: fewer clusters would make no FAT32.
    fn smallest(self) -> u64 {
        match self {
            Self::Fat32 => 40 * MIB,
            Self::ExFat | Self::Ext4 => 8 * MIB,
        }
    }

    /// Its number in a table of partitions.
    fn partition_type(self) -> u8 {
        match self {
            Self::Fat32 => 0x0C,
            Self::ExFat => 0x07,
            Self::Ext4 => 0x83,
        }
    }
}

/// A camera's medium.
#[derive(Debug)]
pub(crate) struct Camera {
    pub(crate) serial: String,
    /// What was recorded on it.
    pub(crate) footage: Footage,
    image: PathBuf,
    /// Where each partition begins, in bytes.
    partitions: Vec<u64>,
    _folder: TempDir,
}

impl Camera {
    /// A camera with one partition.
    pub(crate) async fn new(serial: &str, kind: FileSystem, footage: Footage) -> Self {
        Self::with_partitions(serial, &[(kind, footage)]).await
    }

    /// A camera with several partitions, each with footage of its own.
    pub(crate) async fn with_partitions(serial: &str, contents: &[(FileSystem, Footage)]) -> Self {
        let folder = TempDir::new().unwrap();
        let image = folder.path().join("camera.img");
        let disk = File::create(&image).unwrap();
        let mut table = vec![0; 512];
        let (mut begin, mut partitions) = (FIRST, Vec::new());
        for (slot, (kind, footage)) in contents.iter().enumerate() {
            let part = file_system(folder.path(), *kind, footage).await;
            let length = part.metadata().unwrap().len();
            let mut entry = [0, 0xFE, 0xFF, 0xFF, kind.partition_type(), 0xFE, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0];
            entry[8..12].copy_from_slice(&u32::try_from(begin / SECTOR).unwrap().to_le_bytes());
            entry[12..16].copy_from_slice(&u32::try_from(length / SECTOR).unwrap().to_le_bytes());
            table[446 + 16 * slot..][..16].copy_from_slice(&entry);
            copy(&part, &disk, begin);
            partitions.push(begin);
            begin = (begin + length).next_multiple_of(MIB);
        }
        table[510..].copy_from_slice(&[0x55, 0xAA]);
        disk.write_all_at(&table, 0).unwrap();
        disk.set_len(begin).unwrap();
        let files = contents.iter().flat_map(|(_, footage)| footage.files.clone()).collect();
        let footage = Footage { serial: serial.to_owned(), files };
        Self { serial: serial.to_owned(), footage, image, partitions, _folder: folder }
    }

    pub(crate) fn image(&self) -> &Path {
        &self.image
    }

    /// Every file that is left on it, below the partition it lies on.
    pub(crate) async fn files(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for begin in &self.partitions {
            let folder = TempDir::new().unwrap();
            let mut recover = Command::new("tsk_recover");
            recover.args(["-a", "-o", &(begin / SECTOR).to_string()]).arg(&self.image).arg(folder.path());
            run(recover).await;
            collect(folder.path(), folder.path(), &mut found);
        }
        found
    }

    /// Marks it as in use, as its firmware does while it records: its battery ran out before it could take the mark off.
    pub(crate) fn break_off(&self) {
        let disk = File::options().read(true).write(true).open(&self.image).unwrap();
        for begin in &self.partitions {
            let mut boot = [0; 512];
            disk.read_exact_at(&mut boot, *begin).unwrap();
            assert_eq!(&boot[82..87], b"FAT32", "only a FAT32 is marked here");
            let reserved = u64::from(u16::from_le_bytes([boot[14], boot[15]]));
            // Bit 27 of the table's second entry: closed properly.
            let mark = begin + reserved * SECTOR + 7;
            let mut byte = [0];
            disk.read_exact_at(&mut byte, mark).unwrap();
            disk.write_all_at(&[byte[0] & !0x08], mark).unwrap();
        }
    }

    /// Leaves a cluster behind that belongs to no file: its battery ran out while it recorded, and it sets no mark.
    pub(crate) fn cut_short(&self) {
        let disk = File::options().read(true).write(true).open(&self.image).unwrap();
        let begin = self.partitions[0];
        let mut boot = [0; 512];
        disk.read_exact_at(&mut boot, begin).unwrap();
        assert_eq!(&boot[3..8], b"EXFAT", "only an exFAT is cut short here");
        let number = |at: usize| u64::from(u32::from_le_bytes(boot[at..at + 4].try_into().unwrap()));
        // The last cluster's bit in the table of allocations, which mkfs puts into the first one.
        let (heap, clusters) = (number(88) << boot[108], number(92));
        let at = begin + heap + (clusters - 1) / 8;
        let mut byte = [0];
        disk.read_exact_at(&mut byte, at).unwrap();
        disk.write_all_at(&[byte[0] | 1 << ((clusters - 1) % 8)], at).unwrap();
    }

    /// All of it, bit for bit.
    pub(crate) fn content(&self) -> Vec<u8> {
        std::fs::read(&self.image).unwrap()
    }

    /// Its only partition, bit for bit.
    pub(crate) fn partition(&self) -> Vec<u8> {
        let entry = &self.content()[446..][..16];
        let number = |at: usize| u32::from_le_bytes(entry[at..at + 4].try_into().unwrap()) as usize * 512;
        self.content()[number(8)..][..number(12)].to_vec()
    }

    /// A medium on which the middle of this file cannot be read.
    pub(crate) fn with_bad_sector_in(&self, path: &str) -> Medium {
        let (_, content) = self.footage.files.iter().find(|(name, _)| name == path).expect("it is on the camera");
        let offset = content.len() / 2 / 512 * 512;
        let wanted = &content[offset..][..512];
        let image = std::fs::read(&self.image).unwrap();
        let sector = image.chunks(512).position(|sector| sector == wanted).expect("files begin at sectors");
        Medium { bad_sector: Some(sector as u64), ..Medium::default() }
    }

    /// Where on the medium a FAT keeps the short name of a file: its first byte becomes 0xE5 when the file is deleted.
    pub(crate) fn fat_entry(&self, path: &str) -> FatEntry {
        let name = path.rsplit('/').next().unwrap();
        let (stem, extension) = name.rsplit_once('.').unwrap();
        let short = format!("{stem:<8}{extension:<3}");
        let image = std::fs::read(&self.image).unwrap();
        let entry = image.chunks(32).position(|entry| entry.starts_with(short.as_bytes()));
        let offset = 32 * entry.unwrap_or_else(|| panic!("{short:?} is in no directory")) as u64;
        FatEntry { image: File::open(&self.image).unwrap(), offset }
    }
}

/// A file's place in a directory of a FAT.
#[derive(Debug)]
pub(crate) struct FatEntry {
    image: File,
    offset: u64,
}

impl FatEntry {
    /// Whether the deletion has reached the medium.
    pub(crate) fn is_deleted(&self) -> bool {
        let mut first = [0];
        self.image.read_exact_at(&mut first, self.offset).unwrap();
        first[0] == 0xE5
    }
}

/// A medium that is no camera: all of it is swap space.
pub(crate) async fn swap_space(folder: &Path) -> PathBuf {
    let image = folder.join("swap.img");
    File::create(&image).unwrap().set_len(16 * MIB).unwrap();
    let mut mkswap = Command::new("/sbin/mkswap");
    mkswap.arg(&image);
    run(mkswap).await;
    image
}

/// Makes a file system with this footage on it.
async fn file_system(folder: &Path, kind: FileSystem, footage: &Footage) -> File {
    let bytes: u64 = footage.files.iter().map(|(_, content)| content.len() as u64).sum();
    let image = folder.join("partition.img");
    let size = kind.smallest().max(bytes + bytes / 4).next_multiple_of(MIB) + 4 * MIB;
    File::create(&image).unwrap().set_len(size).unwrap();
    let tree = TempDir::new().unwrap();
    footage.write_to(tree.path());
    match kind {
        FileSystem::Fat32 => {
            let mut mkfs = Command::new("/sbin/mkfs.vfat");
            mkfs.args(["-F", "32", "-s", "1", "-n", "BWC"]).arg(&image);
            run(mkfs).await;
            let mut copy = Command::new("mcopy");
            copy.args(["-s", "-m", "-i"]).arg(&image).arg(tree.path().join("DCIM")).arg("::");
            run(copy).await;
        }
        FileSystem::ExFat => {
            let mut mkfs = Command::new("/sbin/mkfs.exfat");
            mkfs.args(["-L", "BWC"]).arg(&image);
            run(mkfs).await;
            exfat::fill(&image, footage);
            let mut fsck = Command::new("/sbin/fsck.exfat");
            fsck.arg("-n").arg(&image);
            run(fsck).await;
        }
        FileSystem::Ext4 => {
            // Only here files have owners, and camdock's user is none of them.
            let mut open = Command::new("chmod");
            open.args(["-R", "a+rwX"]).arg(tree.path());
            run(open).await;
            let mut mkfs = Command::new("/sbin/mkfs.ext4");
            mkfs.args(["-q", "-F", "-L", "BWC", "-d"]).arg(tree.path()).arg(&image);
            run(mkfs).await;
        }
    }
    File::open(image).unwrap()
}

/// Copies one file into another, from this place on, leaving out what is empty.
fn copy(from: &File, to: &File, begin: u64) {
    let mut piece = vec![0; 1 << 16];
    let mut offset = 0;
    loop {
        let length = from.read_at(&mut piece, offset).unwrap();
        if length == 0 {
            return;
        }
        if piece[..length].iter().any(|byte| *byte != 0) {
            to.write_all_at(&piece[..length], begin + offset).unwrap();
        }
        offset += length as u64;
    }
}

/// Every regular file below `folder`, by its path below `root`, less what the reader makes up of a FAT's own structures.
fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('$') || name == "lost+found" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            collect(root, &entry.path(), found);
        } else {
            let path = entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned();
            found.insert(path, sha256(&std::fs::read(entry.path()).unwrap()));
        }
    }
}

/// Three seconds of a test picture with sound.
const CLIP: &[u8] = include_bytes!("../../examples/demo/clip.mp4");

/// Films of about `length` bytes each, which players play; other seeds give other films.
pub(crate) fn films(serial: &str, folder: &str, count: usize, length: usize, seed: u64) -> Footage {
    let mut random = fastrand::Rng::with_seed(seed);
    let films = (1..=count).map(|number| {
        // A box of type `free`, which players pass over, makes each film one of its kind.
        let mut padding = vec![0; length.saturating_sub(CLIP.len() + 8).max(512)];
        random.fill(&mut padding);
        let mut film = CLIP.to_vec();
        film.extend_from_slice(&u32::try_from(8 + padding.len()).unwrap().to_be_bytes());
        film.extend_from_slice(b"free");
        film.extend_from_slice(&padding);
        (format!("DCIM/{folder}/MOV_{number:04}.MP4"), film)
    });
    Footage { serial: serial.to_owned(), files: films.collect() }
}

/// A stick with these files on it, under these names.
pub(crate) async fn package_stick(folder: &Path, files: &[(&Path, &str)]) -> PathBuf {
    let image = folder.join("stick.img");
    let bytes: u64 = files.iter().map(|(file, _)| file.metadata().unwrap().len()).sum();
    File::create(&image).unwrap().set_len((bytes + 8 * MIB).next_multiple_of(MIB)).unwrap();
    let mut mkfs = Command::new("/sbin/mkfs.vfat");
    mkfs.args(["-n", "PACKAGES"]).arg(&image);
    run(mkfs).await;
    for (file, name) in files {
        let mut copy = Command::new("mcopy");
        copy.arg("-i").arg(&image).arg(file).arg(format!("::{name}"));
        run(copy).await;
    }
    image
}
