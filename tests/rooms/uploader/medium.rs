//! A spool on a real disk whose copies can be made to read wrongly past the page cache, and that knows how many are synced
//! at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use camdock::domain::{ByteCount, SegmentId, SpoolSpace};
use camdock::spool::{DiskSpool, Label, Spool, SpoolError, SpoolStream, SpoolWriter};
use futures::StreamExt as _;

pub(crate) struct Medium {
    disk: DiskSpool,
    reads_wrongly: AtomicBool,
    lists_nothing: AtomicBool,
    syncs: Arc<Syncs>,
}

/// How many copies are synced just now, and were at the most.
#[derive(Debug, Default)]
struct Syncs {
    slow: AtomicBool,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Medium {
    pub(crate) fn open(folder: PathBuf) -> Self {
        Self {
            disk: DiskSpool::open(folder, ByteCount::new(1)).unwrap(),
            reads_wrongly: AtomicBool::new(false),
            lists_nothing: AtomicBool::new(false),
            syncs: Arc::default(),
        }
    }

    pub(crate) fn reads_wrongly(&self, wrongly: bool) {
        self.reads_wrongly.store(wrongly, Ordering::SeqCst);
    }

    /// Syncing takes a moment from now on.
    pub(crate) fn syncs_slowly(&self) {
        self.syncs.slow.store(true, Ordering::SeqCst);
    }

    pub(crate) fn most_syncs_at_once(&self) -> usize {
        self.syncs.most.load(Ordering::SeqCst)
    }

    pub(crate) fn lists_nothing(&self) {
        self.lists_nothing.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl Spool for Medium {
    async fn create(&self, expected: ByteCount) -> Result<Box<dyn SpoolWriter>, SpoolError> {
        let (copy, syncs) = (self.disk.create(expected).await?, Arc::clone(&self.syncs));
        Ok(Box::new(Copy { copy, syncs }))
    }

    fn read(&self, segment: SegmentId, offset: u64, length: u64) -> SpoolStream {
        self.disk.read(segment, offset, length)
    }

    fn reread(&self, segment: SegmentId) -> SpoolStream {
        let content = self.disk.reread(segment);
        if self.reads_wrongly.load(Ordering::SeqCst) {
            let wrong = |piece: Bytes| piece.iter().map(|byte| byte ^ 1).collect::<Bytes>();
            content.map(move |piece| piece.map(wrong)).boxed()
        } else {
            content
        }
    }

    async fn inventory(&self) -> Result<Vec<SegmentId>, SpoolError> {
        if self.lists_nothing.load(Ordering::SeqCst) { Ok(Vec::new()) } else { self.disk.inventory().await }
    }

    async fn label(&self, segment: SegmentId) -> Result<Option<Label>, SpoolError> {
        self.disk.label(segment).await
    }

    async fn space(&self) -> Result<SpoolSpace, SpoolError> {
        self.disk.space().await
    }

    async fn remove(&self, segment: SegmentId) -> Result<(), SpoolError> {
        self.disk.remove(segment).await
    }
}

/// A copy in the making.
struct Copy {
    copy: Box<dyn SpoolWriter>,
    syncs: Arc<Syncs>,
}

#[async_trait]
impl SpoolWriter for Copy {
    async fn write(&mut self, piece: Bytes) -> Result<(), SpoolError> {
        self.copy.write(piece).await
    }

    async fn label(&mut self, label: Label) -> Result<(), SpoolError> {
        self.copy.label(label).await
    }

    async fn sync(&mut self) -> Result<(), SpoolError> {
        let now = self.syncs.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.syncs.most.fetch_max(now, Ordering::SeqCst);
        if self.syncs.slow.load(Ordering::SeqCst) {
            // Not a sleep: where the clock stands still, none ends while a file is being written.
            for _ in 0..10_000 {
                tokio::task::yield_now().await;
            }
        }
        let synced = self.copy.sync().await;
        self.syncs.now.fetch_sub(1, Ordering::SeqCst);
        synced
    }

    async fn rename(&mut self, segment: SegmentId) -> Result<(), SpoolError> {
        self.copy.rename(segment).await
    }

    async fn sync_folder(&mut self) -> Result<(), SpoolError> {
        self.copy.sync_folder().await
    }
}
