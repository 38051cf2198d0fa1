//! A folder as a destination: a NAS, or a second disk.
//!
//! The folder cannot compute checksums, so this adapter computes them for it, always from what the folder gives back
//! past this machine's page cache. An upload grows in `.camdock/<sha256>.part`, which is renamed to its final name only
//! when every chunk, read again, is right; which chunks are staged is found out by reading that file, so no list of them
//! can be wrong. Metadata lies beside the object in `<object>.camdock.json`.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use futures::StreamExt as _;
use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;

use super::{
    Attestation, ByteStream, ChunkBody, CommitOutcome, DeleteOutcome, Destination, DestinationError, Evidence,
    ObjectState, Upload, Version,
};
use crate::domain::{ByteCount, ChunkSums, Crc64, DestinationName, Fingerprint, ObjectName, Sha256};
use crate::files::{self, Cache};

const STAGING: &str = ".camdock";

/// A folder in which evidence is kept.
pub struct FolderDestination {
    name: DestinationName,
    root: PathBuf,
}

impl FolderDestination {
    /// The folder at `root`. It must exist when it is used: camdock does not create it, because a NAS that is not mounted
    /// is an absent folder too, and evidence must not land on the disk below the mount point.
    #[must_use]
    pub fn new(name: DestinationName, root: PathBuf) -> Self {
        Self { name, root }
    }

    fn object(&self, object: &ObjectName) -> PathBuf {
        self.root.join(object.as_str())
    }

    fn part(&self, upload: &Upload) -> PathBuf {
        // Named by the whole content and the name, so that two contents or two names never grow in one file.
        let mut hasher = Sha256::hasher();
        hasher.update(upload.object.as_str().as_bytes());
        hasher.update(upload.fingerprint.sha256.as_bytes());
        self.root.join(STAGING).join(format!("{}.part", hasher.finish()))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, DestinationError> {
        let root = self.root.clone();
        let answer = tokio::task::spawn_blocking(move || {
            if !root.is_dir() {
                return Err(io::Error::new(io::ErrorKind::NotADirectory, root.display().to_string()));
            }
            work(&root)
        });
        answer.await.map_err(io::Error::other).and_then(|answer| answer).map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &io::Error) -> DestinationError {
        match error.kind() {
            io::ErrorKind::NotADirectory => DestinationError::NoContainer(format!("folder {}", self.root.display())),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => DestinationError::Denied {
                code: error.to_string(),
                credential: format!("of folder {} (its owner and permissions)", self.root.display()),
            },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DestinationError::Busy {
                message: format!("folder {} is full: make room there", self.root.display()),
                retry_after: None,
            },
            _ => DestinationError::Unreachable(format!("folder {}: {error}", self.root.display())),
        }
    }
}

#[async_trait]
impl Destination for FolderDestination {
    fn name(&self) -> &DestinationName {
        &self.name
    }

    async fn stat(&self, object: &ObjectName) -> Result<Option<ObjectState>, DestinationError> {
        let path = self.object(object);
        self.blocking(move |_| state_of(&path)).await
    }

    async fn attest(&self, object: &ObjectName) -> Result<Option<Attestation>, DestinationError> {
        let Some(before) = self.stat(object).await? else { return Ok(None) };
        let path = self.object(object);
        self.blocking(move |root| make_durable(root, &path)).await?;
        let mut content = self.read(object).await?;
        let mut hasher = Sha256::hasher();
        while let Some(piece) = content.next().await {
            hasher.update(&piece.map_err(|error| self.explain(&error))?);
        }
        if self.stat(object).await?.as_ref() != Some(&before) {
            return Err(DestinationError::Unreachable(format!("{object} changed while it was being read")));
        }
        Ok(Some(Attestation { state: before, evidence: Evidence::Sha256(hasher.finish()) }))
    }

    async fn staged(&self, upload: &Upload) -> Result<Vec<u32>, DestinationError> {
        let part = self.part(upload);
        let expected = &upload.fingerprint;
        let file = self.blocking(move |_| open_if_there(&part)).await?;
        let Some(file) = file else { return Ok(Vec::new()) };
        let found = self.sums(file, expected).await?.finish();
        let right = |index: &u32| found.get(*index as usize) == expected.chunks.get(*index as usize);
        Ok((0..expected.chunk_count()).filter(right).collect())
    }

