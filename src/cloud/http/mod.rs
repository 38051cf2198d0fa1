//! The HTTP client of the cloud adapters: whatever leaves this machine for a cloud leaves through it.
//!
//! Promises:
//! - Nothing leaves this machine unencrypted, and nothing is believed from a place whose certificate is not in order ([`tls`]).
//! - There is no limit on how long an exchange takes as a whole: a slow line may take all day. An exchange is abandoned
//!   only after `stall` without progress in either direction.
//! - No redirect is followed: a cloud does not redirect, a captive portal does.
//! - No error text contains a URL, since a URL may carry a credential. What opens a proxy is in no text at all.

mod certificate;
mod clock;
mod proxy;
mod tls;
mod trouble;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use tokio::time::{Instant, sleep_until, timeout};
use url::Host;

use self::proxy::Way;
use self::trouble::{in_full, unanswered};
use crate::cloud::{ByteStream, DestinationError};
use crate::domain::{Clock, ConnectionTrouble, Validity};

pub use self::clock::CloudClock;
pub use self::proxy::{Proxy, ReadLogin};
pub use self::tls::{IdentityFiles, Trust};

/// How long to wait for a connection, name look-up and TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest piece of a body that is handed to the connection at once, in bytes. Progress is measured by these, so a
/// piece must leave within the stall time even on a slow line shared by many requests.
const PIECE: usize = 64 * 1024;

/// How a place is reached, and by what it and the station prove themselves to each other.
#[derive(Debug, Clone)]
pub struct Connection {
    /// How long an exchange may stand still before it is abandoned.
    pub stall: Duration,
    /// Who may vouch for the place.
    pub trust: Trust,
    /// What the station proves itself with, if the place wants that.
    pub identity: Option<IdentityFiles>,
    /// What stands on the way. Without one, what this machine's environment names, if it names any.
    pub proxy: Option<Proxy>,
}

impl Connection {
    /// The usual one: whom this machine trusts is trusted, and nothing is shown but a credential.
    #[must_use]
    pub const fn usual(stall: Duration) -> Self {
        Self { stall, trust: Trust::Machine, identity: None, proxy: None }
    }

    /// Reads the files that it needs, and says from when to when the station's own certificate holds, if it has one.
    ///
    /// # Errors
    /// [`HttpError`] names the file that cannot be used.
    pub fn look(&self) -> Result<Option<Validity>, HttpError> {
        tls::config(&self.trust, self.identity.as_ref())?;
        let Some(files) = &self.identity else { return Ok(None) };
        Ok(tls::certificates(&files.certificate)?.first().and_then(certificate::validity))
    }
}

/// A client whose patience depends on progress.
#[derive(Clone)]
pub struct HttpClient {
    encrypted: reqwest::Client,
    /// Knows no proxy: what is not encrypted is this machine's own business.
    plain: reqwest::Client,
    reach: Reach,
    shown: Shown,
    way: Arc<Way>,
    clock: Arc<CloudClock>,
    stall: Duration,
}

/// What a client proves itself with while a connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// It has nothing for that.
    Nothing,
    /// A certificate.
    Certificate,
}

/// Whom a client asks without encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// This machine alone.
    Clouds,
    /// What a cloud offers to each of its machines by an address that leads nowhere else, and has no certificate.
    OwnCloud,
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
    /// A file that connections need cannot be used.
    #[error("{} cannot be used: {why}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No connection, or a broken one.
    #[error("{0}")]
    Connection(String),
    /// No secure connection, and what stands in its way.
    #[error(transparent)]
    NoConnection(#[from] ConnectionTrouble),
    /// The connection is there, but nothing moves.
    #[error("no byte was sent or received for {}", in_words(*.0))]
    Stalled(Duration),
    /// The stream of an outgoing body failed; this is not the network's fault.
    #[error("{0}")]
    Source(String),
}

impl From<HttpError> for DestinationError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Source(reason) => Self::SpoolDamaged(reason),
            HttpError::NoConnection(trouble) => Self::NoConnection(trouble),
            HttpError::Setup(_) | HttpError::File { .. } | HttpError::Connection(_) | HttpError::Stalled(_) => {
                Self::Unreachable(error.to_string())
            }
        }
    }
}

