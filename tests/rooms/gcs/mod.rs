//! The adapter for Google Cloud Storage against a service of our own that keeps to Google's rules and fails as it is told, and
//! against places that only pretend to be Google.

mod emulator;
mod identities;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use camdock::cloud::gcs::{CHUNK_RULES, GcsCredential, GcsDestination, GcsSettings};
use camdock::cloud::http::Connection;
use camdock::cloud::notes::UploadNotes;
use camdock::cloud::{
    ChunkBody, CommitOutcome, DeleteOutcome, Destination, DestinationError, ObjectState, Seen, Upload,
};
use camdock::custody::{Unproven, Wanted, prove};
use camdock::domain::{
    ByteCount, Clock, DestinationName, Fingerprint, Moment, ObjectName, PlaceId, ProofMethod, ProofPolicy, Protection,
};
use camdock_test_support::gcs::{BUCKET, Fault, Gcs, Lock, PIECE};
use futures::{StreamExt as _, stream};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

/// Two of the pieces that Google keeps.
const CHUNK: usize = 2 * PIECE;
const NO_CHUNKS: [u32; 0] = [];
/// What is seen of an object that is not there, in a bucket that nobody has enrolled.
const NOTHING: Seen<ObjectState> = Seen::new(None, None);

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Moment {
        Moment::from_millis(OffsetDateTime::now_utc().unix_timestamp() * 1_000)
    }
}

/// Google, and the data folders of the stations that send there.
struct Scene {
    google: Gcs,
    folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        Self { google: Gcs::start().await.unwrap(), folder: TempDir::new().unwrap() }
    }

    fn settings(&self, station: &str) -> GcsSettings {
        GcsSettings {
            name: DestinationName::new("google").unwrap(),
            endpoint: self.google.endpoint.clone(),
            bucket: BUCKET.to_owned(),
            credential: machine(&self.google.endpoint),
            credential_name: "google.json".to_owned(),
            connection: Connection::usual(Duration::from_secs(20)),
            notes: UploadNotes::open(self.folder.path().join(station)),
        }
    }

    /// The adapter in a new process of a station.
    fn process_of(&self, station: &str) -> GcsDestination {
        destination(self.settings(station))
    }

    fn process(&self) -> GcsDestination {
        self.process_of("hq-01")
    }

    /// How many bytes of content arrived in chunks.
    fn received(&self) -> usize {
        let to_sessions = self.google.asked().into_iter().filter(|asked| asked.method == "PUT");
        to_sessions.map(|asked| asked.received).sum()
    }
}

fn machine(metadata_server: &Url) -> GcsCredential {
    GcsCredential::MetadataServer(metadata_server.authority().to_owned())
}

fn destination(settings: GcsSettings) -> GcsDestination {
    GcsDestination::new(settings, Arc::new(WallClock)).unwrap()
}

/// Bytes of which no two stretches are alike.
fn footage(length: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(length as u64);
    std::iter::repeat_with(|| rng.u8(..)).take(length).collect()
}

fn upload(name: &str, content: &[u8]) -> Upload {
    Upload {
        object: ObjectName::new(name).unwrap(),
        fingerprint: Fingerprint::of(content, ByteCount::new(CHUNK as u64)).cut_for(CHUNK_RULES),
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
        let pieces: Vec<_> = bytes.chunks(70_000).map(|piece| Ok(bytes.slice_ref(piece))).collect();
        stream::iter(pieces).boxed()
    })
}

async fn put(to: &GcsDestination, upload: &Upload, content: &[u8], index: u32) -> Result<(), DestinationError> {
    to.put_chunk(upload, index, chunk(upload, content, index)).await
}

/// Sends what is missing, as the uploader does, and commits.
async fn deliver(to: &GcsDestination, upload: &Upload, content: &[u8]) -> Result<CommitOutcome, DestinationError> {
    let staged = to.staged(upload).await?;
    for index in (0..upload.fingerprint.chunk_count()).filter(|index| !staged.contains(index)) {
        put(to, upload, content, index).await?;
    }
    to.commit(upload).await
}

async fn proof_by(of: &GcsDestination, upload: &Upload, policy: ProofPolicy) -> Result<ProofMethod, Unproven> {
    let place = of.enrol(PlaceId::random()).await.unwrap();
    let proof = prove(of, place, Wanted::of(upload, policy), None).await;
    proof.map(|proof| proof.method())
}

