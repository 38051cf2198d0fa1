//! Reaching what lies beneath a camera's root, and nothing else.
//!
//! Promises: whatever a camera's names say, nothing outside the camera is reached: no link is followed, no mount point
//! is crossed, and no step goes up (the kernel holds this, by `openat2`). Paths may be longer than `PATH_MAX`.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, StatVfsMountFlags, Statx, StatxFlags, StatxTimestamp};
use rustix::io::{Errno, Result};

use crate::camera::CameraError;
use crate::domain::{ByteCount, Moment, Sha256, SourceFile, SourceKind, SourcePath};
use crate::files::open_beneath;

/// The unit of `stx_blocks`, in bytes, whatever the file system.
const BLOCK: u64 = 512;

/// The longest path that the kernel takes in one call, without the NUL at its end.
const LONGEST_CALL: usize = 4095;

/// The device below a mounted file system. The file system itself is no witness: after the device was pulled out, FAT
/// shows an empty folder without an error.
pub(in crate::camera) trait Device: Send + Sync + fmt::Debug {
    /// Whether this very device is still there and answers. May block.
    fn is_present(&self) -> bool;
}

/// What tells two states of a file apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::camera) enum Stamps {
    /// Everything that the file system says about it.
    #[default]
    Everything,
    /// Length and time of last writing: FAT and exFAT make up everything else anew whenever they are mounted.
    SizeAndTime,
}

/// What is known about a root besides its folder.
#[derive(Debug, Default)]
pub(in crate::camera) struct Backing {
    /// The device that it lies on, if it is a mounted file system.
    pub(in crate::camera) device: Option<Arc<dyn Device>>,
    /// What tells two states of a file apart.
    pub(in crate::camera) stamps: Stamps,
    /// What the camera puts before every path in here, such as `p1/`, if it has several volumes.
    pub(in crate::camera) prefix: Vec<u8>,
}

/// Something that files are read from, and that may be taken away meanwhile.
pub(in crate::camera) trait Holder: Send + Sync {
    /// Whether the camera is still there. A camera that does not answer counts as gone.
    fn is_present(&self) -> bool;

    /// Checks that a listed file is still the one that was listed.
    ///
    /// # Errors
    /// [`CameraError::Changed`] if it is not, or [`CameraError::Gone`] if the whole camera is not there.
    fn check_unchanged(&self, file: &SourceFile) -> std::result::Result<(), CameraError>;

    /// # Errors
    /// [`CameraError::Gone`] if the camera is not there any more.
    fn check_present(&self) -> std::result::Result<(), CameraError> {
        if self.is_present() { Ok(()) } else { Err(CameraError::Gone) }
    }

    /// What it means that a file is not what was listed: nothing, if the whole camera is gone.
    fn changed(&self, path: &SourcePath) -> CameraError {
        if self.is_present() { CameraError::Changed(path.clone()) } else { CameraError::Gone }
    }

    /// What an error about one file means: nothing about the file, if the whole camera is gone.
    fn explain(&self, path: &SourcePath, error: Errno) -> CameraError {
        match error {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV => self.changed(path),
            _ if self.is_present() => CameraError::File { path: path.clone(), source: error.into() },
            _ => CameraError::Gone,
        }
    }

    /// What an error about the camera as a whole means.
    fn explain_whole(&self, action: &'static str, source: std::io::Error) -> CameraError {
        if self.is_present() { CameraError::Device { action, source } } else { CameraError::Gone }
    }
}

/// What tells a folder from every other, without holding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownBy {
    device: (u32, u32),
    inode: u64,
    born: (i64, u32),
    mount: u64,
}

/// The root folder of a camera or of one of its volumes, held open: its inode cannot be given to another folder while
/// this exists.
#[derive(Debug)]
pub(in crate::camera) struct Root {
    path: PathBuf,
    folder: OwnedFd,
    look: Look,
    backing: Backing,
}

impl Holder for Root {
    /// Its path leads to the very folder that is held, and the device below it answers.
    fn is_present(&self) -> bool {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::STATX_FORCE_SYNC;
        rustix::fs::statx(CWD, &self.path, flags, Look::WANTED)
            .is_ok_and(|now| Look::from(now).identity() == self.look.identity())
            && self.backing.device.as_ref().is_none_or(|device| device.is_present())
    }

