//! Tokens: what lets in whoever has neither a signature nor an account's key, for an hour or a day.
//!
//! Promises:
//! - A token is asked for again before it expires, by one request for all uploads. As long as it is good it is used, and no
//!   upload waits for another that asks.
//! - Who is refused is not asked for a token again at once by every upload in turn, unless the credential has changed.
//! - How long a token is good is counted by a clock that nobody sets.

mod answer;
mod assertion;
mod directory;
mod identity;
mod machine;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use self::answer::TokenError;
use self::directory::Proof;
use super::super::http::{HttpClient, HttpError};
use crate::domain::{Clock, Secret};

pub(super) use self::answer::Token;
pub(super) use self::assertion::Signer;

pub use self::assertion::CertificateError;
pub use self::identity::{Application, Identity, NoAddress};

/// How long an upload waits for a new token while the old one is good.
const PATIENCE: Duration = Duration::from_secs(5);

/// After a failure the same is not asked again for so long.
const PAUSE: Duration = Duration::from_secs(10);

/// The token that is in use, and how to get the next.
pub(super) struct Tokens {
    /// For a directory, by way of a proxy where there is one.
    abroad: HttpClient,
    /// For this machine itself, which no proxy could speak for.
    at_home: HttpClient,
    held: Mutex<Held>,
    /// Held by whoever asks.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Held {
    token: Option<Token>,
    failed: Option<Failed>,
}

/// A request in vain.
struct Failed {
    at: Instant,
    identity: Identity,
    error: TokenError,
}

impl Tokens {
    pub(super) fn new(abroad: HttpClient, stall: Duration, clock: Arc<dyn Clock>) -> Result<Self, HttpError> {
        let at_home = HttpClient::without_proxy(stall, clock)?;
        Ok(Self { abroad, at_home, held: Mutex::default(), asking: tokio::sync::Mutex::default() })
    }

    /// A token that is good now. `identity` reads anew who asks, since files with secrets are renewed.
    pub(super) async fn get(&self, identity: impl Fn() -> Identity) -> Result<Token, TokenError> {
        let Some(old) = self.good() else {
            let _turn = self.asking.lock().await;
            return match self.good() {
                Some(token) => Ok(token),
                None => self.renew(identity()).await,
            };
        };
        if Instant::now() < old.renew_from {
            return Ok(old);
        }
        let Ok(_turn) = self.asking.try_lock() else { return Ok(old) };
        let identity = identity();
        let renewed = timeout(PATIENCE, self.renew(identity.clone())).await;
        if renewed.is_err() {
            self.note(identity, TokenError::Unreachable(format!("no answer for {} s", PATIENCE.as_secs())));
        }
        Ok(renewed.ok().and_then(Result::ok).unwrap_or(old))
    }

    /// This token was not accepted, so it is not used again.
    pub(super) fn refused(&self, token: &Token) {
        let mut held = self.held();
        if held.token.as_ref() == Some(token) {
            held.token = None;
        }
    }

    /// How long the token that is in use is still good; `None` if there is none.
    pub(super) fn good_for(&self) -> Option<Duration> {
        Some(self.good()?.good_until - Instant::now())
    }

    fn good(&self) -> Option<Token> {
        self.held().token.clone().filter(|token| Instant::now() < token.good_until)
    }

    /// Asks, if it has not just been asked in vain.
    async fn renew(&self, identity: Identity) -> Result<Token, TokenError> {
        if let Some(failed) = &self.held().failed
            && failed.identity == identity
            && failed.at.elapsed() < PAUSE
        {
            return Err(failed.error.clone());
        }
        let asked = self.ask(&identity).await;
        match &asked {
            Ok(token) => *self.held() = Held { token: Some(token.clone()), failed: None },
            Err(error) => self.note(identity, error.clone()),
        }
        asked
    }

    fn note(&self, identity: Identity, error: TokenError) {
        self.held().failed = Some(Failed { at: Instant::now(), identity, error });
    }

    async fn ask(&self, identity: &Identity) -> Result<Token, TokenError> {
        match identity {
            Identity::ClientSecret(of, secret) => directory::ask(&self.abroad, of, Proof::Secret(secret)).await,
            Identity::ClientCertificate(of, pem) => self.state(of, pem).await,
            Identity::Federated(of, token) => directory::ask(&self.abroad, of, Proof::Token(token)).await,
            Identity::Managed { service, client } => machine::managed(&self.at_home, service, client.as_deref()).await,
            Identity::Arc { service, keys } => machine::arc(&self.at_home, service, keys).await,
        }
    }

    /// Asks with a signed statement, which says when it was made. If it is refused and the directory turns out to have another time,
    /// it is made with that.
    async fn state(&self, of: &Application, pem: &Secret) -> Result<Token, TokenError> {
        let clock = self.abroad.clock();
        let stated = clock.now();
        match directory::ask(&self.abroad, of, Proof::Certificate(pem, stated)).await {
            Err(TokenError::Refused { .. }) if clock.says_otherwise(stated) => {
                directory::ask(&self.abroad, of, Proof::Certificate(pem, clock.now())).await
            }
            answer => answer,
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
