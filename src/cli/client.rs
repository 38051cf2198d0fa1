//! Asking the running daemon, over its Unix socket.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use camdock::config::Config;
use camdock::ledger::StationLock;
use camdock::views::SOCKET_FILE;
use http_body_util::{BodyExt as _, Empty};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::ledger::{self, Start};

/// A daemon that is well answers at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// A station's daemon.
pub(super) struct Daemon<'c> {
    config: &'c Config,
    socket: PathBuf,
}

impl<'c> Daemon<'c> {
    pub(super) fn of(config: &'c Config) -> Self {
        Self { config, socket: config.station.data_dir.join(SOCKET_FILE) }
    }

    /// Whether a daemon is there to answer.
    pub(super) async fn answers(&self) -> bool {
        UnixStream::connect(&self.socket).await.is_ok()
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, route: &str) -> anyhow::Result<T> {
        self.ask(Method::GET, route).await
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, route: &str) -> anyhow::Result<T> {
        self.ask(Method::POST, route).await
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, route: &str) -> anyhow::Result<T> {
        let stream = match UnixStream::connect(&self.socket).await {
            Ok(stream) => stream,
            Err(error) => bail!(self.why_silent(&error).await),
        };
        match timeout(PATIENCE, asked(stream, method, route)).await {
            Ok(answer) => answer,
            Err(_) => bail!(
                "camdock runs here, but has not answered for {} seconds: it is starting, hangs or waits for its disk. \
                 systemd restarts it if it hangs; see: journalctl -u camdock",
                PATIENCE.as_secs()
            ),
        }
    }

    /// Why nobody answers, as far as that can be seen from here.
    async fn why_silent(&self, error: &io::Error) -> String {
        let (socket, folder) = (self.socket.display(), self.config.station.data_dir.display());
        if error.kind() == io::ErrorKind::PermissionDenied {
            return format!(
                "you may not ask camdock here ({socket}: {error}). Ask as root, or as one of group camdock"
            );
        }
        if StationLock::is_taken(&self.config.station.data_dir) {
            return format!(
                "camdock runs here, but nobody answers on {socket} ({error}): it is starting, or cannot make that socket; \
                 see: journalctl -u camdock"
            );
        }
        match ledger::before_a_start(self.config).await {
            Start::Fails(trouble) => format!(
                "camdock does not run here, and cannot: {trouble}. Once that is mended, start it: systemctl start camdock"
            ),
            Start::WorksOnKeptRoom(trouble) => format!(
                "camdock does not run here, and {trouble}. It starts all the same, on the room that is kept for its ledger, \
                 and removes from the spool what is proven and wiped. Start it: systemctl start camdock"
            ),
            Start::Rebuilds(damage) => format!(
                "camdock does not run here, and {damage}. The next start sets that aside and rebuilds it from what can be \
                 read. Start it: systemctl start camdock"
            ),
            Start::Works => format!(
                "camdock does not run here: nothing answers on {socket}, and nobody uses {folder}. Start it: systemctl \
                 start camdock"
            ),
        }
    }
}

async fn asked<T: DeserializeOwned>(stream: UnixStream, method: Method, route: &str) -> anyhow::Result<T> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(route).header("host", "camdock").body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        bail!("{}", String::from_utf8_lossy(&body));
    }
    serde_json::from_slice(&body).context("the daemon answers in an unknown form; is it another version?")
}
