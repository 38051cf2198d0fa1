//! The kinds of places, each with what it takes to stand one up.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use camdock::cloud::Destination;
use camdock::cloud::azure::{AzureCredential, AzureDestination, AzureSettings};
use camdock::cloud::folder::{FolderDestination, SameDisk};
use camdock::cloud::gcs::{GcsCredential, GcsDestination, GcsSettings};
use camdock::cloud::http::Connection;
use camdock::cloud::notes::UploadNotes;
use camdock::cloud::s3::{AccessKey, S3Credential, S3Destination, S3Settings};
use camdock::domain::{Clock, DestinationName, Moment, Secret};
use camdock_test_support::azurite::{ACCOUNT, Azurite, KEY};
use camdock_test_support::gcs::{Gcs, Retains};
use camdock_test_support::immutability::Immutability;
use camdock_test_support::s3::{KEY_ID, Kind, REGION, S3Server, SECRET};
use serde_json::json;
use tempfile::TempDir;
use time::OffsetDateTime;
use url::Url;

const PATIENCE: Duration = Duration::from_mins(1);

/// A kind of place.
#[async_trait]
pub(super) trait Place: Sync {
    /// Makes a container, a bucket or a folder of this name.
    async fn make(&self, container: &str);

    /// Makes one whose objects are kept from deletion as they are asked to; whether the kind and its stand-in can do that.
    async fn make_keeping(&self, container: &str) -> bool;

    /// A station's connection to it, as after a start: of an earlier one only what is written down is known.
    fn connect(&self, container: &str) -> Arc<dyn Destination>;

    /// Where it listens, if it is one that is asked over a network.
    fn address(&self) -> Option<SocketAddr>;

    /// A connection by way of another address, if it is such a one.
    fn connect_through(&self, container: &str, address: SocketAddr) -> Option<Arc<dyn Destination>>;

    /// A connection with a secret that is wrong, where the kind and its stand-in know of any.
    fn connect_wrongly(&self, container: &str) -> Option<Arc<dyn Destination>>;
}

/// The time as it is.
pub(super) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Moment {
        Moment::from_millis(i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap())
    }
}

/// A clock that is wrong by so many seconds.
struct WrongClock(i64);

impl Clock for WrongClock {
    fn now(&self) -> Moment {
        Moment::from_millis(WallClock.now().millis() + self.0 * 1_000)
    }
}

fn address_of(endpoint: &Url) -> Option<SocketAddr> {
    endpoint.socket_addrs(|| None).unwrap().into_iter().next()
}

fn by_way_of(endpoint: &Url, address: SocketAddr) -> Url {
    let mut url = endpoint.clone();
    url.set_ip_host(address.ip()).unwrap();
    url.set_port(Some(address.port())).unwrap();
    url
}

fn name() -> DestinationName {
    DestinationName::new("primary").unwrap()
}

/// A folder on this machine.
pub(super) struct FolderPlace(TempDir);

impl FolderPlace {
    pub(super) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, container: &str) -> PathBuf {
        self.0.path().join(container)
    }
}

#[async_trait]
impl Place for FolderPlace {
    async fn make(&self, container: &str) {
        std::fs::create_dir(self.path(container)).unwrap();
    }

    async fn make_keeping(&self, container: &str) -> bool {
        self.make(container).await;
        false
    }

    fn connect(&self, container: &str) -> Arc<dyn Destination> {
        Arc::new(FolderDestination::new(name(), self.path(container), SameDisk::Allowed, PATIENCE))
    }

    fn address(&self) -> Option<SocketAddr> {
        None
    }

    fn connect_through(&self, _: &str, _: SocketAddr) -> Option<Arc<dyn Destination>> {
        None
    }

    fn connect_wrongly(&self, _: &str) -> Option<Arc<dyn Destination>> {
        None
    }
}

/// Azure, played by Azurite, and where that keeps nothing from deletion, by a layer before it.
pub(super) struct AzuritePlace {
    azurite: Azurite,
    immutability: Option<Immutability>,
}

