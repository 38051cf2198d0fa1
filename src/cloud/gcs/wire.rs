//! One request to Google Cloud Storage: addressed, authorised, sent once, and its answer looked at before it is believed.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::answer::{Failure, is_googles, not_googles};
use super::exchange::{ANSWER_LIMIT, bearer, beginning, unbuildable};
use super::identity::Identity;
use crate::cloud::http::{HttpClient, Incoming, Outgoing};
use crate::cloud::token::FreshToken;
use crate::cloud::{ByteStream, ChunkBody, DestinationError};

/// A bucket's address and what opens it.
pub(super) struct Wire {
    pub(super) http: HttpClient,
    /// The service, without path and query.
    pub(super) endpoint: Url,
    pub(super) bucket: String,
    pub(super) identity: Arc<Identity>,
    pub(super) token: FreshToken,
}

/// A request that the token opens.
pub(super) struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

/// A success, or the 308 by which a session says that it wants more.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: ByteStream,
}

impl Request {
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(super) fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(super) fn body(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.headers.insert("content-type", HeaderValue::from_static(content_type));
        self.body = body.into();
        self
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The answer's text, all of it.
    pub(super) async fn text(mut self) -> Result<Vec<u8>, DestinationError> {
        let mut text = Vec::new();
        while let Some(piece) = self.body.next().await {
            text.extend_from_slice(&piece.map_err(|error| DestinationError::Unreachable(error.to_string()))?);
            if text.len() > ANSWER_LIMIT {
                return Err(DestinationError::Unreachable(not_googles(self.status, "it has no end")));
            }
        }
        Ok(text)
    }

    pub(super) async fn json<T: DeserializeOwned>(self) -> Result<T, DestinationError> {
        let status = self.status;
        let stranger = |_| DestinationError::Unreachable(not_googles(status, "not the JSON of this request"));
        serde_json::from_slice(&self.text().await?).map_err(stranger)
    }
}

impl Wire {
    /// The address of an object, or where objects are listed.
    pub(super) fn object(&self, name: &str) -> Url {
        self.address(&["storage", "v1", "b", &self.bucket, "o", name])
    }

    /// Where an upload begins.
    pub(super) fn uploads(&self) -> Url {
        self.address(&["upload", "storage", "v1", "b", &self.bucket, "o"])
    }

    /// Each part is one segment of the path, whatever is in it.
    fn address(&self, parts: &[&str]) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(parts);
        }
        url
    }

    /// Sends a request with the token. If it is refused for the token's sake, once more with a fresh one.
    pub(super) async fn ask(&self, request: Request) -> Result<Answer, Failure> {
        let token = self.token.get().await?;
        match self.ask_with(token.expose(), &request).await {
            Err(failure) if failure.is_about_the_token() || (failure.is_denied() && self.identity.was_renewed()) => {
                self.token.refused(&token);
                self.ask_with(self.token.get().await?.expose(), &request).await
            }
            answer => answer,
        }
    }

    async fn ask_with(&self, token: &str, request: &Request) -> Result<Answer, Failure> {
        let mut headers = request.headers.clone();
        headers.insert("authorization", bearer(token)?);
        let body = Outgoing::Bytes(request.body.clone());
        self.send(request.method.clone(), request.url.clone(), headers, body).await
    }

    /// Sends a piece of a chunk, or a question, to a session. Its address is what opens it.
    ///
    /// `address` is what comes after the host; so whatever a session's address was said to be, it is at this service.
    pub(super) async fn put(&self, address: &str, range: &str, content: Option<Piece>) -> Result<Answer, Failure> {
        let url = self.endpoint.join(address).ok().filter(|url| url.origin() == self.endpoint.origin());
        let url = url.ok_or_else(|| unbuildable("the address of its session"))?;
        let mut headers = HeaderMap::new();
        headers.insert("content-range", HeaderValue::from_str(range).map_err(|_| unbuildable("its range"))?);
        let body = match content {
            None => {
                headers.insert("content-length", HeaderValue::from_static("0"));
                Outgoing::Bytes(Bytes::new())
            }
            Some(piece) => Outgoing::Stream { length: piece.length(), content: piece.open() },
        };
        self.send(Method::PUT, url, headers, body).await
    }

    async fn send(&self, method: Method, url: Url, headers: HeaderMap, body: Outgoing) -> Result<Answer, Failure> {
        let Incoming { status, headers, body } =
            self.http.send(method, url, headers, body).await.map_err(DestinationError::from)?;
        if status.is_success() || status == StatusCode::PERMANENT_REDIRECT {
            return if is_googles(&headers) {
                Ok(Answer { status, headers, body })
            } else {
                let why = "no x-guploader-uploadid";
                Err(Failure::Failed(DestinationError::Unreachable(not_googles(status, why))))
            };
        }
        let beginning = beginning(body).await;
        Err(Failure::of(status, &headers, &beginning))
    }
}

/// A chunk from one of its bytes on.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) chunk: ChunkBody,
    pub(super) skip: u64,
}

impl Piece {
    fn length(&self) -> u64 {
        self.chunk.length.get().saturating_sub(self.skip)
    }

    /// The whole chunk is read, since its checksum is that of the whole; what is there already is not sent.
    fn open(&self) -> ByteStream {
        let skipped = stream::unfold((self.chunk.open(), self.skip), |(mut content, mut skip)| async move {
            loop {
                match content.next().await? {
                    Ok(mut piece) => {
                        let known = usize::try_from(skip).unwrap_or(usize::MAX).min(piece.len());
                        skip -= known as u64;
                        let is_sign_of_life = piece.is_empty();
                        let rest = piece.split_off(known);
                        if is_sign_of_life || !rest.is_empty() {
                            return Some((Ok(rest), (content, skip)));
                        }
                    }
                    Err(error) => return Some((Err::<Bytes, io::Error>(error), (content, skip))),
                }
            }
        });
        skipped.boxed()
    }
}
