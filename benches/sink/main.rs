//! A null sink: as much of Azure's blob API as uploaders need, on loopback, keeping nothing.
//!
//! Promises:
//! - Bodies are read and dropped; block ids, lengths and metadata are kept, so what it reports about an object is right. Only what is
//!   tiny is kept whole: a destination is known by an id that lies there and is read again with every proof.
//! - It checks no credential and no checksum: it measures the sender, it does not judge it.
//! - Listings are always empty: peers list to find what they may skip, and are to skip nothing.
//!
//! - `GET /?comp=tally` tells how many bytes its objects have, so that nobody is praised for bytes that never came.
//!
//! `sink [PORT [CERTIFICATE]]` prints `listening on ADDR` once it does, and runs until it is ended. With the name of a file it speaks TLS,
//! and writes there what proves it.

mod store;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::http::response::Builder;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use store::{Commit, Store};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

type Answer = Response<Full<Bytes>>;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let tls = arguments.next().map(|file| acceptor(Path::new(&file))).transpose()?;
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    println!("listening on {}", listener.local_addr()?);
    let store = Arc::new(Store::default());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (store, tls) = (Arc::clone(&store), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => serve(stream, &store).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, &store).await;
                    }
                }
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, store: &Store) {
    let service = service_fn(|request| answer(request, store));
    // An error here is a sender that went away.
    let _ = http1::Builder::new().max_buf_size(1 << 20).serve_connection(TokioIo::new(stream), service).await;
}

/// Speaks TLS with a certificate for loopback, which is written to this file.
fn acceptor(file: &Path) -> anyhow::Result<TlsAcceptor> {
    let made = rcgen::generate_simple_self_signed([Ipv4Addr::LOCALHOST.to_string()])?;
    std::fs::write(file, made.cert.pem())?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.into()], key.into())?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The parts of a query that tell Azure's operations apart.
#[derive(Default)]
struct Query {
    comp: String,
    restype: String,
    block: String,
    list: String,
}

impl Query {
    fn of(head: &Parts) -> Self {
        let mut query = Self::default();
        for (key, value) in url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()) {
            match &*key {
                "comp" => query.comp = value.into_owned(),
                "restype" => query.restype = value.into_owned(),
                "blockid" => query.block = value.into_owned(),
                "blocklisttype" => query.list = value.into_owned(),
                _ => {}
            }
        }
        query
    }
}

async fn answer(request: Request<Incoming>, store: &Store) -> anyhow::Result<Answer> {
    let (head, body) = request.into_parts();
    let query = Query::of(&head);
    let object = head.uri.path();
    match (head.method.as_str(), query.restype.as_str(), query.comp.as_str()) {
        ("PUT", "", "block") => {
            let Received { length, .. } = receive(body).await?;
            store.stage(object, query.block, length);
            empty(created(&head))
        }
        ("PUT", "", "blocklist") => {
            let list = body.collect().await?.to_bytes();
            let list = String::from_utf8_lossy(&list);
            put(&head, store.commit(object, &block_ids(&list), &head.headers))
        }
        ("PUT", "", "") => {
            let Received { length, tiny } = receive(body).await?;
            put(&head, store.put(object, length, tiny, &head.headers))
        }
        ("GET", "", "blocklist") => match store.block_list(object, &query.list) {
            Some(list) => xml(ok(&head), &list),
            None => refuse(&head, StatusCode::NOT_FOUND, "BlobNotFound"),
        },
        ("GET" | "HEAD", "", "") => match store.properties(object) {
            Some(properties) if head.method == Method::HEAD => {
                let reply = properties.into_iter().fold(ok(&head), |reply, (key, value)| reply.header(key, value));
                empty(reply)
            }
            Some(properties) => match store.content(object) {
                Some(content) => {
                    let reply = properties.into_iter().fold(ok(&head), |reply, (key, value)| reply.header(key, value));
                    Ok(reply.body(Full::from(content))?)
                }
                None => refuse(&head, StatusCode::NOT_IMPLEMENTED, "TheSinkKeepsNoContent"),
            },
            None => refuse(&head, StatusCode::NOT_FOUND, "BlobNotFound"),
        },
        ("GET", "container", "list") => {
            xml(ok(&head), "<EnumerationResults><Blobs></Blobs><NextMarker /></EnumerationResults>")
        }
        ("GET", "", "tally") => Ok(Response::new(Full::from(store.tally().to_string()))),
        ("PUT", "container", "") => empty(created(&head)),
        ("GET" | "HEAD", "container" | "account", _) => {
            empty(ok(&head).header("x-ms-sku-name", "Standard_LRS").header("x-ms-account-kind", "StorageV2"))
        }
        ("PUT", "", "metadata" | "properties" | "tier") => empty(ok(&head)),
        ("DELETE", "", "") => {
            store.remove(object);
            empty(ok(&head).status(StatusCode::ACCEPTED))
        }
        _ => refuse(&head, StatusCode::NOT_IMPLEMENTED, "UnknownToTheSink"),
    }
}

