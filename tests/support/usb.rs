//! A machine with USB, as far as `sysfs` shows it, and a configuration.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

pub(crate) const STORAGE: [u8; 3] = [8, 6, 0x50];
pub(crate) const KEYBOARD: [u8; 3] = [3, 1, 1];

/// A machine with two USB 3 sockets, of which the first is bay 1.
pub(crate) struct Machine(TempDir);

impl Machine {
    pub(crate) fn new() -> Self {
        let machine = Self(TempDir::new().unwrap());
        for (bus, other) in [("1", "2"), ("2", "1")] {
            let hub = format!("devices/usb{bus}");
            for port in ["1", "2"] {
                let folder = machine.0.path().join(format!("{hub}/{bus}-0:1.0/usb{bus}-port{port}"));
                std::fs::create_dir_all(&folder).unwrap();
                symlink(format!("../../../usb{other}/{other}-0:1.0/usb{other}-port{port}"), folder.join("peer"))
                    .unwrap();
            }
            for (name, value) in [("maxchild", "2"), ("authorized_default", "1"), ("authorized", "1")] {
                machine.write(&format!("{hub}/{name}"), format!("{value}\n").as_bytes());
            }
            machine.show(&format!("usb{bus}"));
        }
        machine.write("etc/camdock.toml", b"[[bay]]\nname = \"1\"\nport = \"1-1\"\n");
        machine
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// A device's attribute, without the end of its line.
    pub(crate) fn reads(&self, device: &str, attribute: &str) -> String {
        std::fs::read_to_string(self.path("devices").join(device).join(attribute)).unwrap().trim_end().to_owned()
    }

    fn show(&self, device: &str) {
        let devices = self.0.path().join("bus/usb/devices");
        std::fs::create_dir_all(&devices).unwrap();
        symlink(self.0.path().join("devices").join(device), devices.join(device)).unwrap();
    }

    /// Plugs a device in. Whether it may be used at once is for its bus to say.
    pub(crate) fn plug(&self, port: &str, product: &str, classes: &[[u8; 3]]) {
        let mut descriptors = vec![18, 1, 0x10, 0x02, 0, 0, 0, 64, 0x64, 0x85, 0x00, 0x10, 0x02, 0x01, 1, 2, 3, 1];
        descriptors.extend([9, 2, 0, 0, 1, 1, 0, 0x80, 50]);
        for [class, subclass, protocol] in classes {
            descriptors.extend([9, 4, 0, 0, 2, *class, *subclass, *protocol, 0]);
        }
        self.write(&format!("devices/{port}/descriptors"), &descriptors);
        let (bus, _) = port.split_once('-').unwrap();
        let authorized = self.reads(&format!("usb{bus}"), "authorized_default");
        for (name, value) in [("devnum", "7"), ("authorized", &authorized), ("speed", "480"), ("product", product)] {
            self.write(&format!("devices/{port}/{name}"), format!("{value}\n").as_bytes());
        }
        self.show(port);
    }

    /// How a command ends, and what it prints.
    pub(crate) fn ended(&self, arguments: &[&str]) -> Output {
        Command::cargo_bin("camdock")
            .unwrap()
            .arg("--config")
            .arg(self.0.path().join("etc/camdock.toml"))
            .args(arguments)
            .arg("--sysfs")
            .arg(self.0.path())
            .output()
            .unwrap()
    }
}
