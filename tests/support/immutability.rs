//! What Azurite lacks: version-level immutability. A layer before it that keeps in mind what blobs are asked to be kept by, tells it
//! with their properties, and refuses to delete what is kept ("Set Blob Immutability Policy", "Set Blob Legal Hold").

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use reqwest::Client;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

const UNTIL: &str = "x-ms-immutability-policy-until-date";
const MODE: &str = "x-ms-immutability-policy-mode";
const LEGAL_HOLD: &str = "x-ms-legal-hold";

/// The layer. Dropped, it ends.
#[derive(Debug)]
pub struct Immutability {
    /// Where it listens, in the place of the service behind it.
    pub endpoint: Url,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    behind: Url,
    client: Client,
    /// What keeps each blob, by its path.
    kept: Mutex<HashMap<String, Kept>>,
}

/// What keeps a blob, as headers have it.
#[derive(Debug, Clone, Default)]
struct Kept(HashMap<&'static str, String>);

type Answer = Response<Full<bytes::Bytes>>;

impl Immutability {
    /// Stands before the service at this address.
    ///
    /// # Errors
    /// If there is no port.
    pub async fn before(behind: &Url) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut endpoint = behind.clone();
        let port = listener.local_addr()?.port();
        endpoint.set_port(Some(port)).map_err(|()| anyhow::anyhow!("no port"))?;
        let client = Client::builder().no_proxy().build()?;
        let state = Arc::new(State { behind: behind.clone(), client, kept: Mutex::default() });
        let serving = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                let service = hyper::service::service_fn(move |request| {
                    let state = Arc::clone(&state);
                    async move { state.answer(request).await }
                });
                let server = hyper::server::conn::http1::Builder::new();
                connections.spawn(server.serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self { endpoint, serving })
    }
}

impl Drop for Immutability {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl State {
    async fn answer(&self, request: Request<Incoming>) -> anyhow::Result<Answer> {
        let (head, body) = request.into_parts();
        let (path, query) = (head.uri.path().to_owned(), head.uri.query().unwrap_or_default().to_owned());
        let asked: Kept = Kept::of(|name| head.headers.get(name)?.to_str().ok().map(str::to_owned));
        if head.method == Method::PUT
            && (query.contains("comp=immutabilityPolicies") || query.contains("comp=legalhold"))
        {
            return Ok(self.keep(&path, asked));
        }
        if head.method == Method::DELETE && self.kept(&path).is_some_and(|kept| kept.lasts()) {
            return Ok(azures(StatusCode::CONFLICT, "BlobImmutableDueToPolicy"));
        }
        let mut url = self.behind.clone();
        url.set_path(&path);
        url.set_query(head.uri.query());
        let method = reqwest::Method::from_bytes(head.method.as_str().as_bytes())?;
        let content = body.collect().await?.to_bytes();
        let headers = head.headers.iter().filter(|(name, _)| *name != "host" && *name != "transfer-encoding");
        let mut forwarded = self.client.request(method, url).body(content);
        for (name, value) in headers {
            forwarded = forwarded.header(name.as_str(), value.as_bytes());
        }
        let answered = forwarded.send().await?;
        let (status, headers) = (answered.status(), answered.headers().clone());
        let mut answer = Response::new(Full::new(answered.bytes().await?));
        *answer.status_mut() = StatusCode::from_u16(status.as_u16())?;
        for (name, value) in &headers {
            answer.headers_mut().insert(name.clone(), value.clone());
        }
        if head.method == Method::PUT && status.is_success() && !asked.0.is_empty() {
            self.keep(&path, asked);
        } else if head.method == Method::HEAD && status.is_success() {
            for (name, value) in self.kept(&path).unwrap_or_default().0 {
                answer.headers_mut().insert(name, value.parse()?);
            }
        }
        Ok(answer)
    }

    fn kept(&self, path: &str) -> Option<Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    /// What is locked is only ever lengthened.
    fn keep(&self, path: &str, asked: Kept) -> Answer {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.entry(path.to_owned()).or_default();
        let locked = kept.0.get(MODE).is_some_and(|mode| mode.eq_ignore_ascii_case("locked"));
        let shorter = asked.until().is_some_and(|until| kept.until().is_some_and(|before| until < before));
        if locked && (shorter || asked.0.get(MODE).is_some_and(|mode| !mode.eq_ignore_ascii_case("locked"))) {
            return azures(StatusCode::CONFLICT, "ImmutabilityPolicyCannotBeReduced");
        }
        kept.0.extend(asked.0);
        azures(StatusCode::OK, "")
    }
}

impl Kept {
    fn of(header: impl Fn(&str) -> Option<String>) -> Self {
        Self([UNTIL, MODE, LEGAL_HOLD].into_iter().filter_map(|name| Some((name, header(name)?))).collect())
    }

    fn until(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(self.0.get(UNTIL)?, &Rfc2822).ok()
    }

    fn lasts(&self) -> bool {
        self.until().is_some_and(|until| until > OffsetDateTime::now_utc())
            || self.0.get(LEGAL_HOLD).is_some_and(|held| held == "true")
    }
}

fn azures(status: StatusCode, code: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(bytes::Bytes::new()));
    *answer.status_mut() = status;
    for (name, value) in [("x-ms-request-id", "1"), ("x-ms-version", "2023-11-03"), ("x-ms-error-code", code)] {
        if !value.is_empty() {
            answer.headers_mut().insert(name, hyper::header::HeaderValue::from_static(value));
        }
    }
    answer
}
