//! What this process sees mounted, from `/proc/self/mountinfo`.

use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

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
    let table = std::fs::read_to_string("/proc/self/mountinfo")?;
    judge(&table, number, at, access).map_err(io::Error::other)
}

fn judge(table: &str, (major, minor): (u32, u32), at: &Path, access: Access) -> Result<(), String> {
    let number = format!("{major}:{minor}");
    // Of several mounts in one place the last is on top.
    let mount = table.lines().rev().map(Mount::parse).find(|mount| mount.as_ref().is_some_and(|mount| mount.at == at));
    let Some(mount) = mount.flatten().filter(|mount| mount.number == number) else {
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
    .find(|wanted| !mount.options.contains(*wanted));
    match missing {
        None => Ok(()),
        Some(&"rw") => {
            Err("it can only be read; a sandbox around camdock needs ReadWritePaths=-/media/camdock".to_owned())
        }
        Some(missing) => Err(format!("it was mounted without the option {missing}; is its device in /etc/fstab?")),
    }
}

struct Mount<'a> {
    number: &'a str,
    at: PathBuf,
    options: Vec<&'a str>,
}

impl<'a> Mount<'a> {
    /// `36 35 98:0 /root /at rw,noatime shared:1 - ext3 /dev/root rw`
    fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.split(' ').skip(2);
        let (number, _, at, options) = (words.next()?, words.next()?, words.next()?, words.next()?);
        Some(Self { number, at: unescape(at), options: options.split(',').collect() })
    }
}

/// Spaces and their like are written as three octal digits.
fn unescape(text: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = tail.get(..3).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match escaped {
            Some(byte) if *first == b'\\' => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
36 35 98:0 / / rw,noatime shared:1 - ext4 /dev/root rw
40 36 8:17 / /media/camdock/BODY\\040CAM ro,nosuid,nodev,noexec,relatime shared:9 - vfat /dev/sdb1 ro,flush
41 36 8:33 / /media/camdock/OLD rw,nosuid,nodev,relatime shared:9 - vfat /dev/sdc1 rw
";

    #[test]
    fn only_a_mount_that_can_do_no_harm_is_used() {
        let read_only = |number, at: &str| judge(TABLE, number, Path::new(at), Access::ReadOnly);
        assert_eq!(read_only((8, 17), "/media/camdock/BODY CAM"), Ok(()));
        assert!(read_only((8, 33), "/media/camdock/OLD").unwrap_err().contains("option ro"));
        assert!(
            judge(TABLE, (8, 33), Path::new("/media/camdock/OLD"), Access::Writable).unwrap_err().contains("noexec")
        );
    }

    #[test]
    fn a_mount_that_a_sandbox_hides_is_said_to_be() {
        for (number, at) in [((8, 17), "/media/camdock/ELSEWHERE"), ((8, 49), "/media/camdock/OLD")] {
            let why = judge(TABLE, number, Path::new(at), Access::ReadOnly).unwrap_err();
            assert!(why.contains("sandbox"), "{why}");
        }
    }
}
