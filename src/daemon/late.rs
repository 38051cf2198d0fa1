//! A destination that is set up as soon as it can be: its credential may come later than the station.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::timeout;

use super::parts::{PATIENCE, no_answer};
use crate::cloud::{
    Attestation, ByteStream, ChunkBody, CommitOutcome, DeleteOutcome, Destination, DestinationError, Enrolment,
    ObjectState, Protects, Remark, Seen, Upload,
};
use crate::domain::{ChunkRules, DestinationName, ObjectName, PlaceId, Protection, Version};

/// How far the setting up is.
#[derive(Clone)]
pub(super) enum Standing {
    /// It was not tried yet.
    Untried,
    /// What was missing at the last attempt.
    Missing(String),
    /// It is done.
    Open(Arc<dyn Destination>),
}

/// A destination that may not be set up yet. What is asked of it before has no answer, as if it could not be reached: nothing
/// is proven by it, and nothing is wiped that waits for it.
pub(super) struct LateDestination {
    name: DestinationName,
    kind: Kind,
    standing: watch::Receiver<Standing>,
}

/// What is known of a destination's kind before it is set up. It must not change on the day on which that is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) chunk_rules: ChunkRules,
    pub(super) protects: Protects,
}

impl LateDestination {
    pub(super) const fn new(name: DestinationName, kind: Kind, standing: watch::Receiver<Standing>) -> Self {
        Self { name, kind, standing }
    }

    /// The destination itself.
    async fn get(&self) -> Result<Arc<dyn Destination>, DestinationError> {
        let mut standing = self.standing.clone();
        let tried = timeout(PATIENCE, standing.wait_for(|standing| !matches!(standing, Standing::Untried)));
        match tried.await {
            Ok(Ok(standing)) => match &*standing {
                Standing::Open(destination) => Ok(Arc::clone(destination)),
                Standing::Missing(why) => Err(DestinationError::NotSetUp(why.clone())),
                Standing::Untried => Err(DestinationError::NotSetUp(no_answer())),
            },
            Ok(Err(_)) | Err(_) => Err(DestinationError::NotSetUp(no_answer())),
        }
    }
}

#[async_trait]
impl Destination for LateDestination {
    fn name(&self) -> &DestinationName {
        &self.name
    }

    /// Of one that is not set up nobody knows, so a person has to say.
    fn enrolment(&self) -> Enrolment {
        match &*self.standing.borrow() {
            Standing::Open(destination) => destination.enrolment(),
            Standing::Untried | Standing::Missing(_) => Enrolment::ByPerson,
        }
    }

    fn chunk_rules(&self) -> ChunkRules {
        self.kind.chunk_rules
    }

    fn protects(&self) -> Protects {
        self.kind.protects
    }

    fn remarks(&self) -> Vec<Remark> {
        match &*self.standing.borrow() {
            Standing::Open(destination) => destination.remarks(),
            Standing::Untried | Standing::Missing(_) => Vec::new(),
        }
    }

    async fn place(&self) -> Result<Option<PlaceId>, DestinationError> {
        self.get().await?.place().await
    }

    async fn enrol(&self, id: PlaceId) -> Result<PlaceId, DestinationError> {
        self.get().await?.enrol(id).await
    }

    async fn stat(&self, object: &ObjectName) -> Result<Seen<ObjectState>, DestinationError> {
        self.get().await?.stat(object).await
    }

    async fn attest(&self, object: &ObjectName) -> Result<Seen<Attestation>, DestinationError> {
        self.get().await?.attest(object).await
    }

    async fn staged(&self, upload: &Upload) -> Result<Vec<u32>, DestinationError> {
        self.get().await?.staged(upload).await
    }

    async fn put_chunk(&self, upload: &Upload, index: u32, body: ChunkBody) -> Result<(), DestinationError> {
        self.get().await?.put_chunk(upload, index, body).await
    }

    async fn commit(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError> {
        self.get().await?.commit(upload).await
    }

    async fn read(&self, object: &ObjectName) -> Result<ByteStream, DestinationError> {
        self.get().await?.read(object).await
    }

    async fn protect(
        &self,
        object: &ObjectName,
        version: &Version,
        protection: Protection,
    ) -> Result<(), DestinationError> {
        self.get().await?.protect(object, version, protection).await
    }

    async fn try_delete(&self, object: &ObjectName) -> Result<DeleteOutcome, DestinationError> {
        self.get().await?.try_delete(object).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::folder::{CHUNK_RULES, FolderDestination, SameDisk};

    const FOLDER: Kind = Kind { chunk_rules: CHUNK_RULES, protects: Protects::Nothing };

    #[tokio::test(start_paused = true)]
    async fn a_destination_that_is_not_set_up_proves_nothing_and_works_as_soon_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let name = DestinationName::new("nas").unwrap();
        let (told, standing) = watch::channel(Standing::Untried);
        let late = LateDestination::new(name.clone(), FOLDER, standing);
        let not_set_up =
            |why: &str, answer| matches!(answer, Err(DestinationError::NotSetUp(said)) if said.contains(why));
        assert!(not_set_up("does not answer", late.place().await), "nobody is waited for for ever");
        told.send_replace(Standing::Missing("no credential".to_owned()));
        assert!(not_set_up("no credential", late.place().await));
        told.send_replace(Standing::Open(Arc::new(FolderDestination::new(
            name,
            folder.path().to_owned(),
            SameDisk::Allowed,
            PATIENCE,
        ))));
        assert!(matches!(late.place().await, Ok(None)));
    }
}
