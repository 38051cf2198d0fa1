//! What opens a bucket: an access key that lies in a file, or one that is issued for a while by whoever knows this machine.
//!
//! Promises:
//! - A key that is issued is renewed before its end, by one request for all uploads; meanwhile the old one is used as long as it is
//!   good ([`FreshToken`]).
//! - One that is refused is replaced, if there is another, before anybody hears of it: no staged part is lost by it.
//! - Where a file is read, it is read anew each time, and nobody waits for it for ever.

mod issued;
mod machine;
mod program;
mod web_identity;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use time::OffsetDateTime;

use self::issued::NoKey;
use super::keys::AccessKey;
use crate::cloud::DestinationError;
use crate::cloud::http::HttpClient;
use crate::cloud::token::{FreshToken, Token};

pub use self::machine::{ContainerService, Unsafe};
pub use self::program::Program;
pub use self::web_identity::WebIdentity;

/// How long a file is waited for that is read again. It may lie on a share that hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a key is good that nobody issued.
const ALWAYS: Duration = Duration::from_hours(24);

/// What opens a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum S3Credential {
    /// A key, as it is.
    AccessKey(AccessKey),
    /// A program that prints one.
    Program(Program),
    /// A role, for whoever somebody else vouches for.
    WebIdentity(WebIdentity),
    /// The role of the container that this runs in, of ECS or EKS.
    Container(ContainerService),
    /// The role of this machine, an instance of EC2: the address of its metadata service.
    Instance(url::Url),
}

/// Reads the credential again from where it is kept; `None` if it cannot be read now.
type ReadAgain = Arc<dyn Fn() -> Option<S3Credential> + Send + Sync>;

/// The key in use.
pub(super) struct Keys {
    issuer: Arc<Issuer>,
    fresh: FreshToken<AccessKey>,
    /// Whether the credential may have been replaced where it is kept.
    doubted: AtomicBool,
}

struct Issuer {
    /// For a service of the cloud's, by way of a proxy where there is one.
    abroad: HttpClient,
    /// For what stands beside this machine, which no proxy could speak for.
    at_home: HttpClient,
    /// What people know the credential by.
    name: String,
    known: Mutex<S3Credential>,
    read_again: OnceLock<ReadAgain>,
}

impl Keys {
    pub(super) fn new(credential: S3Credential, name: String, abroad: HttpClient, at_home: HttpClient) -> Self {
        let (known, read_again) = (Mutex::new(credential), OnceLock::new());
        let issuer = Arc::new(Issuer { abroad, at_home, name, known, read_again });
        let fresh = FreshToken::new({
            let issuer = Arc::clone(&issuer);
            move || {
                let issuer = Arc::clone(&issuer);
                async move { issuer.issue().await }.boxed()
            }
        });
        Self { issuer, fresh, doubted: AtomicBool::new(false) }
    }

    /// From where a renewed credential is read. Told once.
    pub(super) fn renew_from(&self, read_again: ReadAgain) {
        let _ = self.issuer.read_again.set(read_again);
    }

    /// A key that is good now.
    pub(super) async fn get(&self) -> Result<AccessKey, DestinationError> {
        if self.doubted.swap(false, Ordering::Relaxed) {
            self.issuer.read_again().await;
        }
        match self.issuer.known() {
            S3Credential::AccessKey(key) => Ok(key),
            _ => self.fresh.get().await,
        }
    }

    /// Whoever has this key may not do what it wanted to: perhaps another one lies there meanwhile.
    pub(super) fn doubt(&self) {
        self.doubted.store(true, Ordering::Relaxed);
    }

    /// The key in the place of one that was refused, if there is another.
    pub(super) async fn instead_of(&self, refused: &AccessKey) -> Result<Option<AccessKey>, DestinationError> {
        self.doubt();
        self.fresh.refused(refused);
        Ok(Some(self.get().await?).filter(|key| key != refused))
    }
}

impl Issuer {
    fn known(&self) -> S3Credential {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read_again(&self) {
        let Some(read_again) = self.read_again.get().cloned() else { return };
        let reading = tokio::task::spawn_blocking(move || read_again());
        if let Ok(Ok(Some(credential))) = tokio::time::timeout(PATIENCE, reading).await {
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = credential;
        }
    }

    async fn issue(&self) -> Result<Token<AccessKey>, DestinationError> {
        self.read_again().await;
        let now = self.abroad.clock().now().millis().div_euclid(1_000);
        let now = OffsetDateTime::from_unix_timestamp(now).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let issued = match self.known() {
            S3Credential::AccessKey(secret) => Ok(Token { secret, good_for: ALWAYS }),
            S3Credential::Program(program) => program::of_a_program(&program, now).await,
            S3Credential::WebIdentity(identity) => web_identity::of_a_role(&self.abroad, &identity, now).await,
            S3Credential::Container(service) => machine::of_a_container(&self.at_home, &service, now).await,
            S3Credential::Instance(service) => machine::of_an_instance(&self.at_home, &service, now).await,
        };
        issued.map_err(|error| match error {
            NoKey::Unreachable(_) => DestinationError::Unreachable(error.to_string()),
            NoKey::Busy { retry_after, .. } => DestinationError::Busy { message: error.to_string(), retry_after },
            NoKey::Refused(_) => DestinationError::Denied { code: error.to_string(), credential: self.name.clone() },
        })
    }
}
