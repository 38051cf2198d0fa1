//! A recorded file: as the camera shows it, and as the station knows it once it was read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ByteCount, CameraSerial, Fingerprint, Moment, ObjectName, SegmentId};

/// Where a file lies on its camera: bytes, as the file system gave them. It is data and never becomes a path on this
/// machine other than below the camera's own root, component by component, without following links.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourcePath(Vec<u8>);

impl SourcePath {
    /// The path whose components are separated by `/`, relative to the camera's root.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes of the path.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The last component.
    #[must_use]
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }

    /// The components, first to last.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/')
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    #[must_use]
    pub fn parse_escaped(text: &str) -> Option<Self> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((first, tail)) = rest.split_first() {
            if *first == b'\\' {
                let (kind, tail) = tail.split_first()?;
                match kind {
                    b'\\' => {
                        bytes.push(b'\\');
                        rest = tail;
                    }
                    b'x' => {
                        let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
                        bytes.push(u8::from_str_radix(digits, 16).ok()?);
                        rest = &tail[2..];
                    }
                    _ => return None,
                }
            } else {
                bytes.push(*first);
                rest = tail;
            }
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for SourcePath {
    /// Printable ASCII as it is, everything else as `\xNN`, so that no name can forge a log line or a header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in &self.0 {
            match byte {
                b'\\' => f.write_str("\\\\")?,
                0x20..=0x7e => write!(f, "{}", char::from(*byte))?,
                other => write!(f, "\\x{other:02x}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for SourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for SourcePath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SourcePath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_escaped(&text).ok_or_else(|| serde::de::Error::custom("not an escaped path"))
    }
}

/// A file as the camera lists it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it lies on the camera.
    pub path: SourcePath,
    /// Its length.
    pub size: ByteCount,
    /// When it was last written, by the camera's clock.
    pub modified: Moment,
    /// Changes whenever the file system can tell that the file was written or replaced. Equal stamps do not prove equal
    /// content; different stamps prove that the file must be read again.
    pub stamp: u64,
    /// What it is.
    pub kind: SourceKind,
}

/// What a camera can list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// A regular file.
    File,
    /// All bytes of a volume whose file system is not sound. It is evidence, always marked as damaged, and never wiped.
    /// It lies on no file system, so its path begins with `/`, as that of no file does.
    Image,
}

/// Something on a camera that is no regular file, or that cannot be read. It is reported and kept where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// Where it lies on the camera.
    pub path: SourcePath,
    /// What it is.
    pub kind: OddityKind,
}

/// The ways in which a camera's entry can be no readable regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OddityKind {
    /// A symbolic link; never followed.
    SymbolicLink,
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
    /// A block or character device.
    Device,
    /// Another file system, or another part of one, is mounted here: it is not the camera's.
    MountPoint,
    /// The folder could not be listed, or the entry not be looked at.
    Unreadable,
}

impl fmt::Display for OddityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SymbolicLink => "a symbolic link",
            Self::Fifo => "a named pipe",
            Self::Socket => "a socket",
            Self::Device => "a device node",
            Self::MountPoint => "another file system, mounted inside the camera",
            Self::Unreadable => "an entry that cannot be read",
        })
    }
}

/// A segment as the station knows it: read from the camera, fingerprinted, and durable in the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Derived from the camera, the path and the content.
    pub id: SegmentId,
    /// The camera that recorded it.
    pub camera: CameraSerial,
    /// Where it lay on the camera.
    pub path: SourcePath,
    /// When it was last written, by the camera's clock.
    pub recorded_at: Moment,
    /// What was read from the camera.
    pub fingerprint: Fingerprint,
    /// Whether every byte could be read; if not, the unreadable ranges read as zeros, and the original is never wiped.
    pub damaged: bool,
}

impl Segment {
    /// The name of its object at every destination, before the destination's prefix.
    #[must_use]
    pub fn object_name(&self) -> ObjectName {
        ObjectName::of_segment(&self.camera, &self.path, self.recorded_at, &self.fingerprint.sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_cannot_forge_a_log_line() {
        let path = SourcePath::new(b"A\nINFO wiped \xff\\.MP4".to_vec());
        assert_eq!(path.to_string(), r"A\x0aINFO wiped \xff\\.MP4");
    }

    proptest! {
        #[test]
        fn any_name_survives_escaping(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let path = SourcePath::new(bytes);
            prop_assert_eq!(SourcePath::parse_escaped(&path.to_string()), Some(path));
        }
    }
}
