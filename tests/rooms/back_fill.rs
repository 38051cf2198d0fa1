//! A destination that was added later gets what only another has, and nothing else. Folders, a spool and a ledger as they are.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use camdock::cloud::folder::{FolderDestination, SameDisk};
use camdock::cloud::{ChunkBody, Destination, Upload};
use camdock::domain::{
    BackFill, ByteCount, CameraSerial, Clock, DestinationName, DockingId, Fingerprint, Moment, Need, ObjectPrefix,
    PlaceId, ProblemKind, ProofMethod, ProofPolicy, Protection, ProtectionPolicy, Segment, SegmentId, SourcePath,
    StationId, Version,
};
use camdock::ledger::{Entry, Ledger};
use camdock::spool::DiskSpool;
use camdock::transfer::{AtOnce, Caps, Filling, Site, Step, Target};
use futures::{StreamExt as _, stream};
use tempfile::TempDir;

const NOW: Moment = Moment::from_millis(1_800_000_000_000);
const CHUNK: ByteCount = ByteCount::new(64 << 10);
const FILM: &[u8] = b"what BWC-1 saw";

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Moment {
        NOW
    }
}

struct Scene {
    folder: TempDir,
    site: Site,
    segment: Segment,
}

fn name(text: &str) -> DestinationName {
    DestinationName::new(text).unwrap()
}

fn film() -> Segment {
    let fingerprint = Fingerprint::of(FILM, CHUNK);
    let (camera, path) = (CameraSerial::new("BWC-1").unwrap(), SourcePath::new(b"DCIM/A.MP4".to_vec()));
    let id = SegmentId::of(&camera, &path, &fingerprint.sha256);
    Segment { id, camera, path, recorded_at: NOW, fingerprint, damaged: false }
}

impl Scene {
    /// One segment, which the old folder has proven and neither camera nor spool has any more; a new folder lacks it.
    async fn new() -> Self {
        let (folder, segment) = (TempDir::new().unwrap(), film());
        let ledger =
            Ledger::inline(Arc::new(Mutex::new(Ledger::in_memory().unwrap())), Arc::new(|| Box::pin(async {})));
        let mut targets = Vec::new();
        for (text, back_fill) in [("old", BackFill::FromSpool), ("new", BackFill::FromOthers)] {
            let path = folder.path().join(text);
            std::fs::create_dir(&path).unwrap();
            let destination = FolderDestination::new(name(text), path, SameDisk::Allowed, Duration::from_mins(1));
            let place = destination.enrol(PlaceId::random()).await.unwrap();
            ledger.record(NOW, vec![Entry::DestinationEnrolled { destination: name(text), place }]).await.unwrap();
            targets.push(Target {
                destination: Arc::new(destination),
                prefix: ObjectPrefix::default(),
                policy: ProofPolicy::Attested,
                protection: ProtectionPolicy::default(),
                back_fill,
                need: Need::Required,
                caps: Caps::default(),
            });
        }
        put(&*targets[0].destination, &segment).await;
        for entry in history(&segment) {
            ledger.record(NOW, vec![entry]).await.unwrap();
        }
        let spool = DiskSpool::open(folder.path().join("spool"), ByteCount::new(0)).unwrap();
        let at_once = AtOnce { more_reads: 0, seals: 1, comparisons: 1, releases: 64 };
        let station = StationId::new("hq-01").unwrap();
        let site = Site::new(station, Arc::new(spool), ledger, Arc::new(StandingClock), targets, CHUNK, at_once);
        Self { folder, site, segment }
    }

    fn object(&self) -> PathBuf {
        self.folder.path().join("old").join(self.segment.object_name().as_str())
    }

    async fn backlog(&self) -> u64 {
        self.site.ledger().backlog(&name("new")).await.unwrap()
    }

    async fn says_other_content(&self) -> bool {
        let problems = self.site.ledger().problems(None).await.unwrap();
        problems.iter().any(|problem| problem.kind == ProblemKind::OtherContent)
    }
}

/// What the log has of it.
fn history(segment: &Segment) -> Vec<Entry> {
    let id = segment.id;
    let set = |names: &[&str]| Entry::DestinationsSet {
        destinations: names.iter().map(|text| (name(text), Need::Required)).collect(),
    };
    let (version, method, protection) = (Version("1".to_owned()), ProofMethod::Sha256, Protection::NONE);
    vec![
        set(&["old"]),
        Entry::SegmentSpooled { docking: None, segment: segment.clone() },
        Entry::CopyProven { segment: id, destination: name("old"), version, method, protection },
        Entry::OriginalGone { docking: DockingId::new(NOW), segment: id },
        Entry::SpoolCopyReleased { segment: id },
        set(&["new", "old"]),
    ]
}

async fn put(destination: &dyn Destination, segment: &Segment) {
    let (object, fingerprint) = (segment.object_name(), segment.fingerprint.clone());
    let (length, crc64) = (fingerprint.size, fingerprint.chunks[0]);
    let upload = Upload { object, fingerprint, metadata: Vec::new(), protection: Protection::NONE };
    let body = ChunkBody::new(length, crc64, || stream::iter([Ok(Bytes::from_static(FILM))]).boxed());
    destination.put_chunk(&upload, 0, body).await.unwrap();
    destination.commit(&upload).await.unwrap();
}

#[tokio::test]
async fn what_only_another_has_is_fetched_once_and_waits_to_be_sent() {
    let scene = Scene::new().await;
    let mut filling = Filling::default();
    assert_eq!(scene.backlog().await, 0);
    assert_eq!(filling.step(&scene.site).await.unwrap(), Step::Fetched);
    assert_eq!(scene.backlog().await, 1);
    assert_eq!(filling.step(&scene.site).await.unwrap(), Step::Through, "it is here now");
}

#[tokio::test]
async fn other_content_is_not_taken_and_a_person_is_told() {
    let scene = Scene::new().await;
    std::fs::write(scene.object(), b"what BWC-1 SAW").unwrap();
    assert_eq!(Filling::default().step(&scene.site).await.unwrap(), Step::Through);
    assert_eq!(scene.backlog().await, 0);
    assert!(scene.says_other_content().await);
}

#[tokio::test]
async fn what_is_cut_off_or_not_there_is_no_verdict_and_is_asked_for_again() {
    let scene = Scene::new().await;
    let (old, away) = (scene.folder.path().join("old"), scene.folder.path().join("away"));
    let mut filling = Filling::default();
    std::fs::rename(&old, &away).unwrap();
    assert_eq!(filling.step(&scene.site).await.unwrap(), Step::Through, "nobody gives it now");
    std::fs::rename(&away, &old).unwrap();
    std::fs::write(scene.object(), &FILM[..5]).unwrap();
    assert_eq!(filling.step(&scene.site).await.unwrap(), Step::Through);
    assert!(!scene.says_other_content().await);
    std::fs::write(scene.object(), FILM).unwrap();
    assert_eq!(filling.step(&scene.site).await.unwrap(), Step::Fetched);
}
