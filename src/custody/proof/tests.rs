//! What counts as a proof, against a place that says whatever a test has it say.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _};

use super::*;
use crate::cloud::{ByteStream, ChunkBody, CommitOutcome, DeleteOutcome, Enrolment, Protects, Upload};
use crate::domain::{ByteCount, Checksum, ChunkRules, Crc64, Enforcement, LegalHold, Moment, Retention, Sha256};

const FILM: &[u8] = b"a film of eighteen";
const CHUNK: ByteCount = ByteCount::new(8);

fn film() -> Fingerprint {
    Fingerprint::of(FILM, CHUNK)
}

fn enrolled() -> PlaceId {
    PlaceId::parse("00112233445566778899aabbccddeeff").unwrap()
}

fn state(version: &str, length: usize) -> ObjectState {
    let (length, version) = (ByteCount::new(length as u64), Version(version.to_owned()));
    ObjectState { length, version, protection: Protection::NONE }
}

fn here<T>(object: Option<T>) -> Seen<T> {
    Seen::new(Some(enrolled()), object)
}

/// What a place says, in the order in which it is asked.
struct Place {
    name: DestinationName,
    stats: Mutex<VecDeque<Seen<ObjectState>>>,
    attestation: Seen<Attestation>,
    /// How often it was asked for that.
    attested: Mutex<u32>,
    content: Vec<&'static [u8]>,
}

impl Place {
    /// One that knows nothing of the object's content, and has the film.
    fn with_the_film() -> Self {
        let attestation = Attestation { state: state("1", FILM.len()), evidence: Evidence::Unknown };
        Self {
            name: DestinationName::new("nas").unwrap(),
            stats: Mutex::new(VecDeque::from([here(Some(state("1", FILM.len())))])),
            attestation: here(Some(attestation)),
            attested: Mutex::new(0),
            content: vec![&FILM[..5], &FILM[5..]],
        }
    }

    fn attests(self, evidence: Evidence) -> Self {
        Self { attestation: here(Some(Attestation { state: state("1", FILM.len()), evidence })), ..self }
    }

    fn says(self, stats: impl IntoIterator<Item = Seen<ObjectState>>) -> Self {
        Self { stats: Mutex::new(stats.into_iter().collect()), ..self }
    }

    fn prove(&self, policy: ProofPolicy, remembered: Option<&Remembered>) -> Result<ProofMethod, String> {
        let proof = self.prove_kept(policy, Protection::NONE, remembered);
        proof.map(|proof| proof.method()).map_err(|error| error.to_string())
    }

    fn prove_kept(
        &self,
        policy: ProofPolicy,
        protection: Protection,
        remembered: Option<&Remembered>,
    ) -> Result<Proof, Unproven> {
        let (object, content) = (ObjectName::new("BWC-1/A.MP4").unwrap(), film());
        let wanted = Wanted { object: &object, content: &content, policy, protection };
        prove(self, enrolled(), wanted, remembered).now_or_never().expect("it answers at once")
    }

    fn read_back(&self) -> Result<ProofMethod, String> {
        self.prove(ProofPolicy::ReadBack, None)
    }
}

#[async_trait]
impl Destination for Place {
    fn name(&self) -> &DestinationName {
        &self.name
    }

    fn chunk_rules(&self) -> ChunkRules {
        ChunkRules::ANY
    }

    fn enrolment(&self) -> Enrolment {
        Enrolment::ByPerson
    }

    fn protects(&self) -> Protects {
        unreachable!("a proof changes nothing")
    }

    async fn place(&self) -> Result<Option<PlaceId>, DestinationError> {
        unreachable!("nothing but the object is asked about")
    }

    async fn enrol(&self, _: PlaceId) -> Result<PlaceId, DestinationError> {
        unreachable!("a proof changes nothing")
    }

    async fn stat(&self, _: &ObjectName) -> Result<Seen<ObjectState>, DestinationError> {
        Ok(self.stats.lock().unwrap().pop_front().expect("it is asked no more often"))
    }

    async fn attest(&self, _: &ObjectName) -> Result<Seen<Attestation>, DestinationError> {
        *self.attested.lock().unwrap() += 1;
        Ok(self.attestation.clone())
    }

    async fn staged(&self, _: &Upload) -> Result<Vec<u32>, DestinationError> {
        unreachable!("a proof changes nothing")
    }

    async fn put_chunk(&self, _: &Upload, _: u32, _: ChunkBody) -> Result<(), DestinationError> {
        unreachable!("a proof changes nothing")
    }

    async fn commit(&self, _: &Upload) -> Result<CommitOutcome, DestinationError> {
        unreachable!("a proof changes nothing")
    }

    async fn read(&self, _: &ObjectName) -> Result<ByteStream, DestinationError> {
        let pieces: Vec<_> = self.content.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
        Ok(futures::stream::iter(pieces).boxed())
    }