impl AzuritePlace {
    pub(super) async fn start() -> Self {
        Self { azurite: Azurite::start().await.unwrap(), immutability: None }
    }

    pub(super) async fn with_immutability() -> Self {
        let azurite = Azurite::start().await.unwrap();
        let immutability = Some(Immutability::before(&azurite.endpoint).await.unwrap());
        Self { azurite, immutability }
    }

    fn endpoint(&self) -> &Url {
        self.immutability.as_ref().map_or(&self.azurite.endpoint, |layer| &layer.endpoint)
    }

    fn connect_with(container: &str, key: &str, endpoint: Url) -> Arc<dyn Destination> {
        let settings = AzureSettings {
            name: name(),
            endpoint,
            container: container.to_owned(),
            credential: AzureCredential::SharedKey { account: ACCOUNT.to_owned(), key: Secret::new(key) },
            credential_name: "primary.key".to_owned(),
            connection: Connection::usual(PATIENCE),
        };
        Arc::new(AzureDestination::new(settings, Arc::new(WallClock)).unwrap())
    }
}

#[async_trait]
impl Place for AzuritePlace {
    async fn make(&self, container: &str) {
        self.azurite.create_container(container).await.unwrap();
    }

    async fn make_keeping(&self, container: &str) -> bool {
        self.make(container).await;
        self.immutability.is_some()
    }

    fn connect(&self, container: &str) -> Arc<dyn Destination> {
        Self::connect_with(container, KEY, self.endpoint().clone())
    }

    fn address(&self) -> Option<SocketAddr> {
        address_of(self.endpoint())
    }

    fn connect_through(&self, container: &str, address: SocketAddr) -> Option<Arc<dyn Destination>> {
        Some(Self::connect_with(container, KEY, by_way_of(self.endpoint(), address)))
    }

    fn connect_wrongly(&self, container: &str) -> Option<Arc<dyn Destination>> {
        Some(Self::connect_with(container, "d3Jvbmc=", self.endpoint().clone()))
    }
}

/// S3, by one of its servers.
pub(super) struct S3Place {
    server: S3Server,
    notes: TempDir,
    kind: Kind,
}

impl S3Place {
    pub(super) async fn seaweedfs() -> Self {
        Self::start(Kind::SeaweedFs).await
    }

    pub(super) async fn localstack() -> Self {
        Self::start(Kind::LocalStack).await
    }

    async fn start(kind: Kind) -> Self {
        Self { server: S3Server::start(kind).await.unwrap(), notes: TempDir::new().unwrap(), kind }
    }

    fn settings(&self, bucket: &str, secret: &str, endpoint: &Url) -> S3Settings {
        let key = AccessKey { id: KEY_ID.to_owned(), secret: Secret::new(secret), token: None };
        S3Settings {
            name: name(),
            bucket_url: endpoint.join(bucket).unwrap(),
            bucket: bucket.to_owned(),
            region: REGION.to_owned(),
            credential: S3Credential::AccessKey(key),
            credential_name: "primary.key".to_owned(),
            bucket_owner: None,
            connection: Connection::usual(PATIENCE),
            notes: UploadNotes::open(self.notes.path().join(bucket)),
        }
    }

    fn connect_with(&self, bucket: &str, secret: &str, endpoint: &Url, clock: Arc<dyn Clock>) -> Arc<dyn Destination> {
        Arc::new(S3Destination::new(self.settings(bucket, secret, endpoint), clock).unwrap())
    }

    /// A connection with whatever is said to open it.
    pub(super) fn connect_as(&self, bucket: &str, credential: S3Credential) -> Arc<dyn Destination> {
        let settings = S3Settings { credential, ..self.settings(bucket, SECRET, &self.server.endpoint) };
        Arc::new(S3Destination::new(settings, Arc::new(WallClock)).unwrap())
    }

    /// A connection of a station whose clock is wrong by so many seconds.
    pub(super) fn connect_at_another_time(&self, bucket: &str, seconds: i64) -> Arc<dyn Destination> {
        self.connect_with(bucket, SECRET, &self.server.endpoint, Arc::new(WrongClock(seconds)))
    }

