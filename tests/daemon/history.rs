//! What a station did yesterday, today and long ago, written into its ledger before it is started.

use std::time::Duration;

use camdock::daemon::SystemClock;
use camdock::domain::{
    BayName, ByteCount, CameraSerial, Clock as _, DestinationName, DockingId, Fingerprint, Moment, Need, Outcome,
    ProblemKind, ProofMethod, Protection, Segment, SegmentId, SourcePath, Version,
};
use camdock::ledger::{Entry, Ledger, StationLock};

use crate::station::RunningStation;

/// Dockings are so many, over so many hours.
pub(crate) const DOCKINGS: u32 = 60;
const HOURS: u32 = 23;
/// How large a segment of a shift's first hour is; others differ.
const SIZE: u64 = 700 << 20;

/// Writes a day of dockings that are all done, and some problems that are not.
pub(crate) async fn write(station: &RunningStation) {
    let _lock = StationLock::take(&station.data_dir()).unwrap();
    let ledger = Ledger::threaded(Ledger::connect(&station.ledger()).unwrap()).unwrap();
    let began = SystemClock.now().minus(Duration::from_hours(23));
    let destinations = vec![(primary(), Need::Required)];
    ledger.record(began, vec![Entry::DestinationsSet { destinations }]).await.unwrap();
    let mut dockings: Vec<_> = (0..DOCKINGS).map(|number| (began.plus(into_the_day(number)), number)).collect();
    dockings.sort();
    for (at, number) in dockings {
        dock(&ledger, number, at).await;
    }
    for number in 0..4 {
        ledger.record(began, vec![too_large(number)]).await.unwrap();
    }
}

/// Writes that each of these cameras was here once, so many days ago.
pub(crate) async fn write_visits(station: &RunningStation, cameras: &[(&str, u32)]) {
    let _lock = StationLock::take(&station.data_dir()).unwrap();
    let ledger = Ledger::threaded(Ledger::connect(&station.ledger()).unwrap()).unwrap();
    for (serial, days) in cameras {
        let ended = SystemClock.now().minus(Duration::from_hours(24) * *days);
        let docking = DockingId::new(ended);
        let (camera, bay) = (CameraSerial::new(*serial).unwrap(), BayName::new("1").unwrap());
        let ends = Entry::DockingEnded { docking, outcome: Outcome::Completed };
        ledger.record(ended, vec![Entry::DockingBegan { docking, camera, bay }, ends]).await.unwrap();
    }
}

/// Writes that what was taken from a camera is nowhere but on it.
pub(crate) async fn write_evidence_only_on(station: &RunningStation, serial: &str) {
    let _lock = StationLock::take(&station.data_dir()).unwrap();
    let ledger = Ledger::threaded(Ledger::connect(&station.ledger()).unwrap()).unwrap();
    let (camera, path) = (CameraSerial::new(serial).unwrap(), SourcePath::new(b"DCIM/A.MP4".to_vec()));
    let fingerprint = Fingerprint::of(b"what it saw", ByteCount::new(64 << 10));
    let id = SegmentId::of(&camera, &path, &fingerprint.sha256);
    let segment = Segment { id, camera, path, recorded_at: Moment::from_millis(0), fingerprint, damaged: false };
    let destinations = vec![(primary(), Need::Required)];
    let story = vec![
        Entry::DestinationsSet { destinations },
        Entry::SegmentSpooled { docking: None, segment },
        Entry::SpoolCopyLost { segment: id, why: "the disk was exchanged".to_owned() },
    ];
    ledger.record(SystemClock.now(), story).await.unwrap();
}

/// Shifts end in the morning, in the afternoon and at night, and a few cameras come between.
fn into_the_day(docking: u32) -> Duration {
    let hour = if docking.is_multiple_of(4) { docking * HOURS / DOCKINGS } else { [3, 11, 19][docking as usize % 3] };
    Duration::from_secs(u64::from(hour * 3_600 + docking * 47 % 3_000))
}

fn primary() -> DestinationName {
    DestinationName::new("primary").unwrap()
}

fn camera(number: u32) -> CameraSerial {
    CameraSerial::new(format!("BWC-{}", 1_000 + number * 7 % 48)).unwrap()
}

fn segment(docking: u32, number: u32) -> Segment {
    let name = format!("DCIM/100MEDIA/{docking:03}{number:04}.MP4").into_bytes();
    let (camera, path) = (camera(docking), SourcePath::new(name.clone()));
    let size = ByteCount::new(SIZE + u64::from(docking * 97 % 13) * (90 << 20));
    let fingerprint = Fingerprint { size, ..Fingerprint::of(&name, ByteCount::new(64 << 10)) };
    let id = SegmentId::of(&camera, &path, &fingerprint.sha256);
    Segment { id, camera, path, recorded_at: Moment::from_millis(1_790_000_000_000), fingerprint, damaged: false }
}

/// A camera comes, and everything on it is copied, proven and wiped, or it is taken before that.
async fn dock(ledger: &Ledger, number: u32, began: Moment) {
    let docking = DockingId::new(began);
    let segments: Vec<_> = (0..2 + number % 9).map(|file| segment(number, file)).collect();
    let bay = BayName::new((number % 8 + 1).to_string()).unwrap();
    let each = |entry: &dyn Fn(&Segment) -> Entry| segments.iter().map(entry).collect::<Vec<_>>();
    let (ids, at) =
        (segments.iter().map(|segment| segment.id).collect(), |minutes| began.plus(Duration::from_mins(minutes)));
    let proven = |segment: &Segment| Entry::CopyProven {
        segment: segment.id,
        destination: primary(),
        version: Version("v1".to_owned()),
        method: ProofMethod::Attested,
        protection: Protection::NONE,
    };
    let outcome = if number % 11 == 3 { Outcome::TakenEarly } else { Outcome::Completed };
    for (at, entries) in [
        (at(0), vec![Entry::DockingBegan { docking, camera: camera(number), bay }]),
        (at(6), each(&|segment| Entry::SegmentSpooled { docking: Some(docking), segment: segment.clone() })),
        (at(25), each(&proven)),
        (at(26), vec![Entry::WipeIntended { docking, segments: ids, media: Vec::new() }]),
        (at(27), each(&|segment| Entry::SegmentWiped { docking, segment: segment.id })),
        (at(28), each(&|segment| Entry::SpoolCopyReleased { segment: segment.id })),
        (at(40), vec![Entry::DockingEnded { docking, outcome }]),
    ] {
        ledger.record(at, entries).await.unwrap();
    }
}

fn too_large(number: u32) -> Entry {
    let path = SourcePath::new(format!("DCIM/100MEDIA/LONG{number}.MP4").into_bytes());
    let kind = ProblemKind::TooLarge { size: 3 << 40 };
    Entry::ProblemFound { camera: camera(number), path, segment: None, destination: None, kind }
}
