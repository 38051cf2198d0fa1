//! The last step of Azure's pipeline: our own HTTP client, and the question whether the answer is Azure's at all.
//!
//! Promises: a chunk is streamed piece by piece as the spool delivers it, without a copy; an answer that does not carry
//! the service's own headers never reaches the code that could believe it.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Body, Context, Request};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, future};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};

use crate::cloud::answers::{is_busy, strange};
use crate::cloud::http::{HttpClient, Incoming, Outgoing};
use crate::cloud::{ChunkBody, DestinationError};

/// How much of an error's body is read, in bytes. Azure's are below one KiB.
const ERROR_LIMIT: usize = 64 * 1024;

/// The chunk that a request carries, put into the request's context. The pipeline's own streaming body would zero and
/// fill a fresh buffer for each piece; this way the spool's buffers go to the connection as they are.
#[derive(Debug, Clone)]
pub(super) struct Carried(pub(super) ChunkBody);

/// The transport policy.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) http: HttpClient,
}

#[async_trait]
impl Policy for Wire {
    async fn send(&self, ctx: &Context, request: &mut Request, _: &[Arc<dyn Policy>]) -> PolicyResult {
        let body = match (ctx.value::<Carried>(), request.body()) {
            (Some(Carried(chunk)), _) => Outgoing::Stream { length: chunk.length.get(), content: chunk.open() },
            (None, Body::Bytes(bytes)) => Outgoing::Bytes(bytes.clone()),
            (None, Body::SeekableStream(_)) => return Err(unbuildable("a body of a kind that camdock never sends")),
        };
        let method = Method::from_bytes(request.method().as_str().as_bytes()).map_err(|_| unbuildable("its method"))?;
        let headers = to_http(request.headers())?;
        let sent = self.http.send(method, request.url().clone(), headers, body).await;
        let answer = sent.map_err(|error| wrap(error.into()))?;
        if let Some(stranger) = stranger(&answer) {
            return Err(wrap(DestinationError::Unreachable(stranger)));
        }
        let headers = from_http(&answer.headers);
        if answer.status.is_success() {
            let body = answer.body.map_err(|error| wrap(DestinationError::Unreachable(error.to_string())));
            return Ok(AsyncRawResponse::new(answer.status.as_u16().into(), headers, body.boxed()));
        }
        let body = beginning(answer.body).await;
        Ok(AsyncRawResponse::from_bytes(answer.status.as_u16().into(), headers, body))
    }
}

/// Says why an answer cannot be Azure's.
fn stranger(answer: &Incoming) -> Option<String> {
    let lacks = |name: &str| !answer.headers.contains_key(name);
    let why = if is_busy(answer.status.as_u16()) {
        return None;
    } else if answer.status.is_redirection() {
        "a redirect"
    } else if lacks("x-ms-request-id") {
        "no x-ms-request-id"
    } else if answer.status.is_success() && lacks("x-ms-version") {
        "no x-ms-version"
    } else {
        return None;
    };
    Some(not_azures(answer.status, why))
}

pub(super) fn not_azures(status: StatusCode, why: &str) -> String {
    strange("Azure", status.as_u16(), why)
}

/// As much of an error's body as is worth reading; what cannot be read is left out.
pub(super) async fn beginning(body: crate::cloud::ByteStream) -> Bytes {
    let collected = body.take_while(|piece| future::ready(piece.is_ok())).filter_map(|piece| future::ready(piece.ok()));
    let mut collected = std::pin::pin!(collected);
    let mut text = Vec::new();
    while let Some(piece) = collected.next().await {
        text.extend_from_slice(&piece);
        if text.len() > ERROR_LIMIT {
            break;
        }
    }
    text.into()
}

/// Carries our own error through the pipeline.
pub(super) fn wrap(error: DestinationError) -> Error {
    Error::new(ErrorKind::Other, error)
}

fn unbuildable(what: &str) -> Error {
    wrap(DestinationError::Permanent(format!("the request cannot be built: {what}")))
}

fn to_http(headers: &Headers) -> Result<HeaderMap, Error> {
    headers
        .iter()
        .map(|(name, value)| {
            let pair = (HeaderName::try_from(name.as_str()).ok()).zip(HeaderValue::try_from(value.as_str()).ok());
            pair.ok_or_else(|| unbuildable(&format!("the header {}", name.as_str())))
        })
        .collect()
}

fn from_http(headers: &HeaderMap) -> Headers {
    let mut known = Headers::new();
    for (name, value) in headers {
        if let Ok(value) = value.to_str() {
            known.insert(name.as_str().to_owned(), value.to_owned());
        }
    }
    known
}
