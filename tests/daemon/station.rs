//! A station in a temporary folder: its configuration, its bays, and the real `camdock run` as a child of the test.
//!
//! Promises: every wait ends; what fails tells the last status and the end of the daemon's log; the daemon ends with the
//! test, however that ends.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use camdock::domain::BayState;
use camdock::ledger::{Health, LEDGER_FILE, Ledger};
use camdock::views::{BayDocument, StatusDocument};
use camdock_test_support::footage::Footage;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// Nothing that a station does in these tests takes longer, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// The station's promise about SIGTERM.
const STOPS_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What differs from station to station.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How many bays.
    pub(crate) bays: usize,
    /// Address of the account's blob service.
    pub(crate) endpoint: String,
    /// The container, and what goes before the names in it.
    pub(crate) container: &'static str,
    pub(crate) prefix: String,
    /// The account's key.
    pub(crate) key: String,
    /// Where ledger and spool lie, if not in the station's own folder.
    pub(crate) data_dir: Option<PathBuf>,
}

/// A station and its daemon, if it runs.
#[derive(Debug)]
pub(crate) struct RunningStation {
    folder: TempDir,
    settings: Settings,
    child: Option<Child>,
    /// What its log had, in bytes, when this daemon was started.
    logged_before: usize,
}

impl RunningStation {
    /// A station that has never run.
    pub(crate) fn new(settings: Settings) -> Self {
        let station =
            Self { folder: TempDir::new().expect("a temporary folder"), settings, child: None, logged_before: 0 };
        for bay in 1..=station.settings.bays {
            std::fs::create_dir(station.bay(bay)).unwrap();
        }
        station.configure();
        station
    }

    /// A station that has no Azure within reach, and must send to these destinations, and to no others.
    pub(crate) fn sending_to(destinations: &str) -> Self {
        let station = Self::new(Settings {
            bays: 1,
            endpoint: "http://127.0.0.1:9/devstoreaccount1".to_owned(),
            container: "evidence",
            prefix: String::new(),
            key: "bm9uZQ==".to_owned(),
            data_dir: None,
        });
        let text = format!("[[destination]]\nname = \"primary\"\nrequired = false\n{destinations}");
        std::fs::write(station.beside("camdock.toml.d/destinations.toml"), text).unwrap();
        station
    }

    /// Writes the configuration; for the next start.
    fn configure(&self) {
        let Settings { bays, endpoint, container, prefix, key, .. } = &self.settings;
        let mut text = format!(
            r#"
            [station]
            id = "hq-01"
            data_dir = "{data_dir}"
            [spool]
            reserve = "1 MiB"
            keep_after_wipe = "0s"
            [web]
            listen = "127.0.0.1:0"
            [upload]
            chunk_size = "64 KiB"
            concurrency = 4
            stall_timeout = "5s"
            [[destination]]
            name = "primary"
            kind = "azure"
            endpoint = "{endpoint}"
            container = "{container}"
            prefix = "{prefix}"
            credential = {{ kind = "shared-key", file = "primary.key", account = "devstoreaccount1" }}
            "#,
            data_dir = self.data_dir().display(),
        );
        for bay in 1..=*bays {
            write!(
                text,
                "\n[[bay]]\nname = \"{bay}\"\nfolder = \"{}\"\nquiet_time = \"1s\"\n",
                self.bay(bay).display()
            )
            .unwrap();
        }
        std::fs::write(self.config(), text).unwrap();
        self.give_key(key);
    }

