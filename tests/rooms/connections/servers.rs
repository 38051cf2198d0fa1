//! Servers and proxies on this machine, as well or as badly behaved as a test wants them.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Url;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// A server that answers everything with "here".
pub(super) async fn server(tls: ServerConfig) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                match acceptor.accept(stream).into_fallible().await {
                    Ok(mut stream) => {
                        let _ = head(&mut stream).await;
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nhere";
                        let _ = stream.write_all(answer).await;
                        let _ = stream.shutdown().await;
                    }
                    // What is still unread when a connection is closed would take the alert with it.
                    Err((_, mut stream)) => drop(stream.read_to_end(&mut Vec::new()).await),
                }
            });
        }
    });
    Url::parse(&format!("https://localhost:{port}/")).unwrap()
}

/// A server that answers each greeting with these bytes.
pub(super) async fn scripted(answer: &'static [u8]) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer).await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    });
    Url::parse(&format!("https://localhost:{port}/")).unwrap()
}

/// How a proxy behaves.
#[derive(Clone, Copy)]
pub(super) enum Manner {
    /// It lets everybody through.
    Open,
    /// It lets through whoever says this.
    Wants(&'static str),
    /// It lets nobody through.
    Refuses,
}

/// A proxy, and what it was asked.
pub(super) struct TestProxy {
    pub(super) address: Url,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TestProxy {
    pub(super) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(stream, manner, Arc::clone(&seen)));
            }
        });
        Self { address, asked }
    }

    /// The first line of everything that it was asked.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

async fn carry(mut near: TcpStream, manner: Manner, seen: Arc<Mutex<Vec<String>>>) {
    let Some(head) = head(&mut near).await else { return };
    let wanted = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
    seen.lock().unwrap().push(head.clone());
    let refusal: &[u8] = match manner {
        Manner::Open => b"",
        Manner::Wants(login) if head.contains(&format!("Basic {}\r\n", BASE64.encode(login))) => b"",
        Manner::Wants(_) => b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n",
        Manner::Refuses => b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
    };
    if !refusal.is_empty() {
        let _ = near.write_all(refusal).await;
        return;
    }
    let Ok(mut far) = TcpStream::connect(wanted).await else { return };
    let _ = near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await;
    let _ = copy_bidirectional(&mut near, &mut far).await;
}

/// The head of a request.
pub(super) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") && text.len() < 64 << 10 {
        text.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&text).into_owned())
}
