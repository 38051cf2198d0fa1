//! Whether a camera is mounted as it must be.

use std::io;
use std::path::Path;

use crate::files::{Mount, mounts};

/// Whether a mount may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    ReadOnly,
    /// For the moment of a wipe.
    Writable,
}

/// Checks that the block device of this number is mounted at `at`, as this process sees it, with everything that keeps
/// a camera's file system from doing harm.
///
/// # Errors
/// What is wrong, and what to do about it.
pub(super) fn verify(number: (u32, u32), at: &Path, access: Access) -> io::Result<()> {
    judge(&mounts()?, number, at, access).map_err(io::Error::other)
}

fn judge(mounts: &[Mount], number: (u32, u32), at: &Path, access: Access) -> Result<(), String> {
    // Of several mounts in one place the last is on top.
    let mount = mounts.iter().rev().find(|mount| mount.at == at);
    let Some(mount) = mount.filter(|mount| mount.device == number) else {
        return Err(format!(
            "UDisks2 mounted it at {}, but camdock does not see it there. A sandbox around camdock must let mounts in: \
             set neither MountFlags=private nor a TemporaryFileSystem= above it",
            at.display()
        ));
    };
    let missing = match access {
        Access::ReadOnly => ["ro", "nosuid", "nodev", "noexec"].as_slice(),
        Access::Writable => ["rw", "nosuid", "nodev", "noexec"].as_slice(),
    }
    .iter()
    .find(|wanted| !mount.options.iter().any(|option| option == *wanted));
    match missing {
        None => Ok(()),
        Some(&"rw") => {
            Err("it can only be read; a sandbox around camdock needs ReadWritePaths=-/media/camdock".to_owned())
        }
        Some(missing) => Err(format!("it was mounted without the option {missing}; is its device in /etc/fstab?")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::parse_mounts;

    const TABLE: &str = "\
36 35 98:0 / / rw,noatime shared:1 - ext4 /dev/root rw
40 36 8:17 / /media/camdock/BODY\\040CAM ro,nosuid,nodev,noexec,relatime shared:9 - vfat /dev/sdb1 ro,flush
41 36 8:33 / /media/camdock/OLD rw,nosuid,nodev,relatime shared:9 - vfat /dev/sdc1 rw
";

    #[test]
    fn only_a_mount_that_can_do_no_harm_is_used() {
        let read_only = |number, at: &str| judge(&parse_mounts(TABLE), number, Path::new(at), Access::ReadOnly);
        assert_eq!(read_only((8, 17), "/media/camdock/BODY CAM"), Ok(()));
        assert!(read_only((8, 33), "/media/camdock/OLD").unwrap_err().contains("option ro"));
        assert!(
            judge(&parse_mounts(TABLE), (8, 33), Path::new("/media/camdock/OLD"), Access::Writable)
                .unwrap_err()
                .contains("noexec")
        );
    }

    #[test]
    fn a_mount_that_a_sandbox_hides_is_said_to_be() {
        for (number, at) in [((8, 17), "/media/camdock/ELSEWHERE"), ((8, 49), "/media/camdock/OLD")] {
            let why = judge(&parse_mounts(TABLE), number, Path::new(at), Access::ReadOnly).unwrap_err();
            assert!(why.contains("sandbox"), "{why}");
        }
    }
}
