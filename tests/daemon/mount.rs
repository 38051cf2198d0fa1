//! A small file system of its own, for disks that are full or cannot be written to.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system in memory; it is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Mount {
    at: PathBuf,
}

impl Mount {
    /// Mounts an empty file system of this many MiB over the folder `at`.
    pub(crate) fn new(at: &Path, mebibytes: u32) -> Self {
        let size = format!("size={mebibytes}m");
        as_root(&["mount", "-t", "tmpfs", "-o", &size, "camdock-test"], at);
        Self { at: at.to_owned() }
    }

    /// From now on there is no room, as after another program's mishap.
    pub(crate) fn fill(&self) {
        let mut ballast = std::fs::File::create(self.at.join("ballast")).unwrap();
        while ballast.write_all(&[0; 4096]).is_ok() {}
    }

    /// From now on nothing can be written, as after an error of the disk.
    pub(crate) fn make_read_only(&self) {
        as_root(&["mount", "-o", "remount,ro"], &self.at);
    }

    /// The disk is well again.
    pub(crate) fn make_writable(&self) {
        as_root(&["mount", "-o", "remount,rw"], &self.at);
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: the daemon may still be about to end.
        as_root(&["umount", "--lazy"], &self.at);
    }
}

fn as_root(command: &[&str], at: &Path) {
    let sudo: &[&str] = if rustix::process::geteuid().is_root() { &[] } else { &["sudo", "-n"] };
    let words: Vec<_> = sudo.iter().chain(command).collect();
    let done = Command::new(words[0]).args(&words[1..]).arg(at).output();
    let done = done.unwrap_or_else(|error| panic!("{}: {error}", words[0]));
    assert!(
        done.status.success(),
        "this test mounts a file system, for which it must be root or allowed to sudo: {command:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}
