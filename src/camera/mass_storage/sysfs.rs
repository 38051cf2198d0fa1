//! Which block devices a USB device has, as the kernel tells it.
//!
//! Promises: a volume is found below its physical port, and known by its place in `sysfs`, its number and its size, never
//! by a name such as `sdb1`, which another device may have had a second ago.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::{ByteCount, UsbDevice};

/// SCSI's numbers for kinds of devices.
const SCSI_DISK: u64 = 0;
const SCSI_OPTICAL: u64 = 5;
/// The unit of every size in `sysfs`.
const SECTOR: u64 = 512;

/// A device's place in `sysfs`.
#[derive(Debug, Clone)]
pub(super) struct Bus {
    sysfs: PathBuf,
    device: UsbDevice,
}

/// A block device: a whole disk or a partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Block {
    /// The disk that it is or lies on.
    disk: Disk,
    /// Its number, if it is a partition.
    pub(super) partition: Option<u32>,
    /// The kernel's name for it, such as `sdb1`, for as long as it is there.
    pub(super) node: String,
    /// Major and minor number.
    pub(super) number: (u32, u32),
    /// Its size; zero if there is no medium.
    pub(super) size: ByteCount,
    folder: PathBuf,
}

/// A disk's place in its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Disk {
    /// The number of the USB interface that it answers on; most devices have one.
    interface: u32,
    /// Its number there; a card reader has one for each slot.
    lun: u32,
}

/// A block device that may have a file system, and how camdock calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) block: Block,
    /// `p1` is the first partition, `disk` an unpartitioned disk, `lun1-p2` a partition of the second disk, `if1-p1` one
    /// behind another of the device's interfaces.
    pub(super) name: String,
    /// What is put before the paths on it: nothing, if the camera has one place for a volume only.
    pub(super) prefix: Vec<u8>,
}

impl Bus {
    pub(super) const fn new(sysfs: PathBuf, device: UsbDevice) -> Self {
        Self { sysfs, device }
    }

    pub(super) const fn device(&self) -> &UsbDevice {
        &self.device
    }

    /// Whether the very device is still plugged in: every plugging-in gives a new address.
    pub(super) fn is_plugged_in(&self) -> bool {
        number(&self.port().join("devnum")) == Some(u64::from(self.device.address))
    }

    /// Its block devices, disks and partitions, in the order of their numbers. Empty media are included.
    ///
    /// # Errors
    /// The system's words, if `sysfs` cannot be read; a device that is gone has none.
    pub(super) fn blocks(&self) -> io::Result<Vec<Block>> {
        let Ok(port) = self.port().canonicalize() else { return Ok(Vec::new()) };
        let mut blocks = Vec::new();
        for entry in std::fs::read_dir(self.sysfs.join("class/block"))? {
            // What vanishes meanwhile is not there.
            let Ok(folder) = entry?.path().canonicalize() else { continue };
            if folder.starts_with(&port) && !is_optical(&folder) {
                blocks.extend(Block::read(folder));
            }
        }
        blocks.sort();
        Ok(blocks)
    }

    /// Whether one of its disks is still starting up: the kernel knows it, and does not show it yet.
    pub(super) fn is_starting(&self) -> bool {
        let Ok(port) = self.port().canonicalize() else { return false };
        let devices = std::fs::read_dir(self.sysfs.join("bus/scsi/devices")).into_iter().flatten().flatten();
        let ours = devices.filter_map(|entry| entry.path().canonicalize().ok()).filter(|path| path.starts_with(&port));
        ours.into_iter().any(|disk| number(&disk.join("type")) == Some(SCSI_DISK) && !disk.join("block").exists())
    }

    /// Whether a block device is still the one that it was.
    pub(super) fn has(&self, block: &Block) -> bool {
        self.is_plugged_in() && Block::read(block.folder.clone()).as_ref() == Some(block) && block.is_running()
    }

    fn port(&self) -> PathBuf {
        self.sysfs.join("bus/usb/devices").join(self.device.port.as_str())
    }
}

impl Block {
    fn read(folder: PathBuf) -> Option<Self> {
        let node = folder.file_name()?.to_str()?.to_owned();
        let text = std::fs::read_to_string(folder.join("dev")).ok()?;
        let (major, minor) = text.trim().split_once(':')?;
        let partition = match number(&folder.join("partition")) {
            Some(partition) => Some(u32::try_from(partition).ok()?),
            None => None,
        };
        Some(Self {
            disk: disk(&folder)?,
            partition,
            node,
            number: (major.parse().ok()?, minor.parse().ok()?),
            size: ByteCount::new(number(&folder.join("size"))?.saturating_mul(SECTOR)),
            folder,
        })
    }

