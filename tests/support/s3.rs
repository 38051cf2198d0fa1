//! Real servers that speak S3, for as long as a test runs: SeaweedFS, which judges signatures and keeps what it was given when
//! it is killed, and LocalStack, which is closest to AWS in what it says of parts and checksums. Each lacks what the other has.
//!
//! Promises: they listen on this machine alone, and end with the test.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::HOST;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};
use url::Url;

use crate::footage::hex;

/// The id of the key that every server takes.
pub const KEY_ID: &str = "AKIDTEST";
/// Its secret.
pub const SECRET: &str = "secrettest";
/// Another key, which SeaweedFS takes for the same identity: its id and its secret.
pub const SECOND_KEY: (&str, &str) = ("AKIDTEST2", "secrettest2");
/// The region that every server is in.
pub const REGION: &str = "us-east-1";

/// A key of somebody who may do no more than a policy says, where one was given: its id and its secret.
pub const DOCK_KEY: (&str, &str) = ("AKIDDOCK", "secretdock");

const IDENTITIES: &str = r#"{"identities":[{"name":"t","credentials":[{"accessKey":"AKIDTEST","secretKey":"secrettest"},{"accessKey":"AKIDTEST2","secretKey":"secrettest2"}],"actions":["Admin","Read","Write","List","Tagging"]}]}"#;
const IDENTITIES_FILE: &str = "s3.json";
const LOG: &str = "server.log";
/// They take three seconds to be ready; many more where everything else is being tested at the same time, and SeaweedFS
/// again after it was killed.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Which server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// SeaweedFS.
    SeaweedFs,
    /// LocalStack.
    LocalStack,
}

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub struct S3Server {
    /// Where it listens; buckets are in its path.
    pub endpoint: Url,
    kind: Kind,
    ports: Vec<u16>,
    process: Child,
    client: Client,
    folder: TempDir,
}

impl S3Server {
    /// Starts one on free ports, with nothing in it.
    ///
    /// # Errors
    /// Say what to do.
    pub async fn start(kind: Kind) -> anyhow::Result<Self> {
        let folder = TempDir::new().context("there is no temporary folder")?;
        std::fs::write(folder.path().join(IDENTITIES_FILE), IDENTITIES)?;
        Self::start_in(folder, kind).await
    }

    /// Starts a SeaweedFS at which there is somebody who may do what this policy of IAM says, and nothing else: see [`DOCK_KEY`].
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_with_policy(policy: &str) -> anyhow::Result<Self> {
        let folder = TempDir::new().context("there is no temporary folder")?;
        let mut identities: Value = serde_json::from_str(IDENTITIES)?;
        identities["policies"] = json!([{"name": "dock", "content": policy}]);
        let key = json!({"accessKey": DOCK_KEY.0, "secretKey": DOCK_KEY.1});
        let dock = json!({"name": "dock", "credentials": [key], "actions": [], "policyNames": ["dock"]});
        identities["identities"].as_array_mut().context("identities are a list")?.push(dock);
        std::fs::write(folder.path().join(IDENTITIES_FILE), identities.to_string())?;
        Self::start_in(folder, Kind::SeaweedFs).await
    }

    async fn start_in(folder: TempDir, kind: Kind) -> anyhow::Result<Self> {
        let ports = free_ports(match kind {
            Kind::SeaweedFs => 4,
            Kind::LocalStack => 1,
        });
        let process = launch(kind, folder.path(), &ports)?;
        let endpoint = Url::parse(&format!("http://127.0.0.1:{}", ports[0]))?;
        let client = Client::builder().no_proxy().build()?;
        let mut server = Self { endpoint, kind, ports, process, client, folder };
        server.is_ready().await?;
        Ok(server)
    }

    /// Kills it.
    pub async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }

    /// Starts it again after it was killed, with what it had written down.
    ///
    /// # Errors
    /// If it does not come back.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.process = launch(self.kind, self.folder.path(), &self.ports)?;
        self.is_ready().await
    }

    /// Makes a bucket, and waits until it can be written to, which on a busy machine SeaweedFS needs a while for; `locked` ones keep
    /// versions and take locks.
    ///
    /// # Errors
    /// If it cannot be made.
    pub async fn create_bucket(&self, name: &str, locked: bool) -> anyhow::Result<()> {
        let headers: &[_] = if locked { &[("x-amz-bucket-object-lock-enabled", "true")] } else { &[] };
        let answer = self.request(Method::PUT, name, headers, "").await?;
        ensure!(answer.status().is_success(), "no bucket {name}: {}", answer.status());
        let (began, object) = (Instant::now(), format!("{name}/is-it-ready"));
        while !self.request(Method::PUT, &object, &[], "").await?.status().is_success() {
            ensure!(began.elapsed() < PATIENCE, "bucket {name} takes nothing after {PATIENCE:?}");
            sleep(LOOK_EVERY).await;
        }
        self.request(Method::DELETE, &object, &[], "").await?;
        Ok(())
    }

    /// Sends a request past the code under test: `path` is `bucket/key?query`, its query as it is signed.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> anyhow::Result<Response> {
        let body = body.into();
        let url = Url::parse(&format!("{}{path}", self.endpoint))?;
        let mut request = self.client.request(method.clone(), url.clone());
        for (name, value) in signed(&method, &url, headers, &body)? {
            request = request.header(name, value);
        }
        request.body(body).send().await.map_err(reqwest::Error::without_url).context("the server does not answer")
    }

    async fn is_ready(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            if let Some(ended) = self.process.try_wait()? {
                let log = std::fs::read_to_string(self.folder.path().join(LOG)).unwrap_or_default();
                bail!("the server has ended ({ended}):\n{log}");
            }
            // Who has just been killed can tell before it can write.
            let _ = self.request(Method::PUT, "is-it-ready", &[], "").await;
            if let Ok(answer) = self.request(Method::PUT, "is-it-ready/it-is", &[], "yes").await
                && answer.status().is_success()
            {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "the server is not ready after {PATIENCE:?}");
            sleep(LOOK_EVERY).await;
        }
    }
}

