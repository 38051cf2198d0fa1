//! The spool on a local disk.
//!
//! Layout below its folder: `incoming/` holds unsealed copies, emptied at every start; `segments/<first two hex digits>/<segment id>`
//! holds sealed ones, each labelled in the extended attribute `user.camdock` where the file system has them.

use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use rustix::fs::XattrFlags;
use rustix::io::Errno;

use super::layout::{SEALED, sealed, sealed_path};
use super::{Label, Spool, SpoolError, SpoolStream, SpoolWriter};
use crate::domain::{ByteCount, SegmentId, SpoolSpace};
use crate::files::{self, Cache, PieceWriter};

const LABEL: &str = "user.camdock";
/// Longer labels than this are none of camdock's.
const LABEL_LIMIT: usize = 64 << 10;

/// The spool on a local disk.
pub struct DiskSpool {
    folder: PathBuf,
    reserve: ByteCount,
    /// Bytes that unsealed copies are still expected to take.
    promised: Arc<AtomicU64>,
    names: AtomicU64,
}

impl DiskSpool {
    /// Opens or creates the spool in `folder`, and removes unsealed copies of an earlier run. Never fills the disk
    /// beyond `reserve`. Blocks.
    ///
    /// # Errors
    /// [`SpoolError::Disk`] if the folder cannot be used.
    pub fn open(folder: PathBuf, reserve: ByteCount) -> Result<Self, SpoolError> {
        let prepare = || -> io::Result<()> {
            let incoming = folder.join("incoming");
            files::create_private_folder(&incoming)?;
            keep_private(&folder)?;
            for entry in std::fs::read_dir(&incoming)? {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "an unsealed copy of a run that ended: the ledger never knew it, so the camera still has it"
                )]
                std::fs::remove_file(entry?.path())?;
            }
            let segments = folder.join(SEALED);
            for shard in 0..=u8::MAX {
                files::create_private_folder(&segments.join(format!("{shard:02x}")))?;
            }
            files::sync_folder(&segments)?;
            files::sync_folder(&folder)
        };
        prepare().map_err(|source| SpoolError::Disk { action: "be opened", source })?;
        Ok(Self { folder, reserve, promised: Arc::default(), names: AtomicU64::new(0) })
    }

    fn path(&self, segment: SegmentId) -> PathBuf {
        sealed_path(&self.folder, segment)
    }

    fn stream(&self, segment: SegmentId, offset: u64, length: u64, cache: Cache) -> SpoolStream {
        let path = self.path(segment);
        let opened = async move {
            tokio::task::spawn_blocking(move || files::open(&path, cache)).await.map_err(io::Error::other)?
        };
        futures::stream::once(opened)
            .flat_map(move |file| match file {
                Ok(file) => files::pieces(file, offset, length, cache),
                Err(error) => futures::stream::once(async { Err(error) }).boxed(),
            })
            .map(move |piece| piece.map_err(|source| not_there(segment, "read", source)))
            .boxed()
    }
}

#[async_trait]
impl Spool for DiskSpool {
    async fn create(&self, expected: ByteCount) -> Result<Box<dyn SpoolWriter>, SpoolError> {
        let promise = Promise::make(&self.promised, expected);
        let name = self.names.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join("incoming").join(format!("{name}.part"));
        let (folder, reserve) = (self.folder.clone(), self.reserve.get());
        let promised = self.promised.load(Ordering::SeqCst);
        let admission = blocking("create a copy", move || {
            let disk = rustix::fs::statvfs(&folder)?;
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            if free < promised.saturating_add(reserve) {
                let needed = expected.get().saturating_add(reserve);
                let whole = disk.f_blocks.saturating_mul(disk.f_frsize);
                return match free.saturating_add(taken(&folder)?) {
                    _ if whole < needed => Ok(Admission::Never),
                    emptied if emptied < needed => Ok(Admission::Crowded),
                    _ => Err(Errno::NOSPC.into()),
                };
            }
            File::options()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
                .map(|file| Admission::Now(Temporary(path), file))
        });
        let (temporary, file) = match admission.await? {
            Admission::Now(temporary, file) => (temporary, file),
            Admission::Crowded => return Err(SpoolError::Crowded),
            Admission::Never => return Err(SpoolError::TooLarge(expected)),
        };
        let writer = PieceWriter::new(file);
        Ok(Box::new(DiskWriter {
            folder: self.folder.clone(),
            temporary: Some(temporary),
            writer: Some(writer),
            sealed: None,
            promise,
        }))
    }

    fn read(&self, segment: SegmentId, offset: u64, length: u64) -> SpoolStream {
        self.stream(segment, offset, length, Cache::Allowed)
    }

    fn reread(&self, segment: SegmentId) -> SpoolStream {
        self.stream(segment, 0, u64::MAX, Cache::Bypassed)
    }

