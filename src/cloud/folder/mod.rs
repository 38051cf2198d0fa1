//! A folder as a destination: a NAS, or a second disk.
//!
//! The folder cannot compute checksums, so this adapter computes them for it, always from what the folder gives back
//! past this machine's page cache. An upload grows in `.camdock/<sha256>.part`, which is renamed to its final name only
//! when every chunk, read again, is right; which chunks are staged is found out by reading that file, so no list of them
//! can be wrong. Metadata lies beside the object in `<object>.camdock.json`.
//!
//! A path says little: a share may not be mounted yet, or not any more, or another one in its stead. So the folder is
//! enrolled once, by a person, and every visit ([`Root`]) reads the id that lies there together with what it came for.

mod patience;
mod root;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use rustix::fs::OFlags;
use rustix::io::Errno;

use self::patience::Patience;
use self::root::{OWN, Root, there};
use super::{
    Attestation, ByteStream, ChunkBody, CommitOutcome, DeleteOutcome, Destination, DestinationError, Enrolment,
    Evidence, ObjectState, Seen, Upload, WrongPlace,
};
use crate::domain::{
    Checksum, ChunkRules, ChunkSums, Crc64, DestinationName, Fingerprint, ObjectName, PlaceId, Protection, Sha256,
    Version,
};
use crate::files::{self, Cache};

/// A file grows in whatever pieces.
pub const CHUNK_RULES: ChunkRules = ChunkRules::ANY;

/// A folder in which evidence is kept.
pub struct FolderDestination {
    name: DestinationName,
    path: PathBuf,
    same_disk: SameDisk,
    patience: Patience,
}

/// Whether the folder may lie on the disk on which the station keeps its own data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SameDisk {
    /// It may.
    Allowed,
    /// It may not: on the disk of this folder lies what is below a mount point while nothing is mounted there.
    Refused {
        /// The data folder.
        data_dir: PathBuf,
    },
}

/// Why a visit came to nothing.
#[derive(Debug)]
enum VisitError {
    /// There is no folder to visit.
    NoFolder,
    Io(io::Error),
    WrongPlace(WrongPlace),
}

impl From<io::Error> for VisitError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<WrongPlace> for VisitError {
    fn from(wrong: WrongPlace) -> Self {
        Self::WrongPlace(wrong)
    }
}

impl FolderDestination {
    /// The folder at `path`. It must exist when it is used: camdock does not create it, because a NAS that is not mounted
    /// is an absent folder too, and evidence must not land on the disk below the mount point.
    /// It is given up for the moment once it says nothing for as long as `patience`.
    #[must_use]
    pub fn new(name: DestinationName, path: PathBuf, same_disk: SameDisk, patience: Duration) -> Self {
        Self { name, path, same_disk, patience: Patience::of(patience) }
    }

    /// Does something in the folder that the path leads to now, on a thread on which it may block.
    async fn visit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Root) -> Result<T, VisitError> + Send + 'static,
    ) -> Result<T, DestinationError> {
        let (path, same_disk) = (self.path.clone(), self.same_disk.clone());
        let visit = self.patience.step(move || {
            let Some(root) = Root::open(&path)? else { return Err(VisitError::NoFolder) };
            match same_disk {
                SameDisk::Refused { data_dir } if root.shares_its_disk_with(&data_dir)? => {
                    Err(WrongPlace::SameDisk(path).into())
                }
                SameDisk::Refused { .. } | SameDisk::Allowed => work(&root),
            }
        });
        visit.await?.map_err(|error| match error {
            VisitError::NoFolder => DestinationError::NoContainer(format!("folder {}", self.path.display())),
            VisitError::Io(error) => self.explain(&error),
            VisitError::WrongPlace(wrong) => wrong.into(),
        })
    }

    fn explain(&self, error: &io::Error) -> DestinationError {
        let folder = self.path.display();
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => DestinationError::Denied {
                code: error.to_string(),
                credential: format!("of folder {folder} (its owner and permissions)"),
            },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                DestinationError::Full(format!("folder {folder}"))
            }
            io::ErrorKind::TimedOut => self.patience.silence(),
            _ if leads_elsewhere(error) => DestinationError::Permanent(format!(
                "a name in folder {folder} is a link, a mount point or a file where a folder should be: {error}"
            )),
            _ => DestinationError::Storage(match what_it_means(error) {
                Some(meaning) => format!("folder {folder}: {meaning} ({error})"),
                None => format!("folder {folder}: {error}"),
            }),
        }
    }
}