async fn proof(of: &GcsDestination, upload: &Upload) -> Result<ProofMethod, Unproven> {
    proof_by(of, upload, ProofPolicy::Attested).await
}

#[tokio::test]
async fn an_upload_is_resumed_by_a_new_process_and_attested() {
    let scene = Scene::new().await;
    let content = footage(3 * CHUNK + 1_000);
    let upload = upload("BWC-0001/2026/01/02/A-0123.MP4", &content);
    let earlier = scene.process();
    assert_eq!(earlier.staged(&upload).await.unwrap(), NO_CHUNKS);
    for index in [0, 1] {
        put(&earlier, &upload, &content, index).await.unwrap();
    }
    drop(earlier);

    let later = scene.process();
    assert_eq!(later.staged(&upload).await.unwrap(), [0, 1], "Google's own word says what is there");
    assert_eq!(later.commit(&upload).await.unwrap(), CommitOutcome::ChunksMissing);
    assert_eq!(later.stat(&upload.object).await.unwrap(), NOTHING, "an object is there whole or not at all");
    for index in [2, 3] {
        put(&later, &upload, &content, index).await.unwrap();
    }
    assert_eq!(later.commit(&upload).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&later, &upload).await.unwrap(), ProofMethod::Crc32c);
    assert_eq!(scene.google.content(upload.object.as_str()), Some(content.clone()));
    assert_eq!(scene.received(), content.len(), "nothing was sent twice");

    let about = scene.google.about(upload.object.as_str()).unwrap();
    assert_eq!(about["contentType"], "video/mp4");
    assert_eq!(about["metadata"]["original-name"], r"DCIM/caf\xc3\xa9 1.MP4");
    assert_eq!(about["metadata"]["camera"], "BWC-0001");
}

#[tokio::test]
async fn after_a_broken_connection_only_what_was_in_flight_is_sent_again() {
    let scene = Scene::new().await;
    let content = footage(2 * CHUNK);
    let (to, upload) = (scene.process(), upload("a", &content));
    put(&to, &upload, &content, 0).await.unwrap();
    scene.google.fail(Fault::CutAfter(PIECE + 5_000));
    let error = put(&to, &upload, &content, 1).await.unwrap_err();
    assert!(matches!(error, DestinationError::Unreachable(_)), "{error}");
    assert_eq!(scene.google.asked().last().unwrap().received, PIECE + 5_000);

    assert_eq!(to.staged(&upload).await.unwrap(), [0]);
    put(&to, &upload, &content, 1).await.unwrap();
    let last = scene.google.asked().pop().unwrap();
    let (from, to_and_of) = (CHUNK + PIECE, format!("{}/{}", 2 * CHUNK - 1, 2 * CHUNK));
    assert_eq!(
        (last.range, last.received),
        (format!("bytes {from}-{to_and_of}"), PIECE),
        "it goes on inside the chunk"
    );
    assert_eq!(to.commit(&upload).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&to, &upload).await.unwrap(), ProofMethod::Crc32c);
    assert_eq!(scene.google.content("a"), Some(content));
}

#[tokio::test]
async fn a_lost_answer_to_the_last_chunk_loses_nothing() {
    let scene = Scene::new().await;
    let content = footage(CHUNK + 7);
    let upload = upload("a", &content);
    let earlier = scene.process();
    put(&earlier, &upload, &content, 0).await.unwrap();
    scene.google.fail(Fault::LoseReply);
    let error = put(&earlier, &upload, &content, 1).await.unwrap_err();
    assert!(matches!(error, DestinationError::Unreachable(_)), "{error}");
    assert_eq!(earlier.commit(&upload).await.unwrap(), CommitOutcome::Created, "the session tells how it ended");

    // The same, and a restart before anybody asks; and then the session has ended, too.
    let later = scene.process();
    assert_eq!(later.commit(&upload).await.unwrap(), CommitOutcome::ChunksMissing, "nothing is known of it any more");
    assert_eq!(deliver(&later, &upload, &content).await.unwrap(), CommitOutcome::AlreadyThere);
    assert_eq!(proof(&later, &upload).await.unwrap(), ProofMethod::Crc32c);
}

