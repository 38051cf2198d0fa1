//! The disks of a machine, and what is made of them, as Linux shows them in `sysfs`.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A machine without disks, until it is given some.
#[derive(Debug)]
pub struct FakeDisks(TempDir);

impl Default for FakeDisks {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeDisks {
    /// A machine without disks.
    pub fn new() -> Self {
        let machine = Self(TempDir::new().unwrap());
        for folder in ["dev/block", "class/block", "devices/virtual/block", "fs/btrfs"] {
            std::fs::create_dir_all(machine.root().join(folder)).unwrap();
        }
        machine
    }

    /// What is `/sys` on a real machine.
    pub fn root(&self) -> &Path {
        self.0.path()
    }

    /// Where a device is found by its name.
    pub fn link(&self, name: &str) -> PathBuf {
        self.root().join("class/block").join(name)
    }

    /// A disk with these partitions.
    pub fn disk(&self, name: &str, partitions: &[&str]) {
        self.made_of(name, partitions, &[]);
    }

    /// What is made of others, with these partitions.
    pub fn made_of(&self, name: &str, partitions: &[&str], below: &[&str]) {
        let folder = self.root().join("devices/virtual/block").join(name);
        self.add(name, &folder);
        for lower in below {
            symlink(self.link(lower), folder.join("slaves").join(lower)).unwrap();
        }
        for (number, partition) in partitions.iter().enumerate() {
            self.add(partition, &folder.join(partition));
            self.attribute(partition, "partition", &(number + 1).to_string());
        }
    }

    /// What the device mapper makes of others.
    pub fn mapped(&self, device: &str, name: &str, uuid: &str, below: &[&str]) {
        self.made_of(device, &[], below);
        self.attribute(device, "dm/name", name);
        self.attribute(device, "dm/uuid", uuid);
    }

    /// A Btrfs, or one more device of it.
    pub fn btrfs(&self, system: &str, devices: &[&str]) {
        let folder = self.root().join("fs/btrfs").join(system).join("devices");
        std::fs::create_dir_all(&folder).unwrap();
        for device in devices {
            symlink(self.link(device), folder.join(device)).unwrap();
        }
    }

    /// Gives a device its number, by which the kernel knows what lies on it.
    pub fn number(&self, device: &str, major: u32, minor: u32) {
        symlink(self.link(device), self.root().join(format!("dev/block/{major}:{minor}"))).unwrap();
    }

    /// Gives a device an attribute.
    pub fn attribute(&self, device: &str, attribute: &str, value: &str) {
        let file = self.link(device).join(attribute);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, format!("{value}\n")).unwrap();
    }

    fn add(&self, name: &str, folder: &Path) {
        std::fs::create_dir_all(folder.join("slaves")).unwrap();
        symlink(folder, self.link(name)).unwrap();
    }
}
