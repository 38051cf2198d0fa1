//! Whether a file system is sound, told from its first sectors, before anything is mounted.
//!
//! Promises: nothing is written, and nothing but the device itself answers. What makes no sense counts as damaged.

use std::os::fd::AsFd;

use rustix::io::Errno;

use super::layout::{ExFat, Fat, FatWidth, read, read_at, u16_at, u32_at};
use crate::domain::MediumId;
use crate::files::ALIGNMENT;

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

/// What a file system says about itself, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Soundness {
    /// It was closed properly, and nothing is known to be wrong.
    Clean,
    /// Something in it belongs to no file, or several files claim the same: its device went off while it wrote.
    Unaccounted,
    /// It was in use when its device went off.
    InUse,
    /// It is damaged, and how.
    Damaged(&'static str),
}

use Soundness::{Clean, Damaged, InUse};

/// What the beginning of a volume tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Examined {
    pub(super) soundness: Soundness,
    /// What it calls itself, if it makes sense.
    pub(super) id: Option<MediumId>,
}

impl Examined {
    const fn damaged(how: &'static str) -> Self {
        Self { soundness: Damaged(how), id: None }
    }
}

/// Looks at the beginning of a block device, open for reading past the page cache.
pub(super) fn examine(device: impl AsFd, kind: FileSystem) -> Examined {
    let answer = read(&device, 0, ALIGNMENT).and_then(|first| match kind {
        FileSystem::Fat => fat(device, &first),
        FileSystem::ExFat => Ok(exfat(&first)),
        FileSystem::Ext4 => Ok(ext4(&first[1024..])),
    });
    answer.unwrap_or(Examined::damaged("its first sectors cannot be read"))
}

const NO_BOOT_SECTOR: &str = "its boot sector makes no sense";
const MEDIUM_FAILED: Soundness = Damaged("it notes that its medium failed");

/// The mark is in the boot sector, where Linux sets it, and in the second entry of the allocation table, where Windows and
/// cameras do.
fn fat(device: impl AsFd, boot: &[u8]) -> Result<Examined, Errno> {
    let Some(fat) = Fat::read(boot) else { return Ok(Examined::damaged(NO_BOOT_SECTOR)) };
    let entries = read_at(device, fat.table, 8)?;
    let (closed, healthy) = match fat.width {
        FatWidth::ThirtyTwo => {
            let second = u32_at(&entries, 4);
            (second & 1 << 27 != 0, second & 1 << 26 != 0)
        }
        FatWidth::Sixteen => {
            let second = u16_at(&entries, 2);
            (second & 1 << 15 != 0, second & 1 << 14 != 0)
        }
        // It has no room for marks.
        FatWidth::Twelve => (true, true),
    };
    let soundness = if fat.flags & 2 != 0 || !healthy {
        MEDIUM_FAILED
    } else if fat.flags & 1 != 0 || !closed {
        InUse
    } else {
        Clean
    };
    Ok(Examined { soundness, id: fat.id() })
}

fn exfat(boot: &[u8]) -> Examined {
    let Some(exfat) = ExFat::read(boot) else { return Examined::damaged(NO_BOOT_SECTOR) };
    let soundness = match exfat.flags {
        flags if flags & 4 != 0 => MEDIUM_FAILED,
        flags if flags & 2 != 0 => InUse,
        _ => Clean,
    };
    Examined { soundness, id: exfat.id() }
}

