//! The packaged udev rules with the real gate: nothing in a bay is used that no profile allows, everything else works as
//! usual, and whatever the rules did is undone when its reason is gone.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set its scene fails")]

mod udev;
#[path = "../support/usb.rs"]
mod usb;

use udev::Udev;
use usb::{KEYBOARD, Machine, STORAGE};

const HUB: [u8; 3] = [9, 0, 0];

const NO_BAYS: &[u8] = b"";
const A_BAY: &[u8] = b"[[bay]]\nname = \"1\"\nport = \"1-1\"\n";

/// A machine on which the package is installed.
struct Station {
    machine: Machine,
    udev: Udev,
}

impl Station {
    fn with(config: &[u8]) -> Self {
        let mut station = Self { machine: Machine::new(), udev: Udev::default() };
        station.is_configured(config);
        station
    }

    /// The configuration is written and the service started.
    fn is_configured(&mut self, config: &[u8]) {
        self.machine.write("etc/camdock.toml", config);
        self.udev_looks_again();
    }

    /// As `udevadm trigger --action=change` makes it.
    fn udev_looks_again(&mut self) {
        let devices = std::fs::read_dir(self.machine.path("bus/usb/devices")).unwrap();
        let mut names: Vec<_> = devices.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_by_key(|name| !name.starts_with("usb"));
        for name in names {
            self.udev.hears(&self.machine, "change", &name, None);
        }
    }

    fn plug(&mut self, port: &str, classes: &[[u8; 3]]) {
        self.machine.plug(port, "Thing", classes);
        self.udev.hears(&self.machine, "add", port, None);
    }

    fn uses(&self, device: &str) -> bool {
        self.machine.reads(device, "authorized") == "1"
    }

    fn lets_in_by_itself(&self, bus: &str) -> String {
        self.machine.reads(bus, "authorized_default")
    }
}

#[test]
fn in_a_bay_cameras_are_used_and_nothing_else() {
    let mut station = Station::with(A_BAY);
    assert_eq!(
        (station.lets_in_by_itself("usb1"), station.lets_in_by_itself("usb2")),
        ("0".to_owned(), "0".to_owned())
    );
    station.plug("1-1", &[STORAGE]);
    station.plug("1-2", &[KEYBOARD]);
    assert!(station.uses("1-1") && station.uses("1-2"));
    let mut station = Station::with(A_BAY);
    station.plug("1-1", &[STORAGE, KEYBOARD]);
    station.plug("2-1", &[STORAGE, KEYBOARD]);
    assert!(!station.uses("1-1") && !station.uses("2-1"));
}

#[test]
fn a_device_that_was_there_before_its_bay_is_thrown_out() {
    let mut station = Station::with(NO_BAYS);
    station.plug("1-1", &[KEYBOARD]);
    assert!(station.uses("1-1"));
    station.is_configured(A_BAY);
    assert!(!station.uses("1-1"));
}

#[test]
fn a_bus_is_as_it_was_when_its_last_bay_is_gone() {
    for before in ["1", "2", "0"] {
        let mut station = Station { machine: Machine::new(), udev: Udev::default() };
        station.machine.write("devices/usb1/authorized_default", before.as_bytes());
        for _ in 0..2 {
            station.is_configured(A_BAY);
            station.udev_looks_again();
            assert_eq!(station.lets_in_by_itself("usb1"), "0");
            station.is_configured(NO_BAYS);
            assert_eq!(station.lets_in_by_itself("usb1"), before);
        }
    }
}

#[test]
fn a_bus_that_camdock_never_guarded_is_left_alone() {
    let mut station = Station { machine: Machine::new(), udev: Udev::default() };
    station.machine.write("devices/usb1/authorized_default", b"0");
    station.is_configured(NO_BAYS);
    station.udev_looks_again();
    assert_eq!(station.lets_in_by_itself("usb1"), "0");
}

#[test]
fn what_was_kept_out_by_mistake_is_used_again_when_the_bay_is_gone() {
    let mut station = Station::with(NO_BAYS);
    station.plug("1-2", &[HUB]);
    let the_hub_itself = b"[[bay]]\nname = \"1\"\nport = \"1-2\"\n";
    for (wrong, right) in [(&the_hub_itself[..], NO_BAYS), (the_hub_itself, A_BAY)] {
        station.is_configured(wrong);
        assert!(!station.uses("1-2"));
        station.is_configured(right);
        assert!(station.uses("1-2"));
    }
}

#[test]
fn what_a_person_closed_by_hand_stays_closed() {
    for config in [NO_BAYS, A_BAY] {
        let mut station = Station::with(config);
        station.plug("1-2", &[KEYBOARD]);
        station.machine.write("devices/1-2/authorized", b"0");
        station.udev_looks_again();
        assert!(!station.uses("1-2"));
    }
}

#[test]
fn a_gate_that_fails_opens_nothing_and_forgets_nothing() {
    let mut station = Station::with(A_BAY);
    station.plug("1-1", &[KEYBOARD]);
    let (config, away) = (station.machine.path("etc/camdock.toml"), station.machine.path("etc/away"));
    std::fs::rename(&config, &away).unwrap();
    station.udev_looks_again();
    station.plug("2-1", &[STORAGE]);
    station.plug("1-2", &[KEYBOARD]);
    assert!(!station.uses("1-1") && !station.uses("2-1") && !station.uses("1-2"));
    assert_eq!(station.lets_in_by_itself("usb1"), "0");

    std::fs::rename(&away, &config).unwrap();
    station.udev_looks_again();
    assert!(!station.uses("1-1") && station.uses("2-1"));
    assert!(station.uses("1-2"), "the gate kept it out only because nobody knew where it was");
    station.is_configured(NO_BAYS);
    assert!(station.uses("1-1"));
    assert_eq!(station.lets_in_by_itself("usb1"), "1");
}

#[test]
fn the_next_device_in_a_bay_is_another_one() {
    let mut station = Station::with(A_BAY);
    station.plug("1-1", &[STORAGE]);
    station.udev.forgets("1-1");
    std::fs::rename(station.machine.path("bus/usb/devices/1-1"), station.machine.path("pulled-out")).unwrap();
    station.plug("1-1", &[KEYBOARD]);
    assert!(!station.uses("1-1"));
}

#[test]
fn a_drive_in_a_bay_has_a_drives_driver_or_none() {
    for (driver, kept) in [
        ("usb-storage", true),
        ("uas", true),
        ("ums-realtek", true),
        ("ums-cypress", true),
        ("usbhid", false),
        ("ums", false),
        ("r8152", false),
    ] {
        let mut station = Station::with(A_BAY);
        station.plug("1-1", &[STORAGE]);
        station.plug("1-2", &[KEYBOARD]);
        for port in ["1-1", "1-2"] {
            station.udev.hears(&station.machine, "bind", &format!("{port}:1.0"), Some(driver));
        }
        assert_eq!((station.uses("1-1"), station.uses("1-2")), (kept, true), "{driver}");
        station.is_configured(NO_BAYS);
        assert!(station.uses("1-1"), "the bay is gone");
    }
}
