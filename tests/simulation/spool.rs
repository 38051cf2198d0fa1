//! A station's spool disk: what was not synced is lost in a power cut, and what is kept may rot or vanish.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use camdock::domain::{ByteCount, SegmentId, Sha256, SpoolSpace};
use camdock::spool::{Label, SpoolError, SpoolStream, SpoolWriter};
use futures::StreamExt as _;

use crate::chaos::Fault;
use crate::mishaps;
use crate::oracle;
use crate::world::{Life, World};

/// A named copy.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the medium")]
pub(crate) struct Sealed {
    pub content: Vec<u8>,
    pub label: Option<Label>,
    pub synced: bool,
    pub name_synced: bool,
    /// What a power cut brings back as long as the name is not synced.
    pub replaced: Option<Box<Sealed>>,
    /// Damaged by the disk when it was written.
    pub torn: bool,
    /// Damaged by the world after it was sealed.
    pub rotten: bool,
    /// The disk gives an error wherever it is read.
    pub sick: bool,
}

impl Sealed {
    pub(crate) const fn is_durable(&self) -> bool {
        self.synced && self.name_synced
    }
}

/// A copy without a name, and how long it is going to be.
struct Unsealed {
    content: Vec<u8>,
    expected: u64,
    label: Option<Label>,
    synced: bool,
}

pub(crate) struct Spool {
    capacity: u64,
    /// Until when something else fills the disk.
    pub crowded_until: Duration,
    pub sealed: BTreeMap<SegmentId, Sealed>,
    /// Copies that the world took away.
    pub vanished: Vec<SegmentId>,
    unsealed: BTreeMap<u64, Unsealed>,
}

impl Spool {
    pub(crate) const fn new(capacity: u64) -> Self {
        Self {
            capacity,
            crowded_until: Duration::ZERO,
            sealed: BTreeMap::new(),
            vanished: Vec::new(),
            unsealed: BTreeMap::new(),
        }
    }

    /// What is left after the process ended.
    pub(crate) fn after_crash(&mut self) {
        self.unsealed.clear();
    }

    /// What is left after the machine stopped: of unsynced content and names, what the disk happened to have written.
    pub(crate) fn after_power_cut(&mut self, rng: &mut fastrand::Rng) {
        self.unsealed.clear();
        for (segment, mut copy) in std::mem::take(&mut self.sealed) {
            if !copy.name_synced && rng.bool() {
                if let Some(replaced) = copy.replaced {
                    self.sealed.insert(segment, *replaced);
                }
                continue;
            }
            if !copy.synced && rng.bool() {
                copy.content.truncate(copy.content.len() / 2);
                copy.label = None;
            }
            (copy.synced, copy.name_synced, copy.replaced) = (true, true, None);
            self.sealed.insert(segment, copy);
        }
    }

    fn used(&self) -> u64 {
        let unsealed = self.unsealed.values().map(|copy| copy.expected.max(copy.content.len() as u64)).sum::<u64>();
        // Bad copies that nobody replaces stay, and there are few; so that they do not fill a small disk, they are not counted.
        unsealed
            + self
                .sealed
                .values()
                .filter(|copy| !copy.rotten && !copy.torn)
                .map(|copy| copy.content.len() as u64)
                .sum::<u64>()
    }

    /// Damages some copy.
    pub(crate) fn rot(&mut self, rng: &mut fastrand::Rng) {
        let copies = self.sealed.values_mut().filter(|copy| !copy.content.is_empty());
        if let Some(copy) = rng.choice(copies.collect::<Vec<_>>()) {
            let at = rng.usize(0..copy.content.len());
            copy.content[at] ^= 1 << rng.u32(0..8);
            copy.rotten = true;
        }
    }

    /// A sector under some copy can no longer be read.
    pub(crate) fn sicken(&mut self, rng: &mut fastrand::Rng) {
        if let Some(copy) = rng.choice(self.sealed.values_mut().collect::<Vec<_>>()) {
            (copy.sick, copy.rotten) = (true, true);
        }
    }

    /// Takes some copy away.
    pub(crate) fn vanish(&mut self, rng: &mut fastrand::Rng) {
        if let Some(segment) = rng.choice(self.sealed.keys().copied().collect::<Vec<_>>()) {
            self.sealed.remove(&segment);
            self.vanished.push(segment);
        }
    }
}

