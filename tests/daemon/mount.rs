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
        let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let options = format!("size={mebibytes}m,mode=0700,uid={user},gid={group}");
        as_root(&["mount", "-t", "tmpfs", "-o", &options, "camdock-test"], at);
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

impl Mount {
    /// Takes the file system away, as a person does: only while nobody uses it. A look at it may be under way.
    pub(crate) async fn unmount(self) {
        let unmounted = |at: &Path| Command::new("umount").arg(at).output().unwrap().status.success();
        for _ in 0..50 {
            if unmounted(&self.at) {
                std::mem::forget(self);
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{} is in use all the time", self.at.display());
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
