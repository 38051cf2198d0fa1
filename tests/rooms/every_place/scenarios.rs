//! What the port promises, as stories that every kind of place must tell alike.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use camdock::cloud::{
    ChunkBody, CommitOutcome, DeleteOutcome, Destination, DestinationError, Seen, Upload, WrongPlace,
};
use camdock::custody::{Proof, Unproven, Wanted, prove};
use camdock::domain::{
    ByteCount, ChunkOrder, Fingerprint, ObjectName, PlaceId, ProofMethod, ProofPolicy, Protection, SourcePath,
};
use camdock_test_support::proxy::{Fault, FaultMix, FaultyProxy};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::keeping;
use super::places::Place;

type Scenario = for<'a> fn(&'a dyn Place, &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Every promise, and its story.
pub(super) const ALL: &[(&str, Scenario)] = &[
    ("what was committed is proven, and reads back as it was", |place, at| Box::pin(proven(place, at))),
    ("an object of one chunk, or of none, is one like others", |place, at| Box::pin(small(place, at))),
    ("an upload goes on after a restart with what was staged", |place, at| Box::pin(resumed(place, at))),
    ("a chunk that is damaged on its way does not count", |place, at| Box::pin(damaged(place, at))),
    ("an object is never overwritten, whoever comes second", |place, at| Box::pin(kept(place, at))),
    ("of two that race for one name each finds the object whole", |place, at| Box::pin(raced(place, at))),
    ("nothing counts at a place that is not the enrolled one", |place, at| Box::pin(enrolled(place, at))),
    ("what is not there is told apart from a place that is not there", |place, at| Box::pin(absent(place, at))),
    ("whatever goes wrong on the way, what is proven is there", |place, at| Box::pin(troubled(place, at))),
    ("an answer that got lost is found again", |place, at| Box::pin(lost(place, at))),
    ("who asks for patience is given it", |place, at| Box::pin(busy(place, at))),
    ("a login page on the way is not believed", |place, at| Box::pin(strange(place, at))),
    ("an object that breaks off while it is read is not another one", |place, at| Box::pin(broken_off(place, at))),
    ("a wrong secret is refused, and named", |place, at| Box::pin(refused(place, at))),
    ("a path of any length and script travels along", |place, at| Box::pin(named(place, at))),
    ("what is asked to be kept is kept, or the place says that it is not", |place, at| {
        Box::pin(keeping::keeps_what_it_is_asked_to(place, at))
    }),
    ("the check object can be taken away, or the place says no", |place, at| Box::pin(deleted(place, at))),
];

/// The smallest chunk that every kind of place takes.
const CHUNK: ByteCount = ByteCount::new(5 << 20);

/// Bytes of which no two stretches are alike, so that the order of chunks matters.
pub(super) fn footage(length: usize) -> Bytes {
    let mut rng = fastrand::Rng::with_seed(length as u64);
    let mut bytes = vec![0; length];
    rng.fill(&mut bytes);
    bytes.into()
}

/// Three chunks, of which the last is a short one.
fn film() -> Bytes {
    footage((11 << 20) + 7)
}

pub(super) fn upload(name: &str, content: &[u8]) -> Upload {
    let object = ObjectName::new(name).unwrap();
    Upload {
        object,
        fingerprint: Fingerprint::of(content, CHUNK),
        metadata: vec![("camera", "BWC-0001".to_owned())],
        protection: Protection::NONE,
    }
}

pub(super) fn chunk(upload: &Upload, content: &Bytes, index: u32) -> ChunkBody {
    let (offset, length) = upload.fingerprint.chunk_range(index);
    let (from, to) = (usize::try_from(offset).unwrap(), usize::try_from(offset + length).unwrap());
    let bytes = content.slice(from..to);
    let crc64 = upload.fingerprint.chunks[index as usize];
    ChunkBody::new(ByteCount::new(length), crc64, move || {
        let pieces: Vec<_> = bytes.chunks(1 << 20).map(|piece| Ok(bytes.slice_ref(piece))).collect();
        stream::iter(pieces).boxed()
    })
}

pub(super) async fn enrol(destination: &dyn Destination) -> PlaceId {
    destination.enrol(PlaceId::random()).await.unwrap()
}

async fn put(destination: &dyn Destination, upload: &Upload, content: &Bytes, chunks: &[u32]) {
    for index in chunks {
        destination.put_chunk(upload, *index, chunk(upload, content, *index)).await.unwrap();
    }
}