    fn check_unchanged(&self, file: &SourceFile) -> std::result::Result<(), CameraError> {
        let looked = self.parent_of(&file.path).and_then(|(folder, name)| Look::at(&folder, name, Freshness::Now));
        match looked {
            Ok(look) if self.owns(&look) && self.is_same(&look, file) => self.check_present(),
            Ok(_) => Err(self.changed(&file.path)),
            Err(error) => Err(self.explain(&file.path, error)),
        }
    }
}

impl Root {
    /// Takes hold of the folder at `path`, which must not be a symbolic link.
    pub(in crate::camera) fn hold(path: PathBuf, backing: Backing) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = rustix::fs::open(&path, flags, Mode::empty())?;
        let look = Look::at(&folder, b"", Freshness::Cached)?;
        Ok(Self { path, folder, look, backing })
    }

    /// Whether nobody writes to it while it is looked at: it is a device's file system, mounted to be read.
    pub(super) fn stands_still(&self) -> bool {
        self.backing.device.is_some()
    }

    /// Whether nobody else writes to it, and nobody could while files are deleted: it is a device's file system, mounted for
    /// camdock.
    pub(super) fn is_ours_alone(&self) -> bool {
        self.backing.device.is_some()
    }

    /// Whether two entries of one folder that lead to the same file are two entries of the same name, of which the file
    /// system shows the first only.
    pub(super) fn has_no_hard_links(&self) -> bool {
        self.stands_still() && self.backing.stamps == Stamps::SizeAndTime
    }

    /// What the root folder itself takes up on its medium, as far as the file system says.
    pub(super) fn occupied(&self) -> ByteCount {
        self.look.occupied()
    }

    /// By what it is known again when it is not held: its inode could be another folder's by then, but not with the same time
    /// of birth on the same mount.
    pub(super) const fn known_by(&self) -> KnownBy {
        KnownBy { device: self.look.device, inode: self.look.inode, born: self.look.born, mount: self.look.mount }
    }

    /// Whether the file system that it is on can be written to now.
    pub(super) fn is_writable(&self) -> bool {
        rustix::fs::fstatvfs(&self.folder).is_ok_and(|system| !system.f_flag.contains(StatVfsMountFlags::RDONLY))
    }

    /// Where the camera was found.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The camera's path of an entry in here.
    pub(super) fn outside(&self, inside: SourcePath) -> SourcePath {
        if self.backing.prefix.is_empty() {
            return inside;
        }
        SourcePath::new([self.backing.prefix.as_slice(), inside.as_bytes()].concat())
    }

    /// The path in here of what the camera calls `path`, if it lies in here.
    pub(in crate::camera) fn inside<'a>(&self, path: &'a SourcePath) -> Option<&'a [u8]> {
        path.as_bytes().strip_prefix(self.backing.prefix.as_slice())
    }

    /// An entry as a file to be listed.
    pub(super) fn listed(&self, look: &Look, path: SourcePath) -> SourceFile {
        SourceFile {
            path,
            size: ByteCount::new(look.size),
            modified: look.moment(),
            stamp: look.stamp(self.backing.stamps),
            kind: SourceKind::File,
        }
    }

    /// Whether an entry is the regular file that was listed, as it was then.
    fn is_same(&self, look: &Look, file: &SourceFile) -> bool {
        look.kind == FileType::RegularFile && self.listed(look, file.path.clone()) == *file
    }

    /// Whether an entry is the camera's own, and not something mounted over it.
    pub(super) fn owns(&self, entry: &Look) -> bool {
        entry.mount == self.look.mount
    }

    /// Opens a folder by its path beneath the root; an empty path is the root itself.
    pub(super) fn open_folder(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
        let (mut here, mut rest) = (None, path);
        while rest.len() > LONGEST_CALL {
            let (now, later) = split_call(rest).ok_or(Errno::NAMETOOLONG)?;
            let from = here.as_ref().unwrap_or(&self.folder);
            here = Some(step(from, now, OFlags::PATH | OFlags::DIRECTORY)?);
            rest = later;
        }
        let last: &[u8] = if rest.is_empty() { b"." } else { rest };
        step(here.as_ref().unwrap_or(&self.folder), last, flags | OFlags::DIRECTORY)
    }

    /// Whether there is a folder of this path beneath the root, readable or not.
    ///
    /// # Errors
    /// [`CameraError`] if that cannot be told.
    pub(in crate::camera) fn has_folder(&self, path: &SourcePath) -> std::result::Result<bool, CameraError> {
        match self.open_folder(path.as_bytes(), OFlags::PATH) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => self.check_present().map(|()| false),
            Err(error) if tells_of_damage(error) => self.check_present().map(|()| true),
            Err(error) => Err(self.explain_whole("identified", error.into())),
        }
    }

    /// Opens the regular file at a path beneath the root, whether it was listed or not.
    pub(in crate::camera) fn open_beneath(&self, path: &SourcePath) -> Result<OwnedFd> {
        let (folder, name) = split_parent(path.as_bytes());
        let folder = self.open_folder(folder, OFlags::PATH)?;
        if Look::at(&folder, name, Freshness::Now)?.kind != FileType::RegularFile {
            return Err(Errno::INVAL);
        }
        step_quietly(&folder, name, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)
    }

    /// The folder that holds a listed file, and the file's name in it.
    pub(super) fn parent_of<'a>(&self, path: &'a SourcePath) -> Result<(OwnedFd, &'a [u8])> {
        let inside = self.inside(path).ok_or(Errno::INVAL)?;
        if inside.split(|byte| *byte == b'/').any(|component| matches!(component, b"" | b"." | b"..")) {
            return Err(Errno::INVAL);
        }
        let (folder, name) = split_parent(inside);
        Ok((self.open_folder(folder, OFlags::PATH)?, name))
    }

    /// Opens a listed file for reading. What is no regular file, or not the one that was listed, is never opened; should
    /// it be exchanged for something else at that very moment, then opening it neither blocks nor goes unnoticed.
    pub(in crate::camera) fn open_file(&self, file: &SourceFile) -> std::result::Result<OwnedFd, CameraError> {
        self.check_unchanged(file)?;
        let opened = self.parent_of(&file.path).and_then(|(folder, name)| {
            let content = step_quietly(&folder, name, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
            let look = Look::at(&content, b"", Freshness::Now)?;
            Ok((content, look))
        });
        match opened {
            Ok((content, look)) if self.owns(&look) && self.is_same(&look, file) => Ok(content),
            Ok(_) => Err(self.changed(&file.path)),
            Err(error) => Err(self.explain(&file.path, error)),
        }
    }
}

