//! What `check` tells of the disk that footage lies on.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use camdock_test_support::disks::FakeDisks;

use super::{camdock, complete_station, text};

/// What is said of the disk of a station, on a machine with these disks, and how the check ends.
fn said(station: &Path, sysfs: &Path) -> (String, Option<i32>) {
    let output = camdock(station, &["check", "--offline", "--sysfs", sysfs.to_str().unwrap()]);
    let lines = text(&output.stdout);
    let line = lines.lines().find(|line| line.starts_with("data_dir: encryption ")).unwrap();
    (line.to_owned(), output.status.code())
}

#[test]
fn check_tells_whether_the_disk_of_the_station_is_encrypted() {
    let station = complete_station();
    let device = station.path().metadata().unwrap().dev();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    if major == 0 {
        // These tests lie on something that names no disk, such as an overlay.
        let (line, code) = said(station.path(), FakeDisks::new().root());
        assert!(line.contains("encryption unknown: ") && code == Some(0), "{line}");
        return;
    }
    let disks = FakeDisks::new();
    disks.disk("sda", &["sda1"]);
    disks.mapped("dm-0", "luks-data", "CRYPT-LUKS2-1234-luks-data", &["sda1"]);
    disks.mapped("dm-1", "vg-data", "LVM-abcd", &["dm-0"]);
    disks.number("dm-1", major, minor);
    let (line, code) = said(station.path(), disks.root());
    assert!(line.contains("encryption ok: by luks-data") && code == Some(0), "{line}");

    let open = FakeDisks::new();
    open.disk("sda", &["sda1"]);
    open.number("sda1", major, minor);
    let (line, code) = said(station.path(), open.root());
    assert!(line.contains("encryption warning: sda is not encrypted") && code == Some(3), "{line}");

    let (line, code) = said(station.path(), FakeDisks::new().root());
    assert!(line.contains("encryption unknown: the system does not show ") && code == Some(0), "{line}");
}
