//! The uploader with a real ledger and a real spool, at a destination that goes wrong in one way at a time. Hours pass at
//! once, since the clock is tokio's.

mod camera;
mod keeping;
mod medium;
mod order;
mod place;
mod shelf;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use camdock::cloud::DestinationError;
use camdock::custody::SourceMatch;
use camdock::domain::{
    BackFill, ByteCount, CameraSerial, Clock, DestinationCause, DestinationSnapshot, DestinationState, DockingId,
    Fingerprint, Moment, Need, ObjectPrefix, Problem, ProblemKind, ProofMethod, ProofPolicy, Protection,
    ProtectionPolicy, Segment, SegmentId, SourceFile, SourceKind, SourcePath, StationId, Version,
};
use camdock::ledger::{Entry, Ledger};
use camdock::spool::Spool as _;
use camdock::transfer::{
    AtOnce, Caps, NotCleared, Persistence, Site, Target, Uploader, WatchDestination, clear, make_room, release_wiped,
};
use camdock::words::Words;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use medium::Medium;
use place::Place;

const CHUNK: ByteCount = ByteCount::new(64 << 10);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// A wall clock that goes as tokio's does.
struct Wall(Instant);

impl Clock for Wall {
    fn now(&self) -> Moment {
        Moment::from_millis(1_800_000_000_000).plus(self.0.elapsed())
    }
}

struct Station {
    site: Site,
    place: Arc<Place>,
    spool: Arc<Medium>,
    ledger: Ledger,
    docking: DockingId,
    uploader: Option<(JoinHandle<()>, WatchDestination)>,
    _folder: TempDir,
}

impl Station {
    async fn new() -> Self {
        Self::asking_for(ProtectionPolicy::default()).await
    }

    /// One whose destination is to keep from deletion what it gets.
    async fn asking_for(protection: ProtectionPolicy) -> Self {
        let folder = TempDir::new().unwrap();
        let spool = Arc::new(Medium::open(folder.path().join("spool")));
        let connection = Arc::new(Mutex::new(Ledger::in_memory().unwrap()));
        let ledger = Ledger::inline(connection, Arc::new(|| Box::pin(async {})));
        let place = Arc::new(Place::well());
        let target = Target {
            destination: Arc::<Place>::clone(&place),
            prefix: ObjectPrefix::default(),
            policy: ProofPolicy::Attested,
            protection,
            back_fill: BackFill::FromSpool,
            need: Need::Required,
            caps: Caps::default(),
        };
        let clock = Arc::new(Wall(Instant::now()));
        let docking = DockingId::new(clock.now());
        let site = Site::new(
            StationId::new("hq-01").unwrap(),
            Arc::<Medium>::clone(&spool),
            ledger.clone(),
            clock,
            vec![target],
            CHUNK,
            AtOnce { more_reads: 0, seals: 1, comparisons: 1, releases: 64 },
        );
        let destinations = vec![(camdock::cloud::Destination::name(&*place).clone(), Need::Required)];
        let enrolled = Entry::DestinationEnrolled { destination: destinations[0].0.clone(), place: place.id };
        let entries = vec![Entry::DestinationsSet { destinations }, enrolled];
        ledger.record(Moment::from_millis(0), entries).await.unwrap();
        Self { site, place, spool, ledger, docking, uploader: None, _folder: folder }
    }

    fn content(camera: &str, number: usize) -> String {
        format!("what {camera} saw, {number}")
    }

    fn segment(camera: &str, number: usize) -> Segment {
        let fingerprint = Fingerprint::of(Self::content(camera, number).as_bytes(), CHUNK);
        let camera = CameraSerial::new(camera).unwrap();
        let path = SourcePath::new(format!("DCIM/{number:04}.MP4").into_bytes());
        Segment {
            id: SegmentId::of(&camera, &path, &fingerprint.sha256),
            camera,
            path,
            recorded_at: Moment::from_millis(7),
            fingerprint,
            damaged: false,
        }
    }

    /// A copy is in the spool, and the ledger does not know of it.
    async fn seals(&self, segment: &Segment, content: &str) {
        let mut copy = self.spool.create(segment.fingerprint.size).await.unwrap();
        copy.write(Bytes::copy_from_slice(content.as_bytes())).await.unwrap();
        copy.seal(segment).await.unwrap();
    }

    /// A segment of this camera is in the spool.
    async fn spools(&self, camera: &str, number: usize) -> Segment {
        let segment = Self::segment(camera, number);
        self.seals(&segment, &Self::content(camera, number)).await;
        let entry = Entry::SegmentSpooled { docking: Some(self.docking), segment: segment.clone() };
        self.record(entry).await;
        segment
    }

