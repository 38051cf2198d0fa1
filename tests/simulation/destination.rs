//! A place in the cloud: a store of blocks and objects that behaves as Azure's does, on a bad line.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use camdock::cloud::{
    Attestation, ByteStream, ChunkBody, CommitOutcome, CommittedChunk, DeleteOutcome, DestinationError, Enrolment,
    Evidence, ObjectState, Seen, Upload, Version,
};
use camdock::domain::Need;
use camdock::domain::{
    ByteCount, Checksum, ChunkRules, Crc64, DestinationName, LegalHold, ObjectName, PlaceId, ProofPolicy, Protection,
    ProtectionPolicy, Sha256,
};
use futures::StreamExt as _;

use crate::chaos::Fault;
use crate::world::{ByPath, Life, World};

/// What a place knows about its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knows {
    Chunks,
    Sha256,
    Nothing,
}

#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub content: Vec<u8>,
    pub sha256: Sha256,
    pub version: u64,
    /// What keeps it from deletion.
    pub protection: Protection,
    /// As it was committed, if it was made out of blocks.
    chunks: Option<Vec<CommittedChunk>>,
}

/// As in the Azure adapter, a block's name says which chunk of which content it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct BlockName {
    index: u32,
    crc64: Crc64,
    content: Sha256,
    chunk_size: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outage {
    Unreachable,
    Busy(Duration),
    Denied,
}

/// One object that a place never gives or takes, though it is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Poison {
    pub object: String,
    /// Whose file it is made of.
    pub camera: usize,
    pub path: String,
}

pub(crate) struct Destination {
    pub name: DestinationName,
    pub need: Need,
    pub policy: ProofPolicy,
    /// What is asked of it to keep from deletion.
    pub protection: ProtectionPolicy,
    pub knows: Knows,
    pub enrolment: Enrolment,
    /// Which place it is, once it is enrolled.
    pub id: Option<PlaceId>,
    pub objects: ByPath<Object>,
    /// Objects that strangers made, changed or deleted.
    pub tampered: Vec<String>,
    pub outage: Option<(Duration, Outage)>,
    /// When the outage began.
    pub out_since: Duration,
    pub poison: Option<Poison>,
    /// Which objects each station has read back, and whether it looked at them afterwards.
    pub read_back: BTreeMap<(usize, String), bool>,
    blocks: ByPath<BTreeMap<BlockName, Vec<u8>>>,
    /// Another place to which its path leads until then: the folder below a share that is not mounted, or another share.
    elsewhere: Option<(Duration, Elsewhere)>,
}

/// A place that nobody means.
#[derive(Default)]
struct Elsewhere {
    id: Option<PlaceId>,
    objects: ByPath<Object>,
    blocks: ByPath<BTreeMap<BlockName, Vec<u8>>>,
}

impl Destination {
    pub(crate) const fn new(
        name: DestinationName,
        need: Need,
        policy: ProofPolicy,
        knows: Knows,
        enrolment: Enrolment,
        id: Option<PlaceId>,
    ) -> Self {
        Self {
            name,
            need,
            policy,
            protection: ProtectionPolicy { retention: None, legal_hold: Vec::new() },
            knows,
            enrolment,
            id,
            objects: ByPath::new(),
            tampered: Vec::new(),
            outage: None,
            out_since: Duration::ZERO,
            poison: None,
            read_back: BTreeMap::new(),
            blocks: ByPath::new(),
            elsewhere: None,
        }
    }

    /// Its path leads to another place for a while: to one without an enrolment, or with another one.
    pub(crate) fn lead_elsewhere(&mut self, until: Duration, rng: &mut fastrand::Rng) {
        let id = rng.bool().then(|| PlaceId::parse(&format!("{:032x}", rng.u128(..))).expect("a place"));
        self.elsewhere = Some((until, Elsewhere { id, ..Elsewhere::default() }));
    }

    /// Does something at the place to which its path leads now.
    fn visited<T>(world: &mut World, place: usize, effect: impl FnOnce(&mut World) -> T) -> T {
        let now = world.elapsed();
        let Some((until, mut elsewhere)) = world.destinations[place].elsewhere.take() else { return effect(world) };
        if now >= until {
            return effect(world);
        }
        world.destinations[place].exchange(&mut elsewhere);
        let done = effect(world);
        world.destinations[place].exchange(&mut elsewhere);
        world.destinations[place].elsewhere = Some((until, elsewhere));
        done
    }

