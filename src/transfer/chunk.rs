//! A chunk on its way from the spool to a destination.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;

use super::{Caps, Shelf};
use crate::cloud::{ByteStream, ChunkBody};
use crate::domain::{ByteCount, Crc64, Crc64Hasher, Fingerprint, SegmentId};
use crate::spool::SpoolStream;

/// The body of chunk `index`: read from the spool as it is sent, and checked against the camera's checksum before its
/// last piece leaves, so that a destination never gets a whole chunk that is not what the camera held. It goes as fast as the caps
/// let it.
pub(super) fn body(shelf: &Arc<Shelf>, caps: &Caps, id: SegmentId, fingerprint: &Fingerprint, index: u32) -> ChunkBody {
    let (offset, length) = fingerprint.chunk_range(index);
    let crc64 = fingerprint.chunks[index as usize];
    let (shelf, caps) = (Arc::clone(shelf), caps.clone());
    ChunkBody::new(ByteCount::new(length), crc64, move || {
        caps.slow(checked(shelf.read(id, offset, length), length, crc64))
    })
}

struct Checked {
    pieces: SpoolStream,
    left: u64,
    expected: Crc64,
    seen: Crc64Hasher,
}

fn checked(pieces: SpoolStream, length: u64, expected: Crc64) -> ByteStream {
    let state = Checked { pieces, left: length, expected, seen: Crc64::hasher() };
    futures::stream::try_unfold(state, |mut state| async move {
        if state.left == 0 {
            return Ok(None);
        }
        let piece: Bytes = match state.pieces.next().await {
            Some(piece) => piece.map_err(io::Error::other)?,
            None => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the spool copy is too short")),
        };
        state.seen.update(&piece);
        state.left = state.left.saturating_sub(piece.len() as u64);
        if state.left == 0 && state.seen.finish() != state.expected {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the spool copy is not what was read from the camera",
            ));
        }
        Ok(Some((piece, state)))
    })
    .boxed()
}
