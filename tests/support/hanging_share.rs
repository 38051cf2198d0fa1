//! A share whose server hangs, as after SIGSTOP, mounted through FUSE: an empty folder, as long as it answers.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use fuser::{BackgroundSession, Errno, FileHandle, FileType, Filesystem, INodeNo, ReplyAttr, ReplyEntry, Request};

use crate::fuse::attributes;

/// Nothing is remembered by the kernel, so every look reaches the server.
const TTL: Duration = Duration::ZERO;

/// Whether the server hangs.
#[derive(Debug, Default)]
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

/// The share, mounted as long as this exists. However a test ends, nothing hangs on.
#[derive(Debug)]
pub struct HangingShare {
    switch: Arc<Switch>,
    _session: BackgroundSession,
}

impl HangingShare {
    /// A share at the folder `at` that answers.
    pub fn mount(at: &Path) -> Self {
        let switch = Arc::new(Switch::default());
        let session = fuser::spawn_mount(Share(Arc::clone(&switch)), at, &fuser::Config::default())
            .expect("a FUSE file system cannot be mounted: this test needs /dev/fuse, the package fuse3, and root");
        Self { switch, _session: session }
    }

    /// From now on nobody gets an answer.
    pub fn hang(&self) {
        self.switch.turn(true);
    }

    /// It answers again, whoever has waited too.
    pub fn answer(&self) {
        self.switch.turn(false);
    }
}

impl Drop for HangingShare {
    fn drop(&mut self) {
        self.answer();
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
        let root = attributes(ino, FileType::Directory, 0);
        reply.attr(&TTL, &root);
    }
}