#[tokio::test]
async fn a_session_that_has_ended_is_begun_anew() {
    let scene = Scene::new().await;
    let content = footage(2 * CHUNK);
    let (to, upload) = (scene.process(), upload("a", &content));
    put(&to, &upload, &content, 0).await.unwrap();
    scene.google.fail(Fault::EndSession);
    let error = put(&to, &upload, &content, 1).await.unwrap_err();
    assert!(matches!(&error, DestinationError::Busy { message, .. } if message.contains("ended")), "{error}");
    assert_eq!(to.staged(&upload).await.unwrap(), NO_CHUNKS);
    put(&to, &upload, &content, 0).await.unwrap();

    scene.google.end_sessions();
    let later = scene.process();
    assert_eq!(later.staged(&upload).await.unwrap(), NO_CHUNKS, "a week has passed");
    assert_eq!(deliver(&later, &upload, &content).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&later, &upload).await.unwrap(), ProofMethod::Crc32c);
}

#[tokio::test]
async fn what_does_not_follow_on_what_is_there_is_not_sent() {
    let scene = Scene::new().await;
    let content = footage(3 * CHUNK);
    let (to, upload) = (scene.process(), upload("a", &content));
    let error = put(&to, &upload, &content, 2).await.unwrap_err();
    assert!(matches!(error, DestinationError::Busy { .. }), "{error}");
    assert_eq!(scene.received(), 0);
    put(&to, &upload, &content, 0).await.unwrap();
    put(&to, &upload, &content, 0).await.unwrap();
    assert_eq!(scene.received(), CHUNK, "and what is there is not sent again");
}

#[tokio::test]
async fn google_makes_no_object_of_what_was_damaged_on_the_way() {
    let scene = Scene::new().await;
    let content = footage(CHUNK + 5);
    let (to, upload) = (scene.process(), upload("a", &content));
    let mut damaged = content.clone();
    damaged[1_234] ^= 1;
    put(&to, &upload, &damaged, 0).await.unwrap();
    let error = put(&to, &upload, &content, 1).await.unwrap_err();
    assert!(matches!(error, DestinationError::ChunkDamaged(_)), "{error}");
    assert_eq!(to.stat(&upload.object).await.unwrap(), NOTHING);

    assert_eq!(to.staged(&upload).await.unwrap(), NO_CHUNKS, "nothing of it is gone on with");
    assert_eq!(deliver(&to, &upload, &content).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&to, &upload).await.unwrap(), ProofMethod::Crc32c);
}

#[tokio::test]
async fn a_broken_spool_is_not_blamed_on_the_network_and_nothing_that_came_from_it_is_kept() {
    let scene = Scene::new().await;
    let content = footage(2 * CHUNK);
    let (to, upload) = (scene.process(), upload("a", &content));
    put(&to, &upload, &content, 0).await.unwrap();
    let good = chunk(&upload, &content, 1);
    let broken = ChunkBody::new(good.length, good.crc64, || {
        let damaged = Ok(Bytes::from(footage(PIECE + 10)));
        stream::iter([damaged, Err(std::io::Error::other("checksum mismatch"))]).boxed()
    });
    let error = to.put_chunk(&upload, 1, broken).await.unwrap_err();
    assert!(matches!(error, DestinationError::SpoolDamaged(_)), "{error}");
    assert_eq!(to.staged(&upload).await.unwrap(), NO_CHUNKS);
    assert_eq!(deliver(&to, &upload, &content).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&to, &upload).await.unwrap(), ProofMethod::Crc32c);
}

#[tokio::test]
async fn a_segment_whose_checksum_google_could_not_be_told_is_read_back() {
    let scene = Scene::new().await;
    let content = footage(CHUNK + 5);
    let (to, mut upload) = (scene.process(), upload("a", &content));
    upload.fingerprint.crc32c = None;
    assert_eq!(deliver(&to, &upload, &content).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&to, &upload).await.unwrap(), ProofMethod::ReadBack);

    let (mut damaged, mut other) = (content.clone(), upload.clone());
    damaged[77] ^= 1;
    other.object = ObjectName::new("b").unwrap();
    assert_eq!(deliver(&to, &other, &damaged).await.unwrap(), CommitOutcome::Created);
    assert!(matches!(proof(&to, &other).await, Err(Unproven::OtherContent)));
}

