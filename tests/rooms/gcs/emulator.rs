//! Our own Google beside an emulator that somebody else wrote, in what both do: the arithmetic of chunks, and the checksum.

use std::process::Stdio;

use camdock_test_support::gcs::Gcs;
use reqwest::{Client, Method, Url};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::*;

/// What a session said: status, range, and of the object its size and checksum.
type Said = (u16, Option<String>, Option<String>, Option<String>);

struct Emulator {
    endpoint: Url,
    _process: Child,
}

impl Emulator {
    async fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin/gcp-storage-emulator");
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(&program)
            .args(["start", "--host=127.0.0.1", "--in-memory", "--default-bucket", BUCKET])
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}: run `make tools`", program.display()));
        let endpoint: Url = format!("http://127.0.0.1:{port}").parse().unwrap();
        let began = Instant::now();
        while Client::new().get(endpoint.clone()).send().await.is_err() {
            assert!(began.elapsed() < Duration::from_mins(1), "the emulator does not begin to listen");
            sleep(Duration::from_millis(50)).await;
        }
        Self { endpoint, _process: process }
    }
}

/// Sends the chunks with these ranges, or questions, to a session for `content`.
async fn talk(service: &Url, token: &str, content: &[u8], ranges: &[Option<(usize, usize)>]) -> Vec<Said> {
    let client = Client::new();
    let uploads = format!("upload/storage/v1/b/{BUCKET}/o?uploadType=resumable");
    let begun = client
        .post(service.join(&uploads).unwrap())
        .bearer_auth(token)
        .header("content-type", "application/json")
        .header("x-upload-content-length", content.len())
        .body(r#"{"name": "a/b"}"#);
    let begun = begun.send().await.unwrap();
    let session = Url::parse(begun.headers()["location"].to_str().unwrap()).unwrap();
    let session = service.join(&session[url::Position::BeforePath..]).unwrap();
    let mut all = Vec::new();
    for range in ranges {
        let (bytes, body) = match range {
            Some((from, to)) => (format!("{from}-{}", to - 1), content[*from..*to].to_vec()),
            None => ("*".to_owned(), Vec::new()),
        };
        let asked = client
            .request(Method::PUT, session.clone())
            .header("content-range", format!("bytes {bytes}/{}", content.len()))
            .body(body);
        let answer = asked.send().await.unwrap();
        let (status, range) = (answer.status().as_u16(), answer.headers().get("range").cloned());
        let object: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
        let field = |name: &str| object[name].as_str().map(ToOwned::to_owned);
        all.push((status, range.map(|range| range.to_str().unwrap().to_owned()), field("size"), field("crc32c")));
    }
    all
}

#[tokio::test]
async fn our_own_google_counts_chunks_as_an_emulator_does_that_others_wrote() {
    let (ours, theirs) = (Gcs::start().await.unwrap(), Emulator::start().await);
    let token = Client::new()
        .get(ours.endpoint.join("computeMetadata/v1/instance/service-accounts/default/token").unwrap())
        .header("metadata-flavor", "Google")
        .send();
    let token: serde_json::Value = serde_json::from_slice(&token.await.unwrap().bytes().await.unwrap()).unwrap();
    let token = token["access_token"].as_str().unwrap();
    let content = footage(2 * PIECE + 75_712);
    let (one, two, all) = (PIECE, 2 * PIECE, content.len());
    for ranges in [
        vec![Some((0, one)), None, Some((one, two)), None, Some((two, all))],
        vec![Some((0, two)), None, Some((two, all))],
        vec![Some((0, all))],
    ] {
        let said = talk(&ours.endpoint, token, &content, &ranges).await;
        assert_eq!(said, talk(&theirs.endpoint, token, &content, &ranges).await, "{ranges:?}");
        assert_eq!(said.last().unwrap().0, 200);
    }
}
