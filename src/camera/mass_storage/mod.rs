//! A camera that is a USB drive.
//!
//! Promises, besides those of the port:
//! - It is known by its port and its address on the bus, and its volumes by their place below that, never by a name that
//!   the kernel gives anew ([`sysfs`]).
//! - Its volumes are examined before they are mounted ([`soundness`]), and mounted read-only, without anything that they
//!   could do harm with; for writing only while a permit is carried out. Nothing is repaired.
//! - A volume that is not sound is listed as an image, besides whatever files can be read, and nothing at all is deleted
//!   from its camera. The one exception is what camdock's own deletion left behind, on the medium it was begun on.
//! - What is allocated on a volume must be accounted for by what it shows ([`allocation`]); else it is not sound.
//! - Whatever its file systems show, nothing is believed absent unless the device itself answers before and after.
//! - A drive or medium that appears later, or is exchanged, is noticed at the next look.
//! - What deletions came to is read from a fresh mount.
//! - Nothing stays mounted: what dropping the camera does not get done, the next opening does.

mod allocation;
#[cfg(test)]
mod fixtures;
mod layout;
mod mounts;
mod probe;
mod soundness;
mod sysfs;
mod udisks;
mod volume;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::BoxFuture;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};
use tokio::time::{Instant, sleep};

use self::probe::{concerns_evidence, fit, outer_serial, worth_keeping};
use self::soundness::{FileSystem, Soundness};
use self::sysfs::{Bus, Slot, slots};
use self::udisks::{UDisks, UDisksError};
use self::volume::{Host, Raw, Replay, Volume};
use super::folder::{self, FolderReader, blocking};
use super::{Camera, CameraError, Condition, Listing, NotDeleted, Piece, Reading, SourceReader};
use crate::custody::{Cleared, WipePermit};
use crate::domain::{
    CameraNotice, CameraSerial, DockingId, MediumId, Moment, Oddity, Profile, SourceFile, SourceKind, SourcePath,
    Subject, UsbDevice,
};
use crate::journal::tell;

/// The volumes of a camera appear within seconds of its plugging-in; one that shows none by then is stuck.
const APPEAR: Duration = Duration::from_secs(30);
/// They are all there when nothing was added for this long: the disks of one device appear within it.
const STILL: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What the ledger knows of deletions on the camera of a serial: the media on which one was begun, and which were not found
/// sound since.
pub type AskUnsettled =
    Arc<dyn Fn(CameraSerial) -> BoxFuture<'static, Result<BTreeSet<MediumId>, CameraError>> + Send + Sync>;

/// The parts of a machine through which cameras are reached.
#[derive(Debug, Clone)]
pub struct Surroundings {
    sysfs: PathBuf,
    udisks: UDisks,
}

impl Surroundings {
    /// Those of this machine.
    ///
    /// # Errors
    /// [`CameraError::Device`] if the system bus cannot be reached.
    pub async fn of_this_machine() -> Result<Self, CameraError> {
        let udisks = UDisks::connect().await.map_err(unusable)?;
        Ok(Self { sysfs: PathBuf::from("/sys"), udisks })
    }

    /// A `sysfs` in another place, and UDisks2 on another bus.
    #[must_use]
    pub const fn elsewhere(sysfs: PathBuf, bus: zbus::Connection) -> Self {
        Self { sysfs, udisks: UDisks::over(bus) }
    }
}

/// A docked camera that is a USB drive.
pub struct MassStorageCamera {
    host: Host,
    profile: Arc<Profile>,
    serial: CameraSerial,
    docking: DockingId,
    /// Every place for a volume that it had when it was opened.
    slots: Vec<Slot>,
    media: Vec<MediumId>,
    /// Read while files are, written while volumes are mounted afresh.
    volumes: Arc<RwLock<Vec<Volume>>>,
    state: Mutex<State>,
}

/// How the camera's volumes are, and what that was told from.
#[derive(Debug, Clone)]
struct State {
    /// The media on which a deletion of camdock's own may have left something behind.
    unsettled: BTreeSet<MediumId>,
    condition: Condition,
}

