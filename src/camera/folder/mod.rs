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

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::walk::{Progress, Walk};
use super::{Camera, CameraError, Condition, Listing, NotDeleted, Reading, SourceReader};
use crate::custody::WipePermit;
use crate::domain::{ByteCount, CameraSerial, DockingId, MediumId, SourceFile};
use crate::files::Cache;

pub(super) use self::beneath::{Backing, Device, Holder, Root, Stamps};
pub(super) use self::reader::FolderReader;
pub(super) use self::wipe::wipe;

/// A docked camera that is a folder.
#[derive(Debug)]
pub struct FolderCamera {
    root: Arc<Root>,
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
        match Root::hold(root, Backing::default()) {
            Ok(root) => Ok(Self { root: Arc::new(root), serial, docking, quiet }),
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => {
                Err(CameraError::Gone)
            }
            Err(error) => Err(CameraError::Device { action: "opened", source: error.into() }),
        }
    }
}

#[async_trait]
impl Camera for FolderCamera {
    fn serial(&self) -> &CameraSerial {
        &self.serial
    }

    async fn list(&self) -> Result<Listing, CameraError> {
        Ok(take_stock(&self.root).await?.listing)
    }

    /// A folder does not know what it lies on; who gives camdock one answers for its file system.
    fn condition(&self) -> Condition {
        Condition::Sound
    }

    fn media(&self) -> &[MediumId] {
        &[]
    }

    fn quiet_time(&self) -> Duration {
        self.quiet
    }

    async fn open(&self, file: &SourceFile, reading: Reading) -> Result<Box<dyn SourceReader>, CameraError> {
        let (root, file) = (Arc::clone(&self.root), file.clone());
        let reader = blocking("read", move || FolderReader::open(root, file, reading.into())).await??;
        Ok(Box::new(reader))
    }

    async fn wipe(&self, permit: WipePermit) -> Result<Vec<NotDeleted>, CameraError> {
        let cleared = permit.redeem(&self.serial, self.docking)?;
        tracing::info!(camera = %self.serial, folder = %self.root.path().display(), files = cleared.files().len(), "deleting");
        wipe(&self.root, &cleared).await
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
