//! What a segment's content is: the checksums taken once, in flight, when it left the camera.

use std::sync::Arc;

use super::ByteCount;
use super::checksum::{Crc32c, Crc32cHasher, Crc64, Crc64Hasher, Sha256, Sha256Hasher};

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
    /// Checksum of the whole content, unless a camdock took it over that did not take this one yet.
    pub crc32c: Option<Crc32c>,
}

/// In which order a place takes the chunks of one content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkOrder {
    /// In any, and several at once.
    Any,
    /// From the first to the last, each when the one before is there.
    OneAfterAnother,
}

/// Into which chunks a place takes a content, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkRules {
    /// Every chunk but the last has so many bytes at least.
    pub smallest: ByteCount,
    /// The length of every chunk but the last is a multiple of this.
    pub multiple_of: ByteCount,
    /// So many chunks at the most make one object.
    pub most: u32,
    /// In which order they come.
    pub order: ChunkOrder,
}

impl ChunkRules {
    /// Chunks of any length, as many as there are, in any order.
    pub const ANY: Self =
        Self { smallest: ByteCount::new(1), multiple_of: ByteCount::new(1), most: u32::MAX, order: ChunkOrder::Any };
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

    /// CRC-64 of the whole content, from those of its chunks.
    #[must_use]
    pub fn crc64(&self) -> Crc64 {
        self.crc64_of(0..self.chunk_count())
    }

    fn crc64_of(&self, chunks: std::ops::Range<u32>) -> Crc64 {
        let follow =
            |whole: Crc64, index: u32| whole.followed_by(self.chunks[index as usize], self.chunk_range(index).1);
        chunks.fold(Crc64::of(b""), follow)
    }

    /// The same content in chunks as `rules` want them: several of its own together make one where its own are too small or
    /// too many.
    #[must_use]
    pub fn cut_for(&self, rules: ChunkRules) -> Self {
        let (own, wanted) = (self.chunk_size.get(), rules.multiple_of.get().max(1));
        let to_a_multiple = wanted / greatest_common_divisor(own, wanted);
        let for_length = rules.smallest.get().div_ceil(own);
        let for_number = u64::from(self.chunk_count()).div_ceil(u64::from(rules.most.max(1)));
        let together = for_length.max(for_number).next_multiple_of(to_a_multiple);
        let Ok(together @ 2..) = u32::try_from(together) else { return self.clone() };
        let count = self.chunk_count();
        let starts = (0..count).step_by(together as usize);
        let chunks = starts.map(|first| self.crc64_of(first..first.saturating_add(together).min(count))).collect();
        Self { chunk_size: ByteCount::new(own.saturating_mul(u64::from(together))), chunks, ..self.clone() }
    }

    /// Whether both are the same bytes, even if they were cut into chunks of different sizes.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.size == other.size && self.sha256 == other.sha256
    }
}

const fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
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
    crc32c: Crc32cHasher,
    sums: ChunkSums,
}

impl Fingerprinter {
    /// Starts a fingerprint with chunks of `chunk_size`.
    ///
    /// # Panics
    /// If `chunk_size` is zero.
    #[must_use]
    pub fn new(chunk_size: ByteCount) -> Self {
        Self { sha256: Sha256::hasher(), crc32c: Crc32c::hasher(), sums: ChunkSums::new(chunk_size) }
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.crc32c.update(bytes);
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
            crc32c: Some(self.crc32c.finish()),
            chunks: self.sums.finish().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
                crc32c: Some(Crc32c::of(&content)),
            };
            prop_assert_eq!(whole.crc64(), Crc64::of(&content));
            prop_assert_eq!(by_piece.finish(), whole);
        }

        #[test]
        fn a_content_is_cut_as_a_place_wants_it_and_stays_the_same(
            content in prop::collection::vec(any::<u8>(), 0..400),
            chunk in 1_u64..20, smallest in 1_u64..60, multiple_of in 1_u64..12, most in 1_u32..30,
        ) {
            let [smallest, multiple_of] = [smallest, multiple_of].map(ByteCount::new);
            let own = Fingerprint::of(&content, ByteCount::new(chunk));
            let cut = own.cut_for(ChunkRules { smallest, multiple_of, most, ..ChunkRules::ANY });
            prop_assert_eq!(&cut, &Fingerprint::of(&content, cut.chunk_size), "as if it had been cut so at once");
            prop_assert!(cut.chunk_size >= smallest && cut.chunk_count() <= most);
            prop_assert_eq!(cut.chunk_size.get() % multiple_of.get(), 0);
            prop_assert_eq!(own.cut_for(ChunkRules::ANY), own);
        }
    }
}