impl MassStorageCamera {
    /// Waits for the volumes of a device that was just plugged in, mounts them read-only, and finds out which camera it
    /// is. `profiles` are those that match its descriptors, the likeliest first.
    ///
    /// # Errors
    /// [`CameraError::Refused`] if none of the profiles fits what is on it, [`CameraError::Gone`] if it was taken out
    /// meanwhile, [`CameraError::Device`] if it cannot be used now.
    pub async fn open(
        surroundings: Surroundings,
        device: UsbDevice,
        profiles: Vec<Arc<Profile>>,
        ask: AskUnsettled,
        docking: DockingId,
    ) -> Result<Self, CameraError> {
        let host = Host {
            bus: Arc::new(Bus::new(surroundings.sysfs, device)),
            udisks: surroundings.udisks,
            runtime: tokio::runtime::Handle::current(),
        };
        let slots = appear(&host).await?;
        let mut volumes = Vec::new();
        for slot in &slots {
            let mut volume = Volume::look(&host, slot.clone()).await?;
            let replay = replay(&volume, host.bus.device(), &profiles, &ask).await?;
            volume.mount(&host, replay).await?;
            volumes.push(volume);
        }
        let device = host.bus.device().clone();
        let (mut volumes, fitted) = blocking("identified", move || {
            let fitted = fit(&device, &profiles, &volumes);
            (volumes, fitted)
        })
        .await?;
        let (profile, serial) = match fitted {
            Ok(fitted) => fitted,
            Err(refused) => {
                for volume in &mut volumes {
                    volume.unmount(&host).await?;
                }
                return Err(refused);
            }
        };
        let for_probing = Arc::clone(&profile);
        let volumes = blocking("identified", move || worth_keeping(&for_probing, volumes)).await??;
        let unsettled = ask(serial.clone()).await?;
        let condition = condition_of(&volumes, &unsettled);
        Ok(Self {
            host,
            profile,
            serial,
            docking,
            slots,
            media: volumes.iter().filter_map(|volume| volume.medium.clone()).collect(),
            volumes: Arc::new(RwLock::new(volumes)),
            state: Mutex::new(State { unsettled, condition }),
        })
    }

