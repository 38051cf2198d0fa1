//! A machine with one USB drive in it: a `sysfs` in a folder, and a UDisks2 behind real D-Bus that really mounts. The
//! drive's bytes are an image file, its files lie in a file system in memory.

use std::collections::HashMap;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use camdock::camera::Surroundings;
use camdock::domain::{UsbClass, UsbDevice, UsbId, UsbSpeed};
use zbus::Variant;

const OBJECT: &str = "/org/freedesktop/UDisks2/block_devices/sdb1";
const DEVICE: &str = "devices/usb1/1-1";

/// What the machine was asked to do with the drive, and what is mounted.
#[derive(Debug, Default)]
struct Log {
    steps: Vec<&'static str>,
    mounted: Option<PathBuf>,
}

pub(crate) struct Machine {
    folder: tempfile::TempDir,
    number: u64,
    log: Arc<Mutex<Log>>,
    server: Option<zbus::Connection>,
}

impl Machine {
    /// Plugs in a drive with a FAT32 file system.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |inside: &str| folder.path().join(inside);
        for inside in ["files", "media", "sys/bus/usb/devices", "sys/class/block"] {
            std::fs::create_dir_all(at(inside)).unwrap();
        }
        run(&["mount", "-t", "tmpfs", "-o", "size=16m", "camdock-test", at("files").to_str().unwrap()]);
        let image = std::fs::File::create(at("image")).unwrap();
        image.set_len(40 << 20).unwrap();
        run(&["/sbin/mkfs.vfat", "-F32", at("image").to_str().unwrap()]);
        let number = std::fs::metadata(at("files")).unwrap().dev();
        let block = at("sys").join(DEVICE).join("1-1:1.0/host2/target2:0:0/2:0:0:0/block/sdb/sdb1");
        std::fs::create_dir_all(&block).unwrap();
        for (file, text) in [
            (at("sys").join(DEVICE).join("devnum"), "7".to_owned()),
            (block.join("dev"), format!("{}:{}", rustix::fs::major(number), rustix::fs::minor(number))),
            (block.join("size"), (40 << 11).to_string()),
            (block.join("partition"), "1".to_owned()),
        ] {
            std::fs::write(file, text).unwrap();
        }
        symlink(at("sys").join(DEVICE), at("sys/bus/usb/devices/1-1")).unwrap();
        symlink(&block, at("sys/class/block/sdb1")).unwrap();
        Self { number, log: Arc::default(), server: None, folder }
    }

    /// How camdock reaches it.
    pub(crate) async fn surroundings(&mut self) -> Surroundings {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let block = Block { image: self.at("image"), number: self.number, kind: "vfat", label: "BODYCAM" };
        let file_system =
            FileSystem { files: self.at("files"), media: self.at("media"), log: Arc::clone(&self.log), mounts: 0 };
        let server = zbus::connection::Builder::unix_stream(theirs)
            .server(zbus::Guid::generate())
            .p2p()
            .serve_at(OBJECT, block)
            .serve_at(OBJECT, file_system);
        let client = zbus::connection::Builder::unix_stream(ours).p2p();
        let (server, client) = tokio::join!(server.build(), client.build());
        self.server = Some(server.unwrap());
        Surroundings::elsewhere(self.at("sys"), client.unwrap())
    }

    pub(crate) fn device() -> UsbDevice {
        UsbDevice {
            port: "1-1".parse().unwrap(),
            address: 7,
            id: UsbId { vendor: 0x46f4, product: 1 },
            release: 0x0100,
            manufacturer: None,
            product: None,
            serial: Some("BWC-0001".to_owned()),
            interfaces: vec![UsbClass { class: 8, subclass: 6, protocol: 0x50 }],
            speed: UsbSpeed::High,
        }
    }

    pub(crate) fn at(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub(crate) fn record(&self, name: &str, content: &[u8]) {
        let file = self.at("files/DCIM").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }

    /// As after a pull-out: the kernel lists no device, and the file system shows an empty folder.
    pub(crate) fn pull_out(&self) {
        std::fs::rename(self.at("sys").join(DEVICE), self.at("pulled-out")).unwrap();
        std::fs::rename(self.at("files/DCIM"), self.at("files/.lost")).unwrap();
    }

    /// Marks the file system as in use.
    pub(crate) fn mark(&self) {
        use std::os::unix::fs::FileExt as _;
        let image = std::fs::File::options().write(true).open(self.at("image")).unwrap();
        image.write_all_at(&[1], 0x41).unwrap();
    }

    /// Mounts it, as an earlier camdock would have left it.
    pub(crate) fn leave_mounted(&self) {
        self.log.lock().unwrap().mounted = Some(mount(&self.at("files"), &self.at("media/left"), "rw,nosuid"));
    }

    pub(crate) fn steps(&self) -> Vec<&'static str> {
        self.log.lock().unwrap().steps.clone()
    }

    pub(crate) fn mounted(&self) -> Option<PathBuf> {
        self.log.lock().unwrap().mounted.clone()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        for mount in self.mounted().into_iter().chain([self.at("files")]) {
            run(&["umount", "--lazy", mount.to_str().unwrap()]);
        }
    }
}

