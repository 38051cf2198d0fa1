//! The demo's cloud: a local Azurite, and what it holds, looked at past camdock.

use std::path::Path;

use anyhow::ensure;
use camdock::domain::{ObjectName, Sha256};
use camdock_test_support::azurite::Azurite;
use futures::StreamExt as _;
use reqwest::{Method, StatusCode};
use url::Url;

/// The container that the demo makes.
pub(super) const CONTAINER: &str = "evidence";

/// An Azurite with the demo's container.
pub(super) struct Cloud(Azurite);

impl Cloud {
    /// Starts it over the data in `folder`, and makes the container unless it is there.
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let azurite = Azurite::start_in(folder).await?;
        azurite.create_container(CONTAINER).await?;
        Ok(Self(azurite))
    }

    /// Where it listens, in path style.
    pub(super) fn endpoint(&self) -> &Url {
        &self.0.endpoint
    }

    /// The SHA-256 of what a blob holds now, read by a plain request.
    pub(super) async fn sha256_of(&self, object: &ObjectName) -> anyhow::Result<Sha256> {
        let answer = self.0.request(Method::GET, &format!("{CONTAINER}/{object}"), "").await?;
        ensure!(answer.status() == StatusCode::OK, "it cannot be read from Azurite: {}", answer.status());
        let mut content = answer.bytes_stream();
        let mut hasher = Sha256::hasher();
        while let Some(piece) = content.next().await {
            hasher.update(&piece?);
        }
        Ok(hasher.finish())
    }

    /// Ends it, and waits until its data is on the disk.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.0.stop().await
    }
}
