//! Names and numbers that must not be mixed up, each with a type of its own. However often a name is cloned, it is in memory once.

use std::fmt;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Moment, Sha256, SourcePath};

/// Why a text is no valid id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// Longer than the limit, in characters.
    #[error("it has more than {0} characters")]
    TooLong(usize),
    /// A character outside the permitted set.
    #[error("it contains {0:?}; use letters, digits, '-', '_' and '.'")]
    Character(char),
    /// Not the hexadecimal form of this id.
    #[error("it is not an id of this kind")]
    Form,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $limit:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Accepts letters, digits, `-`, `_` and `.`, not starting with a dot.
            ///
            /// # Errors
            /// [`IdError`] says what is wrong with the text.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check_name(&text, $limit)?;
                Ok(Self(text.into()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }
    };
}

fn check_name(text: &str, limit: usize) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.chars().count() > limit {
        return Err(IdError::TooLong(limit));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some(c) = text.chars().find(|c| !allowed(*c)) {
        return Err(IdError::Character(c));
    }
    if text.starts_with('.') {
        return Err(IdError::Character('.'));
    }
    Ok(())
}

name!(
    /// One dock host.
    StationId, 64
);
name!(
    /// One slot of a dock.
    BayName, 32
);
name!(
    /// A camera, known by its serial. The text goes into object names, so it is as strict as the other names; a camera
    /// whose serial does not fit is refused at the bay, never renamed.
    CameraSerial, 64
);
name!(
    /// One place that evidence must reach.
    DestinationName, 32
);
name!(
    /// Somebody who may log in.
    UserName, 64
);
name!(
    /// What a file system calls itself, such as `fat-1a2b3c4d`: tells the media of two cameras apart that have the same
    /// serial. Makers may give the same one to all of theirs.
    MediumId, 64
);

/// One visit of one camera to one bay (a UUIDv7, so ids sort by time).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DockingId(uuid::Uuid);

impl DockingId {
    /// A new id for a docking that begins at `at`.
    #[must_use]
    pub fn new(at: Moment) -> Self {
        let mut random = [0_u8; 10];
        fastrand::fill(&mut random);
        let millis = u64::try_from(at.millis()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Reads the usual hyphenated form.
    ///
    /// # Errors
    /// [`IdError::Form`] if it is none.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        uuid::Uuid::parse_str(text).map(Self).map_err(|_| IdError::Form)
    }
}

impl fmt::Display for DockingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for DockingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One recorded file of one camera, known by what it is rather than by when it was seen: the id is derived from the
/// camera, the file's path and its content. Pulling the same file twice therefore arrives at the same segment, and a
/// file that changed is another segment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId([u8; 16]);

impl SegmentId {
    /// The id of the file at `path` on `camera` whose content hashes to `sha256`.
    #[must_use]
    pub fn of(camera: &CameraSerial, path: &SourcePath, sha256: &Sha256) -> Self {
        let mut hasher = Sha256::hasher();
        hasher.update(camera.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(path.as_bytes());
        hasher.update(&[0]);
        hasher.update(sha256.as_bytes());
        let digest = hasher.finish();
        let mut id = [0; 16];
        id.copy_from_slice(&digest.as_bytes()[..16]);
        Self(id)
    }

    /// The id as stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes of the id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads 32 hexadecimal digits.
    ///
    /// # Errors
    /// [`IdError::Form`] if they are none.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let mut id = [0; 16];
        super::checksum::parse_hex(text, &mut id).ok_or(IdError::Form)?;
        Ok(Self(id))
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::checksum::write_hex(f, &self.0)
    }
}

impl fmt::Debug for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A place that evidence is brought to, known by what it is: a random id that lies there, whatever path or address leads to
/// it today.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceId([u8; 16]);

impl PlaceId {
    /// An id that no other place has.
    #[must_use]
    pub fn random() -> Self {
        let mut id = [0; 16];
        fastrand::fill(&mut id);
        Self(id)
    }

    /// Reads 32 hexadecimal digits.
    ///
    /// # Errors
    /// [`IdError::Form`] if they are none.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let mut id = [0; 16];
        super::checksum::parse_hex(text, &mut id).ok_or(IdError::Form)?;
        Ok(Self(id))
    }
}

impl fmt::Display for PlaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::checksum::write_hex(f, &self.0)
    }
}

impl fmt::Debug for PlaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Written as they are shown.
macro_rules! serialized_as_shown {
    ($($id:ident),*) => {
        $(impl Serialize for $id {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        })*
    };
}

serialized_as_shown!(DockingId, PlaceId, SegmentId);

impl<'de> Deserialize<'de> for DockingId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The number of a problem, as a person types it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProblemId(pub i64);

impl fmt::Display for ProblemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_their_folder_are_refused() {
        for bad in ["", "..", ".hidden", "a/b", "a b", "caf\u{e9}", "a\nb"] {
            assert!(CameraSerial::new(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(CameraSerial::new("BWC-0001_a.2").is_ok());
    }

    #[test]
    fn a_changed_file_is_another_segment() {
        let camera = CameraSerial::new("BWC-1").unwrap();
        let path = SourcePath::new(b"DCIM/A.MP4".to_vec());
        let before = SegmentId::of(&camera, &path, &Sha256::of(b"one"));
        let after = SegmentId::of(&camera, &path, &Sha256::of(b"two"));
        assert_ne!(before, after);
        assert_eq!(SegmentId::parse(&before.to_string()), Ok(before));
    }
}