    async fn protect(&self, _: &ObjectName, _: &Version, _: Protection) -> Result<(), DestinationError> {
        unreachable!("a proof changes nothing")
    }

    async fn try_delete(&self, _: &ObjectName) -> Result<DeleteOutcome, DestinationError> {
        unreachable!("a proof changes nothing")
    }
}

/// The film's chunks as a place lists them.
fn chunks() -> Vec<CommittedChunk> {
    let chunk = |(index, crc64): (u32, &Crc64)| {
        let length = ByteCount::new(film().chunk_range(index).1);
        CommittedChunk { index, length, crc64: *crc64 }
    };
    (0..).zip(&*film().chunks).map(chunk).collect()
}

/// The film's chunks after somebody did this to the last of them.
fn with_last(change: impl FnOnce(&mut CommittedChunk)) -> Vec<CommittedChunk> {
    let mut chunks = chunks();
    change(chunks.last_mut().unwrap());
    chunks
}

#[test]
fn what_the_place_itself_has_computed_is_a_proof_or_a_verdict() {
    let other = Fingerprint::of(b"another of eighteen", CHUNK);
    let other_chunk = other.chunks[0];
    let verdict = Err("an object of this name with other content is there".to_owned());
    for (case, evidence, expected) in [
        ("its hash", Evidence::Whole(Checksum::Sha256(film().sha256)), Ok(ProofMethod::Sha256)),
        ("another hash", Evidence::Whole(Checksum::Sha256(Sha256::of(b"else"))), verdict.clone()),
        ("its chunks", Evidence::Chunks(chunks()), Ok(ProofMethod::Crc64OfChunks)),
        ("its CRC-64", Evidence::Whole(Checksum::Crc64(film().crc64())), Ok(ProofMethod::Crc64)),
        ("its CRC-32C", Evidence::Whole(Checksum::Crc32c(film().crc32c.unwrap())), Ok(ProofMethod::Crc32c)),
        ("a chunk of other content", Evidence::Chunks(with_last(|last| last.crc64 = other_chunk)), verdict.clone()),
        ("a chunk in another place", Evidence::Chunks(with_last(|last| last.index = 0)), verdict),
    ] {
        let place = Place::with_the_film().attests(evidence);
        assert_eq!(place.prove(ProofPolicy::Attested, None), expected, "{case}");
    }
}

#[test]
fn what_the_place_cannot_tell_is_read_back() {
    let longer = with_last(|last| last.length = CHUNK);
    let fewer = chunks()[..2].to_vec();
    let none = Vec::new();
    for evidence in [Evidence::Unknown, Evidence::Chunks(longer), Evidence::Chunks(fewer), Evidence::Chunks(none)] {
        let place = Place::with_the_film().attests(evidence.clone());
        assert_eq!(place.prove(ProofPolicy::Attested, None), Ok(ProofMethod::ReadBack), "{evidence:?}");
    }
    let certain = Place::with_the_film().attests(Evidence::Whole(Checksum::Sha256(film().sha256)));
    assert_eq!(certain.read_back(), Ok(ProofMethod::ReadBack), "where that is asked for, always");
}

#[test]
fn an_object_of_another_length_is_another_whatever_is_said_of_it() {
    for length in [FILM.len() - 1, FILM.len() + 1] {
        let attestation =
            Attestation { state: state("1", length), evidence: Evidence::Whole(Checksum::Sha256(film().sha256)) };
        let place = Place { attestation: here(Some(attestation)), ..Place::with_the_film() };
        let error = place.prove(ProofPolicy::Attested, None).unwrap_err();
        assert_eq!(error, "an object of this name with other content is there", "{length}");
    }
}

#[test]
fn what_is_read_back_must_be_the_film_and_must_not_have_changed_meanwhile() {
    let read = |content: Vec<&'static [u8]>| Place { content, ..Place::with_the_film() }.read_back();
    assert_eq!(read(vec![FILM]), Ok(ProofMethod::ReadBack));
    assert_eq!(read(vec![b"A film of eighteen"]), Err("an object of this name with other content is there".to_owned()));
    // It never ends; the film would be its beginning.
    assert_eq!(read(vec![FILM, b"!", b"more"]), Err("an object of this name with other content is there".to_owned()));
    let cut_short = read(vec![&FILM[..17]]).unwrap_err();
    assert!(cut_short.ends_with("could not be read back to its end"), "{cut_short}");

    let then = |stat: Option<ObjectState>| Place::with_the_film().says([here(stat)]).read_back().unwrap_err();
    for changed in [state("2", FILM.len()), state("1", FILM.len() + 1)] {
        assert_eq!(then(Some(changed)), "the object changed while it was being looked at");
    }
    assert_eq!(then(None), "it is not there");
    let elsewhere = Seen::new(None, Some(state("1", FILM.len())));
    let error = Place::with_the_film().says([elsewhere]).read_back().unwrap_err();
    assert!(error.contains("the place that was enrolled"), "{error}");
}

