//! `camdock check` against a destination in memory that can misbehave.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use camdock::cloud::{Attestation, ByteStream, Evidence, Seen, Version};
use camdock::config::{AzureAccess, ConnectionSettings, CredentialKind, Place};
use camdock::domain::{BackFill, Need};
use camdock::domain::{
    Checksum, ChunkRules, DestinationName, Enforcement, HoldRule, PacingRules, ProtectionPolicy, Sha256,
};

use super::*;

/// What is unusual about a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quirk {
    None,
    AllowsDelete,
    Overwrites,
    RefusesWriting,
    RefusesReading,
    ReturnsOtherContent,
    HasNoChecksums,
    NeverAnswers,
    /// It says yes to whatever should keep an object, and forgets it.
    ForgetsTheLock,
    /// It shows a lock, and deletes all the same.
    ShowsALockAndDeletes,
    /// Its locks can be taken off.
    LocksWeakly,
    /// It keeps what it is asked to later, and not from the beginning.
    LocksLater,
}

struct Memory {
    name: DestinationName,
    place: PlaceId,
    quirk: Quirk,
    staged: Mutex<Option<Bytes>>,
    objects: Mutex<BTreeMap<ObjectName, (u32, Bytes)>>,
    kept: Mutex<BTreeMap<ObjectName, Protection>>,
}

impl Memory {
    fn object(&self, object: &ObjectName) -> Option<(ObjectState, Bytes)> {
        let (version, content) = self.objects.lock().unwrap().get(object)?.clone();
        let length = ByteCount::new(content.len() as u64);
        let protection = self.kept.lock().unwrap().get(object).copied().unwrap_or_default();
        Some((ObjectState { length, version: Version(version.to_string()), protection }, content))
    }

    fn keep(&self, object: &ObjectName, mut protection: Protection) {
        match (self.quirk, &mut protection.retention) {
            (Quirk::ForgetsTheLock, _) => return,
            (Quirk::LocksWeakly, Some(retention)) => retention.enforcement = Enforcement::Unlocked,
            _ => {}
        }
        self.kept.lock().unwrap().insert(object.clone(), protection);
    }

    fn read_access(&self) -> Result<(), DestinationError> {
        if self.quirk == Quirk::RefusesReading { Err(denied()) } else { Ok(()) }
    }
}

fn denied() -> DestinationError {
    DestinationError::Denied {
        code: "403 AuthorizationPermissionMismatch".to_owned(),
        credential: "primary.sas".to_owned(),
    }
}

#[async_trait]
impl Destination for Memory {
    fn name(&self) -> &DestinationName {
        &self.name
    }

    fn chunk_rules(&self) -> ChunkRules {
        ChunkRules::ANY
    }

    fn enrolment(&self) -> Enrolment {
        Enrolment::AtFirstContact
    }

    async fn place(&self) -> Result<Option<PlaceId>, DestinationError> {
        Ok(Some(self.place))
    }

    async fn enrol(&self, _: PlaceId) -> Result<PlaceId, DestinationError> {
        Ok(self.place)
    }

    async fn stat(&self, object: &ObjectName) -> Result<Seen<ObjectState>, DestinationError> {
        self.read_access()?;
        Ok(Seen::new(Some(self.place), self.object(object).map(|(state, _)| state)))
    }

    async fn attest(&self, object: &ObjectName) -> Result<Seen<Attestation>, DestinationError> {
        self.read_access()?;
        let attestation = |(state, content): (ObjectState, Bytes)| {
            let evidence = match self.quirk {
                Quirk::HasNoChecksums => Evidence::Unknown,
                _ => Evidence::Whole(Checksum::Sha256(Sha256::of(&content))),
            };
            Attestation { state, evidence }
        };
        Ok(Seen::new(Some(self.place), self.object(object).map(attestation)))
    }

    async fn staged(&self, _: &Upload) -> Result<Vec<u32>, DestinationError> {
        Ok(self.staged.lock().unwrap().iter().map(|_| 0).collect())
    }

    async fn put_chunk(&self, _: &Upload, _: u32, body: ChunkBody) -> Result<(), DestinationError> {
        match self.quirk {
            Quirk::RefusesWriting => return Err(denied()),
            Quirk::NeverAnswers => std::future::pending().await,
            _ => {}
        }
        let pieces: Vec<_> = body.open().map(Result::unwrap).collect().await;
        *self.staged.lock().unwrap() = Some(pieces.concat().into());
        Ok(())
    }

