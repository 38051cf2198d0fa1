//! How much of a file system is in use, by its own table of allocations.
//!
//! A camera whose battery ends while it records leaves clusters behind that no file's length tells of: many never set the
//! mark that would say so. Deleting such a file would free them. So what is allocated is held against what the files and
//! folders take up.
//!
//! Promises: nothing is written, and nothing but the device itself answers; memory for a piece of the table at a time.

use std::os::fd::AsFd;

use rustix::io::Errno;

use super::layout::{ExFat, Fat, FatWidth, read, read_at, u16_at, u32_at, u64_at};
use super::soundness::FileSystem;
use crate::domain::ByteCount;
use crate::files::ALIGNMENT;

/// So much of a table is read at once, in bytes.
const PIECE: usize = 1 << 20;
/// The largest folder that is searched for exFAT's bitmap, in bytes. It is among the first entries.
const SEARCHED: usize = 64 << 10;

/// What a file system has given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allocated {
    /// In files and folders.
    pub(super) bytes: ByteCount,
    /// Whether the root folder is among them.
    pub(super) root: RootFolder,
}

/// Where a file system keeps its root folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RootFolder {
    InClusters,
    /// In a place of its own, that is not counted.
    Apart,
}

/// Counts what is allocated on a device, open for reading past the page cache. `None` where the file system is not one
/// of those whose cameras leave anything behind, or makes no sense; ext4 has a journal for that.
///
/// # Errors
/// The system's, if the table cannot be read.
pub(super) fn allocated(device: impl AsFd, kind: FileSystem) -> Result<Option<Allocated>, Errno> {
    match kind {
        FileSystem::Fat => Fat::read(&read(&device, 0, ALIGNMENT)?).map(|fat| fat_allocated(device, &fat)).transpose(),
        FileSystem::ExFat => match ExFat::read(&read(&device, 0, ALIGNMENT)?) {
            Some(exfat) => exfat_allocated(device, &exfat),
            None => Ok(None),
        },
        FileSystem::Ext4 => Ok(None),
    }
}

fn fat_allocated(device: impl AsFd, fat: &Fat) -> Result<Allocated, Errno> {
    // The first two entries stand for no clusters.
    let (first, end) = (2, fat.clusters + 2);
    let used = match fat.width {
        FatWidth::ThirtyTwo => count(device, fat.table, first * 4..end * 4, |piece| {
            piece.as_chunks::<4>().0.iter().filter(|entry| is_used(u32::from_le_bytes(**entry) & MASK, BAD)).count()
        })?,
        FatWidth::Sixteen => count(device, fat.table, first * 2..end * 2, |piece| {
            let widened = |entry: &[u8; 2]| u32::from(u16::from_le_bytes(*entry));
            piece.as_chunks::<2>().0.iter().filter(|entry| is_used(widened(entry), BAD & 0xffff)).count()
        })?,
        FatWidth::Twelve => {
            let table = read_at(device, fat.table, usize::try_from(end * 3 / 2 + 2).unwrap_or(0))?;
            let entry = |number: u64| {
                let at = usize::try_from(number * 3 / 2).unwrap_or(0);
                u32::from(u16_at(&table, at) >> (number % 2 * 4)) & 0xfff
            };
            (first..end).filter(|number| is_used(entry(*number), BAD & 0xfff)).count() as u64
        }
    };
    let root = if fat.width == FatWidth::ThirtyTwo { RootFolder::InClusters } else { RootFolder::Apart };
    Ok(Allocated { bytes: ByteCount::new(used * fat.cluster), root })
}

/// Of a FAT32's entry only these bits count.
const MASK: u32 = 0x0fff_ffff;
/// A cluster that the medium lost.
const BAD: u32 = 0x0fff_fff7;

const fn is_used(entry: u32, bad: u32) -> bool {
    entry != 0 && entry != bad
}

fn exfat_allocated(device: impl AsFd, exfat: &ExFat) -> Result<Option<Allocated>, Errno> {
    let Some(root) = exfat.at(exfat.root) else { return Ok(None) };
    let searched = SEARCHED.min(usize::try_from(exfat.cluster).unwrap_or(SEARCHED));
    let folder = read_at(&device, root, searched)?;
    let entry =
        |kind: u8| folder.as_chunks::<32>().0.iter().take_while(|entry| entry[0] != 0).find(|entry| entry[0] == kind);
    let (Some(bitmap), Some(upcase)) = (entry(BITMAP), entry(UPCASE)) else { return Ok(None) };
    let Some(at) = exfat.at(u64::from(u32_at(bitmap, 20))) else { return Ok(None) };
    let length = u64_at(bitmap, 24);
    if length != exfat.clusters.div_ceil(8) {
        return Ok(None);
    }
    let ones = |piece: &[u8]| piece.iter().map(|byte| byte.count_ones() as usize).sum();
    let used = count(device, at, 0..length, ones)?;
    let own = length.div_ceil(exfat.cluster) + u64_at(upcase, 24).div_ceil(exfat.cluster);
    let bytes = ByteCount::new(used.saturating_sub(own) * exfat.cluster);
    Ok(Some(Allocated { bytes, root: RootFolder::InClusters }))
}

