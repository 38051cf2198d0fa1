//! One volume of a camera: looked at, mounted, and what stays of it when it cannot be mounted.
//!
//! Promises: a volume is examined before it is mounted, and its stock taken before it is believed to be sound; it is mounted
//! read-only unless a permit says otherwise; one that the kernel would repair on its own is not mounted at all. Another
//! medium in its place is noticed before anything is deleted, and before anything counts as deleted.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::allocation::{RootFolder, allocated};
use super::mounts::{self, Access};
use super::soundness::{FileSystem, Soundness, examine};
use super::sysfs::{Block, Bus, Slot};
use super::udisks::{UDisks, UDisksError, bypass_cache};
use crate::camera::CameraError;
use crate::camera::folder::{Backing, Device, Holder, Root, Stamps, Stock, blocking, take_stock};
use crate::domain::{ByteCount, CameraNotice, MediumId, SourceFile, SourcePath, Subject};
use crate::files::{ALIGNMENT, Pool};
use crate::journal::tell;

/// The first line of a file that holds a serial is no longer than this.
const FIRST_LINE: usize = 4096;

/// A mount fails for a moment while an earlier one ends, or while two volumes of one label are mounted at once.
const ATTEMPTS: u32 = 3;
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);

/// A volume that was looked at.
#[derive(Debug)]
pub(super) struct Volume {
    pub(super) slot: Slot,
    /// What udev calls its file system; empty if it does not know it.
    pub(super) kind: String,
    pub(super) label: String,
    pub(super) file_system: Option<FileSystem>,
    pub(super) soundness: Soundness,
    /// What its file system calls itself, if it makes sense.
    pub(super) medium: Option<MediumId>,
    mounted: Option<Mounted>,
}

/// Whether the kernel may write to a volume on its own while mounting it, such as to replay a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replay {
    /// It may not.
    Never,
    /// It may: all that is to be replayed is camdock's own deletion.
    OurOwn,
}

impl Volume {
    /// Looks at what is in a slot. Nothing is mounted yet; whatever was is a leftover, and is unmounted.
    pub(super) async fn look(host: &Host, slot: Slot) -> Result<Self, CameraError> {
        host.ask(&slot.block, host.udisks.unmount_by_force(&slot.block)).await?;
        let content = host.ask(&slot.block, host.udisks.content(&slot.block)).await?;
        let file_system = FileSystem::named(&content.kind);
        let mut volume = Self {
            slot,
            kind: content.kind,
            label: content.label,
            file_system,
            soundness: Soundness::Damaged("no file system is recognised"),
            medium: None,
            mounted: None,
        };
        volume.medium = volume.examine(host).await?;
        Ok(volume)
    }

    /// What its file system says about itself now. Returns what it calls itself.
    async fn examine(&mut self, host: &Host) -> Result<Option<MediumId>, CameraError> {
        let Some(kind) = self.file_system else { return Ok(None) };
        let device = host.open(&self.slot.block).await?;
        let examined = blocking("examined", move || examine(&device, kind)).await?;
        // An error of the medium and a camera that was taken out look alike.
        host.check_present(&self.slot.block).await?;
        self.soundness = examined.soundness;
        Ok(examined.id)
    }

    /// Examines it again, and whether it is the same medium still.
    async fn examine_again(&mut self, host: &Host) -> Result<(), CameraError> {
        if self.examine(host).await? == self.medium { Ok(()) } else { Err(CameraError::Exchanged) }
    }

    /// Mounts it to be read, if it can be. One that cannot is damaged.
    pub(super) async fn mount(&mut self, host: &Host, replay: Replay) -> Result<(), CameraError> {
        let mountable = match (self.file_system, self.soundness) {
            (Some(FileSystem::Ext4), Soundness::InUse) => replay == Replay::OurOwn,
            (None, _) | (Some(FileSystem::Ext4), Soundness::Damaged(_)) => false,
            (Some(_), _) => true,
        };
        if !mountable {
            return Ok(());
        }
        match self.mount_for(host, Access::ReadOnly).await {
            Ok(mounted) => {
                self.mounted = Some(mounted);
                self.judge(host).await
            }
            Err(MountError::Medium(why)) => {
                let (volume, error) = (self.slot.name.clone(), why.clone());
                tell(&Subject::station(), CameraNotice::NotMounted { volume, error });
                self.note(Soundness::Damaged("it cannot be mounted"));
                Ok(())
            }
            Err(MountError::Camera(error)) => Err(error),
        }
    }

