//! A machine with USB, as Linux shows it in `sysfs`: files in a folder, nested and linked as the kernel does it.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The class of a drive's interface.
pub const STORAGE: [u8; 3] = [8, 6, 0x50];
/// The class of a keyboard's interface.
pub const KEYBOARD: [u8; 3] = [3, 1, 1];
/// The class of a hub's interface.
pub const HUB: [u8; 3] = [9, 0, 0];

/// Where buses and devices are listed.
const DEVICES: &str = "bus/usb/devices";
const PCI: &str = "devices/pci0000:00";

/// A machine with two USB 3 sockets on one controller: ports 1 and 2 of bus 1, and of bus 2 for what is faster.
#[derive(Debug)]
pub struct FakeSysfs(TempDir);

impl Default for FakeSysfs {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeSysfs {
    /// A machine into which nothing is plugged.
    pub fn new() -> Self {
        let machine = Self(TempDir::new().unwrap());
        for folder in [DEVICES, "bus/scsi/devices", "class/block"] {
            std::fs::create_dir_all(machine.root().join(folder)).unwrap();
        }
        for (bus, other, speed) in [("1", "2", "480"), ("2", "1", "5000")] {
            machine.add_bus(bus, "0000:02:00.0", speed);
            for port in ["1", "2"] {
                let folder = machine.folder(&format!("usb{bus}")).join(format!("{bus}-0:1.0/usb{bus}-port{port}"));
                std::fs::create_dir_all(&folder).unwrap();
                let peer = format!("../../../usb{other}/{other}-0:1.0/usb{other}-port{port}");
                symlink(peer, folder.join("peer")).unwrap();
            }
        }
        machine
    }

    /// One that has, besides, a controller of USB 2 alone, as bus 3, whose slow devices are on buses 4 and 5; and another
    /// such pair, 6 and 7.
    pub fn with_companions() -> Self {
        let machine = Self::new();
        for (bus, controller, speed) in [
            ("3", "0000:00:1d.7", "480"),
            ("4", "0000:00:1d.0", "12"),
            ("5", "0000:00:1d.1", "12"),
            ("6", "0000:00:1a.7", "480"),
            ("7", "0000:00:1a.0", "12"),
        ] {
            machine.add_bus(bus, controller, speed);
            if speed == "480" {
                std::fs::write(machine.root().join(PCI).join(controller).join("companion"), b"").unwrap();
            }
        }
        machine
    }

    /// A bus of two ports, on this controller.
    pub fn add_bus(&self, bus: &str, controller: &str, speed: &str) {
        let name = format!("usb{bus}");
        let folder = self.root().join(PCI).join(controller).join(&name);
        std::fs::create_dir_all(&folder).unwrap();
        link(&folder, &self.root().join(DEVICES).join(&name));
        for (attribute, value) in
            [("maxchild", "2"), ("authorized_default", "1"), ("authorized", "1"), ("speed", speed)]
        {
            self.set(&name, attribute, value);
        }
    }

    /// What is `/sys` on a real machine.
    pub fn root(&self) -> &Path {
        self.0.path()
    }

    /// The folder of a bus or a device, such as `usb1` or `1-1.4`, whether it is plugged in or not.
    fn folder(&self, device: &str) -> PathBuf {
        let listed = |bus: &str| self.root().join(DEVICES).join(bus).canonicalize().unwrap();
        let Some((bus, _)) = device.split_once('-') else { return listed(device) };
        // A device behind a hub lies in the hub's folder.
        let ends = device.match_indices('.').map(|(at, _)| at).chain([device.len()]);
        ends.fold(listed(&format!("usb{bus}")), |hub, end| hub.join(&device[..end]))
    }

    /// Gives an attribute of a bus or a device another value.
    pub fn set(&self, device: &str, attribute: &str, value: &str) {
        self.set_bytes(device, attribute, format!("{value}\n").as_bytes());
    }

    /// The same, for one that is no text.
    pub fn set_bytes(&self, device: &str, attribute: &str, bytes: &[u8]) {
        std::fs::write(self.folder(device).join(attribute), bytes).unwrap();
    }