fn launch(kind: Kind, folder: &Path, ports: &[u16]) -> anyhow::Result<Child> {
    let log = std::fs::File::options().create(true).append(true).open(folder.join(LOG))?;
    let mut command = match kind {
        Kind::SeaweedFs => {
            let identities = folder.join(IDENTITIES_FILE);
            let mut command = Command::new(tool("seaweedfs/bin/weed")?);
            command.args(["-logtostderr=true", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=500"]);
            command.args([
                "-master.volumeSizeLimitMB=64",
                "-master.telemetry=false",
                "-filer",
                "-filer.disableDirListing",
            ]);
            command
                .args(["-s3", "-s3.port.iceberg=0", "-s3.port.lance=0"])
                .arg(format!("-s3.config={}", identities.display()));
            command.arg(format!("-dir={}", folder.display()));
            for (name, port) in ["s3.port", "master.port", "volume.port", "filer.port"].iter().zip(ports) {
                command.arg(format!("-{name}={port}"));
            }
            // One volume for each bucket; usually it would begin with seven, which takes its time.
            command.env("GOMEMLIMIT", "200MiB").env("WEED_MASTER_VOLUME_GROWTH_COPY_1", "1");
            command
        }
        Kind::LocalStack => {
            let mut command = Command::new(tool("localstack/bin/python")?);
            command.args(["-m", "localstack.runtime.main"]);
            command.env("SERVICES", "s3").env("GATEWAY_LISTEN", format!("127.0.0.1:{}", ports[0]));
            command.envs([("DISABLE_EVENTS", "1"), ("SKIP_SSL_CERT_DOWNLOAD", "1"), ("DNS_ADDRESS", "0")]);
            command.env("HOME", folder).env("TMPDIR", folder).env("FILESYSTEM_ROOT", folder);
            command
        }
    };
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .context("the server cannot be started: run `make tools`")
}

fn tool(path: &str) -> anyhow::Result<PathBuf> {
    let program = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools")).join(path);
    ensure!(program.is_file(), "{} is not here: run `make tools`", program.display());
    Ok(program)
}

/// Ports that were free a moment ago, and of which the one 10,000 above is free too: SeaweedFS takes that as well. Both are
/// below those that the kernel gives to connections, so that they are still free after a restart.
fn free_ports(count: usize) -> Vec<u16> {
    let mut held = Vec::new();
    while held.len() < count {
        let port = fastrand::u16(12_000..22_000);
        let free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).ok();
        if let Some(both) = free(port).zip(free(port + 10_000)) {
            held.push((port, both));
        }
    }
    held.into_iter().map(|(port, _)| port).collect()
}

/// The headers of a request that is signed with the key: Signature Version 4.
fn signed(method: &Method, url: &Url, headers: &[(&str, &str)], body: &[u8]) -> anyhow::Result<Vec<(String, String)>> {
    let now = OffsetDateTime::now_utc();
    let time = now.format(format_description!("[year][month][day]T[hour][minute][second]Z"))?;
    let day = &time[..8];
    let mut all: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let host = format!("{}:{}", url.host_str().unwrap_or_default(), url.port().unwrap_or(80));
    all.push((HOST.to_string(), host));
    all.push(("x-amz-date".to_owned(), time.clone()));
    all.push(("x-amz-content-sha256".to_owned(), hex(&Sha256::digest(body))));
    all.sort();
    let mut query: Vec<String> = url.query().unwrap_or_default().split('&').map(str::to_owned).collect();
    query.iter_mut().filter(|pair| !pair.is_empty() && !pair.contains('=')).for_each(|pair| pair.push('='));
    query.sort();
    let names = all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines = all.iter().fold(String::new(), |lines, (name, value)| lines + name + ":" + value + "\n");
    let (query, digest) = (query.join("&"), hex(&Sha256::digest(body)));
    let canonical = format!("{method}\n{}\n{query}\n{lines}\n{names}\n{digest}", url.path());
    let scope = format!("{day}/{REGION}/s3/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let mut key = format!("AWS4{SECRET}").into_bytes();
    for part in [day, REGION, "s3", "aws4_request"] {
        key = mac(&key, part);
    }
    let signature = hex(&mac(&key, &to_sign));
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={names}, Signature={signature}");
    all.push(("authorization".to_owned(), authorization));
    Ok(all)
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
