//! The commands that look at USB ports, on a recorded tree of `sysfs`, as a person or udev runs them.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene fails")]

#[path = "support/usb.rs"]
mod usb;

use std::process::Output;

use usb::{KEYBOARD, Machine, STORAGE};

/// What a command prints, and how it ends.
fn says(machine: &Machine, arguments: &[&str]) -> (String, i32) {
    let output = machine.ended(arguments);
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (text, output.status.code().unwrap())
}

#[test]
fn udev_is_told_what_to_do_and_nothing_that_a_device_says() {
    let machine = Machine::new();
    machine.plug("1-1", "\nCAMDOCK_GATE=open", &[STORAGE, KEYBOARD]);
    machine.plug("1-2", "Mouse", &[KEYBOARD]);
    assert_eq!(says(&machine, &["gate", "1-1"]), ("CAMDOCK_GATE=closed\nCAMDOCK_BAY=1\n".to_owned(), 0));
    assert_eq!(says(&machine, &["gate", "1-2"]), ("CAMDOCK_GATE=elsewhere\n".to_owned(), 0));
    assert_eq!(says(&machine, &["gate", "usb2"]), ("CAMDOCK_GATE=guard\n".to_owned(), 0));
    let machine = Machine::new();
    machine.plug("1-1", "Camera", &[STORAGE]);
    assert_eq!(says(&machine, &["gate", "1-1"]), ("CAMDOCK_GATE=open\nCAMDOCK_BAY=1\n".to_owned(), 0));
    machine.write("etc/camdock.toml", b"");
    assert_eq!(says(&machine, &["gate", "1-1"]), ("CAMDOCK_GATE=none\n".to_owned(), 0));
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
    std::fs::rename(machine.path("etc"), machine.path("elsewhere")).unwrap();
    refuses("there is no ");
}

#[test]
fn bays_are_mapped_by_plugging_in() {
    let machine = Machine::new();
    machine.plug("1-2", "Body\u{1b}[2J Cam", &[STORAGE]);
    let (text, code) = says(&machine, &["bays"]);
    assert_eq!(code, 0);
    assert!(text.contains("1-1 = 2-1          bay 1      empty\n"), "{text}");
    assert!(text.contains("8564:1000 \"Body\\u{1b}[2J Cam\", 480 Mbit/s"), "{text}");
    assert!(text.contains("a slow cable or plug\n    [[bay]]\n    name = \"2\"\n    port = \"1-2\"\n"), "{text}");
    let (json, _) = says(&machine, &["bays", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["ports"][0]["bay"], &json["ports"][1]["state"]), (&"1".into(), &"camera".into()));
}

#[test]
fn a_probed_device_comes_with_a_profile_that_allows_it() {
    let machine = Machine::new();
    machine.write("etc/profiles.d/off.toml", b"name = \"generic-dcim\"\nenabled = false\n");
    machine.write("etc/profiles.d/off2.toml", b"name = \"volume-label\"\nenabled = false\n");
    machine.plug("1-1", "Body \"Cam\"\n[x]", &[STORAGE]);
    let (text, code) = says(&machine, &["camera", "probe", "1"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("no profile allows it") && text.contains("mass storage (08/06/50)"), "{text}");
    let (_, profile) = text.split_once("NAME.toml:\n\n").unwrap();
    machine.write("etc/profiles.d/mine.toml", profile.as_bytes());
    let (text, code) = says(&machine, &["camera", "probe", "1-1"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("my-camera") && text.contains(" fits\n"), "{text}");
}
