//! A real Azurite, Microsoft's emulator of Azure Blob storage, for as long as a test or a demo runs.
//!
//! Promises: Azurite ends by itself when the program that started it does, however that ends. Over a folder that stays,
//! it writes down before what it has accepted; the next Azurite in the same folder waits for that, and finds everything
//! again.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Body, Client, Method, Response, StatusCode};
use rustix::fs::FlockOperation;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};
use url::Url;

/// The account that every Azurite has.
pub const ACCOUNT: &str = "devstoreaccount1";
/// Its key, which is public.
pub const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Azurite's standard input closes when whoever started it is gone. Its index of blobs reaches the disk every five
/// seconds only, and when it is asked to end: so it is asked, not killed.
const END_WITH_PARENT: &str =
    "--import=data:text/javascript,process.stdin.on('end',()=>process.kill(process.pid,'SIGTERM')).resume()";
const READY: &str = "successfully listens on ";
const LOG: &str = "azurite.log";
/// Starting or ending takes a second or two; longer where everything else is being tested at the same time.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running Azurite. Dropped, it ends by itself; see also [`stop`](Self::stop).
#[derive(Debug)]
pub struct Azurite {
    /// The endpoint, in path style.
    pub endpoint: Url,
    process: Child,
    stdin: Option<ChildStdin>,
    client: Client,
    _folder: Option<TempDir>,
}

/// Where Azurite keeps what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Store {
    /// With an upload that breaks off, Azurite 3.37.0 may overwrite on its disk what it had accepted before, or write into
    /// another connection: docs/reliability.md has how. In memory it does not.
    Memory,
    Folder,
}