    /// Something beside the configuration, such as a drop-in in `camdock.toml.d` or a profile in `profiles.d`.
    pub(crate) fn beside(&self, path: &str) -> PathBuf {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// Puts another key into the credential file.
    pub(crate) fn give_key(&self, key: &str) {
        std::fs::write(self.folder.path().join("primary.key"), key).unwrap();
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.settings.data_dir.clone().unwrap_or_else(|| self.folder.path().join("data"))
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.data_dir().join(LEDGER_FILE)
    }

    pub(crate) fn bay(&self, bay: usize) -> PathBuf {
        self.folder.path().join(format!("bay-{bay}"))
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("camdock.toml")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("camdock.log")
    }

    /// Puts a camera with this footage into a bay.
    pub(crate) fn dock(&self, bay: usize, footage: &Footage) {
        // Hidden entries are no cameras, so this one appears all at once.
        let preparing = self.bay(bay).join(".preparing");
        footage.write_to(&preparing);
        std::fs::rename(preparing, self.camera(bay, footage)).unwrap();
    }

    /// Where a docked camera is.
    pub(crate) fn camera(&self, bay: usize, footage: &Footage) -> PathBuf {
        self.bay(bay).join(&footage.serial)
    }

    /// Takes a camera out of its bay. Returns where it lies now; see [`put_back`](Self::put_back).
    pub(crate) fn take(&self, bay: usize, footage: &Footage) -> PathBuf {
        let drawer = self.folder.path().join("drawer");
        std::fs::create_dir_all(&drawer).unwrap();
        let place = drawer.join(&footage.serial);
        std::fs::rename(self.camera(bay, footage), &place).unwrap();
        place
    }

    /// Puts a camera that was taken into a bay, of this station or another.
    pub(crate) fn put_back(&self, bay: usize, camera: &Path) {
        std::fs::rename(camera, self.bay(bay).join(camera.file_name().unwrap())).unwrap();
    }

    /// Starts the daemon.
    pub(crate) fn start(&mut self) {
        self.spawn(&[]);
    }

    /// Starts the daemon as systemd does, which listens at this socket.
    pub(crate) fn start_under(&mut self, systemd: &Path) {
        self.spawn(&[("NOTIFY_SOCKET", systemd.as_os_str())]);
    }

    /// Starts the daemon so that it kills itself at its `hit`-th arrival at a crash point.
    pub(crate) fn start_to_crash_at(&mut self, point: &str, hit: u32) {
        self.spawn(&[("CAMDOCK_CRASH_AT", OsStr::new(&format!("{point}:{hit}")))]);
    }

    fn spawn(&mut self, environment: &[(&str, &OsStr)]) {
        assert!(self.child.is_none(), "the daemon runs already");
        self.logged_before = self.logged().len();
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_camdock"));
        command.arg("run").arg("--config").arg(self.config());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        command.env_remove("NOTIFY_SOCKET").env_remove("CAMDOCK_CRASH_AT").envs(environment.iter().copied());
        self.child = Some(command.spawn().expect("camdock can be started"));
    }

    /// Ends the daemon as a power cut would, without a word. It may have ended before.
    pub(crate) async fn kill(&mut self) {
        self.child.take().expect("the daemon was started").kill().await.unwrap();
    }

    /// Asks the daemon to stop, and holds it to its promises.
    pub(crate) async fn stop(&mut self) {
        let id = self.child.as_ref().and_then(Child::id).expect("the daemon runs");
        let id = rustix::process::Pid::from_raw(id.cast_signed()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let ended = timeout(STOPS_WITHIN, self.child.as_mut().unwrap().wait()).await;
        let status =
            ended.unwrap_or_else(|_| panic!("SIGTERM: still there after {STOPS_WITHIN:?}\n{}", self.log_end()));
        assert_eq!(status.unwrap().code(), Some(0), "{}", self.log_end());
        self.child = None;
    }

    /// Waits for the daemon to be killed at the crash point it was started with.
    ///
    /// # Errors
    /// If it got all its work done without ever being there.
    pub(crate) async fn crashed(&mut self) -> Result<(), String> {
        let began = Instant::now();
        let mut done_since = None;
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                self.child = None;
                let killed = status.signal() == Some(9);
                return if killed { Ok(()) } else { Err(format!("ended with {status}\n{}", self.log_end())) };
            }
            match self.status().await {
                Some(status) if all_done(&status) => {
                    // The release of the spool copies may still come.
                    if done_since.get_or_insert_with(Instant::now).elapsed() > Duration::from_secs(5) {
                        return Err("never reached".to_owned());
                    }
                }
                _ => done_since = None,
            }
            sleep(LOOK_EVERY).await;
        }
        Err(format!("neither reached nor done after {PATIENCE:?}\n{}", self.log_end()))
    }

