//! What the file systems of tests and benches say of their files, which are made up and belong to nobody.

use std::time::UNIX_EPOCH;

use fuser::{FileAttr, FileType, INodeNo};

/// A file or folder of this size, in bytes.
pub fn attributes(ino: INodeNo, kind: FileType, size: u64) -> FileAttr {
    FileAttr {
        ino,
        size,
        blocks: size.div_ceil(512),
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm: 0o755,
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}
