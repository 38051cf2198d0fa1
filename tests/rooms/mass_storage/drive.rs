//! A machine with one USB drive in it: a `sysfs`, and a UDisks2 behind real D-Bus that really mounts. The
//! bytes of the drive's volumes are image files, their files lie in other file systems.

use std::collections::HashMap;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use camdock::camera::Surroundings;
use camdock::domain::{UsbClass, UsbDevice, UsbId, UsbSpeed};
use camdock_test_support::sysfs::{self, Plugged, STORAGE};
use zbus::Variant;

/// Where a FAT32 of 40 MiB, as mkfs makes it, has its table, and how long a cluster is.
const TABLE: u64 = 32 * 512;
const CLUSTER: u64 = 512;

/// What the machine was asked to do with its drive.
type Steps = Arc<Mutex<Vec<&'static str>>>;

pub(crate) struct Drive {
    usb: sysfs::FakeSysfs,
    plugged: Plugged,
    folder: tempfile::TempDir,
    steps: Steps,
    volumes: Vec<Volume>,
    server: Option<zbus::Connection>,
}

/// What a volume holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A FAT32 file system.
    Fat,
    /// One that the kernel refuses to mount.
    FatThatCannotBeMounted,
    /// A file system that camdock does not know.
    Ntfs,
}

/// The lock of a memory card: while it is on, the card can only be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    On,
    Off,
}

/// Whether a file system's table of allocations says what its files take up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Books {
    Kept,
    LeftAsTheyAre,
}

#[derive(Debug, Clone)]
struct Volume {
    node: String,
    image: PathBuf,
    /// Where its files really lie.
    files: PathBuf,
    media: PathBuf,
    holds: Holds,
    /// The number of the file system in which its files lie, which is what the kernel says of a mount.
    number: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    mounted: Option<PathBuf>,
    mounts: u32,
    books: Books,
}

impl Drive {
    /// Plugs in a drive with a FAT32 file system.
    pub(crate) fn new() -> Self {
        let mut machine = Self::empty();
        let files = machine.at("files");
        std::fs::create_dir_all(&files).unwrap();
        run(&["mount", "-t", "tmpfs", "-o", "size=16m", "camdock-test", files.to_str().unwrap()]);
        machine.add(Holds::Fat, files);
        machine
    }

    /// Plugs in a drive with a FAT32 file system, whose files lie in `files`.
    pub(crate) fn with_files_in(files: &Path) -> Self {
        let mut machine = Self::empty();
        machine.add(Holds::Fat, files.to_owned());
        machine
    }

    fn empty() -> Self {
        let (usb, folder) = (sysfs::FakeSysfs::new(), tempfile::tempdir().unwrap());
        let drive = usb.plug("1-1", "BWC", &[STORAGE]);
        drive.disk(0, "sdb", (8, 16), 200 << 11);
        std::fs::create_dir(folder.path().join("media")).unwrap();
        Self { usb, plugged: drive, folder, steps: Steps::default(), volumes: Vec::new(), server: None }
    }

    /// Another partition. What it holds can be seen when the drive is opened next.
    pub(crate) fn add_partition(&mut self, holds: Holds) {
        let files = self.at(&format!("more-{}", self.volumes.len()));
        std::fs::create_dir_all(&files).unwrap();
        self.add(holds, files);
    }

    fn add(&mut self, holds: Holds, files: PathBuf) {
        let partition = u32::try_from(self.volumes.len()).unwrap() + 1;
        let (node, image) = (format!("sdb{partition}"), self.at(&format!("image-{partition}")));
        std::fs::File::create(&image).unwrap().set_len(40 << 20).unwrap();
        if holds != Holds::Ntfs {
            let id = format!("0000000{partition}");
            run(&["/sbin/mkfs.vfat", "-F32", "-s1", "-i", &id, image.to_str().unwrap()]);
        }
        let number = std::fs::metadata(&files).unwrap().dev();
        let major_and_minor = (rustix::fs::major(number), rustix::fs::minor(number));
        self.plugged.partition("sdb", &node, partition, major_and_minor, 40 << 11);
        let state = Arc::new(Mutex::new(State { mounted: None, mounts: 0, books: Books::Kept }));
        let media = self.at("media").join(&node);
        self.volumes.push(Volume { node, image, files, media, holds, number, state });
    }