/// The superblock of ext4. Whatever makes the kernel write although it mounts read-only counts as in use: a journal to
/// be replayed, files to be removed for good.
fn ext4(superblock: &[u8]) -> Examined {
    const CLOSED: u16 = 1;
    const ERRORS: u16 = 2;
    const REMOVING: u16 = 4;
    const NEEDS_RECOVERY: u32 = 0x4;
    const ORPHANS_PRESENT: u32 = 0x1_0000;
    if u16_at(superblock, 0x38) != 0xef53 {
        return Examined::damaged("its superblock makes no sense");
    }
    let state = u16_at(superblock, 0x3a);
    let (incompatible, last_orphan) = (u32_at(superblock, 0x60), u32_at(superblock, 0xe8));
    let soundness = if state & ERRORS != 0 {
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
    };
    let uuid = superblock[0x68..0x78].iter().fold(String::from("ext4-"), |text, byte| text + &format!("{byte:02x}"));
    Examined { soundness, id: MediumId::new(uuid).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::mass_storage::fixtures::Image;

    fn soundness(image: &Image, kind: FileSystem) -> Soundness {
        examine(image.file(), kind).soundness
    }

    #[test]
    fn fat32_is_in_use_by_either_mark() {
        let new = || Image::new(&["/sbin/mkfs.vfat", "-F32"], 64);
        let table = 32 * 512;
        assert_eq!(soundness(&new(), FileSystem::Fat), Clean);
        let marked = |at, set, clear| {
            let image = new();
            image.change(at, set, clear);
            soundness(&image, FileSystem::Fat)
        };
        assert_eq!(marked(0x41, 1, 0), InUse);
        assert_eq!(marked(table + 7, 0, 0x08), InUse);
        assert_eq!(marked(0x41, 2, 0), MEDIUM_FAILED);
        assert_eq!(marked(table + 7, 0, 0x04), MEDIUM_FAILED);
        assert_eq!(marked(510, 0, 0xff), Damaged(NO_BOOT_SECTOR));
    }

    #[test]
    fn fat16_and_fat12_have_their_marks_elsewhere() {
        let sixteen = Image::new(&["/sbin/mkfs.vfat", "-F16"], 32);
        assert_eq!(soundness(&sixteen, FileSystem::Fat), Clean);
        sixteen.change(0x25, 1, 0);
        assert_eq!(soundness(&sixteen, FileSystem::Fat), InUse);
        assert_eq!(soundness(&Image::new(&["/sbin/mkfs.vfat", "-F12"], 2), FileSystem::Fat), Clean);
    }

    #[test]
    fn exfat_is_in_use_by_its_volume_flags() {
        let image = Image::new(&["/sbin/mkfs.exfat"], 16);
        assert_eq!(soundness(&image, FileSystem::ExFat), Clean);
        image.change(106, 2, 0);
        assert_eq!(soundness(&image, FileSystem::ExFat), InUse);
        image.change(106, 4, 0);
        assert_eq!(soundness(&image, FileSystem::ExFat), MEDIUM_FAILED);
        image.change(3, 0, 0xff);
        assert_eq!(soundness(&image, FileSystem::ExFat), Damaged(NO_BOOT_SECTOR));
    }

    #[test]
    fn ext4_that_a_mount_would_write_to_is_in_use() {
        let new = || Image::new(&["/sbin/mkfs.ext4", "-q"], 32);
        assert_eq!(soundness(&new(), FileSystem::Ext4), Clean);
        for (what, at, set, clear, expected) in [
            ("not closed", 0x3a, 0, 1, InUse),
            ("errors", 0x3a, 2, 0, Damaged("it notes errors")),
            ("journal to replay", 0x60, 4, 0, InUse),
            ("files to remove", 0xe8, 7, 0, InUse),
            ("no magic", 0x38, 0, 0xff, Damaged("its superblock makes no sense")),
        ] {
            let image = new();
            image.change(1024 + at, set, clear);
            assert_eq!(soundness(&image, FileSystem::Ext4), expected, "{what}");
        }
    }

    #[test]
    fn nothing_is_sound_that_is_not_there() {
        let image = Image::new(&["true"], 1);
        for kind in [FileSystem::Fat, FileSystem::ExFat, FileSystem::Ext4] {
            assert!(matches!(soundness(&image, kind), Damaged(_)), "{kind:?}");
        }
    }

    #[test]
    fn every_file_system_has_a_name_of_its_own() {
        let made = |make: &[&str]| {
            let image = Image::new(make, 64);
            let kind = if make[0].ends_with("vfat") {
                FileSystem::Fat
            } else if make[0].ends_with("exfat") {
                FileSystem::ExFat
            } else {
                FileSystem::Ext4
            };
            examine(image.file(), kind).id.unwrap().to_string()
        };
        assert_eq!(made(&["/sbin/mkfs.vfat", "-F32", "-i", "1A2B3C4D"]), "fat-1a2b3c4d");
        assert_eq!(made(&["/sbin/mkfs.vfat", "-F16", "-i", "1A2B3C4D"]), "fat-1a2b3c4d");
        assert!(made(&["/sbin/mkfs.exfat"]).starts_with("exfat-"));
        let uuid = "01234567-89ab-cdef-0123-456789abcdef";
        assert_eq!(made(&["/sbin/mkfs.ext4", "-q", "-U", uuid]), format!("ext4-{}", uuid.replace('-', "")));
    }
}
