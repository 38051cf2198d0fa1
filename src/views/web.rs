//! The door for browsers.
//!
//! Promises: on this machine's own addresses everybody sees what there is to see, for they stand before the machine or have logged in
//! to it. Over the network it opens only with TLS, and only to those who log in, besides screens and collectors at addresses that
//! are named. A page of somebody else that a browser has open beside it reads nothing here and does nothing: a request must name
//! this very door as its host, one that changes something must come from a page of this door, and nothing may frame, embed or read
//! along (`https://www.w3.org/TR/CSP3/`). No route reads footage or wipes a camera.

use std::net::{IpAddr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::answer::{Guest, Origin, Stream, answer};
use super::entrance::Entrance;
use super::identity::Identity;
use super::porter::Porter;
use super::sessions::Channel;
use crate::domain::Right;

/// Nothing but the page's own style and script, its own news, and its own forms.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// Two years, as browsers advise.
const ONLY_ENCRYPTED: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// So many connections are open at once: each page has one for its news, and asks for a few files on others.
const AT_ONCE: usize = 64;
/// Nobody needs to send more than a name and a password.
const LONGEST_BODY: usize = 8 << 10;
/// Who takes nothing of what is sent to them for so long is gone.
const GONE_AFTER: Duration = Duration::from_mins(1);

/// An address on which browsers find the page.
pub struct WebDoor {
    listener: StdListener,
    at: SocketAddr,
    access: Access,
}

/// Who is let in, and how they know that this is the right door.
#[derive(Clone)]
pub struct Access {
    /// What the door proves itself with; without it, it is for this machine alone.
    pub identity: Option<watch::Receiver<Option<Identity>>>,
    /// Who looks at names and passwords; without one, nobody logs in.
    pub porter: Option<Arc<dyn Porter>>,
    /// Where screens are that show the bays to everybody.
    pub kiosks: Vec<IpAddr>,
    /// Where programs are that collect numbers.
    pub collectors: Vec<IpAddr>,
}

/// What is behind the door, by what it takes to be let in there.
#[derive(Clone)]
pub struct Routes {
    /// Nothing: what a browser needs to show anything.
    pub open: Router,
    /// [`Right::SeeMetrics`]
    pub metrics: Router,
    /// [`Right::SeeBays`]
    pub bays: Router,
    /// [`Right::SeeStation`]
    pub station: Router,
    /// A name, and what each action needs.
    pub acting: Router,
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
        match self.access.identity() {
            Some(identity) => write!(f, "https://{}/", with_port(identity.name(), self.at.port())),
            None => write!(f, "http://{}/", self.at),
        }
    }
}

impl Access {
    /// Whether the door cannot be opened, for want of what it proves itself with.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.identity.is_some() && self.identity().is_none()
    }

    /// Waits until it can, as far as that goes.
    pub async fn is_there(&self) {
        if let Some(mut identity) = self.identity.clone()
            && identity.wait_for(Option::is_some).await.is_err()
        {
            // Nobody looks any more, so the station is about to end.
            std::future::pending::<()>().await;
        }
    }

    fn identity(&self) -> Option<Identity> {
        self.identity.as_ref().and_then(|identity| identity.borrow().clone())
    }

    fn channel(&self) -> Channel {
        if self.identity.is_some() { Channel::Encrypted } else { Channel::Local }
    }
}

impl WebDoor {
    /// Listens at `at`. Nothing is answered before [`serve`](Self::serve).
    ///
    /// # Errors
    /// [`WebError::Unusable`]
    pub fn open(at: SocketAddr, access: Access) -> Result<Self, WebError> {
        let attempt = || {
            let listener = StdListener::bind(at)?;
            listener.set_nonblocking(true)?;
            let at = listener.local_addr()?;
            Ok(Self { listener, at, access })
        };
        attempt().map_err(|source| WebError::Unusable { at, source })
    }

    /// Serves the routes until cancelled. Needs a runtime.
    ///
    /// # Errors
    /// [`WebError::Broke`]
    pub async fn serve(self, routes: Routes) -> Result<(), WebError> {
        let listener = TcpListener::from_std(self.listener).map_err(WebError::Broke)?;
        let guarded = guarded(routes, self.at, &self.access);
        let identity = self.access.identity;
        answer(listener, AT_ONCE, guarded, |stream, at| welcome(stream, at, identity.clone())).await;
        Ok(())
    }
}

