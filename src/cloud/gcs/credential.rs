//! Who we are to Google, as a file of Google's says it.
//!
//! Promises: nothing of a credential is shown, in no `Debug` text and no error; what camdock would send anywhere goes only to
//! addresses that are encrypted or on this very machine; a file starts no program.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64_URL;
use serde::{Deserialize, Deserializer, de};
use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::crypto::aws_lc_rs::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::sign::Signer;
use url::{Host, Url};

use crate::domain::{Moment, Secret};

/// What a token is for: objects of any bucket that the identity is let into, and none of their locks.
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_write";

/// How long the statement of a service account is good. Google takes an hour at most.
const STATEMENT: Duration = Duration::from_hours(1);

/// What proves to Google who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GcsCredential {
    /// A service account's key: the JSON file that Google makes of it.
    ServiceAccount(Secret),
    /// An identity that somebody else vouches for (workload identity federation): the JSON file that says where its token lies.
    ExternalAccount(Secret),
    /// The machine's own identity, which the metadata server of Google's cloud tells: its host, and a port if need be.
    MetadataServer(String),
}

/// Why a credential cannot be used. It never quotes the credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// It is not what Google makes.
    #[error("it is not the JSON file that Google makes of it: {0}. Download it again and put it there whole")]
    Form(String),
    /// It is of another kind.
    #[error("it is of type \"{found}\" and not \"{wanted}\"; correct the credential's kind, or put another file there")]
    Type {
        /// What the file says.
        found: String,
        /// What the configuration's kind needs.
        wanted: &'static str,
    },
    /// The key in it is none.
    #[error("the private key in it cannot be used: {0}. Make a new key of the service account")]
    Key(String),
    /// The identity's token comes from where camdock does not take it.
    #[error(
        "its token comes from {0}, and camdock takes one from a file or an address. Make the file with one of these"
    )]
    Source(&'static str),
}

/// A credential that was read.
#[derive(Debug)]
pub(super) enum Account {
    Service(ServiceAccount),
    External(ExternalAccount),
    Machine { metadata_server: Url },
}

/// A service account and its key.
#[derive(Deserialize)]
pub(super) struct ServiceAccount {
    client_email: String,
    #[serde(default)]
    private_key_id: String,
    private_key: String,
    #[serde(deserialize_with = "safe")]
    pub(super) token_uri: Url,
}

/// An identity that somebody else vouches for.
#[derive(Debug, Deserialize)]
pub(super) struct ExternalAccount {
    pub(super) audience: String,
    pub(super) subject_token_type: String,
    #[serde(deserialize_with = "safe")]
    pub(super) token_url: Url,
    credential_source: Where,
    #[serde(default, deserialize_with = "safe_if_any")]
    pub(super) service_account_impersonation_url: Option<Url>,
    #[serde(default)]
    service_account_impersonation: Impersonation,
}

#[derive(Debug, Default, Deserialize)]
struct Impersonation {
    token_lifetime_seconds: Option<u64>,
}

/// Where the identity's own token is, as the file writes it.
#[derive(Debug, Deserialize)]
struct Where {
    file: Option<PathBuf>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Hidden>,
    #[serde(default)]
    format: Format,
    executable: Option<de::IgnoredAny>,
    environment_id: Option<de::IgnoredAny>,
    certificate: Option<de::IgnoredAny>,
}

/// How the identity's own token is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Format {
    /// Alone.
    #[default]
    Text,
    /// In a field of a JSON document.
    Json { subject_token_field_name: String },
}

/// Where the identity's own token is.
#[derive(Debug)]
pub(super) enum Source<'a> {
    File(&'a Path),
    Address(Url, &'a BTreeMap<String, Hidden>),
}

/// A text that may be a secret.
#[derive(Clone, Deserialize)]
pub(super) struct Hidden(pub(super) String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("client_email", &self.client_email).finish_non_exhaustive()
    }
}

impl Account {
    pub(super) fn of(credential: &GcsCredential) -> Result<Self, CredentialError> {
        match credential {
            GcsCredential::ServiceAccount(file) => {
                let account: ServiceAccount = read(file, "service_account")?;
                account.signer()?;
                Ok(Self::Service(account))
            }
            GcsCredential::ExternalAccount(file) => {
                let account: ExternalAccount = read(file, "external_account")?;
                account.source()?;
                Ok(Self::External(account))
            }
            GcsCredential::MetadataServer(host) => {
                let metadata_server = Url::parse(&format!("http://{host}"))
                    .map_err(|error| CredentialError::Form(format!("{host:?} is no host: {error}")))?;
                Ok(Self::Machine { metadata_server })
            }
        }
    }
}