/// The spool as its station sees it.
pub(crate) struct StationSpool(pub Life);

impl StationSpool {
    fn stream(&self, segment: SegmentId, offset: u64, length: u64) -> SpoolStream {
        let life = self.0.clone();
        let start = usize::try_from(offset).expect("files are small");
        let end = usize::try_from(offset.saturating_add(length).min(1 << 20)).expect("files are small");
        futures::stream::try_unfold(start, move |at| {
            let life = life.clone();
            async move {
                let piece = life
                    .step(
                        || format!("spool: read {segment} from {at} on"),
                        |world| {
                            let most = world.rng.usize(16..=64);
                            if world.goes_wrong(Fault::SpoolRead) {
                                return Err(disk("read"));
                            }
                            let copy = here(world, life.station).sealed.get(&segment);
                            let copy = copy.ok_or(SpoolError::Missing(segment))?;
                            if copy.sick {
                                return Err(SpoolError::Unreadable(segment));
                            }
                            let content = &copy.content;
                            let to = end.min(content.len()).min(at + most);
                            Ok(content.get(at..to).map(Bytes::copy_from_slice).filter(|piece| !piece.is_empty()))
                        },
                    )
                    .await?;
                Ok(piece.map(|piece| (piece.clone(), at + piece.len())))
            }
        })
        .boxed()
    }
}

fn here(world: &mut World, station: usize) -> &mut Spool {
    &mut world.hosts[station].spool
}

fn disk(action: &'static str) -> SpoolError {
    SpoolError::Disk { action, source: std::io::Error::other("the disk gives an error") }
}

#[async_trait]
impl camdock::spool::Spool for StationSpool {
    async fn create(&self, expected: ByteCount) -> Result<Box<dyn SpoolWriter>, SpoolError> {
        let life = self.0.clone();
        let number = crate::world::look(&life.world).fresh();
        // Made before, so that it is removed with whoever gives up waiting for it.
        let copy = Copy { life: life.clone(), number, sealed: None };
        life.step(
            || format!("spool: create a copy of {expected}"),
            |world| {
                let full = world.goes_wrong(Fault::SpoolFull);
                let now = world.elapsed();
                let spool = here(world, life.station);
                if full || spool.used() + expected.get() > spool.capacity {
                    return Err(SpoolError::Full);
                }
                if now < spool.crowded_until {
                    return Err(SpoolError::Crowded);
                }
                let unsealed = Unsealed { content: Vec::new(), expected: expected.get(), label: None, synced: false };
                spool.unsealed.insert(number, unsealed);
                Ok(())
            },
        )
        .await?;
        Ok(Box::new(copy))
    }

    fn read(&self, segment: SegmentId, offset: u64, length: u64) -> SpoolStream {
        self.stream(segment, offset, length)
    }

    fn reread(&self, segment: SegmentId) -> SpoolStream {
        self.stream(segment, 0, u64::MAX)
    }

    async fn inventory(&self) -> Result<Vec<SegmentId>, SpoolError> {
        let station = self.0.station;
        self.0
            .step(
                || "spool: list".to_owned(),
                |world| {
                    if world.goes_wrong(Fault::SpoolRead) {
                        return Err(disk("be listed"));
                    }
                    let spool = here(world, station);
                    for copy in spool.sealed.values_mut() {
                        (copy.synced, copy.name_synced, copy.replaced) = (true, true, None);
                    }
                    Ok(spool.sealed.keys().copied().collect())
                },
            )
            .await
    }

    async fn label(&self, segment: SegmentId) -> Result<Option<Label>, SpoolError> {
        let station = self.0.station;
        self.0
            .step(
                || format!("spool: read the label of {segment}"),
                |world| {
                    let copy = here(world, station).sealed.get(&segment);
                    copy.map(|copy| copy.label.clone()).ok_or_else(|| disk("read a label"))
                },
            )
            .await
    }

    async fn space(&self) -> Result<SpoolSpace, SpoolError> {
        let station = self.0.station;
        let measured = self.0.step(
            || "spool: measure".to_owned(),
            |world| {
                let spool = here(world, station);
                let bytes = ByteCount::new;
                let free = bytes(spool.capacity.saturating_sub(spool.used()));
                SpoolSpace { free, reserve: bytes(0), size: bytes(spool.capacity) }
            },
        );
        Ok(measured.await)
    }

