//! What this process sees mounted, as the kernel lists it in `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`).

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Its number, as `statx` tells it of each file.
    pub id: u64,
    /// The file system's own device, major and minor. On Btrfs it is not the one that its files say.
    pub device: (u32, u32),
    /// Where it is.
    pub at: PathBuf,
    /// Its options, such as `ro` and `nosuid`.
    pub options: Vec<String>,
    /// The file system's kind, such as `ext4`.
    pub kind: String,
    /// What is mounted, such as `/dev/sda1`.
    pub source: String,
}

/// Every mount, in the kernel's order: of several in one place the last is on top.
///
/// # Errors
/// The system's words.
pub fn mounts() -> io::Result<Vec<Mount>> {
    Ok(parse_mounts(&std::fs::read_to_string("/proc/self/mountinfo")?))
}

/// The mounts of such a list; lines that are none are passed over.
#[must_use]
pub fn parse_mounts(list: &str) -> Vec<Mount> {
    list.lines().filter_map(parse).collect()
}

/// `36 35 98:0 /root /at rw,noatime shared:1 - ext3 /dev/root rw`
fn parse(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let (mut left, mut right) = (left.split(' '), right.split(' '));
    let id = left.next()?.parse().ok()?;
    let (major, minor) = left.nth(1)?.split_once(':')?;
    Some(Mount {
        id,
        device: (major.parse().ok()?, minor.parse().ok()?),
        at: PathBuf::from(unescape(left.nth(1)?)),
        options: left.next()?.split(',').map(str::to_owned).collect(),
        kind: right.next()?.to_owned(),
        source: unescape(right.next()?).to_string_lossy().into_owned(),
    })
}

/// Spaces and their like are written as three octal digits.
fn unescape(text: &str) -> OsString {
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
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_read_as_the_kernel_writes_them() {
        let list = "36 35 98:0 / / rw,noatime shared:1 - ext4 /dev/root rw\n\
                    no mount at all\n\
                    40 36 0:42 /sub /media/BODY\\040CAM ro,nosuid shared:9 master:1 - fuse.sshfs me@nas:/a\\040b ro\n";
        let [root, camera] = &parse_mounts(list)[..] else { panic!("two mounts") };
        assert_eq!((root.id, root.device, root.at.as_path()), (36, (98, 0), std::path::Path::new("/")));
        assert_eq!((root.kind.as_str(), root.source.as_str()), ("ext4", "/dev/root"));
        assert_eq!((camera.id, camera.device), (40, (0, 42)));
        assert_eq!((camera.at.to_str(), camera.options.join("+")), (Some("/media/BODY CAM"), "ro+nosuid".to_owned()));
        assert_eq!((camera.kind.as_str(), camera.source.as_str()), ("fuse.sshfs", "me@nas:/a b"));
    }

    #[test]
    fn this_machine_has_a_root() {
        assert!(mounts().unwrap().iter().any(|mount| mount.at == std::path::Path::new("/")));
    }
}
