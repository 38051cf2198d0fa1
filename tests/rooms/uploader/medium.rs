//! A spool on a real disk whose copies can be made to read wrongly past the page cache.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use camdock::domain::{ByteCount, SegmentId, SpoolSpace};
use camdock::spool::{DiskSpool, Label, Spool, SpoolError, SpoolStream, SpoolWriter};
use futures::StreamExt as _;

pub(crate) struct Medium {
    disk: DiskSpool,
    reads_wrongly: AtomicBool,
    lists_nothing: AtomicBool,
}

impl Medium {
    pub(crate) fn open(folder: PathBuf) -> Self {
        Self {
            disk: DiskSpool::open(folder, ByteCount::new(1)).unwrap(),
            reads_wrongly: AtomicBool::new(false),
            lists_nothing: AtomicBool::new(false),
        }
    }

    pub(crate) fn reads_wrongly(&self, wrongly: bool) {
        self.reads_wrongly.store(wrongly, Ordering::SeqCst);
    }

    pub(crate) fn lists_nothing(&self) {
        self.lists_nothing.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl Spool for Medium {
    async fn create(&self, expected: ByteCount) -> Result<Box<dyn SpoolWriter>, SpoolError> {
        self.disk.create(expected).await
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
