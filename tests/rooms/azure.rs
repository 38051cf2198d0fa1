//! The Azure adapter against a real Azurite, and against places that only pretend to be Azure.

mod delegation;
mod directory;
mod tags;
mod tokens;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use camdock::cloud::azure::{AzureCredential, AzureDestination, AzureSettings, AzureSetupError};
use camdock::cloud::http::Connection;
use camdock::cloud::{
    ChunkBody, CommitOutcome, DeleteOutcome, Destination, DestinationError, Evidence, ObjectState, Seen, Upload,
    write_place,
};
use camdock::custody::{Unproven, Wanted, prove};
use camdock::domain::{
    ByteCount, Clock, DestinationName, Fingerprint, Moment, ObjectName, PlaceId, ProofMethod, ProofPolicy, Protection,
    Secret,
};
use camdock_test_support::azurite::{ACCOUNT, Azurite, KEY};
use futures::{StreamExt as _, stream};
use reqwest::Method as Verb;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};
use url::Url;

const CONTAINER: &str = "evidence";
/// What is seen of an object that is not there, in a container that nobody has enrolled.
const NOTHING: Seen<ObjectState> = Seen::new(None, None);
const NO_CHUNKS: [u32; 0] = [];

pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Moment {
        Moment::from_millis(i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap())
    }
}

/// Bytes of which no two stretches are alike, so that the order of blocks matters.
fn footage(length: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(length as u64);
    std::iter::repeat_with(|| rng.u8(..)).take(length).collect()
}

fn upload(name: &str, content: &[u8], chunk_size: u64) -> Upload {
    Upload {
        object: ObjectName::new(name).unwrap(),
        fingerprint: Fingerprint::of(content, ByteCount::new(chunk_size)),
        metadata: vec![("original-name", r"DCIM/caf\xc3\xa9 1.MP4".to_owned()), ("camera", "BWC-0001".to_owned())],
        protection: Protection::NONE,
    }
}

fn chunk(upload: &Upload, content: &[u8], index: u32) -> ChunkBody {
    let (offset, length) = upload.fingerprint.chunk_range(index);
    let (from, to) = (usize::try_from(offset).unwrap(), usize::try_from(offset + length).unwrap());
    let bytes = Bytes::copy_from_slice(&content[from..to]);
    let crc64 = upload.fingerprint.chunks[usize::try_from(index).unwrap()];
    ChunkBody::new(ByteCount::new(length), crc64, move || {
        let pieces: Vec<_> = bytes.chunks(1_000).map(|piece| Ok(bytes.slice_ref(piece))).collect();
        stream::iter(pieces).boxed()
    })
}

fn settings(endpoint: Url, credential: AzureCredential) -> AzureSettings {
    AzureSettings {
        name: DestinationName::new("primary").unwrap(),
        endpoint,
        container: CONTAINER.to_owned(),
        credential,
        credential_name: "primary.sas".to_owned(),
        connection: Connection::usual(Duration::from_mins(1)),
    }
}

fn shared_key(key: &str) -> AzureCredential {
    AzureCredential::SharedKey { account: ACCOUNT.to_owned(), key: Secret::new(key) }
}

fn sas(permissions: &str, hours: i64) -> AzureCredential {
    let expiry = OffsetDateTime::now_utc() + time::Duration::hours(hours);
    AzureCredential::Sas(Secret::new(&Azurite::sas(permissions, expiry)))
}

fn destination(settings: AzureSettings) -> AzureDestination {
    AzureDestination::new(settings, Arc::new(WallClock)).unwrap()
}

async fn azurite() -> Azurite {
    let azurite = Azurite::start().await.unwrap();
    azurite.create_container(CONTAINER).await.unwrap();
    azurite
}

/// What the tests in here ask of Azurite besides.
trait Emulator {
    /// The adapter under test, which may do everything.
    fn destination(&self) -> AzureDestination;
    /// The ids of the staged blocks, as Azurite lists them.
    async fn staged_ids(&self, object: &ObjectName) -> Vec<String>;
    /// Commits blocks as a faulty writer would.
    async fn commit_raw(&self, object: &ObjectName, ids: &[String]);
}

impl Emulator for Azurite {
    fn destination(&self) -> AzureDestination {
        destination(settings(self.endpoint.clone(), shared_key(KEY)))
    }