#[tokio::test]
async fn an_object_that_is_not_what_was_sent_is_not_proven() {
    let scene = Scene::new().await;
    let content = footage(CHUNK + 5);
    let (to, one, other) = (scene.process(), upload("a", &content), upload("b", &content));
    scene.google.fail(Fault::StoreOtherwise);
    assert_eq!(deliver(&to, &one, &content).await.unwrap(), CommitOutcome::Created);
    assert!(matches!(proof(&to, &one).await, Err(Unproven::OtherContent)));

    // Who suspects Google's own checksums reads back.
    scene.google.fail(Fault::StoreOtherwiseAndLie);
    assert_eq!(deliver(&to, &other, &content).await.unwrap(), CommitOutcome::Created);
    assert!(matches!(proof_by(&to, &other, ProofPolicy::ReadBack).await, Err(Unproven::OtherContent)));
    assert!(scene.google.all_went_wrong());
}

#[tokio::test]
async fn an_existing_object_is_never_overwritten() {
    let scene = Scene::new().await;
    let (first, second) = (footage(CHUNK + 5), footage(CHUNK + 4));
    let (to, winner, loser) = (scene.process(), upload("same-name", &first), upload("same-name", &second));
    assert_eq!(deliver(&to, &winner, &first).await.unwrap(), CommitOutcome::Created);
    let before = to.stat(&winner.object).await.unwrap();

    assert_eq!(deliver(&to, &loser, &second).await.unwrap(), CommitOutcome::AlreadyThere);
    assert_eq!(to.stat(&winner.object).await.unwrap(), before);
    assert_eq!(scene.google.content("same-name"), Some(first.clone()));
    assert!(matches!(proof(&to, &loser).await, Err(Unproven::OtherContent)));

    scene.google.put("theirs", &first);
    let theirs = upload("theirs", &first);
    assert_eq!(deliver(&to, &theirs, &first).await.unwrap(), CommitOutcome::AlreadyThere);
    assert_eq!(proof(&to, &theirs).await.unwrap(), ProofMethod::Crc32c, "whoever put it there, it is the same content");
}

#[tokio::test]
async fn of_two_stations_that_send_the_same_one_makes_the_object_and_both_prove_it() {
    let scene = Scene::new().await;
    let content = footage(CHUNK + 9);
    let (one, other, upload) = (scene.process_of("hq-01"), scene.process_of("hq-02"), upload("a", &content));
    for station in [&one, &other] {
        put(station, &upload, &content, 0).await.unwrap();
    }
    let (first, second) = tokio::join!(put(&one, &upload, &content, 1), put(&other, &upload, &content, 1));
    first.and(second).unwrap();
    let mut outcomes = [one.commit(&upload).await.unwrap(), other.commit(&upload).await.unwrap()];
    outcomes.sort_by_key(|outcome| *outcome == CommitOutcome::AlreadyThere);
    assert_eq!(outcomes, [CommitOutcome::Created, CommitOutcome::AlreadyThere]);
    for station in [&one, &other] {
        assert_eq!(proof(station, &upload).await.unwrap(), ProofMethod::Crc32c);
    }
}

#[tokio::test]
async fn an_empty_segment_is_an_empty_object() {
    let scene = Scene::new().await;
    let (to, upload) = (scene.process(), upload("empty.mp4", b""));
    assert!(matches!(proof(&to, &upload).await, Err(Unproven::Absent)));
    assert_eq!(to.commit(&upload).await.unwrap(), CommitOutcome::Created);
    for policy in [ProofPolicy::Attested, ProofPolicy::ReadBack] {
        proof_by(&to, &upload, policy).await.unwrap();
    }
    assert_eq!(to.commit(&upload).await.unwrap(), CommitOutcome::AlreadyThere);
}

#[tokio::test]
async fn an_overloaded_place_is_given_the_time_it_asks_for_and_a_storm_loses_nothing() {
    let scene = Scene::new().await;
    let content = footage(2 * CHUNK + 3);
    let (to, upload) = (scene.process(), upload("a", &content));
    put(&to, &upload, &content, 0).await.unwrap();
    scene.google.fail(Fault::Answer(429, Some(17)));
    let error = put(&to, &upload, &content, 1).await.unwrap_err();
    assert!(matches!(error, DestinationError::Busy { retry_after: Some(wait), .. } if wait.as_secs() == 17), "{error}");
    for status in [500, 503, 502, 504, 500, 408] {
        scene.google.fail(Fault::Answer(status, None));
        let error = deliver(&to, &upload, &content).await.unwrap_err();
        assert!(matches!(error, DestinationError::Busy { .. }), "{status}: {error}");
    }
    assert_eq!(deliver(&to, &upload, &content).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&to, &upload).await.unwrap(), ProofMethod::Crc32c);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let scene = Scene::new().await;
    let (content, to) = (footage(100), scene.process());
    let upload = upload("a", &content);
    scene.google.take_away("storage.objects.create");
    assert_eq!(
        put(&to, &upload, &content, 0).await.unwrap_err().to_string(),
        "refused (403 forbidden: storage.objects.create is missing): check credential google.json"
    );
    scene.google.take_away("storage.objects.get");
    assert!(matches!(to.stat(&upload.object).await, Err(DestinationError::Denied { .. })));

    let nowhere = destination(GcsSettings { bucket: "nowhere".to_owned(), ..scene.settings("hq-01") });
    for error in [
        nowhere.place().await.unwrap_err(),
        nowhere.enrol(PlaceId::random()).await.unwrap_err(),
        nowhere.attest(&upload.object).await.unwrap_err(),
        put(&nowhere, &upload, &content, 0).await.unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "bucket nowhere does not exist: create it, or correct the configuration");
    }
}

