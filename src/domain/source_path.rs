//! Where a file lies on its camera.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Where a file lies on its camera: bytes, as the file system gave them. It is data and never becomes a path on this
/// machine other than below the camera's own root, component by component, without following links. A camera has many, and each is kept
/// in several places; clones share one text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourcePath(Arc<[u8]>);

impl SourcePath {
    /// The path whose components are separated by `/`, relative to the camera's root.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
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

    /// The path in printable ASCII, everything else as `\xNN`: the form in which it is written down and sent. It never changes.
    #[must_use]
    pub fn escaped(&self) -> String {
        let mut text = String::with_capacity(self.0.len());
        for byte in &*self.0 {
            match byte {
                b'\\' => text.push_str("\\\\"),
                0x20..=0x7e => text.push(char::from(*byte)),
                other => push_escape(&mut text, *other),
            }
        }
        text
    }

    /// Reads what [`escaped`](Self::escaped) wrote.
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
        Some(Self::new(bytes))
    }
}

impl fmt::Display for SourcePath {
    /// As people read it, in whatever script. What is no text, ends a line, or turns the direction of what follows is written
    /// as `\xNN`, so that no name can forge a line or look like another.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(self.0.len());
        for part in self.0.utf8_chunks() {
            for character in part.valid().chars() {
                match character {
                    '\\' => text.push_str("\\\\"),
                    hidden if misleads(hidden) => {
                        hidden.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_escape(&mut text, byte));
                    }
                    shown => text.push(shown),
                }
            }
            part.invalid().iter().for_each(|byte| push_escape(&mut text, *byte));
        }
        f.write_str(&text)
    }
}

fn push_escape(text: &mut String, byte: u8) {
    use fmt::Write as _;
    // Writing to a string cannot fail.
    let _ = write!(text, "\\x{byte:02x}");
}

/// Whether a character of a text from outside ends a line, controls a terminal, changes the direction in which others are shown, or is
/// not seen at all.
#[must_use]
pub fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

impl fmt::Debug for SourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for SourcePath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.escaped())
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

    #[test]
    fn a_name_in_another_script_is_shown_as_it_is_and_written_down_as_ever() {
        let path = SourcePath::new("DCIM/録画 été.MP4".as_bytes().to_vec());
        assert_eq!(path.to_string(), "DCIM/録画 été.MP4");
        assert_eq!(path.escaped(), r"DCIM/\xe9\x8c\xb2\xe7\x94\xbb \xc3\xa9t\xc3\xa9.MP4");
    }

    #[test]
    fn a_name_that_turns_the_direction_of_what_follows_does_not() {
        let path = SourcePath::new("A\u{202e}4PM.exe\u{2028}B\u{9b}31m".as_bytes().to_vec());
        assert_eq!(path.to_string(), r"A\xe2\x80\xae4PM.exe\xe2\x80\xa8B\xc2\x9b31m");
    }

    proptest! {
        #[test]
        fn any_name_survives_escaping(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let path = SourcePath::new(bytes);
            prop_assert_eq!(SourcePath::parse_escaped(&path.to_string()), Some(path.clone()));
            prop_assert_eq!(SourcePath::parse_escaped(&path.escaped()), Some(path));
        }
    }
}
