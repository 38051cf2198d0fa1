//! Reading one file from its beginning to its end, ahead of whoever hashes it.
//!
//! Promises:
//! - The pieces are the file's bytes in order, each once, and together exactly as long as the file was listed; else the
//!   reading ends in [`CameraError::Changed`].
//! - Two blocks are in memory at most, besides the pieces that the caller keeps: one handed out, one being read.
//! - Where the medium fails, everything that can be read in steps of 4 KiB is read. A file that gives nothing at all
//!   ends too: once a whole piece was unreadable step by step, the next ones are tried once each, until one answers.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use rustix::fs::{Advice, OFlags};
use rustix::io::Errno;
use tokio::task::JoinHandle;

use super::beneath::{Holder, Root};
use super::blocking;
use crate::camera::{CameraError, Piece, SourceReader};
use crate::domain::{ByteCount, SourceFile};
use crate::files::{ALIGNMENT, Cache, Pool, shared_pool};

/// The longest piece handed out, in bytes.
const PIECE: usize = 256 << 10;

/// The smallest part that is read by itself.
const STEP: usize = ALIGNMENT;

/// So many buffers are kept: one handed out, one being read.
const BLOCKS: usize = 2;

/// A listed file, being read.
pub(in crate::camera) struct FolderReader {
    holder: Arc<dyn Holder>,
    file: SourceFile,
    ready: VecDeque<Piece>,
    ahead: Option<JoinHandle<(Source, Result<Block, CameraError>)>>,
}

impl FolderReader {
    /// Opens a listed file and starts reading it.
    pub(in crate::camera) fn open(root: Arc<Root>, file: SourceFile, cache: Cache) -> Result<Self, CameraError> {
        let content = root.open_file(&file)?;
        Self::over(root, content, file, cache)
    }

    /// Starts reading what was opened as `content`.
    pub(in crate::camera) fn over(
        holder: Arc<dyn Holder>,
        content: OwnedFd,
        file: SourceFile,
        cache: Cache,
    ) -> Result<Self, CameraError> {
        let source = Source::over(Arc::clone(&holder), content, file.clone(), cache)?;
        Ok(Self { holder, file, ready: VecDeque::new(), ahead: Some(source.read_ahead()) })
    }
}

#[async_trait]
impl SourceReader for FolderReader {
    async fn next(&mut self) -> Result<Option<Piece>, CameraError> {
        while self.ready.is_empty() {
            let Some(ahead) = &mut self.ahead else { return Ok(None) };
            let read = ahead.await;
            self.ahead = None;
            let (source, block) = read.map_err(|error| CameraError::Device { action: "read", source: error.into() })?;
            let block = block?;
            if block.position == Position::Middle {
                self.ahead = Some(source.read_ahead());
            }
            self.ready = block.pieces;
        }
        Ok(self.ready.pop_front())
    }

    async fn finish(&mut self) -> Result<(), CameraError> {
        let (holder, file) = (Arc::clone(&self.holder), self.file.clone());
        blocking("read", move || holder.check_unchanged(&file)).await?
    }
}

/// What one turn of reading gave.
struct Block {
    pieces: VecDeque<Piece>,
    position: Position,
}

/// Where in the file a block lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Middle,
    End,
}

/// How the medium answered so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Medium {
    /// Everything could be read.
    Sound,
    /// Something could not.
    Failing,
    /// Nothing of the last piece could.
    Dead,
}

/// How bytes get from the medium to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    PageCache,
    Direct,
}

struct Source {
    holder: Arc<dyn Holder>,
    file: SourceFile,
    content: OwnedFd,
    offset: u64,
    medium: Medium,
    way: Way,
    pool: Arc<Pool>,
}

impl Source {
    fn over(holder: Arc<dyn Holder>, content: OwnedFd, file: SourceFile, cache: Cache) -> Result<Self, CameraError> {
        // A small file needs a small block: room for it, and for one byte more that would tell that it grew.
        let whole = usize::try_from(file.size.get()).unwrap_or(usize::MAX).saturating_add(1);
        let shared = shared_pool(cache);
        let pool =
            if whole < shared.length() { Pool::new(whole.next_multiple_of(STEP), BLOCKS) } else { Arc::clone(shared) };
        let mut source = Self { holder, file, content, offset: 0, medium: Medium::Sound, way: Way::PageCache, pool };
        if cache == Cache::Bypassed {
            source.way = source.bypass_cache()?;
        }
        Ok(source)
    }

    fn read_ahead(mut self) -> JoinHandle<(Self, Result<Block, CameraError>)> {
        tokio::task::spawn_blocking(move || {
            let block = self.read_block();
            (self, block)
        })
    }

    fn read_block(&mut self) -> Result<Block, CameraError> {
        let mut lent = self.pool.take();
        let mut filled = Filled { length: 0, gaps: Vec::new() };
        let position = self.fill(&mut lent, &mut filled)?;
        self.offset += filled.length as u64;
        let size = self.file.size.get();
        if self.offset > size || (position == Position::End && self.offset < size) {
            return Err(self.holder.changed(&self.file.path));
        }
        Ok(Block { pieces: filled.cut(&Bytes::from_owner(lent)), position })
    }