#[tokio::test]
async fn whether_evidence_can_be_deleted_is_found_out_of_the_very_object() {
    for (lock, outcome) in [
        (Some(Lock::Retention), DeleteOutcome::Refused),
        (Some(Lock::Hold), DeleteOutcome::Refused),
        (Some(Lock::Permission), DeleteOutcome::Refused),
        (None, DeleteOutcome::Deleted),
    ] {
        let scene = Scene::new().await;
        let (to, object) = (scene.process(), ObjectName::new("camdock-check/a").unwrap());
        scene.google.put(object.as_str(), b"check");
        if let Some(lock) = lock {
            scene.google.lock(lock);
        }
        assert_eq!(to.try_delete(&object).await.unwrap(), outcome, "{lock:?}");
        let there = to.stat(&object).await.unwrap() != NOTHING;
        assert_eq!(there, outcome == DeleteOutcome::Refused, "{lock:?}");
    }
}

#[tokio::test]
async fn the_first_who_enrols_the_bucket_has_enrolled_it() {
    let scene = Scene::new().await;
    let (one, other) = (scene.process_of("hq-01"), scene.process_of("hq-02"));
    assert_eq!(one.place().await.unwrap(), None);
    let id = PlaceId::random();
    assert_eq!(one.enrol(id).await.unwrap(), id);
    assert_eq!(other.enrol(PlaceId::random()).await.unwrap(), id);
    scene.google.remove(".camdock/place");
    scene.google.put(".camdock/place", b"something else");
    assert!(matches!(other.place().await, Err(DestinationError::WrongPlace(_))));
}

#[tokio::test]
async fn a_captive_portal_is_not_believed() {
    let scene = Scene::new().await;
    let content = footage(100);
    let upload = upload("a", &content);
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>",
        "HTTP/1.1 200 OK\r\nx-guploader-uploadid: 1\r\ncontent-length: 13\r\n\r\n<html></html>",
        "HTTP/1.1 308 Permanent Redirect\r\nlocation: http://127.0.0.1:1/login\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/login\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 412 Precondition Failed\r\ncontent-length: 0\r\n\r\n",
    ] {
        let portal = portal(answer).await;
        let station = scene.folder.path().join("portal");
        let to = destination(GcsSettings { endpoint: portal, ..scene.settings("portal") });
        // A session of before, so that there is something to go on with.
        note_a_session(&station, &upload).await;
        for error in [
            to.stat(&upload.object).await.unwrap_err(),
            to.attest(&upload.object).await.unwrap_err(),
            to.staged(&upload).await.unwrap_err(),
            put(&to, &upload, &content, 0).await.unwrap_err(),
            to.commit(&upload).await.unwrap_err(),
            to.try_delete(&upload.object).await.unwrap_err(),
            to.read(&upload.object).await.err().unwrap(),
            to.enrol(PlaceId::random()).await.unwrap_err(),
        ] {
            let text = error.to_string();
            let wrong = matches!(error, DestinationError::Unreachable(_) | DestinationError::WrongPlace(_));
            assert!(wrong && !text.contains("token-"), "{answer}: {text}");
        }
    }
}

/// Gives everybody the same answer.
async fn portal(answer: &'static str) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = vec![0; 64 * 1024];
            let _ = connection.read(&mut request).await;
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    endpoint
}

async fn note_a_session(station: &Path, upload: &Upload) {
    let note = serde_json::json!({"session": "/upload/storage/v1/b/evidence/o?upload_id=1"});
    UploadNotes::open(station.to_owned()).add(upload, &note).await;
}
