//! Opening what lies beneath a folder, and nothing else.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::path::Arg;

const STAY_BENEATH: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// Opens `path`, which lies beneath `from`: whatever the names say, no link is followed, no mount is crossed and no step goes
/// up (the kernel holds this, by `openat2`). `mode` is that of a file which is created.
///
/// # Errors
/// The system's words: `ELOOP` for a link, `EXDEV` for a mount or a step up.
pub fn open_beneath(from: impl AsFd, path: impl Arg + Copy, flags: OFlags, mode: Mode) -> rustix::io::Result<OwnedFd> {
    rustix::io::retry_on_intr(|| rustix::fs::openat2(&from, path, flags | OFlags::CLOEXEC, mode, STAY_BENEATH))
}
