//! A guest: one QEMU process, its disks, and what can be plugged into it.
//!
//! Promises: it ends with the test, however that ends; what it wrote to its console and its journal stays behind when
//! the test fails.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::wire::{Agent, Interface, Qmp, Ran};

const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How the guest's processors are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accelerator {
    Kvm,
    Emulation,
}

impl Accelerator {
    /// KVM where the processor has it; the device alone says nothing.
    pub(crate) fn of_this_machine() -> Self {
        static HERE: OnceLock<Accelerator> = OnceLock::new();
        *HERE.get_or_init(|| {
            let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
            let able = processor.split_whitespace().any(|flag| flag == "vmx" || flag == "svm");
            let device = std::fs::File::options().read(true).write(true).open("/dev/kvm");
            if able && device.is_ok() { Self::Kvm } else { Self::Emulation }
        })
    }

    fn arguments(self) -> [&'static str; 4] {
        match self {
            Self::Kvm => ["-accel", "kvm", "-cpu", "host"],
            // An old processor boots fastest; these instructions halve what the footage's checksums take.
            Self::Emulation => ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "Nehalem,+sha-ni,+pclmulqdq"],
        }
    }
}

/// What holds ledger and spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataDisk {
    /// What is written survives a power cut, flushed or not.
    Steady,
    /// What was not flushed is lost in a power cut.
    Forgetful,
}

/// A guest's disks, in a folder of their own.
#[derive(Debug, Clone)]
pub(crate) struct Disks {
    pub(crate) folder: PathBuf,
    pub(crate) kernel: PathBuf,
}

impl Disks {
    /// New disks over those in `base`, which stay as they are. `kernel` holds vmlinuz and initrd.
    pub(crate) async fn over(base: &Path, kernel: &Path, folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        for disk in ["root", "data"] {
            let (qcow2, raw) = (base.join(format!("{disk}.qcow2")), base.join(format!("{disk}.img")));
            let (backing, format) = if qcow2.exists() { (qcow2, "qcow2") } else { (raw, "raw") };
            let overlay = folder.join(format!("{disk}.qcow2"));
            let mut image = Command::new("qemu-img");
            image.args(["create", "-q", "-f", "qcow2", "-F", format, "-b"]).arg(backing).arg(overlay);
            run(image).await;
        }
        Self { folder: folder.to_owned(), kernel: kernel.to_owned() }
    }
}

/// Runs a program of the host that must succeed.
pub(crate) async fn run(mut command: Command) -> String {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}; run `make setup-guest`"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    out.into_owned()
}

/// A running guest.
#[derive(Debug)]
pub(crate) struct Guest {
    disks: Disks,
    qemu: Child,
    nbdkit: Option<Child>,
    qmp: Qmp,
    agent: Agent,
    interface: Interface,
    /// Holds the sockets, whose paths must be short.
    _sockets: TempDir,
}

impl Guest {
    /// Switches it on. `cloud` is the port on this host that it reaches as its cloud. Things may be plugged in at once;
    /// commands wait until it is [`up`](Self::up).
    pub(crate) async fn start(disks: Disks, data: DataDisk, cloud: u16) -> Self {
        let mut machine = Self::launch(disks, data, cloud, &[]).await;
        machine.qmp.execute("cont", json!({})).await;
        machine
    }

    /// Goes on from the state that [`save`](Self::save) left in the file `state`.
    pub(crate) async fn restore(disks: Disks, data: DataDisk, cloud: u16, state: &Path) -> Self {
        let mut machine = Self::launch(disks, data, cloud, &["-incoming", "defer"]).await;
        machine.qmp.execute("migrate-incoming", json!({"uri": format!("file:{}", state.display())})).await;
        migrated(&mut machine.qmp).await;
        machine.qmp.execute("cont", json!({})).await;
        machine.up().await;
        machine
    }

    /// Waits until the system within answers, and sets its clock to this machine's.
    pub(crate) async fn up(&mut self) {
        self.agent.synchronise().await;
        self.agent.set_time(OffsetDateTime::now_utc().unix_timestamp_nanos()).await;
    }

