//! Whether a file system is sound, told from its first sectors, before anything is mounted.
//!
//! Promises: nothing is written, and nothing but the device itself answers. What makes no sense counts as damaged.

use std::os::fd::AsFd;

use rustix::io::Errno;

use crate::files::{ALIGNMENT, Pool};

/// The file systems that cameras have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileSystem {
    /// FAT32, and its elder brothers.
    Fat,
    ExFat,
    Ext4,
}

impl FileSystem {
    /// By the name that udev has for it.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "vfat" => Some(Self::Fat),
            "exfat" => Some(Self::ExFat),
            "ext4" => Some(Self::Ext4),
            _ => None,
        }
    }
}

/// What a file system says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Soundness {
    /// It was closed properly, and nothing is known to be wrong.
    Clean,
    /// It was in use when its device went off.
    InUse,
    /// It is damaged, and how.
    Damaged(&'static str),
}

use Soundness::{Clean, Damaged, InUse};

/// Looks at the beginning of a block device, open for reading past the page cache.
pub(super) fn examine(device: impl AsFd, kind: FileSystem) -> Soundness {
    let answer = match kind {
        FileSystem::Fat => fat(device),
        FileSystem::ExFat => read(device, 0).map(|first| exfat(&first)),
        FileSystem::Ext4 => read(device, 0).map(|first| ext4(&first[1024..])),
    };
    answer.unwrap_or(Damaged("its first sectors cannot be read"))
}