/// Whether this error says that a file system contradicts itself, or that its medium does not give what belongs to it.
pub(super) fn tells_of_damage(error: Errno) -> bool {
    matches!(error, Errno::IO | Errno::UCLEAN | Errno::BADMSG)
}

/// The path of the folder that holds an entry (empty for the root), and the entry's name in it.
pub(super) fn split_parent(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// The longest beginning of `path`, in whole components, that fits into one call, and what remains after the slash.
fn split_call(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = path[..=LONGEST_CALL].iter().rposition(|byte| *byte == b'/')?;
    Some((&path[..slash], &path[slash + 1..]))
}

/// Opens `path`, which lies beneath `from`.
pub(super) fn step(from: impl AsFd, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    open_beneath(from, path, flags | OFlags::NOFOLLOW, Mode::empty())
}

/// Like [`step`], without touching the time of last access, where the system lets us.
pub(super) fn step_quietly(from: impl AsFd, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    match step(&from, path, flags | OFlags::NOATIME) {
        Err(Errno::PERM) => step(&from, path, flags),
        opened => opened,
    }
}

/// Whether a look may be answered from what a network file system remembers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Freshness {
    Cached,
    Now,
}

/// What the file system says about an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) kind: FileType,
    mount: u64,
    device: (u32, u32),
    inode: u64,
    size: u64,
    blocks: u64,
    modified: (i64, u32),
    changed: (i64, u32),
    /// When it was made, where the file system knows.
    born: (i64, u32),
}

impl Look {
    const WANTED: StatxFlags = StatxFlags::BASIC_STATS.union(StatxFlags::MNT_ID).union(StatxFlags::BTIME);

    /// Looks at the entry `name` in `folder`, or at `folder` itself if the name is empty, without following a link.
    pub(super) fn at(folder: impl AsFd, name: &[u8], freshness: Freshness) -> Result<Self> {
        let mut flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        flags.set(AtFlags::EMPTY_PATH, name.is_empty());
        flags.set(AtFlags::STATX_FORCE_SYNC, matches!(freshness, Freshness::Now));
        let statx = rustix::fs::statx(folder, name, flags, Self::WANTED)?;
        // Without the mount's id, which came with Linux 5.8, a mount point inside the camera would go unnoticed.
        if statx.stx_mask & StatxFlags::MNT_ID.bits() == 0 { Err(Errno::NOSYS) } else { Ok(Self::from(statx)) }
    }

