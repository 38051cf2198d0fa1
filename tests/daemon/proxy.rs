//! The faulty proxy does what it says: a test that trusts it must be able to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use camdock_test_support::proxy::{Fault, FaultMix, FaultyProxy};

/// A destination that remembers the bodies it was sent, and answers every request with [`REPLY`].
struct Origin {
    addr: SocketAddr,
    received: Arc<Mutex<Vec<Bytes>>>,
    _accepting: AbortOnDropHandle<()>,
}

const REPLY: &str = "the whole answer, from its first to its last byte";
const SENT: &str = "evidence";

impl Origin {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&received)));
        Self { addr, received, _accepting: AbortOnDropHandle::new(accepting) }
    }

    fn received(&self) -> Vec<Bytes> {
        self.received.lock().unwrap().clone()
    }
}

async fn accept(listener: TcpListener, received: Arc<Mutex<Vec<Bytes>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let received = Arc::clone(&received);
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let received = Arc::clone(&received);
                async move {
                    let body = request.into_body().collect().await?.to_bytes();
                    received.lock().unwrap().push(body);
                    Ok::<_, hyper::Error>(Response::new(Full::new(Bytes::from(REPLY))))
                }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// The proxy in front of an origin, with one fault that hits every request it can hit.
async fn always(fault: Fault) -> (Origin, FaultyProxy) {
    let origin = Origin::start().await;
    let proxy = FaultyProxy::start(origin.addr, 1, FaultMix::none().with(fault, 1.0));
    (origin, proxy)
}

async fn put(proxy: &FaultyProxy) -> reqwest::Result<reqwest::Response> {
    reqwest::Client::new().put(url(proxy)).header("x-ms-content-crc64", "AAAA").body(SENT).send().await
}

async fn get(proxy: &FaultyProxy) -> reqwest::Result<reqwest::Response> {
    reqwest::Client::new().get(url(proxy)).send().await
}

fn url(proxy: &FaultyProxy) -> String {
    format!("http://{}/container/object", proxy.addr())
}

#[tokio::test]
async fn without_faults_everything_passes_unchanged() {
    let origin = Origin::start().await;
    let proxy = FaultyProxy::start(origin.addr, 1, FaultMix::none());
    assert_eq!(put(&proxy).await.unwrap().text().await.unwrap(), REPLY);
    assert_eq!(origin.received(), [SENT]);
    assert_eq!((proxy.counts().requests, proxy.counts().total()), (1, 0));
}

#[tokio::test]
async fn a_dropped_request_never_arrives() {
    let (origin, proxy) = always(Fault::DropRequest).await;
    assert!(put(&proxy).await.is_err());
    assert!(origin.received().is_empty());
}

#[tokio::test]
async fn a_lost_reply_belongs_to_a_request_that_arrived() {
    let (origin, proxy) = always(Fault::LoseReply).await;
    assert!(put(&proxy).await.is_err());
    assert_eq!(origin.received().first().map(Bytes::as_ref), Some(SENT.as_bytes()));
}

#[tokio::test]
async fn a_truncated_reply_begins_well_and_breaks_off() {
    let (_origin, proxy) = always(Fault::TruncateReply).await;
    let mut reply = get(&proxy).await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    let beginning = reply.chunk().await.unwrap().unwrap();
    assert_eq!(beginning, REPLY[..REPLY.len() / 2]);
    assert!(reply.chunk().await.is_err());
}

#[tokio::test]
async fn a_delayed_request_arrives_whole() {
    let origin = Origin::start().await;
    let mix = FaultMix::none().with(Fault::Delay, 1.0).delay_up_to(Duration::from_secs(1));
    let proxy = FaultyProxy::start(origin.addr, 1, mix);
    let begun = Instant::now();
    put(&proxy).await.unwrap();
    assert!(begun.elapsed() > Duration::from_millis(10), "seed 1 draws a longer delay than this");
    assert_eq!(origin.received(), [SENT]);
}

#[tokio::test]
async fn refusals_come_from_the_proxy_and_say_when_to_return() {
    for (fault, status, retry_after) in [
        (Fault::InternalError, StatusCode::INTERNAL_SERVER_ERROR, None),
        (Fault::ServerBusy, StatusCode::SERVICE_UNAVAILABLE, Some("1")),
        (Fault::TooManyRequests, StatusCode::TOO_MANY_REQUESTS, Some("1")),
    ] {
        let (origin, proxy) = always(fault).await;
        let reply = put(&proxy).await.unwrap();
        assert_eq!(reply.status(), status);
        assert_eq!(reply.headers().get("retry-after").map(|value| value.to_str().unwrap()), retry_after);
        assert!(origin.received().is_empty());
    }
}

#[tokio::test]
async fn a_captive_portal_answers_in_the_origins_stead() {
    let (origin, proxy) = always(Fault::CaptivePortal).await;
    let reply = put(&proxy).await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    assert!(reply.text().await.unwrap().contains("<html>"));
    assert!(origin.received().is_empty());
}

#[tokio::test]
async fn a_lying_success_looks_like_azure_and_stores_nothing() {
    let (origin, proxy) = always(Fault::LyingSuccess).await;
    let reply = put(&proxy).await.unwrap();
    assert_eq!(reply.status(), StatusCode::CREATED);
    assert_eq!(reply.headers()["x-ms-content-crc64"], "AAAA");
    assert!(reply.headers().contains_key("etag"));
    assert!(origin.received().is_empty());
    assert_eq!(get(&proxy).await.unwrap().text().await.unwrap(), REPLY, "only PUT is lied about");
}

#[tokio::test]
async fn damage_is_one_byte() {
    let (origin, proxy) = always(Fault::DamageRequest).await;
    put(&proxy).await.unwrap();
    assert_eq!(differing_bytes(&origin.received()[0], SENT), 1);

    let (_origin, proxy) = always(Fault::DamageReply).await;
    assert_eq!(differing_bytes(&get(&proxy).await.unwrap().bytes().await.unwrap(), REPLY), 1);
}

fn differing_bytes(got: &[u8], meant: &str) -> usize {
    assert_eq!(got.len(), meant.len());
    got.iter().zip(meant.as_bytes()).filter(|(got, meant)| got != meant).count()
}

#[tokio::test]
async fn faults_end_at_the_limit_and_after_healing() {
    let origin = Origin::start().await;
    let mix = FaultMix::none().with(Fault::InternalError, 1.0);
    let limited = FaultyProxy::start(origin.addr, 1, mix.clone().at_most(2));
    let healed = FaultyProxy::start(origin.addr, 1, mix);
    healed.heal();
    for expected in [500, 500, 200, 200] {
        assert_eq!(put(&limited).await.unwrap().status(), expected);
        assert_eq!(put(&healed).await.unwrap().status(), 200);
    }
    assert_eq!(limited.counts().of(Fault::InternalError), 2);
    assert_eq!(healed.counts().total(), 0);
}

#[tokio::test]
async fn one_seed_gives_one_run() {
    let origin = Origin::start().await;
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let mix = FaultMix::everything(0.08).delay_up_to(Duration::from_millis(1));
        let proxy = FaultyProxy::start(origin.addr, seed, mix);
        let mut run = Vec::new();
        for _ in 0..60 {
            run.push(put(&proxy).await.map(|reply| reply.status()).ok());
        }
        runs.push((run, proxy.counts()));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}