    /// Notes the condition in which its volumes are now.
    fn judge(&self, volumes: &[Volume]) {
        let mut state = self.state();
        state.condition = condition_of(volumes, &state.unsettled);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Errors
    /// [`CameraError::Exchanged`] if its drives or their media are not those that it was opened with.
    async fn check_slots(&self) -> Result<(), CameraError> {
        let bus = Arc::clone(&self.host.bus);
        let blocks = blocking("listed", move || bus.is_plugged_in().then(|| bus.blocks())).await?;
        let blocks = blocks.ok_or(CameraError::Gone)?;
        let blocks = blocks.map_err(|source| CameraError::Device { action: "listed", source })?;
        if slots(&blocks) == self.slots { Ok(()) } else { Err(CameraError::Exchanged) }
    }

    /// What all volumes hold, and which of them turned out to be damaged, and how.
    async fn list_volumes(&self, volumes: &[Volume]) -> Result<(Listing, Vec<(usize, &'static str)>), CameraError> {
        let unsettled = self.state().unsettled.clone();
        let (mut listing, mut damaged) = (Listing::default(), Vec::new());
        for (number, volume) in volumes.iter().enumerate() {
            let before = listing.files.len();
            if let (Some(root), Some(stock)) = (volume.root(), volume.take_stock().await?) {
                damaged.extend(stock.damage.map(|how| (number, how)));
                let inside = |path: &SourcePath| SourcePath::new(root.inside(path).unwrap_or_default().to_vec());
                let evidence = |file: &SourceFile| self.profile.is_evidence(&inside(&file.path));
                listing.files.extend(stock.listing.files.into_iter().filter(evidence));
                let concerns = |oddity: &Oddity| concerns_evidence(&self.profile, &inside(&oddity.path));
                listing.oddities.extend(stock.listing.oddities.into_iter().filter(concerns));
            }
            if !is_sound(volume, &unsettled) {
                let size = volume.slot.block.size;
                let latest = listing.files[before..].iter().map(|file| file.modified).max();
                listing.files.push(SourceFile {
                    path: volume.image_path(),
                    size,
                    // The latest that is known to have been written to it.
                    modified: latest.unwrap_or(Moment::from_millis(0)),
                    stamp: size.get(),
                    kind: SourceKind::Image,
                });
            }
        }
        // What the first volumes showed was true only if the camera is there still.
        for volume in volumes {
            self.host.check_present(&volume.slot.block).await?;
        }
        listing.files.sort_by(|a, b| a.path.cmp(&b.path));
        listing.oddities.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((listing, damaged))
    }

    /// What its notices are about.
    fn about(&self) -> Subject {
        Subject::station().camera(&self.serial).docking(self.docking)
    }

    /// Deletes what is cleared, on each volume that holds some of it.
    async fn carry_out(&self, volumes: &mut [Volume], cleared: &Cleared) -> Result<Vec<NotDeleted>, CameraError> {
        let mut refused = Vec::new();
        for volume in volumes {
            let Some(root) = volume.root() else { continue };
            if !cleared.files().iter().any(|file| root.inside(&file.file().path).is_some()) {
                continue;
            }
            volume.unmount(&self.host).await?;
            volume.mount_writable(&self.host).await?;
            let wiped = match volume.root() {
                Some(root) => folder::wipe(root, cleared, &self.about()).await,
                None => Ok(Vec::new()),
            };
            volume.unmount(&self.host).await?;
            volume.mount_again(&self.host).await?;
            refused.extend(wiped?);
        }
        Ok(refused)
    }
}

#[async_trait]
impl Camera for MassStorageCamera {
    fn serial(&self) -> &CameraSerial {
        &self.serial
    }

    async fn list(&self) -> Result<Listing, CameraError> {
        self.check_slots().await?;
        let volumes = self.volumes.read().await;
        let (listing, damaged) = self.list_volumes(&volumes).await?;
        let new = |(number, _): &(usize, _)| !matches!(volumes[*number].soundness, Soundness::Damaged(_));
        if !damaged.iter().any(new) {
            // A lock may have been switched since. What a wipe that was cut short has left is judged at the next opening.
            if matches!(self.condition(), Condition::Sound | Condition::WriteProtected) {
                self.judge(&volumes);
            }
            return Ok(listing);
        }
        drop(volumes);
        let mut volumes = self.volumes.write().await;
        for (number, how) in damaged {
            volumes[number].note(Soundness::Damaged(how));
        }
        self.judge(&volumes);
        Ok(self.list_volumes(&volumes).await?.0)
    }

    fn condition(&self) -> Condition {
        self.state().condition.clone()
    }

    fn media(&self) -> &[MediumId] {
        &self.media
    }

    fn quiet_time(&self) -> Duration {
        self.profile.quiet_time
    }

    async fn open(&self, file: &SourceFile, reading: Reading) -> Result<Box<dyn SourceReader>, CameraError> {
        let volumes = Arc::clone(&self.volumes).read_owned().await;
        let (host, wanted) = (self.host.clone(), file.clone());
        let changed = || CameraError::Changed(file.path.clone());
        let reader = match file.kind {
            SourceKind::Image => {
                let volume = volumes.iter().find(|volume| volume.image_path() == file.path).ok_or_else(changed)?;
                let content = host.open(&volume.slot.block).await?;
                let present = host.present(&volume.slot.block).await?;
                let read = move || FolderReader::over(Arc::new(Raw::over(present)), content, wanted, reading.into());
                blocking("read", read).await??
            }
            SourceKind::File => {
                let holds = |volume: &&Volume| volume.root().is_some_and(|root| root.inside(&file.path).is_some());
                let root = volumes.iter().find(holds).and_then(Volume::root).cloned().ok_or_else(changed)?;
                blocking("read", move || FolderReader::open(root, wanted, reading.into())).await??
            }
        };
        Ok(Box::new(FileBeingRead { reader, _volumes: volumes }))
    }

    async fn wipe(&self, permit: WipePermit) -> Result<Vec<NotDeleted>, CameraError> {
        let refuse = |why: String| Err(CameraError::Device { action: "wiped", source: std::io::Error::other(why) });
        let cleared = permit.redeem(&self.serial, self.docking)?;
        // Whoever reads is waited for.
        let mut volumes = self.volumes.write().await;
        match self.condition() {
            condition if condition.allows_wiping() => {}
            Condition::Unsound(why) => return refuse(why),
            condition => return refuse(format!("its condition is {condition:?}")),
        }
        self.check_slots().await?;
        tell(&self.about(), CameraNotice::Deleting { files: cleared.files().len() as u64 });
        // If this is cut short, a mark may stay that only the next opening can judge.
        let unsettled: BTreeSet<_> = self.media.iter().cloned().collect();
        *self.state() = State { unsettled, condition: Condition::MarkedByWipe };
        let refused = self.carry_out(&mut volumes, &cleared).await?;
        self.judge(&volumes);
        Ok(refused)
    }
}

/// A file being read; its volume stays mounted meanwhile.
struct FileBeingRead {
    reader: FolderReader,
    _volumes: OwnedRwLockReadGuard<Vec<Volume>>,
}

#[async_trait]
impl SourceReader for FileBeingRead {
    async fn next(&mut self) -> Result<Option<Piece>, CameraError> {
        self.reader.next().await
    }

    async fn finish(&mut self) -> Result<(), CameraError> {
        self.reader.finish().await
    }
}

/// Waits until the kernel and UDisks2 know all volumes of a device.
async fn appear(host: &Host) -> Result<Vec<Slot>, CameraError> {
    let began = Instant::now();
    let (mut known, mut since) = (Vec::new(), began);
    let mut missing = "it shows no drive".to_owned();
    while began.elapsed() < APPEAR {
        let bus = Arc::clone(&host.bus);
        let looked = blocking("found", move || bus.is_plugged_in().then(|| (bus.blocks(), bus.is_starting()))).await?;
        let Some((blocks, starting)) = looked else { return Err(CameraError::Gone) };
        let blocks = blocks.map_err(|source| CameraError::Device { action: "found", source })?;
        if blocks != known {
            (known, since) = (blocks, Instant::now());
        }
        let slots = slots(&known);
        if slots.is_empty() && !known.is_empty() {
            "it holds no medium".clone_into(&mut missing);
        } else if !slots.is_empty() && starting {
            "one of its drives is still starting up".clone_into(&mut missing);
        } else if !slots.is_empty() && since.elapsed() >= STILL {
            match all_known(host, &slots).await {
                Ok(()) => return Ok(slots),
                Err(error @ (UDisksError::Unknown(_) | UDisksError::Failed(_))) => missing = error.to_string(),
                Err(error) => return Err(unusable(error)),
            }
        }
        sleep(LOOK_AGAIN).await;
    }
    if slots(&known).is_empty() && !known.is_empty() {
        let reason = "It holds no medium. Put its card in, or take it out.";
        return Err(CameraError::Refused(reason.to_owned()));
    }
    let why = format!("{missing}, {} s after it was plugged in", APPEAR.as_secs());
    Err(CameraError::Device { action: "opened", source: std::io::Error::new(std::io::ErrorKind::TimedOut, why) })
}

async fn all_known(host: &Host, slots: &[Slot]) -> Result<(), UDisksError> {
    for slot in slots {
        host.udisks.content(&slot.block).await?;
    }
    Ok(())
}

fn unusable(error: UDisksError) -> CameraError {
    CameraError::Device { action: "opened", source: error.into() }
}

/// Whether a journal on a volume, which would be replayed, is that of camdock's own deletion.
async fn replay(
    volume: &Volume,
    device: &UsbDevice,
    profiles: &[Arc<Profile>],
    ask: &AskUnsettled,
) -> Result<Replay, CameraError> {
    if volume.file_system != Some(FileSystem::Ext4) || volume.soundness != Soundness::InUse {
        return Ok(Replay::Never);
    }
    let serials: BTreeSet<_> =
        profiles.iter().filter_map(|profile| outer_serial(profile, device, &volume.label)).collect();
    for serial in serials {
        if is_unsettled(volume, &ask(serial).await?) {
            return Ok(Replay::OurOwn);
        }
    }
    Ok(Replay::Never)
}

/// Whether a deletion of camdock's own may have left something behind on a volume.
fn is_unsettled(volume: &Volume, unsettled: &BTreeSet<MediumId>) -> bool {
    volume.medium.as_ref().is_some_and(|medium| unsettled.contains(medium))
}

/// Whether nothing is wrong with a volume that camdock's own deletion does not explain.
fn is_sound(volume: &Volume, unsettled: &BTreeSet<MediumId>) -> bool {
    volume.root().is_some()
        && match volume.soundness {
            Soundness::Clean => true,
            Soundness::Unaccounted | Soundness::InUse => is_unsettled(volume, unsettled),
            Soundness::Damaged(_) => false,
        }
}

fn condition_of(volumes: &[Volume], unsettled: &BTreeSet<MediumId>) -> Condition {
    if let Some(volume) = volumes.iter().find(|volume| !is_sound(volume, unsettled)) {
        return Condition::Unsound(what_is_wrong(volume));
    }
    if volumes.iter().any(|volume| volume.slot.block.is_write_protected()) {
        return Condition::WriteProtected;
    }
    if volumes.iter().any(|volume| volume.soundness != Soundness::Clean) {
        return Condition::MarkedByWipe;
    }
    Condition::Sound
}

fn what_is_wrong(volume: &Volume) -> String {
    let name = &volume.slot.name;
    let leave = || {
        format!(
            "If nothing is ever recorded there, write leave = [\"{}\"] into the camera's profile.",
            volume.image_path()
        )
    };
    match volume.soundness {
        _ if volume.file_system.is_none() && !volume.kind.is_empty() => {
            format!("Its volume {name} holds {}, which camdock cannot read. {}", volume.kind, leave())
        }
        _ if volume.file_system.is_none() => format!("On its volume {name} no file system is recognised. {}", leave()),
        Soundness::Damaged(how) => format!("Its volume {name} is damaged: {how}."),
        Soundness::Unaccounted => format!(
            "On its volume {name} there is data that belongs to no file: the camera was switched off or pulled out while it \
             recorded."
        ),
        Soundness::InUse | Soundness::Clean => format!(
            "Its volume {name} was not closed properly: the camera was switched off or pulled out while it wrote."
        ),
    }
}
