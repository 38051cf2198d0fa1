//! A file system whose medium fails where a test says so, mounted through FUSE.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use camdock_test_support::fuse::attributes;

use fuser::{
    BackgroundSession, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner,
    OpenFlags, ReplyAttr, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen, Request,
};
use tempfile::TempDir;

/// Nothing is remembered by the kernel, so every look reaches us.
const TTL: Duration = Duration::ZERO;

/// What an entry of the root folder is.
pub(crate) enum Entry {
    /// A healthy file.
    File(Vec<u8>),
    /// A file of which some bytes cannot be read.
    Damaged(Vec<u8>, Vec<Range<u64>>),
    /// A file of this length of which no byte can be read.
    Dead(u64),
    /// A file that may not be opened.
    Forbidden,
    /// A file that may not be deleted.
    Kept(Vec<u8>),
    /// A folder that may not be opened.
    ForbiddenFolder,
    /// A folder that cannot be read.
    DeadFolder,
    /// A name that is listed and leads to nothing.
    Ghost,
}

/// The file system, mounted as long as this exists.
pub(crate) struct SickMedium {
    session: Option<BackgroundSession>,
    folder: TempDir,
    failed_reads: Arc<Mutex<u64>>,
}

impl SickMedium {
    pub(crate) fn mount(entries: Vec<(&'static str, Entry)>) -> Self {
        Self::mount_and_tell(entries, |_| {})
    }

    /// Calls `on_listing` whenever the root folder is about to be listed.
    pub(crate) fn mount_and_tell(
        entries: Vec<(&'static str, Entry)>,
        on_listing: impl Fn(&Path) + Send + Sync + 'static,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let root = folder.path().join("docked/BWC-1");
        std::fs::create_dir_all(&root).unwrap();
        let failed_reads = Arc::new(Mutex::new(0));
        let beside = folder.path().to_owned();
        let medium = Medium {
            entries,
            deleted: Mutex::default(),
            failed_reads: Arc::clone(&failed_reads),
            on_listing: Box::new(move || on_listing(&beside)),
        };
        let session = fuser::spawn_mount(medium, &root, &fuser::Config::default())
            .expect("a FUSE file system cannot be mounted: this test needs /dev/fuse, the package fuse3, and root");
        Self { session: Some(session), folder, failed_reads }
    }

    /// Where the camera is: in a folder `docked`, which can be renamed.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("docked/BWC-1")
    }

    /// It is still mounted, but every call fails from now on.
    pub(crate) fn stop_answering(&self) {
        self.umount("--force");
    }

    fn umount(&self, how: &str) {
        // Forcing a file system in use fails, and has done its work nevertheless.
        Command::new("umount").arg(how).arg(self.path()).output().expect("this test needs the package mount");
    }

    /// How many reads failed so far.
    pub(crate) fn failed_reads(&self) -> u64 {
        *self.failed_reads.lock().unwrap()
    }
}

impl Drop for SickMedium {
    fn drop(&mut self) {
        // Before the folder goes, and even while a camera holds it.
        self.umount("--lazy");
        drop(self.session.take());
    }
}

struct Medium {
    entries: Vec<(&'static str, Entry)>,
    deleted: Mutex<BTreeSet<u64>>,
    failed_reads: Arc<Mutex<u64>>,
    on_listing: Box<dyn Fn() + Send + Sync>,
}

impl Medium {
    /// Inodes are numbered from 2 on, in the order of the entries; 1 is the root.
    fn entry(&self, ino: INodeNo) -> Option<&Entry> {
        let index = usize::try_from(ino.0).unwrap().checked_sub(2)?;
        (!self.deleted.lock().unwrap().contains(&ino.0)).then(|| &self.entries[index].1)
    }

    fn find(&self, name: &OsStr) -> Option<INodeNo> {
        let index = self.entries.iter().position(|(entry, _)| *entry == name)?;
        let ino = INodeNo(index as u64 + 2);
        self.entry(ino).map(|_| ino)
    }

    fn attr(&self, ino: INodeNo) -> Option<FileAttr> {
        let (kind, size) = match self.entry(ino) {
            None if ino == INodeNo::ROOT => (FileType::Directory, 0),
            None | Some(Entry::Ghost) => return None,
            Some(Entry::ForbiddenFolder | Entry::DeadFolder) => (FileType::Directory, 0),
            Some(Entry::Forbidden) => (FileType::RegularFile, 9),
            Some(Entry::Dead(size)) => (FileType::RegularFile, *size),
            Some(Entry::File(content) | Entry::Damaged(content, _) | Entry::Kept(content)) => {
                (FileType::RegularFile, content.len() as u64)
            }
        };
        Some(attributes(ino, kind, size))
    }
}

impl Filesystem for Medium {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        match self.find(name).and_then(|ino| self.attr(ino)) {
            Some(attr) => reply.entry(&TTL, &attr, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attr(ino) {
            Some(attr) => reply.attr(&TTL, &attr),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn open(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.entry(ino) {
            Some(Entry::Forbidden) => reply.error(Errno::EACCES),
            _ => reply.opened(FileHandle(0), FopenFlags::empty()),
        }
    }

    fn opendir(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.entry(ino) {
            Some(Entry::ForbiddenFolder) => reply.error(Errno::EACCES),
            Some(Entry::DeadFolder) => reply.error(Errno::EIO),
            _ => reply.opened(FileHandle(0), FopenFlags::empty()),
        }
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let wanted = offset..offset + u64::from(size);
        let fails = |gap: &Range<u64>| gap.start < wanted.end && wanted.start < gap.end;
        let content = match self.entry(ino) {
            Some(Entry::File(content) | Entry::Kept(content)) => Some(content),
            Some(Entry::Damaged(content, gaps)) if !gaps.iter().any(fails) => Some(content),
            _ => None,
        };
        let Some(content) = content else {
            *self.failed_reads.lock().unwrap() += 1;
            return reply.error(Errno::EIO);
        };
        let end = content.len() as u64;
        let range = |at: u64| usize::try_from(at.min(end)).unwrap();
        reply.data(&content[range(wanted.start)..range(wanted.end)]);
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        if ino != INodeNo::ROOT {
            return reply.error(Errno::EACCES);
        }
        (self.on_listing)();
        for (index, (name, _)) in (0_u64..).zip(&self.entries).skip(usize::try_from(offset).unwrap()) {
            let ino = INodeNo(index + 2);
            let kind = match self.entry(ino) {
                Some(Entry::Ghost) => Some(FileType::RegularFile),
                _ => self.attr(ino).map(|attr| attr.kind),
            };
            if kind.is_some_and(|kind| reply.add(ino, index + 1, kind, name)) {
                break;
            }
        }
        reply.ok();
    }

    fn unlink(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        match self.find(name) {
            None => reply.error(Errno::ENOENT),
            Some(ino) if matches!(self.entry(ino), Some(Entry::Kept(_))) => reply.error(Errno::EACCES),
            Some(ino) => {
                self.deleted.lock().unwrap().insert(ino.0);
                reply.ok();
            }
        }
    }
}
