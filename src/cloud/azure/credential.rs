//! Who we are to Azure: a shared access signature, the account's key, or an identity that gets tokens.
//!
//! Promises: the secret is added to a request last, right before it leaves, and appears in no `Debug` text, log or error.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Context, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use super::token::{CertificateError, Identity, Signer, Token, Tokens};
use super::transport::wrap;
use crate::cloud::answers::HTTP_DATE;
use crate::cloud::http::CloudClock;
use crate::domain::{ClockGap, Moment, Secret};

/// What proves to Azure who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AzureCredential {
    /// A shared access signature: the query string, with or without its `?`.
    Sas(Secret),
    /// An account and its key in base64.
    SharedKey {
        /// The account's name.
        account: String,
        /// The key.
        key: Secret,
    },
    /// An identity of Microsoft Entra, which gets tokens.
    Identity(Identity),
}

/// Why a credential cannot be used. It never quotes the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// No `sig=` in it.
    #[error("it is not a shared access signature; paste the whole query string, which contains \"sig=\"")]
    Sas,
    /// Not base64.
    #[error("it is not an account key; paste the key as the portal shows it, in base64")]
    Key,
    /// No certificate with its key.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// Reads the credential again from where it is kept; `None` if it cannot be read now.
pub(super) type ReadAgain = Box<dyn Fn() -> Option<AzureCredential> + Send + Sync>;

/// The policy that authorises each request.
pub(super) struct Authorise {
    /// What people know the credential by.
    name: String,
    means: RwLock<Means>,
    clock: Arc<CloudClock>,
    tokens: Tokens,
    read_again: OnceLock<ReadAgain>,
}

#[derive(Clone)]
enum Means {
    Sas(String),
    SharedKey { account: String, mac: Hmac<sha2::Sha256> },
    Identity(Identity),
}

impl Authorise {
    pub(super) fn new(
        name: String,
        credential: &AzureCredential,
        clock: Arc<CloudClock>,
        tokens: Tokens,
    ) -> Result<Self, CredentialError> {
        let means = RwLock::new(Means::new(credential)?);
        Ok(Self { name, means, clock, tokens, read_again: OnceLock::new() })
    }

    /// What people know the credential by.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// From where a renewed credential is read. Told once.
    pub(super) fn renew_from(&self, read_again: ReadAgain) {
        let _ = self.read_again.set(read_again);
    }

    /// The credential was refused, or it is used for a new token: perhaps it was renewed meanwhile. What cannot be used is
    /// not taken over.
    pub(super) fn renew(&self) {
        let renewed = self.read_again.get().and_then(|read_again| read_again());
        if let Some(Ok(means)) = renewed.as_ref().map(Means::new) {
            *self.means.write().unwrap_or_else(PoisonError::into_inner) = means;
        }
    }

    fn means(&self) -> Means {
        self.means.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When the credential expires, if it says so.
    pub(super) fn expiry(&self) -> Option<OffsetDateTime> {
        let Means::Sas(query) = self.means() else { return None };
        OffsetDateTime::parse(&in_query(&query, "se")?, &Rfc3339).ok()
    }

    /// What to give whoever is known and may not do what was asked.
    pub(super) fn lacking(&self) -> &'static str {
        match self.means() {
            Means::Sas(_) => "the SAS lacks a permission; it needs r, c, w and l",
            Means::SharedKey { .. } => "the key may not do that",
            Means::Identity(_) => {
                "the token is good, but its identity has no role for this; give it Storage Blob Data Contributor on the \
                 container, or better a role of your own without delete"
            }
        }
    }

    /// Whether it may write tags, as far as it says itself.
    pub(super) fn may_tag(&self) -> bool {
        let Means::Sas(query) = self.means() else { return true };
        in_query(&query, "sp").is_none_or(|permissions| permissions.contains('t'))
    }

    /// Whose token is in use, and for how long it is still good.
    pub(super) fn token_in_use(&self) -> Option<(String, Duration)> {
        let Means::Identity(identity) = self.means() else { return None };
        Some((identity.to_string(), self.tokens.good_for()?))
    }