    async fn commit(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError> {
        let mut objects = self.objects.lock().unwrap();
        if objects.contains_key(&upload.object) && self.quirk != Quirk::Overwrites {
            return Ok(CommitOutcome::AlreadyThere);
        }
        let Some(content) = self.staged.lock().unwrap().take() else { return Ok(CommitOutcome::ChunksMissing) };
        let version = objects.get(&upload.object).map_or(1, |(version, _)| version + 1);
        objects.insert(upload.object.clone(), (version, content));
        if self.quirk != Quirk::LocksLater {
            self.keep(&upload.object, upload.protection);
        }
        Ok(CommitOutcome::Created)
    }

    async fn read(&self, object: &ObjectName) -> Result<ByteStream, DestinationError> {
        self.read_access()?;
        let (_, content) = self.object(object).unwrap();
        let returned = match self.quirk {
            Quirk::ReturnsOtherContent => Bytes::from(vec![b'?'; content.len()]),
            _ => content,
        };
        Ok(stream::iter([Ok(returned)]).boxed())
    }

    async fn protect(&self, object: &ObjectName, _: &Version, protection: Protection) -> Result<(), DestinationError> {
        self.keep(object, protection);
        Ok(())
    }

    async fn try_delete(&self, object: &ObjectName) -> Result<DeleteOutcome, DestinationError> {
        let kept = self.kept.lock().unwrap().get(object).is_some_and(|kept| *kept != Protection::NONE);
        if self.quirk == Quirk::AllowsDelete || (self.quirk == Quirk::ShowsALockAndDeletes && kept) {
            self.objects.lock().unwrap().remove(object);
            return Ok(DeleteOutcome::Deleted);
        }
        Ok(DeleteOutcome::Refused)
    }
}

fn settings() -> DestinationSettings {
    let endpoint = "https://account.blob.example.org".parse().unwrap();
    let credential = camdock::config::Credential {
        kind: CredentialKind::Sas { opens: Box::new("https://account.blob.example.org/evidence".parse().unwrap()) },
        name: "primary.sas".into(),
        file: "/etc/camdock/primary.sas".into(),
    };
    DestinationSettings {
        name: DestinationName::new("primary").unwrap(),
        prefix: camdock::domain::ObjectPrefix::new("north").unwrap(),
        need: Need::Required,
        proof: ProofPolicy::Attested,
        protection: ProtectionPolicy::default(),
        back_fill: BackFill::FromSpool,
        connection: ConnectionSettings::default(),
        pacing: PacingRules::default(),
        place: Place::Azure {
            endpoint,
            container: "evidence".to_owned(),
            credential: Box::new(AzureAccess::File(credential)),
        },
    }
}

const NOW: Moment = Moment::from_millis(1_800_000_000_000);

/// The findings that are not ok.
async fn complaints(quirk: Quirk) -> Vec<(Aspect, Judgement)> {
    complaints_of(quirk, settings()).await
}

async fn complaints_of(quirk: Quirk, settings: DestinationSettings) -> Vec<(Aspect, Judgement)> {
    let name = settings.name.clone();
    let place = PlaceId::random();
    let memory =
        Memory { name, place, quirk, staged: Mutex::default(), objects: Mutex::default(), kept: Mutex::default() };
    let station = StationId::new("hq-01").unwrap();
    let findings = check(&memory, place, &settings, &station, NOW, Duration::from_mins(1)).await;
    if quirk == Quirk::None && !settings.protection.asks_for_something() {
        assert_eq!(findings.len(), 6, "{findings:?}");
        let objects = memory.objects.lock().unwrap();
        assert!(objects.keys().all(|name| name.as_str().starts_with("north/camdock-check/hq-01-")), "{objects:?}");
    }
    let complaints = findings.iter().filter(|finding| finding.judgement != Judgement::Ok);
    complaints.map(|finding| (finding.aspect, finding.judgement)).collect()
}

#[tokio::test]
async fn a_well_kept_place_gives_no_cause_for_complaint() {
    assert_eq!(complaints(Quirk::None).await, []);
}

#[tokio::test]
async fn a_place_that_lets_a_dock_delete_is_called_excessive() {
    assert_eq!(complaints(Quirk::AllowsDelete).await, [(Aspect::Delete, Judgement::Excessive)]);
}

#[tokio::test]
async fn a_place_that_overwrites_is_found_out() {
    assert_eq!(complaints(Quirk::Overwrites).await, [(Aspect::Keep, Judgement::Failed)]);
}

#[tokio::test]
async fn a_missing_permission_is_told_by_what_it_prevents() {
    assert_eq!(complaints(Quirk::RefusesWriting).await, [(Aspect::Write, Judgement::Missing)]);
    let unread = [Aspect::Attest, Aspect::Keep, Aspect::ReadBack].map(|aspect| (aspect, Judgement::Missing));
    assert_eq!(complaints(Quirk::RefusesReading).await, unread);
}

#[tokio::test]
async fn a_place_that_returns_other_content_is_found_out() {
    assert_eq!(complaints(Quirk::ReturnsOtherContent).await, [(Aspect::ReadBack, Judgement::Failed)]);
}

#[tokio::test]
async fn a_place_without_checksums_works_with_a_warning() {
    assert_eq!(complaints(Quirk::HasNoChecksums).await, [(Aspect::Attest, Judgement::Warning)]);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_never_answers_does_not_hold_up_the_check() {
    assert_eq!(complaints(Quirk::NeverAnswers).await, [(Aspect::Write, Judgement::Failed)]);
}

/// What is complained of where a retention and legal holds are asked for.
async fn complaints_of_keeping(quirk: Quirk) -> Vec<(Aspect, Judgement)> {
    let retention = RetentionPolicy { length: Duration::from_hours(31 * 24), enforcement: Enforcement::Locked };
    let protection = ProtectionPolicy { retention: Some(retention), legal_hold: vec![HoldRule::Damaged] };
    complaints_of(quirk, DestinationSettings { protection, ..settings() }).await
}

#[tokio::test]
async fn a_place_that_keeps_what_it_is_asked_to_gives_no_cause_for_complaint() {
    assert_eq!(complaints_of_keeping(Quirk::None).await, []);
    assert_eq!(complaints_of_keeping(Quirk::LocksLater).await, [], "whenever it listens");
}

#[tokio::test]
async fn a_place_that_does_not_keep_what_it_is_asked_to_is_found_out() {
    let both = |judgement| [(Aspect::Retention, judgement), (Aspect::LegalHold, judgement)];
    assert_eq!(complaints_of_keeping(Quirk::ForgetsTheLock).await, both(Judgement::Failed));
    assert_eq!(complaints_of_keeping(Quirk::ShowsALockAndDeletes).await, both(Judgement::Failed));
    assert_eq!(complaints_of_keeping(Quirk::LocksWeakly).await, [(Aspect::Retention, Judgement::Warning)]);
}