    /// A disk that the kernel gave up on stays in `sysfs` for a while.
    fn is_running(&self) -> bool {
        let state = self.disk_folder().and_then(|disk| std::fs::read_to_string(disk.join("device/state")).ok());
        state.is_none_or(|state| state.trim() == "running")
    }

    /// Whether it, or the disk that it lies on, says that nothing can be written to it.
    pub(super) fn is_write_protected(&self) -> bool {
        let protected = |folder: &Path| number(&folder.join("ro")) == Some(1);
        protected(&self.folder) || self.disk_folder().is_some_and(protected)
    }

    fn disk_folder(&self) -> Option<&Path> {
        if self.partition.is_some() { self.folder.parent() } else { Some(&self.folder) }
    }
}

/// `…/1-1:1.0/host2/target2:0:0/2:0:0:1/block/sdc/sdc1` is LUN 1 of interface 0.
fn disk(folder: &Path) -> Option<Disk> {
    let parts: Vec<_> = folder.iter().filter_map(|part| part.to_str()).collect();
    let block = parts.iter().rposition(|part| *part == "block")?;
    let lun = parts.get(block.checked_sub(1)?)?.rsplit(':').next()?.parse().ok()?;
    let interface =
        parts[..block].iter().rev().find_map(|part| part.split_once(':')?.1.split_once('.')?.1.parse().ok())?;
    Some(Disk { interface, lun })
}

/// Whether a block device is a disc drive: what some devices pretend to be to bring drivers along. Nothing is recorded there.
fn is_optical(folder: &Path) -> bool {
    number(&folder.join("device/type")) == Some(SCSI_OPTICAL)
}

fn number(file: &Path) -> Option<u64> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// The places for volumes among a device's block devices: partitions, and disks without any. Whether a medium is in an
/// empty slot changes no other volume's name.
pub(super) fn slots(blocks: &[Block]) -> Vec<Slot> {
    let partitioned = |whole: &Block| {
        blocks.iter().any(|other| other.disk == whole.disk && other.partition.is_some() && holds_data(other))
    };
    let volumes: Vec<&Block> = blocks
        .iter()
        .filter(|block| match block.partition {
            Some(_) => holds_data(block),
            None => !partitioned(block),
        })
        .collect();
    let only = volumes.len() == 1;
    let slot = |block: &&Block| {
        let Disk { interface, lun } = block.disk;
        let numbered = |kind: &str, number: u32| (number > 0).then(|| format!("{kind}{number}"));
        let part = block.partition.map(|partition| format!("p{partition}"));
        let parts: Vec<_> = [numbered("if", interface), numbered("lun", lun), part].into_iter().flatten().collect();
        let name = if parts.is_empty() { "disk".to_owned() } else { parts.join("-") };
        let prefix = if only { Vec::new() } else { format!("{name}/").into_bytes() };
        Slot { block: (*block).clone(), name, prefix }
    };
    volumes.iter().map(slot).filter(|slot| slot.block.size.get() > 0).collect()
}

/// An extended partition shows as one of a sector or two; its content is partitions of their own.
fn holds_data(partition: &Block) -> bool {
    partition.size.get() > 2 * SECTOR
}

#[cfg(test)]
mod tests {
    use camdock_test_support::sysfs::{FakeSysfs, Plugged, STORAGE};

    use super::*;
    use crate::camera::mass_storage::fixtures::camera;

    /// Plugs a drive in that has this address.
    fn plug(machine: &FakeSysfs, port: &str, address: u16) -> Plugged {
        let plugged = machine.plug(port, "BWC", &[STORAGE]);
        machine.set(port, "devnum", &address.to_string());
        plugged
    }

    fn bus(machine: &FakeSysfs, device: UsbDevice) -> Bus {
        Bus::new(machine.root().to_owned(), device)
    }

    fn names(slots: &[Slot]) -> Vec<(&str, &str)> {
        slots.iter().map(|slot| (slot.name.as_str(), std::str::from_utf8(&slot.prefix).unwrap())).collect()
    }