    fn exchange(&mut self, elsewhere: &mut Elsewhere) {
        std::mem::swap(&mut self.id, &mut elsewhere.id);
        std::mem::swap(&mut self.objects, &mut elsewhere.objects);
        std::mem::swap(&mut self.blocks, &mut elsewhere.blocks);
    }

    /// A stranger writes an object, and lets it be kept as the one was that lay there before.
    pub(crate) fn plant(&mut self, name: String, content: Vec<u8>, version: u64) {
        let sha256 = Sha256::of(&content);
        let protection = self.objects.get(&name).map_or(Protection::NONE, |before| before.protection);
        self.tampered.push(name.clone());
        self.objects.insert(name, Object { content, sha256, version, protection, chunks: None });
    }

    /// A stranger deletes an object.
    pub(crate) fn lose(&mut self, name: &str) {
        self.tampered.push(name.to_owned());
        self.objects.remove(name);
    }

    /// Whether it holds this content, and keeps it from deletion if that is asked of it.
    pub(crate) fn keeps(&self, sha256: &Sha256) -> bool {
        let retained = |kept: Protection| self.protection.retention.is_none() || kept.retention.is_some();
        let held = |kept: Protection| self.protection.legal_hold.is_empty() || kept.legal_hold == LegalHold::Placed;
        let all = self.objects.values().filter(|object| object.sha256 == *sha256);
        all.map(|object| object.protection).any(|kept| retained(kept) && held(kept))
    }

    pub(crate) fn holds(&self, sha256: &Sha256) -> bool {
        self.objects.values().any(|object| object.sha256 == *sha256)
    }
}

/// A destination as a station reaches it.
pub(crate) struct Line {
    pub life: Life,
    pub name: DestinationName,
    pub place: usize,
}

/// How a call goes wrong.
enum Trouble {
    Refusal(DestinationError),
    /// The place does what it is asked for, but the answer does not arrive.
    LostReply,
}

impl Line {
    fn looks(&self, world: &mut World, object: &ObjectName) {
        let reader = (self.life.station, object.to_string());
        if let Some(looked) = world.destinations[self.place].read_back.get_mut(&reader) {
            *looked = true;
        }
    }

    /// A call about an object, or about none.
    async fn call<T: Send>(
        &self,
        object: Option<&str>,
        what: impl FnOnce() -> String + Send,
        effect: impl FnOnce(&mut World) -> Result<T, DestinationError> + Send,
    ) -> Result<T, DestinationError> {
        let place = self.place;
        let timed_out = {
            let mut world = crate::world::look(&self.life.world);
            world.goes_wrong(Fault::TimeOut)
        };
        if timed_out {
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        self.life
            .step(
                || format!("destination {place}: {}", what()),
                |world| match trouble(world, place, object, timed_out) {
                    None => Destination::visited(world, place, effect),
                    Some(Trouble::Refusal(error)) => {
                        world.tell(|| format!("  = {error}"));
                        Err(error)
                    }
                    Some(Trouble::LostReply) => {
                        let _ = Destination::visited(world, place, effect);
                        Err(DestinationError::Unreachable("the connection broke".to_owned()))
                    }
                },
            )
            .await
    }
}

fn trouble(world: &mut World, place: usize, object: Option<&str>, timed_out: bool) -> Option<Trouble> {
    let now = world.elapsed();
    let unreachable = |why: &str| Some(Trouble::Refusal(DestinationError::Unreachable(why.to_owned())));
    if timed_out {
        return if world.rng.bool() { Some(Trouble::LostReply) } else { unreachable("no progress for 60 seconds") };
    }
    if let Some((until, outage)) = world.destinations[place].outage
        && now < until
    {
        return Some(Trouble::Refusal(match outage {
            Outage::Unreachable => {
                DestinationError::Unreachable("an answer that is not the destination's (200, HTML)".to_owned())
            }
            Outage::Busy(wait) => {
                DestinationError::Busy { message: "503 ServerBusy".to_owned(), retry_after: Some(wait) }
            }
            Outage::Denied => {
                DestinationError::Denied { code: "403 AuthenticationFailed".to_owned(), credential: "sas".to_owned() }
            }
        }));
    }
    if world.destinations[place].poison.as_ref().is_some_and(|poison| object == Some(&*poison.object)) {
        return Some(Trouble::Refusal(DestinationError::Busy { message: "500".to_owned(), retry_after: None }));
    }
    if object.is_none() && world.goes_wrong(Fault::ProbeFails) {
        return unreachable("the enrolment cannot be read");
    }
    if world.goes_wrong(Fault::Unreachable) {
        return unreachable("no route to host");
    }
    if world.goes_wrong(Fault::Busy) {
        let retry_after = world.rng.bool().then(|| Duration::from_secs(world.rng.u64(1..30)));
        return Some(Trouble::Refusal(DestinationError::Busy { message: "500".to_owned(), retry_after }));
    }
    world.goes_wrong(Fault::LostReply).then_some(Trouble::LostReply)
}

fn block_name(upload: &Upload, index: u32) -> BlockName {
    let fingerprint = &upload.fingerprint;
    BlockName {
        index,
        crc64: fingerprint.chunks[index as usize],
        content: fingerprint.sha256,
        chunk_size: fingerprint.chunk_size.get(),
    }
}

fn state_of(object: &Object) -> ObjectState {
    ObjectState {
        length: ByteCount::new(object.content.len() as u64),
        version: Version(format!("v{}", object.version)),
        protection: object.protection,
    }
}

#[async_trait]
impl camdock::cloud::Destination for Line {
    fn name(&self) -> &DestinationName {
        &self.name
    }

