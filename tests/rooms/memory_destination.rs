//! A destination that keeps its objects in memory and answers truthfully, for tests that wipe: without a destination's
//! proof nothing is wiped.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use camdock::cloud::{
    Attestation, ByteStream, ChunkBody, CommitOutcome, DeleteOutcome, Destination, DestinationError, Enrolment,
    Evidence, ObjectState, Protects, Seen, Upload, Version,
};
use camdock::custody::{Clearance, SourceMatch, Wanted, prove};
use camdock::domain::{
    ByteCount, CameraSerial, Checksum, ChunkRules, Crc64, DestinationName, Fingerprint, ObjectName, PlaceId,
    ProofPolicy, Protection, Segment, SegmentId, Sha256, SourceFile,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

const CHUNK: ByteCount = ByteCount::new(1 << 20);

/// Takes what was read of a camera's file to a destination, has it prove its copy, and clears the file for deletion if
/// it reads the same again.
pub(crate) async fn clear(camera: &CameraSerial, file: &SourceFile, content: Vec<u8>, read_again: &[u8]) -> Clearance {
    let content = Bytes::from(content);
    let fingerprint = Fingerprint::of(&content, CHUNK);
    let segment = Segment {
        id: SegmentId::of(camera, &file.path, &fingerprint.sha256),
        camera: camera.clone(),
        path: file.path.clone(),
        recorded_at: file.modified,
        fingerprint: fingerprint.clone(),
        damaged: false,
    };
    let primary = DestinationName::new("primary").unwrap();
    let destination = MemoryDestination::new(primary.clone());
    let object = segment.object_name();
    let upload = Upload {
        object: object.clone(),
        fingerprint: fingerprint.clone(),
        metadata: Vec::new(),
        protection: Protection::NONE,
    };
    for (index, crc64) in (0..).zip(&*fingerprint.chunks) {
        let (offset, length) = fingerprint.chunk_range(index);
        let (offset, length) = (usize::try_from(offset).unwrap(), usize::try_from(length).unwrap());
        let chunk = content.slice(offset..offset + length);
        let open = move || stream::iter([Ok(chunk.clone())]).boxed();
        let body = ChunkBody::new(ByteCount::new(length as u64), *crc64, open);
        destination.put_chunk(&upload, index, body).await.unwrap();
    }
    assert_eq!(destination.commit(&upload).await.unwrap(), CommitOutcome::Created);
    let wanted = Wanted::of(&upload, ProofPolicy::Attested);
    let proof = prove(&destination, destination.place, wanted, None).await.unwrap();
    let source = SourceMatch::compare(&segment, file, Fingerprint::of(read_again, CHUNK)).unwrap();
    Clearance::check(&segment, &source, &[proof], &BTreeSet::from([primary])).unwrap()
}

struct MemoryDestination {
    name: DestinationName,
    place: PlaceId,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    staged: HashMap<ObjectName, BTreeMap<u32, Bytes>>,
    objects: HashMap<ObjectName, Bytes>,
}

impl MemoryDestination {
    fn new(name: DestinationName) -> Self {
        Self { name, place: PlaceId::random(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

#[async_trait]
impl Destination for MemoryDestination {
    fn name(&self) -> &DestinationName {
        &self.name
    }

    fn chunk_rules(&self) -> ChunkRules {
        ChunkRules::ANY
    }

    fn enrolment(&self) -> Enrolment {
        Enrolment::AtFirstContact
    }

    fn protects(&self) -> Protects {
        Protects::AsAsked
    }

    async fn place(&self) -> Result<Option<PlaceId>, DestinationError> {
        Ok(Some(self.place))
    }

    async fn enrol(&self, _: PlaceId) -> Result<PlaceId, DestinationError> {
        Ok(self.place)
    }

    async fn stat(&self, object: &ObjectName) -> Result<Seen<ObjectState>, DestinationError> {
        Ok(Seen::new(Some(self.place), self.state().objects.get(object).map(state_of)))
    }

    async fn attest(&self, object: &ObjectName) -> Result<Seen<Attestation>, DestinationError> {
        let attestation = |content| Attestation {
            state: state_of(content),
            evidence: Evidence::Whole(Checksum::Sha256(Sha256::of(content))),
        };
        Ok(Seen::new(Some(self.place), self.state().objects.get(object).map(attestation)))
    }

    async fn staged(&self, upload: &Upload) -> Result<Vec<u32>, DestinationError> {
        Ok(self.state().staged.get(&upload.object).map(|chunks| chunks.keys().copied().collect()).unwrap_or_default())
    }

    async fn put_chunk(&self, upload: &Upload, index: u32, body: ChunkBody) -> Result<(), DestinationError> {
        let content: Vec<u8> = body
            .open()
            .try_fold(Vec::new(), async |mut content, piece| {
                content.extend_from_slice(&piece);
                Ok(content)
            })
            .await
            .map_err(|error| DestinationError::SpoolDamaged(error.to_string()))?;
        if Crc64::of(&content) != body.crc64 {
            return Err(DestinationError::ChunkDamaged(format!("chunk {index}")));
        }
        self.state().staged.entry(upload.object.clone()).or_default().insert(index, content.into());
        Ok(())
    }

    async fn commit(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError> {
        let mut state = self.state();
        if state.objects.contains_key(&upload.object) {
            return Ok(CommitOutcome::AlreadyThere);
        }
        let chunks = state.staged.remove(&upload.object).unwrap_or_default();
        if !chunks.keys().copied().eq(0..upload.fingerprint.chunk_count()) {
            state.staged.insert(upload.object.clone(), chunks);
            return Ok(CommitOutcome::ChunksMissing);
        }
        let content: Vec<u8> = chunks.into_values().flatten().collect();
        state.objects.insert(upload.object.clone(), content.into());
        Ok(CommitOutcome::Created)
    }

    async fn read(&self, object: &ObjectName) -> Result<ByteStream, DestinationError> {
        let content = self.state().objects.get(object).cloned();
        let content = content.ok_or_else(|| DestinationError::Permanent("no such object".to_owned()))?;
        Ok(stream::iter([Ok(content)]).boxed())
    }

    async fn protect(&self, _: &ObjectName, _: &Version, _: Protection) -> Result<(), DestinationError> {
        Ok(())
    }

    async fn try_delete(&self, _: &ObjectName) -> Result<DeleteOutcome, DestinationError> {
        Ok(DeleteOutcome::Refused)
    }
}

/// Objects are never overwritten, so the content identifies the version.
fn state_of(content: &Bytes) -> ObjectState {
    let (length, version) = (ByteCount::new(content.len() as u64), Version(Sha256::of(content).to_string()));
    ObjectState { length, version, protection: Protection::NONE }
}
