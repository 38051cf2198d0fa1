//! A local Azurite, Microsoft's emulator of Azure Blob storage, for as long as the demo runs.
//!
//! Promises: Azurite ends by itself when the demo does, however that ends, and writes down before what it has accepted;
//! the next demo in the same folder waits for that, and finds everything again.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use camdock::daemon::SystemClock;
use camdock::domain::{Clock as _, ObjectName, Sha256};
use futures::StreamExt as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, Method, Response, StatusCode};
use rustix::fs::FlockOperation;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};
use url::Url;

/// The account that every Azurite has.
pub(super) const ACCOUNT: &str = "devstoreaccount1";
/// Its key, which is public.
pub(super) const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// The container that the demo makes.
pub(super) const CONTAINER: &str = "evidence";

/// Azurite's standard input closes when the demo is gone. Its index of blobs reaches the disk every five seconds only,
/// and when it is asked to end: so it is asked, not killed.
const END_WITH_THE_DEMO: &str =
    "--import=data:text/javascript,process.stdin.on('end',()=>process.kill(process.pid,'SIGTERM')).resume()";
const READY: &str = "successfully listens on ";
/// Starting or ending takes a second or two.
const PATIENCE: Duration = Duration::from_secs(20);
const API_VERSION: &str = "2023-11-03";

/// A running Azurite.
pub(super) struct Azurite {
    /// Its endpoint, in path style.
    pub(super) endpoint: Url,
    process: Child,
    stdin: Option<ChildStdin>,
    client: Client,
}

impl Azurite {
    /// Starts one on a free port, over the data in `folder`, and makes the container unless it is there.
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut command = find()?;
        std::fs::create_dir_all(folder)?;
        let path = folder.join("azurite.log");
        let mut log = lock(&path).await?;
        let begin = log.seek(SeekFrom::End(0))?;
        let mut process = command
            .args(["--blobHost", "127.0.0.1", "--blobPort", "0", "--silent", "--disableTelemetry", "--location"])
            .arg(folder)
            .env("NODE_OPTIONS", END_WITH_THE_DEMO)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?)
            // Ctrl-C is for the demo, which then ends Azurite.
            .process_group(0)
            .spawn()
            .context("Azurite cannot be started; run `make tools`, or npm install azurite")?;
        let stdin = process.stdin.take();
        let endpoint = timeout(PATIENCE, announced(&path, begin, &mut process));
        let endpoint = endpoint.await.context("Azurite does not begin to listen")??;
        let client = Client::builder().no_proxy().build()?;
        let azurite = Self { endpoint, process, stdin, client };
        let made = azurite.request(Method::PUT, CONTAINER, &[("restype", "container")]).await?;
        ensure!(
            matches!(made.status(), StatusCode::CREATED | StatusCode::CONFLICT),
            "Azurite makes no container: {}",
            made.status()
        );
        Ok(azurite)
    }

    /// The SHA-256 of what a blob holds now, read by a plain request.
    pub(super) async fn sha256_of(&self, object: &ObjectName) -> anyhow::Result<Sha256> {
        let answer = self.request(Method::GET, &format!("{CONTAINER}/{object}"), &[]).await?;
        ensure!(answer.status() == StatusCode::OK, "it cannot be read from Azurite: {}", answer.status());
        let mut content = answer.bytes_stream();
        let mut hasher = Sha256::hasher();
        while let Some(piece) = content.next().await {
            hasher.update(&piece?);
        }
        Ok(hasher.finish())
    }

    /// Ends it, and waits until its data is on the disk.
    pub(super) async fn stop(mut self) {
        // Its side of each idle connection would be waited for.
        drop(self.client);
        drop(self.stdin.take());
        if timeout(PATIENCE, self.process.wait()).await.is_err() {
            tracing::warn!("Azurite does not end; it is killed");
            let _ = self.process.kill().await;
        }
    }

    async fn request(&self, method: Method, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Response> {
        let mut url = self.endpoint.clone();
        url.path_segments_mut().ok().context("the endpoint has no path")?.extend(path.split('/'));
        url.query_pairs_mut().extend_pairs(query).extend_pairs(sas()?);
        let request = self.client.request(method, url).header("x-ms-version", API_VERSION).header("content-length", 0);
        request.send().await.map_err(reqwest::Error::without_url).context("Azurite does not answer")
    }
}

