//! Asking the running daemon, over its Unix socket.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use camdock::config::Config;
use camdock::views::SOCKET_FILE;
use http_body_util::{BodyExt as _, Empty};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

/// A disk with less room than this is full.
const NEXT_TO_NOTHING: u64 = 1 << 20;

/// A station's daemon.
pub(super) struct Daemon {
    socket: PathBuf,
}

impl Daemon {
    pub(super) fn of(config: &Config) -> Self {
        Self { socket: config.station.data_dir.join(SOCKET_FILE) }
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

    /// Why nobody answers, as far as it can be told from here.
    fn why_silent(&self) -> String {
        let socket = self.socket.display();
        let disk = self.socket.parent().and_then(|folder| rustix::fs::statvfs(folder).ok());
        if disk.is_some_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < NEXT_TO_NOTHING) {
            return format!(
                "camdock does not run here: nothing answers on {socket}, and the disk that holds it is full. Make room on it; \
                 camdock starts by itself within seconds"
            );
        }
        format!("camdock does not run here: nothing answers on {socket}. Start it: systemctl start camdock")
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, route: &str) -> anyhow::Result<T> {
        let stream = UnixStream::connect(&self.socket).await.with_context(|| self.why_silent())?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let request =
            Request::builder().method(method).uri(route).header("host", "camdock").body(Empty::<Bytes>::new())?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!("{}", String::from_utf8_lossy(&body));
        }
        serde_json::from_slice(&body).context("the daemon answers in an unknown form; is it another version?")
    }
}
