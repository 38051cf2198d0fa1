//! A destination in memory that does what it is told to do wrong, and counts what it is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use camdock::cloud::{
    Attestation, ByteStream, ChunkBody, CommitOutcome, DeleteOutcome, Destination, DestinationError, Enrolment,
    Evidence, ObjectState, Protects, Seen, Upload, Version,
};
use camdock::domain::{
    ByteCount, Checksum, ChunkOrder, ChunkRules, DestinationName, ObjectName, PlaceId, Protection, Segment, Sha256,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

/// What goes wrong with one request about an object of this name; about none, if it is the probe.
pub(crate) type Mishap = Box<dyn Fn(Option<&str>) -> Option<DestinationError> + Send>;

pub(crate) struct Place {
    name: DestinationName,
    pub(crate) id: PlaceId,
    state: Mutex<State>,
}

struct State {
    staged: BTreeMap<String, BTreeSet<u32>>,
    objects: BTreeMap<String, Sha256>,
    sizes: BTreeMap<String, u64>,
    mishap: Mishap,
    asked: BTreeMap<String, u32>,
    probes: u32,
    spoils_chunks: bool,
    order: ChunkOrder,
    sent: Sent,
    keeps: Keeps,
    kept: BTreeMap<String, Protection>,
}

/// What a place keeps from deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    WhatItIsAsked,
    /// It does not listen while an object is created.
    WhatItIsAskedLater,
    /// It says yes, and does nothing.
    Nothing,
}

/// How chunks were sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent {
    under_way: u32,
    /// So many were under way at once.
    pub(crate) at_once: u32,
    /// Which came, one after another.
    pub(crate) arrived: Vec<u32>,
}

