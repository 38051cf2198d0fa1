//! Where things lie in a file system, as its first sectors say: enough to judge it, and to count what is in use.
//!
//! Promises: nothing is written, nothing but the device itself answers, and what makes no sense is no layout.

use std::os::fd::AsFd;

use rustix::io::Errno;

use crate::domain::MediumId;
use crate::files::{ALIGNMENT, Pool};

/// A FAT file system: Microsoft's "FAT: General Overview of On-Disk Format".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fat {
    pub(super) width: FatWidth,
    /// Length of a cluster, in bytes.
    pub(super) cluster: u64,
    /// How many clusters there are.
    pub(super) clusters: u64,
    /// Where the first table of allocations begins, in bytes.
    pub(super) table: u64,
    /// What the boot sector notes about the state.
    pub(super) flags: u8,
    serial: u32,
}

/// How many bits an entry of the table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FatWidth {
    Twelve,
    Sixteen,
    /// Here the root folder lies in clusters like any other.
    ThirtyTwo,
}

/// An exFAT file system: Microsoft's "exFAT file system specification".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExFat {
    /// Length of a cluster, in bytes.
    pub(super) cluster: u64,
    /// How many clusters there are.
    pub(super) clusters: u64,
    /// Where the first cluster begins, in bytes.
    pub(super) heap: u64,
    /// The root folder's first cluster.
    pub(super) root: u64,
    /// "Volume Flags".
    pub(super) flags: u16,
    serial: u32,
}

impl Fat {
    /// Reads it from a boot sector; `None` if that makes no sense.
    pub(super) fn read(boot: &[u8]) -> Option<Self> {
        let (sector, per_cluster) = (u64::from(u16_at(boot, 11)), u64::from(boot[13]));
        let (reserved, tables) = (u64::from(u16_at(boot, 14)), u64::from(boot[16]));
        let whole =
            [512, 1024, 2048, 4096].contains(&sector) && per_cluster.is_power_of_two() && reserved > 0 && tables > 0;
        if u16_at(boot, 510) != BOOT || !whole {
            return None;
        }
        let either = |short: u16, long: u32| if short == 0 { u64::from(long) } else { u64::from(short) };
        let is_32 = u16_at(boot, 22) == 0;
        let table = either(u16_at(boot, 22), u32_at(boot, 36));
        let root = (u64::from(u16_at(boot, 17)) * 32).div_ceil(sector);
        let total = either(u16_at(boot, 19), u32_at(boot, 32));
        let clusters = total.checked_sub(reserved + tables * table + root)? / per_cluster;
        let (width, flags, serial) = match clusters {
            _ if is_32 => (FatWidth::ThirtyTwo, 0x41, 0x43),
            ..4085 => (FatWidth::Twelve, 0x25, 0x27),
            _ => (FatWidth::Sixteen, 0x25, 0x27),
        };
        Some(Self {
            width,
            cluster: per_cluster * sector,
            clusters,
            table: reserved * sector,
            flags: boot[flags],
            serial: u32_at(boot, serial),
        })
    }

    pub(super) fn id(&self) -> Option<MediumId> {
        MediumId::new(format!("fat-{:08x}", self.serial)).ok()
    }
}

impl ExFat {
    /// Reads it from a boot sector; `None` if that makes no sense.
    pub(super) fn read(boot: &[u8]) -> Option<Self> {
        let (sector, per_cluster) = (u32::from(boot[108]), u32::from(boot[109]));
        if &boot[3..11] != b"EXFAT   " || u16_at(boot, 510) != BOOT || !(9..=12).contains(&sector) || per_cluster > 16 {
            return None;
        }
        Some(Self {
            cluster: 1 << (sector + per_cluster),
            clusters: u64::from(u32_at(boot, 92)),
            heap: u64::from(u32_at(boot, 88)) << sector,
            root: u64::from(u32_at(boot, 96)),
            flags: u16_at(boot, 106),
            serial: u32_at(boot, 100),
        })
    }

    /// Where a cluster begins, in bytes.
    pub(super) fn at(&self, cluster: u64) -> Option<u64> {
        let number = cluster.checked_sub(2).filter(|number| *number < self.clusters)?;
        self.heap.checked_add(number.checked_mul(self.cluster)?)
    }

    pub(super) fn id(&self) -> Option<MediumId> {
        MediumId::new(format!("exfat-{:08x}", self.serial)).ok()
    }
}

const BOOT: u16 = 0xaa55;

/// Bytes of a device from `offset` on, at least as many as are wanted; zeros beyond its end. `offset` is a multiple of
/// [`ALIGNMENT`], as reading past the page cache wants it.
pub(super) fn read(device: impl AsFd, offset: u64, wanted: usize) -> Result<Vec<u8>, Errno> {
    let mut buffer = Pool::new(wanted.next_multiple_of(ALIGNMENT), 1).take();
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

/// The same from any offset on.
pub(super) fn read_at(device: impl AsFd, offset: u64, wanted: usize) -> Result<Vec<u8>, Errno> {
    let before = offset % ALIGNMENT as u64;
    let skipped = usize::try_from(before).unwrap_or(0);
    let mut bytes = read(device, offset - before, wanted + skipped)?;
    bytes.drain(..skipped);
    Ok(bytes)
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