    /// The document of `camdock status --json`, straight from the socket. `None` while the daemon does not answer.
    pub(crate) async fn status(&self) -> Option<StatusDocument> {
        let body = self.answer("/api/v1/status").await?;
        Some(serde_json::from_str(&body).expect("the status is a snapshot"))
    }

    /// What the daemon answers on its socket. `None` while it does not.
    pub(crate) async fn answer(&self, path: &str) -> Option<String> {
        let stream = UnixStream::connect(self.data_dir().join("camdock.sock")).await.ok()?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        let request = hyper::Request::get(path).header("host", "camdock").body(Empty::<&[u8]>::new());
        let answer = sender.send_request(request.unwrap()).await.ok()?;
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        String::from_utf8(body.to_vec()).ok()
    }

    /// The station's events from its socket, those that come after one of which somebody knows.
    pub(crate) async fn events(&self, known: Option<&str>) -> Events {
        let stream = UnixStream::connect(self.data_dir().join("camdock.sock")).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = hyper::Request::get("/api/v1/events").header("host", "camdock");
        let request = known.into_iter().fold(request, |request, id| request.header("last-event-id", id));
        let answer = sender.send_request(request.body(Empty::<&[u8]>::new()).unwrap()).await.unwrap();
        Events { body: answer.into_body(), unread: String::new(), _sender: sender }
    }