impl HttpClient {
    /// A client for what lies in a cloud, whose time is held against that of the station's `clock`.
    ///
    /// # Errors
    /// [`HttpError::Setup`] if this machine's TLS set-up cannot be used, [`HttpError::File`] if one of the connection's files cannot.
    pub fn new(connection: &Connection, clock: Arc<dyn Clock>) -> Result<Self, HttpError> {
        let Connection { stall, trust, identity, proxy } = connection;
        let (tls, way) = (tls::config(trust, identity.as_ref())?, Arc::new(Way::by(proxy.clone())));
        let builder = reqwest::Client::builder().tls_backend_preconfigured(tls);
        let encrypted = match Way::proxy(&way) {
            Some(proxy) => built(builder.proxy(proxy), *stall)?,
            None => built(builder, *stall)?,
        };
        let shown = if identity.is_some() { Shown::Certificate } else { Shown::Nothing };
        let clock = Arc::new(CloudClock::new(clock));
        Ok(Self { encrypted, plain: plain(*stall)?, reach: Reach::Clouds, shown, way, clock, stall: *stall })
    }

    /// A client for services of this very machine and of the cloud that it stands in, which no proxy can speak for. They have this
    /// machine's time.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn without_proxy(stall: Duration, clock: Arc<dyn Clock>) -> Result<Self, HttpError> {
        let tls = tls::config(&Trust::Machine, None)?;
        let encrypted = built(reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy(), stall)?;
        let (reach, shown, way) = (Reach::OwnCloud, Shown::Nothing, Arc::new(Way::by(None)));
        let clock = Arc::new(CloudClock::new(clock));
        Ok(Self { encrypted, plain: plain(stall)?, reach, shown, way, clock, stall })
    }

    /// What time it is where this client asks.
    #[must_use]
    pub const fn clock(&self) -> &Arc<CloudClock> {
        &self.clock
    }

    /// Who carries a request to this address, if anybody may.
    fn carrier(&self, url: &Url) -> Result<&reqwest::Client, HttpError> {
        match url.scheme() {
            "https" => Ok(&self.encrypted),
            "http" if self.reach == Reach::OwnCloud || is_here(url) => Ok(&self.plain),
            _ => Err(HttpError::Setup(format!(
                "{} is not asked without encryption; write https://",
                url.host_str().unwrap_or("it")
            ))),
        }
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
        let carrier = self.carrier(&url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let progress = Arc::new(Progress::new());
        let body = match body {
            Outgoing::Bytes(bytes) => bytes.into(),
            Outgoing::Stream { length, content } => {
                // A stated length keeps the body from being sent in HTTP's own chunks.
                headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
                reqwest::Body::wrap_stream(metered(content, length, Arc::clone(&progress)))
            }
        };
        let request = carrier.request(method, url).headers(headers).body(body);
        let answer = tokio::select! {
            answer = request.send() => answer.map_err(|error| {
                progress.source_error().map_or_else(|| unanswered(error, self.shown, &self.way, &host), HttpError::Source)
            })?,
            () = progress.stalled(self.stall) => return Err(HttpError::Stalled(self.stall)),
        };
        let (status, headers) = (answer.status(), answer.headers().clone());
        self.clock.listen(&headers);
        Ok(Incoming { status, headers, body: watched(answer.bytes_stream().boxed(), self.stall) })
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment may name a proxy with its password.
        f.debug_struct("HttpClient").field("reach", &self.reach).field("stall", &self.stall).finish_non_exhaustive()
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

/// A client that encrypts nothing.
fn plain(stall: Duration) -> Result<reqwest::Client, HttpError> {
    built(reqwest::Client::builder().tls_certs_only([]).no_proxy(), stall)
}

fn built(builder: reqwest::ClientBuilder, stall: Duration) -> Result<reqwest::Client, HttpError> {
    let builder = builder
        .connect_timeout(CONNECT_TIMEOUT)
        // The kernel sees what lies in its own buffers; it ends a connection whose peer acknowledges nothing.
        .tcp_user_timeout(stall)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false);
    builder.build().map_err(|error| HttpError::Setup(in_full(error)))
}

/// Whether an address is one of this very machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn in_words(duration: Duration) -> String {
    if duration.subsec_nanos() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}
