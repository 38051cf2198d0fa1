//! What `camdock check` can tell about footage at rest: whether the disk that `data_dir` lies on is encrypted.
//!
//! Promises: "encrypted" is said only if every part of it is, as the kernel lists them; what the kernel does not list is unknown.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use camdock::files::{Mount, mounts};

use super::{Aspect, Finding, Judgement};

/// What cryptsetup calls devices that encrypt, in the kernel's `dm/uuid`. It has names like these for ones that only check or that
/// are half-made (`CRYPT-VERITY-`, `CRYPT-INTEGRITY-`, `CRYPT-TEMP-`).
const ENCRYPTS: [&str; 6] =
    ["CRYPT-LUKS1-", "CRYPT-LUKS2-", "CRYPT-PLAIN-", "CRYPT-LOOPAES-", "CRYPT-TCRYPT-", "CRYPT-BITLK-"];

/// No stack of devices has more storeys than so many.
const DEEPEST: u32 = 16;

/// What a device is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum AtRest {
    /// All of it is encrypted, by these devices.
    Encrypted(BTreeSet<String>),
    /// This part of it is not.
    Open(String),
    /// Nobody can tell, and why.
    Unknown(String),
}

/// Looks at the disk that a folder lies on. The folder must be known to answer.
pub(super) fn check(folder: &Path, sysfs: &Path) -> Finding {
    let (judgement, note) = match at_rest(folder, sysfs, &mounts().unwrap_or_default()) {
        AtRest::Encrypted(by) => {
            let by = by.into_iter().collect::<Vec<_>>().join(", ");
            (Judgement::Ok, format!("by {by}; `cryptsetup status` tells with which cipher"))
        }
        AtRest::Open(disk) => (
            Judgement::Warning,
            format!(
                "{disk} is not encrypted, so whoever takes it can look at what is in the spool; a disk that encrypts by \
                 itself does not show. See at-rest.md in /usr/share/doc/camdock"
            ),
        ),
        AtRest::Unknown(why) => {
            (Judgement::Unknown, format!("{why}, so it is for you to see whether that is encrypted"))
        }
    };
    Finding::new("data_dir", Aspect::Encryption, judgement, note)
}

fn at_rest(folder: &Path, sysfs: &Path, mounts: &[Mount]) -> AtRest {
    let Ok(metadata) = fs::metadata(folder) else { return AtRest::Unknown("it cannot be looked at".to_owned()) };
    let (major, minor) = (rustix::fs::major(metadata.dev()), rustix::fs::minor(metadata.dev()));
    if major != 0 {
        return device(&sysfs.join(format!("dev/block/{major}:{minor}")), DEEPEST);
    }
    // What has no device of its own: the kernel made up a number for it.
    let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let under = mounts.iter().rev().filter(|mount| real.starts_with(&mount.at));
    match under.max_by_key(|mount| mount.at.components().count()) {
        Some(mount) if mount.kind == "btrfs" => btrfs(&mount.source, sysfs),
        Some(mount) => AtRest::Unknown(format!("it lies on {}, which names no disk", mount.kind)),
        None => AtRest::Unknown("nothing tells on what it lies".to_owned()),
    }
}

/// Every device of the Btrfs that has this one.
fn btrfs(source: &str, sysfs: &Path) -> AtRest {
    let unknown = || AtRest::Unknown(format!("it lies on the Btrfs of {source}, whose disks cannot be found"));
    let named = fs::canonicalize(source).unwrap_or_else(|_| PathBuf::from(source));
    let Some(name) = named.file_name() else { return unknown() };
    let systems = fs::read_dir(sysfs.join("fs/btrfs")).into_iter().flatten().flatten();
    let mut devices = systems.map(|system| system.path().join("devices"));
    devices.find(|devices| devices.join(name).exists()).map_or_else(unknown, |devices| all_in(&devices, DEEPEST))
}

/// What a device is, by its folder in sysfs.
fn device(link: &Path, storeys: u32) -> AtRest {
    let Ok(folder) = fs::canonicalize(link) else {
        return AtRest::Unknown(format!("the system does not show {}", link.display()));
    };
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some(storeys) = storeys.checked_sub(1) else {
        return AtRest::Unknown(format!("too much lies on {name}"));
    };
    let read = |attribute: &str| fs::read_to_string(folder.join(attribute)).ok().map(|text| text.trim().to_owned());
    let uuid = read("dm/uuid").unwrap_or_default();
    if ENCRYPTS.iter().any(|known| uuid.starts_with(known)) {
        return AtRest::Encrypted(BTreeSet::from([read("dm/name").unwrap_or(name)]));
    }
    if folder.join("loop/backing_file").exists() {
        return AtRest::Unknown(format!("it lies in a file, by way of {name}"));
    }
    let below = folder.join("slaves");
    if fs::read_dir(&below).is_ok_and(|mut entries| entries.next().is_some()) {
        return all_in(&below, storeys);
    }
    match folder.parent() {
        // A partition is what its disk is.
        Some(disk) if folder.join("partition").exists() => device(disk, storeys),
        // Of what is made of others, something else should be below it.
        _ if !uuid.is_empty() => AtRest::Unknown(format!("the system does not show on what {name} lies")),
        _ => AtRest::Open(name),
    }
}