    /// Plugs a device in, or another one in its place. Whether it may be used at once is for its bus to say.
    pub fn plug(&self, port: &str, product: &str, classes: &[[u8; 3]]) -> Plugged {
        let folder = self.folder(port);
        std::fs::create_dir_all(&folder).unwrap();
        link(&folder, &self.root().join(DEVICES).join(port));
        let bus = self.folder(&format!("usb{}", port.split_once('-').unwrap().0));
        let authorized = std::fs::read_to_string(bus.join("authorized_default")).unwrap();
        for (attribute, value) in [
            ("devnum", "7"),
            ("authorized", authorized.trim_end()),
            ("speed", "480"),
            ("product", product),
            ("serial", "BWC-0001"),
            ("maxchild", "0"),
        ] {
            self.set(port, attribute, value);
        }
        self.set_bytes(port, "descriptors", &descriptors(classes));
        Plugged { sysfs: self.root().to_owned(), port: port.to_owned(), folder }
    }

    /// Plugs a hub in.
    pub fn plug_hub(&self, port: &str, ports: u8) {
        let Plugged { folder, .. } = self.plug(port, "Hub", &[HUB]);
        self.set(port, "maxchild", &ports.to_string());
        for number in 1..=ports {
            std::fs::create_dir_all(folder.join(format!("{port}:1.0/{port}-port{number}"))).unwrap();
        }
    }

    /// Pulls a device out.
    #[expect(clippy::disallowed_methods, reason = "a link in a folder of this machine's own")]
    pub fn unplug(&self, port: &str) {
        let gone = TempDir::new_in(self.root()).unwrap().keep();
        std::fs::rename(self.folder(port), gone.join(port)).unwrap();
        std::fs::remove_file(self.root().join(DEVICES).join(port)).unwrap();
    }
}

/// What a device says of itself. An interface has an endpoint, whose descriptor has to be skipped.
fn descriptors(classes: &[[u8; 3]]) -> Vec<u8> {
    let mut descriptors = vec![18, 1, 0x10, 0x02, 0, 0, 0, 64, 0x64, 0x85, 0x00, 0x10, 0x02, 0x01, 1, 2, 3, 1];
    descriptors.extend([9, 2, 0, 0, 1, 1, 0, 0x80, 50]);
    for (number, [class, subclass, protocol]) in (0..).zip(classes) {
        descriptors.extend([9, 4, number, 0, 1, *class, *subclass, *protocol, 0]);
        descriptors.extend([7, 5, 0x81, 2, 0, 2, 0]);
    }
    descriptors
}

/// A device that is plugged in, to which disks can be added.
#[derive(Debug)]
pub struct Plugged {
    sysfs: PathBuf,
    port: String,
    folder: PathBuf,
}

impl Plugged {
    /// A disk, of so many sectors of 512 bytes. Another one of the same place takes its place.
    pub fn disk(&self, lun: u32, node: &str, number: (u32, u32), sectors: u64) -> &Self {
        self.disk_behind(0, lun, node, number, sectors)
    }

    /// A disk on one of several interfaces.
    pub fn disk_behind(&self, interface: u32, lun: u32, node: &str, number: (u32, u32), sectors: u64) -> &Self {
        let folder = self.scsi(interface, lun).join("block").join(node);
        self.block(&folder, node, number, sectors);
        link(Path::new("../.."), &folder.join("device"));
        self
    }

    /// What SCSI says a disk is, whether it is shown already or not.
    pub fn of_type(&self, lun: u32, kind: &str) -> &Self {
        let scsi = self.scsi(0, lun);
        std::fs::create_dir_all(&scsi).unwrap();
        std::fs::write(scsi.join("type"), format!("{kind}\n")).unwrap();
        link(&scsi, &self.sysfs.join("bus/scsi/devices").join(format!("2:0:0:{lun}")));
        self
    }

    /// A partition of a disk.
    pub fn partition(&self, disk: &str, node: &str, index: u32, number: (u32, u32), sectors: u64) -> &Self {
        let folder = self.sysfs.join("class/block").join(disk).canonicalize().unwrap().join(node);
        self.block(&folder, node, number, sectors);
        std::fs::write(folder.join("partition"), format!("{index}\n")).unwrap();
        self
    }

    fn scsi(&self, interface: u32, lun: u32) -> PathBuf {
        let host = 2 + interface;
        self.folder.join(format!("{}:1.{interface}/host{host}/target{host}:0:0/{host}:0:0:{lun}", self.port))
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