    /// Waits until the status is as wanted; fails if the daemon ends before.
    pub(crate) async fn until(&mut self, what: &str, wanted: impl Fn(&StatusDocument) -> bool) -> StatusDocument {
        let began = Instant::now();
        let mut last = None;
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.status().await {
                if wanted(&status) {
                    return status;
                }
                last = Some(status);
            }
            let ended = self.child.as_mut().expect("the daemon was started").try_wait().unwrap();
            assert!(ended.is_none(), "waiting until {what}: the daemon ended with {ended:?}\n{}", self.log_end());
            sleep(LOOK_EVERY).await;
        }
        let last = serde_json::to_string_pretty(&last).unwrap();
        panic!("waiting until {what}: not after {PATIENCE:?}; last status: {last}\n{}", self.log_end());
    }

    /// Waits until every docked camera is ready to be taken, and nothing is queued or needs a person.
    pub(crate) async fn until_all_done(&mut self) -> StatusDocument {
        self.until("everything is proven and wiped", all_done).await
    }

    /// Runs a `camdock` command of this station to its end.
    pub(crate) async fn camdock(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_camdock"));
        command.args(arguments).arg("--config").arg(self.config()).stdin(Stdio::null()).kill_on_drop(true);
        timeout(PATIENCE, command.output()).await.expect("a command ends").unwrap()
    }

    /// The same, with something to read.
    pub(crate) async fn camdock_reading(&self, arguments: &[&str], text: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_camdock"));
        command.args(arguments).arg("--config").arg(self.config()).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Whatever it does not want to read, it may leave.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes()).await;
        timeout(PATIENCE, child.wait_with_output()).await.expect("a command ends").unwrap()
    }

    /// The texts of the custody log whose step is one of these.
    pub(crate) fn written_down(&self, steps: &[&str]) -> Vec<serde_json::Value> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let ledger = rusqlite::Connection::open_with_flags(self.ledger(), flags).unwrap();
        let mut statement = ledger.prepare("SELECT entry FROM custody_log ORDER BY seq").unwrap();
        let texts = statement.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
        let entries = texts.map(|text| serde_json::from_str::<serde_json::Value>(&text).unwrap());
        entries.filter(|entry| steps.contains(&entry["step"].as_str().unwrap())).collect()
    }

    /// The same, as a user who is nobody here.
    pub(crate) async fn camdock_as_nobody(&self, arguments: &[&str]) -> Output {
        const NOBODY: u32 = 65_534;
        // The configuration must be within reach.
        std::fs::set_permissions(self.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new(env!("CARGO_BIN_EXE_camdock"));
            command.uid(NOBODY).gid(NOBODY);
            command
        } else {
            let mut command = Command::new("sudo");
            command.args(["-n", "-u", &format!("#{NOBODY}"), env!("CARGO_BIN_EXE_camdock")]);
            command
        };
        command.args(arguments).arg("--config").arg(self.config()).stdin(Stdio::null()).kill_on_drop(true);
        timeout(PATIENCE, command.output()).await.expect("a command ends").unwrap()
    }

    /// The daemon's process.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).expect("the daemon runs")
    }

    /// The ledger of the stopped station must be whole, and nothing in it may wait.
    pub(crate) async fn assert_ledger_sound(&self) {
        assert!(matches!(Ledger::examine(&self.ledger()).unwrap(), Health::Sound(unknown) if unknown.is_empty()));
        let ledger = Ledger::look_only(&self.ledger()).unwrap();
        let now = camdock::domain::Moment::from_millis(0);
        assert_eq!(ledger.queue(now).await.unwrap().segments, 0, "nothing is queued");
        assert_eq!(ledger.problem_count().await.unwrap(), 0, "nobody is needed");
    }

    /// How many sealed copies are in the spool.
    pub(crate) fn spool_copies(&self) -> usize {
        let shards = std::fs::read_dir(self.data_dir().join("spool/segments")).unwrap();
        shards.map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap().count()).sum()
    }

    /// Where the page of the daemon that runs now is, once its log says so: a station works before it has one.
    pub(crate) async fn page(&self) -> String {
        let said = async {
            loop {
                let log = self.logged();
                let line = log.get(self.logged_before..).and_then(|log| Some(log.rsplit_once("The page is at ")?.1));
                if let Some((address, _)) = line.and_then(|line| line.split_once('\n')) {
                    return address.to_owned();
                }
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(PATIENCE, said).await.expect("the log says where the page is")
    }

    /// Everything that the daemon has logged.
    pub(crate) fn logged(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log_end(&self) -> String {
        let log = self.logged();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

/// What a station tells as it changes.
pub(crate) struct Events {
    body: hyper::body::Incoming,
    unread: String,
    _sender: hyper::client::conn::http1::SendRequest<Empty<&'static [u8]>>,
}

impl Events {
    /// The next one's name, id and data; the last two are empty where it has none.
    pub(crate) async fn next(&mut self) -> (String, String, String) {
        while !self.unread.contains("\n\n") {
            let frame = timeout(PATIENCE, self.body.frame()).await.expect("there is an event").expect("it goes on");
            self.unread.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
        let end = self.unread.find("\n\n").unwrap();
        let event: String = self.unread.drain(..end + 2).collect();
        let field = |name: &str| {
            let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_default().to_owned()
        };
        (field("event"), field("id"), field("data"))
    }
}

/// Every camera is ready to be taken, and nothing is queued or needs a person.
fn all_done(status: &StatusDocument) -> bool {
    let docked = status.bays.iter().any(|bay| bay.state == BayState::Ready);
    let settled = |bay: &BayDocument| matches!(bay.state, BayState::Ready | BayState::Empty);
    docked && status.bays.iter().all(settled) && status.queue.segments == 0 && status.problems == 0
}

/// The bay of this name; they are numbered from 1.
pub(crate) fn bay(status: &StatusDocument, number: usize) -> &BayDocument {
    &status.bays[number - 1]
}

/// What a command printed, standard error first.
pub(crate) fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout))
}
