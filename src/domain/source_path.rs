//! Where a file lies on its camera.

use std::fmt;

use serde::{Deserialize, Serialize};

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
