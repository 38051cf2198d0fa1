//! A place that gives out tokens as a test wants it to, and an Azurite that takes them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes as Body;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use camdock_test_support::azurite::{ACCOUNT, Azurite};
use reqwest::StatusCode;
use serde_json::json;
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::CONTAINER;

/// What comes back.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// A token that is said to be good for an hour, and is for so many seconds.
    Token(i64),
    /// A refusal.
    Refusal(u16, &'static str),
    /// A question for a key in this file.
    Challenge(String),
    /// Nothing.
    Silence,
}

/// One request, as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    form: String,
}

impl Asked {
    /// A field of the form, or of the query.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let all = [self.form.as_str(), self.uri.query().unwrap_or_default()].join("&");
        url::form_urlencoded::parse(all.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

/// The place that gives out tokens.
#[derive(Clone)]
pub(super) struct Directory {
    pub(super) url: Url,
    script: Arc<Mutex<VecDeque<Reply>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Directory {
    /// One that answers so, in turn; the last answer is repeated.
    pub(super) async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let script = Arc::new(Mutex::new(script.into_iter().collect()));
        let directory = Self { url, script, asked: Arc::default() };
        let here = directory.clone();
        let answer = move |uri: Uri, headers: HeaderMap, body: Body| {
            let here = here.clone();
            async move { Ok::<_, Infallible>(here.answer(uri, headers, &body).await) }
        };
        let routes = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        directory
    }

    /// Answers like this from now on.
    pub(super) fn now(&self, reply: Reply) {
        *self.script.lock().unwrap() = VecDeque::from([reply]);
    }

    /// What it was asked.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    async fn answer(&self, uri: Uri, headers: HeaderMap, body: &[u8]) -> Response {
        let form = String::from_utf8_lossy(body).into_owned();
        self.asked.lock().unwrap().push(Asked { uri, headers, form });
        let reply = {
            let mut script = self.script.lock().unwrap();
            if script.len() > 1 { script.pop_front() } else { script.front().cloned() }
        };
        match reply.unwrap() {
            Reply::Token(life) => {
                let token = json!({ "access_token": jwt(life), "expires_in": 3_600, "token_type": "Bearer" });
                token.to_string().into_response()
            }
            Reply::Refusal(status, description) => {
                let body = json!({ "error": "invalid_client", "error_description": description });
                (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
            }
            Reply::Challenge(file) => {
                let realm = format!("Basic realm={file}");
                (StatusCode::UNAUTHORIZED, [("www-authenticate", realm)]).into_response()
            }
            Reply::Silence => std::future::pending().await,
        }
    }
}

/// A token as Azurite takes it: it looks at everything but the signature.
pub(super) fn jwt(life: i64) -> String {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let claims = json!({
        "aud": "https://storage.azure.com", "iss": "https://sts.windows.net/tenant/", "jti": fastrand::u64(..).to_string(),
        "oid": "a-person", "tid": "a-tenant", "iat": now - 9, "nbf": now - 9, "exp": now + life,
    });
    let part = |part: &serde_json::Value| BASE64.encode(part.to_string());
    format!("{}.{}.c2ln", part(&json!({ "alg": "none", "typ": "JWT" })), part(&claims))
}

/// An Azurite that takes tokens, with a container. It does so over TLS only, so its endpoint is a tunnel's: what the adapter
/// trusts is this machine's business, and not that of these tests.
pub(super) async fn azurite_with_tokens() -> Azurite {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut azurite = Azurite::start_with_tokens(&made.cert.pem(), &made.signing_key.serialize_pem()).await.unwrap();
    let mut trusted = RootCertStore::empty();
    trusted.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let (connector, port) = (TlsConnector::from(Arc::new(config)), azurite.endpoint.port().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    azurite.endpoint = format!("http://{}/{ACCOUNT}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let connector = connector.clone();
            tokio::spawn(async move {
                let far = TcpStream::connect(("127.0.0.1", port)).await?;
                let mut far = connector.connect(ServerName::try_from("localhost").unwrap(), far).await?;
                tokio::io::copy_bidirectional(&mut near, &mut far).await
            });
        }
    });
    azurite.create_container(CONTAINER).await.unwrap();
    azurite
}