    /// Fills the buffer, or what of it the file has.
    fn fill(&mut self, buffer: &mut [u8], filled: &mut Filled) -> Result<Position, CameraError> {
        // Where the file should end, counted from the beginning of this block.
        let end = usize::try_from(self.file.size.get() - self.offset).unwrap_or(usize::MAX);
        while filled.length < buffer.len() {
            let at = filled.length;
            let piece_end = buffer.len().min(at + PIECE);
            let until = if self.medium == Medium::Sound { buffer.len() } else { piece_end };
            match self.read(&mut buffer[at..until], at) {
                Ok(0) => return Ok(Position::End),
                Ok(read) => {
                    filled.length += read;
                    if self.medium == Medium::Dead {
                        self.medium = Medium::Failing;
                    }
                    // A direct read stops in the middle of a sector only where the file ends.
                    if self.way == Way::Direct && !filled.length.is_multiple_of(STEP) {
                        return Ok(Position::End);
                    }
                }
                Err(error) if is_unreadable(error) => {
                    self.holder.check_present()?;
                    match self.medium {
                        _ if at >= end => return Ok(Position::End),
                        // Now piece by piece, and past the page cache, which reads more at once than is asked for and
                        // would lose the healthy neighbours of what is damaged.
                        Medium::Sound => {
                            self.medium = Medium::Failing;
                            let _ = rustix::fs::fadvise(&self.content, 0, None, Advice::Random);
                            self.way = self.bypass_cache()?;
                        }
                        Medium::Failing => self.salvage(&mut buffer[..piece_end], filled, end)?,
                        Medium::Dead => filled.gap(piece_end.min(end)),
                    }
                    if filled.length == end {
                        return Ok(Position::End);
                    }
                }
                Err(error) => return Err(self.holder.explain(&self.file.path, error)),
            }
        }
        Ok(Position::Middle)
    }

    /// Reads the rest of `buffer`, which is a piece, step by step; the file should end at `end`.
    fn salvage(&mut self, buffer: &mut [u8], filled: &mut Filled, end: usize) -> Result<(), CameraError> {
        self.medium = Medium::Dead;
        while filled.length < buffer.len().min(end) {
            let at = filled.length;
            let step_end = buffer.len().min((at + 1).next_multiple_of(STEP));
            match self.read(&mut buffer[at..step_end], at) {
                Ok(0) => break,
                Ok(read) => {
                    filled.length += read;
                    self.medium = Medium::Failing;
                }
                Err(error) if is_unreadable(error) => filled.gap(step_end.min(end)),
                Err(error) => return Err(self.holder.explain(&self.file.path, error)),
            }
        }
        self.holder.check_present()
    }

    fn read(&mut self, into: &mut [u8], at: usize) -> rustix::io::Result<usize> {
        let offset = self.offset + at as u64;
        loop {
            match rustix::io::pread(&self.content, &mut *into, offset) {
                Err(Errno::INTR) => {}
                // Some file systems accept the flag and refuse the read.
                Err(Errno::INVAL) if self.way == Way::Direct => self.way = drop_cache(&self.content)?,
                read => return read,
            }
        }
    }

    /// Has the medium itself answer, where the file system can do that; else what is cached now is dropped.
    fn bypass_cache(&self) -> Result<Way, CameraError> {
        match rustix::fs::fcntl_setfl(&self.content, OFlags::DIRECT) {
            Ok(()) => Ok(Way::Direct),
            Err(_) => drop_cache(&self.content).map_err(|error| self.holder.explain(&self.file.path, error)),
        }
    }
}

fn drop_cache(content: &OwnedFd) -> rustix::io::Result<Way> {
    rustix::fs::fcntl_setfl(content, OFlags::empty())?;
    rustix::fs::fadvise(content, 0, None, Advice::DontNeed)?;
    Ok(Way::PageCache)
}

/// Whether an error says that the medium cannot give these bytes, rather than that they may not be read.
fn is_unreadable(error: Errno) -> bool {
    [Errno::IO, Errno::NODATA, Errno::ILSEQ, Errno::BADMSG, Errno::UCLEAN, Errno::REMOTEIO, Errno::TIMEDOUT]
        .contains(&error)
}

/// How far a block is filled, and which parts of that are missing.
struct Filled {
    length: usize,
    gaps: Vec<std::ops::Range<usize>>,
}

impl Filled {
    /// Nothing can be read from here to `end`.
    fn gap(&mut self, end: usize) {
        match self.gaps.last_mut() {
            Some(gap) if gap.end == self.length => gap.end = end,
            _ => self.gaps.push(self.length..end),
        }
        self.length = end;
    }

    fn cut(&self, block: &Bytes) -> VecDeque<Piece> {
        let mut pieces = VecDeque::new();
        let mut at = 0;
        for gap in self.gaps.iter().cloned().chain(std::iter::once(self.length..self.length)) {
            while at < gap.start {
                let end = gap.start.min(at + PIECE);
                pieces.push_back(Piece::Data(block.slice(at..end)));
                at = end;
            }
            if !gap.is_empty() {
                pieces.push_back(Piece::Unreadable(ByteCount::new(gap.len() as u64)));
            }
            at = gap.end;
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_side_by_side_are_one() {
        let mut filled = Filled { length: 10, gaps: Vec::new() };
        filled.gap(20);
        filled.gap(30);
        filled.length = 35;
        let block = Bytes::from_owner(vec![7; 40]);
        let expected = [
            Piece::Data(Bytes::from_static(&[7; 10])),
            Piece::Unreadable(ByteCount::new(20)),
            Piece::Data(Bytes::from_static(&[7; 5])),
        ];
        assert_eq!(filled.cut(&block), expected);
    }
}
