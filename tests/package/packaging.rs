//! What the package promises: a service without privilege. Building and installing it is the guest's part; here the files
//! speak for themselves.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the unit sets `key` to, in the order of its lines.
fn setting(key: &str) -> Vec<String> {
    let unit = text("systemd/camdock.service");
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    lines.filter(|(name, _)| *name == key).map(|(_, value)| value.to_owned()).collect()
}

#[test]
fn the_service_has_no_privilege() {
    for (key, value) in [
        ("User", "camdock"),
        ("CapabilityBoundingSet", ""),
        ("AmbientCapabilities", ""),
        ("NoNewPrivileges", "yes"),
        // A prefix such as `+` would run it as root after all.
        ("ExecStart", "/usr/bin/camdock run"),
        ("ExecStopPost", "-/usr/bin/camdock lamp dark"),
        // The one exception: udev looks at the bays and lamps again, by its own rules.
        (
            "ExecStartPre",
            "+-/usr/bin/udevadm trigger --subsystem-match=usb --subsystem-match=leds --action=change --settle",
        ),
    ] {
        assert_eq!(setting(key), [value], "{key}");
    }
    let unit = text("systemd/camdock.service");
    assert!(!unit.contains("PermissionsStartOnly"), "nothing else runs as root");
}

#[test]
fn a_station_that_hangs_or_ends_is_started_again_for_ever() {
    for (key, value) in [
        ("Type", "notify"),
        ("NotifyAccess", "main"),
        ("WatchdogSec", "2min"),
        ("Restart", "always"),
        ("StartLimitIntervalSec", "0"),
        ("TimeoutStopSec", "5s"),
    ] {
        assert_eq!(setting(key), [value], "{key}");
    }
}

#[test]
fn a_wrong_configuration_is_not_tried_again_and_again() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("camdock.toml");
    std::fs::write(&config, "[station]\n").unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_camdock")).arg("--config").arg(&config).arg("run").output().unwrap();
    let code = ended.status.code().expect("an exit code");
    assert_eq!(setting("RestartPreventExitStatus"), [code.to_string()]);
}

/// The unit as `systemd-analyze` can look at it here: with a program that is installed, and without its manual.
fn analysed(arguments: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    let unit = folder.path().join("camdock.service");
    let program = env!("CARGO_BIN_EXE_camdock");
    std::fs::write(&unit, text("systemd/camdock.service").replace("/usr/bin/camdock", program)).unwrap();
    Command::new("systemd-analyze")
        .args(arguments)
        .arg(&unit)
        .output()
        .expect("systemd-analyze; `make setup` installs it")
}

#[test]
fn systemd_understands_every_line_of_the_unit() {
    let verified = analysed(&["verify", "--man=no"]);
    let complaints = String::from_utf8_lossy(&verified.stderr).into_owned();
    let ours = complaints.lines().filter(|line| line.contains("camdock.service")).collect::<Vec<_>>();
    assert!(ours.is_empty(), "{ours:#?}");
}

/// The unit for a kiosk, as somebody copies it from the package.
const KIOSK: &str = "packaging/kiosk/camdock-kiosk.service";

#[test]
fn systemd_understands_every_line_of_the_kiosks_unit() {
    let folder = TempDir::new().unwrap();
    let unit = folder.path().join("camdock-kiosk.service");
    // Neither is installed where this runs.
    let programs = text(KIOSK).replace("/usr/bin/cage", "/bin/true").replace("/usr/bin/chromium", "/bin/true");
    std::fs::write(&unit, programs).unwrap();
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit).output().unwrap();
    let complaints = String::from_utf8_lossy(&verified.stderr).into_owned();
    let ours = complaints.lines().filter(|line| line.contains("camdock-kiosk")).collect::<Vec<_>>();
    assert!(ours.is_empty(), "{ours:#?}");
}