    async fn record(&self, entry: Entry) {
        self.ledger.record(Moment::from_millis(0), vec![entry]).await.unwrap();
    }

    fn uploads(&mut self) {
        let target = self.site.required_targets().next().unwrap().clone();
        let (uploader, shown) = Uploader::new(self.site.clone(), target, 4, Persistence::OF_A_STATION);
        let running = tokio::spawn(async move { uploader.run().await.unwrap() });
        self.uploader = Some((running, shown));
    }

    async fn after(&self, time: Duration) -> DestinationSnapshot {
        sleep(time).await;
        let (running, shown) = self.uploader.as_ref().unwrap();
        assert!(!running.is_finished(), "the uploader goes on");
        shown.borrow().clone()
    }

    async fn problems(&self) -> Vec<Problem> {
        self.ledger.problems(None).await.unwrap()
    }

    async fn waiting(&self) -> u64 {
        self.ledger.queue(Moment::from_millis(0)).await.unwrap().segments
    }
}

fn said(shown: &DestinationSnapshot) -> String {
    Words::english().say(shown.notice.clone())
}

fn busy(message: &str) -> DestinationError {
    DestinationError::Busy { message: message.to_owned(), retry_after: None }
}

fn denied() -> DestinationError {
    DestinationError::Denied { code: "403 AuthorizationFailure".to_owned(), credential: "primary.sas".to_owned() }
}