impl ServiceAccount {
    fn signer(&self) -> Result<Box<dyn Signer>, CredentialError> {
        let key = PrivateKeyDer::from_pem_slice(self.private_key.as_bytes());
        let key = key.map_err(|error| CredentialError::Key(error.to_string()))?;
        let key = any_supported_type(&key).map_err(|error| CredentialError::Key(error.to_string()))?;
        let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]);
        signer.ok_or_else(|| CredentialError::Key("it is no RSA key".to_owned()))
    }

    /// The signed statement that the account's token is asked for with: a JSON Web Token by RFC 7523, signed with RS256, which TLS
    /// calls `RSA_PKCS1_SHA256`.
    pub(super) fn statement(&self, now: Moment) -> Result<String, CredentialError> {
        let issued = now.millis().div_euclid(1_000);
        let ends = issued.saturating_add_unsigned(STATEMENT.as_secs());
        let header = serde_json::json!({"alg": "RS256", "typ": "JWT", "kid": self.private_key_id});
        let claims = serde_json::json!({
            "iss": self.client_email, "scope": SCOPE, "aud": self.token_uri.as_str(), "iat": issued, "exp": ends,
        });
        let part = |part: serde_json::Value| BASE64_URL.encode(part.to_string());
        let statement = format!("{}.{}", part(header), part(claims));
        let signature = self.signer()?.sign(statement.as_bytes());
        let signature = signature.map_err(|error| CredentialError::Key(error.to_string()))?;
        Ok(format!("{statement}.{}", BASE64_URL.encode(signature)))
    }
}

impl ExternalAccount {
    /// Where the identity's own token is.
    pub(super) fn source(&self) -> Result<Source<'_>, CredentialError> {
        let source = &self.credential_source;
        match (&source.file, &source.url) {
            _ if source.executable.is_some() => Err(CredentialError::Source("a program")),
            _ if source.environment_id.is_some() => Err(CredentialError::Source("AWS")),
            _ if source.certificate.is_some() => Err(CredentialError::Source("a certificate")),
            (Some(file), None) => Ok(Source::File(file)),
            // A cloud's own metadata server has no certificate; what it is sent is no secret.
            (None, Some(url)) => Url::parse(url)
                .map(|url| Source::Address(url, &source.headers))
                .map_err(|_| CredentialError::Form("credential_source.url is no address".to_owned())),
            _ => Err(CredentialError::Form("credential_source has no file and no url, or both".to_owned())),
        }
    }

    pub(super) const fn format(&self) -> &Format {
        &self.credential_source.format
    }

    /// How long the token of the service account that the identity becomes should be good, as the file says or as is usual.
    pub(super) fn lifetime(&self) -> Duration {
        self.service_account_impersonation.token_lifetime_seconds.map_or(Duration::from_hours(1), Duration::from_secs)
    }
}

/// Reads a file of Google's, if it is of this type.
fn read<T: de::DeserializeOwned>(file: &Secret, wanted: &'static str) -> Result<T, CredentialError> {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "type")]
        kind: String,
    }
    // The words of the parser name a key or a place in the file, and may quote a value.
    let form = |error: serde_json::Error| {
        let words = error.to_string();
        let named = ["missing field", "unsafe address"].iter().any(|what| words.starts_with(what));
        CredentialError::Form(if named { words } else { format!("line {}, column {}", error.line(), error.column()) })
    };
    let Typed { kind } = serde_json::from_str(file.expose()).map_err(form)?;
    if kind != wanted {
        let found: String = kind.chars().filter(char::is_ascii_graphic).take(40).collect();
        return Err(CredentialError::Type { found, wanted });
    }
    serde_json::from_str(file.expose()).map_err(form)
}

/// An address to which what opens a bucket may be sent.
fn safe<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let url =
        Url::parse(&String::deserialize(deserializer)?).map_err(|_| de::Error::custom("unsafe address: it is none"))?;
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        _ => Err(de::Error::custom("unsafe address: a token is asked for over https only")),
    }
}