/// How the port's promises about chunks read at a place, which differs with the order in which it takes them.
struct Order {
    /// Which chunks of a film are staged when a station is ended in the middle, in the order in which they were sent.
    first: &'static [u32],
    /// Which one is missing then.
    missing: u32,
    /// All that can be staged while there is no object yet.
    short_of_the_object: &'static [u32],
    /// What a commit says whose predecessor has made the object without being heard.
    told_again: CommitOutcome,
}

impl Order {
    fn at(destination: &dyn Destination) -> Self {
        match destination.chunk_rules().order {
            ChunkOrder::Any => Self {
                first: &[2, 0],
                missing: 1,
                short_of_the_object: &[0, 1, 2],
                told_again: CommitOutcome::AlreadyThere,
            },
            // The last chunk makes the object, and its session remembers that.
            ChunkOrder::OneAfterAnother => {
                Self { first: &[0, 1], missing: 2, short_of_the_object: &[0, 1], told_again: CommitOutcome::Created }
            }
        }
    }

    /// The chunks that are staged when a station is ended in the middle.
    fn staged(&self) -> Vec<u32> {
        let mut staged = self.first.to_vec();
        staged.sort_unstable();
        staged
    }
}

/// Puts and commits all of it, as an uploader would.
pub(super) async fn store(destination: &dyn Destination, upload: &Upload, content: &Bytes) -> CommitOutcome {
    let all: Vec<u32> = (0..upload.fingerprint.chunk_count()).collect();
    put(destination, upload, content, &all).await;
    destination.commit(upload).await.unwrap()
}

pub(super) async fn ask(
    destination: &dyn Destination,
    place: PlaceId,
    upload: &Upload,
    policy: ProofPolicy,
) -> Result<Proof, Unproven> {
    prove(destination, place, Wanted::of(upload, policy), None).await
}

async fn content_of(destination: &dyn Destination, upload: &Upload) -> Vec<u8> {
    let content = destination.read(&upload.object).await.unwrap();
    content.map_ok(|piece| piece.to_vec()).try_concat().await.unwrap()
}

async fn proven(at: &dyn Place, container: &str) {
    let destination = at.connect(container);
    let (place, content) = (enrol(&*destination).await, film());
    let upload = upload("BWC-0001/2026/01/02/A.MP4", &content);
    assert_eq!(destination.staged(&upload).await.unwrap(), [0_u32; 0]);
    put(&*destination, &upload, &content, &[0, 1, 2]).await;
    assert_eq!(destination.commit(&upload).await.unwrap(), CommitOutcome::Created);
    let proof = ask(&*destination, place, &upload, ProofPolicy::Attested).await.unwrap();
    assert_ne!(proof.method(), ProofMethod::ReadBack, "by its own checksums");
    let proof = ask(&*destination, place, &upload, ProofPolicy::ReadBack).await.unwrap();
    assert_eq!(proof.method(), ProofMethod::ReadBack);
    assert!(content_of(&*destination, &upload).await == content);
    let seen = destination.stat(&upload.object).await.unwrap().at(place).unwrap().unwrap();
    assert_eq!((seen.length, &seen.version), (upload.fingerprint.size, proof.version()));
}

async fn small(at: &dyn Place, container: &str) {
    let destination = at.connect(container);
    let place = enrol(&*destination).await;
    for (name, content) in [("empty", footage(0)), ("one-byte", footage(1)), ("one-chunk", footage(5 << 20))] {
        let upload = upload(name, &content);
        assert_eq!(store(&*destination, &upload, &content).await, CommitOutcome::Created, "{name}");
        ask(&*destination, place, &upload, ProofPolicy::Attested).await.unwrap();
        assert!(content_of(&*destination, &upload).await == content, "{name}");
    }
}

async fn resumed(at: &dyn Place, container: &str) {
    stages_two_of_three(&*at.connect(container)).await;
    sends_what_is_missing(&*at.connect(container)).await;
}

/// A station is ended in the middle of an upload.
pub(super) async fn stages_two_of_three(destination: &dyn Destination) {
    let content = film();
    enrol(destination).await;
    put(destination, &upload("A.MP4", &content), &content, Order::at(destination).first).await;
}