    /// Starts QEMU; the guest's processors stand still.
    async fn launch(disks: Disks, data: DataDisk, cloud: u16, more: &[&str]) -> Self {
        let sockets = TempDir::new().expect("a temporary folder");
        let folder = &disks.folder;
        let (data, nbdkit) = match data {
            DataDisk::Steady => (qcow2(&folder.join("data.qcow2"), "data"), None),
            DataDisk::Forgetful => {
                let socket = sockets.path().join("nbd");
                let nbdkit = serve_forgetfully(folder, &socket).await;
                let node = json!({
                    "node-name": "data", "driver": "nbd", "server": {"type": "unix", "path": socket},
                });
                (node, Some(nbdkit))
            }
        };
        let socket = |name: &str| format!("path={},server=on,wait=off", sockets.path().join(name).display());
        let log = |name: &str| folder.join(name).display().to_string();
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(Accelerator::of_this_machine().arguments())
            // What is not there needs no driver when it boots.
            .args(["-machine", "q35,usb=off,sata=off,smbus=off,i8042=off", "-m", "768", "-smp", "1"])
            .args(["-nodefaults", "-display", "none", "-S"])
            // A machine of this kind has three LEDs, of which Debian's kernel has the driver.
            .args(["-smbios", "type=1,manufacturer=PC Engines,product=APU"])
            .arg("-kernel")
            .arg(disks.kernel.join("vmlinuz"))
            .arg("-initrd")
            .arg(disks.kernel.join("initrd"))
            .args(["-append", "console=ttyS0 quiet root=/dev/vda mitigations=off nokaslr net.ifnames=0"])
            .args(["-blockdev", &qcow2(&folder.join("root.qcow2"), "root").to_string()])
            .args(["-device", "virtio-blk-pci,drive=root,write-cache=on"])
            .args(["-blockdev", &data.to_string()])
            .args(["-device", "virtio-blk-pci,drive=data,write-cache=on"])
            .args(["-device", "qemu-xhci,id=xhci,p2=8,p3=8", "-device", "virtio-rng-pci"])
            .args(["-netdev", &network(cloud), "-device"])
            .arg("virtio-net-pci,id=net0,netdev=net,mac=52:54:00:00:00:02,romfile=")
            .args(["-netdev", INTERFACE, "-device"])
            .arg("virtio-net-pci,netdev=interface,mac=52:54:00:00:00:03,romfile=")
            .args(["-device", "virtio-serial-pci"])
            .args(["-chardev", &format!("socket,id=agent,{}", socket("agent"))])
            .args(["-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"])
            .args(["-chardev", &format!("file,id=journal,append=on,path={}", log("journal.log"))])
            .args(["-device", "virtserialport,chardev=journal,name=journal"])
            .args(["-chardev", &format!("file,id=console,append=on,path={}", log("console.log"))])
            .args(["-serial", "chardev:console"])
            .args(["-chardev", &format!("socket,id=qmp,{}", socket("qmp")), "-mon", "chardev=qmp,mode=control"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let qemu = qemu.spawn().unwrap_or_else(|error| panic!("QEMU: {error}; run `make setup-guest`"));
        let mut qmp = Qmp::connect(&sockets.path().join("qmp")).await;
        let agent = Agent::connect(&sockets.path().join("agent")).await;
        let interface = Interface::at(qmp.forwarded_port().await);
        Self { disks, qemu, nbdkit, qmp, agent, interface, _sockets: sockets }
    }

    /// Writes the state of everything but the disks to a file, and ends the machine. Disks and file belong together.
    pub(crate) async fn save(mut self, state: &Path) {
        self.run("sync; echo 3 >/proc/sys/vm/drop_caches").await;
        self.qmp.execute("stop", json!({})).await;
        self.qmp.execute("migrate-set-parameters", json!({"max-bandwidth": 8_u64 << 30})).await;
        self.qmp.execute("migrate", json!({"uri": format!("file:{}", state.display())})).await;
        migrated(&mut self.qmp).await;
        self.qmp.execute("quit", json!({})).await;
        self.qemu.wait().await.unwrap();
    }

    /// Cuts the power. Returns the disks as they are then.
    pub(crate) async fn cut_power(mut self) -> Disks {
        // First the disk: what the machine flushes from now on is lost too.
        if let Some(mut nbdkit) = self.nbdkit.take() {
            nbdkit.kill().await.unwrap();
        }
        self.qemu.kill().await.unwrap();
        self.disks
    }

    /// Restarts the system within as an administrator would, and waits until it is up again.
    pub(crate) async fn reboot(&mut self) {
        let before = self.run("cat /proc/sys/kernel/random/boot_id").await;
        self.try_run("systemctl reboot", b"").await;
        self.qmp.event("it restarts", |event| event["event"] == "RESET").await;
        self.up().await;
        assert_ne!(before, self.run("cat /proc/sys/kernel/random/boot_id").await, "it was restarted");
    }

    /// Runs a shell command in the guest, as root, that must succeed. Returns what it printed.
    pub(crate) async fn run(&mut self, command: &str) -> String {
        self.run_with(command, b"").await
    }

    /// The same, with this as standard input.
    pub(crate) async fn run_with(&mut self, command: &str, input: &[u8]) -> String {
        let ran = self.try_run(command, input).await;
        assert_eq!(ran.code, 0, "in the guest, {command:?}: {}{}", ran.out, ran.err);
        ran.out
    }

    /// Runs a shell command in the guest, as root.
    pub(crate) async fn try_run(&mut self, command: &str, input: &[u8]) -> Ran {
        self.agent.run(command, input).await
    }

    /// What camdock answers on a route of its interface; `None` while it does not.
    pub(crate) async fn ask_camdock(&self, route: &str) -> Option<String> {
        self.interface.get(route).await
    }

    /// Plugs a disk image in at a port of the USB controller, such as 1, or of a hub, such as 5.2, as a removable drive
    /// with this serial.
    pub(crate) async fn plug(&mut self, port: impl Display, image: &Path, serial: &str, medium: Medium) {
        self.limit(&port, medium).await;
        self.insert(&port, 0, image, medium).await;
        let device = json!({
            "driver": "usb-storage", "id": handle(&port), "bus": "xhci.0", "port": port.to_string(),
            "drive": disk(&port, 0), "serial": serial, "removable": true,
        });
        self.qmp.execute("device_add", device).await;
    }

    /// The same, for one device with several memory cards.
    pub(crate) async fn plug_cards(&mut self, port: impl Display, cards: &[&Path], serial: &str) {
        self.limit(&port, Medium::default()).await;
        let reader = json!({
            "driver": "usb-bot", "id": handle(&port), "bus": "xhci.0", "port": port.to_string(), "serial": serial,
        });
        self.qmp.execute("device_add", reader).await;
        for (number, card) in cards.iter().enumerate() {
            self.insert(&port, number, card, Medium::default()).await;
            let card = json!({
                "driver": "scsi-hd", "id": format!("{}-{number}", handle(&port)), "bus": format!("{}.0", handle(&port)),
                "lun": number, "drive": disk(&port, number), "removable": true,
            });
            self.qmp.execute("device_add", card).await;
        }
        // It shows itself to the guest only now that it is complete.
        let attach =
            json!({"path": format!("/machine/peripheral/{}", handle(&port)), "property": "attached", "value": true});
        self.qmp.execute("qom-set", attach).await;
    }

    /// How fast whatever is plugged in at a port may be.
    async fn limit(&mut self, port: &impl Display, medium: Medium) {
        let limits = medium.bytes_per_second.map_or_else(|| json!({}), |rate| json!({"bps-total": rate}));
        let _ = self.qmp.try_execute("object-del", json!({"id": throttle(port)})).await;
        self.qmp
            .execute("object-add", json!({"qom-type": "throttle-group", "id": throttle(port), "limits": limits}))
            .await;
    }

    /// Makes a disk of an image.
    async fn insert(&mut self, port: &impl Display, number: usize, image: &Path, medium: Medium) {
        let file = json!({"driver": "file", "filename": image});
        let file = match medium.bad_sector {
            None => file,
            Some(sector) => json!({
                "driver": "blkdebug",
                "image": file,
                "inject-error": [{"event": "none", "iotype": "read", "errno": 5, "sector": sector}],
            }),
        };
        let node = json!({
            "node-name": disk(port, number), "driver": "throttle", "throttle-group": throttle(port),
            "file": {"driver": "raw", "file": file}, "read-only": medium.locked,
        });
        self.qmp.execute("blockdev-add", node).await;
    }

    /// Changes how fast a plugged drive is.
    pub(crate) async fn pace(&mut self, port: impl Display, limits: Value) {
        self.qmp.execute("qom-set", change_of_pace(&port, &limits)).await;
    }

    /// Plugs in some other kind of device, such as `usb-kbd`.
    pub(crate) async fn plug_device(&mut self, port: impl Display, driver: &str) {
        let device = json!({"driver": driver, "id": handle(&port), "bus": "xhci.0", "port": port.to_string()});
        self.qmp.execute("device_add", device).await;
    }

    /// Pulls out whatever is plugged in at a port, at once and without asking.
    pub(crate) async fn yank(&mut self, port: impl Display) {
        // QEMU 10.0 crashes when a drive goes while a transfer waits for its pace. So those under way are let through, and
        // time stands still meanwhile, lest there be new ones.
        let none = json!({"bps-total": 0, "iops-total": 0, "iops-write": 0});
        let paced = self.qmp.try_execute("qom-set", change_of_pace(&port, &none)).await.is_ok();
        if paced {
            sleep(5 * LOOK_EVERY).await;
        }
        self.qmp.execute("stop", json!({})).await;
        self.until_idle().await;
        self.qmp.execute("device_del", json!({"id": handle(&port)})).await;
        let gone = |event: &Value| event["event"] == "DEVICE_DELETED" && event["data"]["device"] == handle(&port);
        self.qmp.event("the device is gone", gone).await;
        self.qmp.execute("cont", json!({})).await;
        for number in 0.. {
            if !self.take_away(&disk(&port, number)).await {
                break;
            }
        }
    }

    /// Takes a disk from QEMU as soon as it has let go of it; only then can its image be plugged in again. Returns whether
    /// there was one.
    async fn take_away(&mut self, disk: &str) -> bool {
        let began = Instant::now();
        loop {
            match self.qmp.try_execute("blockdev-del", json!({"node-name": disk})).await {
                Ok(_) => return true,
                Err(error) if error.contains("Failed to find node") => return false,
                Err(error) => assert!(began.elapsed() < PATIENCE, "{disk} stays in use: {error}"),
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until no drive is read or written any more.
    async fn until_idle(&mut self) {
        let mut before = None;
        loop {
            let devices = self.qmp.execute("query-blockstats", json!({})).await;
            let stats = devices.as_array().unwrap().iter().map(|device| &device["stats"]);
            let done = stats.map(|stats| ["rd_operations", "wr_operations"].map(|kind| stats[kind].as_u64()));
            let now = Some(done.collect::<Vec<_>>());
            if now == before {
                return;
            }
            before = now;
            sleep(10 * LOOK_EVERY).await;
        }
    }

    /// How much of a plugged drive has been read and written.
    pub(crate) async fn traffic(&mut self, port: impl Display) -> Traffic {
        let devices = self.qmp.execute("query-blockstats", json!({})).await;
        let path = format!("/{}/", handle(&port));
        let here = |device: &&Value| device["qdev"].as_str().is_some_and(|place| place.contains(&path));
        let stats = &devices.as_array().unwrap().iter().find(here).expect("the drive is plugged in")["stats"];
        Traffic { read: stats["rd_bytes"].as_u64().unwrap(), writes: stats["wr_operations"].as_u64().unwrap() }
    }

    /// Waits until so much of a plugged drive has been read and written.
    pub(crate) async fn until_traffic(&mut self, port: impl Display, what: &str, wanted: impl Fn(Traffic) -> bool) {
        let began = Instant::now();
        loop {
            let traffic = self.traffic(&port).await;
            if wanted(traffic) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "waiting until {what}: still {traffic:?}\n{}", self.last_words());
            sleep(LOOK_EVERY).await;
        }
    }

    /// Connects or cuts the network cable.
    pub(crate) async fn set_network(&mut self, up: bool) {
        self.qmp.execute("set_link", json!({"name": "net0", "up": up})).await;
    }

    /// The end of what the guest wrote to its console and its journal.
    pub(crate) fn last_words(&self) -> String {
        let end = |file: &str| {
            let text = std::fs::read(self.disks.folder.join(file)).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let lines: Vec<_> = text.lines().collect();
            lines[lines.len().saturating_sub(60)..].join("\n")
        };
        format!("--- console ---\n{}\n--- journal ---\n{}", end("console.log"), end("journal.log"))
    }
}

/// What kind of medium a drive is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Medium {
    /// How fast it is, if limited.
    pub(crate) bytes_per_second: Option<u64>,
    /// A sector of 512 bytes that cannot be read.
    pub(crate) bad_sector: Option<u64>,
    /// Its lock is on: it says that it cannot be written to.
    pub(crate) locked: bool,
}

/// What has passed between a drive and the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Bytes.
    pub(crate) read: u64,
    /// Requests.
    pub(crate) writes: u64,
}

/// What QEMU calls the device that is plugged in at a port.
fn handle(port: &impl Display) -> String {
    format!("port-{port}")
}

/// What it calls a disk of this device.
fn disk(port: &impl Display, number: usize) -> String {
    format!("disk-{port}-{number}")
}

/// What it calls that which limits the speed of all of them.
fn throttle(port: &impl Display) -> String {
    format!("pace-{port}")
}

fn change_of_pace(port: &impl Display, limits: &Value) -> Value {
    json!({"path": format!("/objects/{}", throttle(port)), "property": "limits", "value": limits})
}

async fn migrated(qmp: &mut Qmp) {
    let began = Instant::now();
    loop {
        let status = qmp.execute("query-migrate", json!({})).await;
        match status["status"].as_str() {
            Some("completed") => return,
            Some("failed") => panic!("the machine's state: {status}"),
            _ => assert!(began.elapsed() < PATIENCE, "the machine's state: {status}"),
        }
        sleep(LOOK_EVERY).await;
    }
}

/// A disk that survives the guest, but need not survive this machine.
fn qcow2(file: &Path, node: &str) -> Value {
    json!({
        "node-name": node, "driver": "qcow2", "cache": {"no-flush": true}, "discard": "unmap",
        "file": {"driver": "file", "filename": file},
    })
}

/// A second network, which stays when the first is cut: camdock's interface, for this host. The host's port is a free one.
const INTERFACE: &str = "user,id=interface,restrict=on,net=10.0.3.0/24,hostfwd=tcp:127.0.0.1:0-10.0.3.15:80";

/// The guest reaches one port of this host, and nothing else.
fn network(cloud: u16) -> String {
    format!("user,id=net,restrict=on,guestfwd=tcp:10.0.2.100:10000-cmd:socat - TCP:127.0.0.1:{cloud}")
}

/// Serves the data disk so that what was not flushed is gone when the server is killed.
async fn serve_forgetfully(folder: &Path, socket: &Path) -> Child {
    let image = folder.join("data.img");
    if !image.exists() {
        let mut convert = Command::new("qemu-img");
        convert.args(["convert", "-O", "raw"]).arg(folder.join("data.qcow2")).arg(&image);
        run(convert).await;
    }
    let mut nbdkit = Command::new("nbdkit");
    nbdkit.args(["--foreground", "--exit-with-parent", "--filter=cache", "--unix"]).arg(socket).arg("file").arg(image);
    nbdkit.arg("cache=writeback").stdin(Stdio::null()).kill_on_drop(true);
    let nbdkit = nbdkit.spawn().unwrap_or_else(|error| panic!("nbdkit: {error}; run `make setup-guest`"));
    let began = Instant::now();
    while !socket.exists() {
        assert!(began.elapsed() < PATIENCE, "nbdkit does not begin to listen");
        sleep(LOOK_EVERY).await;
    }
    nbdkit
}