impl Azurite {
    /// Starts one on a free port with an empty store in memory, which goes with it.
    ///
    /// # Errors
    /// Say what to do.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = TempDir::new().context("there is no temporary folder")?;
        let azurite = Self::launch(folder.path(), Store::Memory, &[]).await?;
        Ok(Self { _folder: Some(folder), ..azurite })
    }

    /// The same over TLS, with this certificate and its key in PEM form: over TLS alone it takes tokens, whose signature it does
    /// not look at.
    ///
    /// # Errors
    /// Say what to do.
    pub async fn start_with_tokens(certificate: &str, key: &str) -> anyhow::Result<Self> {
        let folder = TempDir::new().context("there is no temporary folder")?;
        let [certificate_file, key_file] = ["azurite.crt", "azurite.key"].map(|name| folder.path().join(name));
        std::fs::write(&certificate_file, certificate)?;
        std::fs::write(&key_file, key)?;
        let more = ["--oauth".into(), "basic".into(), "--cert".into(), certificate_file, "--key".into(), key_file];
        let azurite = Self::launch(folder.path(), Store::Memory, &more).await?;
        Ok(Self { _folder: Some(folder), ..azurite })
    }

    /// Starts one on a free port over the store in `folder`, which is made if it is not there. An earlier Azurite over
    /// the same store is waited for.
    ///
    /// # Errors
    /// Say what to do.
    pub async fn start_in(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        Self::launch(folder, Store::Folder, &[]).await
    }

    async fn launch(folder: &Path, store: Store, more: &[PathBuf]) -> anyhow::Result<Self> {
        let program = program()?;
        let log = folder.join(LOG);
        let mut output = lock(&log).await?;
        let begin = output.seek(SeekFrom::End(0))?;
        let mut command = Command::new(&program);
        command.args(["--blobHost", "127.0.0.1", "--blobPort", "0", "--silent", "--disableTelemetry"]);
        command.args(more);
        match store {
            Store::Memory => command.arg("--inMemoryPersistence"),
            Store::Folder => command.arg("--location").arg(folder),
        };
        let mut process = command
            .env("NODE_OPTIONS", END_WITH_PARENT)
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C is for the program that started it, which then ends it.
            .process_group(0)
            // In memory there is nothing to write down.
            .kill_on_drop(store == Store::Memory)
            .spawn()
            .with_context(|| format!("{} cannot be started: run `make tools`", program.display()))?;
        let stdin = process.stdin.take();
        let endpoint = timeout(PATIENCE, announced(&log, begin, &mut process));
        let endpoint = endpoint.await.context("Azurite does not begin to listen")??;
        let client = Client::builder().no_proxy().build()?;
        Ok(Self { endpoint, process, stdin, client, _folder: None })
    }

    /// Ends it, and waits until its store is on the disk.
    ///
    /// # Errors
    /// If it has to be killed.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        // Its side of each idle connection would be waited for.
        drop(self.client);
        drop(self.stdin.take());
        if timeout(PATIENCE, self.process.wait()).await.is_err() {
            self.process.kill().await?;
            bail!("Azurite did not end by itself and was killed");
        }
        Ok(())
    }

    /// A shared access signature for the account: `permissions` such as `rwdlc`, valid until `expiry`.
    pub fn sas(permissions: &str, expiry: OffsetDateTime) -> String {
        let (version, expiry) = ("2022-11-02", expiry.replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap());
        let to_sign = format!("{ACCOUNT}\n{permissions}\nb\nco\n\n{expiry}\n\nhttps,http\n{version}\n\n");
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&BASE64.decode(KEY).unwrap()).unwrap();
        mac.update(to_sign.as_bytes());
        let signature = BASE64.encode(mac.finalize().into_bytes());
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("sv", version), ("ss", "b"), ("srt", "co"), ("sp", permissions), ("spr", "https,http")])
            .extend_pairs([("se", expiry.as_str()), ("sig", &signature)])
            .finish()
    }

    /// Sends a request past the code under test: `path` is `container/blob?query`.
    ///
    /// # Errors
    /// If Azurite does not answer.
    pub async fn request(&self, method: Method, path: &str, body: impl Into<Body>) -> anyhow::Result<Response> {
        self.request_as("rwdlac", method, path, body).await
    }

    /// The same, with these permissions.
    ///
    /// # Errors
    /// If Azurite does not answer.
    pub async fn request_as(
        &self,
        permissions: &str,
        method: Method,
        path: &str,
        body: impl Into<Body>,
    ) -> anyhow::Result<Response> {
        let sas = Self::sas(permissions, OffsetDateTime::now_utc() + time::Duration::hours(1));
        let joint = if path.contains('?') { '&' } else { '?' };
        let request = self
            .client
            .request(method, format!("{}/{path}{joint}{sas}", self.endpoint))
            .header("x-ms-version", "2023-11-03")
            .header("x-ms-blob-type", "BlockBlob")
            .body(body);
        // Over a store on a disk, Azurite now and then breaks off an answer, or begins one in its middle.
        for again in std::iter::repeat_n(&request, 2).filter_map(reqwest::RequestBuilder::try_clone) {
            if let Ok(answer) = again.send().await {
                return Ok(answer);
            }
        }
        request.send().await.map_err(reqwest::Error::without_url).context("Azurite does not answer")
    }

    /// Makes a container, unless it is there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub async fn create_container(&self, name: &str) -> anyhow::Result<()> {
        let status = self.request(Method::PUT, &format!("{name}?restype=container"), "").await?.status();
        let there = [StatusCode::CREATED, StatusCode::CONFLICT].contains(&status);
        ensure!(there, "Azurite makes no container {name}: {status}");
        Ok(())
    }
}

/// The program: the one that `make tools` installed, or one in PATH.
///
/// # Errors
/// Say what to do.
pub fn program() -> anyhow::Result<PathBuf> {
    let project = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::iter::once(project.join("target/tools/bin")).chain(std::env::split_paths(&path));
    let program = folders.find_map(|folder| Some(folder.join("azurite-blob")).filter(|program| program.is_file()));
    program.context("there is no Azurite here: run `make tools`, or npm install --global azurite")
}

/// Opens Azurite's log and locks it. Azurite inherits the open file, so the lock is held until Azurite itself is gone:
/// one that outlived its parent has then written everything down.
async fn lock(log: &Path) -> anyhow::Result<File> {
    let file = File::options().create(true).append(true).open(log)?;
    let began = Instant::now();
    while let Err(error) = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        if error != rustix::io::Errno::WOULDBLOCK || began.elapsed() > PATIENCE {
            bail!("another Azurite still works in {}: end it first", log.parent().unwrap_or(log).display());
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(file)
}

/// Waits until Azurite says in its log where it listens.
async fn announced(log: &Path, begin: u64, process: &mut Child) -> anyhow::Result<Url> {
    loop {
        let ended = process.try_wait()?;
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
        if let Some(status) = ended {
            bail!("Azurite ended at once ({status}): {}", said.trim());
        }
        sleep(LOOK_EVERY).await;
    }
}