    async fn staged_ids(&self, object: &ObjectName) -> Vec<String> {
        let path = format!("{CONTAINER}/{object}?comp=blocklist&blocklisttype=uncommitted");
        let list = self.request(Verb::GET, &path, "").await.unwrap().text().await.unwrap();
        list.split("<Name>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    }

    async fn commit_raw(&self, object: &ObjectName, ids: &[String]) {
        let list = ids.iter().map(|id| format!("<Latest>{id}</Latest>")).collect::<Vec<_>>().concat();
        let body = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{list}</BlockList>");
        let answer = self.request(Verb::PUT, &format!("{CONTAINER}/{object}?comp=blocklist"), body).await.unwrap();
        assert_eq!(answer.status(), 201);
    }
}

async fn stage_all(to: &AzureDestination, upload: &Upload, content: &[u8]) {
    // Last chunk first: the order of arrival is not the order of the content.
    for index in (0..upload.fingerprint.chunk_count()).rev() {
        to.put_chunk(upload, index, chunk(upload, content, index)).await.unwrap();
    }
}

async fn proof(of: &AzureDestination, upload: &Upload) -> Result<ProofMethod, Unproven> {
    let place = of.enrol(PlaceId::random()).await.unwrap();
    let proof = prove(of, place, Wanted::of(upload, ProofPolicy::Attested), None).await;
    proof.map(|proof| proof.method())
}

async fn content_of(from: &AzureDestination, object: &ObjectName) -> Vec<u8> {
    let mut content = from.read(object).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(piece) = content.next().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    bytes
}

#[tokio::test]
async fn an_upload_is_resumed_by_a_new_process_and_attested() {
    let azurite = azurite().await;
    let (content, earlier) = (footage(10_500), azurite.destination());
    let upload = upload("BWC-0001/2026/01/02/A-0123.MP4", &content, 2_000);
    assert_eq!(earlier.staged(&upload).await.unwrap(), NO_CHUNKS);
    for index in [4, 1, 5] {
        earlier.put_chunk(&upload, index, chunk(&upload, &content, index)).await.unwrap();
    }
    drop(earlier);

    let later = azurite.destination();
    assert_eq!(later.staged(&upload).await.unwrap(), [1, 4, 5], "the place's own list says what is there");
    assert_eq!(later.commit(&upload).await.unwrap(), CommitOutcome::ChunksMissing);
    assert_eq!(later.stat(&upload.object).await.unwrap(), NOTHING, "an object is there whole or not at all");
    for index in [3, 0, 2] {
        later.put_chunk(&upload, index, chunk(&upload, &content, index)).await.unwrap();
    }
    assert_eq!(later.commit(&upload).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&later, &upload).await.unwrap(), ProofMethod::Crc64OfChunks);
    assert_eq!(content_of(&later, &upload.object).await, content);

    let answer = azurite.request(Verb::HEAD, &format!("{CONTAINER}/{}", upload.object), "").await.unwrap();
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header("content-type"), Some("video/mp4"));
    assert_eq!(header("x-ms-meta-original_name"), Some(r"DCIM/caf\xc3\xa9 1.MP4"));
    assert_eq!(header("x-ms-meta-camera"), Some("BWC-0001"));
}

#[tokio::test]
async fn blocks_of_another_content_or_chunking_are_not_resumed() {
    let azurite = azurite().await;
    let (content, to) = (footage(6_000), azurite.destination());
    let upload = upload("same-name", &content, 2_000);
    stage_all(&to, &upload, &content).await;

    let mut other = upload.clone();
    other.fingerprint = Fingerprint::of(&content, ByteCount::new(3_000));
    assert_eq!(to.staged(&other).await.unwrap(), NO_CHUNKS);
    let changed = [&content[..5_999], b"!"].concat();
    other.fingerprint = Fingerprint::of(&changed, ByteCount::new(2_000));
    assert_eq!(to.staged(&other).await.unwrap(), NO_CHUNKS);
    assert_eq!(to.staged(&upload).await.unwrap(), [0, 1, 2]);
}

