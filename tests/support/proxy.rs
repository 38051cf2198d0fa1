//! A network that misbehaves: an HTTP/1.1 proxy between a client and a real destination.
//!
//! Promises:
//! - At most one [`Fault`] per request, drawn from a seeded generator. One client that sends its requests one after the
//!   other sees the same faults on every run; parallel requests share the same faults out differently.
//! - At most [`FaultMix::at_most`] faults in all but while it is [cut off](FaultyProxy::cut_off), and none after
//!   [`FaultyProxy::heal`]: every test ends.
//! - What no fault hits is passed on unchanged, body streamed and not held.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http1 as client;
use hyper::header::HeaderValue;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type AnyBody = UnsyncBoxBody<Bytes, BoxError>;

/// One way for a request to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection breaks before the destination sees the request.
    DropRequest,
    /// The destination does what it was asked to, and the connection breaks before it can say so.
    LoseReply,
    /// The connection breaks in the middle of the answer.
    TruncateReply,
    /// The request arrives late, by at most [`FaultMix::delay_up_to`].
    Delay,
    /// 500 `InternalError`, in the destination's stead.
    InternalError,
    /// 503 `ServerBusy` with `Retry-After: 1`, in the destination's stead.
    ServerBusy,
    /// 429 with `Retry-After: 1`, in the destination's stead.
    TooManyRequests,
    /// 200 with a web page, as from the login page of a guest network.
    CaptivePortal,
    /// 201 Created with everything Azure would say, although the destination never saw the request. Hits `PUT` only.
    LyingSuccess,
    /// One bit of the request's body is flipped on the way. Hits requests with a body only.
    DamageRequest,
    /// One bit of the answer's body is flipped on the way. Hits `GET` only.
    DamageReply,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 11] = [
        Self::DropRequest,
        Self::LoseReply,
        Self::TruncateReply,
        Self::Delay,
        Self::InternalError,
        Self::ServerBusy,
        Self::TooManyRequests,
        Self::CaptivePortal,
        Self::LyingSuccess,
        Self::DamageRequest,
        Self::DamageReply,
    ];

    fn can_hit(self, request: &Request<Incoming>) -> bool {
        match self {
            Self::LyingSuccess => request.method() == Method::PUT,
            Self::DamageRequest => !request.body().is_end_stream(),
            Self::DamageReply => request.method() == Method::GET,
            _ => true,
        }
    }
}

/// How likely each fault is for a request, and how many there may be in all.
#[derive(Debug, Clone)]
pub struct FaultMix {
    rates: Vec<(Fault, f64)>,
    spared: u64,
    limit: u64,
    max_delay: Duration,
}

impl FaultMix {
    /// No faults. At most 1000 of those added with [`with`](Self::with), and delays of at most 200 ms.
    pub const fn none() -> Self {
        Self { rates: Vec::new(), spared: 0, limit: 1000, max_delay: Duration::from_millis(200) }
    }

    /// Every fault, each with this probability per request. The sum over all must not pass 1.
    pub fn everything(rate: f64) -> Self {
        Fault::ALL.into_iter().fold(Self::none(), |mix, fault| mix.with(fault, rate))
    }

    /// This fault with this probability per request, from 0 to 1, instead of the one it had.
    #[must_use]
    pub fn with(mut self, fault: Fault, rate: f64) -> Self {
        self.rates.retain(|(other, _)| *other != fault);
        self.rates.push((fault, rate));
        let sum: f64 = self.rates.iter().map(|(_, rate)| rate).sum();
        assert!(rate >= 0.0 && sum <= 1.0 + 1e-9, "probabilities of faults must be positive and sum up to at most 1");
        self
    }

    /// No more faults than this in all.
    #[must_use]
    pub const fn at_most(mut self, faults: u64) -> Self {
        self.limit = faults;
        self
    }

    /// Nothing goes wrong with the first requests, so many.
    #[must_use]
    pub const fn after(mut self, requests: u64) -> Self {
        self.spared = requests;
        self
    }

    /// The longest [`Fault::Delay`].
    #[must_use]
    pub const fn delay_up_to(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }
}

/// What has passed through a proxy so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests seen, faulty ones included.
    pub requests: u64,
    /// How many of them were `PUT`s.
    pub puts: u64,
    /// Faults, by kind; a kind that has not happened is absent.
    pub faults: BTreeMap<Fault, u64>,
}

impl Counts {
    /// How often this fault has happened.
    pub fn of(&self, fault: Fault) -> u64 {
        self.faults.get(&fault).copied().unwrap_or(0)
    }

    /// Faults of all kinds.
    pub fn total(&self) -> u64 {
        self.faults.values().sum()
    }
}