#[test]
fn an_earlier_proof_holds_for_that_very_version_only_and_only_if_it_was_strong_enough() {
    use {Asking::*, ProofMethod as Was, ProofPolicy as Asked};
    let same = || state("1", FILM.len());
    for (was, asked, now, expected) in [
        (Was::Attested, Asked::Attested, same(), (Was::Attested, Spared)),
        (Was::ReadBack, Asked::Attested, same(), (Was::ReadBack, Spared)),
        (Was::ReadBack, Asked::ReadBack, same(), (Was::ReadBack, Spared)),
        (Was::Attested, Asked::ReadBack, same(), (Was::ReadBack, Anew)),
        (Was::ReadBack, Asked::Attested, state("2", FILM.len()), (Was::Sha256, Anew)),
        (Was::ReadBack, Asked::Attested, state("1", FILM.len() + 1), (Was::Sha256, Anew)),
    ] {
        let remembered = Remembered { version: Version("1".to_owned()), method: was };
        let place = Place::with_the_film().attests(Evidence::Whole(Checksum::Sha256(film().sha256)));
        let place = place.says([here(Some(now.clone())), here(Some(same()))]);
        let method = place.prove(asked, Some(&remembered)).unwrap();
        let asking = if *place.attested.lock().unwrap() == 0 { Spared } else { Anew };
        assert_eq!((method, asking), expected, "{was} {asked:?} {now:?}");
    }
    let nameless = Remembered { version: Version(String::new()), method: Was::ReadBack };
    let place =
        Place::with_the_film().attests(Evidence::Whole(Checksum::Sha256(film().sha256))).says([here(Some(same()))]);
    assert_eq!(place.prove(Asked::Attested, Some(&nameless)), Ok(Was::Sha256));
    assert_eq!(*place.attested.lock().unwrap(), 1, "one that names no version spares nothing");
    let gone = Place::with_the_film().says([here(None)]);
    let remembered = Remembered { version: Version("1".to_owned()), method: Was::ReadBack };
    assert_eq!(gone.prove(Asked::Attested, Some(&remembered)), Err("it is not there".to_owned()));
}

/// Whether a place is asked for a proof again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    Spared,
    Anew,
}

/// Kept so long, and held if that is said.
fn kept(until: i64, enforcement: Enforcement, legal_hold: LegalHold) -> Protection {
    Protection { retention: Some(Retention { until: Moment::from_millis(until), enforcement }), legal_hold }
}

#[test]
fn a_copy_that_could_be_deleted_too_early_is_no_proof() {
    let (locked, unlocked) = (Enforcement::Locked, Enforcement::Unlocked);
    let wanted = kept(5_000, locked, LegalHold::Placed);
    for (is, enough) in [
        (Protection::NONE, false),
        (kept(4_000, locked, LegalHold::Placed), false),
        (kept(5_000, locked, LegalHold::Absent), false),
        (Protection { retention: None, legal_hold: LegalHold::Placed }, false),
        (kept(5_000, locked, LegalHold::Placed), true),
        (kept(6_000, unlocked, LegalHold::Placed), true),
    ] {
        let kept_so = ObjectState { protection: is, ..state("1", FILM.len()) };
        let evidence = Evidence::Whole(Checksum::Sha256(film().sha256));
        let mut place = Place::with_the_film().says([here(Some(kept_so.clone()))]);
        place.attestation = here(Some(Attestation { state: kept_so, evidence }));
        let remembered = Remembered { version: Version("1".to_owned()), method: ProofMethod::Attested };
        for remembered in [None, Some(&remembered)] {
            match place.prove_kept(ProofPolicy::Attested, wanted, remembered) {
                Ok(proof) => assert!(enough && proof.protection() == is, "{is}"),
                Err(Unproven::Unprotected { is: shown, .. }) => assert!(!enough && shown == is, "{is}"),
                Err(error) => panic!("{is}: {error}"),
            }
        }
    }
}

#[test]
fn other_content_is_other_content_however_well_it_is_kept() {
    let wanted = kept(5_000, Enforcement::Locked, LegalHold::Absent);
    let state = ObjectState { protection: wanted, ..state("1", FILM.len()) };
    let mut place = Place::with_the_film();
    let evidence = Evidence::Whole(Checksum::Sha256(Sha256::of(b"else")));
    place.attestation = here(Some(Attestation { state, evidence }));
    assert!(matches!(place.prove_kept(ProofPolicy::Attested, wanted, None), Err(Unproven::OtherContent)));
}