#[tokio::test]
async fn what_was_sent_in_other_chunks_is_read_back_and_not_taken_for_other_content() {
    let azurite = azurite().await;
    let to = azurite.destination();
    for (name, length, then, now) in
        [("larger", 9_000, 8_000, 1_000), ("smaller", 9_000, 1_000, 8_000), ("as-many", 4_000, 2_000, 2_500)]
    {
        let content = footage(length);
        let earlier = upload(name, &content, then);
        stage_all(&to, &earlier, &content).await;
        assert_eq!(to.commit(&earlier).await.unwrap(), CommitOutcome::Created);
        assert_eq!(proof(&to, &upload(name, &content, now)).await.unwrap(), ProofMethod::ReadBack, "{name}");
        assert_eq!(proof(&to, &earlier).await.unwrap(), ProofMethod::Crc64OfChunks, "{name}");
        let other = [&content[..length - 1], b"!"].concat();
        let verdict = proof(&to, &upload(name, &other, now)).await;
        assert!(matches!(verdict, Err(Unproven::OtherContent)), "{name}: {verdict:?}");
    }
}

#[tokio::test]
async fn swapped_repeated_and_lost_blocks_are_noticed() {
    let azurite = azurite().await;
    let (content, to) = (footage(6_000), azurite.destination());
    for (name, order) in
        [("swapped", &[1, 0, 2][..]), ("repeated", &[0, 1, 1]), ("lost", &[0, 1]), ("more", &[0, 1, 2, 2])]
    {
        let upload = upload(name, &content, 2_000);
        let mut ids = Vec::new();
        for index in 0..3 {
            to.put_chunk(&upload, index, chunk(&upload, &content, index)).await.unwrap();
            let staged = azurite.staged_ids(&upload.object).await;
            ids.push(staged.into_iter().find(|id| !ids.contains(id)).unwrap());
        }
        let listed: Vec<String> = order.iter().map(|index: &usize| ids[*index].clone()).collect();
        azurite.commit_raw(&upload.object, &listed).await;
        assert!(matches!(proof(&to, &upload).await, Err(Unproven::OtherContent)), "{name}");
    }
}

#[tokio::test]
async fn a_damaged_chunk_is_refused_and_a_broken_spool_is_not_blamed_on_the_network() {
    let azurite = azurite().await;
    let (content, to) = (footage(3_000), azurite.destination());
    let upload = upload("a", &content, 3_000);
    let good = chunk(&upload, &content, 0);

    let mut flipped = content.clone();
    flipped[1_234] ^= 1;
    let flipped =
        ChunkBody::new(good.length, good.crc64, move || stream::iter([Ok(Bytes::from(flipped.clone()))]).boxed());
    let error = to.put_chunk(&upload, 0, flipped).await.unwrap_err();
    assert!(matches!(error, DestinationError::ChunkDamaged(_)), "{error}");

    let broken = ChunkBody::new(good.length, good.crc64, || {
        stream::iter([Ok(Bytes::from_static(b"some")), Err(io::Error::other("checksum mismatch"))]).boxed()
    });
    let short = ChunkBody::new(good.length, good.crc64, || stream::iter([Ok(Bytes::from_static(b"some"))]).boxed());
    for body in [broken, short] {
        let error = to.put_chunk(&upload, 0, body).await.unwrap_err();
        assert!(matches!(error, DestinationError::SpoolDamaged(_)), "{error}");
    }
    assert_eq!(to.staged(&upload).await.unwrap(), NO_CHUNKS, "nothing damaged is staged");
}

#[tokio::test]
async fn an_existing_object_is_never_overwritten() {
    let azurite = azurite().await;
    let (first, second, to) = (footage(5_000), footage(4_999), azurite.destination());
    let (winner, loser) = (upload("same-name", &first, 2_000), upload("same-name", &second, 2_000));
    stage_all(&to, &winner, &first).await;
    assert_eq!(to.commit(&winner).await.unwrap(), CommitOutcome::Created);
    let before = to.stat(&winner.object).await.unwrap();

    stage_all(&to, &loser, &second).await;
    assert_eq!(to.commit(&loser).await.unwrap(), CommitOutcome::AlreadyThere);
    assert_eq!(to.stat(&winner.object).await.unwrap(), before);
    assert_eq!(content_of(&to, &winner.object).await, first);
    assert!(matches!(proof(&to, &loser).await, Err(Unproven::OtherContent)));
    assert_eq!(proof(&to, &winner).await.unwrap(), ProofMethod::Crc64OfChunks);
}

