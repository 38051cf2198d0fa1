//! News of what is mounted and unmounted.
//!
//! A file system that comes to lie over a bay's folder, or over a camera in it, is no change in any folder, so no folder tells of it.
//! The kernel tells of it by a file that is polled: <https://man7.org/linux/man-pages/man5/proc_pid_mounts.5.html>.

use std::fs::File;
use std::io::{self, PipeReader};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::beat::Beat;

const MOUNTS: &str = "/proc/self/mountinfo";
/// Mounts seldom come alone: those within this time are told together.
const TOGETHER: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// A beat while everybody who looks is told of what changes.
const SLOW: Duration = Duration::from_secs(30);
/// And while nobody tells of mounts.
const QUICK: Duration = Duration::from_secs(3);

/// A beat that comes whenever something is mounted or unmounted, and now and then. Needs a runtime.
#[must_use]
pub fn beat() -> Beat {
    let Ok((mounts, (end, ends))) = File::open(MOUNTS).and_then(|mounts| Ok((mounts, io::pipe()?))) else {
        return Beat::every(QUICK);
    };
    let beat = Beat::every(SLOW);
    let news = beat.clone();
    tokio::spawn(async move {
        // It is closed when the runtime shuts down, which drops what still waits.
        let _open = ends;
        std::future::pending::<()>().await;
    });
    tokio::task::spawn_blocking(move || tell_until(&news, &mounts, &end));
    beat
}

/// Blocks until the other end of `end` is closed, or the kernel tells no more; then looks by the beat have to do.
fn tell_until(news: &Beat, mounts: &File, end: &PipeReader) {
    loop {
        let mut told = [PollFd::new(mounts, PollFlags::PRI), PollFd::new(end, PollFlags::IN)];
        match poll(&mut told, None) {
            Err(Errno::INTR) => {}
            Err(_) => return,
            Ok(_) if !told[1].revents().is_empty() => return,
            Ok(_) => {
                let mut over = [PollFd::new(end, PollFlags::IN)];
                let _ = poll(&mut over, Some(&TOGETHER));
                news.now();
            }
        }
    }
}