/// How to start Azurite here; an error says what to do if there is none.
pub(super) fn find() -> anyhow::Result<Command> {
    let (folder, chosen) = match std::env::var_os("CAMDOCK_AZURITE_DIR") {
        Some(folder) => (PathBuf::from(folder), true),
        None => (std::path::absolute("target/tools/azurite")?, false),
    };
    let modules = folder.join("node_modules");
    let main = modules.join("azurite/dist/src/blob/main.js");
    if main.exists() {
        let architecture = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x64" };
        // Azurite wants a newer Node.js than many systems have, so it may come with its own.
        let own = modules.join(format!("node-linux-{architecture}/bin/node"));
        let mut command = Command::new(if own.exists() { own } else { "node".into() });
        command.arg(main);
        return Ok(command);
    }
    if chosen {
        bail!("CAMDOCK_AZURITE_DIR is {}, and there is no Azurite in it; run `make tools`", folder.display());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    match std::env::split_paths(&path).map(|folder| folder.join("azurite-blob")).find(|program| program.is_file()) {
        Some(program) => Ok(Command::new(program)),
        None => bail!("there is no Azurite here; run `make tools`, or npm install azurite"),
    }
}

/// Opens Azurite's log and locks it. Azurite inherits the open file, so the lock is held until Azurite itself is gone:
/// one that outlived its demo has then written everything down.
async fn lock(log: &Path) -> anyhow::Result<File> {
    let file = File::options().create(true).append(true).open(log)?;
    let began = Instant::now();
    while let Err(error) = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        if error != rustix::io::Errno::WOULDBLOCK || began.elapsed() > PATIENCE {
            bail!("another Azurite still works in {}; end it first", log.parent().unwrap_or(log).display());
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok(file)
}

/// Waits until Azurite says in its log where it listens.
async fn announced(log: &Path, begin: u64, process: &mut Child) -> anyhow::Result<Url> {
    loop {
        let mut said = String::new();
        let mut file = File::open(log)?;
        file.seek(SeekFrom::Start(begin))?;
        file.read_to_string(&mut said)?;
        // The line is complete only with its end.
        let line =
            said.split_inclusive('\n').filter(|line| line.ends_with('\n')).find_map(|line| line.split_once(READY));
        if let Some((_, url)) = line {
            return format!("{}/{ACCOUNT}", url.trim()).parse().context("Azurite listens at no URL");
        }
        if let Some(status) = process.try_wait()? {
            bail!("Azurite ended at once ({status}): {}", said.trim());
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// A shared access signature that may read, and make containers, for an hour.
fn sas() -> anyhow::Result<Vec<(&'static str, String)>> {
    let (version, permissions) = ("2022-11-02", "rcw");
    let expiry = SystemClock.now().plus(Duration::from_hours(1)).millis().div_euclid(1000) * 1000;
    let expiry = camdock::domain::Moment::from_millis(expiry).to_string();
    let to_sign = format!("{ACCOUNT}\n{permissions}\nb\nco\n\n{expiry}\n\nhttps,http\n{version}\n\n");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&BASE64.decode(KEY)?)?;
    mac.update(to_sign.as_bytes());
    let signature = BASE64.encode(mac.finalize().into_bytes());
    let pairs = [("sv", version), ("ss", "b"), ("srt", "co"), ("sp", permissions), ("spr", "https,http")];
    let pairs = pairs.into_iter().map(|(name, value)| (name, value.to_owned()));
    Ok(pairs.chain([("se", expiry), ("sig", signature)]).collect())
}
