//! A `sysfs` in a folder, as the kernel would show it for some plugged-in cameras, and file systems in files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::os::unix::fs::{FileExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

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
        for folder in ["bus/usb/devices", "bus/scsi/devices", "class/block", "devices/pci0000:00/usb1"] {
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
        self.disk_behind(0, lun, node, number, sectors)
    }

    /// A disk on one of several interfaces.
    pub(super) fn disk_behind(&self, interface: u32, lun: u32, node: &str, number: (u32, u32), sectors: u64) -> &Self {
        let folder = self.scsi(interface, lun).join("block").join(node);
        self.block(&folder, node, number, sectors);
        let device = folder.join("device");
        if !device.is_symlink() {
            symlink("../..", device).unwrap();
        }
        self
    }

    /// What SCSI says a disk is, whether it is shown already or not.
    pub(super) fn of_type(&self, lun: u32, kind: &str) -> &Self {
        let scsi = self.scsi(0, lun);
        std::fs::create_dir_all(&scsi).unwrap();
        std::fs::write(scsi.join("type"), format!("{kind}\n")).unwrap();
        link(&scsi, &self.sysfs.join("bus/scsi/devices").join(format!("2:0:0:{lun}")));
        self
    }

    fn scsi(&self, interface: u32, lun: u32) -> PathBuf {
        let host = 2 + interface;
        self.device.join(format!("1-1:1.{interface}/host{host}/target{host}:0:0/{host}:0:0:{lun}"))
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

/// A file system in a file.
pub(super) struct Image {
    _folder: tempfile::TempDir,
    file: File,
}

impl Image {
    /// As this command makes it, whose last argument is the file.
    pub(super) fn new(make: &[&str], mebibytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        file.set_len(mebibytes << 20).unwrap();
        let done = Command::new(make[0]).args(&make[1..]).arg(&path).output().unwrap();
        assert!(done.status.success(), "{make:?}: {}", String::from_utf8_lossy(&done.stderr));
        Self { _folder: folder, file }
    }

    pub(super) const fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn read(&self, at: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, at).unwrap();
        bytes
    }

    pub(super) fn write(&self, at: u64, bytes: &[u8]) {
        self.file.write_all_at(bytes, at).unwrap();
    }

    /// Changes bits of one byte: sets the first, clears the second.
    pub(super) fn change(&self, at: u64, set: u8, clear: u8) {
        let byte = self.read(at, 1)[0];
        self.write(at, &[(byte | set) & !clear]);
    }
}
