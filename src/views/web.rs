//! The door for browsers.
//!
//! Promises: it opens on this machine's own addresses only, so that whoever sees a page stands before the machine or has logged
//! in to it. A page of somebody else that a browser has open beside it reads nothing here: a request must name this very address as
//! its host, and nothing may frame, embed or read along (`https://www.w3.org/TR/CSP3/`). Nothing here changes anything. However many
//! connections somebody opens, only a few are taken at a time: each is a file of this process, and cameras and ledger need theirs.

use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::{fmt, io};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;

use super::few::Few;

/// Nothing but the page's own style and script, and its own news.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// So many connections are open at once: each page has one for its news, and asks for a few files on others.
const AT_ONCE: usize = 64;

/// An address on which browsers find the page.
pub struct WebDoor {
    listener: StdListener,
    at: SocketAddr,
}

/// Why browsers cannot ask.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// Nobody can listen there.
    #[error("{at} cannot be listened on: {source}. Give web.listen another port if another program has this one")]
    Unusable {
        /// Where.
        at: SocketAddr,
        /// The system's words.
        source: io::Error,
    },
    /// It broke.
    #[error("the page's listener broke: {0}")]
    Broke(io::Error),
}

impl fmt::Display for WebDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}/", self.at)
    }
}

impl WebDoor {
    /// Listens at `at`. Nothing is answered before [`serve`](Self::serve).
    ///
    /// # Errors
    /// [`WebError::Unusable`]
    pub fn open(at: SocketAddr) -> Result<Self, WebError> {
        let attempt = || {
            let listener = StdListener::bind(at)?;
            listener.set_nonblocking(true)?;
            let at = listener.local_addr()?;
            Ok(Self { listener, at })
        };
        attempt().map_err(|source| WebError::Unusable { at, source })
    }

    /// Serves the routes until cancelled. Needs a runtime.
    ///
    /// # Errors
    /// [`WebError::Broke`]
    pub async fn serve(self, routes: Router) -> Result<(), WebError> {
        let listener = TcpListener::from_std(self.listener).map_err(WebError::Broke)?;
        axum::serve(Few::of(listener, AT_ONCE), guarded(routes, self.at)).await.map_err(WebError::Broke)
    }
}

/// The routes behind what every request must pass.
fn guarded(routes: Router, at: SocketAddr) -> Router {
    let port = at.port();
    let hosts = [at.to_string(), format!("localhost:{port}")];
    routes.layer(from_fn_with_state(Arc::new(hosts), only_this_host)).layer(from_fn(with_headers))
}

/// A name that somebody else's server gives this address would let that server's pages read along.
async fn only_this_host(
    State(hosts): State<Arc<[String; 2]>>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(|host| hosts.iter().any(|own| own.eq_ignore_ascii_case(host))) {
        next.run(request).await
    } else {
        let told = format!("This page is at http://{}/\n", hosts[0]);
        (StatusCode::MISDIRECTED_REQUEST, told).into_response()
    }
}

async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