    /// How camdock reaches it.
    pub(crate) async fn surroundings(&mut self) -> Surroundings {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut server = zbus::connection::Builder::unix_stream(theirs).server(zbus::Guid::generate()).p2p();
        for volume in &self.volumes {
            let object = format!("/org/freedesktop/UDisks2/block_devices/{}", volume.node);
            let file_system = FileSystem { volume: volume.clone(), steps: Arc::clone(&self.steps) };
            server = server.serve_at(object.clone(), Block(volume.clone()));
            server = server.serve_at(object, file_system);
        }
        let client = zbus::connection::Builder::unix_stream(ours).p2p();
        let (server, client) = tokio::join!(server.build(), client.build());
        self.server = Some(server.unwrap());
        Surroundings::elsewhere(self.usb.root().to_owned(), client.unwrap())
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

    fn at(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    /// The bytes of the first volume.
    pub(crate) fn image(&self) -> Vec<u8> {
        std::fs::read(&self.volumes[0].image).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.volumes[0].files.join("DCIM").join(name)
    }

    pub(crate) fn record(&self, name: &str, content: &[u8]) {
        let file = self.file(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.file(name).exists()
    }

    /// As after a pull-out: the kernel lists no device, and the file system shows an empty folder.
    pub(crate) fn pull_out(&self) {
        self.usb.unplug("1-1");
        std::fs::rename(self.volumes[0].files.join("DCIM"), self.volumes[0].files.join(".lost")).unwrap();
    }

    /// Marks the file system as in use.
    pub(crate) fn mark(&self) {
        self.write(0x41, &[1]);
    }

    /// Leaves a cluster behind that belongs to no file, as when the battery ends while it records.
    pub(crate) fn break_off(&self) {
        keep_books(&self.volumes[0]);
        self.write(TABLE + 50_000 * 4, &END_OF_CHAIN);
        self.volumes[0].state.lock().unwrap().books = Books::LeftAsTheyAre;
    }

    /// Puts another medium of the same size in its place.
    pub(crate) fn exchange_medium(&self) {
        self.write(0x43, &[0xde, 0xad, 0xbe, 0xef]);
    }

    /// Switches the lock of its card.
    pub(crate) fn switch_lock(&self, lock: Lock) {
        let says = if lock == Lock::On { "1" } else { "0" };
        std::fs::write(self.usb.root().join("class/block/sdb1/ro"), says).unwrap();
    }

    /// A medium appears in another slot.
    pub(crate) fn put_in_a_second_card(&self) {
        self.plugged.disk(1, "sdc", (8, 32), 1000);
    }

    fn write(&self, at: u64, bytes: &[u8]) {
        let image = std::fs::File::options().write(true).open(&self.volumes[0].image).unwrap();
        image.write_all_at(bytes, at).unwrap();
    }

    /// Mounts it, as an earlier camdock would have left it.
    pub(crate) fn leave_mounted(&self) {
        let volume = &self.volumes[0];
        volume.state.lock().unwrap().mounted = Some(mount(&volume.files, &volume.media.join("left"), "rw,nosuid"));
    }

    pub(crate) fn steps(&self) -> Vec<&'static str> {
        self.steps.lock().unwrap().clone()
    }

    pub(crate) fn mounted(&self) -> Option<PathBuf> {
        self.volumes[0].state.lock().unwrap().mounted.clone()
    }
}

impl Drop for Drive {
    fn drop(&mut self) {
        for volume in &self.volumes {
            let mounted = volume.state.lock().unwrap().mounted.take();
            let own = (volume.files == self.at("files")).then(|| volume.files.clone());
            for mount in mounted.into_iter().chain(own) {
                run(&["umount", "--lazy", mount.to_str().unwrap()]);
            }
        }
    }
}

const END_OF_CHAIN: [u8; 4] = [0xff, 0xff, 0xff, 0x0f];

/// Has a FAT's table say what its files take up, as its driver would. The root folder is none of its clusters, since the
/// file system in which the files lie counts none for it.
fn keep_books(volume: &Volume) {
    if volume.holds != Holds::Fat || volume.state.lock().unwrap().books == Books::LeftAsTheyAre {
        return;
    }
    let clusters = usize::try_from(occupied(&volume.files) / CLUSTER).unwrap();
    let mut entries = vec![0; 4 * 60_000];
    entries[4..][..4 * clusters].as_chunks_mut::<4>().0.fill(END_OF_CHAIN);
    let image = std::fs::File::options().write(true).open(&volume.image).unwrap();
    image.write_all_at(&entries, TABLE + 8).unwrap();
}

/// What can be read of a folder takes up so many bytes.
fn occupied(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let readable = entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)));
    readable.map(|(path, metadata)| metadata.blocks() * 512 + if metadata.is_dir() { occupied(&path) } else { 0 }).sum()
}

