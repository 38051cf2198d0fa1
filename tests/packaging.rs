//! What the package promises: a service without privilege, and a removal that loses nothing. Building and installing it is
//! the guest's part; here the files speak for themselves.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use camdock::domain::{
    ByteCount, CameraSerial, DestinationName, Fingerprint, Moment, Need, ProofMethod, Segment, SegmentId, SourcePath,
    Version,
};
use camdock::ledger::{Entry, LEDGER_FILE, Ledger};
use tempfile::TempDir;

const NOW: Moment = Moment::from_millis(1_800_000_000_000);

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
        // The one exception: udev looks at the bays again, by its own rules.
        ("ExecStartPre", "+-/usr/bin/udevadm trigger --subsystem-match=usb --action=change --settle"),
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

#[test]
fn the_sandbox_is_as_tight_as_the_readme_says() {
    let analysed = analysed(&["security", "--offline=true", "--no-pager", "--threshold=20"]);
    let report = String::from_utf8_lossy(&analysed.stdout).into_owned();
    assert!(analysed.status.success(), "more exposed than 2.0:\n{report}");
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
fn everything_that_is_packaged_is_there() {
    let manifest: toml::Table = toml::from_str(&text("Cargo.toml")).unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let sources = deb["assets"].as_array().unwrap().iter().map(|asset| asset[0].as_str().unwrap());
    // Below target/ lies what is built first.
    for source in sources.filter(|source| !source.starts_with("target/")) {
        assert!(project(source).is_file(), "{source}");
    }
    for script in ["postinst", "prerm", "postrm"] {
        assert!(text(&format!("packaging/debian/{script}")).contains("\n#DEBHELPER#\n"), "{script}");
    }
    for part in ["service", "sysusers", "tmpfile"] {
        assert!(project(&format!("systemd/camdock.{part}")).is_file(), "{part}");
    }
}

/// A machine on which camdock is installed, as far as the maintainer scripts see it.
struct Machine {
    root: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { root: TempDir::new().unwrap() };
        std::fs::create_dir_all(machine.data()).unwrap();
        std::fs::create_dir_all(machine.path("etc/camdock")).unwrap();
        std::fs::write(machine.path("etc/camdock/camdock.toml"), "# as the administrator left it\n").unwrap();
        let programs = machine.path("bin");
        std::fs::create_dir(&programs).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_camdock"), programs.join("camdock")).unwrap();
        // There is no other user here to become.
        let runuser = programs.join("runuser");
        std::fs::write(&runuser, "#!/bin/sh\nshift 3\nexec \"$@\"\n").unwrap();
        std::fs::set_permissions(&runuser, std::fs::Permissions::from_mode(0o755)).unwrap();
        machine
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn data(&self) -> PathBuf {
        self.path("var/lib/camdock")
    }

    /// A station that spooled this segment, and whose only destination has proven it, or not.
    async fn worked(&self, proven: Proven) -> PathBuf {
        let camera = CameraSerial::new("BWC-1").unwrap();
        let path = SourcePath::new(b"DCIM/MOV_0001.MP4".to_vec());
        let fingerprint = Fingerprint::of(b"footage", ByteCount::new(4));
        let id = SegmentId::of(&camera, &path, &fingerprint.sha256);
        let segment = Segment { id, camera, path, recorded_at: NOW, fingerprint, damaged: false };
        let primary = DestinationName::new("primary").unwrap();
        let mut steps = vec![
            Entry::DestinationsSet { destinations: vec![(primary.clone(), Need::Required)] },
            Entry::SegmentSpooled { docking: None, segment: (&segment).into() },
        ];
        if proven == Proven::Yes {
            let (version, method) = (Version("v1".to_owned()), ProofMethod::Attested);
            steps.push(Entry::CopyProven { segment: id, destination: primary, version, method });
        }
        let ledger = Ledger::threaded(Ledger::connect(&self.data().join(LEDGER_FILE)).unwrap()).unwrap();
        ledger.record(NOW, steps).await.unwrap();
        self.spool(&id.to_string())
    }

    /// Puts a file among the sealed copies.
    fn spool(&self, name: &str) -> PathBuf {
        let shard = self.data().join("spool/segments").join(&name[..2]);
        std::fs::create_dir_all(&shard).unwrap();
        std::fs::write(shard.join(name), "footage").unwrap();
        shard.join(name)
    }

    fn script(&self, script: &str, argument: &str) -> Output {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command.arg(project("packaging/debian").join(script)).arg(argument);
        command.env("PATH", path).env("DPKG_ROOT", self.root.path()).output().unwrap()
    }

    /// `apt remove`
    fn remove(&self) {
        for script in ["prerm", "postrm"] {
            let ended = self.script(script, "remove");
            assert!(ended.status.success(), "{script}: {ended:?}");
        }
    }

    /// `apt purge` of what was removed. The configuration goes before the script is asked.
    fn purge(&self) -> Result<String, String> {
        let config = self.path("etc/camdock/camdock.toml");
        if config.exists() {
            std::fs::rename(config, self.path("gone")).unwrap();
        }
        let ended = self.script("postrm", "purge");
        let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
        if ended.status.success() { Ok(said) } else { Err(said) }
    }

    fn assert_refuses(&self, evidence: &Path) {
        let said = self.purge().expect_err("refuses");
        assert!(said.contains("not purged") && said.contains("apt install camdock"), "{said}");
        assert!(evidence.exists(), "the evidence is kept");
        assert!(self.data().join("camdock.toml.removed").exists(), "so is the configuration");
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Proven {
    Yes,
    No,
}

#[tokio::test]
async fn a_purge_takes_the_proven_spool_and_the_credentials_and_leaves_the_custody_log() {
    let machine = Machine::new();
    let copy = machine.worked(Proven::Yes).await;
    std::fs::write(machine.path("etc/camdock/primary.sas"), "secret").unwrap();
    machine.remove();
    assert!(copy.exists(), "removing keeps everything");
    let said = machine.purge().unwrap();
    assert!(said.contains("the ledger stays"), "{said}");
    assert!(!machine.data().join("spool").exists() && !machine.path("etc/camdock").exists());
    assert!(machine.data().join(LEDGER_FILE).exists());
}

#[tokio::test]
async fn a_purge_refuses_while_the_spool_holds_unproven_evidence() {
    let machine = Machine::new();
    let copy = machine.worked(Proven::No).await;
    machine.remove();
    machine.assert_refuses(&copy);
}

#[tokio::test]
async fn a_purge_refuses_when_nobody_could_ask_the_ledger() {
    let machine = Machine::new();
    let copy = machine.worked(Proven::Yes).await;
    for file in [LEDGER_FILE.to_owned(), format!("{LEDGER_FILE}-wal")] {
        std::fs::write(machine.data().join(file), "no database any more").unwrap();
    }
    machine.remove();
    machine.assert_refuses(&copy);
}

#[tokio::test]
async fn a_purge_refuses_when_evidence_came_after_the_answer() {
    let machine = Machine::new();
    machine.worked(Proven::Yes).await;
    machine.remove();
    // The kernel's clock for files ticks slowly.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let late = machine.spool("00112233445566778899aabbccddeeff");
    machine.assert_refuses(&late);
}

#[tokio::test]
async fn a_purge_believes_no_answer_that_is_a_link() {
    let machine = Machine::new();
    let copy = machine.worked(Proven::No).await;
    machine.remove();
    std::os::unix::fs::symlink("/etc/hostname", machine.data().join("proven-at-removal")).unwrap();
    machine.assert_refuses(&copy);
}

#[test]
fn a_station_that_never_worked_leaves_nothing_behind() {
    let machine = Machine::new();
    machine.remove();
    machine.purge().unwrap();
    assert!(!machine.data().exists() && !machine.path("etc/camdock").exists());
}

#[tokio::test]
async fn unproven_names_what_would_be_lost_with_the_machine() {
    let machine = Machine::new();
    machine.worked(Proven::No).await;
    machine.spool("00112233445566778899aabbccddeeff");
    let mut command = Command::new(env!("CARGO_BIN_EXE_camdock"));
    let asked = command.arg("unproven").arg("--data-dir").arg(machine.data()).output().unwrap();
    assert_eq!(asked.status.code(), Some(3));
    let said = String::from_utf8(asked.stdout).unwrap();
    assert!(said.contains("camera BWC-1: 1 segment (7 B) not proven"), "{said}");
    assert!(said.contains("00112233445566778899aabbccddeeff: the ledger does not know this file"), "{said}");
}