    /// Holds what is allocated on it against what its files and folders take up.
    async fn judge(&mut self, host: &Host) -> Result<(), CameraError> {
        let Some(stock) = self.take_stock().await? else { return Ok(()) };
        if let Some(how) = stock.damage {
            self.note(Soundness::Damaged(how));
            return Ok(());
        }
        let Some(kind) = self.file_system else { return Ok(()) };
        let device = host.open(&self.slot.block).await?;
        let allocated = blocking("examined", move || allocated(&device, kind)).await?;
        host.check_present(&self.slot.block).await?;
        match allocated {
            Ok(Some(allocated)) => {
                let root = match allocated.root {
                    RootFolder::InClusters => stock.root,
                    RootFolder::Apart => ByteCount::default(),
                };
                if stock.occupied + root != allocated.bytes {
                    let (files, allocated) = ((stock.occupied + root).get(), allocated.bytes.get());
                    let volume = self.slot.name.clone();
                    tell(&Subject::station(), CameraNotice::Unaccounted { volume, files, allocated });
                    self.note(Soundness::Unaccounted);
                }
            }
            Ok(None) => {}
            Err(_) => self.note(Soundness::Damaged("its table of allocations cannot be read")),
        }
        Ok(())
    }

    /// Everything on it, as it is now; `None` if it is not mounted.
    pub(super) async fn take_stock(&self) -> Result<Option<Stock>, CameraError> {
        match self.root() {
            Some(root) => take_stock(root).await.map(Some),
            None => Ok(None),
        }
    }

    /// What was found makes it no better than this.
    pub(super) fn note(&mut self, found: Soundness) {
        // Of two kinds of damage the one that was found first explains the other.
        if found > self.soundness && !matches!(self.soundness, Soundness::Damaged(_)) {
            self.soundness = found;
        }
    }

    async fn mount_for(&self, host: &Host, access: Access) -> Result<Mounted, MountError> {
        let block = &self.slot.block;
        let present = host.present(block).await?;
        let mut attempt = 1;
        let at = loop {
            match host.udisks.mount(block, access).await {
                Ok(at) => break at,
                Err(UDisksError::Failed(why)) => {
                    host.check_present(block).await?;
                    if attempt == ATTEMPTS {
                        return Err(MountError::Medium(why));
                    }
                }
                Err(error) => return Err(host.explain(block, error).await.into()),
            }
            attempt += 1;
            sleep(BETWEEN_ATTEMPTS).await;
        };
        // From here on it is unmounted whatever happens.
        let release = Release { host: host.clone(), block: Some(block.clone()) };
        let stamps = match self.file_system {
            Some(FileSystem::Ext4) => Stamps::Everything,
            _ => Stamps::SizeAndTime,
        };
        let backing = Backing { device: Some(Arc::new(present)), stamps, prefix: self.slot.prefix.clone() };
        let (number, place) = (block.number, at.clone());
        let held = blocking("mounted", move || {
            mounts::verify(number, &place, access)?;
            Root::hold(place, backing).map_err(std::io::Error::from)
        })
        .await?;
        match held {
            Ok(root) => Ok(Mounted { root: Arc::new(root), release }),
            Err(source) => {
                host.check_present(block).await?;
                Err(CameraError::Device { action: "mounted", source }.into())
            }
        }
    }

    /// Mounts it so that files can be deleted. It must not be in use; afterwards it is [unmounted](Self::unmount).
    ///
    /// # Errors
    /// [`CameraError::Exchanged`] if there is another medium in its place, or the same one in another state.
    pub(super) async fn mount_writable(&mut self, host: &Host) -> Result<(), CameraError> {
        self.examine_again(host).await?;
        if let Soundness::Damaged(how) = self.soundness {
            let (volume, why) = (self.slot.name.clone(), how.to_owned());
            tell(&Subject::station(), CameraNotice::NotWritten { volume, why });
            return Err(CameraError::Exchanged);
        }
        match self.mount_for(host, Access::Writable).await {
            Ok(mounted) => {
                self.mounted = Some(mounted);
                Ok(())
            }
            Err(MountError::Camera(error)) => Err(error),
            Err(MountError::Medium(why)) => {
                Err(CameraError::Device { action: "mounted for wiping", source: std::io::Error::other(why) })
            }
        }
    }

    /// Unmounts it, once nobody reads it any more. When this succeeds, everything written is on the medium.
    pub(super) async fn unmount(&mut self, host: &Host) -> Result<(), CameraError> {
        let Some(Mounted { root, mut release }) = self.mounted.take() else { return Ok(()) };
        drop(root);
        host.ask(&self.slot.block, host.udisks.unmount(&self.slot.block)).await?;
        release.block = None;
        host.check_present(&self.slot.block).await
    }

    /// Examines and mounts it afresh, so that what is read comes from the medium.
    ///
    /// # Errors
    /// [`CameraError::Exchanged`] if there is another medium in its place.
    pub(super) async fn mount_again(&mut self, host: &Host) -> Result<(), CameraError> {
        self.examine_again(host).await?;
        self.mount(host, Replay::OurOwn).await
    }

    /// Where it is mounted, if it is.
    pub(super) fn root(&self) -> Option<&Arc<Root>> {
        self.mounted.as_ref().map(|mounted| &mounted.root)
    }

    /// Whether this may have been a good file system of a camera once.
    pub(super) fn may_be_damaged(&self) -> bool {
        self.file_system.is_some() || self.kind.is_empty()
    }