impl Place {
    pub(crate) fn well() -> Self {
        let state = State {
            staged: BTreeMap::new(),
            objects: BTreeMap::new(),
            sizes: BTreeMap::new(),
            mishap: Box::new(|_| None),
            asked: BTreeMap::new(),
            probes: 0,
            spoils_chunks: false,
            order: ChunkOrder::Any,
            sent: Sent::default(),
            keeps: Keeps::WhatItIsAsked,
            kept: BTreeMap::new(),
        };
        let name = DestinationName::new("primary").unwrap();
        Self { name, id: PlaceId::random(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// From now on this goes wrong.
    pub(crate) fn goes_wrong(&self, mishap: impl Fn(Option<&str>) -> Option<DestinationError> + Send + 'static) {
        self.state().mishap = Box::new(mishap);
    }

    /// It has this segment.
    pub(crate) fn holds(&self, segment: &Segment) {
        let (mut state, name) = (self.state(), segment.object_name().to_string());
        state.sizes.insert(name.clone(), segment.fingerprint.size.get());
        state.objects.insert(name, segment.fingerprint.sha256);
    }

    /// It has it no longer.
    pub(crate) fn lost(&self, segment: &Segment) {
        self.state().objects.remove(segment.object_name().as_str());
    }

    /// Whether what is read for it from now on is not what was promised, or so it says.
    pub(crate) fn spoils_chunks(&self, spoils: bool) {
        self.state().spoils_chunks = spoils;
    }

    /// From now on it takes chunks in this order.
    pub(crate) fn takes_chunks(&self, order: ChunkOrder) {
        self.state().order = order;
    }

    /// From now on it keeps this from deletion.
    pub(crate) fn keeps(&self, keeps: Keeps) {
        self.state().keeps = keeps;
    }

    /// What keeps a segment there.
    pub(crate) fn kept(&self, segment: &Segment) -> Protection {
        self.state().kept.get(segment.object_name().as_str()).copied().unwrap_or_default()
    }

    /// Somebody takes off what kept it.
    pub(crate) fn keeps_no_longer(&self, segment: &Segment) {
        self.state().kept.remove(segment.object_name().as_str());
    }

    pub(crate) fn sent(&self) -> Sent {
        self.state().sent.clone()
    }

    /// How often it was asked about objects whose names begin so.
    pub(crate) fn asked(&self, begin: &str) -> u32 {
        self.state().asked.iter().filter(|(name, _)| name.starts_with(begin)).map(|(_, times)| times).sum()
    }

    pub(crate) fn probes(&self) -> u32 {
        self.state().probes
    }

    pub(crate) fn objects(&self) -> usize {
        self.state().objects.len()
    }

    fn ask(&self, object: &ObjectName) -> Result<MutexGuard<'_, State>, DestinationError> {
        let mut state = self.state();
        *state.asked.entry(object.as_str().to_owned()).or_default() += 1;
        match (state.mishap)(Some(object.as_str())) {
            Some(error) => Err(error),
            None => Ok(state),
        }
    }
}

fn seen(state: &State, object: &ObjectName) -> Option<Attestation> {
    let sha256 = *state.objects.get(object.as_str())?;
    let length = ByteCount::new(state.sizes[object.as_str()]);
    let protection = state.kept.get(object.as_str()).copied().unwrap_or_default();
    let state = ObjectState { length, version: Version(sha256.to_string()), protection };
    Some(Attestation { state, evidence: Evidence::Whole(Checksum::Sha256(sha256)) })
}

#[async_trait]
impl Destination for Place {
    fn name(&self) -> &DestinationName {
        &self.name
    }

    fn chunk_rules(&self) -> ChunkRules {
        ChunkRules { order: self.state().order, ..ChunkRules::ANY }
    }

    fn enrolment(&self) -> Enrolment {
        Enrolment::AtFirstContact
    }

    fn protects(&self) -> Protects {
        Protects::AsAsked
    }

    async fn place(&self) -> Result<Option<PlaceId>, DestinationError> {
        let mut state = self.state();
        state.probes += 1;
        (state.mishap)(None).map_or(Ok(Some(self.id)), Err)
    }

    async fn enrol(&self, _: PlaceId) -> Result<PlaceId, DestinationError> {
        Ok(self.id)
    }

    async fn stat(&self, object: &ObjectName) -> Result<Seen<ObjectState>, DestinationError> {
        Ok(Seen::new(Some(self.id), seen(&*self.ask(object)?, object).map(|seen| seen.state)))
    }

    async fn attest(&self, object: &ObjectName) -> Result<Seen<Attestation>, DestinationError> {
        Ok(Seen::new(Some(self.id), seen(&*self.ask(object)?, object)))
    }

    async fn staged(&self, upload: &Upload) -> Result<Vec<u32>, DestinationError> {
        let state = self.ask(&upload.object)?;
        Ok(state.staged.get(upload.object.as_str()).into_iter().flatten().copied().collect())
    }

    async fn put_chunk(&self, upload: &Upload, index: u32, body: ChunkBody) -> Result<(), DestinationError> {
        {
            let sent = &mut self.state().sent;
            sent.under_way += 1;
            sent.at_once = sent.at_once.max(sent.under_way);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        let read: Result<Vec<Bytes>, _> = body.open().try_collect().await;
        {
            let sent = &mut self.state().sent;
            sent.under_way -= 1;
            sent.arrived.push(index);
        }
        read.map_err(|error| DestinationError::SpoolDamaged(error.to_string()))?;
        if self.state().spoils_chunks {
            return Err(DestinationError::SpoolDamaged("it differs".to_owned()));
        }
        self.ask(&upload.object)?.staged.entry(upload.object.as_str().to_owned()).or_default().insert(index);
        Ok(())
    }

    async fn commit(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError> {
        let mut state = self.ask(&upload.object)?;
        let name = upload.object.as_str().to_owned();
        if state.objects.contains_key(&name) {
            return Ok(CommitOutcome::AlreadyThere);
        }
        state.sizes.insert(name.clone(), upload.fingerprint.size.get());
        if state.keeps == Keeps::WhatItIsAsked {
            state.kept.insert(name.clone(), upload.protection);
        }
        state.objects.insert(name, upload.fingerprint.sha256);
        Ok(CommitOutcome::Created)
    }

    async fn read(&self, object: &ObjectName) -> Result<ByteStream, DestinationError> {
        drop(self.ask(object)?);
        Ok(stream::empty().boxed())
    }

    async fn protect(&self, object: &ObjectName, _: &Version, protection: Protection) -> Result<(), DestinationError> {
        let mut state = self.ask(object)?;
        match state.keeps {
            Keeps::WhatItIsAsked | Keeps::WhatItIsAskedLater => {
                state.kept.insert(object.as_str().to_owned(), protection);
                Ok(())
            }
            Keeps::Nothing => Ok(()),
        }
    }

    async fn try_delete(&self, _: &ObjectName) -> Result<DeleteOutcome, DestinationError> {
        Ok(DeleteOutcome::Refused)
    }
}