/// Bodies of so many bytes are tiny.
const TINY: u64 = 256;

/// What came of a body: its length in bytes, and all of it if it is tiny.
struct Received {
    length: u64,
    tiny: Option<Bytes>,
}

/// Reads a body to its end.
async fn receive(mut body: Incoming) -> anyhow::Result<Received> {
    let (mut length, mut start) = (0, BytesMut::new());
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame?.data_ref() {
            length += data.len() as u64;
            if length <= TINY {
                start.extend_from_slice(data);
            }
        }
    }
    Ok(Received { length, tiny: (length <= TINY).then(|| start.freeze()) })
}

/// The ids in a block list as it is sent, in order. They are base64, so that no XML escape can occur.
fn block_ids(list: &str) -> Vec<String> {
    let text_of = |element: &str| {
        let (tag, text) = element.split_once('>')?;
        matches!(tag, "Latest" | "Uncommitted" | "Committed").then(|| text.trim().to_owned())
    };
    list.split('<').filter_map(text_of).collect()
}

fn put(head: &Parts, commit: Commit) -> anyhow::Result<Answer> {
    match commit {
        Commit::Created { etag } => empty(created(head).header("etag", etag)),
        Commit::Exists => refuse(head, StatusCode::CONFLICT, "BlobAlreadyExists"),
        Commit::UnknownBlock => refuse(head, StatusCode::BAD_REQUEST, "InvalidBlockList"),
    }
}

/// 200, with the headers that every answer of Azure has.
fn ok(head: &Parts) -> Builder {
    let mut reply = Response::builder()
        .header("x-ms-request-id", uuid::Uuid::now_v7().to_string())
        .header("x-ms-version", head.headers.get("x-ms-version").map_or(&b"2026-02-06"[..], |value| value.as_bytes()));
    if let Some(id) = head.headers.get("x-ms-client-request-id") {
        reply = reply.header("x-ms-client-request-id", id);
    }
    reply
}

/// 201, with the checksums that came with the request.
fn created(head: &Parts) -> Builder {
    let mut reply = ok(head)
        .status(StatusCode::CREATED)
        .header("x-ms-request-server-encrypted", "true")
        .header("last-modified", store::LAST_MODIFIED);
    for checksum in ["x-ms-content-crc64", "content-md5"] {
        if let Some(value) = head.headers.get(checksum) {
            reply = reply.header(checksum, value);
        }
    }
    reply
}

fn empty(reply: Builder) -> anyhow::Result<Answer> {
    Ok(reply.body(Full::default())?)
}

fn xml(reply: Builder, text: &str) -> anyhow::Result<Answer> {
    let text = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{text}");
    Ok(reply.header("content-type", "application/xml").body(Full::from(text))?)
}

fn refuse(head: &Parts, status: StatusCode, code: &str) -> anyhow::Result<Answer> {
    if status == StatusCode::NOT_IMPLEMENTED {
        eprintln!("sink: {code}: {} {}", head.method, head.uri);
    }
    let reply = ok(head).status(status).header("x-ms-error-code", code);
    if head.method == Method::HEAD {
        return empty(reply);
    }
    xml(reply, &format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>"))
}