/// What some of the system's words mean for a folder that may be a share.
fn what_it_means(error: &io::Error) -> Option<&'static str> {
    Some(match Errno::from_io_error(error)? {
        Errno::NOTCONN | Errno::SHUTDOWN => "the program that serves the share has ended; mount it again",
        Errno::STALE => "the share's server no longer knows it; mount it again",
        Errno::IO => "its disk or its share fails; look at it",
        Errno::FBIG => "its file system takes no file of this size",
        Errno::HOSTDOWN | Errno::HOSTUNREACH | Errno::NETUNREACH => "the share's server cannot be reached",
        _ => return None,
    })
}

/// Whether the way to an object would have left the folder.
fn leads_elsewhere(error: &io::Error) -> bool {
    [Errno::LOOP, Errno::XDEV, Errno::NOTDIR].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Where the file grows that becomes the object. Named by the whole content and the name, so that two contents or two names
/// never grow in one file.
fn part(upload: &Upload) -> String {
    let mut hasher = Sha256::hasher();
    hasher.update(upload.object.as_str().as_bytes());
    hasher.update(upload.fingerprint.sha256.as_bytes());
    format!("{OWN}/{}.part", hasher.finish())
}

/// Where the metadata of an object lies.
fn note_of(object: &ObjectName) -> String {
    format!("{object}.camdock.json")
}

#[async_trait]
impl Destination for FolderDestination {
    fn name(&self) -> &DestinationName {
        &self.name
    }

    fn enrolment(&self) -> Enrolment {
        Enrolment::ByPerson
    }

    fn chunk_rules(&self) -> ChunkRules {
        CHUNK_RULES
    }

    async fn place(&self) -> Result<Option<PlaceId>, DestinationError> {
        self.visit(Root::place).await
    }

    async fn enrol(&self, id: PlaceId) -> Result<PlaceId, DestinationError> {
        self.visit(move |root| root.enrol(id)).await
    }

    async fn stat(&self, object: &ObjectName) -> Result<Seen<ObjectState>, DestinationError> {
        let object = object.clone();
        self.visit(move |root| Ok(Seen::new(root.place()?, root.state_of(object.as_str())?))).await
    }

    async fn attest(&self, object: &ObjectName) -> Result<Seen<Attestation>, DestinationError> {
        let path = object.clone();
        let opened = self.visit(move |root| {
            let place = root.place()?;
            let Some(state) = root.state_of(path.as_str())? else { return Ok((place, None)) };
            root.open_file(path.as_str(), OFlags::RDONLY)?.sync_all()?;
            root.sync_names(path.as_str())?;
            Ok((place, Some((state, root.open_past_the_cache(path.as_str())?))))
        });
        let (place, found) = opened.await?;
        let Some((state, file)) = found else { return Ok(Seen::new(place, None)) };
        let mut hasher = Sha256::hasher();
        let mut content = self.pieces(file);
        while let Some(piece) = content.next().await {
            hasher.update(&piece.map_err(|error| self.explain(&error))?);
        }
        // Asked for by its path again: what was read must be what the path leads to.
        if self.stat(object).await? != Seen::new(place, Some(state.clone())) {
            let message = format!("{object} changed while it was being read");
            return Err(DestinationError::Busy { message, retry_after: None });
        }
        Ok(Seen::new(place, Some(Attestation { state, evidence: Evidence::Whole(Checksum::Sha256(hasher.finish())) })))
    }

    async fn staged(&self, upload: &Upload) -> Result<Vec<u32>, DestinationError> {
        let part = part(upload);
        let expected = &upload.fingerprint;
        let file = self.visit(move |root| Ok(there(root.open_past_the_cache(&part))?)).await?;
        let Some(file) = file else { return Ok(Vec::new()) };
        let found = self.sums(file, expected).await?.finish();
        let right = |index: &u32| found.get(*index as usize) == expected.chunks.get(*index as usize);
        Ok((0..expected.chunk_count()).filter(right).collect())
    }

    async fn put_chunk(&self, upload: &Upload, index: u32, body: ChunkBody) -> Result<(), DestinationError> {
        let part = part(upload);
        let opened = self.visit(move |root| {
            root.make_folders_above(&part)?;
            Ok(root.open_file(&part, OFlags::WRONLY | OFlags::CREATE)?)
        });
        let mut file = Some(opened.await?);
        let (mut at, _) = upload.fingerprint.chunk_range(index);
        let mut crc64 = Crc64::hasher();
        let mut content = body.open();
        while let Some(piece) = content.next().await {
            let piece = piece.map_err(|error| DestinationError::SpoolDamaged(error.to_string()))?;
            if piece.is_empty() {
                continue;
            }
            crc64.update(&piece);
            let (offset, length) = (at, piece.len() as u64);
            let Some(open) = file.take() else { break };
            let written = self.patience.step(move || open.write_all_at(&piece, offset).map(|()| open));
            file = Some(written.await?.map_err(|error| self.explain(&error))?);
            at += length;
        }
        if crc64.finish() == body.crc64 {
            Ok(())
        } else {
            Err(DestinationError::SpoolDamaged(format!("chunk {index} of {}", upload.object)))
        }
    }

    async fn commit(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError> {
        let path = part(upload);
        let wanted = upload.fingerprint.size.get();
        let opened = self.visit(move |root| {
            if wanted == 0 {
                root.write_durably(&path, b"")?;
            }
            let Some(file) = there(root.open_past_the_cache(&path))? else { return Ok(None) };
            file.sync_all()?;
            Ok((file.metadata()?.len() == wanted).then_some(file))
        });
        let Some(file) = opened.await? else { return self.or_already_there(upload).await };
        if !self.sums(file, &upload.fingerprint).await?.matches(&upload.fingerprint) {
            return Ok(CommitOutcome::ChunksMissing);
        }
        let (part, object, note) = (part(upload), upload.object.clone(), note(upload)?);
        self.visit(move |root| publish(root, &part, &object, &note)).await
    }

    async fn read(&self, object: &ObjectName) -> Result<ByteStream, DestinationError> {
        let path = object.clone();
        let file = self.visit(move |root| Ok(root.open_past_the_cache(path.as_str())?)).await?;
        Ok(self.pieces(file))
    }

    /// What may be deleted in a folder is its file system's business, and no file system promises anybody a time.
    async fn protect(&self, _: &ObjectName, _: &Version, protection: Protection) -> Result<(), DestinationError> {
        if protection == Protection::NONE {
            return Ok(());
        }
        let why = format!("folder {} cannot keep a file for a time", self.path.display());
        Err(DestinationError::Unprotected(why))
    }

    async fn try_delete(&self, object: &ObjectName) -> Result<DeleteOutcome, DestinationError> {
        let object = object.clone();
        self.visit(move |root| match root.remove(object.as_str()).and_then(|()| root.remove(&note_of(&object))) {
            Ok(()) => Ok(DeleteOutcome::Deleted),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(DeleteOutcome::Refused),
            Err(error) => Err(error.into()),
        })
        .await
    }
}

impl FolderDestination {
    fn pieces(&self, file: File) -> ByteStream {
        self.patience.pieces(files::pieces(file, 0, u64::MAX, Cache::Bypassed))
    }

    async fn sums(&self, file: File, expected: &Fingerprint) -> Result<ChunkSums, DestinationError> {
        let mut sums = ChunkSums::new(expected.chunk_size);
        let mut content = self.pieces(file);
        while let Some(piece) = content.next().await {
            sums.update(&piece.map_err(|error| self.explain(&error))?);
        }
        Ok(sums)
    }

    /// Without a growing file either nothing was sent, or the object was published before and the answer got lost.
    async fn or_already_there(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError> {
        let (object, note) = (upload.object.clone(), note(upload)?);
        self.visit(move |root| {
            if root.state_of(object.as_str())?.is_none() {
                return Ok(CommitOutcome::ChunksMissing);
            }
            mend_note(root, &object, &note)?;
            Ok(CommitOutcome::AlreadyThere)
        })
        .await
    }
}

/// What lies beside the object.
fn note(upload: &Upload) -> Result<Vec<u8>, DestinationError> {
    let metadata: BTreeMap<_, _> = upload.metadata.iter().cloned().collect();
    serde_json::to_vec_pretty(&metadata).map_err(|error| DestinationError::Permanent(error.to_string()))
}

/// Gives a complete, synced part its final name, unless that name is taken. [`Destination::attest`] makes it durable, whoever
/// published it and whenever.
fn publish(root: &Root, part: &str, object: &ObjectName, note: &[u8]) -> Result<CommitOutcome, VisitError> {
    root.make_folders_above(object.as_str())?;
    if root.state_of(object.as_str())?.is_none() {
        write_note(root, object, note)?;
        if root.rename_if_free(part, object.as_str(), part)? {
            return Ok(CommitOutcome::Created);
        }
    }
    mend_note(root, object, note)?;
    Ok(CommitOutcome::AlreadyThere)
}

/// Writes a note as an object is written: whole or not at all.
fn write_note(root: &Root, object: &ObjectName, note: &[u8]) -> io::Result<()> {
    let growing = format!("{OWN}/{}.note", Sha256::of(object.as_str().as_bytes()));
    root.write_durably(&growing, note)?;
    root.rename(&growing, &note_of(object))
}

/// Writes a note again that is missing or was cut short. One that is whole stays: it may be another station's.
fn mend_note(root: &Root, object: &ObjectName, note: &[u8]) -> io::Result<()> {
    let there = there(root.open_file(&note_of(object), OFlags::RDONLY))?;
    let whole =
        there.is_some_and(|file| serde_json::from_reader::<_, BTreeMap<String, serde_json::Value>>(file).is_ok());
    if whole { Ok(()) } else { write_note(root, object, note) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custody::{Unproven, Wanted, prove};
    use crate::domain::{ByteCount, ProofPolicy};
    use bytes::Bytes;
    use std::path::Path;

    const CHUNK: ByteCount = ByteCount::new(1000);

    fn upload(content: &[u8]) -> Upload {
        Upload {
            object: ObjectName::new("BWC-1/1970/01/01/A-0.MP4").unwrap(),
            fingerprint: Fingerprint::of(content, CHUNK),
            metadata: vec![("camera", "BWC-1".to_owned())],
            protection: Protection::NONE,
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
        let patience = Duration::from_mins(1);
        FolderDestination::new(DestinationName::new("nas").unwrap(), root.to_owned(), SameDisk::Allowed, patience)
    }

    async fn enrolled(nas: &FolderDestination) -> PlaceId {
        nas.enrol(PlaceId::random()).await.unwrap()
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
        let (place, content) = (enrolled(&nas).await, content());
        let other: Vec<u8> = content.iter().map(|byte| byte ^ 1).collect();
        assert_eq!(send_all(&nas, &content).await, CommitOutcome::Created);
        assert_eq!(send_all(&nas, &other).await, CommitOutcome::AlreadyThere);
        let (right, wrong) = (upload(&content), upload(&other));
        prove(&nas, place, Wanted::of(&right, ProofPolicy::Attested), None).await.unwrap();
        let verdict = prove(&nas, place, Wanted::of(&wrong, ProofPolicy::Attested), None).await;
        assert!(matches!(verdict, Err(Unproven::OtherContent)), "{verdict:?}");
    }

    #[tokio::test]
    async fn an_empty_segment_arrives_too() {
        let root = tempfile::tempdir().unwrap();
        let nas = destination(root.path());
        let place = enrolled(&nas).await;
        assert_eq!(send_all(&nas, b"").await, CommitOutcome::Created);
        let upload = upload(b"");
        prove(&nas, place, Wanted::of(&upload, ProofPolicy::ReadBack), None).await.unwrap();
    }

    #[tokio::test]
    async fn a_folder_that_is_not_mounted_is_not_created() {
        let root = tempfile::tempdir().unwrap();
        let nas = destination(&root.path().join("not-mounted"));
        let answer = nas.stat(&ObjectName::new("a").unwrap()).await;
        assert!(matches!(answer, Err(DestinationError::NoContainer(_))), "{answer:?}");
        assert!(!root.path().join("not-mounted").exists());
    }

    #[test]
    fn what_a_share_says_is_told_in_words_that_are_true() {
        let nas = destination(Path::new("/mnt/nas"));
        for (errno, said) in [
            (Errno::NOTCONN, "folder /mnt/nas: the program that serves the share has ended; mount it again (Transport"),
            (Errno::STALE, "folder /mnt/nas: the share's server no longer knows it; mount it again (Stale file handle"),
            (Errno::IO, "folder /mnt/nas: its disk or its share fails; look at it (Input/output error"),
            (Errno::FBIG, "folder /mnt/nas: its file system takes no file of this size (File too large"),
            (Errno::NOMEM, "folder /mnt/nas: Cannot allocate memory"),
        ] {
            let error = nas.explain(&errno.into());
            assert!(matches!(&error, DestinationError::Storage(words) if words.starts_with(said)), "{error}");
        }
        assert!(matches!(nas.explain(&Errno::NOSPC.into()), DestinationError::Full(_)));
        assert!(matches!(nas.explain(&Errno::DQUOT.into()), DestinationError::Full(_)));
        assert!(matches!(nas.explain(&Errno::TIMEDOUT.into()), DestinationError::NoAnswer(_)));
    }

    #[tokio::test]
    async fn a_name_that_is_in_one_cameras_way_is_in_no_others() {
        let root = tempfile::tempdir().unwrap();
        let nas = destination(root.path());
        enrolled(&nas).await;
        std::fs::write(root.path().join("BWC-1"), "a file").unwrap();
        let content = content();
        let upload = upload(&content);
        nas.put_chunk(&upload, 0, chunk(&content, &upload, 0)).await.unwrap();
        let error = nas.attest(&upload.object).await.unwrap_err();
        assert!(error.to_string().contains("a file where a folder should be"), "{error}");
        assert!(nas.place().await.is_ok(), "the place is well");
        let other = ObjectName::new("BWC-2/1970/01/01/A-0.MP4").unwrap();
        nas.attest(&other).await.unwrap();
    }
}
