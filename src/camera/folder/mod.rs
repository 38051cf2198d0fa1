//! A camera that is a folder: a directory in a bay's folder, or a camera's file system that is already mounted.
//!
//! Promises, besides those of the port:
//! - Nothing outside the folder is ever reached, whatever the names, links and mounts in it say ([`beneath`]).
//! - What is no regular file is reported, never opened, and blocks nothing else ([`walk`]).
//! - Reading takes bounded memory and bounded effort, on a failing medium too ([`reader`]).
//! - A file is deleted only while nobody has it open, as far as the system can tell; and it is that file which is deleted,
//!   not whatever has its name by then ([`wipe`]).
//! - A camera that was taken out is [`CameraError::Gone`]; it never looks empty, and its files never look deleted.
//!
//! It needs Linux 5.8 or newer.

mod aside;
mod beneath;
mod reader;
mod walk;
mod wipe;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rustix::io::Errno;

use self::beneath::KnownBy;
use self::walk::{Progress, Walk};
use super::{Camera, CameraError, Condition, Listing, NotDeleted, Reading, SourceReader};
use crate::custody::WipePermit;
use crate::domain::{ByteCount, CameraNotice, CameraSerial, DockingId, MediumId, SourceFile, Subject};
use crate::files::Cache;
use crate::journal::tell;

pub(super) use self::beneath::{Backing, Device, Holder, Root, Stamps};
pub(super) use self::reader::FolderReader;
pub(super) use self::wipe::wipe;

/// A docked camera that is a folder.
#[derive(Debug)]
pub struct FolderCamera {
    root: PathBuf,
    /// The folder itself, while it is used; else only by what it is known again.
    held: Mutex<Hold>,
    /// Whether it could be written to at the last look.
    is_writable: AtomicBool,
    serial: CameraSerial,
    docking: DockingId,
    quiet: Duration,
}

impl FolderCamera {
    /// Takes hold of the camera at `root`, for this docking; its files count as written to the end once they have not changed
    /// for so long. From now on it is known by its inode: another folder in the same place is
    /// another camera.
    ///
    /// # Errors
    /// [`CameraError::Gone`] if there is no folder, [`CameraError::Device`] if it cannot be opened.
    pub fn open(root: PathBuf, serial: CameraSerial, docking: DockingId, quiet: Duration) -> Result<Self, CameraError> {
        let held = Mutex::new(Hold::Taken(Arc::new(hold(&root)?)));
        Ok(Self { root, held, is_writable: AtomicBool::new(true), serial, docking, quiet })
    }

    /// Its folder; if it was let go of, the very same one.
    fn root(&self) -> Result<Arc<Root>, CameraError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let root = match &*held {
            Hold::Taken(root) => return Ok(Arc::clone(root)),
            Hold::LetGo(known) => {
                let root = Arc::new(hold(&self.root)?);
                if root.known_by() != *known {
                    return Err(CameraError::Gone);
                }
                root
            }
        };
        *held = Hold::Taken(Arc::clone(&root));
        Ok(root)
    }
}

/// Whether a camera's folder is held open.
#[derive(Debug)]
enum Hold {
    Taken(Arc<Root>),
    LetGo(KnownBy),
}

fn hold(folder: &Path) -> Result<Root, CameraError> {
    Root::hold(folder.to_owned(), Backing::default()).map_err(|error| match error {
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP => CameraError::Gone,
        error => CameraError::Device { action: "opened", source: error.into() },
    })
}

#[async_trait]
impl Camera for FolderCamera {
    fn serial(&self) -> &CameraSerial {
        &self.serial
    }

    async fn list(&self) -> Result<Listing, CameraError> {
        let root = self.root()?;
        let listing = take_stock(&root).await?.listing;
        let is_writable = blocking("listed", move || root.is_writable()).await?;
        self.is_writable.store(is_writable, Ordering::Relaxed);
        Ok(listing)
    }

    /// A folder does not know what it lies on; who gives camdock one answers for its file system. But it can be seen whether
    /// that lets anything be deleted.
    fn condition(&self) -> Condition {
        if self.is_writable.load(Ordering::Relaxed) { Condition::Sound } else { Condition::WriteProtected }
    }

    /// What is held open cannot be unmounted.
    fn let_go(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Hold::Taken(root) = &*held {
            *held = Hold::LetGo(root.known_by());
        }
    }

    fn media(&self) -> &[MediumId] {
        &[]
    }

    fn quiet_time(&self) -> Duration {
        self.quiet
    }

    async fn open(&self, file: &SourceFile, reading: Reading) -> Result<Box<dyn SourceReader>, CameraError> {
        let (root, file) = (self.root()?, file.clone());
        let reader = blocking("read", move || FolderReader::open(root, file, reading.into())).await??;
        Ok(Box::new(reader))
    }

    async fn wipe(&self, permit: WipePermit) -> Result<Vec<NotDeleted>, CameraError> {
        let cleared = permit.redeem(&self.serial, self.docking)?;
        let about = Subject::station().camera(&self.serial).docking(self.docking);
        tell(&about, CameraNotice::Deleting { files: cleared.files().len() as u64 });
        wipe(&self.root()?, &cleared, &about).await
    }
}

/// How the system is to be asked.
impl From<Reading> for Cache {
    fn from(reading: Reading) -> Self {
        match reading {
            Reading::First => Self::Allowed,
            Reading::Again => Self::Bypassed,
        }
    }
}

/// Everything beneath a root, and what it says about the file system.
#[derive(Debug)]
pub(super) struct Stock {
    pub(super) listing: Listing,
    /// What the files and folders below the root take up, in whole clusters.
    pub(super) occupied: ByteCount,
    /// What the root folder itself takes up.
    pub(super) root: ByteCount,
    /// What no sound file system shows. Told only of one that a device holds and nobody writes to.
    pub(super) damage: Option<&'static str>,
}

/// Looks at everything beneath a root, as it is now.
pub(super) async fn take_stock(root: &Arc<Root>) -> Result<Stock, CameraError> {
    let present = Arc::clone(root);
    blocking("listed", move || present.check_present()).await??;
    let mut walk = Walk::new(Arc::clone(root));
    loop {
        let present = Arc::clone(root);
        let (walked, progress) = blocking("listed", move || {
            let progress = walk.advance().map_err(|error| present.explain_whole("listed", error));
            (walk, progress)
        })
        .await?;
        walk = walked;
        if progress? == Progress::Done {
            break;
        }
    }
    let present = Arc::clone(root);
    blocking("listed", move || {
        let stock = walk.finish();
        present.check_present().map(|()| stock)
    })
    .await?
}

/// Does `work` on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    action: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CameraError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| CameraError::Device { action, source: error.into() })
}