type Options<'a> = HashMap<String, Variant<'a>>;

struct Block {
    image: PathBuf,
    number: u64,
    kind: &'static str,
    label: &'static str,
}

#[zbus::interface(name = "org.freedesktop.UDisks2.Block")]
impl Block {
    fn open_device(&self, mode: &str, options: Options<'_>) -> zbus::fdo::Result<zbus::OwnedFd> {
        assert_eq!(mode, "r", "nothing but reading is asked for");
        assert!(asks_nobody(options));
        let file = std::fs::File::open(&self.image).map_err(|error| zbus::fdo::Error::Failed(error.to_string()))?;
        Ok(std::os::fd::OwnedFd::from(file).into())
    }
    #[zbus(property)]
    fn device_number(&self) -> u64 {
        self.number
    }
    #[zbus(property)]
    fn drive(&self) -> zbus::ObjectPath<'static> {
        format!("/org/freedesktop/UDisks2/drives/{}", self.number).try_into().unwrap()
    }
    #[zbus(property)]
    fn id_type(&self) -> &'static str {
        self.kind
    }
    #[zbus(property)]
    fn id_label(&self) -> &'static str {
        self.label
    }
}

struct FileSystem {
    files: PathBuf,
    media: PathBuf,
    log: Arc<Mutex<Log>>,
    mounts: u32,
}

#[zbus::interface(name = "org.freedesktop.UDisks2.Filesystem")]
impl FileSystem {
    fn mount(&mut self, mut options: Options<'_>) -> String {
        let Some(Variant::Str(wanted)) = options.remove("options") else { panic!("no options") };
        let mut log = self.log.lock().unwrap();
        assert_eq!(log.mounted, None, "it would be mounted twice");
        self.mounts += 1;
        let at = mount(&self.files, &self.media.join(self.mounts.to_string()), wanted.trim_end_matches(",sync"));
        log.steps.push(if wanted.starts_with("ro,") { "mount to read" } else { "mount to write" });
        log.mounted = Some(at.clone());
        at.to_str().unwrap().to_owned()
    }
    fn unmount(&mut self, options: Options<'_>) -> zbus::fdo::Result<()> {
        assert!(asks_nobody(options));
        let mut log = self.log.lock().unwrap();
        let Some(at) = log.mounted.take() else { return Err(zbus::fdo::Error::Failed("not mounted".to_owned())) };
        run(&["umount", at.to_str().unwrap()]);
        log.steps.push("unmount");
        Ok(())
    }
    #[zbus(property)]
    fn mount_points(&self) -> Vec<Vec<u8>> {
        let path = |at: &PathBuf| format!("{}\0", at.display()).into_bytes();
        self.log.lock().unwrap().mounted.iter().map(path).collect()
    }
}

fn mount(files: &Path, at: &Path, options: &str) -> PathBuf {
    std::fs::create_dir_all(at).unwrap();
    let at = at.canonicalize().unwrap();
    run(&["mount", "--bind", files.to_str().unwrap(), at.to_str().unwrap()]);
    run(&["mount", "-o", &format!("remount,bind,{options}"), at.to_str().unwrap()]);
    at
}

fn asks_nobody(options: Options<'_>) -> bool {
    options.into_keys().any(|option| option == "auth.no_user_interaction")
}

/// Runs a command as root, which mounting takes.
fn run(command: &[&str]) {
    let sudo: &[&str] = if rustix::process::geteuid().is_root() { &[] } else { &["sudo", "-n"] };
    let words: Vec<_> = sudo.iter().chain(command).collect();
    let done = Command::new(words[0]).args(&words[1..]).output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}