fn safe_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    safe(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(credential: &GcsCredential) -> String {
        Account::of(credential).unwrap_err().to_string()
    }

    fn external(source: &serde_json::Value) -> GcsCredential {
        GcsCredential::ExternalAccount(Secret::new(
            &json!({
                "type": "external_account", "audience": "//iam", "subject_token_type": "urn:jwt",
                "token_url": "https://sts.googleapis.com/v1/token", "credential_source": source,
            })
            .to_string(),
        ))
    }

    fn key(private_key: &str, token_uri: &str) -> GcsCredential {
        let key = json!({
            "type": "service_account", "client_email": "a@b", "private_key": private_key, "token_uri": token_uri,
        });
        GcsCredential::ServiceAccount(Secret::new(&key.to_string()))
    }

    #[test]
    fn what_is_no_credential_is_named_and_not_shown() {
        let google = "https://oauth2.googleapis.com/token";
        for (credential, said) in [
            (GcsCredential::ServiceAccount(Secret::new("TOPSECRET")), "line 1, column 1"),
            (
                GcsCredential::ServiceAccount(Secret::new("{\"type\": \"service_account\"}")),
                "missing field `client_email`",
            ),
            (
                GcsCredential::ServiceAccount(Secret::new("{\"type\": \"external_account\"}")),
                "of type \"external_account\"",
            ),
            (
                GcsCredential::ServiceAccount(Secret::new(
                    "{\"type\": \"service_account\", \"client_email\": [\"TOPSECRET\"]}",
                )),
                "line 1, column",
            ),
            (key("TOPSECRET", google), "the private key in it cannot be used"),
            (key("TOPSECRET", "http://example.org/token"), "over https only"),
            (external(&json!({"executable": {"command": "/bin/TOPSECRET"}})), "comes from a program"),
            (external(&json!({"environment_id": "aws1"})), "comes from AWS"),
            (external(&json!({})), "has no file and no url"),
        ] {
            let shown = format!("{credential:?}");
            let text = refusal(&credential);
            assert!(text.contains(said), "{text}");
            assert!(!text.contains("TOPSECRET") && !shown.contains("TOPSECRET"), "{text} {shown}");
        }
    }

    #[test]
    fn a_statement_is_signed_by_the_key_in_the_file() {
        use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

        let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let account = Account::of(&key(&pair.serialize_pem(), "https://oauth2.googleapis.com/token")).unwrap();
        let Account::Service(account) = account else { panic!("{account:?}") };
        let statement = account.statement(Moment::from_millis(1_435_361_952_999)).unwrap();
        let (stated, signature) = statement.rsplit_once('.').unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key_raw());
        public.verify(stated.as_bytes(), &BASE64_URL.decode(signature).unwrap()).unwrap();
        let parts = stated.split('.').map(|part| serde_json::from_slice(&BASE64_URL.decode(part).unwrap()).unwrap());
        let parts: Vec<serde_json::Value> = parts.collect();
        assert_eq!((&parts[0]["alg"], &parts[0]["typ"]), (&json!("RS256"), &json!("JWT")));
        assert_eq!((&parts[1]["iat"], &parts[1]["exp"]), (&json!(1_435_361_952), &json!(1_435_365_552)));
        assert_eq!((&parts[1]["iss"], &parts[1]["scope"]), (&json!("a@b"), &json!(SCOPE)));
    }

    #[test]
    fn an_identity_says_where_its_token_is() {
        let read = |source: serde_json::Value| match Account::of(&external(&source)).unwrap() {
            Account::External(account) => account,
            other => panic!("{other:?}"),
        };
        let account = read(json!({"file": "/run/token", "format": {"type": "json", "subject_token_field_name": "t"}}));
        assert!(matches!(account.source(), Ok(Source::File(file)) if file == Path::new("/run/token")));
        assert!(
            matches!(account.format(), Format::Json { subject_token_field_name } if subject_token_field_name == "t")
        );
        let account = read(json!({"url": "http://169.254.169.254/token", "headers": {"X-Secret": "hush"}}));
        assert!(matches!(account.source(), Ok(Source::Address(..))));
        assert!(!format!("{account:?}").contains("hush"));
    }
}
