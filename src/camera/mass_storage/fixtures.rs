//! A `sysfs` in a folder, as the kernel would show it for some plugged-in cameras.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::sysfs::Bus;
use crate::domain::{UsbClass, UsbDevice, UsbId, UsbSpeed};

/// A camera at `port`, as its descriptors tell.
pub(super) fn camera(port: &str, address: u16) -> UsbDevice {
    UsbDevice {
        port: port.parse().unwrap(),
        address,
        id: UsbId { vendor: 0x46f4, product: 1 },
        release: 0x0100,
        manufacturer: None,
        product: Some("BWC".to_owned()),
        serial: Some("BWC-0001".to_owned()),
        interfaces: vec![UsbClass { class: 8, subclass: 6, protocol: 0x50 }],
        speed: UsbSpeed::High,
    }
}

pub(super) struct Machine(tempfile::TempDir);

pub(super) struct Plugged {
    sysfs: PathBuf,
    device: PathBuf,
}

impl Machine {
    pub(super) fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for folder in ["bus/usb/devices", "class/block", "devices/pci0000:00/usb1"] {
            std::fs::create_dir_all(machine.0.path().join(folder)).unwrap();
        }
        machine
    }

    pub(super) fn bus(&self, device: UsbDevice) -> Bus {
        Bus::new(self.0.path().to_owned(), device)
    }

    /// Plugs a device in, or another one in its place.
    pub(super) fn plug(&self, port: &str, address: u16) -> Plugged {
        let sysfs = self.0.path().to_owned();
        let device = sysfs.join("devices/pci0000:00/usb1").join(port);
        std::fs::create_dir_all(&device).unwrap();
        std::fs::write(device.join("devnum"), format!("{address}\n")).unwrap();
        link(&device, &sysfs.join("bus/usb/devices").join(port));
        Plugged { sysfs, device }
    }

    pub(super) fn unplug(&self, port: &str) {
        let device = self.0.path().join("devices/pci0000:00/usb1").join(port);
        std::fs::rename(&device, self.0.path().join("unplugged")).unwrap();
    }
}

impl Plugged {
    pub(super) fn disk(&self, lun: u32, node: &str, number: (u32, u32), sectors: u64) -> &Self {
        let folder = self.device.join(format!("1-1:1.0/host2/target2:0:0/2:0:0:{lun}/block")).join(node);
        self.block(&folder, node, number, sectors);
        self
    }

    pub(super) fn partition(&self, disk: &str, node: &str, index: u32, number: (u32, u32), sectors: u64) -> &Self {
        let disk = self.sysfs.join("class/block").join(disk).canonicalize().unwrap();
        let folder = disk.join(node);
        self.block(&folder, node, number, sectors);
        std::fs::write(folder.join("partition"), format!("{index}\n")).unwrap();
        self
    }

    fn block(&self, folder: &Path, node: &str, (major, minor): (u32, u32), sectors: u64) {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("dev"), format!("{major}:{minor}\n")).unwrap();
        std::fs::write(folder.join("size"), format!("{sectors}\n")).unwrap();
        link(folder, &self.sysfs.join("class/block").join(node));
    }
}

fn link(to: &Path, at: &Path) {
    if !at.is_symlink() {
        symlink(to, at).unwrap();
    }
}
