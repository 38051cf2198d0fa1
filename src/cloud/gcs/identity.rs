//! How we come by a token: three small requests, each in one of the ways in which Google gives one.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;
use url::form_urlencoded::Serializer;

use super::answer::{is_busy, not_googles, retry_after};
use super::credential::{
    Account, CredentialError, ExternalAccount, Format, GcsCredential, SCOPE, ServiceAccount, Source,
};
use super::exchange::{bearer, beginning};
use crate::cloud::DestinationError;
use crate::cloud::answers::one_line;
use crate::cloud::http::{HttpClient, Incoming, Outgoing};
use crate::cloud::token::Token;
use crate::domain::{Moment, Secret};

/// No token has more bytes.
const LONGEST: u64 = 64 << 10;

/// What an identity may do that is to become a service account.
const TO_BECOME_ANOTHER: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Reads the credential again from where it is kept; `None` if it cannot be read now.
pub(super) type ReadAgain = Box<dyn Fn() -> Option<GcsCredential> + Send + Sync>;

/// Who we are to Google, and where that is read again.
pub(super) struct Identity {
    /// For Google, by way of a proxy where there is one.
    abroad: HttpClient,
    /// For this machine and the cloud that it stands in, which no proxy could speak for.
    at_home: HttpClient,
    /// What people know the credential by.
    name: String,
    known: Mutex<(GcsCredential, Arc<Account>)>,
    read_again: OnceLock<ReadAgain>,
}

#[derive(Deserialize)]
struct Issued {
    access_token: String,
    expires_in: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Impersonated {
    access_token: String,
}

/// A refusal by OAuth, or by Google's other services.
#[derive(Deserialize)]
#[serde(untagged)]
enum Refusal {
    OAuth { error: String, error_description: Option<String> },
    Service { error: ServiceError },
}

#[derive(Deserialize)]
struct ServiceError {
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
}

impl Identity {
    pub(super) fn new(
        credential: GcsCredential,
        name: String,
        (abroad, at_home): (HttpClient, HttpClient),
    ) -> Result<Self, CredentialError> {
        let account = Arc::new(Account::of(&credential)?);
        Ok(Self { abroad, at_home, name, known: Mutex::new((credential, account)), read_again: OnceLock::new() })
    }

    /// From where a renewed credential is read. Told once.
    pub(super) fn renew_from(&self, read_again: ReadAgain) {
        let _ = self.read_again.set(read_again);
    }

    /// Reads the credential again, and says whether it is another one. What cannot be used is not taken over.
    pub(super) fn was_renewed(&self) -> bool {
        let Some(credential) = self.read_again.get().and_then(|read_again| read_again()) else { return false };
        let mut known = self.known();
        match Account::of(&credential) {
            Ok(account) if credential != known.0 => {
                *known = (credential, Arc::new(account));
                true
            }
            _ => false,
        }
    }

    /// Asks for a token.
    pub(super) async fn token(&self) -> Result<Token, DestinationError> {
        self.was_renewed();
        let account = Arc::clone(&self.known().1);
        match &*account {
            Account::Service(account) => self.of_a_service(account).await,
            Account::External(account) => self.of_another(account).await,
            Account::Machine { metadata_server } => self.of_this_machine(metadata_server).await,
        }
    }

    /// With a statement that the account's key signs. It says when it was made, and a dock's clock may be wrong: if Google does
    /// not like it and has another time, that one is taken.
    async fn of_a_service(&self, account: &ServiceAccount) -> Result<Token, DestinationError> {
        let clock = self.abroad.clock();
        let stated = clock.now();
        match self.state(account, stated).await {
            Err(error @ DestinationError::Denied { .. }) if clock.says_otherwise(stated) => {
                self.state(account, clock.now()).await.map_err(|again| match again {
                    DestinationError::Denied { .. } => error,
                    again => again,
                })
            }
            answer => answer,
        }
    }

    async fn state(&self, account: &ServiceAccount, now: Moment) -> Result<Token, DestinationError> {
        let statement = account.statement(now).map_err(|error| self.denied(error.to_string()))?;
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &statement)
            .finish();
        let answer = self.post(&account.token_uri, "application/x-www-form-urlencoded", form, None).await?;
        Ok(issued(self.take(answer).await?))
    }

    /// With the token of somebody whom Google trusts, for a token of Google's; and with that, perhaps, for a service account's.
    async fn of_another(&self, account: &ExternalAccount) -> Result<Token, DestinationError> {
        let subject = self.subject(account).await?;
        let scope = if account.service_account_impersonation_url.is_some() { TO_BECOME_ANOTHER } else { SCOPE };
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
            .append_pair("requested_token_type", "urn:ietf:params:oauth:token-type:access_token")
            .append_pair("audience", &account.audience)
            .append_pair("scope", scope)
            .append_pair("subject_token_type", &account.subject_token_type)
            .append_pair("subject_token", subject.expose())
            .finish();
        let answer = self.post(&account.token_url, "application/x-www-form-urlencoded", form, None).await?;
        let token = issued(self.take(answer).await?);
        let Some(become_it) = &account.service_account_impersonation_url else { return Ok(token) };
        let good_for = account.lifetime();
        let wish = serde_json::json!({"scope": [SCOPE], "lifetime": format!("{}s", good_for.as_secs())}).to_string();
        let answer = self.post(become_it, "application/json", wish, Some(&token.secret)).await?;
        let Impersonated { access_token } = self.take(answer).await?;
        Ok(Token { secret: Secret::new(&access_token), good_for })
    }

