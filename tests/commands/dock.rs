//! A machine with USB and a configuration, on which commands are run.

use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use camdock_test_support::sysfs;
use tempfile::TempDir;

/// A machine of which one socket is bay 1.
pub(crate) struct Dock {
    pub(crate) usb: sysfs::FakeSysfs,
    folder: TempDir,
}

impl Dock {
    pub(crate) fn new() -> Self {
        Self::with(sysfs::FakeSysfs::new())
    }

    pub(crate) fn with(usb: sysfs::FakeSysfs) -> Self {
        let machine = Self { usb, folder: TempDir::new().unwrap() };
        machine.write("etc/camdock.toml", "[[bay]]\nname = \"1\"\nport = \"1-1\"\n");
        machine
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs a command to its end.
    pub(crate) fn runs(&self, arguments: &[&str]) -> Output {
        let mut command = Command::cargo_bin("camdock").unwrap();
        command.arg("--config").arg(self.path("etc/camdock.toml")).args(arguments);
        command.arg("--sysfs").arg(self.usb.root()).output().unwrap()
    }

    /// What a command prints, and how it ends.
    pub(crate) fn says(&self, arguments: &[&str]) -> (String, i32) {
        let output = self.runs(arguments);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (text, output.status.code().unwrap())
    }
}