    fn chunk_rules(&self) -> ChunkRules {
        ChunkRules::ANY
    }

    fn enrolment(&self) -> Enrolment {
        crate::world::look(&self.life.world).destinations[self.place].enrolment
    }

    async fn place(&self) -> Result<Option<PlaceId>, DestinationError> {
        self.call(None, || "read the enrolment".to_owned(), |world| Ok(world.destinations[self.place].id)).await
    }

    async fn enrol(&self, id: PlaceId) -> Result<PlaceId, DestinationError> {
        self.call(None, || format!("enrol as {id}"), |world| Ok(*world.destinations[self.place].id.get_or_insert(id)))
            .await
    }

    async fn stat(&self, object: &ObjectName) -> Result<Seen<ObjectState>, DestinationError> {
        self.call(
            Some(object.as_str()),
            || format!("stat {object}"),
            |world| {
                self.looks(world, object);
                let place = &world.destinations[self.place];
                Ok(Seen::new(place.id, place.objects.get(object.as_str()).map(state_of)))
            },
        )
        .await
    }

    async fn attest(&self, object: &ObjectName) -> Result<Seen<Attestation>, DestinationError> {
        self.call(
            Some(object.as_str()),
            || format!("attest {object}"),
            |world| {
                self.looks(world, object);
                let place = &world.destinations[self.place];
                let attestation = place.objects.get(object.as_str()).map(|object| Attestation {
                    state: state_of(object),
                    evidence: match (place.knows, &object.chunks) {
                        (Knows::Sha256, _) => Evidence::Whole(Checksum::Sha256(Sha256::of(&object.content))),
                        (Knows::Chunks, Some(chunks)) => Evidence::Chunks(chunks.clone()),
                        (Knows::Chunks, None) | (Knows::Nothing, _) => Evidence::Unknown,
                    },
                });
                Ok(Seen::new(place.id, attestation))
            },
        )
        .await
    }

    async fn staged(&self, upload: &Upload) -> Result<Vec<u32>, DestinationError> {
        self.call(
            Some(upload.object.as_str()),
            || format!("list the staged chunks of {}", upload.object),
            |world| {
                let blocks = world.destinations[self.place].blocks.get(upload.object.as_str());
                let staged =
                    |index: &u32| blocks.is_some_and(|blocks| blocks.contains_key(&block_name(upload, *index)));
                Ok((0..upload.fingerprint.chunk_count()).filter(staged).collect())
            },
        )
        .await
    }

