//! A destination that keeps its objects in memory and answers truthfully.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use camdock::cloud::{
    Attestation, ByteStream, ChunkBody, CommitOutcome, DeleteOutcome, Destination, DestinationError, Evidence,
    ObjectState, Upload, Version,
};
use camdock::domain::{ByteCount, Crc64, DestinationName, ObjectName, Sha256};
use futures::{StreamExt as _, TryStreamExt as _, stream};

pub(crate) struct MemoryDestination {
    name: DestinationName,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    staged: HashMap<ObjectName, BTreeMap<u32, Bytes>>,
    objects: HashMap<ObjectName, Bytes>,
}

impl MemoryDestination {
    pub(crate) fn new(name: DestinationName) -> Self {
        Self { name, state: Mutex::default() }
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

    async fn stat(&self, object: &ObjectName) -> Result<Option<ObjectState>, DestinationError> {
        Ok(self.state().objects.get(object).map(state_of))
    }

    async fn attest(&self, object: &ObjectName) -> Result<Option<Attestation>, DestinationError> {
        let attestation =
            |content| Attestation { state: state_of(content), evidence: Evidence::Sha256(Sha256::of(content)) };
        Ok(self.state().objects.get(object).map(attestation))
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

    async fn try_delete(&self, _: &ObjectName) -> Result<DeleteOutcome, DestinationError> {
        Ok(DeleteOutcome::Refused)
    }
}

/// Objects are never overwritten, so the content identifies the version.
fn state_of(content: &Bytes) -> ObjectState {
    ObjectState { length: ByteCount::new(content.len() as u64), version: Version(Sha256::of(content).to_string()) }
}