/// The ways in which a place fails for one segment.
fn failures() -> [DestinationError; 7] {
    [
        busy("500 InternalError"),
        denied(),
        DestinationError::Permanent("400 InvalidHeaderValue".to_owned()),
        DestinationError::Unreachable("it changed while it was being read".to_owned()),
        DestinationError::Storage("folder /nas: File too large (os error 27)".to_owned()),
        DestinationError::NoContainer("folder /nas".to_owned()),
        DestinationError::ChunkDamaged("400 Crc64Mismatch".to_owned()),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_segment_that_fails_while_the_place_is_well_keeps_no_other_waiting_and_is_told_of() {
    for error in failures() {
        let mut station = Station::new().await;
        let bad = station.spools("BWC-1", 0).await;
        station.spools("BWC-1", 1).await;
        station.spools("BWC-2", 2).await;
        let (poisoned, words) = (bad.object_name().to_string(), error.clone());
        station.place.goes_wrong(move |object| (object == Some(&poisoned)).then(|| words.clone()));
        station.uploads();

        let shown = station.after(MINUTE).await;
        assert_eq!(station.place.objects(), 2, "{error}");
        assert_eq!(shown.state(), DestinationState::Ok, "{error}: {}", said(&shown));
        assert!(said(&shown).contains("1 segment of camera BWC-1") && said(&shown).contains(&error.to_string()));
        assert_eq!(station.problems().await, [], "{error}");

        let shown = station.after(HOUR).await;
        assert_eq!((shown.state(), shown.cause()), (DestinationState::Overdue, Some(DestinationCause::Segments)));
        assert_eq!(station.problems().await, [], "{error}");

        let shown = station.after(HOUR * 6).await;
        let problems = station.problems().await;
        assert!(
            matches!(&problems[..], [Problem { kind: ProblemKind::Undelivered { .. }, segment, .. }] if *segment == Some(bad.id)),
            "{error}: {problems:?}"
        );
        assert_eq!(shown.state(), DestinationState::Ok, "whoever must look knows: {}", said(&shown));
        let asked = station.place.asked(bad.object_name().as_str());
        station.after(HOUR * 6).await;
        assert_eq!(station.place.asked(bad.object_name().as_str()), asked, "a problem is not asked about");
        assert!((10..200).contains(&asked), "{error}: asked {asked} times");
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_that_has_nothing_to_do_is_looked_in_on_so_that_what_is_said_of_it_is_so() {
    let mut station = Station::new().await;
    station.uploads();
    let shown = station.after(Duration::from_secs(1)).await;
    assert_eq!(shown.state(), DestinationState::Ok, "it is asked at once: {}", said(&shown));

    station.place.goes_wrong(|_| Some(DestinationError::NoAnswer(Duration::from_secs(40))));
    let shown = station.after(MINUTE * 6).await;
    assert_eq!((shown.state(), shown.cause()), (DestinationState::Waiting, Some(DestinationCause::NoAnswer)));
    let shown = station.after(HOUR).await;
    assert_eq!(shown.state(), DestinationState::Overdue, "{}", said(&shown));

    station.place.goes_wrong(|_| None);
    let shown = station.after(MINUTE * 16).await;
    assert_eq!(shown.state(), DestinationState::Ok, "{}", said(&shown));
    let asked = station.place.probes();
    station.after(HOUR).await;
    let asked = station.place.probes() - asked;
    assert!((11..=13).contains(&asked), "asked {asked} times in an hour");
}

#[tokio::test(start_paused = true)]
async fn what_fails_together_with_the_probe_is_no_segments_fault_however_long_it_lasts() {
    let patient =
        DestinationError::Busy { message: "503".to_owned(), retry_after: Some(Duration::from_secs(u64::MAX)) };
    let account = DestinationError::Permanent("400 FeatureVersionMismatch".to_owned());
    for error in [busy("409 ContainerBeingDeleted"), account, denied(), patient] {
        let mut station = Station::new().await;
        for number in 0..20 {
            station.spools("BWC-1", number).await;
        }
        let words = error.clone();
        station.place.goes_wrong(move |_| Some(words.clone()));
        station.uploads();
        let shown = station.after(MINUTE).await;
        assert!(matches!(shown.state(), DestinationState::Waiting | DestinationState::Refused), "{error}: {shown:?}");
        let shown = station.after(HOUR * 12).await;
        assert!(matches!(shown.state(), DestinationState::Overdue | DestinationState::Refused), "{error}: {shown:?}");
        assert_eq!(station.problems().await, [], "{error}");
        let asked = station.place.asked("");
        assert!(asked < 12 * 60 * 2 + 20, "{error}: asked {asked} times in twelve hours");

        station.place.goes_wrong(|_| None);
        let shown = station.after(Duration::from_mins(16)).await;
        assert_eq!((shown.state(), station.waiting().await), (DestinationState::Ok, 0), "{error}: {}", said(&shown));
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_that_asks_for_endless_patience_says_until_when_it_is_left_alone() {
    let mut station = Station::new().await;
    station.spools("BWC-1", 0).await;
    station.place.goes_wrong(|_| {
        Some(DestinationError::Busy { message: "503".to_owned(), retry_after: Some(Duration::from_secs(u64::MAX)) })
    });
    station.uploads();
    let before = Moment::from_millis(1_800_000_000_000);
    let shown = station.after(MINUTE).await;
    let again = shown.again_at.unwrap();
    assert!(again.since(before) <= Duration::from_mins(16), "{again}");
    assert!(said(&shown).contains(&format!("tried again at {again}")), "{}", said(&shown));
}

#[tokio::test(start_paused = true)]
async fn a_camera_whose_folder_is_in_the_way_keeps_no_other_camera_waiting() {
    let mut station = Station::new().await;
    for number in 0..100 {
        station.spools("BWC-1", number).await;
    }
    for number in 0..10 {
        station.spools("BWC-2", number).await;
    }
    let in_the_way = || DestinationError::Storage("BWC-1: Not a directory (os error 20)".to_owned());
    station.place.goes_wrong(move |object| object.filter(|name| name.starts_with("BWC-1/")).map(|_| in_the_way()));
    station.uploads();
    station.after(MINUTE).await;
    assert_eq!(station.place.objects(), 10, "the other camera's are there");
    let shown = station.after(HOUR).await;
    assert_eq!(shown.state(), DestinationState::Overdue);
    assert_eq!(shown.put_off.len(), 1);
    let asked = station.place.asked("BWC-1/");
    assert!(asked < 200, "{asked} requests in an hour, of a camera of which nothing gets through");
    for number in 10..20 {
        station.spools("BWC-2", number).await;
    }
    station.after(MINUTE).await;
    assert_eq!(station.place.objects(), 20, "whoever comes later does not wait either");
}

#[tokio::test(start_paused = true)]
async fn a_place_that_answers_and_takes_nothing_blames_no_segment() {
    let mut station = Station::new().await;
    for number in 0..5 {
        station.spools("BWC-1", number).await;
    }
    station.place.goes_wrong(|object| object.map(|_| DestinationError::Full("folder /nas".to_owned())));
    station.uploads();
    let shown = station.after(MINUTE).await;
    assert_eq!((shown.state(), shown.cause()), (DestinationState::Waiting, Some(DestinationCause::Full)), "{shown:?}");
    let shown = station.after(HOUR * 24).await;
    assert_eq!(shown.state(), DestinationState::Overdue);
    assert!(said(&shown).contains("Make room there"), "{}", said(&shown));
    assert_eq!(station.problems().await, []);
    station.place.goes_wrong(|_| None);
    station.after(Duration::from_mins(16)).await;
    assert_eq!(station.waiting().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_panics_is_put_off_and_takes_no_other_with_it() {
    let mut station = Station::new().await;
    let bad = station.spools("BWC-1", 0).await;
    for number in 1..20 {
        station.spools("BWC-1", number).await;
    }
    let poisoned = bad.object_name().to_string();
    station.place.goes_wrong(move |object| {
        assert!(object != Some(&poisoned), "a mistake");
        None
    });
    station.uploads();
    let shown = station.after(MINUTE).await;
    assert_eq!(station.place.objects(), 19);
    assert!(said(&shown).contains("camdock itself broke off") && said(&shown).contains("a mistake"), "{shown:?}");
    let asked = station.place.asked(bad.object_name().as_str());
    assert!((2..12).contains(&asked), "{asked} attempts in a minute");
}

#[tokio::test(start_paused = true)]
async fn those_that_fail_together_share_a_question_to_the_place() {
    let mut station = Station::new().await;
    for number in 0..100 {
        station.spools("BWC-1", number).await;
    }
    station.place.goes_wrong(|_| Some(busy("500")));
    station.uploads();
    station.after(Duration::from_millis(100)).await;
    let (asked, probes) = (station.place.asked(""), station.place.probes());
    assert!(asked <= 4 && (1..=4).contains(&probes), "{asked} requests and {probes} probes");
}

/// A segment's original.
fn file_of(segment: &Segment) -> SourceFile {
    SourceFile {
        path: segment.path.clone(),
        size: segment.fingerprint.size,
        modified: segment.recorded_at,
        stamp: 1,
        kind: SourceKind::File,
    }
}

/// What a wipe of a segment's original needs.
fn reread(segment: &Segment) -> SourceMatch {
    SourceMatch::compare(segment, &file_of(segment), segment.fingerprint.clone()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_a_problem_is_not_asked_about() {
    let station = Station::new().await;
    for kind in [
        ProblemKind::OtherContent,
        ProblemKind::Refused { error: "x".to_owned() },
        ProblemKind::Undelivered { error: "x".to_owned() },
    ] {
        let segment = station.spools("BWC-1", station.problems().await.len()).await;
        let primary = camdock::cloud::Destination::name(&*station.place).clone();
        station
            .record(Entry::ProblemFound {
                camera: segment.camera.clone(),
                path: segment.path.clone(),
                segment: Some(segment.id),
                destination: Some(primary.clone()),
                kind,
            })
            .await;
        for _ in 0..100 {
            let refused = clear(&station.site, &segment, &reread(&segment)).await.unwrap_err();
            assert!(matches!(&refused, NotCleared::IsAProblem(of) if *of == primary), "{refused}");
        }
    }
    assert_eq!(station.place.asked(""), 0);
}

/// The place has it, and the ledger knows.
async fn proven(station: &Station, segment: &Segment) {
    let destination = camdock::cloud::Destination::name(&*station.place).clone();
    let (version, method) = (Version(segment.fingerprint.sha256.to_string()), ProofMethod::Attested);
    let protection = Protection::NONE;
    station.record(Entry::CopyProven { segment: segment.id, destination, version, method, protection }).await;
    station.place.holds(segment);
}

/// So many copies in the spool that the ledger takes for proven; the first of them cannot be asked about.
async fn spooled_and_proven(station: &Station, all: usize, silent: usize) -> Vec<Segment> {
    let mut segments = Vec::new();
    for number in 0..all {
        let segment = station.spools("BWC-1", number).await;
        proven(station, &segment).await;
        segments.push(segment);
    }
    let unanswered: Vec<String> = segments[..silent].iter().map(|of| of.object_name().to_string()).collect();
    station.place.goes_wrong(move |object| {
        object.filter(|object| unanswered.iter().any(|silent| silent == object)).map(|_| busy("500"))
    });
    segments
}

#[tokio::test(start_paused = true)]
async fn copies_that_cannot_go_do_not_keep_the_others_from_making_room() {
    let station = Station::new().await;
    spooled_and_proven(&station, 100, 70).await;
    let mut removed = 0;
    for _ in 0..30 {
        removed += make_room(&station.site).await.unwrap();
    }
    assert_eq!(removed, 30);
}

#[tokio::test(start_paused = true)]
async fn copies_that_cannot_go_do_not_keep_those_that_were_wiped_after_them() {
    let station = Station::new().await;
    for segment in spooled_and_proven(&station, 100, 70).await {
        station.record(Entry::OriginalGone { docking: station.docking, segment: segment.id }).await;
    }
    let mut removed = 0;
    for _ in 0..30 {
        removed += release_wiped(&station.site, Duration::ZERO).await.unwrap();
    }
    assert_eq!(removed, 30);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_down_is_not_asked_about_every_copy_in_the_spool() {
    let station = Station::new().await;
    spooled_and_proven(&station, 100, 0).await;
    station.place.goes_wrong(|_| Some(busy("500")));
    assert_eq!(make_room(&station.site).await.unwrap(), 0);
    assert!(station.place.asked("") <= 6, "{} requests", station.place.asked(""));
}