    /// The identity's own token.
    async fn subject(&self, account: &ExternalAccount) -> Result<Secret, DestinationError> {
        let text = match account.source().map_err(|error| self.denied(error.to_string()))? {
            Source::File(path) => {
                let reading = tokio::task::spawn_blocking({
                    let path = path.to_owned();
                    move || content(&path)
                });
                let read = reading.await.unwrap_or_else(|error| Err(io::Error::other(error)));
                read.map_err(|error| {
                    let what = format!("the identity's own token in {} cannot be read: {error}", path.display());
                    DestinationError::NotSetUp(what)
                })?
            }
            Source::Address(url, more) => {
                let headers = more.iter().filter_map(|(name, value)| {
                    HeaderName::try_from(name).ok().zip(HeaderValue::try_from(&value.0).ok())
                });
                let http = if url.scheme() == "https" { &self.abroad } else { &self.at_home };
                let answer = http.send(Method::GET, url, headers.collect(), Outgoing::Bytes(Bytes::new())).await?;
                if !answer.status.is_success() {
                    let what = format!("the identity's own token: {}", answer.status.as_u16());
                    return Err(DestinationError::Unreachable(what));
                }
                beginning(answer.body).await
            }
        };
        self.out_of(&text, account.format())
    }

    fn out_of(&self, text: &[u8], format: &Format) -> Result<Secret, DestinationError> {
        let none = || self.denied("the identity's own token is not as the file says".to_owned());
        let text = std::str::from_utf8(text).map_err(|_| none())?;
        let token = match format {
            Format::Text => text.trim().to_owned(),
            Format::Json { subject_token_field_name } => {
                let document: serde_json::Value = serde_json::from_str(text).map_err(|_| none())?;
                document[subject_token_field_name].as_str().ok_or_else(none)?.to_owned()
            }
        };
        if token.is_empty() { Err(none()) } else { Ok(Secret::new(&token)) }
    }

    async fn of_this_machine(&self, metadata_server: &Url) -> Result<Token, DestinationError> {
        let mut url = metadata_server.clone();
        url.set_path("/computeMetadata/v1/instance/service-accounts/default/token");
        let mut headers = HeaderMap::new();
        headers.insert("metadata-flavor", HeaderValue::from_static("Google"));
        let answer = self.at_home.send(Method::GET, url, headers, Outgoing::Bytes(Bytes::new())).await?;
        let is_googles = answer.headers.get("metadata-flavor").is_some_and(|flavour| flavour == "Google");
        if !is_googles && !is_busy(answer.status) {
            return Err(stranger(answer.status, "no metadata-flavor"));
        }
        Ok(issued(self.take(answer).await?))
    }

    async fn post(
        &self,
        url: &Url,
        content_type: &'static str,
        body: String,
        with: Option<&Secret>,
    ) -> Result<Incoming, DestinationError> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        if let Some(token) = with {
            headers.insert("authorization", bearer(token.expose())?);
        }
        Ok(self.abroad.send(Method::POST, url.clone(), headers, Outgoing::Bytes(body.into())).await?)
    }

    /// What an answer gives, or why it gives nothing.
    async fn take<T: DeserializeOwned>(&self, answer: Incoming) -> Result<T, DestinationError> {
        let Incoming { status, headers, body } = answer;
        let body = beginning(body).await;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| stranger(status, "not the JSON of a token"));
        }
        if is_busy(status) {
            let message = format!("{} when a token was asked for", status.as_u16());
            return Err(DestinationError::Busy { message, retry_after: retry_after(&headers) });
        }
        let words = match serde_json::from_slice(&body) {
            Ok(Refusal::OAuth { error, error_description }) => {
                format!("{error}: {}", error_description.unwrap_or_default())
            }
            Ok(Refusal::Service { error }) => format!("{}: {}", error.status, error.message),
            Err(_) => return Err(stranger(status, "not the JSON of a refusal")),
        };
        let words = one_line(&words);
        Err(self.denied(format!("{} {}", status.as_u16(), words.trim_end_matches([':', ' ']))))
    }

    fn denied(&self, code: String) -> DestinationError {
        DestinationError::Denied { code, credential: self.name.clone() }
    }

    fn known(&self) -> MutexGuard<'_, (GcsCredential, Arc<Account>)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn issued(Issued { access_token, expires_in }: Issued) -> Token {
    Token { secret: Secret::new(&access_token), good_for: Duration::from_secs(expires_in) }
}

fn stranger(status: StatusCode, why: &str) -> DestinationError {
    DestinationError::Unreachable(not_googles(status, why))
}

/// What is in a file. A pipe is not opened, since that may never end.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut content = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut content)?;
    Ok(content)
}