    /// By how much Azure's clock and the station's are apart, if that is worth a word.
    pub(super) fn clock_gap(&self) -> Option<ClockGap> {
        self.clock.gap()
    }

    /// Sends a request that the account's key signs. If it is refused and Azure turns out to have another time than the one that was
    /// signed, it is signed with that.
    async fn send_signed(
        &self,
        account: &str,
        mac: &Hmac<sha2::Sha256>,
        ctx: &Context<'_>,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let signed = self.clock.now();
        sign(account, mac.clone(), request, signed);
        let answer = pass_on(ctx, request, next).await?;
        if !is_unaccepted(&answer) || !self.clock.says_otherwise(signed) {
            return Ok(answer);
        }
        sign(account, mac.clone(), request, self.clock.now());
        pass_on(ctx, request, next).await
    }

    /// Sends a request with a token; with a fresh one, once, if that is not accepted.
    async fn send_with_token(
        &self,
        identity: &Identity,
        ctx: &Context<'_>,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let token = self.token(identity).await?;
        request.insert_header("authorization", format!("Bearer {}", token.secret.expose()));
        let answer = pass_on(ctx, request, next).await?;
        if !is_unaccepted(&answer) {
            return Ok(answer);
        }
        self.tokens.refused(&token);
        let fresh = self.token(identity).await?;
        request.insert_header("authorization", format!("Bearer {}", fresh.secret.expose()));
        pass_on(ctx, request, next).await
    }

    async fn token(&self, identity: &Identity) -> Result<Token, azure_core::Error> {
        let read_again = || {
            self.renew();
            if let Means::Identity(renewed) = self.means() { renewed } else { identity.clone() }
        };
        self.tokens.get(read_again).await.map_err(|error| wrap(error.for_destination(&self.name)))
    }
}

fn sign(account: &str, mut mac: Hmac<sha2::Sha256>, request: &mut Request, now: Moment) {
    request.insert_header("x-ms-date", http_date(now));
    mac.update(string_to_sign(account, request).as_bytes());
    let signature = BASE64.encode(mac.finalize().into_bytes());
    request.insert_header("authorization", format!("SharedKey {account}:{signature}"));
}

/// Whether the credential itself is doubted, not what it may do.
fn is_unaccepted(answer: &AsyncRawResponse) -> bool {
    let code = answer.headers().get_optional_str(&"x-ms-error-code".into());
    answer.status() == StatusCode::Unauthorized || code == Some("AuthenticationFailed")
}

fn in_query(query: &str, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

impl Means {
    fn new(credential: &AzureCredential) -> Result<Self, CredentialError> {
        Ok(match credential {
            AzureCredential::Sas(query) => {
                let query = query.expose();
                let query = query.strip_prefix('?').unwrap_or(query);
                let signed = query.split('&').any(|pair| pair.strip_prefix("sig=").is_some_and(|sig| !sig.is_empty()));
                if !signed || !query.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(CredentialError::Sas);
                }
                Means::Sas(query.to_owned())
            }
            AzureCredential::SharedKey { account, key } => {
                let key = BASE64.decode(key.expose()).map_err(|_| CredentialError::Key)?;
                let mac = Hmac::new_from_slice(&key).map_err(|_| CredentialError::Key)?;
                Means::SharedKey { account: account.clone(), mac }
            }
            AzureCredential::Identity(identity) => {
                if let Identity::ClientCertificate(_, pem) = identity {
                    Signer::new(pem)?;
                }
                Means::Identity(identity.clone())
            }
        })
    }
}

impl fmt::Debug for Authorise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorise")
    }
}

#[async_trait]
impl Policy for Authorise {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        match self.means() {
            Means::Sas(sas) => {
                let query = match request.url().query() {
                    Some(own) if !own.is_empty() => format!("{own}&{sas}"),
                    _ => sas,
                };
                request.url_mut().set_query(Some(&query));
            }
            Means::SharedKey { account, mac } => {
                return self.send_signed(&account, &mac, ctx, request, next).await;
            }
            Means::Identity(identity) => return self.send_with_token(&identity, ctx, request, next).await,
        }
        pass_on(ctx, request, next).await
    }
}

