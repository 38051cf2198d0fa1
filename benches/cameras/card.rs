//! What is in a camera: a folder of files that are made up as they are read, behind a cable.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner, OpenFlags,
    RenameFlags, ReplyAttr, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen, Request,
};
use tokio::time::Instant;

/// The kernel may remember names and sizes for so long. What is in the files it forgets whenever one is opened.
const TTL: Duration = Duration::from_secs(1);
const ROOT: u64 = 1;
/// Content repeats after so many bytes, and begins elsewhere in each file.
const CONTENT: usize = 1 << 20;
/// No longer piece is ever asked for.
const LONGEST: usize = 2 << 20;

#[derive(Debug, Clone, Copy)]
struct Node {
    kind: FileType,
    size: u64,
}

/// Entries by folder and name, and what each is.
#[derive(Debug, Default)]
struct Tree {
    names: BTreeMap<(u64, OsString), u64>,
    nodes: BTreeMap<u64, Node>,
}

/// When the cable is free again.
#[derive(Debug)]
struct Cable {
    bytes_per_second: u64,
    free: Option<Instant>,
}

impl Cable {
    /// Takes the cable for so many bytes; returns until when they are on their way, and whether they are the first.
    fn carry(&mut self, bytes: u64) -> (Instant, bool) {
        let begins = self.free.unwrap_or_else(Instant::now).max(Instant::now());
        let is_first = self.free.is_none();
        let arrives = begins + Duration::from_nanos(bytes * 1_000_000_000 / self.bytes_per_second);
        self.free = Some(arrives);
        (arrives, is_first)
    }
}

/// One camera's card.
#[derive(Debug)]
pub(crate) struct Card {
    name: String,
    tree: Mutex<Tree>,
    cable: Mutex<Cable>,
    content: Vec<u8>,
}

impl Card {
    pub(crate) fn new(name: String, bytes_per_second: u64, files: u64, size: u64) -> Self {
        let mut tree = Tree::default();
        tree.nodes.insert(ROOT, Node { kind: FileType::Directory, size: 0 });
        for file in 0..files {
            tree.names.insert((ROOT, format!("VID_{file:05}.MP4").into()), ROOT + 1 + file);
            tree.nodes.insert(ROOT + 1 + file, Node { kind: FileType::RegularFile, size });
        }
        let mut content = vec![0; CONTENT + LONGEST];
        let mut random = fastrand::Rng::with_seed(name.bytes().map(u64::from).sum());
        random.fill(&mut content[..CONTENT]);
        for at in CONTENT..content.len() {
            content[at] = content[at - CONTENT];
        }
        let cable = Mutex::new(Cable { bytes_per_second, free: None });
        Self { name, tree: Mutex::new(tree), cable, content }
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cable(&self) -> MutexGuard<'_, Cable> {
        self.cable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attributes(&self, ino: u64) -> Option<FileAttr> {
        let node = *self.tree().nodes.get(&ino)?;
        Some(camdock_test_support::fuse::attributes(INodeNo(ino), node.kind, node.size))
    }

    fn entry(&self, ino: Option<u64>, reply: ReplyEntry) {
        match ino.and_then(|ino| self.attributes(ino)) {
            Some(attributes) => reply.entry(&TTL, &attributes, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn remove(&self, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let mut tree = self.tree();
        match tree.names.remove(&(parent.0, name.to_owned())) {
            Some(_) => reply.ok(),
            None => reply.error(Errno::ENOENT),
        }
    }
}

impl Filesystem for Card {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let ino = self.tree().names.get(&(parent.0, name.to_owned())).copied();
        self.entry(ino, reply);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(ino.0) {
            Some(attributes) => reply.attr(&TTL, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let tree = self.tree();
        let entries = tree.names.iter().filter(|((parent, _), _)| *parent == ino.0);
        for (number, ((_, name), entry)) in (1..).zip(entries).skip(usize::try_from(offset).unwrap_or(usize::MAX)) {
            if reply.add(INodeNo(*entry), number, tree.nodes[entry].kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::empty());
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
        let Some(file) = self.attributes(ino.0) else { return reply.error(Errno::ENOENT) };
        let length = u64::from(size).min(file.size.saturating_sub(offset));
        let (arrives, is_first) = self.cable().carry(length);
        if is_first {
            let now = UNIX_EPOCH.elapsed().unwrap_or_default();
            println!("{} {}", self.name, now.as_secs_f64());
        }
        #[allow(
            clippy::disallowed_methods,
            reason = "the thread that answers for this camera is as slow as its cable"
        )]
        std::thread::sleep(arrives.saturating_duration_since(Instant::now()));
        let begin = usize::try_from((offset + ino.0 * 4099) % CONTENT as u64).unwrap_or(0);
        reply.data(&self.content[begin..][..usize::try_from(length).unwrap_or(0)]);
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, _: u32, _: u32, reply: ReplyEntry) {
        let mut tree = self.tree();
        let ino = tree.nodes.last_key_value().map_or(ROOT, |(last, _)| *last) + 1;
        tree.nodes.insert(ino, Node { kind: FileType::Directory, size: 0 });
        tree.names.insert((parent.0, name.to_owned()), ino);
        drop(tree);
        self.entry(Some(ino), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        into: INodeNo,
        new_name: &OsStr,
        _: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let mut tree = self.tree();
        if tree.names.contains_key(&(into.0, new_name.to_owned())) {
            return reply.error(Errno::EEXIST);
        }
        let Some(moved) = tree.names.remove(&(parent.0, name.to_owned())) else { return reply.error(Errno::ENOENT) };
        tree.names.insert((into.0, new_name.to_owned()), moved);
        reply.ok();
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.remove(parent, name, reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.remove(parent, name, reply);
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply.ok();
    }
}