    /// What it takes up on its medium, in whole clusters.
    pub(super) const fn occupied(&self) -> ByteCount {
        ByteCount::new(self.blocks.saturating_mul(BLOCK))
    }

    pub(super) const fn inode(&self) -> u64 {
        self.inode
    }

    /// Whether this is the same file and was not written since, whatever it is called by now.
    pub(super) fn is_as_written(&self, before: &Self) -> bool {
        (self.identity(), self.kind, self.size, self.modified)
            == (before.identity(), before.kind, before.size, before.modified)
    }

    const fn identity(&self) -> ((u32, u32), u64) {
        (self.device, self.inode)
    }

    fn moment(&self) -> Moment {
        let (seconds, nanos) = self.modified;
        Moment::from_millis(seconds.saturating_mul(1_000).saturating_add(i64::from(nanos / 1_000_000)))
    }

    /// Mixes everything that changes when a file is written or replaced. It is the same on every machine and in every
    /// version of camdock, since it is remembered.
    fn stamp(&self, stamps: Stamps) -> u64 {
        let mut hasher = Sha256::hasher();
        let times: &[_] = match stamps {
            Stamps::Everything => {
                hasher.update(&self.device.0.to_le_bytes());
                hasher.update(&self.device.1.to_le_bytes());
                hasher.update(&self.inode.to_le_bytes());
                &[self.modified, self.changed]
            }
            Stamps::SizeAndTime => &[self.modified],
        };
        hasher.update(&self.size.to_le_bytes());
        for (seconds, nanos) in times {
            hasher.update(&seconds.to_le_bytes());
            hasher.update(&nanos.to_le_bytes());
        }
        hasher.finish().as_bytes()[..8].iter().fold(0, |stamp, byte| stamp << 8 | u64::from(*byte))
    }
}

impl From<Statx> for Look {
    fn from(statx: Statx) -> Self {
        let time = |time: StatxTimestamp| (time.tv_sec, time.tv_nsec);
        Self {
            kind: FileType::from_raw_mode(statx.stx_mode.into()),
            mount: statx.stx_mnt_id,
            device: (statx.stx_dev_major, statx.stx_dev_minor),
            inode: statx.stx_ino,
            size: statx.stx_size,
            blocks: statx.stx_blocks,
            modified: time(statx.stx_mtime),
            changed: time(statx.stx_ctime),
            born: time(statx.stx_btime),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_longer_than_one_call_is_cut_between_components() {
        let component = [b'x'; 255];
        let path = [component.as_slice(); 40].join(&b'/');
        let (now, later) = split_call(&path).unwrap();
        assert_eq!(now.len(), 16 * 256 - 1);
        assert_eq!([now, later].join(&b'/'), path);
    }

    #[test]
    fn a_name_that_no_file_system_has_is_not_cut() {
        assert_eq!(split_call(&[b'x'; 5000]), None);
    }

    #[test]
    fn a_file_in_the_root_has_the_root_as_its_parent() {
        assert_eq!(split_parent(b"A.MP4"), (&b""[..], &b"A.MP4"[..]));
        assert_eq!(split_parent(b"a/b/A.MP4"), (&b"a/b"[..], &b"A.MP4"[..]));
    }

    #[test]
    fn a_path_that_goes_up_is_refused() {
        let root = Root::hold(std::env::temp_dir(), Backing::default()).unwrap();
        for path in ["..", "../etc/passwd", "a/../../b", "/etc/passwd", "a//b", "./a", "a/", ""] {
            let refused = root.parent_of(&SourcePath::new(path.into())).map(|_| ());
            assert_eq!(refused, Err(Errno::INVAL), "{path}");
        }
    }

    #[test]
    fn a_volume_has_only_what_lies_beneath_its_prefix() {
        let backing = Backing { prefix: b"p1/".to_vec(), ..Backing::default() };
        let root = Root::hold(std::env::temp_dir(), backing).unwrap();
        let path = SourcePath::new(b"p1/DCIM/A.MP4".to_vec());
        assert_eq!(root.inside(&path), Some(&b"DCIM/A.MP4"[..]));
        assert_eq!(root.outside(SourcePath::new(b"DCIM/A.MP4".to_vec())), path);
        assert_eq!(root.inside(&SourcePath::new(b"p2/DCIM/A.MP4".to_vec())), None);
    }
}
