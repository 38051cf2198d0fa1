//! Tokens for the machine itself, from Azure or from the agent of Azure Arc.
//!
//! Promises: nothing of a file leaves this machine, and only a key of the agent's goes to the agent, whatever name it sends.

use std::io;
use std::path::{Path, PathBuf};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode};
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;
use url::Url;

use super::answer::{Token, TokenError, Trouble, token};
use super::identity::RESOURCE;
use crate::cloud::http::{HttpClient, Incoming, Outgoing};

/// The longest key of the agent's, in bytes (Azure Arc's documentation).
const LONGEST_KEY: u64 = 4 << 10;

/// Asks the service that every machine in Azure has.
pub(super) async fn managed(http: &HttpClient, service: &Url, client: Option<&str>) -> Result<Token, TokenError> {
    let mut url = question(service, "2018-02-01");
    if let Some(client) = client {
        url.query_pairs_mut().append_pair("client_id", client);
    }
    let asked = Instant::now();
    token(get(http, url, None).await?, asked, "Azure's metadata service").await
}

/// Asks the agent, which names a file; only who may read it gets a token.
pub(super) async fn arc(http: &HttpClient, service: &Url, keys: &Path) -> Result<Token, TokenError> {
    let url = question(service, "2020-06-01");
    let challenge = get(http, url.clone(), None).await?;
    let from = "Azure Arc's agent";
    if challenge.status != StatusCode::UNAUTHORIZED {
        // It may be busy, or know no identity; a token without a key it does not give.
        return match token(challenge, Instant::now(), from).await {
            Ok(_) => Err(no_arc("it asks for no key")),
            Err(error) => Err(error),
        };
    }
    let path = named_key(&challenge.headers, keys)?;
    let key = read_key(&path).await.map_err(|error| {
        let code = "Azure Arc".to_owned();
        TokenError::Refused { code, trouble: Trouble::ArcKey { path: path.clone(), why: error.to_string() } }
    })?;
    let mut authorization =
        HeaderValue::try_from(format!("Basic {}", key.trim())).map_err(|_| no_arc("its key is no text"))?;
    authorization.set_sensitive(true);
    let asked = Instant::now();
    token(get(http, url, Some(authorization)).await?, asked, from).await
}

fn question(service: &Url, version: &str) -> Url {
    let mut url = service.clone();
    url.query_pairs_mut().clear().append_pair("api-version", version).append_pair("resource", RESOURCE);
    url
}

async fn get(http: &HttpClient, url: Url, authorization: Option<HeaderValue>) -> Result<Incoming, TokenError> {
    let mut headers = HeaderMap::new();
    headers.insert("metadata", HeaderValue::from_static("true"));
    headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
    Ok(http.send(Method::GET, url, headers, Outgoing::Bytes(bytes::Bytes::new())).await?)
}

/// The file that the agent names, if it is one of its keys.
fn named_key(headers: &HeaderMap, keys: &Path) -> Result<PathBuf, TokenError> {
    let challenge = headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = challenge.strip_prefix("Basic realm=").ok_or_else(|| no_arc("it names no key"))?;
    let path = Path::new(path.trim().trim_matches('"'));
    let is_key = path.parent() == Some(keys) && path.extension().is_some_and(|extension| extension == "key");
    if is_key { Ok(path.to_owned()) } else { Err(no_arc("it names a file that is none of its keys")) }
}

async fn read_key(path: &Path) -> io::Result<String> {
    // Neither a pipe, which may never end, nor what a link leads to elsewhere.
    if !tokio::fs::symlink_metadata(path).await?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut key = String::new();
    tokio::fs::File::open(path).await?.take(LONGEST_KEY + 1).read_to_string(&mut key).await?;
    if key.len() as u64 > LONGEST_KEY { Err(io::Error::other("it is too long")) } else { Ok(key) }
}

fn no_arc(why: &str) -> TokenError {
    TokenError::Refused { code: "Azure Arc".to_owned(), trouble: Trouble::NoArc(why.to_owned()) }
}
