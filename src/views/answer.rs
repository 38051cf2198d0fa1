//! Answering those who come to a door.
//!
//! Promises: however many connections somebody opens, only so many are taken at once, and whoever comes then waits until one is closed:
//! each is a file of this process, and cameras and ledger need theirs. Who says nothing, or never ends what they say, is not waited
//! for. One connection holds up no other, and all of them end with the door.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::ServiceExt as _;

/// So long somebody may take to say who they are, and what they want.
const PATIENCE: Duration = Duration::from_secs(10);
/// So long an answer may take until it begins.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// By what somebody is known before they say anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The address that they come from.
    Address(IpAddr),
    /// The account that runs them, on this machine.
    Account(u32),
}

/// What bytes come and go by.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Somebody who was let in.
pub(super) type Guest = (Box<dyn Stream>, Origin);

/// Answers whoever comes to the listener, `at_once` at a time, until cancelled. `welcome` makes a guest of a connection, or nothing;
/// it has its time for that.
pub(super) async fn answer<L, W, G>(mut listener: L, at_once: usize, routes: Router, welcome: W)
where
    L: Listener,
    W: Fn(L::Io, L::Addr) -> G,
    G: Future<Output = Option<Guest>> + Send + 'static,
{
    let routes = routes.layer(from_fn(in_time));
    let free = Arc::new(Semaphore::new(at_once));
    let mut connections = JoinSet::new();
    loop {
        // The semaphore is never closed.
        let place = Arc::clone(&free).acquire_owned().await.ok();
        let (stream, at) = listener.accept().await;
        connections.spawn(connected(welcome(stream, at), routes.clone(), place));
        while connections.try_join_next().is_some() {}
    }
}

/// One connection, which has its place for as long as it is open.
async fn connected(guest: impl Future<Output = Option<Guest>>, routes: Router, _place: Option<OwnedSemaphorePermit>) {
    let Ok(Some((stream, origin))) = timeout(PATIENCE, guest).await else { return };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let routes = routes.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(origin);
            Ok::<_, Infallible>(routes.oneshot(request).await.unwrap_or_else(|never| match never {}))
        }
    });
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    // However it ended: whoever it was is gone.
    let _ = protocol.serve_connection(TokioIo::new(stream), service).await;
}

async fn in_time(request: Request, next: Next) -> Response {
    timeout(ANSWERS_WITHIN, next.run(request))
        .await
        .unwrap_or_else(|_| (StatusCode::REQUEST_TIMEOUT, "that took too long; ask again\n").into_response())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{UnixListener, UnixStream};
    use tokio::task::JoinHandle;
    use tokio::time::sleep;

    use super::*;

    /// A door for one at a time.
    fn door(path: &Path) -> JoinHandle<()> {
        let listener = UnixListener::bind(path).unwrap();
        let routes = Router::new().route("/", get(async || "welcome")).route("/never", get(std::future::pending::<()>));
        tokio::spawn(answer(listener, 1, routes, |stream, _| async {
            Some((Box::new(stream) as Box<dyn Stream>, Origin::Account(0)))
        }))
    }

    async fn ask(stream: &mut UnixStream, path: &str) {
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    }

    async fn heard(stream: &mut UnixStream) -> String {
        let mut buffer = [0; 1_024];
        let read = stream.read(&mut buffer).await.unwrap();
        String::from_utf8_lossy(&buffer[..read]).into_owned()
    }

    #[tokio::test]
    async fn whoever_comes_while_all_places_are_taken_is_let_in_when_one_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("door");
        let _door = door(&path);
        let mut first = UnixStream::connect(&path).await.unwrap();
        ask(&mut first, "/").await;
        assert!(heard(&mut first).await.ends_with("welcome"));
        let mut second = UnixStream::connect(&path).await.unwrap();
        ask(&mut second, "/").await;
        assert!(timeout(Duration::from_millis(200), heard(&mut second)).await.is_err(), "there is one place");
        drop(first);
        assert!(timeout(Duration::from_secs(10), heard(&mut second)).await.unwrap().ends_with("welcome"));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_says_nothing_or_half_of_it_or_no_more_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("door");
        let _door = door(&path);
        for said in ["", "GET / HTTP/1.1\r\nhost: ", "GET / HTTP/1.1\r\nhost: x\r\n\r\n"] {
            let mut stream = UnixStream::connect(&path).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            let ended = async { while !heard(&mut stream).await.is_empty() {} };
            timeout(3 * PATIENCE, ended).await.unwrap_or_else(|_| panic!("it still waits after {said:?}"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_come_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("door");
        let _door = door(&path);
        let mut stream = UnixStream::connect(&path).await.unwrap();
        ask(&mut stream, "/never").await;
        assert!(heard(&mut stream).await.starts_with("HTTP/1.1 408"));
    }

    #[tokio::test]
    async fn connections_end_with_the_door() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("door");
        let door = door(&path);
        let mut stream = UnixStream::connect(&path).await.unwrap();
        ask(&mut stream, "/").await;
        heard(&mut stream).await;
        door.abort();
        sleep(Duration::from_millis(10)).await;
        assert!(timeout(Duration::from_secs(10), heard(&mut stream)).await.unwrap().is_empty());
    }
}
