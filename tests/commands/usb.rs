//! The commands that look at USB ports, on a made-up `sysfs`, as a person runs them.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use camdock_test_support::sysfs::{self, KEYBOARD, STORAGE};

use crate::dock::Dock;

#[test]
fn bays_are_mapped_by_plugging_in() {
    let machine = Dock::new();
    machine.usb.plug("1-2", "Body\u{1b}[2J Cam", &[STORAGE]);
    let (text, code) = machine.says(&["bays"]);
    assert_eq!(code, 0);
    assert!(text.contains("port = \"1-1\"       # = 2-1    bay 1    empty\n"), "{text}");
    assert!(text.contains("port = \"1-2\"       # = 2-2    -        8564:1000 \"Body\\u{1b}[2J Cam\", 480"), "{text}");
    assert!(text.contains("\n    [[bay]]\n    name = \"2\"\n    port = \"1-2\"\n"), "{text}");
    let (json, _) = machine.says(&["bays", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["ports"][0]["bay"], &json["ports"][1]["state"]), (&"1".into(), &"camera".into()));
}

#[test]
fn each_line_of_bays_is_a_line_for_the_configuration() {
    let machine = Dock::new();
    machine.usb.plug("1-1", "Camera", &[STORAGE]);
    machine.usb.plug("1-2", "Mouse", &[KEYBOARD]);
    let (text, _) = machine.says(&["bays"]);
    for (line, port) in text.lines().zip(["1-1", "1-2"]) {
        assert_eq!(line.parse::<toml::Table>().unwrap()["port"].as_str(), Some(port), "{line}");
    }
}

#[test]
fn several_cameras_get_a_name_each_and_what_is_no_camera_gets_none() {
    let machine = Dock::new();
    machine.write("etc/camdock.toml", "[[bay]]\nname = \"7\"\nport = \"5-1\"\n");
    machine.write("etc/profiles.d/off.toml", "name = \"generic-dcim\"\nenabled = false\n");
    machine.write("etc/profiles.d/off2.toml", "name = \"volume-label\"\nenabled = false\n");
    machine.usb.plug("1-1", "Camera", &[STORAGE]);
    machine.usb.plug("2-2", "Camera", &[STORAGE]);
    let (text, _) = machine.says(&["bays"]);
    let names: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("name = ")).collect();
    assert_eq!(names, ["\"8\"", "\"9\""], "{text}");
    assert!(text.contains("a drive that no profile knows"), "{text}");

    let machine = Dock::new();
    machine.usb.plug("1-2", "Keyboard of the machine", &[KEYBOARD]);
    let (text, _) = machine.says(&["bays"]);
    assert!(text.contains("Keyboard of the machine") && !text.contains("[[bay]]"), "{text}");
}

#[test]
fn whoever_may_not_read_the_configuration_still_sees_which_device_is_a_camera() {
    let machine = Dock::new();
    machine.usb.plug("1-2", "Camera", &[STORAGE]);
    machine.write("etc/camdock.toml.d", "a file in the place of a folder");
    let Output { stdout, stderr, .. } = machine.runs(&["bays"]);
    let (shown, said) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(shown.contains("may be: volume-label, generic-dcim"), "{shown}");
    assert!(said.contains("cannot be listed") && said.contains("only the profiles that came with it"), "{said}");
}

#[test]
fn a_probed_device_comes_with_a_profile_that_allows_it() {
    let machine = Dock::new();
    machine.write("etc/profiles.d/off.toml", "name = \"generic-dcim\"\nenabled = false\n");
    machine.write("etc/profiles.d/off2.toml", "name = \"volume-label\"\nenabled = false\n");
    machine.usb.plug("1-1", " Body \"C\u{e4}m\"\n[x] ", &[STORAGE]);
    // As the shell has it when the output goes there.
    machine.write("etc/profiles.d/mine.toml", "");
    let (text, code) = machine.says(&["camera", "probe", "1"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("no profile allows it") && text.contains("mass storage (08/06/50)"), "{text}");
    machine.write("etc/profiles.d/mine.toml", &text);
    let (text, code) = machine.says(&["camera", "probe", "1-1"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("profile camera-8564-1000 ") && text.contains(" fits\n"), "{text}");
}

#[test]
fn what_no_profile_can_allow_is_described_without_one() {
    let machine = Dock::new();
    machine.usb.plug("1-1", "Camera", &[STORAGE, KEYBOARD]);
    let (text, code) = machine.says(&["camera", "probe", "1"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("no profile can allow it") && text.lines().all(|line| line.starts_with('#')), "{text}");
}

/// What `camdock check` finds on a machine with these bays.
fn findings(machine: &Dock, bays: &str) -> String {
    let (data, nas) = (machine.path("data"), machine.path("nas"));
    for folder in [&data, &nas] {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    let (data, nas) = (data.display(), nas.display());
    let config = format!(
        "[station]\nid = \"hq-01\"\ndata_dir = \"{data}\"\n[[destination]]\nname = \"nas\"\nkind = \"folder\"\n\
         path = \"{nas}\"\n{bays}"
    );
    machine.write("etc/camdock.toml", &config);
    machine.says(&["check", "--offline"]).0
}

fn bays(ports: &[&str]) -> String {
    let bay = |port: &&str| format!("[[bay]]\nname = \"{port}\"\nport = \"{port}\"\n");
    ports.iter().map(bay).collect::<Vec<_>>().concat()
}

#[test]
fn check_warns_while_a_profile_lets_any_drive_in_and_says_how_to_switch_it_off() {
    let machine = Dock::new();
    let found = findings(&machine, &bays(&["1-1"]));
    let warning = "profile generic-dcim: gate warning: it lets any USB drive in";
    assert!(found.contains(warning) && found.contains("profile volume-label: gate warning"), "{found}");
    assert!(found.contains("with the two lines name = \"generic-dcim\" and enabled = false"), "{found}");
    machine.write("etc/profiles.d/off.toml", "name = \"generic-dcim\"\nenabled = false\n");
    assert!(!findings(&machine, &bays(&["1-1"])).contains(warning));
    let folder = format!("[[bay]]\nname = \"f\"\nfolder = \"{}\"\n", machine.path("bay").display());
    assert!(!findings(&machine, &folder).contains("profile "), "no bay is a port");
}

#[test]
fn check_warns_of_slow_devices_that_end_up_in_no_bay() {
    let machine = Dock::with(sysfs::FakeSysfs::with_companions());
    let warning =
        "bay 3-1: gate warning: a slow device that is plugged in there, such as a keyboard, appears on bus 4 or 5";
    assert!(findings(&machine, &bays(&["3-1"])).contains(warning));
    assert!(findings(&machine, &bays(&["3-1", "3-2", "4-1"])).contains(warning), "one of them is not named yet");
    for named in [&["3-1", "4-2"][..], &["3-1.4"], &["1-1"]] {
        assert!(!findings(&machine, &bays(named)).contains("slow device"), "{named:?}");
    }
    assert!(findings(&machine, &bays(&["1-1"])).contains("bays: place warning: this machine has 6 USB controllers"));
    assert!(!findings(&Dock::new(), &bays(&["1-1"])).contains("bays: place"));
}
