//! The HTTP client of the cloud adapters.
//!
//! Promises:
//! - There is no limit on how long an exchange takes as a whole: a slow line may take all day. An exchange is abandoned
//!   only after `stall` without progress in either direction.
//! - No redirect is followed: a cloud does not redirect, a captive portal does.
//! - No error text contains a URL, since a URL may carry a credential.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use tokio::time::{Instant, sleep_until, timeout};

use crate::cloud::ByteStream;

/// How long to wait for a connection, name look-up and TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest piece of a body that is handed to the connection at once, in bytes. Progress is measured by these, so a
/// piece must leave within the stall time even on a slow line shared by many requests.
const PIECE: usize = 64 * 1024;

/// A client whose patience depends on progress.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    stall: Duration,
}

/// What a request carries.
pub enum Outgoing {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A stream of exactly `length` bytes.
    Stream {
        /// How many bytes.
        length: u64,
        /// The bytes.
        content: ByteStream,
    },
}

/// What came back.
pub struct Incoming {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body. It ends in an error if it stalls or breaks off.
    pub body: ByteStream,
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HttpError {
    /// The client could not be set up, or the request not be built.
    #[error("{0}")]
    Setup(String),
    /// No connection, or a broken one.
    #[error("{0}")]
    Connection(String),
    /// The connection is there, but nothing moves.
    #[error("no byte was sent or received for {}", in_words(*.0))]
    Stalled(Duration),
    /// The stream of an outgoing body failed; this is not the network's fault.
    #[error("{0}")]
    Source(String),
}

impl HttpClient {
    /// A client that gives up after `stall` without progress.
    ///
    /// # Errors
    /// [`HttpError::Setup`] if this machine's TLS set-up cannot be used.
    pub fn new(stall: Duration) -> Result<Self, HttpError> {
        Self::build(reqwest::Client::builder(), stall)
    }

    /// The same for services of this very machine, which no proxy can speak for.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn without_proxy(stall: Duration) -> Result<Self, HttpError> {
        Self::build(reqwest::Client::builder().no_proxy(), stall)
    }

    fn build(builder: reqwest::ClientBuilder, stall: Duration) -> Result<Self, HttpError> {
        let client = builder
            .connect_timeout(CONNECT_TIMEOUT)
            // The kernel sees what lies in its own buffers; it ends a connection whose peer acknowledges nothing.
            .tcp_user_timeout(stall)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .build()
            .map_err(|error| HttpError::Setup(in_full(error)))?;
        Ok(Self { client, stall })
    }

    /// Sends one request, once, and returns when the answer's headers are here.
    ///
    /// # Errors
    /// [`HttpError`] says why there is no answer. Any status is an answer.
    pub async fn send(
        &self,
        method: Method,
        url: Url,
        mut headers: HeaderMap,
        body: Outgoing,
    ) -> Result<Incoming, HttpError> {
        let progress = Arc::new(Progress::new());
        let body = match body {
            Outgoing::Bytes(bytes) => bytes.into(),
            Outgoing::Stream { length, content } => {
                // A stated length keeps the body from being sent in HTTP's own chunks.
                headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
                reqwest::Body::wrap_stream(metered(content, length, Arc::clone(&progress)))
            }
        };
        let request = self.client.request(method, url).headers(headers).body(body);
        let answer = tokio::select! {
            answer = request.send() => answer.map_err(|error| {
                progress.source_error().map_or_else(|| HttpError::Connection(in_full(error)), HttpError::Source)
            })?,
            () = progress.stalled(self.stall) => return Err(HttpError::Stalled(self.stall)),
        };
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok(Incoming { status, headers, body: watched(answer.bytes_stream().boxed(), self.stall) })
    }
}

/// How far a request has come.
struct Progress {
    started: Instant,
    state: Mutex<State>,
}

struct State {
    /// When the connection last took a piece.
    moved: Instant,
    /// Whether it has taken all of them.
    handed_over: bool,
    /// Why the body could not be read.
    source_error: Option<String>,
}

impl Progress {
    fn new() -> Self {
        let started = Instant::now();
        Self { started, state: Mutex::new(State { moved: started, handed_over: false, source_error: None }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moved(&self, left: u64) {
        let mut state = self.state();
        state.moved = Instant::now();
        state.handed_over = left == 0;
    }

    fn fail(&self, reason: String) -> io::Error {
        self.state().source_error = Some(reason.clone());
        io::Error::other(reason)
    }

    fn source_error(&self) -> Option<String> {
        self.state().source_error.clone()
    }

    /// When patience ends, unless something moves before.
    ///
    /// The end of a body still lies in buffers of this machine when the last piece has been handed over, and nothing
    /// tells how fast they empty. The line's pace so far does: they hold no more than what went before, so the answer
    /// may take as long as the body took, and `stall` on top.
    fn deadline(&self, stall: Duration) -> Instant {
        let state = self.state();
        let draining = if state.handed_over { state.moved - self.started } else { Duration::ZERO };
        state.moved + stall + draining
    }

    /// Returns when nothing has moved for too long.
    async fn stalled(&self, stall: Duration) {
        loop {
            let deadline = self.deadline(stall);
            sleep_until(deadline).await;
            if self.deadline(stall) <= deadline {
                return;
            }
        }
    }
}

/// Cuts `content` into pieces without copying, notes each that is taken, and holds it to its length.
fn metered(
    content: ByteStream,
    length: u64,
    progress: Arc<Progress>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::try_unfold((content, Bytes::new(), length), move |(mut content, mut rest, left)| {
        let progress = Arc::clone(&progress);
        async move {
            while rest.is_empty() {
                // The connection takes more, and an empty piece says that there is a reason to wait for the next.
                progress.moved(left);
                rest = match content.next().await {
                    Some(Ok(bytes)) => bytes,
                    Some(Err(error)) => return Err(progress.fail(error.to_string())),
                    None if left == 0 => return Ok(None),
                    None => return Err(progress.fail(format!("it ends {left} bytes early"))),
                };
            }
            let piece = rest.split_to(rest.len().min(PIECE));
            let Some(left) = left.checked_sub(piece.len() as u64) else {
                return Err(progress.fail("it is longer than it should be".to_owned()));
            };
            progress.moved(left);
            Ok(Some((piece, (content, rest, left))))
        }
    })
}

/// An answer's body that may take `stall` for each of its pieces.
fn watched(body: stream::BoxStream<'static, reqwest::Result<Bytes>>, stall: Duration) -> ByteStream {
    stream::try_unfold(body, move |mut body| async move {
        match timeout(stall, body.next()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(piece))) => Ok(Some((piece, body))),
            Ok(Some(Err(error))) => Err(io::Error::other(in_full(error))),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, HttpError::Stalled(stall))),
        }
    })
    .boxed()
}

/// The error with its causes: reqwest's own text stops short of saying what happened.
fn in_full(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

fn in_words(duration: Duration) -> String {
    if duration.subsec_nanos() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}