#[test]
fn a_kiosk_reaches_this_machine_alone_and_comes_back_whenever_it_ends() {
    let unit = text(KIOSK);
    for line in [
        "User=camdock-kiosk",
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "IPAddressDeny=any",
        "IPAddressAllow=localhost",
        "InaccessiblePaths=-/var/lib/camdock -/etc/camdock",
        "Restart=always",
        "StartLimitIntervalSec=0",
    ] {
        assert!(unit.lines().any(|written| written == line), "{line}");
    }
    assert!(!unit.contains("--no-sandbox"), "Chromium's own sandbox is on");
    let page = camdock::config::EXAMPLE.lines().find_map(|line| line.strip_prefix("listen = \"")).unwrap();
    let (address, port) = page.trim_end_matches('"').rsplit_once(':').unwrap();
    assert!(unit.contains(&format!("http://{address}:{port}/")), "{page}");
    assert!(unit.contains(&format!("/dev/tcp/{address}/{port})")), "it waits for the page");
}

#[test]
fn the_sandbox_is_as_tight_as_the_readme_says() {
    let analysed = analysed(&["security", "--offline=true", "--no-pager", "--threshold=15"]);
    let report = String::from_utf8_lossy(&analysed.stdout).into_owned();
    assert!(analysed.status.success(), "more exposed than 1.5:\n{report}");
    let (_, level) = report.split_once("Overall exposure level for camdock.service: ").expect("a verdict");
    let level = level.split(' ').next().unwrap();
    assert!(text("README.md").contains(&format!("**{level}**")), "the README gives another figure than {level}");
}

#[test]
fn camdock_may_mount_and_read_usb_drives_and_nothing_else() {
    let rule = text("packaging/polkit/50-camdock.rules");
    let granted: Vec<_> = rule.split('"').filter(|word| word.starts_with("org.freedesktop.")).collect();
    let expected = ["filesystem-mount-other-seat", "open-device"];
    assert_eq!(granted, expected.map(|action| format!("org.freedesktop.udisks2.{action}")));
    for condition in [r#"subject.user == "camdock""#, r#"action.lookup("drive.removable.bus") == "usb""#] {
        assert!(rule.contains(condition), "{condition}");
    }
}

#[test]
fn udev_understands_every_line_of_the_rules() {
    let udevadm = |arguments: &[&str]| {
        let output = Command::new("udevadm").args(arguments).output();
        output.expect("udevadm; `make setup-tests` installs it")
    };
    let version = String::from_utf8(udevadm(&["--version"]).stdout).unwrap();
    let version: u32 = version.trim().split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
    // An older one, such as Debian 12's, cannot look at rules by themselves; what they do is seen in the guest.
    if version >= 254 {
        for rules in ["60-camdock.rules", "61-camdock-lamps.rules"] {
            let rules = project(&format!("packaging/udev/{rules}"));
            let verified = udevadm(&["verify", "--resolve-names=never", rules.to_str().unwrap()]);
            assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        }
    }
}

#[test]
fn everything_that_is_packaged_is_there() {
    let manifest: toml::Table = toml::from_str(&text("Cargo.toml")).unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let sources = deb["assets"].as_array().unwrap().iter().map(|asset| asset[0].as_str().unwrap());
    // Below target/ lies what is built first.
    for source in sources.filter(|source| !source.starts_with("target/")) {
        assert!(project(source).is_file(), "{source}");
    }
    for script in ["preinst", "postinst", "prerm", "postrm"] {
        assert!(text(&format!("packaging/debian/{script}")).contains("\n#DEBHELPER#\n"), "{script}");
    }
    let targets = deb["assets"].as_array().unwrap().iter().map(|asset| asset[1].as_str().unwrap());
    let conffiles: Vec<_> = targets.filter(|target| target.starts_with("etc")).collect();
    assert!(conffiles.is_empty(), "dpkg would ask about {conffiles:?} at an upgrade");
    for part in ["service", "sysusers", "tmpfile"] {
        assert!(project(&format!("systemd/camdock.{part}")).is_file(), "{part}");
    }
}