/// It goes on with what is there already.
pub(super) async fn sends_what_is_missing(destination: &dyn Destination) {
    let (content, order) = (film(), Order::at(destination));
    let (upload, place) = (upload("A.MP4", &content), enrol(destination).await);
    assert_eq!(destination.staged(&upload).await.unwrap(), order.staged(), "only one is to be sent");
    assert_eq!(destination.commit(&upload).await.unwrap(), CommitOutcome::ChunksMissing, "nothing is made of a part");
    put(destination, &upload, &content, &[order.missing]).await;
    assert_eq!(destination.commit(&upload).await.unwrap(), CommitOutcome::Created);
    ask(destination, place, &upload, ProofPolicy::ReadBack).await.unwrap();
}

/// One object from its beginning to its proof.
pub(super) async fn stores_and_proves(destination: &dyn Destination, name: &str) {
    let (place, content) = (enrol(destination).await, film());
    let upload = upload(name, &content);
    assert_eq!(store(destination, &upload, &content).await, CommitOutcome::Created);
    ask(destination, place, &upload, ProofPolicy::Attested).await.unwrap();
}

/// A connection on whose way the next requests meet this.
fn through(at: &dyn Place, container: &str, faults: FaultMix) -> Option<(FaultyProxy, Arc<dyn Destination>)> {
    let way = FaultyProxy::start(at.address()?, 7, faults);
    let destination = at.connect_through(container, way.addr())?;
    Some((way, destination))
}

/// The next requests, so many, meet this.
fn next(fault: Fault, times: u64) -> FaultMix {
    FaultMix::none().with(fault, 1.0).at_most(times)
}

async fn troubled(at: &dyn Place, container: &str) {
    let straight = at.connect(container);
    let (place, content) = (enrol(&*straight).await, film());
    let Some((way, destination)) = through(at, container, FaultMix::everything(0.04).at_most(200)) else { return };
    for name in ["A.MP4", "B.MP4", "C.MP4", "D.MP4"] {
        let upload = upload(name, &content);
        let mut rounds = 0;
        while ask(&*destination, place, &upload, ProofPolicy::Attested).await.is_err() {
            rounds += 1;
            assert!(rounds < 100, "it never gets there: {:?}", way.counts());
            let Ok(staged) = destination.staged(&upload).await else { continue };
            for index in (0..3).filter(|index| !staged.contains(index)) {
                let _ = destination.put_chunk(&upload, index, chunk(&upload, &content, index)).await;
            }
            let _ = destination.commit(&upload).await;
        }
        assert!(content_of(&*straight, &upload).await == content, "{name}");
    }
    assert!(way.counts().total() > 5, "{:?}", way.counts());
}

async fn lost(at: &dyn Place, container: &str) {
    let straight = at.connect(container);
    let (place, content, order) = (enrol(&*straight).await, film(), Order::at(&*straight));
    let upload = upload("A.MP4", &content);
    put(&*straight, &upload, &content, order.short_of_the_object).await;
    let Some((way, destination)) = through(at, container, next(Fault::LoseReply, 1).after(1)) else { return };
    assert_eq!(destination.staged(&upload).await.unwrap(), order.short_of_the_object);
    let unsent: Vec<u32> = (0..3).filter(|index| !order.short_of_the_object.contains(index)).collect();
    let made = match unsent[..] {
        [] => destination.commit(&upload).await.map(drop),
        [last] => destination.put_chunk(&upload, last, chunk(&upload, &content, last)).await,
        _ => panic!("{unsent:?}"),
    };
    assert!(matches!(made, Err(DestinationError::Unreachable(_))), "{made:?}");
    assert_eq!(way.counts().of(Fault::LoseReply), 1);
    ask(&*destination, place, &upload, ProofPolicy::ReadBack).await.unwrap();
    assert_eq!(destination.commit(&upload).await.unwrap(), order.told_again, "who asks twice is told so");
}

async fn busy(at: &dyn Place, container: &str) {
    for fault in [Fault::TooManyRequests, Fault::ServerBusy] {
        let Some((_way, destination)) = through(at, container, next(fault, 1)) else { return };
        let error = destination.place().await.unwrap_err();
        let asked = matches!(&error, DestinationError::Busy { retry_after: Some(wait), .. } if wait.as_secs() == 1);
        assert!(asked, "{error}");
        assert_eq!(destination.place().await.unwrap(), None, "afterwards it is well");
    }
    let Some((_way, destination)) = through(at, container, next(Fault::InternalError, 3)) else { return };
    for _ in 0..3 {
        assert!(matches!(destination.place().await, Err(DestinationError::Busy { .. })));
    }
    assert_eq!(destination.place().await.unwrap(), None);
}