    #[test]
    fn the_volumes_of_a_port_are_found_whatever_the_kernel_calls_them() {
        let machine = FakeSysfs::new();
        plug(&machine, "1-1.4", 7).disk(0, "sdc", (8, 32), 1000).partition("sdc", "sdc1", 1, (8, 33), 900);
        plug(&machine, "1-1.3", 8).disk(0, "sdb", (8, 16), 500);
        let blocks = bus(&machine, camera("1-1.4", 7)).blocks().unwrap();
        assert_eq!(blocks.iter().map(|block| block.node.as_str()).collect::<Vec<_>>(), ["sdc", "sdc1"]);
        let slots = slots(&blocks);
        assert_eq!(names(&slots), [("p1", "")]);
        assert_eq!((slots[0].block.number, slots[0].block.size), ((8, 33), ByteCount::new(900 * 512)));
    }

    #[test]
    fn an_empty_slot_is_no_volume_and_changes_no_names() {
        let machine = FakeSysfs::new();
        let plugged = plug(&machine, "1-2", 3);
        plugged.disk(0, "sdb", (8, 16), 1000).partition("sdb", "sdb1", 1, (8, 17), 900).disk(1, "sdc", (8, 32), 0);
        let ours = bus(&machine, camera("1-2", 3));
        assert_eq!(names(&slots(&ours.blocks().unwrap())), [("p1", "p1/")]);
        plugged.disk(1, "sdc", (8, 32), 4000);
        assert_eq!(names(&slots(&ours.blocks().unwrap())), [("p1", "p1/"), ("lun1", "lun1/")]);
    }

    #[test]
    fn disks_behind_two_interfaces_are_not_mixed_up() {
        let machine = FakeSysfs::new();
        let plugged = plug(&machine, "1-2", 3);
        plugged.disk(0, "sdb", (8, 16), 1000).partition("sdb", "sdb1", 1, (8, 17), 900);
        plugged.disk_behind(1, 0, "sdc", (8, 32), 1000);
        let slots = slots(&bus(&machine, camera("1-2", 3)).blocks().unwrap());
        assert_eq!(names(&slots), [("p1", "p1/"), ("if1", "if1/")]);
    }

    #[test]
    fn a_disc_of_drivers_is_no_volume() {
        let machine = FakeSysfs::new();
        let plugged = plug(&machine, "1-2", 3);
        plugged.disk(0, "sdb", (8, 16), 1000).disk(1, "sr0", (11, 0), 500).of_type(1, "5");
        assert_eq!(names(&slots(&bus(&machine, camera("1-2", 3)).blocks().unwrap())), [("disk", "")]);
    }

    #[test]
    fn a_disk_that_is_starting_up_is_waited_for() {
        let machine = FakeSysfs::new();
        let plugged = plug(&machine, "1-2", 3);
        plugged.disk(0, "sdb", (8, 16), 1000).of_type(0, "0");
        let ours = bus(&machine, camera("1-2", 3));
        assert!(!ours.is_starting());
        plugged.of_type(1, "0");
        assert!(ours.is_starting(), "the kernel knows it, and shows no disk yet");
        plugged.disk(1, "sdc", (8, 32), 4000);
        assert!(!ours.is_starting());
    }

    #[test]
    fn an_extended_partition_is_no_volume() {
        let machine = FakeSysfs::new();
        let plugged = plug(&machine, "1-2", 3);
        plugged.disk(0, "sdb", (8, 16), 1000).partition("sdb", "sdb1", 1, (8, 17), 2);
        plugged.partition("sdb", "sdb5", 5, (8, 21), 900);
        assert_eq!(names(&slots(&bus(&machine, camera("1-2", 3)).blocks().unwrap())), [("p5", "")]);
    }

    #[test]
    fn another_camera_in_the_same_port_is_not_the_one_that_was_there() {
        let machine = FakeSysfs::new();
        plug(&machine, "1-1", 7).disk(0, "sdb", (8, 16), 1000);
        let ours = bus(&machine, camera("1-1", 7));
        let block = ours.blocks().unwrap().remove(0);
        assert!(ours.has(&block));
        plug(&machine, "1-1", 8);
        assert!(!ours.has(&block), "another address");
        plug(&machine, "1-1", 7).disk(0, "sdb", (8, 16), 0);
        assert!(!ours.has(&block), "its card was taken out");
        machine.unplug("1-1");
        assert!(!ours.has(&block));
        assert_eq!(ours.blocks().unwrap(), []);
    }
}