/// A running proxy. Dropping it closes its port and every connection.
#[derive(Debug)]
pub struct FaultyProxy {
    addr: SocketAddr,
    fate: Arc<Fate>,
    _accepting: AbortOnDropHandle<()>,
}

impl FaultyProxy {
    /// Listens on a free port of the loopback interface and passes requests on to `upstream`. Call it within a tokio
    /// runtime, and keep that runtime turning: with one thread, a blocking wait in the test stops the proxy too.
    pub fn start(upstream: SocketAddr, seed: u64, mix: FaultMix) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port on loopback");
        listener.set_nonblocking(true).expect("a socket can be made non-blocking");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let listener = TcpListener::from_std(listener).expect("started within a tokio runtime");
        let fate = Arc::new(Fate::new(seed, mix));
        let accepting = tokio::spawn(accept(listener, upstream, Arc::clone(&fate)));
        Self { addr, fate, _accepting: AbortOnDropHandle::new(accepting) }
    }

    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// From now on nothing goes wrong any more. A delay that has begun still ends by itself.
    pub fn heal(&self) {
        let mut state = self.fate.lock();
        state.limit = 0;
        state.cut_off = false;
    }

    /// From now on every connection breaks, until all is healed.
    pub fn cut_off(&self) {
        self.fate.lock().cut_off = true;
    }

    /// What has happened so far.
    pub fn counts(&self) -> Counts {
        self.fate.lock().counts.clone()
    }
}

/// Decides what happens to each request.
#[derive(Debug)]
struct Fate {
    rates: Vec<(Fault, f64)>,
    spared: u64,
    max_delay: Duration,
    state: Mutex<FateState>,
}

#[derive(Debug)]
struct FateState {
    random: fastrand::Rng,
    limit: u64,
    cut_off: bool,
    counts: Counts,
}

impl Fate {
    fn new(seed: u64, FaultMix { rates, spared, limit, max_delay }: FaultMix) -> Self {
        let state =
            FateState { random: fastrand::Rng::with_seed(seed), limit, cut_off: false, counts: Counts::default() };
        Self { rates, spared, max_delay, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, FateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, request: &Request<Incoming>) -> Option<Fault> {
        let mut state = self.lock();
        state.counts.requests += 1;
        state.counts.puts += u64::from(request.method() == Method::PUT);
        if state.cut_off {
            *state.counts.faults.entry(Fault::DropRequest).or_default() += 1;
            return Some(Fault::DropRequest);
        }
        let mut left = state.random.f64();
        let (fault, _) = *self.rates.iter().find(|(_, rate)| {
            left -= rate;
            left < 0.0
        })?;
        let spared = state.counts.requests <= self.spared;
        if spared || state.counts.total() >= state.limit || !fault.can_hit(request) {
            return None;
        }
        *state.counts.faults.entry(fault).or_default() += 1;
        Some(fault)
    }

    /// A number from 0 up to 1.
    fn fraction(&self) -> f64 {
        self.lock().random.f64()
    }
}

async fn accept(listener: TcpListener, upstream: SocketAddr, fate: Arc<Fate>) {
    // Dropped with this future, and the connections with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            Ok((stream, _)) = listener.accept() => {
                let fate = Arc::clone(&fate);
                connections.spawn(async move {
                    let service = service_fn(|request| pass(request, upstream, &fate));
                    // An error here is a broken connection: either it was meant to break, or the client has gone.
                    let _ = server::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        }
    }
}

/// Passes one request on, with what fate has in store for it. An error breaks the connection without a word.
async fn pass(request: Request<Incoming>, upstream: SocketAddr, fate: &Fate) -> Result<Response<AnyBody>, BoxError> {
    let fault = fate.draw(&request);
    match fault {
        Some(Fault::DropRequest) => Err("the request is lost".into()),
        Some(Fault::InternalError) => instead(request, StatusCode::INTERNAL_SERVER_ERROR, "InternalError").await,
        Some(Fault::ServerBusy) => instead(request, StatusCode::SERVICE_UNAVAILABLE, "ServerBusy").await,
        Some(Fault::TooManyRequests) => instead(request, StatusCode::TOO_MANY_REQUESTS, "TooManyRequests").await,
        Some(Fault::CaptivePortal) => captive_portal(request).await,
        Some(Fault::LyingSuccess) => lying_success(request).await,
        Some(Fault::Delay) => {
            tokio::time::sleep(fate.max_delay.mul_f64(fate.fraction())).await;
            forward(request.map(any_body), upstream).await
        }
        Some(Fault::DamageRequest) => {
            let place = fate.fraction();
            forward(request.map(|body| damaged(body, place)), upstream).await
        }
        Some(Fault::DamageReply) => {
            let place = fate.fraction();
            Ok(forward(request.map(any_body), upstream).await?.map(|body| damaged(body, place)))
        }
        Some(Fault::LoseReply) => {
            forward(request.map(any_body), upstream).await?;
            Err("the answer is lost".into())
        }
        Some(Fault::TruncateReply) => truncated(forward(request.map(any_body), upstream).await?).await,
        None => forward(request.map(any_body), upstream).await,
    }
}

async fn forward(request: Request<AnyBody>, upstream: SocketAddr) -> Result<Response<AnyBody>, BoxError> {
    let stream = TcpStream::connect(upstream).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await?;
    // Ends with the answer's body, or when either side goes away.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?.map(any_body))
}

fn any_body<B>(body: B) -> AnyBody
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    body.map_err(Into::into).boxed_unsync()
}