#[tokio::test]
async fn an_object_made_by_others_is_read_back() {
    let azurite = azurite().await;
    let (content, to) = (footage(50_000), azurite.destination());
    let upload = upload("theirs.bin", &content, 2_000);
    azurite
        .request(Verb::PUT, &format!("{CONTAINER}/theirs.bin"), content.clone())
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    let place = to.enrol(PlaceId::random()).await.unwrap();
    let attestation = to.attest(&upload.object).await.unwrap().at(place).unwrap().unwrap();
    assert_eq!((attestation.state.length, attestation.evidence), (upload.fingerprint.size, Evidence::Unknown));
    assert_eq!(proof(&to, &upload).await.unwrap(), ProofMethod::ReadBack);

    let mut changed = content.clone();
    changed[49_999] ^= 1;
    azurite.request(Verb::PUT, &format!("{CONTAINER}/theirs.bin"), changed).await.unwrap().error_for_status().unwrap();
    assert!(matches!(proof(&to, &upload).await, Err(Unproven::OtherContent)), "same length, other content");
}

#[tokio::test]
async fn an_empty_segment_is_an_empty_object() {
    let azurite = azurite().await;
    let (to, upload) = (azurite.destination(), upload("empty.mp4", b"", 2_000));
    assert!(matches!(proof(&to, &upload).await, Err(Unproven::Absent)));
    assert_eq!(to.commit(&upload).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&to, &upload).await.unwrap(), ProofMethod::Crc64OfChunks);
    let place = to.enrol(PlaceId::random()).await.unwrap();
    let by_reading = prove(&to, place, Wanted::of(&upload, ProofPolicy::ReadBack), None).await.unwrap();
    assert_eq!(by_reading.method(), ProofMethod::ReadBack);
    assert_eq!(to.commit(&upload).await.unwrap(), CommitOutcome::AlreadyThere);
}

#[tokio::test]
async fn a_renewed_credential_is_used_without_a_restart() {
    let azurite = azurite().await;
    let to = destination(settings(azurite.endpoint.clone(), sas("rwcl", -1))).renewing(|| Some(sas("rwcl", 1)));
    let object = ObjectName::new("BWC-1/none").unwrap();
    assert!(matches!(to.stat(&object).await, Err(DestinationError::Denied { .. })));
    assert_eq!(to.stat(&object).await.unwrap(), NOTHING);
}

#[tokio::test]
async fn a_signature_lets_in_as_far_and_as_long_as_it_says() {
    let azurite = azurite().await;
    let content = footage(3_000);
    let upload = upload("a", &content, 2_000);
    let with = |credential| destination(settings(azurite.endpoint.clone(), credential));

    let writer = with(sas("rwc", 1));
    stage_all(&writer, &upload, &content).await;
    assert_eq!(writer.commit(&upload).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&writer, &upload).await.unwrap(), ProofMethod::Crc64OfChunks);
    assert_eq!(writer.try_delete(&upload.object).await.unwrap(), DeleteOutcome::Refused);

    let expired = with(sas("rwc", -1));
    for error in [
        expired.stat(&upload.object).await.unwrap_err(),
        expired.put_chunk(&upload, 0, chunk(&upload, &content, 0)).await.unwrap_err(),
    ] {
        let DestinationError::Denied { code, credential } = error else { panic!("{error}") };
        assert!(code.starts_with("403 Auth") && code.contains("expired"), "{code}");
        assert_eq!(credential, "primary.sas");
    }
    let remover = with(sas("rd", 1));
    assert_eq!(remover.try_delete(&upload.object).await.unwrap(), DeleteOutcome::Deleted);
    let place = remover.place().await.unwrap();
    assert_eq!(remover.stat(&upload.object).await.unwrap(), Seen::new(place, None));
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_a_missing_container_named() {
    let azurite = azurite().await;
    let upload = upload("a", b"content", 2_000);
    let stranger = destination(settings(azurite.endpoint.clone(), shared_key("d3Jvbmc=")));
    for error in [
        stranger.attest(&upload.object).await.unwrap_err(),
        stranger.put_chunk(&upload, 0, chunk(&upload, b"content", 0)).await.unwrap_err(),
        stranger.try_delete(&upload.object).await.unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(matches!(error, DestinationError::Denied { .. }), "{text}");
        assert!(text.starts_with("refused (403 Auth") && !text.contains("d3Jvbmc"), "{text}");
    }
    let mut elsewhere = settings(azurite.endpoint.clone(), shared_key(KEY));
    elsewhere.container = "nowhere".to_owned();
    let elsewhere = destination(elsewhere);
    for error in [
        elsewhere.stat(&upload.object).await.unwrap_err(),
        elsewhere.staged(&upload).await.unwrap_err(),
        elsewhere.put_chunk(&upload, 0, chunk(&upload, b"content", 0)).await.unwrap_err(),
        elsewhere.commit(&upload).await.unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "container nowhere does not exist: create it, or correct the configuration");
    }
}