async fn pass_on(ctx: &Context<'_>, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
    match next.split_first() {
        Some((policy, rest)) => policy.send(ctx, request, rest).await,
        None => Err(azure_core::Error::with_message(azure_core::error::ErrorKind::Other, "no transport")),
    }
}

fn http_date(moment: Moment) -> String {
    OffsetDateTime::from_unix_timestamp(moment.millis().div_euclid(1_000))
        .ok()
        .and_then(|date| date.format(HTTP_DATE).ok())
        .unwrap_or_default()
}

/// What the signature covers, as documented under "Authorize with Shared Key", version 2015-02-21 and later.
fn string_to_sign(account: &str, request: &Request) -> String {
    let header = |name: &'static str| request.headers().get_optional_string(&name.into()).unwrap_or_default();
    let length = match header("content-length") {
        // The client states the length of a body in memory only when it sends it.
        stated if stated.is_empty() => request.body().len().unwrap_or(0).to_string(),
        stated => stated,
    };
    let length = if length == "0" { String::new() } else { length };
    let mut lines = vec![
        request.method().as_str().to_owned(),
        header("content-encoding"),
        header("content-language"),
        length,
        header("content-md5"),
        header("content-type"),
        header("date"),
        header("if-modified-since"),
        header("if-match"),
        header("if-none-match"),
        header("if-unmodified-since"),
        header("range"),
    ];
    let mut own: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().trim()))
        .filter(|(name, _)| name.starts_with("x-ms-"))
        .collect();
    own.sort_unstable();
    lines.extend(own.iter().map(|(name, value)| format!("{name}:{value}")));
    lines.push(canonical_resource(account, request.url()));
    lines.join("\n")
}

/// The account, the path as sent (which begins with the account once more where the endpoint is in path style), and
/// the sorted query.
fn canonical_resource(account: &str, url: &Url) -> String {
    let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        query.entry(name.to_lowercase()).or_default().push(value.into_owned());
    }
    let mut lines = vec![format!("/{account}{}", url.path())];
    for (name, mut values) in query {
        values.sort_unstable();
        lines.push(format!("{name}:{}", values.join(",")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::http::Method;

    fn request(method: Method, url: &str, headers: &[(&'static str, &'static str)]) -> Request {
        let mut request = Request::new(url.parse().unwrap(), method);
        for (name, value) in headers {
            request.insert_header(*name, *value);
        }
        request
    }

    #[test]
    fn the_string_to_sign_is_the_documented_one() {
        // The worked example of "Authorize with Shared Key": Get Container Metadata.
        let url = "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20";
        let headers = [("x-ms-version", "2015-02-21"), ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT")];
        assert_eq!(
            string_to_sign("myaccount", &request(Method::Get, url, &headers)),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n\
             /myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
        );
    }

    #[test]
    fn the_account_is_doubled_where_the_endpoint_is_in_path_style() {
        let url = "http://127.0.0.1:10000/devstoreaccount1/c/a%20b?blockid=YQ%3D%3D&comp=block";
        let headers = [("content-length", "5"), ("content-type", "application/octet-stream"), ("if-none-match", "*")];
        assert_eq!(
            string_to_sign("devstoreaccount1", &request(Method::Put, url, &headers)),
            "PUT\n\n\n5\n\napplication/octet-stream\n\n\n\n*\n\n\n\
             /devstoreaccount1/devstoreaccount1/c/a%20b\nblockid:YQ==\ncomp:block"
        );
    }

    #[test]
    fn the_date_is_written_as_http_wants_it() {
        assert_eq!(http_date(Moment::from_millis(1_435_361_952_999)), "Fri, 26 Jun 2015 23:39:12 GMT");
        assert_eq!(http_date(Moment::from_millis(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn secrets_are_not_shown() {
        let sas = AzureCredential::Sas(Secret::new("?sv=2022&sig=hushhush\n"));
        let key = AzureCredential::SharedKey { account: "acc".to_owned(), key: Secret::new("aHVzaGh1c2g=") };
        assert_eq!(format!("{sas:?}"), "Sas((secret))");
        assert_eq!(format!("{key:?}"), "SharedKey { account: \"acc\", key: (secret) }");
    }
}