/// Flips the highest bit of one byte. The highest, because it turns XML into no XML: a damaged block list must not name
/// another existing chunk by chance.
fn damaged<B>(body: B, place: f64) -> AnyBody
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let mut done = false;
    any_body(body.map_frame(move |frame| match frame.into_data() {
        Ok(data) if !done && !data.is_empty() => {
            done = true;
            let index = index_of(place, data.len());
            let mut data = BytesMut::from(&data[..]);
            data[index] ^= 0x80;
            Frame::data(data.freeze())
        }
        Ok(data) => Frame::data(data),
        Err(trailers) => trailers,
    }))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "any index will do, and it is cut to the length"
)]
fn index_of(place: f64, length: usize) -> usize {
    ((length as f64 * place) as usize).min(length - 1)
}

/// Half of the answer's first piece, then a broken connection. An answer without a body breaks off in its head, which to
/// a client is no answer.
async fn truncated(reply: Response<AnyBody>) -> Result<Response<AnyBody>, BoxError> {
    let (head, mut body) = reply.into_parts();
    let Some(first) = body.frame().await.transpose()?.and_then(|frame| frame.into_data().ok()) else {
        return Err("the answer breaks off".into());
    };
    let kept = first.slice(..first.len() / 2);
    let pieces = stream::unfold(Some(kept), |kept| async move {
        if let Some(kept) = kept {
            return Some((Ok(Frame::data(kept)), None));
        }
        // Long enough for the half to leave before the connection breaks.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Err(BoxError::from("the answer breaks off")), None))
    });
    Ok(Response::from_parts(head, StreamBody::new(pieces).boxed_unsync()))
}

/// An error as Azure words it, in the destination's stead.
async fn instead(
    request: Request<Incoming>,
    status: StatusCode,
    code: &'static str,
) -> Result<Response<AnyBody>, BoxError> {
    let is_head = swallow(request).await?.method == Method::HEAD;
    let text = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code></Error>");
    let mut reply = Response::builder()
        .status(status)
        .header("content-type", "application/xml")
        .header("x-ms-error-code", code)
        .header("x-ms-request-id", uuid::Uuid::now_v7().to_string());
    if status != StatusCode::INTERNAL_SERVER_ERROR {
        reply = reply.header("retry-after", "1");
    }
    Ok(reply.body(text_body(is_head, text))?)
}

async fn captive_portal(request: Request<Incoming>) -> Result<Response<AnyBody>, BoxError> {
    let is_head = swallow(request).await?.method == Method::HEAD;
    let page = "<!DOCTYPE html><html><title>Guest network</title><body>Please accept the terms of use.</body></html>";
    Ok(Response::builder().header("content-type", "text/html").body(text_body(is_head, page))?)
}

async fn lying_success(request: Request<Incoming>) -> Result<Response<AnyBody>, BoxError> {
    let asked = swallow(request).await?.headers;
    let mut reply = Response::builder()
        .status(StatusCode::CREATED)
        .header("etag", "\"0x8DE2B5C1D0A4F60\"")
        .header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        .header("x-ms-request-id", uuid::Uuid::now_v7().to_string())
        .header("x-ms-request-server-encrypted", "true")
        .header("x-ms-version", asked.get("x-ms-version").cloned().unwrap_or(HeaderValue::from_static("2026-02-06")));
    for checksum in ["x-ms-content-crc64", "content-md5"] {
        if let Some(value) = asked.get(checksum) {
            reply = reply.header(checksum, value);
        }
    }
    Ok(reply.body(text_body(false, ""))?)
}

/// Reads the request to its end, as whoever answers properly would.
async fn swallow(request: Request<Incoming>) -> Result<hyper::http::request::Parts, BoxError> {
    let (head, mut body) = request.into_parts();
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(head)
}

fn text_body(is_head: bool, text: impl Into<Bytes>) -> AnyBody {
    let text = if is_head { Bytes::new() } else { text.into() };
    any_body(Full::new(text))
}
