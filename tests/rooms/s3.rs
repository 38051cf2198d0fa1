//! The S3 adapter against servers that only pretend to be S3, each in its own way: what no real one here does.

mod credentials;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use camdock::cloud::http::Connection;
use camdock::cloud::notes::UploadNotes;
use camdock::cloud::s3::{AccessKey, S3Credential, S3Destination, S3Settings};
use camdock::cloud::{ChunkBody, CommitOutcome, Destination as _, DestinationError, Upload, write_place};
use camdock::custody::{Unproven, Wanted, prove};
use camdock::domain::{
    ByteCount, Clock, DestinationName, Fingerprint, Moment, ObjectName, PlaceId, ProofMethod, ProofPolicy, Protection,
    Secret,
};
use futures::{StreamExt as _, stream};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::net::TcpListener;

const CHUNK: usize = 5 << 20;

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Moment {
        Moment::from_millis(i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap())
    }
}

/// A request, as a pretender sees it.
struct Asked {
    method: Method,
    /// Below the bucket, with its query.
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// Status, headers beside the one that every S3 sends, and body.
type Said = (u16, Vec<(&'static str, String)>, Vec<u8>);

/// A server whose every answer is made up, and a destination that takes it for S3.
struct Pretender {
    s3: S3Destination,
    place: PlaceId,
    _notes: TempDir,
}

impl Pretender {
    async fn answering(answer: impl Fn(Asked) -> Said + Send + Sync + 'static) -> Self {
        let [old, new] = ["old", "new"].map(|id| S3Credential::AccessKey(key(id)));
        let mut pretender = Self::opened_by(old, None, answer).await;
        pretender.s3 = pretender.s3.renewing(move || Some(new.clone()));
        pretender
    }

    /// One that is opened in this way, and is said to be of this account.
    async fn opened_by(
        credential: S3Credential,
        bucket_owner: Option<&str>,
        answer: impl Fn(Asked) -> Said + Send + Sync + 'static,
    ) -> Self {
        let (place, answer) = (PlaceId::random(), Arc::new(answer));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bucket_url = format!("http://{}/evidence", listener.local_addr().unwrap()).parse().unwrap();
        let routes = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let path = uri.to_string().strip_prefix("/evidence/").unwrap_or_default().to_owned();
            let (status, told, body) = if path == ".camdock/place" {
                (200, etag("p"), write_place(place).into_bytes())
            } else {
                answer(Asked { method, path, headers, body })
            };
            async move { Ok::<_, Infallible>(response(status, told, body)) }
        });
        let routes = routes.layer(axum::extract::DefaultBodyLimit::disable());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let notes = TempDir::new().unwrap();
        let settings = S3Settings {
            name: DestinationName::new("primary").unwrap(),
            bucket_url,
            bucket: "evidence".to_owned(),
            region: "us-east-1".to_owned(),
            credential,
            credential_name: "primary.key".to_owned(),
            bucket_owner: bucket_owner.map(str::to_owned),
            connection: Connection::usual(Duration::from_secs(10)),
            notes: UploadNotes::open(notes.path().join("primary")),
        };
        let s3 = S3Destination::new(settings, Arc::new(WallClock)).unwrap();
        Self { s3, place, _notes: notes }
    }

    async fn store(&self, upload: &Upload, content: &Bytes) -> Result<CommitOutcome, DestinationError> {
        for index in 0..upload.fingerprint.chunk_count() {
            self.s3.put_chunk(upload, index, chunk(upload, content, index)).await?;
        }
        self.s3.commit(upload).await
    }

    async fn prove(&self, upload: &Upload) -> Result<ProofMethod, Unproven> {
        let proof = prove(&self.s3, self.place, Wanted::of(upload, ProofPolicy::Attested), None).await?;
        Ok(proof.method())
    }
}

fn response(status: u16, told: Vec<(&'static str, String)>, body: Vec<u8>) -> Response {
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in told.into_iter().chain([("x-amz-request-id", "1".to_owned())]) {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

fn key(id: &str) -> AccessKey {
    AccessKey { id: id.to_owned(), secret: Secret::new("secret"), token: None }
}

fn etag(of: &str) -> Vec<(&'static str, String)> {
    vec![("etag", format!("\"{of}\""))]
}

fn error(code: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>So it is.</Message></Error>").into_bytes()
}

fn upload(content: &[u8]) -> Upload {
    let fingerprint = Fingerprint::of(content, ByteCount::new(CHUNK as u64));
    Upload {
        object: ObjectName::new("A.MP4").unwrap(),
        fingerprint,
        metadata: Vec::new(),
        protection: Protection::NONE,
    }
}

fn chunk(upload: &Upload, content: &Bytes, index: u32) -> ChunkBody {
    let from = index as usize * CHUNK;
    let bytes = content.slice(from..content.len().min(from + CHUNK));
    let crc64 = upload.fingerprint.chunks[index as usize];
    ChunkBody::new(ByteCount::new(bytes.len() as u64), crc64, move || stream::iter([Ok(bytes.clone())]).boxed())
}

/// What begins an upload in parts, and what takes each of them; the rest is the test's.
fn takes_parts(asked: &Asked) -> Option<Said> {
    if asked.path.ends_with("?uploads=") {
        let begun = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
        return Some((200, Vec::new(), begun.to_vec()));
    }
    (asked.method == Method::PUT && asked.path.contains("partNumber=")).then(|| (200, etag("part"), Vec::new()))
}

/// Takes whatever it is given together with whatever checksum is said to be its, and says so again.
fn believes_anything(damages: bool) -> impl Fn(Asked) -> Said + Send + Sync {
    let objects: Mutex<BTreeMap<String, (Bytes, String)>> = Mutex::default();
    move |asked| {
        let mut objects = objects.lock().unwrap();
        if asked.method == Method::PUT {
            let checksum = asked.headers["x-amz-checksum-crc64nvme"].to_str().unwrap().to_owned();
            let mut kept = asked.body.to_vec();
            if damages && let Some(first) = kept.first_mut() {
                *first ^= 1;
            }
            objects.insert(asked.path, (kept.into(), checksum));
            return (200, etag("1"), Vec::new());
        }
        let Some((content, checksum)) = objects.get(&asked.path) else { return (404, Vec::new(), error("NoSuchKey")) };
        let mut told = etag("1");
        told.push(("x-amz-checksum-crc64nvme", checksum.clone()));
        (200, told, content.to_vec())
    }
}

#[tokio::test]
async fn a_server_that_takes_a_wrong_checksum_is_not_believed_its_own() {
    let content = Bytes::from_static(b"film");
    let upload = upload(&content);
    let honest = Pretender::answering(believes_anything(false)).await;
    honest.store(&upload, &content).await.unwrap();
    assert_eq!(honest.prove(&upload).await.unwrap(), ProofMethod::ReadBack);

    let careless = Pretender::answering(believes_anything(true)).await;
    careless.store(&upload, &content).await.unwrap();
    assert!(matches!(careless.prove(&upload).await, Err(Unproven::OtherContent)));
}

#[tokio::test]
async fn an_error_that_comes_with_the_status_200_is_an_error() {
    let s3 =
        Pretender::answering(|asked| takes_parts(&asked).unwrap_or_else(|| (200, Vec::new(), error("InternalError"))));
    let content = Bytes::from(vec![7; 2 * CHUNK]);
    let outcome = s3.await.store(&upload(&content), &content).await;
    assert!(matches!(&outcome, Err(DestinationError::Busy { message, .. }) if message.contains("InternalError")));
}

#[tokio::test]
async fn an_upload_that_is_over_since_its_answer_got_lost_has_made_the_object() {
    for made in [true, false] {
        let s3 = Pretender::answering(move |asked| match asked.method {
            Method::HEAD if made => (200, etag("1"), Vec::new()),
            Method::HEAD => (404, Vec::new(), Vec::new()),
            _ => takes_parts(&asked).unwrap_or_else(|| (404, Vec::new(), error("NoSuchUpload"))),
        });
        let content = Bytes::from(vec![7; 2 * CHUNK]);
        let outcome = s3.await.store(&upload(&content), &content).await.unwrap();
        assert_eq!(outcome, if made { CommitOutcome::AlreadyThere } else { CommitOutcome::ChunksMissing });
    }
}

#[tokio::test]
async fn a_list_of_parts_that_goes_in_circles_ends() {
    let s3 = Pretender::answering(|asked| {
        takes_parts(&asked).unwrap_or_else(|| {
            let next = if asked.path.contains("marker=2") { 1 } else { 2 };
            let list = format!(
                "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>{next}</NextPartNumberMarker>\
                 <Part><PartNumber>1</PartNumber><ETag>\"part\"</ETag><Size>{CHUNK}</Size></Part></ListPartsResult>"
            );
            (200, Vec::new(), list.into_bytes())
        })
    });
    let (s3, content) = (s3.await, Bytes::from(vec![7; 2 * CHUNK]));
    let upload = upload(&content);
    s3.s3.put_chunk(&upload, 0, chunk(&upload, &content, 0)).await.unwrap();
    assert_eq!(s3.s3.staged(&upload).await.unwrap(), [0]);
}

#[tokio::test]
async fn whoever_asks_in_the_wrong_region_is_told_the_right_one() {
    let s3 = Pretender::answering(|_| {
        (301, vec![("x-amz-bucket-region", "us-gov-west-1".to_owned())], error("PermanentRedirect"))
    });
    let error = s3.await.store(&upload(b"x"), &Bytes::from_static(b"x")).await.unwrap_err();
    assert!(error.to_string().contains("write region = \"us-gov-west-1\""), "{error}");
}

#[tokio::test]
async fn two_that_write_at_once_ask_again() {
    let s3 = Pretender::answering(|_| (409, Vec::new(), error("ConditionalRequestConflict")));
    let outcome = s3.await.store(&upload(b"x"), &Bytes::from_static(b"x")).await;
    assert!(matches!(outcome, Err(DestinationError::Busy { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_key_that_expires_in_mid_upload_is_read_again_and_loses_no_part() {
    let s3 = Pretender::answering(|asked| {
        let renewed = asked.headers["authorization"].to_str().unwrap().contains("Credential=new/");
        match takes_parts(&asked) {
            _ if asked.path.contains("partNumber=2") && !renewed => (400, Vec::new(), error("ExpiredToken")),
            Some(said) => said,
            None => (200, Vec::new(), b"<CompleteMultipartUploadResult/>".to_vec()),
        }
    });
    let (s3, content) = (s3.await, Bytes::from(vec![7; 2 * CHUNK]));
    let upload = upload(&content);
    s3.s3.put_chunk(&upload, 0, chunk(&upload, &content, 0)).await.unwrap();
    s3.s3.put_chunk(&upload, 1, chunk(&upload, &content, 1)).await.unwrap();
    assert_eq!(s3.s3.commit(&upload).await.unwrap(), CommitOutcome::Created);
}