    async fn put_chunk(&self, upload: &Upload, index: u32, body: ChunkBody) -> Result<(), DestinationError> {
        let part = self.part(upload);
        let file = self
            .blocking(move |root| {
                std::fs::create_dir_all(root.join(STAGING))?;
                File::options().create(true).truncate(false).write(true).open(part)
            })
            .await?;
        let (mut at, _) = upload.fingerprint.chunk_range(index);
        let mut crc64 = Crc64::hasher();
        let mut content = body.open();
        let mut file = Some(file);
        while let Some(piece) = content.next().await {
            let piece = piece.map_err(|error| DestinationError::SpoolDamaged(error.to_string()))?;
            crc64.update(&piece);
            let (offset, length) = (at, piece.len() as u64);
            let Some(open) = file.take() else { break };
            file = Some(self.blocking(move |_| open.write_all_at(&piece, offset).map(|()| open)).await?);
            at += length;
        }
        if crc64.finish() == body.crc64 {
            Ok(())
        } else {
            Err(DestinationError::SpoolDamaged(format!("chunk {index} of {}", upload.object)))
        }
    }

    async fn commit(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError> {
        let part = self.part(upload);
        let wanted = upload.fingerprint.size.get();
        let opened = self
            .blocking(move |root| {
                if wanted == 0 {
                    std::fs::create_dir_all(root.join(STAGING))?;
                    File::create(&part)?;
                }
                let Some(file) = open_if_there(&part)? else { return Ok(None) };
                file.sync_all()?;
                Ok((file.metadata()?.len() == wanted).then_some(file))
            })
            .await?;
        let Some(file) = opened else { return self.or_already_there(upload).await };
        if !self.sums(file, &upload.fingerprint).await?.matches(&upload.fingerprint) {
            return Ok(CommitOutcome::ChunksMissing);
        }
        let (part, object) = (self.part(upload), self.object(&upload.object));
        let note =
            serde_json::to_vec_pretty(&upload.metadata.iter().cloned().collect::<std::collections::BTreeMap<_, _>>())
                .map_err(|error| DestinationError::Permanent(error.to_string()))?;
        self.blocking(move |root| publish(root, &part, &object, &note)).await
    }

    async fn read(&self, object: &ObjectName) -> Result<ByteStream, DestinationError> {
        let path = self.object(object);
        let file = self.blocking(move |_| files::open(&path, Cache::Bypassed)).await?;
        Ok(files::pieces(file, 0, u64::MAX, Cache::Bypassed))
    }

    async fn try_delete(&self, object: &ObjectName) -> Result<DeleteOutcome, DestinationError> {
        let path = self.object(object);
        self.blocking(move |_| {
            #[expect(clippy::disallowed_methods, reason = "only `camdock check` asks, for the object it made itself")]
            match std::fs::remove_file(&path).and_then(|()| std::fs::remove_file(note_path(&path))) {
                Ok(()) => Ok(DeleteOutcome::Deleted),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(DeleteOutcome::Refused),
                Err(error) => Err(error),
            }
        })
        .await
    }
}

impl FolderDestination {
    async fn sums(&self, file: File, expected: &Fingerprint) -> Result<ChunkSums, DestinationError> {
        let mut sums = ChunkSums::new(expected.chunk_size);
        let mut content = files::pieces(file, 0, u64::MAX, Cache::Bypassed);
        while let Some(piece) = content.next().await {
            sums.update(&piece.map_err(|error| self.explain(&error))?);
        }
        Ok(sums)
    }