    async fn inventory(&self) -> Result<Vec<SegmentId>, SpoolError> {
        let folder = self.folder.clone();
        blocking("be listed", move || {
            // Anything else in there is not camdock's; it is left alone.
            let segment = |file: PathBuf| SegmentId::parse(file.file_name()?.to_str()?).ok();
            let found: io::Result<_> = sealed(&folder)?.filter_map(|file| file.map(segment).transpose()).collect();
            // A copy whose sealing broke off may have its name in the cache only.
            rustix::fs::syncfs(File::open(folder.join(SEALED))?)?;
            found
        })
        .await
    }

    async fn label(&self, segment: SegmentId) -> Result<Option<Label>, SpoolError> {
        let path = self.path(segment);
        blocking("read a label", move || {
            let mut text = vec![0; LABEL_LIMIT];
            match rustix::fs::getxattr(&path, LABEL, &mut text) {
                Ok(length) => Ok(serde_json::from_slice(&text[..length]).ok()),
                Err(Errno::NODATA | Errno::NOTSUP) => Ok(None),
                Err(errno) => Err(errno.into()),
            }
        })
        .await
    }

    async fn space(&self) -> Result<SpoolSpace, SpoolError> {
        let (folder, reserve) = (self.folder.clone(), self.reserve);
        let promised = ByteCount::new(self.promised.load(Ordering::SeqCst));
        blocking("be measured", move || {
            let disk = rustix::fs::statvfs(&folder)?;
            let bytes = |blocks: u64| ByteCount::new(blocks.saturating_mul(disk.f_frsize));
            let free = bytes(disk.f_bavail).saturating_sub(reserve + promised);
            Ok(SpoolSpace { free, reserve, size: bytes(disk.f_blocks) })
        })
        .await
    }

    async fn remove(&self, segment: SegmentId) -> Result<(), SpoolError> {
        let path = self.path(segment);
        blocking("remove a copy", move || {
            #[expect(clippy::disallowed_methods, reason = "the caller has committed the tombstone of this copy")]
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                answer => answer?,
            }
            path.parent().map_or(Ok(()), files::sync_folder)
        })
        .await
    }
}

/// A spool that an earlier version made may be open to others; what is in it is reached through its folder.
fn keep_private(folder: &Path) -> io::Result<()> {
    let mode = folder.metadata()?.permissions().mode();
    if mode & 0o077 != 0 { std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)) } else { Ok(()) }
}

/// Whether a copy may begin.
enum Admission {
    Now(Temporary, File),
    /// Not even in an empty spool, as full as the disk is of other things.
    Crowded,
    /// Not even on an empty disk.
    Never,
}

/// The bytes on the disk that all copies take.
fn taken(folder: &Path) -> io::Result<u64> {
    let mut taken = 0;
    let mut folders = vec![folder.join("incoming"), folder.join("segments")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            match entry.metadata() {
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                Ok(found) => taken += found.blocks().saturating_mul(512),
                // Copies come and go meanwhile.
                Err(_) => {}
            }
        }
    }
    Ok(taken)
}

/// A copy in the making.
struct DiskWriter {
    folder: PathBuf,
    /// Until it has its name.
    temporary: Option<Temporary>,
    /// Until it is synced.
    writer: Option<PieceWriter>,
    /// Once it has its name.
    sealed: Option<PathBuf>,
    promise: Promise,
}

#[async_trait]
impl SpoolWriter for DiskWriter {
    async fn write(&mut self, piece: Bytes) -> Result<(), SpoolError> {
        self.promise.keep(piece.len() as u64);
        let Some(writer) = &mut self.writer else { return Err(out_of_order("write")) };
        writer.write(piece).await.map_err(|source| failed("write", source))
    }

    async fn label(&mut self, label: Label) -> Result<(), SpoolError> {
        let label = serde_json::to_vec(&label).map_err(|error| failed("label a copy", error.into()))?;
        let Some(Temporary(unsealed)) = &self.temporary else { return Err(out_of_order("label a copy")) };
        let unsealed = unsealed.clone();
        blocking("label a copy", move || match rustix::fs::setxattr(&unsealed, LABEL, &label, XattrFlags::empty()) {
            Ok(()) | Err(Errno::NOTSUP | Errno::NOSPC | Errno::PERM) => Ok(()),
            Err(errno) => Err(errno.into()),
        })
        .await
    }

    async fn sync(&mut self) -> Result<(), SpoolError> {
        let Some(writer) = self.writer.take() else { return Err(out_of_order("sync")) };
        writer.sync().await.map(drop).map_err(|source| failed("sync", source))
    }

