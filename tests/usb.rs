//! The commands that look at USB ports, on a recorded tree of `sysfs`, as a person or udev runs them.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene fails")]

#[path = "support/usb.rs"]
mod usb;

use std::os::unix::fs::{PermissionsExt as _, symlink};
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
    assert!(text.contains("port = \"1-1\"       # = 2-1    bay 1    empty\n"), "{text}");
    assert!(text.contains("port = \"1-2\"       # = 2-2    -        8564:1000 \"Body\\u{1b}[2J Cam\", 480"), "{text}");
    assert!(text.contains("\n    [[bay]]\n    name = \"2\"\n    port = \"1-2\"\n"), "{text}");
    let (json, _) = says(&machine, &["bays", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["ports"][0]["bay"], &json["ports"][1]["state"]), (&"1".into(), &"camera".into()));
}

#[test]
fn each_line_of_bays_is_a_line_for_the_configuration() {
    let machine = Machine::new();
    machine.plug("1-1", "Camera", &[STORAGE]);
    machine.plug("1-2", "Mouse", &[KEYBOARD]);
    let (text, _) = says(&machine, &["bays"]);
    for (line, port) in text.lines().zip(["1-1", "1-2"]) {
        assert_eq!(line.parse::<toml::Table>().unwrap()["port"].as_str(), Some(port), "{line}");
    }
}

#[test]
fn several_cameras_get_a_name_each_and_what_is_no_camera_gets_none() {
    let machine = Machine::new();
    machine.write("etc/camdock.toml", b"[[bay]]\nname = \"7\"\nport = \"5-1\"\n");
    machine.write("etc/profiles.d/off.toml", b"name = \"generic-dcim\"\nenabled = false\n");
    machine.write("etc/profiles.d/off2.toml", b"name = \"volume-label\"\nenabled = false\n");
    machine.plug("1-1", "Camera", &[STORAGE]);
    machine.plug("2-2", "Camera", &[STORAGE]);
    let (text, _) = says(&machine, &["bays"]);
    let names: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("name = ")).collect();
    assert_eq!(names, ["\"8\"", "\"9\""], "{text}");
    assert!(text.contains("a drive that no profile knows"), "{text}");

    let machine = Machine::new();
    machine.plug("1-2", "Keyboard of the machine", &[KEYBOARD]);
    let (text, _) = says(&machine, &["bays"]);
    assert!(text.contains("Keyboard of the machine") && !text.contains("[[bay]]"), "{text}");
}

#[test]
fn whoever_may_not_read_the_configuration_still_sees_which_device_is_a_camera() {
    let machine = Machine::new();
    machine.plug("1-2", "Camera", &[STORAGE]);
    machine.write("etc/camdock.toml.d", b"a file in the place of a folder");
    let Output { stdout, stderr, .. } = machine.ended(&["bays"]);
    let (shown, said) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(shown.contains("may be: volume-label, generic-dcim"), "{shown}");
    assert!(said.contains("cannot be listed") && said.contains("only the profiles that came with it"), "{said}");
}

#[test]
fn a_probed_device_comes_with_a_profile_that_allows_it() {
    let machine = Machine::new();
    machine.write("etc/profiles.d/off.toml", b"name = \"generic-dcim\"\nenabled = false\n");
    machine.write("etc/profiles.d/off2.toml", b"name = \"volume-label\"\nenabled = false\n");
    machine.plug("1-1", " Body \"C\u{e4}m\"\n[x] ", &[STORAGE]);
    // As the shell has it when the output goes there.
    machine.write("etc/profiles.d/mine.toml", b"");
    let (text, code) = says(&machine, &["camera", "probe", "1"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("no profile allows it") && text.contains("mass storage (08/06/50)"), "{text}");
    machine.write("etc/profiles.d/mine.toml", text.as_bytes());
    let (text, code) = says(&machine, &["camera", "probe", "1-1"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("profile camera-8564-1000 ") && text.contains(" fits\n"), "{text}");
}

#[test]
fn what_no_profile_can_allow_is_described_without_one() {
    let machine = Machine::new();
    machine.plug("1-1", "Camera", &[STORAGE, KEYBOARD]);
    let (text, code) = says(&machine, &["camera", "probe", "1"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("no profile can allow it") && text.lines().all(|line| line.starts_with('#')), "{text}");
}

/// What `camdock check` finds on a machine with these bays.
fn findings(machine: &Machine, bays: &str) -> String {
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
    machine.write("etc/camdock.toml", config.as_bytes());
    says(machine, &["check", "--offline"]).0
}

fn bays(ports: &[&str]) -> String {
    let bay = |port: &&str| format!("[[bay]]\nname = \"{port}\"\nport = \"{port}\"\n");
    ports.iter().map(bay).collect::<Vec<_>>().concat()
}

#[test]
fn check_warns_while_a_profile_lets_any_drive_in_and_says_how_to_switch_it_off() {
    let machine = Machine::new();
    let found = findings(&machine, &bays(&["1-1"]));
    let warning = "profile generic-dcim: gate warning: it lets any USB drive in";
    assert!(found.contains(warning) && found.contains("profile volume-label: gate warning"), "{found}");
    assert!(found.contains("with the two lines name = \"generic-dcim\" and enabled = false"), "{found}");
    machine.write("etc/profiles.d/off.toml", b"name = \"generic-dcim\"\nenabled = false\n");
    assert!(!findings(&machine, &bays(&["1-1"])).contains(warning));
    let folder = format!("[[bay]]\nname = \"f\"\nfolder = \"{}\"\n", machine.path("bay").display());
    assert!(!findings(&machine, &folder).contains("profile "), "no bay is a port");
}

#[test]
fn check_warns_of_slow_devices_that_end_up_in_no_bay() {
    let machine = Machine::new();
    for (bus, function, speed) in [("3", "7", "480"), ("4", "0", "12"), ("5", "1", "12")] {
        let hub = format!("devices/0000:00:1d.{function}/usb{bus}");
        machine.write(&format!("{hub}/maxchild"), b"2\n");
        machine.write(&format!("{hub}/speed"), format!("{speed}\n").as_bytes());
        symlink(machine.path(&hub), machine.path(&format!("bus/usb/devices/usb{bus}"))).unwrap();
    }
    machine.write("devices/0000:00:1d.7/companion", b"");
    let warning =
        "bay 3-1: gate warning: a slow device that is plugged in there, such as a keyboard, appears on bus 4 or 5";
    assert!(findings(&machine, &bays(&["3-1"])).contains(warning));
    assert!(findings(&machine, &bays(&["3-1", "3-2", "4-1"])).contains(warning), "one of them is not named yet");
    for named in [&["3-1", "4-2"][..], &["3-1.4"], &["1-1"]] {
        assert!(!findings(&machine, &bays(named)).contains("slow device"), "{named:?}");
    }
    assert!(findings(&machine, &bays(&["1-1"])).contains("bays: place warning: this machine has 4 USB controllers"));
    assert!(!findings(&Machine::new(), &bays(&["1-1"])).contains("bays: place"));
}
