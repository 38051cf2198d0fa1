//! Leases on files: the kernel's word that nobody else has a file open, and its promise to tell when somebody wants to.
//!
//! A write lease is given only while the file is open nowhere else and mapped into no other process. While it is held, whoever
//! opens the file waits until it is given back, for 45 s at most (`/proc/sys/fs/lease-break-time`). See `fcntl(2)`.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};

/// Sets which signal is sent when somebody wants the file. It is the same on every architecture; `libc` lacks it.
const F_SETSIG: i32 = 10;

/// Why there is no lease.
#[derive(Debug)]
pub enum NoLease {
    /// Somebody else has the file open.
    InUse,
    /// This file system has no leases, or the file belongs to another user and this process may not take any on it (it would
    /// need `CAP_LEASE`).
    NotOffered(io::Error),
}

/// A write lease; given back when dropped.
#[derive(Debug)]
pub struct WriteLease<'file> {
    file: BorrowedFd<'file>,
}

impl<'file> WriteLease<'file> {
    /// Takes a write lease on an open file.
    ///
    /// # Errors
    /// [`NoLease`]
    pub fn take(file: &'file impl AsFd) -> Result<Self, NoLease> {
        let file = file.as_fd();
        // Whoever wants the file makes the kernel send a signal. The usual one would end the process; this one is ignored by
        // default, since what became of the lease is asked for.
        fcntl(file, F_SETSIG, libc::SIGURG).map_err(NoLease::NotOffered)?;
        match fcntl(file, libc::F_SETLEASE, libc::F_WRLCK) {
            Ok(_) => Ok(Self { file }),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(NoLease::InUse),
            Err(error) => Err(NoLease::NotOffered(error)),
        }
    }

    /// Whether nobody has wanted the file since.
    #[must_use]
    pub fn is_unbroken(&self) -> bool {
        fcntl(self.file, libc::F_GETLEASE, 0).is_ok_and(|kind| kind == libc::F_WRLCK)
    }
}

impl Drop for WriteLease<'_> {
    fn drop(&mut self) {
        // It ends with the file at the latest.
        let _ = fcntl(self.file, libc::F_SETLEASE, libc::F_UNLCK);
    }
}

fn fcntl(file: BorrowedFd<'_>, command: i32, argument: i32) -> io::Result<i32> {
    // SAFETY: the descriptor is open for as long as it is borrowed, and each of these commands takes an int and touches no
    // memory of this process.
    match unsafe { libc::fcntl(file.as_raw_fd(), command, argument) } {
        -1 => Err(io::Error::last_os_error()),
        answer => Ok(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    fn file() -> tempfile::NamedTempFile {
        tempfile::NamedTempFile::new_in(env!("CARGO_MANIFEST_DIR")).unwrap()
    }

    #[test]
    fn a_file_that_somebody_has_open_gives_no_lease() {
        let open = file();
        let again = File::open(open.path()).unwrap();
        assert!(matches!(WriteLease::take(&again), Err(NoLease::InUse)));
        let path = open.into_temp_path();
        WriteLease::take(&again).expect("nobody else has it open any more");
        drop(path);
    }

    #[test]
    fn whoever_opens_a_leased_file_waits_and_is_noticed() {
        let path = file().into_temp_path();
        let leased = File::open(&path).unwrap();
        let lease = WriteLease::take(&leased).unwrap();
        assert!(lease.is_unbroken());
        std::thread::scope(|scope| {
            let opened = scope.spawn(|| File::options().append(true).open(&path));
            while lease.is_unbroken() {
                std::thread::yield_now();
            }
            assert!(!opened.is_finished(), "it waits");
            drop(lease);
            opened.join().unwrap().unwrap();
        });
    }
}
