//! A share whose server hangs, as after SIGSTOP, mounted through FUSE.

use std::ffi::OsStr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use camdock::cloud::{Destination, DestinationError, FolderDestination, SameDisk};
use camdock::domain::{DestinationName, ObjectName};
use fuser::{Errno, FileAttr, FileHandle, FileType, Filesystem, INodeNo, ReplyAttr, ReplyEntry, Request};
use tempfile::TempDir;

/// Nothing is remembered by the kernel, so every look reaches the server.
const TTL: Duration = Duration::ZERO;

/// Whether the server hangs.
#[derive(Default)]
struct Switch {
    hangs: Mutex<bool>,
    turned: Condvar,
}

impl Switch {
    fn turn(&self, hangs: bool) {
        *self.hangs.lock().unwrap() = hangs;
        self.turned.notify_all();
    }

    fn wait_while_it_hangs(&self) {
        let hangs = self.hangs.lock().unwrap();
        drop(self.turned.wait_while(hangs, |hangs| *hangs).unwrap());
    }
}

/// However the test ends, nothing must hang on.
struct Released(Arc<Switch>);

impl Drop for Released {
    fn drop(&mut self) {
        self.0.turn(false);
    }
}

/// An empty folder.
struct Share(Arc<Switch>);

impl Filesystem for Share {
    fn lookup(&self, _: &Request, _: INodeNo, _: &OsStr, reply: ReplyEntry) {
        self.0.wait_while_it_hangs();
        reply.error(Errno::ENOENT);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        self.0.wait_while_it_hangs();
        let root = FileAttr {
            ino,
            size: 0,
            blocks: 0,
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind: FileType::Directory,
            perm: 0o755,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        };
        reply.attr(&TTL, &root);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_hangs_is_given_up_and_used_again_once_it_answers() {
    let folder = TempDir::new().unwrap();
    let switch = Arc::new(Switch::default());
    let session = fuser::spawn_mount(Share(Arc::clone(&switch)), folder.path(), &fuser::Config::default())
        .expect("a FUSE file system cannot be mounted: this test needs /dev/fuse, the package fuse3, and root");
    let released = Released(Arc::clone(&switch));
    let (name, patience) = (DestinationName::new("nas").unwrap(), Duration::from_millis(300));
    let nas = FolderDestination::new(name, folder.path().to_owned(), SameDisk::Allowed, patience);
    let object = ObjectName::new("BWC-1/A.MP4").unwrap();
    assert_eq!(nas.place().await.unwrap(), None, "it is well, and nobody has enrolled it");

    switch.turn(true);
    for _ in 0..3 {
        let answer = nas.place().await;
        assert!(matches!(answer, Err(DestinationError::NoAnswer(waited)) if waited >= patience), "{answer:?}");
    }
    let error = nas.stat(&object).await.unwrap_err();
    assert!(error.to_string().starts_with("no answer for 1 s"), "{error}");

    drop(released);
    assert_eq!(nas.place().await.unwrap(), None, "it is used again by itself");
    drop(session);
}
