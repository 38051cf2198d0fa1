//! Read buffers, used again and again: fresh memory costs more than reading into it.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use aligned_vec::{AVec, ConstAlign};

/// Direct reads want memory and offsets aligned to the medium's blocks; 4 KiB is the largest sector in use.
pub const ALIGNMENT: usize = 4 << 10;

type Buffer = AVec<u8, ConstAlign<ALIGNMENT>>;

/// Buffers of one length, aligned for direct reads.
#[derive(Debug)]
pub struct Pool {
    length: usize,
    keep: usize,
    spare: Mutex<Vec<Buffer>>,
}

impl Pool {
    /// A pool of buffers of `length` bytes that keeps up to `keep` of them when nobody uses them.
    #[must_use]
    pub fn new(length: usize, keep: usize) -> Arc<Self> {
        Arc::new(Self { length, keep, spare: Mutex::default() })
    }

    /// The length of each buffer, in bytes.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    /// A buffer that nobody else uses. Its content is left over from an earlier use.
    #[must_use]
    pub fn take(self: &Arc<Self>) -> Lent {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let buffer = spare.unwrap_or_else(|| {
            let mut fresh = Buffer::new(ALIGNMENT);
            fresh.resize(self.length, 0);
            fresh
        });
        Lent { buffer, pool: Arc::clone(self) }
    }
}

/// A buffer that goes back to its pool when it is dropped.
#[derive(Debug)]
pub struct Lent {
    buffer: Buffer,
    pool: Arc<Pool>,
}

impl Deref for Lent {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.buffer
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.buffer
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let buffer = std::mem::replace(&mut self.buffer, Buffer::new(ALIGNMENT));
        let mut spare = self.pool.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < self.pool.keep {
            spare.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn a_buffer_is_used_again_once_its_last_piece_is_dropped() {
        let pool = Pool::new(ALIGNMENT, 8);
        let block = Bytes::from_owner(pool.take());
        let piece = block.slice(0..10);
        drop(block);
        assert_eq!(pool.spare.lock().unwrap().len(), 0);
        drop(piece);
        assert_eq!(pool.spare.lock().unwrap().len(), 1);
    }
}