#[tokio::test]
async fn unsafe_settings_are_refused() {
    let refusal = |endpoint: &str, container: &str, credential| {
        let mut settings = settings(endpoint.parse().unwrap(), credential);
        settings.container = container.to_owned();
        AzureDestination::new(settings, Arc::new(WallClock)).err().unwrap()
    };
    let lan = refusal("http://store.example/acc", CONTAINER, shared_key(KEY));
    assert!(matches!(lan, AzureSetupError::Unencrypted(_)), "{lan}");
    let signed = refusal("https://acc.blob.core.windows.net/?sig=hush", CONTAINER, shared_key(KEY));
    assert!(matches!(signed, AzureSetupError::Endpoint(_)) && !signed.to_string().contains("hush"), "{signed}");
    for bad in ["ab", "Upper", "a--b", "-ab", "a/b"] {
        let error = refusal("https://acc.blob.core.windows.net", bad, shared_key(KEY));
        assert!(matches!(error, AzureSetupError::Container(_)), "{bad}: {error}");
    }
    for bad in [shared_key("not base64"), AzureCredential::Sas(Secret::new("sv=2022&sp=r"))] {
        let error = refusal("https://acc.blob.core.windows.net", CONTAINER, bad);
        assert!(matches!(error, AzureSetupError::Credential { .. }), "{error}");
    }
}

/// A place that answers each connection in its own way, and is not Azure.
async fn impostor<F>(answer: impl Fn(TcpStream) -> F + Send + 'static, stall: Duration) -> AzureDestination
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/{ACCOUNT}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(answer(connection));
        }
    });
    let mut settings = settings(endpoint, sas("rwct", 1));
    settings.connection.stall = stall;
    destination(settings)
}

/// Reads a request's head and answers with a fixed text.
async fn always(mut connection: TcpStream, answer: &'static str) -> io::Result<()> {
    let mut request = vec![0; 64 * 1024];
    let _ = connection.read(&mut request).await?;
    connection.write_all(answer.as_bytes()).await
}

#[tokio::test]
async fn a_captive_portal_is_not_believed() {
    let content = footage(100);
    let upload = upload("a", &content, 2_000);
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\netag: \"1\"\r\ncontent-length: 13\r\n\r\n<html></html>",
        "HTTP/1.1 201 Created\r\netag: \"1\"\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-ms-request-id: 1\r\nx-ms-version: 2023-11-03\r\ncontent-length: 5\r\n\r\nhello",
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/login\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
    ] {
        let to = impostor(move |connection| always(connection, answer), Duration::from_secs(5)).await;
        let body = chunk(&upload, &content, 0);
        for error in [
            to.stat(&upload.object).await.unwrap_err(),
            to.attest(&upload.object).await.unwrap_err(),
            to.staged(&upload).await.unwrap_err(),
            to.put_chunk(&upload, 0, body).await.unwrap_err(),
            to.commit(&upload).await.unwrap_err(),
            to.try_delete(&upload.object).await.unwrap_err(),
            to.read(&upload.object).await.err().unwrap(),
        ] {
            let text = error.to_string();
            assert!(matches!(error, DestinationError::Unreachable(_)), "{answer}: {text}");
            assert!(!text.contains("sig="), "{text}");
        }
    }
}

