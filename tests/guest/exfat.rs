//! Puts files on a new exFAT file system, as a camera's firmware would: other tools can do that only by mounting, for
//! which they want a block device.
//!
//! Every file and folder lies in one piece, which exFAT can say without a chain in its table. `fsck.exfat` looks at the
//! result before it is used.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use camdock_test_support::footage::Footage;

const ENTRY: usize = 32;
const FOLDER: u16 = 0x10;
const ARCHIVE: u16 = 0x20;
/// 2026-03-14 22:15:00 UTC, in the form of a FAT.
const RECORDED: u32 = ((2026 - 1980) << 25) | (3 << 21) | (14 << 16) | (22 << 11) | (15 << 5);
const UTC: u8 = 0x80;

/// A folder on its way to the disk.
#[derive(Default)]
struct Folder<'a> {
    folders: BTreeMap<&'a str, Folder<'a>>,
    files: BTreeMap<&'a str, &'a [u8]>,
}

/// Writes the footage into the empty file system that `mkfs.exfat` has just made in this image.
pub(crate) fn fill(image: &Path, footage: &Footage) {
    let mut root = Folder::default();
    for (path, content) in &footage.files {
        let mut folder = &mut root;
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        for name in folders.split('/').filter(|name| !name.is_empty()) {
            folder = folder.folders.entry(name).or_default();
        }
        folder.files.insert(name, content);
    }
    Volume::open(image).fill(&root);
}

struct Volume {
    image: File,
    cluster_size: u64,
    /// Where cluster 2, the first, begins.
    heap: u64,
    root: u32,
    /// Where the bitmap of used clusters begins, and its content.
    bitmap: (u64, Vec<u8>),
    next_free: u32,
}

impl Volume {
    fn open(path: &Path) -> Self {
        let image = File::options().read(true).write(true).open(path).unwrap();
        let mut boot = [0; 512];
        image.read_exact_at(&mut boot, 0).unwrap();
        assert_eq!(&boot[3..8], b"EXFAT");
        let number = |at: usize| u32::from_le_bytes(boot[at..at + 4].try_into().unwrap());
        let sector = 1_u64 << boot[108];
        let mut volume = Self {
            image,
            cluster_size: sector << boot[109],
            heap: u64::from(number(88)) * sector,
            root: number(96),
            bitmap: (0, Vec::new()),
            next_free: 0,
        };
        let entries = volume.root_entries();
        let entry = entries.chunks(ENTRY).find(|entry| entry[0] == 0x81).expect("a bitmap");
        let at = volume.place(u32::from_le_bytes(entry[20..24].try_into().unwrap()));
        let length = u64::from_le_bytes(entry[24..32].try_into().unwrap());
        let mut bits = vec![0; usize::try_from(length).unwrap()];
        volume.image.read_exact_at(&mut bits, at).unwrap();
        volume.bitmap = (at, bits);
        // mkfs puts its own structures first, in one piece.
        let clusters = u32::try_from(8 * length).unwrap();
        volume.next_free = (2..2 + clusters).find(|cluster| !volume.is_used(*cluster)).expect("free space");
        volume
    }

    fn place(&self, cluster: u32) -> u64 {
        self.heap + u64::from(cluster - 2) * self.cluster_size
    }

    fn root_entries(&self) -> Vec<u8> {
        let mut entries = vec![0; usize::try_from(self.cluster_size).unwrap()];
        self.image.read_exact_at(&mut entries, self.place(self.root)).unwrap();
        entries
    }

    fn is_used(&self, cluster: u32) -> bool {
        let bit = cluster as usize - 2;
        self.bitmap.1[bit / 8] & (1 << (bit % 8)) != 0
    }