async fn strange(at: &dyn Place, container: &str) {
    let content = film();
    let upload = upload("A.MP4", &content);
    let first = at.connect(container);
    put(&*first, &upload, &content, Order::at(&*first).short_of_the_object).await;
    for fault in [Fault::CaptivePortal, Fault::LyingSuccess] {
        let Some((_way, destination)) = through(at, container, next(fault, 100)) else { return };
        // Only the first kind meets every request.
        let place = destination.place().await;
        assert!(fault != Fault::CaptivePortal || matches!(place, Err(DestinationError::Unreachable(_))), "{place:?}");
        let _ = destination.put_chunk(&upload, 0, chunk(&upload, &content, 0)).await;
        let _ = destination.commit(&upload).await;
        let straight = at.connect(container);
        let place = enrol(&*straight).await;
        assert!(matches!(ask(&*straight, place, &upload, ProofPolicy::Attested).await, Err(Unproven::Absent)));
    }
}

async fn broken_off(at: &dyn Place, container: &str) {
    let straight = at.connect(container);
    let (place, content) = (enrol(&*straight).await, film());
    let upload = upload("A.MP4", &content);
    store(&*straight, &upload, &content).await;
    let Some((_way, destination)) = through(at, container, next(Fault::TruncateReply, 100)) else { return };
    let verdict = ask(&*destination, place, &upload, ProofPolicy::ReadBack).await;
    assert!(matches!(verdict, Err(Unproven::Unanswered(_))), "{verdict:?}");
}

async fn damaged(at: &dyn Place, container: &str) {
    let (destination, content) = (at.connect(container), film());
    let place = enrol(&*destination).await;
    let upload = upload("A.MP4", &content);
    let right = chunk(&upload, &content, 0);
    let mut bytes = content.slice(..5 << 20).to_vec();
    bytes[1_000] ^= 1;
    let bytes = Bytes::from(bytes);
    let wrong = ChunkBody::new(right.length, right.crc64, move || stream::iter([Ok(bytes.clone())]).boxed());
    let mut sent = destination.put_chunk(&upload, 0, wrong).await;
    if destination.chunk_rules().order == ChunkOrder::OneAfterAnother {
        // Such a place judges the whole, before it becomes an object.
        put(&*destination, &upload, &content, &[1]).await;
        sent = destination.put_chunk(&upload, 2, chunk(&upload, &content, 2)).await;
    } else {
        put(&*destination, &upload, &content, &[1, 2]).await;
    }
    let error = sent.unwrap_err();
    assert!(matches!(error, DestinationError::ChunkDamaged(_) | DestinationError::SpoolDamaged(_)), "{error}");
    assert!(!destination.staged(&upload).await.unwrap().contains(&0));
    assert_eq!(destination.commit(&upload).await.unwrap(), CommitOutcome::ChunksMissing);
    assert_eq!(store(&*destination, &upload, &content).await, CommitOutcome::Created, "it is mended");
    ask(&*destination, place, &upload, ProofPolicy::ReadBack).await.unwrap();
}

async fn kept(at: &dyn Place, container: &str) {
    let destination = at.connect(container);
    let (place, content, other) = (enrol(&*destination).await, film(), footage((11 << 20) + 8));
    let (first, second) = (upload("A.MP4", &content), upload("A.MP4", &other));
    store(&*destination, &first, &content).await;
    let version = ask(&*destination, place, &first, ProofPolicy::Attested).await.unwrap().version().clone();
    for (again, bytes) in [(&first, &content), (&second, &other)] {
        assert_eq!(store(&*at.connect(container), again, bytes).await, CommitOutcome::AlreadyThere);
    }
    let verdict = ask(&*destination, place, &second, ProofPolicy::Attested).await;
    assert!(matches!(verdict, Err(Unproven::OtherContent)), "{verdict:?}");
    let proof = ask(&*destination, place, &first, ProofPolicy::ReadBack).await.unwrap();
    assert_eq!(*proof.version(), version, "nobody has touched it");
}

