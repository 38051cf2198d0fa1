//! A machine on which dpkg itself installs, upgrades, removes and purges a package with the maintainer scripts. It is a folder;
//! what the scripts call outside dpkg is played.

use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use camdock::domain::{
    ByteCount, CameraSerial, DestinationName, Fingerprint, Moment, Need, ProofMethod, Protection, Segment, SegmentId,
    SourcePath, Version,
};
use camdock::ledger::{Entry, LEDGER_FILE, Ledger};
use tempfile::TempDir;

const NOW: Moment = Moment::from_millis(1_800_000_000_000);
const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];

/// How a package has the configuration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Configuration {
    /// As an example apart.
    Example,
    /// As a conffile, which it was once.
    Conffile,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proven {
    Yes,
    No,
}

pub(crate) struct Installation {
    root: TempDir,
}

impl Installation {
    pub(crate) fn new() -> Self {
        let machine = Self { root: TempDir::new().unwrap() };
        for folder in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "run/systemd/system", "bin", "nas", "known"] {
            std::fs::create_dir_all(machine.path(folder)).unwrap();
        }
        machine.write("var/lib/dpkg/status", "");
        machine.write("calls", "");
        let calls = machine.path("calls");
        let known = machine.path("known");
        let (calls, known) = (calls.display(), known.display());
        for (program, text) in [
            // There is no other user here to become.
            ("runuser", "shift 3\nexec \"$@\"\n".to_owned()),
            ("systemd-tmpfiles", String::new()),
            ("deb-systemd-invoke", format!("echo \"$*\" >>{calls}\n")),
            ("udevadm", format!("[ \"$1\" = info ] || exit 0\ncat {known}/$(basename \"${{3#--path=}}\")\n")),
        ] {
            machine.write(&format!("bin/{program}"), &format!("#!/bin/sh\n{text}"));
            machine.set_mode(&format!("bin/{program}"), 0o755);
        }
        symlink(env!("CARGO_BIN_EXE_camdock"), machine.path("bin/camdock")).unwrap();
        machine
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn set_mode(&self, path: &str, mode: u32) {
        std::fs::set_permissions(self.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The usual data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("var/lib/camdock")
    }

    /// How often the service was started.
    pub(crate) fn starts(&self) -> usize {
        self.read("calls").lines().filter(|call| call.starts_with("start ")).count()
    }

    /// Runs dpkg. What it says, as an error if it fails.
    pub(crate) fn dpkg(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = if rustix::process::geteuid().is_root() {
            Command::new("dpkg")
        } else {
            let mut command = Command::new("unshare");
            command.args(["--map-root-user", "dpkg"]);
            command
        };
        let path = format!("{}:{}:/usr/sbin:/sbin", self.path("bin").display(), std::env::var("PATH").unwrap());
        command
            .arg("--root")
            .arg(self.root.path())
            .args(["--force-script-chrootless", "--no-triggers"])
            .args(arguments);
        let ended = command.env("PATH", path).env("DEBIAN_FRONTEND", "noninteractive").output().expect("dpkg");
        let said = String::from_utf8([ended.stdout, ended.stderr].concat()).unwrap();
        if ended.status.success() { Ok(said) } else { Err(said) }
    }

    /// Installs a version of the package, or upgrades to it.
    pub(crate) fn install(&self, version: &str, configuration: Configuration) -> Result<String, String> {
        let package = self.package(version, configuration);
        self.dpkg(&["--install", package.to_str().unwrap()])
    }

    /// Builds a version of the package.
    pub(crate) fn package(&self, version: &str, configuration: Configuration) -> PathBuf {
        let tree = TempDir::new().unwrap();
        let put = |path: &str, text: &str, mode: u32| {
            let path = tree.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let mut control = String::new();
        let _ = writeln!(control, "Package: camdock\nVersion: {version}\nArchitecture: all");
        let _ =
            writeln!(control, "Maintainer: The camdock developers <maintainers@camdock.example>\nDescription: camdock");
        put("DEBIAN/control", &control, 0o644);
        let example = project("config/camdock.toml");
        match configuration {
            Configuration::Example => {
                put("usr/share/camdock/camdock.toml", &example, 0o644);
                for script in SCRIPTS {
                    put(&format!("DEBIAN/{script}"), &project(&format!("packaging/debian/{script}")), 0o755);
                }
            }
            Configuration::Conffile => {
                put("etc/camdock/camdock.toml", &format!("# {version}\n{example}"), 0o640);
                put("DEBIAN/conffiles", "/etc/camdock/camdock.toml\n", 0o644);
            }
        }
        let package = self.path("camdock.deb");
        let mut build = Command::new("dpkg-deb");
        build.args(["--root-owner-group", "-Znone", "--build"]).arg(tree.path()).arg(&package);
        assert!(build.output().expect("dpkg-deb").status.success());
        package
    }

    /// What an administrator writes: a station that works, with its data in this folder.
    pub(crate) fn configure(&self, data_dir: &Path) {
        std::fs::create_dir_all(data_dir).unwrap();
        std::fs::set_permissions(data_dir, std::fs::Permissions::from_mode(0o700)).unwrap();
        let (data_dir, nas) = (data_dir.display(), self.path("nas"));
        let nas = nas.display();
        let text = format!(
            "[station]\nid = \"hq-01\"\ndata_dir = \"{data_dir}\"\n[spool]\nreserve = \"1 MiB\"\n\
             [[destination]]\nname = \"nas\"\nkind = \"folder\"\npath = \"{nas}\"\nsame_disk = true\n"
        );
        self.write("etc/camdock/camdock.toml", &text);
    }

    /// A station that spooled a segment into this folder, and whose only destination has proven it, or not.
    pub(crate) async fn works(&self, data_dir: &Path, proven: Proven) -> PathBuf {
        std::fs::create_dir_all(data_dir).unwrap();
        let camera = CameraSerial::new("BWC-1").unwrap();
        let path = SourcePath::new(b"DCIM/MOV_0001.MP4".to_vec());
        let fingerprint = Fingerprint::of(b"footage", ByteCount::new(4));
        let id = SegmentId::of(&camera, &path, &fingerprint.sha256);
        let segment = Segment { id, camera, path, recorded_at: NOW, fingerprint, damaged: false };
        let primary = DestinationName::new("primary").unwrap();
        let mut steps = vec![
            Entry::DestinationsSet { destinations: vec![(primary.clone(), Need::Required)] },
            Entry::SegmentSpooled { docking: None, segment: segment.clone() },
        ];
        if proven == Proven::Yes {
            let (version, method) = (Version("v1".to_owned()), ProofMethod::Attested);
            let protection = Protection::NONE;
            steps.push(Entry::CopyProven { segment: id, destination: primary, version, method, protection });
        }
        let ledger = Ledger::threaded(Ledger::connect(&data_dir.join(LEDGER_FILE)).unwrap()).unwrap();
        ledger.record(NOW, steps).await.unwrap();
        spool(&data_dir.join("spool"), &id.to_string())
    }
}

/// Puts a file among the sealed copies.
pub(crate) fn spool(spool: &Path, name: &str) -> PathBuf {
    let shard = spool.join("segments").join(&name[..2]);
    std::fs::create_dir_all(&shard).unwrap();
    std::fs::write(shard.join(name), "footage").unwrap();
    shard.join(name)
}

fn project(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}