    /// Writes content into free clusters. Returns the first of them.
    fn store(&mut self, content: &[u8], clusters: u32) -> u32 {
        let first = self.next_free;
        for cluster in first..first + clusters {
            assert!(!self.is_used(cluster), "free space is in one piece");
            let bit = cluster as usize - 2;
            self.bitmap.1[bit / 8] |= 1 << (bit % 8);
        }
        self.next_free += clusters;
        self.image.write_all_at(content, self.place(first)).unwrap();
        first
    }

    fn fill(mut self, root: &Folder<'_>) {
        let mut entries = self.root_entries();
        let used = entries.chunks(ENTRY).position(|entry| entry[0] == 0).unwrap() * ENTRY;
        let more = self.entries_of(root);
        entries[used..used + more.len()].copy_from_slice(&more);
        self.image.write_all_at(&entries, self.place(self.root)).unwrap();
        self.image.write_all_at(&self.bitmap.1, self.bitmap.0).unwrap();
    }

    /// Stores everything in a folder, and returns the entries that name it.
    fn entries_of(&mut self, folder: &Folder<'_>) -> Vec<u8> {
        let mut entries = Vec::new();
        for (name, inner) in &folder.folders {
            let mut content = self.entries_of(inner);
            content.resize(content.len().next_multiple_of(usize::try_from(self.cluster_size).unwrap()), 0);
            self.add(&mut entries, name, FOLDER, &content);
        }
        for (name, content) in &folder.files {
            self.add(&mut entries, name, ARCHIVE, content);
        }
        entries
    }

    fn add(&mut self, entries: &mut Vec<u8>, name: &str, attributes: u16, content: &[u8]) {
        let clusters = u32::try_from((content.len() as u64).div_ceil(self.cluster_size)).unwrap();
        let first = if clusters == 0 { 0 } else { self.store(content, clusters) };
        entries.extend(entry_set(name, attributes, first, content.len() as u64));
    }
}

/// The entries of one file or folder: the file itself, where it lies, and its name.
fn entry_set(name: &str, attributes: u16, first: u32, length: u64) -> Vec<u8> {
    assert!(name.is_ascii() && name == name.to_uppercase(), "{name:?}: camera's names are upper case here");
    let characters: Vec<u16> = name.encode_utf16().collect();
    let names = characters.chunks(15);
    let mut set = vec![0; ENTRY * (2 + names.len())];
    set[0] = 0x85;
    set[1] = u8::try_from(1 + names.len()).unwrap();
    set[4..6].copy_from_slice(&attributes.to_le_bytes());
    for time in [8, 12, 16] {
        set[time..time + 4].copy_from_slice(&RECORDED.to_le_bytes());
    }
    set[22..25].fill(UTC);

    let stream = &mut set[ENTRY..];
    stream[0] = 0xC0;
    // Allocated, and in one piece.
    stream[1] = if first == 0 { 0x01 } else { 0x03 };
    stream[3] = u8::try_from(characters.len()).unwrap();
    let bytes = characters.iter().flat_map(|character| character.to_le_bytes());
    let hash = bytes.fold(0_u16, |hash, byte| hash.rotate_right(1).wrapping_add(u16::from(byte)));
    stream[4..6].copy_from_slice(&hash.to_le_bytes());
    stream[8..16].copy_from_slice(&length.to_le_bytes());
    stream[20..24].copy_from_slice(&first.to_le_bytes());
    stream[24..32].copy_from_slice(&length.to_le_bytes());

    for (part, entry) in names.zip(set[2 * ENTRY..].chunks_mut(ENTRY)) {
        entry[0] = 0xC1;
        for (character, place) in part.iter().zip(entry[2..].chunks_mut(2)) {
            place.copy_from_slice(&character.to_le_bytes());
        }
    }
    let counted = set.iter().enumerate().filter(|(index, _)| *index != 2 && *index != 3);
    let checksum = counted.fold(0_u16, |sum, (_, byte)| sum.rotate_right(1).wrapping_add(u16::from(*byte)));
    set[2..4].copy_from_slice(&checksum.to_le_bytes());
    set
}
