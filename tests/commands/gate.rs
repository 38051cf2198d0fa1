//! What `camdock gate` answers when udev asks it about a device. What udev's rules do then is seen in the guest, where the
//! real udev runs.

use std::process::Output;

use camdock_test_support::sysfs::{KEYBOARD, STORAGE};

use crate::dock::Dock;

#[test]
fn udev_is_told_what_to_do_and_nothing_that_a_device_says() {
    let machine = Dock::new();
    machine.usb.plug("1-1", "\nCAMDOCK_GATE=open", &[STORAGE, KEYBOARD]);
    machine.usb.plug("2-1", "Camera", &[STORAGE, KEYBOARD]);
    machine.usb.plug("1-2", "Mouse", &[KEYBOARD]);
    for (device, told) in [
        ("1-1", "CAMDOCK_GATE=closed\nCAMDOCK_BAY=1\n"),
        ("2-1", "CAMDOCK_GATE=closed\nCAMDOCK_BAY=1\n"),
        ("1-2", "CAMDOCK_GATE=elsewhere\n"),
        ("usb1", "CAMDOCK_GATE=guard\n"),
        ("usb2", "CAMDOCK_GATE=guard\n"),
    ] {
        assert_eq!(machine.says(&["gate", device]), (told.to_owned(), 0), "{device}");
    }
    machine.usb.plug("1-1", "Camera", &[STORAGE]);
    assert_eq!(machine.says(&["gate", "1-1"]), ("CAMDOCK_GATE=open\nCAMDOCK_BAY=1\n".to_owned(), 0));
}

#[test]
fn what_is_in_a_bay_no_more_is_told_to_be_so() {
    let machine = Dock::new();
    machine.usb.plug_hub("1-2", 4);
    let the_hub_itself = "[[bay]]\nname = \"1\"\nport = \"1-2\"\n";
    let a_port_of_it = "[[bay]]\nname = \"1\"\nport = \"1-2.3\"\n";
    for (bays, bus, hub) in [
        (the_hub_itself, "CAMDOCK_GATE=guard\n", "CAMDOCK_GATE=closed\nCAMDOCK_BAY=1\n"),
        (a_port_of_it, "CAMDOCK_GATE=guard\n", "CAMDOCK_GATE=elsewhere\n"),
        ("", "CAMDOCK_GATE=none\n", "CAMDOCK_GATE=none\n"),
    ] {
        machine.write("etc/camdock.toml", bays);
        assert_eq!(machine.says(&["gate", "usb1"]), (bus.to_owned(), 0), "{bays}");
        assert_eq!(machine.says(&["gate", "1-2"]), (hub.to_owned(), 0), "{bays}");
    }
}

#[test]
fn what_keeps_a_camera_out_is_said_for_udevs_log() {
    let machine = Dock::new();
    machine.usb.plug("1-1", "Camera", &[STORAGE]);
    machine.write("etc/profiles.d/typo.toml", "name = \"generic-dcim\"\nenabeld = false\n");
    machine.write("etc/profiles.d/off.toml", "name = \"volume-label\"\nenabled = false\n");
    let Output { stdout, stderr, .. } = machine.runs(&["gate", "1-1"]);
    assert_eq!(stdout, b"CAMDOCK_GATE=closed\nCAMDOCK_BAY=1\n");
    let said = String::from_utf8(stderr).unwrap();
    assert!(said.contains("profiles.d/typo.toml:2: profile.enabeld is no key that camdock knows: did you"), "{said}");
}

#[test]
fn a_gate_that_does_not_know_the_bays_says_nothing() {
    let machine = Dock::new();
    machine.usb.plug("1-1", "Camera", &[STORAGE]);
    machine.write("etc/camdock.toml.d", "a file in the place of a folder");
    let refuses = |said: &str| {
        let Output { stdout, stderr, status } = machine.runs(&["gate", "1-1"]);
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(stdout.is_empty() && !status.success() && stderr.contains(said), "{stderr}");
    };
    refuses("camdock.toml.d cannot be listed");
    std::fs::rename(machine.path("etc"), machine.path("elsewhere")).unwrap();
    refuses("there is no ");
}
