//! A camera as its descriptors tell, and file systems in files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::process::Command;

use crate::domain::{UsbClass, UsbDevice, UsbId, UsbSpeed};

/// A camera at `port`, as its descriptors tell.
pub(super) fn camera(port: &str, address: u16) -> UsbDevice {
    UsbDevice {
        port: port.parse().unwrap(),
        address,
        id: UsbId { vendor: 0x46f4, product: 1 },
        release: 0x0100,
        manufacturer: None,
        product: Some("BWC".to_owned()),
        serial: Some("BWC-0001".to_owned()),
        interfaces: vec![UsbClass { class: 8, subclass: 6, protocol: 0x50 }],
        speed: UsbSpeed::High,
    }
}

/// A file system in a file.
pub(super) struct Image {
    _folder: tempfile::TempDir,
    file: File,
}

impl Image {
    /// As this command makes it, whose last argument is the file.
    pub(super) fn new(make: &[&str], mebibytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        file.set_len(mebibytes << 20).unwrap();
        let done = Command::new(make[0]).args(&make[1..]).arg(&path).output().unwrap();
        assert!(done.status.success(), "{make:?}: {}", String::from_utf8_lossy(&done.stderr));
        Self { _folder: folder, file }
    }

    pub(super) const fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn read(&self, at: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, at).unwrap();
        bytes
    }

    pub(super) fn write(&self, at: u64, bytes: &[u8]) {
        self.file.write_all_at(bytes, at).unwrap();
    }

    /// Changes bits of one byte: sets the first, clears the second.
    pub(super) fn change(&self, at: u64, set: u8, clear: u8) {
        let byte = self.read(at, 1)[0];
        self.write(at, &[(byte | set) & !clear]);
    }
}