/// The bytes from `offset` on, which is aligned; zeros beyond the end.
fn read(device: impl AsFd, offset: u64) -> Result<Vec<u8>, Errno> {
    let mut buffer = Pool::new(ALIGNMENT, 1).take();
    let mut filled = 0;
    while filled < buffer.len() {
        match rustix::io::pread(&device, &mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    buffer[filled..].fill(0);
    Ok(buffer.to_vec())
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

const NO_BOOT_SECTOR: Soundness = Damaged("its boot sector makes no sense");
const MEDIUM_FAILED: Soundness = Damaged("it notes that its medium failed");

/// Microsoft's FAT specification: the mark is in the boot sector, where Linux sets it, and in the second entry of the
/// allocation table, where Windows and cameras do.
fn fat(device: impl AsFd) -> Result<Soundness, Errno> {
    let boot = read(&device, 0)?;
    let (sector, per_cluster) = (u32::from(u16_at(&boot, 11)), u32::from(boot[13]));
    let (reserved, tables) = (u32::from(u16_at(&boot, 14)), u32::from(boot[16]));
    let whole =
        [512, 1024, 2048, 4096].contains(&sector) && per_cluster.is_power_of_two() && reserved > 0 && tables > 0;
    if u16_at(&boot, 510) != 0xaa55 || !whole {
        return Ok(NO_BOOT_SECTOR);
    }
    let either = |short: u16, long: u32| if short == 0 { long } else { u32::from(short) };
    let (is_32, table) = (u16_at(&boot, 22) == 0, either(u16_at(&boot, 22), u32_at(&boot, 36)));
    let root = (u32::from(u16_at(&boot, 17)) * 32).div_ceil(sector);
    let total = either(u16_at(&boot, 19), u32_at(&boot, 32));
    let used = u64::from(reserved) + u64::from(tables) * u64::from(table) + u64::from(root);
    let Some(data) = u64::from(total).checked_sub(used) else { return Ok(NO_BOOT_SECTOR) };
    let flags = boot[if is_32 { 0x41 } else { 0x25 }];
    let first = u64::from(reserved) * u64::from(sector);
    let start = first - first % ALIGNMENT as u64;
    let entries = read(&device, start)?;
    let at = usize::try_from(first - start).unwrap_or(0);
    let (closed, healthy) = if is_32 {
        let second = u32_at(&entries, at + 4);
        (second & 1 << 27 != 0, second & 1 << 26 != 0)
    } else if data / u64::from(per_cluster) < 4085 {
        // FAT12 has no room for marks.
        (true, true)
    } else {
        let second = u16_at(&entries, at + 2);
        (second & 1 << 15 != 0, second & 1 << 14 != 0)
    };
    Ok(if flags & 2 != 0 || !healthy {
        MEDIUM_FAILED
    } else if flags & 1 != 0 || !closed {
        InUse
    } else {
        Clean
    })
}

/// Microsoft's exFAT specification, "Volume Flags".
fn exfat(boot: &[u8]) -> Soundness {
    if &boot[3..11] != b"EXFAT   " || u16_at(boot, 510) != 0xaa55 {
        return NO_BOOT_SECTOR;
    }
    match u16_at(boot, 106) {
        flags if flags & 4 != 0 => MEDIUM_FAILED,
        flags if flags & 2 != 0 => InUse,
        _ => Clean,
    }
}

/// The superblock of ext4. Whatever makes the kernel write although it mounts read-only counts as in use: a journal to
/// be replayed, files to be removed for good.
fn ext4(superblock: &[u8]) -> Soundness {
    const CLOSED: u16 = 1;
    const ERRORS: u16 = 2;
    const REMOVING: u16 = 4;
    const NEEDS_RECOVERY: u32 = 0x4;
    const ORPHANS_PRESENT: u32 = 0x1_0000;
    if u16_at(superblock, 0x38) != 0xef53 {
        return Damaged("its superblock makes no sense");
    }
    let state = u16_at(superblock, 0x3a);
    let (incompatible, last_orphan) = (u32_at(superblock, 0x60), u32_at(superblock, 0xe8));
    if state & ERRORS != 0 {
        Damaged("it notes errors")
    } else if state & CLOSED == 0
        || state & REMOVING != 0
        || incompatible & NEEDS_RECOVERY != 0
        || last_orphan != 0
        || u32_at(superblock, 0x64) & ORPHANS_PRESENT != 0
    {
        InUse
    } else {
        Clean
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt as _;
    use std::process::Command;

    use super::*;

    struct Image {
        _folder: tempfile::TempDir,
        file: File,
    }

    impl Image {
        fn new(make: &[&str], mebibytes: u64) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("image");
            let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
            file.set_len(mebibytes << 20).unwrap();
            let done = Command::new(make[0]).args(&make[1..]).arg(&path).output().unwrap();
            assert!(done.status.success(), "{make:?}: {}", String::from_utf8_lossy(&done.stderr));
            Self { _folder: folder, file }
        }

        /// Changes bits of one byte: sets the first, clears the second.
        fn change(&self, at: u64, set: u8, clear: u8) {
            let mut byte = [0];
            self.file.read_exact_at(&mut byte, at).unwrap();
            self.file.write_all_at(&[(byte[0] | set) & !clear], at).unwrap();
        }

        fn is(&self, kind: FileSystem) -> Soundness {
            examine(&self.file, kind)
        }
    }

    #[test]
    fn fat32_is_in_use_by_either_mark() {
        let new = || Image::new(&["/sbin/mkfs.vfat", "-F32"], 64);
        let table = 32 * 512;
        assert_eq!(new().is(FileSystem::Fat), Clean);
        let marked = |at, set, clear| {
            let image = new();
            image.change(at, set, clear);
            image.is(FileSystem::Fat)
        };
        assert_eq!(marked(0x41, 1, 0), InUse);
        assert_eq!(marked(table + 7, 0, 0x08), InUse);
        assert_eq!(marked(0x41, 2, 0), MEDIUM_FAILED);
        assert_eq!(marked(table + 7, 0, 0x04), MEDIUM_FAILED);
        assert_eq!(marked(510, 0, 0xff), NO_BOOT_SECTOR);
    }

    #[test]
    fn fat16_and_fat12_have_their_marks_elsewhere() {
        let sixteen = Image::new(&["/sbin/mkfs.vfat", "-F16"], 32);
        assert_eq!(sixteen.is(FileSystem::Fat), Clean);
        sixteen.change(0x25, 1, 0);
        assert_eq!(sixteen.is(FileSystem::Fat), InUse);
        assert_eq!(Image::new(&["/sbin/mkfs.vfat", "-F12"], 2).is(FileSystem::Fat), Clean);
    }

    #[test]
    fn exfat_is_in_use_by_its_volume_flags() {
        let image = Image::new(&["/sbin/mkfs.exfat"], 16);
        assert_eq!(image.is(FileSystem::ExFat), Clean);
        image.change(106, 2, 0);
        assert_eq!(image.is(FileSystem::ExFat), InUse);
        image.change(106, 4, 0);
        assert_eq!(image.is(FileSystem::ExFat), MEDIUM_FAILED);
        image.change(3, 0, 0xff);
        assert_eq!(image.is(FileSystem::ExFat), NO_BOOT_SECTOR);
    }

    #[test]
    fn ext4_that_a_mount_would_write_to_is_in_use() {
        let new = || Image::new(&["/sbin/mkfs.ext4", "-q"], 32);
        assert_eq!(new().is(FileSystem::Ext4), Clean);
        for (what, at, set, clear, expected) in [
            ("not closed", 0x3a, 0, 1, InUse),
            ("errors", 0x3a, 2, 0, Damaged("it notes errors")),
            ("journal to replay", 0x60, 4, 0, InUse),
            ("files to remove", 0xe8, 7, 0, InUse),
            ("no magic", 0x38, 0, 0xff, Damaged("its superblock makes no sense")),
        ] {
            let image = new();
            image.change(1024 + at, set, clear);
            assert_eq!(image.is(FileSystem::Ext4), expected, "{what}");
        }
    }

    #[test]
    fn nothing_is_sound_that_is_not_there() {
        let image = Image::new(&["true"], 1);
        for kind in [FileSystem::Fat, FileSystem::ExFat, FileSystem::Ext4] {
            assert!(matches!(image.is(kind), Damaged(_)), "{kind:?}");
        }
    }
}
