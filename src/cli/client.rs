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

    async fn ask<T: DeserializeOwned>(&self, method: Method, route: &str) -> anyhow::Result<T> {
        let stream = UnixStream::connect(&self.socket).await.with_context(|| {
            format!(
                "camdock does not run here: nothing answers on {}. Start it: systemctl start camdock",
                self.socket.display()
            )
        })?;
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