#[tokio::test]
async fn an_object_that_keeps_changing_is_not_attested() {
    let changes = Arc::new(AtomicU32::new(0));
    let ever_new = move |mut connection: TcpStream| {
        let etag = changes.fetch_add(1, Ordering::Relaxed);
        async move {
            let mut request = [0; 4_096];
            let _ = connection.read(&mut request).await?;
            let request = String::from_utf8_lossy(&request);
            let body = "<?xml version=\"1.0\"?><BlockList><CommittedBlocks/></BlockList>";
            let body = if request.starts_with("HEAD") { "" } else { body };
            let body = if request.contains("/.camdock/place?") { &write_place(PlaceId::random()) } else { body };
            let answer = format!(
                "HTTP/1.1 200 OK\r\nx-ms-request-id: 1\r\nx-ms-version: 2023-11-03\r\netag: \"{etag}\"\r\n\
                 connection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            connection.write_all(answer.as_bytes()).await
        }
    };
    let to = impostor(ever_new, Duration::from_secs(5)).await;
    let error = to.attest(&ObjectName::new("a").unwrap()).await.unwrap_err();
    assert!(matches!(&error, DestinationError::Unreachable(why) if why.contains("changing")), "{error}");
}

#[tokio::test]
async fn an_overloaded_place_is_given_the_time_it_asks_for() {
    let answer = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 17\r\ncontent-length: 0\r\n\r\n";
    let to = impostor(move |connection| always(connection, answer), Duration::from_secs(5)).await;
    let error = to.stat(&ObjectName::new("a").unwrap()).await.unwrap_err();
    let DestinationError::Busy { retry_after, .. } = error else { panic!("{error}") };
    assert_eq!(retry_after, Some(Duration::from_secs(17)));
}

#[tokio::test]
async fn no_connection_is_said_without_the_signature() {
    let to = destination(settings("http://127.0.0.1:1/acc".parse().unwrap(), sas("r", 1)));
    let text = to.stat(&ObjectName::new("a").unwrap()).await.unwrap_err().to_string();
    assert!(text.starts_with("cannot be reached") && text.contains("refused") && !text.contains("sig"), "{text}");
}

#[tokio::test]
async fn a_place_that_never_answers_is_abandoned() {
    let stall = Duration::from_millis(500);
    let silent = |mut connection: TcpStream| async move {
        tokio::io::copy(&mut connection, &mut tokio::io::sink()).await?;
        sleep(Duration::from_mins(1)).await;
        Ok(())
    };
    let to = impostor(silent, stall).await;
    let content = footage(100);
    let upload = upload("a", &content, 2_000);
    let since = Instant::now();
    let error = to.put_chunk(&upload, 0, chunk(&upload, &content, 0)).await.unwrap_err();
    assert!(error.to_string().contains("no byte was sent or received for 0.5 s"), "{error}");
    assert!((stall..stall * 4).contains(&since.elapsed()), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_place_that_reads_slowly_is_not_abandoned() {
    const CHUNK: usize = 12 << 20;
    let stall = Duration::from_millis(500);
    let content = footage(CHUNK);
    let upload = upload("a", &content, CHUNK as u64);
    let body = chunk(&upload, &content, 0);
    let echo = azure_core::base64::encode(body.crc64.to_le_bytes());
    let slow = move |mut connection: TcpStream| {
        let echo = echo.clone();
        async move {
            let (mut buffer, mut seen) = (vec![0; CHUNK / 50], 0);
            while seen < CHUNK {
                seen += connection.read(&mut buffer).await?;
                sleep(Duration::from_millis(25)).await;
            }
            let answer = format!(
                "HTTP/1.1 201 Created\r\nx-ms-request-id: 1\r\nx-ms-version: 2023-11-03\r\nx-ms-content-crc64: {echo}\r\n\
                 content-length: 0\r\n\r\n"
            );
            connection.write_all(answer.as_bytes()).await
        }
    };
    let to = impostor(slow, stall).await;
    let since = Instant::now();
    to.put_chunk(&upload, 0, body).await.unwrap();
    assert!(since.elapsed() > stall * 2, "it took longer than the stall time: {:?}", since.elapsed());
}

#[tokio::test]
async fn an_answer_that_trickles_is_awaited_and_one_that_stops_is_not() {
    const HEAD: &str = "HTTP/1.1 206 Partial Content\r\nx-ms-request-id: 1\r\nx-ms-version: 2023-11-03\r\netag: \"1\"\r\n\
                        content-range: bytes 0-9/10\r\ncontent-length: 10\r\n\r\n";
    let stall = Duration::from_millis(400);
    let trickle = |bytes: usize| {
        move |mut connection: TcpStream| async move {
            let mut request = [0; 4_096];
            let _ = connection.read(&mut request).await?;
            connection.write_all(HEAD.as_bytes()).await?;
            for _ in 0..bytes {
                sleep(Duration::from_millis(100)).await;
                connection.write_all(b"x").await?;
            }
            sleep(Duration::from_mins(1)).await;
            Ok(())
        }
    };
    let object = ObjectName::new("a").unwrap();
    let whole = impostor(trickle(10), stall).await;
    assert_eq!(content_of(&whole, &object).await, b"xxxxxxxxxx");

    let stopping = impostor(trickle(5), stall).await;
    let pieces: Vec<_> = stopping.read(&object).await.unwrap().collect().await;
    let error = pieces.last().unwrap().as_ref().unwrap_err();
    assert!(error.to_string().contains("no byte was sent or received"), "{error}");
}
