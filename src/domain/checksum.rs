//! The checksums by which contents are known, each with its text and its bytes.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The digest of `content`.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let mut hasher = Self::hasher();
        hasher.update(content);
        hasher.finish()
    }

    /// A running digest.
    #[must_use]
    pub fn hasher() -> Sha256Hasher {
        Sha256Hasher(sha2::Sha256::new())
    }

    /// The digest as stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        parse_hex(text, &mut digest)?;
        Some(Self(digest))
    }
}

/// A SHA-256 in the making.
#[derive(Debug, Clone)]
pub struct Sha256Hasher(sha2::Sha256);

impl Sha256Hasher {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything added.
    #[must_use]
    pub fn finish(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Sha256 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a SHA-256 in hexadecimal"))
    }
}

/// A CRC-64/NVME checksum: the one that Azure calls CRC64 and S3 calls CRC64NVME, so one checksum taken at the camera
/// serves both clouds (their encodings differ: Azure sends it little-endian, S3 big-endian).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Crc64(pub u64);

impl Crc64 {
    /// The checksum of `content`.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let mut hasher = Self::hasher();
        hasher.update(content);
        hasher.finish()
    }

    /// A running checksum.
    #[must_use]
    pub fn hasher() -> Crc64Hasher {
        Crc64Hasher(crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme))
    }

    /// The checksum of a content followed by another one of `length` bytes whose checksum is `next`.
    #[must_use]
    pub fn followed_by(self, next: Self, length: u64) -> Self {
        Self(crc_fast::checksum_combine(crc_fast::CrcAlgorithm::Crc64Nvme, self.0, next.0, length))
    }

    /// As Azure writes it in headers, before base64.
    #[must_use]
    pub const fn to_le_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    /// As S3 writes it in headers, before base64.
    #[must_use]
    pub const fn to_be_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

/// A CRC-64 in the making.
#[derive(Debug, Clone)]
pub struct Crc64Hasher(crc_fast::Digest);

impl Crc64Hasher {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of everything added; the hasher starts afresh.
    pub fn finish(&mut self) -> Crc64 {
        Crc64(self.0.finalize_reset())
    }
}

impl fmt::Display for Crc64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Crc64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A CRC-32C checksum (Castagnoli): the one that Google Cloud Storage keeps of each whole object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Crc32c(pub u32);

impl Crc32c {
    /// The checksum of `content`.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let mut hasher = Self::hasher();
        hasher.update(content);
        hasher.finish()
    }

    /// A running checksum.
    #[must_use]
    pub fn hasher() -> Crc32cHasher {
        Crc32cHasher(crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc32Iscsi))
    }

    /// Reads 8 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 4];
        parse_hex(text, &mut bytes)?;
        Some(Self(u32::from_be_bytes(bytes)))
    }
}

/// A CRC-32C in the making.
#[derive(Debug, Clone)]
pub struct Crc32cHasher(crc_fast::Digest);

impl Crc32cHasher {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of everything added.
    #[must_use]
    pub fn finish(&self) -> Crc32c {
        // The library gives every width in 64 bits.
        Crc32c(u32::try_from(self.0.finalize()).unwrap_or(u32::MAX))
    }
}

impl fmt::Display for Crc32c {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for Crc32c {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A checksum of a whole content, of one of the kinds that places keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// CRC-64/NVME; S3 keeps it.
    Crc64(Crc64),
    /// CRC-32C; Google Cloud Storage keeps it.
    Crc32c(Crc32c),
    /// SHA-256: what was read again is compared by it.
    Sha256(Sha256),
}

pub(super) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

pub(super) fn parse_hex(text: &str, into: &mut [u8]) -> Option<()> {
    if text.len() != into.len() * 2 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in into.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // The check values are those of the catalogue of parametrised CRC algorithms.
    #[test]
    fn crc64_is_the_one_azure_and_s3_check() {
        assert_eq!(Crc64::of(b"123456789"), Crc64(0xae8b_1486_0a79_9888));
    }

    #[test]
    fn crc32c_is_the_one_google_checks() {
        assert_eq!(Crc32c::of(b"123456789"), Crc32c(0xe306_9283));
        assert_eq!(Crc32c::parse("e3069283"), Some(Crc32c(0xe306_9283)));
        assert_eq!(Crc32c::parse("e306928"), None);
    }

    proptest! {
        #[test]
        fn two_contents_have_together_the_checksum_of_both_in_a_row(
            one in prop::collection::vec(any::<u8>(), 0..100), other in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let together = Crc64::of(&one).followed_by(Crc64::of(&other), other.len() as u64);
            prop_assert_eq!(together, Crc64::of(&[one, other].concat()));
        }
    }
}
