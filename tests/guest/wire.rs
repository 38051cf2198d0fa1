//! The protocols by which a guest is steered and watched: JSON lines over a Unix socket, QMP to QEMU and the guest agent's
//! to the system within; and HTTP to camdock's own interface.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, timeout};

/// QEMU answers at once; a guest that is busy or booting does not.
const PATIENCE: Duration = Duration::from_mins(2);
/// How soon, and how late at most, a running command is looked after.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LAST_LOOK: Duration = Duration::from_millis(500);
/// camdock's interface answers at once, if it does; a connection that a restart left behind never will.
const ANSWER: Duration = Duration::from_secs(5);

/// One connection, and the events that came while something else was awaited.
#[derive(Debug)]
struct Wire {
    stream: BufReader<UnixStream>,
    /// The beginning of a line, kept when waiting for the rest of it was given up.
    line: Vec<u8>,
    events: VecDeque<Value>,
}

impl Wire {
    /// Connects as soon as somebody listens.
    async fn connect(socket: &Path) -> Self {
        let began = Instant::now();
        loop {
            match UnixStream::connect(socket).await {
                Ok(stream) => {
                    return Self { stream: BufReader::new(stream), line: Vec::new(), events: VecDeque::new() };
                }
                Err(error) => {
                    assert!(began.elapsed() < PATIENCE, "nobody listens at {}: {error}", socket.display());
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    async fn send(&mut self, message: &Value) {
        self.stream.get_mut().write_all(format!("{message}\n").as_bytes()).await.expect("the other end reads");
    }

    async fn receive(&mut self) -> Value {
        let length = self.stream.read_until(b'\n', &mut self.line).await.expect("the other end writes");
        assert_ne!(length, 0, "the connection was closed");
        serde_json::from_slice(&std::mem::take(&mut self.line)).expect("JSON")
    }

    async fn reply(&mut self) -> Result<Value, String> {
        loop {
            let mut message = self.receive().await;
            if message.get("event").is_some() {
                self.events.push_back(message);
            } else if let Some(error) = message.get("error") {
                return Err(error["desc"].as_str().unwrap_or_default().to_owned());
            } else {
                return Ok(message["return"].take());
            }
        }
    }
}

/// QEMU.
#[derive(Debug)]
pub(crate) struct Qmp(Wire);

impl Qmp {
    pub(crate) async fn connect(socket: &Path) -> Self {
        let mut wire = Wire::connect(socket).await;
        wire.receive().await;
        let mut qmp = Self(wire);
        qmp.execute("qmp_capabilities", json!({})).await;
        qmp
    }

    /// Runs a command that must succeed.
    pub(crate) async fn execute(&mut self, command: &str, arguments: Value) -> Value {
        let answer = self.try_execute(command, arguments.clone()).await;
        answer.unwrap_or_else(|error| panic!("QEMU refuses {command} {arguments}: {error}"))
    }

    pub(crate) async fn try_execute(&mut self, command: &str, arguments: Value) -> Result<Value, String> {
        self.0.send(&json!({"execute": command, "arguments": arguments})).await;
        timeout(PATIENCE, self.0.reply()).await.unwrap_or_else(|_| panic!("QEMU does not answer {command}"))
    }

    /// The port on this host at which QEMU's only forwarding to the guest begins.
    pub(crate) async fn forwarded_port(&mut self) -> u16 {
        let command = json!({"command-line": "info usernet"});
        let table = self.execute("human-monitor-command", command).await;
        let table = table.as_str().unwrap_or_default();
        // `TCP[HOST_FORWARD]  13       127.0.0.1 43211       10.0.3.15    80     0     0`
        let line = table.lines().find(|line| line.contains("[HOST_FORWARD]"));
        let port = line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
        port.unwrap_or_else(|| panic!("QEMU forwards nothing:\n{table}"))
    }

    /// Waits for the next event that is as wanted, and forgets those before it. Some events come more than once.
    pub(crate) async fn event(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let next = async {
            loop {
                let event = match self.0.events.pop_front() {
                    Some(event) => event,
                    None => self.0.receive().await,
                };
                if wanted(&event) {
                    return event;
                }
            }
        };
        timeout(PATIENCE, next).await.unwrap_or_else(|_| panic!("waiting until {what}: no such event"))
    }
}

/// How a command in the guest ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i64,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The guest agent.
#[derive(Debug)]
pub(crate) struct Agent(Wire);

impl Agent {
    /// Connects; the agent need not run yet.
    pub(crate) async fn connect(socket: &Path) -> Self {
        Self(Wire::connect(socket).await)
    }

    /// Waits until the agent answers, and throws away answers to earlier questions. A question that is asked while no
    /// agent runs is lost, so it is asked again.
    pub(crate) async fn synchronise(&mut self) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let id = fastrand::u32(1..);
            self.0.send(&json!({"execute": "guest-sync", "arguments": {"id": id}})).await;
            let answered = async { while self.0.receive().await["return"] != id {} };
            if timeout(Duration::from_secs(2), answered).await.is_ok() {
                return;
            }
        }
        panic!("the guest does not answer after {PATIENCE:?}");
    }

    async fn execute(&mut self, command: &str, arguments: Value) -> Value {
        self.0.send(&json!({"execute": command, "arguments": arguments})).await;
        let reply = timeout(PATIENCE, self.0.reply()).await;
        let reply = reply.unwrap_or_else(|_| panic!("the guest does not answer {command}"));
        reply.unwrap_or_else(|error| panic!("the guest refuses {command}: {error}"))
    }

    /// Sets the guest's clock, in nanoseconds since 1970.
    pub(crate) async fn set_time(&mut self, nanoseconds: i128) {
        self.execute("guest-set-time", json!({"time": i64::try_from(nanoseconds).unwrap()})).await;
    }

    /// Runs a shell command in the guest, as root, with this as its standard input.
    pub(crate) async fn run(&mut self, command: &str, input: &[u8]) -> Ran {
        let arguments = json!({
            "path": "/bin/sh", "arg": ["-c", command], "capture-output": true, "input-data": BASE64.encode(input),
        });
        let id = self.execute("guest-exec", arguments).await["pid"].clone();
        let began = Instant::now();
        loop {
            let status = self.execute("guest-exec-status", json!({"pid": id})).await;
            if status["exited"] == true {
                let text = |key: &str| {
                    let bytes = BASE64.decode(status[key].as_str().unwrap_or_default()).expect("base64");
                    String::from_utf8_lossy(&bytes).into_owned()
                };
                let code = status["exitcode"].as_i64().unwrap_or(-1);
                return Ran { code, out: text("out-data"), err: text("err-data") };
            }
            assert!(began.elapsed() < PATIENCE, "in the guest, {command:?} does not end");
            // Each look costs the guest something, so the longer it takes, the rarer.
            sleep((began.elapsed() / 4).clamp(FIRST_LOOK, LAST_LOOK)).await;
        }
    }
}

/// camdock's interface. It costs the guest a tenth of what running `camdock status` does.
#[derive(Debug)]
pub(crate) struct Interface {
    client: reqwest::Client,
    address: String,
}

impl Interface {
    /// Reached at this port of this host.
    pub(crate) fn at(port: u16) -> Self {
        let client = reqwest::Client::builder().timeout(ANSWER).build().expect("an HTTP client");
        Self { client, address: format!("http://127.0.0.1:{port}") }
    }

    /// What it answers; `None` if it does not.
    pub(crate) async fn get(&self, route: &str) -> Option<String> {
        let answer = self.client.get(format!("{}{route}", self.address)).send().await.ok()?;
        answer.error_for_status().ok()?.text().await.ok()
    }
}
