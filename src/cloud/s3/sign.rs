//! AWS Signature Version 4, as documented under "Authenticating Requests (AWS Signature Version 4)" for S3.
//!
//! Promises: every header that camdock sets is signed; the body is signed where it is in memory, and otherwise protected by
//! its own checksum and by TLS. The time is the caller's, so that a station whose clock is wrong can still sign.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use time::OffsetDateTime;
use time::format_description::StaticFormatDescription;
use time::macros::format_description;
use url::Url;

use super::keys::AccessKey;
use crate::domain::{Moment, Sha256};

const TIME: StaticFormatDescription = format_description!("[year][month][day]T[hour][minute][second]Z");
/// How much of a time is the day.
const DAY: usize = 8;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// Stands for the digest of a body that is streamed.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// What of a request's body is signed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Payload<'a> {
    /// All of it.
    Bytes(&'a [u8]),
    /// Nothing: it is streamed.
    Streamed,
}

/// Where a signature is good.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) region: String,
    pub(super) service: &'static str,
}

/// A request that cannot be signed, since a header of it is none.
#[derive(Debug, thiserror::Error)]
#[error("the header {0} cannot be sent")]
pub(super) struct Unsignable(&'static str);

/// Adds to `headers` what shows that whoever has `key` sends this request `now`. The query must be encoded as
/// [`encode`] does it.
pub(super) fn sign(
    method: &Method,
    url: &Url,
    headers: &mut HeaderMap,
    payload: Payload<'_>,
    (key, scope, now): (&AccessKey, &Scope, Moment),
) -> Result<(), Unsignable> {
    let now = OffsetDateTime::from_unix_timestamp(now.millis().div_euclid(1_000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let time = now.format(TIME).unwrap_or_default();
    let payload = match payload {
        Payload::Bytes(bytes) => Sha256::of(bytes).to_string(),
        Payload::Streamed => UNSIGNED.to_owned(),
    };
    set(headers, "x-amz-date", &time)?;
    set(headers, "x-amz-content-sha256", &payload)?;
    if let Some(token) = &key.token {
        set(headers, "x-amz-security-token", token.expose())?;
    }
    let (names, canonical) = canonical_request(method, url, headers, &payload);
    let day = time.get(..DAY).unwrap_or_default();
    let Scope { region, service } = scope;
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", Sha256::of(canonical.as_bytes()));
    let secret = format!("AWS4{}", key.secret.expose());
    let signing = [day, region, service, "aws4_request"]
        .into_iter()
        .fold(secret.into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()).to_vec());
    let signature = Hex(&hmac_sha256(&signing, to_sign.as_bytes()));
    let authorization =
        format!("{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", key.id);
    set(headers, "authorization", &authorization)
}

/// The names of the signed headers, and what the signature covers.
fn canonical_request(method: &Method, url: &Url, headers: &HeaderMap, payload: &str) -> (String, String) {
    let host = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, None) => host.to_owned(),
        (host, Some(port)) => format!("{host}:{port}"),
    };
    let value = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
    let mut signed: Vec<(String, String)> =
        headers.iter().map(|(name, it)| (name.as_str().to_owned(), value(it))).collect();
    signed.push(("host".to_owned(), host));
    signed.sort_unstable();
    let mut query: Vec<&str> = url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).collect();
    query.sort_unstable();
    let names = signed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines = signed.iter().fold(String::new(), |lines, (name, value)| lines + name + ":" + value + "\n");
    let canonical = format!("{method}\n{}\n{}\n{lines}\n{names}\n{payload}", url.path(), query.join("&"));
    (names, canonical)
}

/// Encodes a part of a query as the signature wants it: all but letters, digits, `-`, `.`, `_` and `~`.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            // Writing to a text does not fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<(), Unsignable> {
    let value = HeaderValue::from_str(value).map_err(|_| Unsignable(name))?;
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

struct Hex<'a>(&'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Secret;

    /// The credential and the time of the documentation's examples: "Signature Calculations for the Authorization Header".
    fn signature(method: &Method, url: &str, headers: &[(&'static str, &str)], payload: &[u8]) -> String {
        let key = AccessKey {
            id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            token: None,
        };
        let scope = Scope { region: "us-east-1".to_owned(), service: "s3" };
        // 2013-05-24T00:00:00Z
        let now = Moment::from_millis(1_369_353_600_000);
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            set(&mut all, name, value).unwrap();
        }
        let url = url.parse().unwrap();
        sign(method, &url, &mut all, Payload::Bytes(payload), (&key, &scope, now)).unwrap();
        let authorization = all["authorization"].to_str().unwrap();
        authorization.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    #[test]
    fn a_request_is_signed_as_in_the_documented_examples() {
        let get =
            signature(&Method::GET, "https://examplebucket.s3.amazonaws.com/test.txt", &[("range", "bytes=0-9")], b"");
        assert_eq!(get, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
        let headers = [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")];
        let put = signature(
            &Method::PUT,
            "https://examplebucket.s3.amazonaws.com/test%24file.text",
            &headers,
            b"Welcome to Amazon S3.",
        );
        assert_eq!(put, "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
        let lifecycle = signature(&Method::GET, "https://examplebucket.s3.amazonaws.com/?lifecycle=", &[], b"");
        assert_eq!(lifecycle, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
        let list = "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J";
        assert_eq!(
            signature(&Method::GET, list, &[], b""),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
    }

    #[test]
    fn whatever_an_upload_is_called_it_can_be_asked_for() {
        assert_eq!(encode("aB9-._~"), "aB9-._~");
        assert_eq!(encode("a+b/c=&d e\u{e9}"), "a%2Bb%2Fc%3D%26d%20e%C3%A9");
    }
}
