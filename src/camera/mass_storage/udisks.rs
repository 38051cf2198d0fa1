//! UDisks2, which opens and mounts block devices for a process that may not: the few calls that are used, typed.
//!
//! Promises: every call ends, within [`PATIENCE`]; nobody is asked for a password; a call about a block device is about
//! the one of this number, or fails.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::OFlags;
use tokio::time::{Instant, sleep, timeout};
use zbus::Variant;
use zbus::proxy::CacheProperties;

use super::mounts::Access;
use super::sysfs::Block;

/// A mount of a slow medium takes seconds; nothing takes as long as this.
const PATIENCE: Duration = Duration::from_mins(1);
/// A file system is busy for a moment after its last reader has gone.
const BUSY: Duration = Duration::from_secs(10);
const TRY_AGAIN: Duration = Duration::from_millis(200);

type Options<'a> = HashMap<&'a str, Variant<'a>>;

#[zbus::proxy(interface = "org.freedesktop.UDisks2.Block", default_service = "org.freedesktop.UDisks2")]
trait BlockDevice {
    fn open_device(&self, mode: &str, options: Options<'_>) -> zbus::Result<zbus::OwnedFd>;
    #[zbus(property)]
    fn device_number(&self) -> zbus::Result<u64>;
    #[zbus(property)]
    fn drive(&self) -> zbus::Result<zbus::OwnedObjectPath>;
    #[zbus(property)]
    fn id_type(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn id_label(&self) -> zbus::Result<String>;
}

#[zbus::proxy(interface = "org.freedesktop.UDisks2.Filesystem", default_service = "org.freedesktop.UDisks2")]
trait Filesystem {
    fn mount(&self, options: Options<'_>) -> zbus::Result<String>;
    fn unmount(&self, options: Options<'_>) -> zbus::Result<()>;
    #[zbus(property)]
    fn mount_points(&self) -> zbus::Result<Vec<Vec<u8>>>;
}

/// What went wrong between camdock and UDisks2.
#[derive(Debug, thiserror::Error)]
pub(super) enum UDisksError {
    /// It does not know the device, or not yet, or not any more.
    #[error("UDisks2 does not know {0}")]
    Unknown(String),
    /// Somebody uses the file system.
    #[error("it is in use ({0})")]
    Busy(String),
    /// It is not mounted, or not any more.
    #[error("it is not mounted")]
    NotMounted,
    /// A rule is missing.
    #[error("UDisks2 does not allow it ({0}); is camdock's polkit rule installed?")]
    NotAllowed(String),
    /// Mounting or opening failed: what the system says about the device.
    #[error("{0}")]
    Failed(String),
    /// It does not answer.
    #[error("UDisks2 does not answer ({0}); is udisks2 installed, and D-Bus running?")]
    NoAnswer(String),
}

impl From<UDisksError> for io::Error {
    fn from(error: UDisksError) -> Self {
        Self::other(error)
    }
}

/// Whether a file system in use is unmounted all the same: nobody finds it any more, and it ends with its last user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Force {
    No,
    Yes,
}

/// What UDisks2 knows about a block device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// The file system's name; empty if none is recognised.
    pub(super) kind: String,
    /// Its label.
    pub(super) label: String,
}

/// A connection to UDisks2.
#[derive(Debug, Clone)]
pub(super) struct UDisks {
    bus: zbus::Connection,
}

impl UDisks {
    /// The one of this machine.
    pub(super) async fn connect() -> Result<Self, UDisksError> {
        Ok(Self::over(answer("the system bus", zbus::Connection::system()).await?))
    }

    /// The one on this bus.
    pub(super) const fn over(bus: zbus::Connection) -> Self {
        Self { bus }
    }

    /// What is on a block device.
    pub(super) async fn content(&self, block: &Block) -> Result<Content, UDisksError> {
        let device = self.device(block).await?;
        let kind = answer(&block.node, device.id_type()).await?;
        let label = answer(&block.node, device.id_label()).await?;
        Ok(Content { kind, label })
    }

    /// Opens a block device for reading.
    pub(super) async fn open(&self, block: &Block) -> Result<OwnedFd, UDisksError> {
        let device = self.device(block).await?;
        Ok(answer(&block.node, device.open_device("r", quietly())).await?.into())
    }

    /// Mounts a block device; says where.
    pub(super) async fn mount(&self, block: &Block, access: Access) -> Result<PathBuf, UDisksError> {
        self.device(block).await?;
        let mut options = quietly();
        options.insert(
            "options",
            Variant::from(match access {
                Access::ReadOnly => "ro,nosuid,nodev,noexec",
                Access::Writable => "rw,nosuid,nodev,noexec,sync",
            }),
        );
        let at = answer(&block.node, self.file_system(block).await?.mount(options)).await?;
        Ok(PathBuf::from(at))
    }

    /// Unmounts a block device, wherever it is mounted; waits for whoever uses it.
    pub(super) async fn unmount(&self, block: &Block) -> Result<(), UDisksError> {
        let began = Instant::now();
        loop {
            match self.unmount_once(block, Force::No).await {
                Err(UDisksError::Busy(_)) if began.elapsed() < BUSY => sleep(TRY_AGAIN).await,
                done => return done,
            }
        }
    }

    /// Unmounts a block device whoever uses it: what is mounted of a camera that camdock does not use is left over.
    pub(super) async fn unmount_by_force(&self, block: &Block) -> Result<(), UDisksError> {
        match self.unmount_once(block, Force::No).await {
            Err(UDisksError::Busy(_)) => self.unmount_once(block, Force::Yes).await,
            done => done,
        }
    }

    async fn unmount_once(&self, block: &Block, force: Force) -> Result<(), UDisksError> {
        let file_system = self.file_system(block).await?;
        let began = Instant::now();
        // One mount goes at a time, and there may be several.
        while !self.mounted_at(block).await?.is_empty() {
            let mut options = quietly();
            options.insert("force", Variant::from(force == Force::Yes));
            match answer(&block.node, file_system.unmount(options)).await {
                Ok(()) => {}
                // UDisks2 takes a moment to notice what others did.
                Err(UDisksError::NotMounted) if began.elapsed() < BUSY => sleep(TRY_AGAIN).await,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Where a block device is mounted.
    pub(super) async fn mounted_at(&self, block: &Block) -> Result<Vec<PathBuf>, UDisksError> {
        self.device(block).await?;
        let places = match answer(&block.node, self.file_system(block).await?.mount_points()).await {
            // What has no file system that UDisks2 knows cannot be mounted.
            Err(UDisksError::Unknown(_)) => Vec::new(),
            places => places?,
        };
        // Byte strings, each with a NUL at its end.
        let path = |mut bytes: Vec<u8>| {
            bytes.pop_if(|last| *last == 0);
            OsString::from_vec(bytes).into()
        };
        Ok(places.into_iter().map(path).collect())
    }

    /// The block device by its name, if that still is the name of this very one.
    async fn device(&self, block: &Block) -> Result<BlockDeviceProxy<'_>, UDisksError> {
        let proxy = BlockDeviceProxy::builder(&self.bus).path(path(block)).cache_properties(CacheProperties::No);
        let proxy = answer(&block.node, proxy.build()).await?;
        let (major, minor) = block.number;
        match answer(&block.node, proxy.device_number()).await {
            Ok(number) if number == rustix::fs::makedev(major, minor) => {}
            Ok(_) | Err(UDisksError::Failed(_)) => return Err(UDisksError::Unknown(block.node.clone())),
            Err(error) => return Err(error),
        }
        // It comes before its drive, and what polkit's rule asks about is the drive.
        match answer(&block.node, proxy.drive()).await?.as_str() {
            "/" => Err(UDisksError::Unknown(block.node.clone())),
            _ => Ok(proxy),
        }
    }

    async fn file_system(&self, block: &Block) -> Result<FilesystemProxy<'_>, UDisksError> {
        let proxy = FilesystemProxy::builder(&self.bus).path(path(block)).cache_properties(CacheProperties::No);
        answer(&block.node, proxy.build()).await
    }
}

fn path(block: &Block) -> String {
    format!("/org/freedesktop/UDisks2/block_devices/{}", block.node)
}

fn quietly<'a>() -> Options<'a> {
    Options::from([("auth.no_user_interaction", Variant::from(true))])
}

async fn answer<T>(about: &str, call: impl Future<Output = zbus::Result<T>>) -> Result<T, UDisksError> {
    match timeout(PATIENCE, call).await {
        Ok(answer) => answer.map_err(|error| explain(about, error)),
        Err(_) => Err(UDisksError::NoAnswer(format!("nothing for {} s about {about}", PATIENCE.as_secs()))),
    }
}

fn explain(about: &str, error: zbus::Error) -> UDisksError {
    let (name, words) = match error {
        zbus::Error::MethodError(name, words, _) => (name.to_string(), words.unwrap_or_default()),
        zbus::Error::FDO(error) => match *error {
            zbus::fdo::Error::UnknownObject(_)
            | zbus::fdo::Error::UnknownMethod(_)
            | zbus::fdo::Error::UnknownInterface(_)
            | zbus::fdo::Error::UnknownProperty(_)
            | zbus::fdo::Error::InvalidArgs(_) => return UDisksError::Unknown(about.to_owned()),
            error => return UDisksError::NoAnswer(error.to_string()),
        },
        error => return UDisksError::NoAnswer(error.to_string()),
    };
    match name.rsplit('.').next().unwrap_or_default() {
        "NotMounted" => UDisksError::NotMounted,
        "DeviceBusy" | "AlreadyMounted" => UDisksError::Busy(words),
        "NotAuthorized" | "NotAuthorizedCanObtain" | "NotAuthorizedDismissed" | "AccessDenied" => {
            UDisksError::NotAllowed(words)
        }
        "UnknownObject" | "UnknownMethod" | "UnknownInterface" | "UnknownProperty" | "InvalidArgs" => {
            UDisksError::Unknown(about.to_owned())
        }
        "ServiceUnknown" | "NoReply" | "Disconnected" | "Timeout" | "TimedOut" => UDisksError::NoAnswer(words),
        _ if name.starts_with("org.freedesktop.DBus.Error.Spawn") => UDisksError::NoAnswer(words),
        _ => UDisksError::Failed(words),
    }
}

/// Opens past the page cache, where the device can do that.
pub(super) fn bypass_cache(device: &OwnedFd) {
    // Without it the answer may be the page cache's, which is why every device is opened afresh where that matters.
    let _ = rustix::fs::fcntl_setfl(device, OFlags::DIRECT);
}