async fn raced(at: &dyn Place, container: &str) {
    let (one, other) = (at.connect(container), at.connect(container));
    let (place, content) = (enrol(&*one).await, film());
    assert_eq!(enrol(&*other).await, place, "whoever is second takes over what the first has enrolled");
    let upload = upload("A.MP4", &content);
    let deliver = async |destination: &dyn Destination| {
        for _ in 0..5 {
            let all: Vec<u32> = (0..3).collect();
            for index in all {
                // Whoever is overtaken is told so, with one of the words that mean: ask again.
                let _ = destination.put_chunk(&upload, index, chunk(&upload, &content, index)).await;
            }
            let _ = destination.commit(&upload).await;
            if let Ok(proof) = ask(destination, place, &upload, ProofPolicy::ReadBack).await {
                return proof;
            }
        }
        panic!("it never gets there");
    };
    let (one, other) = tokio::join!(deliver(&*one), deliver(&*other));
    assert!(one.fingerprint().same_content(other.fingerprint()));
}

async fn enrolled(at: &dyn Place, container: &str) {
    let (destination, content) = (at.connect(container), footage(1_000));
    let upload = upload("A.MP4", &content);
    assert_eq!(destination.place().await.unwrap(), None);
    store(&*destination, &upload, &content).await;
    let meant = PlaceId::random();
    let verdict = ask(&*destination, meant, &upload, ProofPolicy::Attested).await;
    let nothing = WrongPlace::NoneThere { enrolled: meant };
    assert!(matches!(&verdict, Err(Unproven::Unanswered(DestinationError::WrongPlace(why))) if *why == nothing));
    let place = enrol(&*destination).await;
    assert_eq!(destination.place().await.unwrap(), Some(place));
    let verdict = ask(&*destination, meant, &upload, ProofPolicy::Attested).await;
    assert!(matches!(verdict, Err(Unproven::Unanswered(DestinationError::WrongPlace(WrongPlace::Other { .. })))));
    ask(&*destination, place, &upload, ProofPolicy::Attested).await.unwrap();
}

async fn absent(at: &dyn Place, container: &str) {
    let destination = at.connect(container);
    let place = enrol(&*destination).await;
    let upload = upload("A.MP4", &footage(10));
    assert_eq!(destination.stat(&upload.object).await.unwrap(), Seen::new(Some(place), None));
    assert!(matches!(ask(&*destination, place, &upload, ProofPolicy::Attested).await, Err(Unproven::Absent)));
    let nowhere = at.connect("nobody-made-this");
    let error = nowhere.stat(&upload.object).await.unwrap_err();
    assert!(matches!(error, DestinationError::NoContainer(_)), "{error}");
    assert!(matches!(nowhere.place().await, Err(DestinationError::NoContainer(_))));
}

async fn refused(at: &dyn Place, container: &str) {
    let Some(destination) = at.connect_wrongly(container) else { return };
    let error = destination.place().await.unwrap_err();
    assert!(matches!(&error, DestinationError::Denied { credential, .. } if credential == "primary.key"), "{error}");
    let upload = upload("A.MP4", &footage(10));
    let error = destination.stat(&upload.object).await.unwrap_err();
    assert!(matches!(error, DestinationError::Denied { .. }), "{error}");
}

async fn named(at: &dyn Place, container: &str) {
    let destination = at.connect(container);
    let (place, content) = (enrol(&*destination).await, footage(10));
    let path = "\u{9a8c}\u{8bc1}".repeat(371) + "/caf\u{e9} \"1\".MP4";
    let path = SourcePath::new(path.into_bytes()).escaped();
    let mut upload = upload("A.MP4", &content);
    upload.metadata.push(("original-name", path));
    assert_eq!(store(&*destination, &upload, &content).await, CommitOutcome::Created);
    ask(&*destination, place, &upload, ProofPolicy::Attested).await.unwrap();
}

async fn deleted(at: &dyn Place, container: &str) {
    let destination = at.connect(container);
    let (place, content) = (enrol(&*destination).await, footage(10));
    let upload = upload("camdock-check/a", &content);
    store(&*destination, &upload, &content).await;
    let outcome = destination.try_delete(&upload.object).await.unwrap();
    let seen = destination.stat(&upload.object).await.unwrap().at(place).unwrap();
    assert_eq!(seen.is_none(), outcome == DeleteOutcome::Deleted, "it is as it says");
}