    /// The path under which an image of it is listed.
    pub(super) fn image_path(&self) -> SourcePath {
        SourcePath::new(format!("/{}.img", self.slot.name).into_bytes())
    }

    /// The first line of a file on it.
    pub(super) fn first_line(&self, path: &SourcePath) -> Option<String> {
        let content = self.root()?.open_beneath(path).ok()?;
        let mut buffer = [0; FIRST_LINE];
        let read = rustix::io::pread(&content, &mut buffer, 0).ok()?;
        let text = std::str::from_utf8(&buffer[..read]).ok()?;
        Some(text.trim_start_matches('\u{feff}').lines().next()?.trim_end().to_owned())
    }
}

/// Why a volume was not mounted.
enum MountError {
    /// Its content does not allow it.
    Medium(String),
    Camera(CameraError),
}

impl From<CameraError> for MountError {
    fn from(error: CameraError) -> Self {
        Self::Camera(error)
    }
}

/// A mounted volume.
#[derive(Debug)]
struct Mounted {
    // Dropped before it is released.
    root: Arc<Root>,
    release: Release,
}

/// Unmounts a volume when it is dropped. If that comes too late, the next opening of the camera does it.
#[derive(Debug)]
struct Release {
    host: Host,
    /// None once it is unmounted.
    block: Option<Block>,
}

impl Drop for Release {
    fn drop(&mut self) {
        let Some(block) = self.block.take() else { return };
        let host = self.host.clone();
        let runtime = host.runtime.clone();
        runtime.spawn(async move {
            if let Err(error) = host.udisks.unmount(&block).await {
                let (volume, error) = (block.node.clone(), error.to_string());
                tell(&Subject::station(), CameraNotice::StaysMounted { volume, error });
            }
        });
    }
}

/// What a camera needs of this machine.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) bus: Arc<Bus>,
    pub(super) udisks: UDisks,
    pub(super) runtime: tokio::runtime::Handle,
}

impl Host {
    /// Asks UDisks2 about a block device: an error about one that is gone is the camera's absence.
    pub(super) async fn ask<T>(
        &self,
        block: &Block,
        call: impl Future<Output = Result<T, UDisksError>>,
    ) -> Result<T, CameraError> {
        match call.await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.explain(block, error).await),
        }
    }

    pub(super) async fn explain(&self, block: &Block, error: UDisksError) -> CameraError {
        match self.check_present(block).await {
            Ok(()) => CameraError::Device { action: "used", source: error.into() },
            Err(gone) => gone,
        }
    }

    /// # Errors
    /// [`CameraError::Gone`] if the device is not the one that it was.
    pub(super) async fn check_present(&self, block: &Block) -> Result<(), CameraError> {
        let (bus, block) = (Arc::clone(&self.bus), block.clone());
        let there = blocking("looked for", move || bus.has(&block)).await?;
        if there { Ok(()) } else { Err(CameraError::Gone) }
    }

    /// Opens a block device for reading past the page cache.
    pub(super) async fn open(&self, block: &Block) -> Result<OwnedFd, CameraError> {
        let device = self.ask(block, self.udisks.open(block)).await?;
        bypass_cache(&device);
        Ok(device)
    }

    /// A witness of a block device's presence. It keeps the device open, so it must be gone before a fresh mount: else the
    /// kernel would go on with what it remembers.
    pub(super) async fn present(&self, block: &Block) -> Result<Present, CameraError> {
        let device = self.open(block).await?;
        Ok(Present { bus: Arc::clone(&self.bus), block: block.clone(), device })
    }
}

/// A block device, held open so that it can be asked for a sign of life.
#[derive(Debug)]
pub(super) struct Present {
    bus: Arc<Bus>,
    block: Block,
    device: OwnedFd,
}

impl Device for Present {
    /// The same device is in the port, and its first sector can be read from it. The kernel takes a moment to notice that
    /// a device is gone, and file systems show what they please by then.
    fn is_present(&self) -> bool {
        let mut sector = Pool::new(ALIGNMENT, 1).take();
        self.bus.has(&self.block)
            && rustix::io::pread(&self.device, &mut sector[..], 0).is_ok_and(|read| read > 0)
            && self.bus.has(&self.block)
    }
}

/// The bytes of a volume as they are on its medium, whatever its file system says.
#[derive(Debug)]
pub(super) struct Raw {
    present: Present,
    /// Whether the first sector could be read; on a failing medium it says nothing about presence.
    answers: bool,
}

impl Raw {
    /// Blocks.
    pub(super) fn over(present: Present) -> Self {
        let answers = present.is_present();
        Self { present, answers }
    }
}

impl Holder for Raw {
    fn is_present(&self) -> bool {
        if self.answers { self.present.is_present() } else { self.present.bus.has(&self.present.block) }
    }

    fn check_unchanged(&self, _: &SourceFile) -> Result<(), CameraError> {
        self.check_present()
    }
}
