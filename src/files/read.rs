//! Reading a file piece by piece, with or without the page cache.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use rustix::fs::{Advice, Mode, OFlags};
use tokio::sync::mpsc;

use super::buffers::{ALIGNMENT, Pool};

/// Whether this machine's page cache may answer a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// It may.
    Allowed,
    /// It may not: the medium itself answers.
    Bypassed,
}

/// One piece of a cached read: large enough that a system call is nothing beside its hash, small enough that eight
/// bays at once stay far below the daemon's 64 MiB.
const PIECE: usize = 256 << 10;
/// One piece of an uncached read: the medium is asked for this much at a time, so it must be larger.
const DIRECT_PIECE: usize = 1 << 20;
/// Pieces read ahead while the reader works on the one before.
const READ_AHEAD: usize = 1;

static POOL: LazyLock<Arc<Pool>> = LazyLock::new(|| Pool::new(PIECE, 48));
static DIRECT_POOL: LazyLock<Arc<Pool>> = LazyLock::new(|| Pool::new(DIRECT_PIECE, 12));

/// The buffers that all readers share, as long as one read of this kind should be.
#[must_use]
pub fn shared_pool(cache: Cache) -> &'static Arc<Pool> {
    match cache {
        Cache::Allowed => &POOL,
        Cache::Bypassed => &DIRECT_POOL,
    }
}

/// Opens a regular file for [`pieces`]; links are not followed.
///
/// # Errors
/// The system's words.
pub fn open(path: &Path, cache: Cache) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    if cache == Cache::Bypassed {
        match rustix::fs::open(path, flags | OFlags::DIRECT, Mode::empty()) {
            // Some file systems (tmpfs, many network ones) know no direct reads.
            Err(rustix::io::Errno::INVAL) => {}
            answer => return Ok(answer?.into()),
        }
    }
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

/// The content of a small file of somebody else's: a pipe is not waited for, a device is not read, and no more than `most` bytes are
/// taken. Links are followed. Blocks.
///
/// # Errors
/// The system's words, or that it is no file, or too large.
pub fn whole(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file: File = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())?.into();
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut content = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > most {
        return Err(io::Error::other(format!("it has more than {most} bytes")));
    }
    Ok(content)
}

/// The `length` bytes of `file` from `offset` on, or fewer if the file ends before. An `offset` of an uncached read must be
/// a multiple of 4 KiB.
#[must_use]
pub fn pieces(file: File, offset: u64, length: u64, cache: Cache) -> BoxStream<'static, io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(READ_AHEAD);
    tokio::task::spawn_blocking(move || {
        let end = offset.saturating_add(length);
        let mut at = offset;
        let pool = shared_pool(cache);
        advise(&file, offset, length, cache);
        while at < end {
            let answer = read_piece(&file, at, end, pool);
            let last = !matches!(&answer, Ok(piece) if !piece.is_empty());
            if let Ok(piece) = &answer {
                if piece.is_empty() {
                    return;
                }
                at += piece.len() as u64;
            }
            // The receiver is dropped when nobody wants the rest.
            if sender.blocking_send(answer).is_err() || last {
                return;
            }
        }
    });
    futures::stream::unfold(receiver, async |mut receiver| receiver.recv().await.map(|piece| (piece, receiver))).boxed()
}

/// Tells the kernel what is coming. Advice may be refused without harm.
fn advise(file: &File, offset: u64, length: u64, cache: Cache) {
    let advice = match cache {
        Cache::Allowed => Advice::Sequential,
        // Where direct reads are not to be had, at least drop what is cached.
        Cache::Bypassed => Advice::DontNeed,
    };
    let _ = rustix::fs::fadvise(file, offset, std::num::NonZeroU64::new(length), advice);
}

fn read_piece(file: &File, at: u64, end: u64, pool: &Arc<Pool>) -> io::Result<Bytes> {
    let wanted = usize::try_from(end - at).unwrap_or(usize::MAX).min(pool.length());
    let mut buffer = pool.take();
    let mut filled = 0;
    while filled < wanted {
        // A direct read asks for whole blocks and gets fewer at the end of the file.
        let until = wanted.next_multiple_of(ALIGNMENT);
        match file.read_at(&mut buffer[filled..until], at + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Bytes::from_owner(buffer).slice(..filled.min(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_file_is_read_whole_and_what_is_none_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "abc").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap();
        assert_eq!(whole(&at("link"), 3).unwrap(), b"abc");
        assert!(whole(&at("file"), 2).unwrap_err().to_string().contains("more than 2 bytes"));
        for none in ["pipe", "", "missing"] {
            assert!(whole(&at(none), 3).is_err(), "{none:?}");
        }
        assert!(whole(Path::new("/dev/zero"), 3).is_err());
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|index| u8::try_from((index / 7 + index * 31) % 251).unwrap()).collect()
    }

    async fn read_all(path: &Path, offset: u64, length: u64, cache: Cache) -> Vec<u8> {
        let pieces = pieces(open(path, cache).unwrap(), offset, length, cache);
        pieces
            .fold(Vec::new(), async |mut all, piece| [std::mem::take(&mut all), piece.unwrap().to_vec()].concat())
            .await
    }

    #[tokio::test]
    async fn both_ways_read_the_same_bytes() {
        let folder = tempfile::tempdir_in("target").unwrap();
        let path = folder.path().join("file");
        for length in [0, 1, 4095, 4096, PIECE, DIRECT_PIECE + 5, 3 * DIRECT_PIECE] {
            let content = content(length);
            std::fs::write(&path, &content).unwrap();
            for cache in [Cache::Allowed, Cache::Bypassed] {
                assert!(read_all(&path, 0, length as u64, cache).await == content, "{length} bytes, {cache:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_range_ends_where_it_was_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content = content(3 * PIECE);
        std::fs::write(&path, &content).unwrap();
        assert_eq!(read_all(&path, 1000, 5000, Cache::Allowed).await, content[1000..6000]);
    }
}