    async fn rename(&mut self, segment: SegmentId) -> Result<(), SpoolError> {
        let Some(temporary) = self.temporary.take() else { return Err(out_of_order("seal a copy")) };
        let sealed = sealed_path(&self.folder, segment);
        self.sealed = Some(sealed.clone());
        blocking("seal a copy", move || {
            std::fs::rename(&temporary.0, &sealed)?;
            std::mem::forget(temporary);
            Ok(())
        })
        .await
    }

    async fn sync_folder(&mut self) -> Result<(), SpoolError> {
        let folder = self.sealed.as_deref().and_then(Path::parent).map(Path::to_owned);
        let Some(folder) = folder else { return Err(out_of_order("seal a copy")) };
        blocking("seal a copy", move || files::sync_folder(&folder)).await
    }
}

/// A step of sealing that came before the one it depends on: a mistake of ours.
fn out_of_order(action: &'static str) -> SpoolError {
    failed(action, io::Error::other("the steps of sealing are out of order"))
}

/// An unsealed copy's file; gone when dropped.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        #[expect(clippy::disallowed_methods, reason = "an unsealed copy: the ledger never knew it, the camera has it")]
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Room that an unsealed copy is still going to take.
struct Promise {
    total: Arc<AtomicU64>,
    left: u64,
}

impl Promise {
    fn make(total: &Arc<AtomicU64>, expected: ByteCount) -> Self {
        total.fetch_add(expected.get(), Ordering::SeqCst);
        Self { total: Arc::clone(total), left: expected.get() }
    }

    fn keep(&mut self, written: u64) {
        let kept = written.min(self.left);
        self.left -= kept;
        self.total.fetch_sub(kept, Ordering::SeqCst);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.total.fetch_sub(self.left, Ordering::SeqCst);
    }
}

async fn blocking<T: Send + 'static>(
    action: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, SpoolError> {
    let answer = tokio::task::spawn_blocking(work).await.map_err(io::Error::other);
    answer.and_then(|answer| answer).map_err(|source| failed(action, source))
}

fn failed(action: &'static str, source: io::Error) -> SpoolError {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SpoolError::Full,
        _ => SpoolError::Disk { action, source },
    }
}

fn not_there(segment: SegmentId, action: &'static str, source: io::Error) -> SpoolError {
    match (source.kind(), Errno::from_io_error(&source)) {
        (io::ErrorKind::NotFound, _) => SpoolError::Missing(segment),
        (_, Some(Errno::IO)) => SpoolError::Unreadable(segment),
        _ => failed(action, source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CameraSerial, Sha256, SourcePath};

    #[test]
    fn a_sector_that_cannot_be_read_is_told_apart_from_a_disk_that_fails() {
        let segment =
            SegmentId::of(&CameraSerial::new("A").unwrap(), &SourcePath::new(b"1".to_vec()), &Sha256::of(b""));
        let read = |errno: Errno| not_there(segment, "read", errno.into());
        assert!(matches!(read(Errno::IO), SpoolError::Unreadable(_)));
        assert!(matches!(read(Errno::NOENT), SpoolError::Missing(_)));
        assert!(matches!(read(Errno::ACCESS), SpoolError::Disk { .. }));
        assert!(matches!(read(Errno::MFILE), SpoolError::Disk { .. }));
    }

    #[test]
    fn a_spool_is_for_camdock_alone_whatever_the_umask() {
        let folder = tempfile::tempdir().unwrap();
        let spool = folder.path().join("spool");
        std::fs::create_dir(&spool).unwrap();
        std::fs::set_permissions(&spool, std::fs::Permissions::from_mode(0o755)).unwrap();
        DiskSpool::open(spool.clone(), ByteCount::new(0)).unwrap();
        for made in [&spool, &spool.join("incoming"), &spool.join(SEALED), &spool.join(SEALED).join("00")] {
            assert_eq!(made.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", made.display());
        }
    }

    #[tokio::test]
    async fn what_is_free_is_what_may_still_be_copied() {
        let folder = tempfile::tempdir().unwrap();
        let spool = DiskSpool::open(folder.path().join("spool"), ByteCount::new(0)).unwrap();
        let SpoolSpace { free, size, .. } = spool.space().await.unwrap();
        assert!(free > ByteCount::new(0) && free <= size, "{free} of {size}");
        // Others use this disk as well, so half of it is promised: more than they will take or give meanwhile.
        let half = ByteCount::new(free.get() / 2);
        let copy = spool.create(half).await.unwrap();
        let promised = spool.space().await.unwrap().free;
        assert!(promised < ByteCount::new(free.get() / 4 * 3), "{promised} after a promise of {half} of {free}");
        drop(copy);
        let reserved = DiskSpool::open(folder.path().join("other"), size).unwrap();
        assert_eq!(reserved.space().await.unwrap().free, ByteCount::new(0));
    }
}
