//! Block ids that say what their block contains.
//!
//! Promises: the id of a chunk is the same after any restart and at any station, all ids have one length, as Azure
//! demands, and no two contents or chunk sizes share an id, so that concurrent uploads of one name cannot be mixed.
//!
//! | bytes | content |
//! |---|---|
//! | 0..5 | `camd1`: camdock, version 1 of this layout |
//! | 5..9 | index of the chunk, big-endian |
//! | 9..17 | CRC64 of the chunk, big-endian |
//! | 17..25 | the first bytes of the whole segment's SHA-256 |
//! | 25..33 | the chunk size, big-endian |

use crate::cloud::Upload;
use crate::domain::Crc64;

const MAGIC: [u8; 5] = *b"camd1";
const LENGTH: usize = 33;

/// What a block id of ours says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockId {
    /// Which chunk.
    pub(super) index: u32,
    /// Its checksum, which Azure verified when the block was staged.
    pub(super) crc64: Crc64,
    /// Which content, in which chunking.
    pub(super) origin: Origin,
}

/// Tells blocks of one content in one chunking from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    digest: [u8; 8],
    chunk_size: u64,
}

impl BlockId {
    /// The id of chunk `index`, or `None` if the upload has no such chunk.
    pub(super) fn of(upload: &Upload, index: u32) -> Option<Self> {
        let fingerprint = &upload.fingerprint;
        let crc64 = *fingerprint.chunks.get(usize::try_from(index).ok()?)?;
        let digest = *fingerprint.sha256.as_bytes().first_chunk()?;
        Some(Self { index, crc64, origin: Origin { digest, chunk_size: fingerprint.chunk_size.get() } })
    }

    /// As Azure stores it, before base64.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        [
            &MAGIC[..],
            &self.index.to_be_bytes(),
            &self.crc64.0.to_be_bytes(),
            &self.origin.digest,
            &self.origin.chunk_size.to_be_bytes(),
        ]
        .concat()
    }

    /// Reads an id; `None` if it is none of ours.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; LENGTH] = bytes.try_into().ok()?;
        let (magic, rest) = bytes.split_first_chunk()?;
        let (index, rest) = rest.split_first_chunk()?;
        let (crc64, rest) = rest.split_first_chunk()?;
        let (digest, rest) = rest.split_first_chunk()?;
        let chunk_size = rest.first_chunk()?;
        (*magic == MAGIC).then(|| Self {
            index: u32::from_be_bytes(*index),
            crc64: Crc64(u64::from_be_bytes(*crc64)),
            origin: Origin { digest: *digest, chunk_size: u64::from_be_bytes(*chunk_size) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ByteCount, Fingerprint, ObjectName, Protection};

    fn upload(content: &[u8], chunk_size: u64) -> Upload {
        Upload {
            object: ObjectName::new("a").unwrap(),
            fingerprint: Fingerprint::of(content, ByteCount::new(chunk_size)),
            metadata: Vec::new(),
            protection: Protection::NONE,
        }
    }

    #[test]
    fn an_id_says_what_its_block_contains() {
        let id = BlockId::of(&upload(b"abcdefg", 3), 2).unwrap();
        assert_eq!((id.index, id.crc64), (2, Crc64::of(b"g")));
        assert_eq!(BlockId::parse(&id.to_bytes()), Some(id));
        assert_eq!(id.to_bytes().len(), LENGTH);
    }

    #[test]
    fn other_contents_and_other_chunkings_have_other_ids() {
        let id = |content: &[u8], chunk_size| BlockId::of(&upload(content, chunk_size), 0).unwrap();
        assert_ne!(id(b"abcd", 3), id(b"abcX", 3), "the first chunk is the same, the segment is not");
        assert_ne!(id(b"ab", 3), id(b"ab", 4), "the only chunk is the same, the chunking is not");
        assert_eq!(BlockId::of(&upload(b"abcd", 3), 2), None, "there is no third chunk");
    }

    #[test]
    fn ids_of_other_tools_are_not_ours() {
        assert_eq!(BlockId::parse(b"block-000001"), None);
        assert_eq!(BlockId::parse(&[b'x'; LENGTH]), None);
    }
}