    /// Without a growing file either nothing was sent, or the object was published before and the answer got lost.
    async fn or_already_there(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError> {
        Ok(match self.stat(&upload.object).await? {
            Some(_) => CommitOutcome::AlreadyThere,
            None => CommitOutcome::ChunksMissing,
        })
    }
}

fn open_if_there(path: &Path) -> io::Result<Option<File>> {
    match files::open(path, Cache::Bypassed) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn state_of(path: &Path) -> io::Result<Option<ObjectState>> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(Some(ObjectState {
            length: ByteCount::new(found.len()),
            version: Version(format!(
                "{}-{}.{:09}-{}.{:09}",
                found.ino(),
                found.mtime(),
                found.mtime_nsec(),
                found.ctime(),
                found.ctime_nsec()
            )),
        })),
        Ok(_) => Err(io::Error::other(format!("{} is not a regular file", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives a complete, synced part its final name, unless that name is taken. [`make_durable`] follows with the proof.
fn publish(root: &Path, part: &Path, object: &Path, note: &[u8]) -> io::Result<CommitOutcome> {
    let folder = object.parent().unwrap_or(root);
    std::fs::create_dir_all(folder)?;
    if state_of(object)?.is_some() {
        return Ok(CommitOutcome::AlreadyThere);
    }
    std::fs::write(note_path(object), note)?;
    match rustix::fs::renameat_with(CWD, part, CWD, object, RenameFlags::NOREPLACE) {
        Ok(()) => {}
        Err(Errno::EXIST) => return Ok(CommitOutcome::AlreadyThere),
        // Network file systems may not know it; a hard link refuses to replace as well.
        Err(Errno::INVAL | Errno::NOSYS) => match std::fs::hard_link(part, object) {
            Ok(()) => drop_part(part)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(CommitOutcome::AlreadyThere),
            Err(error) => return Err(error),
        },
        Err(errno) => return Err(errno.into()),
    }
    Ok(CommitOutcome::Created)
}

/// Makes an object and the names of its folders durable, whoever published it and whenever.
fn make_durable(root: &Path, object: &Path) -> io::Result<()> {
    File::open(object)?.sync_all()?;
    let mut levels = object.ancestors().skip(1).take_while(|level| level.starts_with(root));
    levels.try_for_each(files::sync_folder)
}

fn note_path(object: &Path) -> PathBuf {
    let mut name = object.as_os_str().to_owned();
    name.push(".camdock.json");
    name.into()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the object is a second name of the same file; only the first is dropped"
)]
fn drop_part(part: &Path) -> io::Result<()> {
    std::fs::remove_file(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custody::{Unproven, prove};
    use crate::domain::ProofPolicy;
    use bytes::Bytes;

    const CHUNK: ByteCount = ByteCount::new(1000);

    fn upload(content: &[u8]) -> Upload {
        Upload {
            object: ObjectName::new("BWC-1/1970/01/01/A-0.MP4").unwrap(),
            fingerprint: Fingerprint::of(content, CHUNK),
            metadata: vec![("camera", "BWC-1".to_owned())],
        }
    }

    fn chunk(content: &[u8], upload: &Upload, index: u32) -> ChunkBody {
        let (offset, length) = upload.fingerprint.chunk_range(index);
        let range = usize::try_from(offset).unwrap()..usize::try_from(offset + length).unwrap();
        let bytes = Bytes::copy_from_slice(&content[range]);
        ChunkBody::new(ByteCount::new(length), upload.fingerprint.chunks[index as usize], move || {
            let bytes = bytes.clone();
            futures::stream::once(async { Ok(bytes) }).boxed()
        })
    }

    fn content() -> Vec<u8> {
        (0_u32..3500).flat_map(u32::to_le_bytes).take(3500).collect()
    }

    fn destination(root: &Path) -> FolderDestination {
        FolderDestination::new(DestinationName::new("nas").unwrap(), root.to_owned())
    }

    async fn send_all(nas: &FolderDestination, content: &[u8]) -> CommitOutcome {
        let upload = upload(content);
        for index in 0..upload.fingerprint.chunk_count() {
            nas.put_chunk(&upload, index, chunk(content, &upload, index)).await.unwrap();
        }
        nas.commit(&upload).await.unwrap()
    }

    #[tokio::test]
    async fn a_new_process_finds_the_chunks_that_are_there() {
        let root = tempfile::tempdir().unwrap();
        let (content, upload) = (content(), upload(&content()));
        let first = destination(root.path());
        for index in [0, 2] {
            first.put_chunk(&upload, index, chunk(&content, &upload, index)).await.unwrap();
        }
        assert_eq!(destination(root.path()).staged(&upload).await.unwrap(), [0, 2]);
        assert_eq!(first.commit(&upload).await.unwrap(), CommitOutcome::ChunksMissing);
    }

    #[tokio::test]
    async fn what_is_committed_is_proven_and_never_overwritten() {
        let root = tempfile::tempdir().unwrap();
        let nas = destination(root.path());
        let content = content();
        let other: Vec<u8> = content.iter().map(|byte| byte ^ 1).collect();
        assert_eq!(send_all(&nas, &content).await, CommitOutcome::Created);
        assert_eq!(send_all(&nas, &other).await, CommitOutcome::AlreadyThere);
        let (right, wrong) = (upload(&content), upload(&other));
        prove(&nas, &right.object, &right.fingerprint, ProofPolicy::Attested, None).await.unwrap();
        let verdict = prove(&nas, &wrong.object, &wrong.fingerprint, ProofPolicy::Attested, None).await;
        assert!(matches!(verdict, Err(Unproven::OtherContent)), "{verdict:?}");
    }

    #[tokio::test]
    async fn an_empty_segment_arrives_too() {
        let root = tempfile::tempdir().unwrap();
        let nas = destination(root.path());
        assert_eq!(send_all(&nas, b"").await, CommitOutcome::Created);
        let upload = upload(b"");
        prove(&nas, &upload.object, &upload.fingerprint, ProofPolicy::ReadBack, None).await.unwrap();
    }

    #[tokio::test]
    async fn a_folder_that_is_not_mounted_is_not_created() {
        let root = tempfile::tempdir().unwrap();
        let nas = destination(&root.path().join("not-mounted"));
        let answer = nas.stat(&ObjectName::new("a").unwrap()).await;
        assert!(matches!(answer, Err(DestinationError::NoContainer(_))), "{answer:?}");
        assert!(!root.path().join("not-mounted").exists());
    }
}
