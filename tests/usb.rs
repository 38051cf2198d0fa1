//! The commands that look at USB ports, on a recorded tree of `sysfs`, as a person or udev runs them.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene fails")]

use std::os::unix::fs::symlink;
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

const STORAGE: [u8; 3] = [8, 6, 0x50];
const KEYBOARD: [u8; 3] = [3, 1, 1];

/// A machine with two USB 3 sockets, of which the first is bay 1.
struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(TempDir::new().unwrap());
        for (bus, other) in [("1", "2"), ("2", "1")] {
            let hub = format!("devices/usb{bus}");
            for port in ["1", "2"] {
                let folder = machine.0.path().join(format!("{hub}/{bus}-0:1.0/usb{bus}-port{port}"));
                std::fs::create_dir_all(&folder).unwrap();
                symlink(format!("../../../usb{other}/{other}-0:1.0/usb{other}-port{port}"), folder.join("peer"))
                    .unwrap();
            }
            machine.write(&format!("{hub}/maxchild"), b"2\n");
            machine.show(&format!("usb{bus}"));
        }
        machine.write("etc/camdock.toml", b"[[bay]]\nname = \"1\"\nport = \"1-1\"\n");
        machine
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn show(&self, device: &str) {
        let devices = self.0.path().join("bus/usb/devices");
        std::fs::create_dir_all(&devices).unwrap();
        symlink(self.0.path().join("devices").join(device), devices.join(device)).unwrap();
    }

    fn plug(&self, port: &str, product: &str, classes: &[[u8; 3]]) {
        let mut descriptors = vec![18, 1, 0x10, 0x02, 0, 0, 0, 64, 0x64, 0x85, 0x00, 0x10, 0x02, 0x01, 1, 2, 3, 1];
        descriptors.extend([9, 2, 0, 0, 1, 1, 0, 0x80, 50]);
        for [class, subclass, protocol] in classes {
            descriptors.extend([9, 4, 0, 0, 2, *class, *subclass, *protocol, 0]);
        }
        self.write(&format!("devices/{port}/descriptors"), &descriptors);
        for (name, value) in [("devnum", "7"), ("authorized", "1"), ("speed", "480"), ("product", product)] {
            self.write(&format!("devices/{port}/{name}"), format!("{value}\n").as_bytes());
        }
        self.show(port);
    }

    /// What a command prints, and how it ends.
    fn says(&self, arguments: &[&str]) -> (String, i32) {
        let output = self.ended(arguments);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (text, output.status.code().unwrap())
    }

    fn ended(&self, arguments: &[&str]) -> Output {
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

#[test]
fn udev_is_told_what_to_do_and_nothing_that_a_device_says() {
    let machine = Machine::new();
    machine.plug("1-1", "\nCAMDOCK_GATE=open", &[STORAGE, KEYBOARD]);
    machine.plug("1-2", "Mouse", &[KEYBOARD]);
    assert_eq!(machine.says(&["gate", "1-1"]), ("CAMDOCK_GATE=closed\nCAMDOCK_BAY=1\n".to_owned(), 0));
    assert_eq!(machine.says(&["gate", "1-2"]), ("CAMDOCK_GATE=elsewhere\n".to_owned(), 0));
    assert_eq!(machine.says(&["gate", "usb2"]), ("CAMDOCK_GATE=guard\n".to_owned(), 0));
    let machine = Machine::new();
    machine.plug("1-1", "Camera", &[STORAGE]);
    assert_eq!(machine.says(&["gate", "1-1"]), ("CAMDOCK_GATE=open\nCAMDOCK_BAY=1\n".to_owned(), 0));
    machine.write("etc/camdock.toml", b"");
    assert_eq!(machine.says(&["gate", "1-1"]), ("CAMDOCK_GATE=none\n".to_owned(), 0));
}

#[test]
fn what_keeps_a_camera_out_is_said_for_udevs_log() {
    let machine = Machine::new();
    machine.plug("1-1", "Camera", &[STORAGE]);
    machine.write("etc/profiles.d/typo.toml", b"name = \"generic-dcim\"\nenabeld = false\n");
    let Output { stdout, stderr, .. } = machine.ended(&["gate", "1-1"]);
    assert_eq!(stdout, b"CAMDOCK_GATE=closed\nCAMDOCK_BAY=1\n");
    let said = String::from_utf8(stderr).unwrap();
    assert!(said.contains("profiles.d/typo.toml:2: profile.enabeld is no key that camdock knows: did you"), "{said}");
}

#[test]
fn a_gate_that_does_not_know_the_bays_says_nothing() {
    let machine = Machine::new();
    machine.plug("1-1", "Camera", &[STORAGE]);
    machine.write("etc/camdock.toml.d", b"a file in the place of a folder");
    let refuses = |said: &str| {
        let Output { stdout, stderr, status } = machine.ended(&["gate", "1-1"]);
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(stdout.is_empty() && !status.success() && stderr.contains(said), "{stderr}");
    };
    refuses("camdock.toml.d cannot be listed");
    std::fs::rename(machine.0.path().join("etc"), machine.0.path().join("elsewhere")).unwrap();
    refuses("there is no ");
}

#[test]
fn bays_are_mapped_by_plugging_in() {
    let machine = Machine::new();
    machine.plug("1-2", "Body\u{1b}[2J Cam", &[STORAGE]);
    let (text, code) = machine.says(&["bays"]);
    assert_eq!(code, 0);
    assert!(text.contains("1-1 = 2-1          bay 1      empty\n"), "{text}");
    assert!(text.contains("8564:1000 \"Body\\u{1b}[2J Cam\", 480 Mbit/s"), "{text}");
    assert!(text.contains("a slow cable or plug\n    [[bay]]\n    name = \"2\"\n    port = \"1-2\"\n"), "{text}");
    let (json, _) = machine.says(&["bays", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["ports"][0]["bay"], &json["ports"][1]["state"]), (&"1".into(), &"camera".into()));
}

#[test]
fn a_probed_device_comes_with_a_profile_that_allows_it() {
    let machine = Machine::new();
    machine.write("etc/profiles.d/off.toml", b"name = \"generic-dcim\"\nenabled = false\n");
    machine.write("etc/profiles.d/off2.toml", b"name = \"volume-label\"\nenabled = false\n");
    machine.plug("1-1", "Body \"Cam\"\n[x]", &[STORAGE]);
    let (text, code) = machine.says(&["camera", "probe", "1"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("no profile allows it") && text.contains("mass storage (08/06/50)"), "{text}");
    let (_, profile) = text.split_once("NAME.toml:\n\n").unwrap();
    machine.write("etc/profiles.d/mine.toml", profile.as_bytes());
    let (text, code) = machine.says(&["camera", "probe", "1-1"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("my-camera") && text.contains(" fits\n"), "{text}");
}