type Options<'a> = HashMap<String, Variant<'a>>;

struct Block(Volume);

#[zbus::interface(name = "org.freedesktop.UDisks2.Block")]
impl Block {
    fn open_device(&self, mode: &str, options: Options<'_>) -> zbus::fdo::Result<zbus::OwnedFd> {
        assert_eq!(mode, "r", "nothing but reading is asked for");
        assert!(asks_nobody(options));
        let file = std::fs::File::open(&self.0.image).map_err(|error| zbus::fdo::Error::Failed(error.to_string()))?;
        Ok(std::os::fd::OwnedFd::from(file).into())
    }
    #[zbus(property)]
    fn device_number(&self) -> u64 {
        self.0.number
    }
    #[zbus(property)]
    fn drive(&self) -> zbus::ObjectPath<'static> {
        format!("/org/freedesktop/UDisks2/drives/{}", self.0.number).try_into().unwrap()
    }
    #[zbus(property)]
    fn id_type(&self) -> &'static str {
        if self.0.holds == Holds::Ntfs { "ntfs" } else { "vfat" }
    }
    #[zbus(property)]
    fn id_label(&self) -> &'static str {
        if self.0.holds == Holds::Ntfs { "" } else { "BODYCAM" }
    }
}

/// How UDisks2 says no.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.freedesktop.UDisks2.Error")]
enum Refusal {
    #[zbus(error)]
    Bus(zbus::Error),
    Failed(String),
}

struct FileSystem {
    volume: Volume,
    steps: Steps,
}

#[zbus::interface(name = "org.freedesktop.UDisks2.Filesystem")]
impl FileSystem {
    fn mount(&mut self, mut options: Options<'_>) -> Result<String, Refusal> {
        if self.volume.holds != Holds::Fat {
            return Err(Refusal::Failed("wrong fs type, bad option, bad superblock".to_owned()));
        }
        let Some(Variant::Str(wanted)) = options.remove("options") else { panic!("no options") };
        let mut state = self.volume.state.lock().unwrap();
        assert_eq!(state.mounted, None, "it would be mounted twice");
        state.mounts += 1;
        let at = self.volume.media.join(state.mounts.to_string());
        let at = mount(&self.volume.files, &at, wanted.trim_end_matches(",sync"));
        state.mounted = Some(at.clone());
        drop(state);
        keep_books(&self.volume);
        self.steps.lock().unwrap().push(if wanted.starts_with("ro,") { "mount to read" } else { "mount to write" });
        Ok(at.to_str().unwrap().to_owned())
    }
    fn unmount(&mut self, options: Options<'_>) -> zbus::fdo::Result<()> {
        assert!(asks_nobody(options));
        let mounted = self.volume.state.lock().unwrap().mounted.take();
        let Some(at) = mounted else { return Err(zbus::fdo::Error::Failed("not mounted".to_owned())) };
        run(&["umount", at.to_str().unwrap()]);
        keep_books(&self.volume);
        self.steps.lock().unwrap().push("unmount");
        Ok(())
    }
    #[zbus(property)]
    fn mount_points(&self) -> Vec<Vec<u8>> {
        let path = |at: &PathBuf| format!("{}\0", at.display()).into_bytes();
        self.volume.state.lock().unwrap().mounted.iter().map(path).collect()
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