    async fn remove(&self, segment: SegmentId) -> Result<(), SpoolError> {
        let (station, wake) = (self.0.station, Arc::clone(&self.0.wake));
        self.0
            .step(
                || format!("spool: remove {segment}"),
                |world| {
                    if world.goes_wrong(Fault::SpoolWrite) {
                        return Err(disk("remove a copy"));
                    }
                    let content = here(world, station).sealed.get(&segment).map(|copy| Sha256::of(&copy.content));
                    // A stranger comes just before the copy goes, or just after.
                    let strikes = |world: &mut World| {
                        let struck = content.is_some_and(|content| mishaps::lose_what_is_let_go(world, &content));
                        if struck {
                            wake.notify_one();
                        }
                        struck
                    };
                    if world.rng.bool() && strikes(world) {
                        return Err(disk("remove a copy"));
                    }
                    oracle::judge_removal(world, station, segment);
                    here(world, station).sealed.remove(&segment);
                    strikes(world);
                    Ok(())
                },
            )
            .await
    }
}

/// A copy in the making.
struct Copy {
    life: Life,
    number: u64,
    sealed: Option<SegmentId>,
}

impl Copy {
    async fn change(
        &self,
        what: &'static str,
        fault: Fault,
        change: impl FnOnce(&mut Unsealed) + Send,
    ) -> Result<(), SpoolError> {
        let (station, copy) = (self.life.station, self.number);
        self.life
            .step(
                || format!("spool: {what} #{copy}"),
                |world| {
                    if world.goes_wrong(fault) {
                        return Err(disk(what));
                    }
                    change(here(world, station).unsealed.get_mut(&copy).ok_or_else(|| disk(what))?);
                    Ok(())
                },
            )
            .await
    }
}

#[async_trait]
impl SpoolWriter for Copy {
    async fn write(&mut self, piece: Bytes) -> Result<(), SpoolError> {
        self.change("write", Fault::SpoolWrite, |copy| copy.content.extend_from_slice(&piece)).await
    }

    async fn label(&mut self, label: Label) -> Result<(), SpoolError> {
        self.change("label", Fault::SpoolWrite, |copy| copy.label = Some(label)).await
    }

    async fn sync(&mut self) -> Result<(), SpoolError> {
        self.change("sync", Fault::SpoolSync, |copy| copy.synced = true).await
    }

    async fn rename(&mut self, segment: SegmentId) -> Result<(), SpoolError> {
        let (station, copy) = (self.life.station, self.number);
        self.life
            .step(
                || format!("spool: rename #{copy} to {segment}"),
                |world| {
                    let torn = world.goes_wrong(Fault::TornWrite);
                    let place = world.rng.usize(..);
                    let spool = here(world, station);
                    let Unsealed { mut content, label, synced, .. } =
                        spool.unsealed.remove(&copy).ok_or_else(|| disk("seal a copy"))?;
                    if torn && !content.is_empty() {
                        let at = place % content.len();
                        content[at] ^= 0x10;
                    }
                    let replaced = spool.sealed.remove(&segment).map(Box::new);
                    let sealed = Sealed {
                        content,
                        label,
                        synced,
                        name_synced: false,
                        replaced,
                        torn,
                        rotten: false,
                        sick: false,
                    };
                    spool.sealed.insert(segment, sealed);
                    spool.vanished.retain(|vanished| *vanished != segment);
                    Ok(())
                },
            )
            .await?;
        self.sealed = Some(segment);
        Ok(())
    }

    async fn sync_folder(&mut self) -> Result<(), SpoolError> {
        let (station, segment) = (self.life.station, self.sealed.expect("it has a name"));
        self.life
            .step(
                || "spool: sync the folder".to_owned(),
                |world| {
                    if world.goes_wrong(Fault::SpoolSync) {
                        return Err(disk("sync"));
                    }
                    // The folder's sync makes every name in it durable; the one is enough here.
                    if let Some(copy) = here(world, station).sealed.get_mut(&segment) {
                        (copy.name_synced, copy.replaced) = (true, None);
                    }
                    Ok(())
                },
            )
            .await
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let mut world = crate::world::look(&self.life.world);
        if world.hosts[self.life.station].life == self.life.number {
            world.hosts[self.life.station].spool.unsealed.remove(&self.number);
        }
    }
}