/// Makes a guest of a connection, encrypted if the door has an identity.
async fn welcome(
    stream: TcpStream,
    at: SocketAddr,
    identity: Option<watch::Receiver<Option<Identity>>>,
) -> Option<Guest> {
    // Without it, a machine that was switched off would keep its place for hours.
    set_tcp_user_timeout(&stream, u32::try_from(GONE_AFTER.as_millis()).unwrap_or(u32::MAX)).ok()?;
    let stream: Box<dyn Stream> = match identity {
        None => Box::new(stream),
        Some(identity) => {
            let tls = identity.borrow().clone()?.tls;
            Box::new(TlsAcceptor::from(tls).accept(stream).await.ok()?)
        }
    };
    Some((stream, Origin::Address(at.ip().to_canonical())))
}

/// The routes behind what every request must pass.
fn guarded(routes: Routes, at: SocketAddr, access: &Access) -> Router {
    let channel = access.channel();
    let entrance = Entrance::new(access.porter.clone(), &access.kiosks, &access.collectors, channel);
    let behind = routes
        .open
        .merge(entrance.routes())
        .merge(entrance.only_for(Right::SeeMetrics, routes.metrics))
        .merge(entrance.only_for(Right::SeeBays, routes.bays))
        .merge(entrance.only_for(Right::SeeStation, routes.station))
        .merge(routes.acting);
    let door = Arc::new(This { at, identity: access.identity.clone() });
    entrance
        .recognising(behind)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn(only_from_here))
        .layer(from_fn_with_state(door, only_this_host))
        .layer(from_fn_with_state(channel, with_headers))
}

/// What this door may be called.
struct This {
    at: SocketAddr,
    identity: Option<watch::Receiver<Option<Identity>>>,
}

impl This {
    fn is(&self, host: &str) -> bool {
        let port = self.at.port();
        match &self.identity {
            Some(identity) => {
                let name = host.strip_suffix(&format!(":{port}")).or_else(|| (port == HTTPS).then_some(host));
                name.is_some_and(|name| identity.borrow().as_ref().is_some_and(|identity| identity.is(name)))
            }
            None => [self.at.to_string(), format!("localhost:{port}")].iter().any(|own| own.eq_ignore_ascii_case(host)),
        }
    }

    fn address(&self) -> String {
        match &self.identity {
            Some(identity) => {
                let name = identity.borrow().as_ref().map_or_else(String::new, |identity| identity.name().to_owned());
                format!("https://{}/", with_port(&name, self.at.port()))
            }
            None => format!("http://{}/", self.at),
        }
    }
}

/// The port that nobody writes.
const HTTPS: u16 = 443;

fn with_port(name: &str, port: u16) -> String {
    if port == HTTPS { name.to_owned() } else { format!("{name}:{port}") }
}

/// A name that somebody else's server gives this address would let that server's pages read along.
async fn only_this_host(State(door): State<Arc<This>>, headers: HeaderMap, request: Request, next: Next) -> Response {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(|host| door.is(host)) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, format!("This page is at {}\n", door.address())).into_response()
    }
}

/// What changes something comes from a page of this very door. Browsers name the page's origin with every such request, and nobody's
/// script can have them name another (`https://fetch.spec.whatwg.org/#origin-header`).
async fn only_from_here(headers: HeaderMap, request: Request, next: Next) -> Response {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let here = || {
        let (_, origin) = text(ORIGIN)?.split_once("://")?;
        Some(origin.eq_ignore_ascii_case(text(HOST)?))
    };
    if request.method().is_safe() || here() == Some(true) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "This can be done from a page of camdock itself only.\n").into_response()
    }
}

async fn with_headers(State(channel): State<Channel>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // With "no-referrer" browsers would not name their page's origin either.
        (REFERRER_POLICY, "same-origin"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if channel == Channel::Encrypted {
        headers.insert(STRICT_TRANSPORT_SECURITY, ONLY_ENCRYPTED);
    }
    response
}