/// exFAT's kinds of entries, in its root folder.
const BITMAP: u8 = 0x81;
const UPCASE: u8 = 0x82;

/// Sums what `count` finds in the bytes `range` of a table that begins at `table`.
fn count(
    device: impl AsFd,
    table: u64,
    range: std::ops::Range<u64>,
    count: impl Fn(&[u8]) -> usize,
) -> Result<u64, Errno> {
    let (mut at, mut sum) = (range.start, 0);
    while at < range.end {
        let wanted = usize::try_from(range.end - at).unwrap_or(PIECE).min(PIECE);
        let piece = read_at(&device, table + at, wanted)?;
        sum += count(&piece[..wanted]) as u64;
        at += wanted as u64;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::mass_storage::fixtures::Image;

    fn bytes(image: &Image, kind: FileSystem) -> u64 {
        allocated(image.file(), kind).unwrap().unwrap().bytes.get()
    }

    #[test]
    fn a_new_file_system_has_its_root_folder_and_nothing_else() {
        for (make, mebibytes, kind, expected, root) in [
            (&["/sbin/mkfs.vfat", "-F32", "-s1"][..], 64, FileSystem::Fat, 512, RootFolder::InClusters),
            (&["/sbin/mkfs.vfat", "-F16"], 32, FileSystem::Fat, 0, RootFolder::Apart),
            (&["/sbin/mkfs.vfat", "-F12"], 2, FileSystem::Fat, 0, RootFolder::Apart),
            (&["/sbin/mkfs.exfat", "-c", "4096"], 16, FileSystem::ExFat, 4096, RootFolder::InClusters),
        ] {
            let image = Image::new(make, mebibytes);
            let found = allocated(image.file(), kind).unwrap();
            assert_eq!(found, Some(Allocated { bytes: ByteCount::new(expected), root }), "{make:?}");
        }
    }

    #[test]
    fn a_cluster_of_a_fat32_counts_wherever_its_entry_lies() {
        let image = Image::new(&["/sbin/mkfs.vfat", "-F32", "-s1"], 64);
        let table = 32 * 512;
        // The second piece of the table begins in the middle of nowhere.
        for cluster in [3, 1 << 10, (1 << 18) / 4, 100_000] {
            image.write(table + cluster * 4, &[0xff, 0xff, 0xff, 0x0f]);
        }
        assert_eq!(bytes(&image, FileSystem::Fat), 5 * 512);
        image.write(table + 100_000 * 4, &[0xf7, 0xff, 0xff, 0x0f]);
        assert_eq!(bytes(&image, FileSystem::Fat), 4 * 512, "what the medium lost holds nothing");
        image.write(table + 3 * 4, &[0, 0, 0, 0xf0]);
        assert_eq!(bytes(&image, FileSystem::Fat), 3 * 512, "the uppermost bits say nothing");
    }

    #[test]
    fn a_cluster_of_a_fat12_counts_at_either_half_of_a_byte() {
        let image = Image::new(&["/sbin/mkfs.vfat", "-F12", "-s4"], 2);
        for cluster in [2_u64, 3] {
            let at = 512 + cluster * 3 / 2;
            let old = image.read(at, 2);
            let pair = u16::from_le_bytes([old[0], old[1]]) | if cluster % 2 == 0 { 0x0fff } else { 0xfff0 };
            image.write(at, &pair.to_le_bytes());
        }
        assert_eq!(bytes(&image, FileSystem::Fat), 2 * 2048);
    }

    #[test]
    fn a_cluster_of_an_exfat_counts() {
        let image = Image::new(&["/sbin/mkfs.exfat", "-c", "4096"], 16);
        let boot = image.read(0, 512);
        let exfat = ExFat::read(&boot).unwrap();
        // mkfs puts the bitmap into the first cluster.
        image.write(exfat.heap + 100, &[0b0001_0001]);
        assert_eq!(bytes(&image, FileSystem::ExFat), 3 * 4096);
    }

    #[test]
    fn what_makes_no_sense_is_not_counted() {
        let image = Image::new(&["true"], 1);
        for kind in [FileSystem::Fat, FileSystem::ExFat, FileSystem::Ext4] {
            assert_eq!(allocated(image.file(), kind).unwrap(), None);
        }
    }
}
