//! What a segment is called at a destination.

use std::fmt;

use serde::Serialize;

use super::{CameraSerial, Moment, Sha256, SourcePath};

/// The longest stem and extension taken over from a camera's file name, in characters. With the camera and the date
/// the whole name stays far below Azure's 1,024 and a file system's 255 per component.
const STEM_LIMIT: usize = 64;
const EXTENSION_LIMIT: usize = 12;

/// The name of an object at a destination. It depends on the camera and the content alone, so another station, or
/// this one after losing its disk, arrives at the same name.
///
/// Invariant: components are separated by `/`; each is non-empty, is not `.` or `..`, and consists of ASCII letters,
/// digits, `-`, `_` and `.`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(String);

impl ObjectName {
    /// `<camera>/<yyyy>/<mm>/<dd>/<stem>-<first 16 hex of sha256>.<ext>`
    #[must_use]
    pub fn of_segment(camera: &CameraSerial, path: &SourcePath, recorded_at: Moment, sha256: &Sha256) -> Self {
        let (year, month, day) = recorded_at.date();
        let (stem, extension) = split_extension(path.file_name());
        let stem = tame(stem, STEM_LIMIT);
        let digest = &sha256.to_string()[..16];
        let extension = tame(extension, EXTENSION_LIMIT);
        let dot = if extension.is_empty() { "" } else { "." };
        Self(format!("{camera}/{year:04}/{month:02}/{day:02}/{stem}-{digest}{dot}{extension}"))
    }

    /// A name of the station's own making, such as that of a check object.
    ///
    /// # Errors
    /// `None` if it breaks the invariant of this type.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let valid = |part: &str| {
            !part.is_empty() && part != "." && part != ".." && part.bytes().all(|byte| tame_byte(byte) == byte)
        };
        name.split('/').all(valid).then(|| Self(name.to_owned()))
    }

    /// The name below a destination's prefix.
    #[must_use]
    pub fn below(&self, prefix: &ObjectPrefix) -> Self {
        Self(format!("{}{}", prefix.0, self.0))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Identifies one state of an object: the place changes it whenever the object is written again (an ETag, or the
/// inode and change time of a file).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub String);

/// What was compared to prove a destination's copy. A checksum is never called a hash: a CRC tells damage, not deceit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofMethod {
    /// The place's own checksums on the final object; of which kind, the version that wrote this did not say.
    Attested,
    /// The CRC-64 of each committed chunk, which the place had computed before it took the chunk.
    Crc64OfChunks,
    /// The CRC-64 of the whole final object, as the place computed it.
    Crc64,
    /// The CRC-32C of the whole final object, as the place computed it.
    Crc32c,
    /// The SHA-256 of the whole final object, as the place computed it, or as it was read from there past every cache.
    Sha256,
    /// The SHA-256 of the final object, which was read again.
    ReadBack,
}

impl fmt::Display for ProofMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Attested => "attested",
            Self::Crc64OfChunks => "crc64-of-chunks",
            Self::Crc64 => "crc64",
            Self::Crc32c => "crc32c",
            Self::Sha256 => "sha256",
            Self::ReadBack => "read-back",
        })
    }
}

/// What a destination puts before every name: empty, or components each followed by `/`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObjectPrefix(String);

impl ObjectPrefix {
    /// Accepts an empty text, or components as in [`ObjectName`], with or without a `/` at the end.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.strip_suffix('/').unwrap_or(text);
        if text.is_empty() {
            return Some(Self::default());
        }
        ObjectName::new(text).map(|name| Self(format!("{}/", name.0)))
    }
}

/// `DCIM/A.tar.MP4` → (`A.tar`, `MP4`); a leading dot belongs to the stem.
fn split_extension(name: &[u8]) -> (&[u8], &[u8]) {
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(0) | None => (name, &[]),
        Some(dot) => (&name[..dot], &name[dot + 1..]),
    }
}

/// Keeps what every cloud and file system takes; the original name travels in the metadata.
fn tame(text: &[u8], limit: usize) -> String {
    text.iter().take(limit).map(|byte| char::from(tame_byte(*byte))).collect()
}

const fn tame_byte(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => byte,
        _ => b'_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(path: &[u8]) -> String {
        let camera = CameraSerial::new("BWC-0001").unwrap();
        let path = SourcePath::new(path.to_vec());
        ObjectName::of_segment(&camera, &path, Moment::from_millis(86_400_000), &Sha256::of(b"x")).0
    }

    #[test]
    fn names_say_camera_day_and_content() {
        assert_eq!(name(b"DCIM/100/A.MP4"), "BWC-0001/1970/01/02/A-2d711642b726b044.MP4");
        assert_eq!(name(b"no-extension"), "BWC-0001/1970/01/02/no-extension-2d711642b726b044");
        assert_eq!(name(b".gps"), "BWC-0001/1970/01/02/.gps-2d711642b726b044");
        assert_eq!(name(b"caf\xc3\xa9\n.mp4"), "BWC-0001/1970/01/02/caf___-2d711642b726b044.mp4");
    }

    #[test]
    fn prefixes_end_in_one_slash() {
        let name = ObjectName::new("a/b").unwrap();
        assert_eq!(name.below(&ObjectPrefix::new("north").unwrap()).as_str(), "north/a/b");
        assert_eq!(name.below(&ObjectPrefix::new("north/x/").unwrap()).as_str(), "north/x/a/b");
        assert_eq!(name.below(&ObjectPrefix::new("").unwrap()).as_str(), "a/b");
        for bad in ["/", "//", "../x", "a//b", "a b"] {
            assert_eq!(ObjectPrefix::new(bad).filter(|_| bad != "/"), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_camera_calls_it_the_name_is_valid(path in prop::collection::vec(any::<u8>(), 0..300)) {
            let name = name(&path);
            prop_assert!(ObjectName::new(&name).is_some(), "{}", name);
        }
    }
}