    /// Kills it, and starts it again with what it had written down.
    pub(super) async fn is_killed(&mut self) {
        self.server.kill().await;
        self.server.restart().await.unwrap();
    }
}

#[async_trait]
impl Place for S3Place {
    async fn make(&self, bucket: &str) {
        self.server.create_bucket(bucket, false).await.unwrap();
    }

    async fn make_keeping(&self, bucket: &str) -> bool {
        self.server.create_bucket(bucket, true).await.unwrap();
        true
    }

    fn connect(&self, bucket: &str) -> Arc<dyn Destination> {
        self.connect_with(bucket, SECRET, &self.server.endpoint, Arc::new(WallClock))
    }

    fn address(&self) -> Option<SocketAddr> {
        address_of(&self.server.endpoint)
    }

    fn connect_through(&self, bucket: &str, address: SocketAddr) -> Option<Arc<dyn Destination>> {
        Some(self.connect_with(bucket, SECRET, &by_way_of(&self.server.endpoint, address), Arc::new(WallClock)))
    }

    fn connect_wrongly(&self, bucket: &str) -> Option<Arc<dyn Destination>> {
        (self.kind == Kind::SeaweedFs)
            .then(|| self.connect_with(bucket, "wrong", &self.server.endpoint, Arc::new(WallClock)))
    }
}

/// Google Cloud Storage, played by camdock's own stand-in.
pub(super) struct GcsPlace {
    google: Gcs,
    notes: TempDir,
}

impl GcsPlace {
    pub(super) async fn start() -> Self {
        Self { google: Gcs::start().await.unwrap(), notes: TempDir::new().unwrap() }
    }

    /// A token is always asked for straight away: what goes wrong on the way hits the place itself.
    fn machine(&self) -> GcsCredential {
        GcsCredential::MetadataServer(self.google.endpoint.authority().to_owned())
    }

    /// An identity of somebody for whom a stranger vouches.
    fn stranger(&self) -> GcsCredential {
        let vouched = self.notes.path().join("vouched");
        std::fs::write(&vouched, "by a stranger").unwrap();
        let file = json!({
            "type": "external_account", "audience": "docks",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": self.google.endpoint.join("sts").unwrap().as_str(), "credential_source": {"file": vouched},
        });
        GcsCredential::ExternalAccount(Secret::new(&file.to_string()))
    }

    fn connect_with(&self, bucket: &str, credential: GcsCredential, endpoint: Url) -> Arc<dyn Destination> {
        let settings = GcsSettings {
            name: name(),
            endpoint,
            bucket: bucket.to_owned(),
            credential,
            credential_name: "primary.key".to_owned(),
            connection: Connection::usual(PATIENCE),
            notes: UploadNotes::open(self.notes.path().join(bucket)),
        };
        Arc::new(GcsDestination::new(settings, Arc::new(WallClock)).unwrap())
    }
}

#[async_trait]
impl Place for GcsPlace {
    async fn make(&self, bucket: &str) {
        self.google.create_bucket(bucket, Retains::None);
    }

    async fn make_keeping(&self, bucket: &str) -> bool {
        self.google.create_bucket(bucket, Retains::EachAsAsked);
        true
    }

    fn connect(&self, bucket: &str) -> Arc<dyn Destination> {
        self.connect_with(bucket, self.machine(), self.google.endpoint.clone())
    }

    fn address(&self) -> Option<SocketAddr> {
        address_of(&self.google.endpoint)
    }

    fn connect_through(&self, bucket: &str, address: SocketAddr) -> Option<Arc<dyn Destination>> {
        Some(self.connect_with(bucket, self.machine(), by_way_of(&self.google.endpoint, address)))
    }

    fn connect_wrongly(&self, bucket: &str) -> Option<Arc<dyn Destination>> {
        Some(self.connect_with(bucket, self.stranger(), self.google.endpoint.clone()))
    }
}