/// What devices are together.
fn all_in(folder: &Path, storeys: u32) -> AtRest {
    let mut by = BTreeSet::new();
    let mut unknown = None;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match device(&entry.path(), storeys) {
            AtRest::Encrypted(more) => by.extend(more),
            open @ AtRest::Open(_) => return open,
            AtRest::Unknown(why) => unknown = Some(why),
        }
    }
    match unknown {
        Some(why) => AtRest::Unknown(why),
        None if by.is_empty() => AtRest::Unknown(format!("the system shows nothing in {}", folder.display())),
        None => AtRest::Encrypted(by),
    }
}

#[cfg(test)]
mod tests {
    use camdock_test_support::disks::FakeDisks;

    use super::*;

    /// How a device of such a machine is judged.
    fn judged(disks: &FakeDisks, name: &str) -> AtRest {
        device(&disks.link(name), DEEPEST)
    }

    fn encrypted(by: &[&str]) -> AtRest {
        AtRest::Encrypted(by.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_disk_and_its_partitions_are_open() {
        let disks = FakeDisks::new();
        disks.disk("sda", &["sda1"]);
        assert_eq!(judged(&disks, "sda"), AtRest::Open("sda".to_owned()));
        assert_eq!(judged(&disks, "sda1"), AtRest::Open("sda".to_owned()));
    }

    #[test]
    fn luks_is_found_beneath_lvm_and_raid() {
        let disks = FakeDisks::new();
        disks.disk("sda", &["sda3"]);
        disks.disk("sdb", &["sdb3"]);
        disks.mapped("dm-0", "luks-a", "CRYPT-LUKS2-1234-luks-a", &["sda3"]);
        assert_eq!(judged(&disks, "dm-0"), encrypted(&["luks-a"]));
        disks.mapped("dm-1", "vg-data", "LVM-abcd", &["dm-0"]);
        assert_eq!(judged(&disks, "dm-1"), encrypted(&["luks-a"]));
        disks.mapped("dm-2", "luks-b", "CRYPT-LUKS1-5678-luks-b", &["sdb3"]);
        disks.made_of("md0", &["md0p1"], &["dm-0", "dm-2"]);
        for name in ["md0", "md0p1"] {
            assert_eq!(judged(&disks, name), encrypted(&["luks-a", "luks-b"]), "{name}");
        }
    }

    #[test]
    fn one_open_part_leaves_the_whole_open() {
        let disks = FakeDisks::new();
        disks.disk("sda", &["sda3"]);
        disks.disk("sdb", &[]);
        disks.mapped("dm-0", "luks-a", "CRYPT-LUKS2-1234-luks-a", &["sda3"]);
        disks.mapped("dm-1", "vg-data", "LVM-abcd", &["dm-0", "sdb"]);
        assert_eq!(judged(&disks, "dm-1"), AtRest::Open("sdb".to_owned()));
    }

    #[test]
    fn what_only_checks_does_not_encrypt() {
        let disks = FakeDisks::new();
        disks.disk("sda", &[]);
        for (name, uuid) in [("dm-0", "CRYPT-VERITY-1"), ("dm-1", "CRYPT-INTEGRITY-1"), ("dm-2", "CRYPT-TEMP-1")] {
            disks.mapped(name, name, uuid, &["sda"]);
            assert_eq!(judged(&disks, name), AtRest::Open("sda".to_owned()), "{uuid}");
        }
    }

    #[test]
    fn what_the_system_does_not_show_is_unknown() {
        let disks = FakeDisks::new();
        disks.disk("loop0", &[]);
        disks.attribute("loop0", "loop/backing_file", "/srv/image");
        disks.mapped("dm-0", "vg-data", "LVM-abcd", &[]);
        for name in ["loop0", "dm-0", "missing"] {
            assert!(matches!(judged(&disks, name), AtRest::Unknown(_)), "{name}: {:?}", judged(&disks, name));
        }
        // Devices that lie on each other, as no kernel has them.
        disks.mapped("dm-1", "a", "LVM-a", &["dm-2"]);
        disks.mapped("dm-2", "b", "LVM-b", &["dm-1"]);
        assert!(matches!(judged(&disks, "dm-1"), AtRest::Unknown(_)));
    }

    #[test]
    fn btrfs_is_encrypted_if_all_of_its_disks_are() {
        let disks = FakeDisks::new();
        disks.disk("sda", &["sda3"]);
        disks.disk("sdb", &[]);
        disks.mapped("dm-0", "luks-a", "CRYPT-LUKS2-1234-luks-a", &["sda3"]);
        disks.btrfs("one", &["dm-0"]);
        assert_eq!(btrfs("/dev/dm-0", disks.root()), encrypted(&["luks-a"]));
        disks.btrfs("one", &["sdb"]);
        assert_eq!(btrfs("/dev/dm-0", disks.root()), AtRest::Open("sdb".to_owned()));
        assert!(matches!(btrfs("/dev/sdz", disks.root()), AtRest::Unknown(_)));
    }

    #[test]
    fn a_file_system_without_a_disk_is_unknown_and_named() {
        let mount = Mount {
            id: 1,
            device: (0, 42),
            at: "/proc".into(),
            options: Vec::new(),
            kind: "overlay".to_owned(),
            source: "overlay".to_owned(),
        };
        let AtRest::Unknown(why) = at_rest(Path::new("/proc"), Path::new("/nowhere"), &[mount]) else { panic!() };
        assert_eq!(why, "it lies on overlay, which names no disk");
    }
}