    async fn put_chunk(&self, upload: &Upload, index: u32, body: ChunkBody) -> Result<(), DestinationError> {
        let name = block_name(upload, index);
        let mut content = Vec::new();
        let mut pieces = body.open();
        while let Some(piece) = pieces.next().await {
            content.extend_from_slice(&piece.map_err(|error| DestinationError::SpoolDamaged(error.to_string()))?);
        }
        self.call(
            Some(upload.object.as_str()),
            || format!("put chunk {index} of {}", upload.object),
            |world| {
                if world.goes_wrong(Fault::DamagedInTransit) {
                    let at = world.rng.usize(0..content.len());
                    content[at] ^= 1;
                }
                if Crc64::of(&content) != name.crc64 {
                    return Err(DestinationError::ChunkDamaged(format!("another checksum for chunk {index}")));
                }
                if !world.goes_wrong(Fault::LostBlock) {
                    let blocks = &mut world.destinations[self.place].blocks;
                    blocks.entry(upload.object.as_str().to_owned()).or_default().insert(name, content);
                }
                Ok(())
            },
        )
        .await
    }

    async fn commit(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError> {
        let object = upload.object.as_str();
        self.call(
            Some(object),
            || format!("commit {object}"),
            |world| {
                if world.goes_wrong(Fault::LyingCommit) {
                    return Ok(CommitOutcome::Created);
                }
                let protection =
                    if world.goes_wrong(Fault::ForgottenLock) { Protection::NONE } else { upload.protection };
                let version = world.fresh();
                let place = &mut world.destinations[self.place];
                if place.objects.contains_key(object) {
                    return Ok(CommitOutcome::AlreadyThere);
                }
                let blocks = place.blocks.get(object);
                let (mut content, mut chunks) = (Vec::new(), Vec::new());
                for index in upload.order() {
                    let name = block_name(upload, index);
                    let Some(block) = blocks.and_then(|blocks| blocks.get(&name)) else {
                        return Ok(CommitOutcome::ChunksMissing);
                    };
                    content.extend_from_slice(block);
                    let length = ByteCount::new(block.len() as u64);
                    chunks.push(CommittedChunk { index, length, crc64: name.crc64 });
                }
                place.blocks.remove(object);
                let sha256 = Sha256::of(&content);
                let made = Object { content, sha256, version, protection, chunks: Some(chunks) };
                place.objects.insert(object.to_owned(), made);
                world.touched = true;
                if sha256 != upload.fingerprint.sha256 {
                    world.fail(|| format!("P2: {object} was made with content that is not the segment's"));
                }
                Ok(CommitOutcome::Created)
            },
        )
        .await
    }

    async fn read(&self, object: &ObjectName) -> Result<ByteStream, DestinationError> {
        let content = self
            .call(
                Some(object.as_str()),
                || format!("read {object}"),
                |world| {
                    let reader = (self.life.station, object.to_string());
                    world.destinations[self.place].read_back.entry(reader).or_insert(false);
                    let breaks = world.goes_wrong(Fault::BrokenRead);
                    let found = world.destinations[self.place].objects.get(object.as_str());
                    let found = found.ok_or_else(|| DestinationError::Unreachable("404".to_owned()))?;
                    let mut pieces: Vec<io::Result<Bytes>> =
                        found.content.chunks(48).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
                    if breaks {
                        pieces.pop();
                        if found.version % 2 == 0 {
                            pieces.push(Err(io::ErrorKind::ConnectionReset.into()));
                        }
                    }
                    Ok(pieces)
                },
            )
            .await?;
        Ok(futures::stream::iter(content).boxed())
    }

    async fn protect(
        &self,
        object: &ObjectName,
        version: &Version,
        protection: Protection,
    ) -> Result<(), DestinationError> {
        self.call(
            Some(object.as_str()),
            || format!("protect {object}"),
            |world| {
                let forgets = world.goes_wrong(Fault::ForgottenLock);
                let found = world.destinations[self.place].objects.get_mut(object.as_str());
                let found = found.filter(|found| state_of(found).version == *version);
                let found = found.ok_or_else(|| DestinationError::Unreachable("404".to_owned()))?;
                if !forgets {
                    found.protection = found.protection.and(&protection);
                }
                Ok(())
            },
        )
        .await
    }

    async fn try_delete(&self, _: &ObjectName) -> Result<DeleteOutcome, DestinationError> {
        Ok(DeleteOutcome::Refused)
    }
}
