//! Keys for the machine itself: from the metadata service of an instance of EC2, and from what stands beside a container.
//!
//! Promises: an instance is asked in the second version of its protocol or not at all, since the first gives keys to whoever gets
//! this machine to fetch an address; nothing is sent to a container's address that leaves the machine in plain text.

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use time::OffsetDateTime;
use url::{Host, Url};

use super::super::keys::AccessKey;
use super::issued::{NoKey, Said, ask};
use crate::cloud::answers::one_line;
use crate::cloud::http::HttpClient;
use crate::cloud::token::Token;
use crate::domain::Secret;

const EC2: &str = "EC2's metadata service";
const CONTAINER: &str = "the container's credentials service";

/// Where everything is that tells who an instance is ("Retrieve security credentials from instance metadata").
const ROLES: &str = "latest/meta-data/iam/security-credentials/";

/// How long the right to ask is wanted, in seconds. It is used for two questions.
const A_MINUTE: HeaderValue = HeaderValue::from_static("60");

/// Where a container asks, and what it shows there ("Container credential provider").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerService {
    /// The address.
    pub address: Url,
    /// What is shown, if anything.
    pub authorization: Option<Secret>,
}

/// An address to which no secret is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is neither encrypted nor one of the addresses at which AWS has it")]
pub struct Unsafe(String);

impl ContainerService {
    /// Takes an address at which AWS has such a service: `https`, this very machine, or one of the three of ECS and EKS.
    ///
    /// # Errors
    /// [`Unsafe`] for any other.
    pub fn new(address: Url, authorization: Option<Secret>) -> Result<Self, Unsafe> {
        let known = match address.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback() || matches!(ip.octets(), [169, 254, 170, 2 | 23]),
            Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23],
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        match (address.scheme(), known) {
            ("https", _) | ("http", true) => Ok(Self { address, authorization }),
            _ => Err(Unsafe(address.host_str().unwrap_or_default().to_owned())),
        }
    }
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "Code", alias = "code", default)]
    code: String,
    #[serde(rename = "Message", alias = "message", default)]
    message: String,
}

/// The key of the role that an instance has.
pub(super) async fn of_an_instance(
    http: &HttpClient,
    service: &Url,
    now: OffsetDateTime,
) -> Result<Token<AccessKey>, NoKey> {
    let right = right_to_ask(http, service).await?;
    let roles = question(http, service, ROLES, &right).await?;
    let role = match (roles.status, roles.text.lines().next().map(str::trim)) {
        (StatusCode::NOT_FOUND, _) | (StatusCode::OK, None | Some("")) => {
            return Err(NoKey::Refused("this machine has no role; attach an instance profile to it".to_owned()));
        }
        (StatusCode::OK, Some(role)) if is_name(role) => role.to_owned(),
        _ => return Err(roles.strange("no role")),
    };
    let answer = question(http, service, &format!("{ROLES}{role}"), &right).await?;
    // What could not be issued is told with 200 as well.
    match serde_json::from_str::<Refusal>(&answer.text) {
        Ok(Refusal { code, message }) if answer.status == StatusCode::OK && !matches!(&*code, "" | "Success") => {
            let (code, message) = (one_line(&code), one_line(&message));
            Err(NoKey::Refused(format!("{code} {message}; see that role {role} trusts ec2.amazonaws.com")))
        }
        _ => answer.key(now),
    }
}

/// A token with which an instance's metadata is asked. A container that is one step too far away is not heard.
async fn right_to_ask(http: &HttpClient, service: &Url) -> Result<HeaderValue, NoKey> {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds"), A_MINUTE);
    let asked = ask(http, EC2, (Method::PUT, below(service, "latest/api/token")), headers, Bytes::new()).await;
    let answer = asked.map_err(|error| match error {
        NoKey::Unreachable(words) => {
            NoKey::Unreachable(format!("{words}. From within a container, the instance's hop limit must be 2"))
        }
        error => error,
    })?;
    let token = HeaderValue::from_str(answer.text.trim()).ok().filter(|token| !token.is_empty());
    match (answer.status, token) {
        (StatusCode::OK, Some(mut token)) if is_name(answer.text.trim()) => {
            token.set_sensitive(true);
            Ok(token)
        }
        (StatusCode::FORBIDDEN, _) => {
            Err(NoKey::Refused("the instance's metadata is switched off; switch it on, with tokens required".to_owned()))
        }
        (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED, _) => Err(NoKey::Refused(
            "the metadata service knows the first version of its protocol only (IMDSv1), which camdock does not use; switch \
             the second one on"
                .to_owned(),
        )),
        _ => Err(answer.strange("no token")),
    }
}

async fn question(http: &HttpClient, service: &Url, path: &str, right: &HeaderValue) -> Result<Said, NoKey> {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("x-aws-ec2-metadata-token"), right.clone());
    ask(http, EC2, (Method::GET, below(service, path)), headers, Bytes::new()).await
}

/// The key of the role that a container has.
pub(super) async fn of_a_container(
    http: &HttpClient,
    service: &ContainerService,
    now: OffsetDateTime,
) -> Result<Token<AccessKey>, NoKey> {
    let mut headers = HeaderMap::new();
    if let Some(shown) = &service.authorization {
        let mut value = HeaderValue::from_str(shown.expose())
            .map_err(|_| NoKey::Refused("the container's authorization token cannot be sent".to_owned()))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let answer = ask(http, CONTAINER, (Method::GET, service.address.clone()), headers, Bytes::new()).await?;
    match (answer.status, serde_json::from_str::<Refusal>(&answer.text)) {
        (StatusCode::OK, _) => answer.key(now),
        (_, Ok(Refusal { code, message })) => {
            let words = format!("{} {}", one_line(&code), one_line(&message));
            Err(NoKey::Refused(format!("{CONTAINER} says {words}; see which role the container has")))
        }
        (_, Err(_)) => Err(answer.strange("no access key")),
    }
}

/// An address below that of a service.
fn below(service: &Url, path: &str) -> Url {
    let mut url = service.clone();
    url.set_path(&format!("{}/{path}", service.path().trim_end_matches('/')));
    url
}

/// Whether this may be the name of a role, or a token, and no page of somebody else's.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@-_".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_asks_only_where_aws_answers() {
        let taken = |address: &str| ContainerService::new(address.parse().unwrap(), None).is_ok();
        for address in [
            "http://169.254.170.2/v2/credentials/x",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "http://127.0.0.1:1234/",
            "https://keys.example.org/",
        ] {
            assert!(taken(address), "{address}");
        }
        for address in ["http://169.254.169.254/", "http://10.0.0.1/", "http://keys.example.org/", "ftp://127.0.0.1/"] {
            assert!(!taken(address), "{address}");
        }
    }
}
