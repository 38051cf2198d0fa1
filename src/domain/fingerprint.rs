//! What a segment's content is: the hashes taken once, in flight, when it left the camera.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::ByteCount;

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

    /// As Azure writes it in headers, before base64.
    #[must_use]
    pub const fn to_le_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
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

/// Everything that identifies a content: its length, its SHA-256, and the checksum of each chunk.
///
/// Invariant: `chunks` has one entry for every started `chunk_size` of `size`; an empty content has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Length of the content.
    pub size: ByteCount,
    /// Digest of the content.
    pub sha256: Sha256,
    /// Length of every chunk but the last.
    pub chunk_size: ByteCount,
    /// Checksum of each chunk, in order. Clones share them.
    pub chunks: Arc<[Crc64]>,
}

impl Fingerprint {
    /// The fingerprint of a content in memory.
    ///
    /// # Panics
    /// If `chunk_size` is zero.
    #[must_use]
    pub fn of(content: &[u8], chunk_size: ByteCount) -> Self {
        let mut fingerprinter = Fingerprinter::new(chunk_size);
        fingerprinter.update(content);
        fingerprinter.finish()
    }

    /// How many chunks the content has.
    #[must_use]
    pub fn chunk_count(&self) -> u32 {
        u32::try_from(self.chunks.len()).unwrap_or(u32::MAX)
    }

    /// Where chunk `index` begins and how long it is.
    #[must_use]
    pub fn chunk_range(&self, index: u32) -> (u64, u64) {
        let offset = u64::from(index).saturating_mul(self.chunk_size.get());
        (offset, self.chunk_size.get().min(self.size.get().saturating_sub(offset)))
    }

    /// Whether both are the same bytes, even if they were cut into chunks of different sizes.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.size == other.size && self.sha256 == other.sha256
    }
}

/// Takes the checksum of each chunk while the bytes go by: a fingerprint without the SHA-256, at a tenth of its cost.
/// It finds any damage that happens by accident.
#[derive(Debug, Clone)]
pub struct ChunkSums {
    size: u64,
    chunk_size: u64,
    in_chunk: u64,
    crc64: Crc64Hasher,
    chunks: Vec<Crc64>,
}

impl ChunkSums {
    /// Starts with chunks of `chunk_size`.
    ///
    /// # Panics
    /// If `chunk_size` is zero.
    #[must_use]
    pub fn new(chunk_size: ByteCount) -> Self {
        assert!(chunk_size.get() > 0, "a chunk has at least one byte");
        Self { size: 0, chunk_size: chunk_size.get(), in_chunk: 0, crc64: Crc64::hasher(), chunks: Vec::new() }
    }

    /// Adds the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = usize::try_from(self.chunk_size - self.in_chunk).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.crc64.update(now);
            self.in_chunk += now.len() as u64;
            if self.in_chunk == self.chunk_size {
                self.close_chunk();
            }
            bytes = later;
        }
    }

    /// The checksum of each chunk of everything added.
    #[must_use]
    pub fn finish(mut self) -> Vec<Crc64> {
        if self.in_chunk > 0 {
            self.close_chunk();
        }
        self.chunks
    }

    /// Whether everything added has the length and the checksums of `expected`, whose chunks have the same size.
    #[must_use]
    pub fn matches(self, expected: &Fingerprint) -> bool {
        self.size == expected.size.get() && *self.finish() == *expected.chunks
    }

    fn close_chunk(&mut self) {
        self.chunks.push(self.crc64.finish());
        self.in_chunk = 0;
    }
}

/// Takes a fingerprint while the bytes go by.
#[derive(Debug, Clone)]
pub struct Fingerprinter {
    sha256: Sha256Hasher,
    sums: ChunkSums,
}

impl Fingerprinter {
    /// Starts a fingerprint with chunks of `chunk_size`.
    ///
    /// # Panics
    /// If `chunk_size` is zero.
    #[must_use]
    pub fn new(chunk_size: ByteCount) -> Self {
        Self { sha256: Sha256::hasher(), sums: ChunkSums::new(chunk_size) }
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sums.update(bytes);
    }

    /// How many bytes were added so far.
    #[must_use]
    pub const fn size(&self) -> ByteCount {
        ByteCount::new(self.sums.size)
    }

    /// The fingerprint of everything added.
    #[must_use]
    pub fn finish(self) -> Fingerprint {
        Fingerprint {
            size: self.size(),
            chunk_size: ByteCount::new(self.sums.chunk_size),
            sha256: self.sha256.finish(),
            chunks: self.sums.finish().into(),
        }
    }
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

    #[test]
    fn crc64_is_the_one_azure_and_s3_check() {
        // The check value of CRC-64/NVME in the catalogue of parametrised CRC algorithms.
        assert_eq!(Crc64::of(b"123456789"), Crc64(0xae8b_1486_0a79_9888));
    }

    #[test]
    fn an_empty_segment_has_no_chunks() {
        let fingerprint = Fingerprint::of(b"", ByteCount::new(4));
        assert!(fingerprint.chunks.is_empty());
        assert_eq!(fingerprint.size, ByteCount::new(0));
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same_fingerprint(
            content in prop::collection::vec(any::<u8>(), 0..200), chunk in 1_u64..50, piece in 1_usize..60,
        ) {
            let mut by_piece = Fingerprinter::new(ByteCount::new(chunk));
            content.chunks(piece).for_each(|piece| by_piece.update(piece));
            let whole = Fingerprint {
                size: ByteCount::new(content.len() as u64),
                sha256: Sha256::of(&content),
                chunk_size: ByteCount::new(chunk),
                chunks: content.chunks(usize::try_from(chunk).unwrap()).map(Crc64::of).collect(),
            };
            prop_assert_eq!(by_piece.finish(), whole);
        }
    }
}
