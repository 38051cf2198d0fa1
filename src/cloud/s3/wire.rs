//! One request to a bucket: addressed, signed, sent once, and its answer looked at before it is believed.

use bytes::Bytes;
use futures::StreamExt as _;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use url::Url;

use super::answer::{Failure, not_s3s};
use super::credential::Keys;
use super::keys::AccessKey;
use super::sign::{Payload, Scope, encode, sign};
use crate::cloud::http::{HttpClient, Incoming, Outgoing};
use crate::cloud::{ByteStream, ChunkBody, DestinationError};
use crate::domain::Moment;

/// The longest answer that is read into memory, in bytes: a list of 1,000 parts has less than a quarter of this.
const ANSWER_LIMIT: usize = 1 << 20;

/// Says which account a bucket is to be of: a request to a bucket of another's is refused ("Verifying bucket ownership").
const OWNER: &str = "x-amz-expected-bucket-owner";

/// A bucket's address and what opens it.
pub(super) struct Wire {
    pub(super) http: HttpClient,
    /// The bucket; objects are below it.
    pub(super) bucket: Url,
    pub(super) scope: Scope,
    pub(super) keys: Keys,
    /// The account that the bucket is to be of, if that is said.
    pub(super) owner: Option<String>,
}

/// A request.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    /// What it is about; without one, the bucket.
    pub(super) key: Option<&'a str>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

/// What a request carries.
#[derive(Clone)]
pub(super) enum Body {
    Bytes(Bytes),
    Chunk(ChunkBody),
}

/// A success.
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: ByteStream,
}

impl<'a> Request<'a> {
    pub(super) fn new(method: Method, key: &'a str) -> Self {
        Self { method, key: Some(key), query: Vec::new(), headers: Vec::new(), body: Body::Bytes(Bytes::new()) }
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(super) fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}

impl Answer {
    /// A header, if the answer has it.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The answer's text.
    pub(super) async fn text(self) -> Result<String, Failure> {
        beginning(self.body).await.map_err(|error| Failure::Failed(DestinationError::Unreachable(error.to_string())))
    }
}

impl Wire {
    /// Sends a request. A refusal is no answer if S3 turns out to have another time than the one that was signed: the request is signed
    /// with that. Nor is one for the sake of a key in the place of which there is another.
    pub(super) async fn send(&self, request: Request<'_>) -> Result<Answer, Failure> {
        let key = self.keys.get().await.map_err(Failure::Failed)?;
        let signed = self.http.clock().now();
        let failure = match self.send_with(&request, &key, signed).await {
            Err(failure) if failure.may_be_about_the_signature() && self.http.clock().says_otherwise(signed) => {
                return self.send_with(&request, &key, self.http.clock().now()).await;
            }
            Err(failure) if failure.is_about_the_key() => failure,
            answer => return answer,
        };
        match self.keys.instead_of(&key).await.map_err(Failure::Failed)? {
            Some(another) => self.send_with(&request, &another, self.http.clock().now()).await,
            None => Err(failure),
        }
    }

    async fn send_with(&self, request: &Request<'_>, key: &AccessKey, now: Moment) -> Result<Answer, Failure> {
        let mut url = self.bucket.clone();
        if let (Some(key), Ok(mut path)) = (request.key, url.path_segments_mut()) {
            path.pop_if_empty().extend(key.split('/'));
        }
        let query: Vec<_> = request.query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        url.set_query((!query.is_empty()).then(|| query.join("&")).as_deref());
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let pair = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (name, value) = pair.ok_or_else(|| unbuildable(name))?;
            headers.insert(name, value);
        }
        if let Some(owner) = &self.owner {
            let value = HeaderValue::try_from(owner).map_err(|_| unbuildable(OWNER))?;
            headers.insert(HeaderName::from_static(OWNER), value);
        }
        let (payload, body) = match &request.body {
            Body::Bytes(bytes) => (Payload::Bytes(bytes), Outgoing::Bytes(bytes.clone())),
            Body::Chunk(chunk) => {
                (Payload::Streamed, Outgoing::Stream { length: chunk.length.get(), content: chunk.open() })
            }
        };
        sign(&request.method, &url, &mut headers, payload, (key, &self.scope, now))
            .map_err(|error| unbuildable(&error.to_string()))?;
        let sent = self.http.send(request.method.clone(), url, headers, body).await;
        let answer = sent.map_err(|error| Failure::Failed(error.into()))?;
        Self::judge(answer).await
    }

    async fn judge(answer: Incoming) -> Result<Answer, Failure> {
        let Incoming { status, headers, body } = answer;
        if status.is_success() {
            // Every S3 names its answers, and no login page does.
            return if headers.contains_key("x-amz-request-id") {
                Ok(Answer { headers, body })
            } else {
                Err(Failure::Failed(DestinationError::Unreachable(not_s3s(status, "no x-amz-request-id"))))
            };
        }
        Err(Failure::of(status, &headers, &beginning(body).await.unwrap_or_default()))
    }
}

/// An answer's text, as much of it as is worth reading.
async fn beginning(mut body: ByteStream) -> std::io::Result<String> {
    let mut text = Vec::new();
    while let Some(piece) = body.next().await {
        text.extend_from_slice(&piece?);
        if text.len() > ANSWER_LIMIT {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn unbuildable(what: &str) -> Failure {
    Failure::Failed(DestinationError::Permanent(format!("the request cannot be built: {what}")))
}

/// An answer that should have said more.
pub(super) fn incomplete(missing: &str) -> DestinationError {
    DestinationError::Unreachable(not_s3s(StatusCode::OK, &format!("no {missing}")))
}
