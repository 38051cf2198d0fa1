//! A ledger that an earlier camdock wrote, in the middle of its work: with open problems, an unfinished wipe, and copies that
//! were released and lost. It is `schema-3.db`, as that version left it, from before problems had their name.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use camdock::config::Config;
use camdock::daemon::{Daemon, LastLedger, open_destination};
use camdock::domain::{
    BayState, ByteCount, CameraSerial, Fingerprint, Moment, ObjectName, PlaceId, Problem, ProblemKind, Segment,
    SegmentId, Snapshot, SourcePath,
};
use camdock::ledger::{Health, LEDGER_FILE, Ledger, SpoolCopy, StationLock};
use camdock::spool::SPOOL_FOLDER;
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

const OLD: &[u8] = include_bytes!("schema-3.db");
const PATIENCE: Duration = Duration::from_mins(1);
/// When the first of its files was recorded; each other a second after the one before.
const RECORDED: u64 = 1_767_225_600;
/// The camera's files, in that order. The first is wiped already.
const FILES: [&str; 6] = ["WIPED", "UNFINISHED", "RELEASED", "LOST", "QUEUED", "BLOCKED"];

fn content(name: &str) -> Vec<u8> {
    format!("what {name} shows; ").repeat(5_000).into_bytes()
}

fn recorded(name: &str) -> Duration {
    let place = FILES.iter().position(|file| *file == name).unwrap();
    Duration::from_secs(RECORDED + place as u64)
}

/// What the old ledger knows of a file.
fn segment(name: &str) -> Segment {
    let camera = CameraSerial::new("BWC-1").unwrap();
    let path = SourcePath::new(format!("DCIM/{name}.MP4").into_bytes());
    let fingerprint = Fingerprint { crc32c: None, ..Fingerprint::of(&content(name), ByteCount::new(64 << 10)) };
    Segment {
        id: SegmentId::of(&camera, &path, &fingerprint.sha256),
        camera,
        path,
        recorded_at: Moment::from_millis(i64::try_from(recorded(name).as_millis()).unwrap()),
        fingerprint,
        damaged: false,
    }
}

/// A station as the old version left it, with its camera back in the bay.
struct OldStation {
    folder: TempDir,
}

impl OldStation {
    fn as_it_was_left() -> Self {
        let station = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(station.data_dir()).unwrap();
        fs::set_permissions(station.data_dir(), fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(station.ledger(), OLD).unwrap();
        for name in ["UNFINISHED", "QUEUED", "BLOCKED"] {
            let id = segment(name).id.to_string();
            let place = station.data_dir().join(SPOOL_FOLDER).join("segments").join(&id[..2]).join(&id);
            write(&place, &content(name));
        }
        for name in ["WIPED", "UNFINISHED", "RELEASED"] {
            write(&station.evidence(&segment(name).object_name()), &content(name));
        }
        write(&station.evidence(&segment("BLOCKED").object_name()), b"somebody else's");
        for name in &FILES[1..] {
            let path = station.camera().join(format!("DCIM/{name}.MP4"));
            write(&path, &content(name));
            let modified = SystemTime::UNIX_EPOCH + recorded(name);
            File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
        }
        write(&station.camera().join("DCIM/SECRET.MP4"), b"readable by now");
        let text = format!(
            "[station]\nid = \"hq-01\"\ndata_dir = \"{data}\"\n[web]\nlisten = \"127.0.0.1:0\"\n[spool]\nreserve = \"1 MiB\"\n[[bay]]\nname = \"1\"\nfolder \
             = \"{bay}\"\nquiet_time = \"1s\"\n[[destination]]\nname = \"nas\"\nkind = \"folder\"\npath = \"{nas}\"\n\
             same_disk = true\n",
            data = station.data_dir().display(),
            bay = station.folder.path().join("bay").display(),
            nas = station.folder.path().join("nas").display(),
        );
        fs::write(station.config(), text).unwrap();
        station
    }

    fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn ledger(&self) -> PathBuf {
        self.data_dir().join(LEDGER_FILE)
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("camdock.toml")
    }

    fn camera(&self) -> PathBuf {
        self.folder.path().join("bay/BWC-1")
    }

    fn evidence(&self, object: &ObjectName) -> PathBuf {
        self.folder.path().join("nas").join(object.as_str())
    }

    fn left_on_camera(&self) -> Vec<String> {
        let files = fs::read_dir(self.camera().join("DCIM")).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

async fn until(shown: &mut watch::Receiver<Snapshot>, what: &str, done: impl FnMut(&Snapshot) -> bool) {
    let seen = timeout(PATIENCE, shown.wait_for(done)).await.map(|seen| seen.is_ok());
    assert!(matches!(seen, Ok(true)), "{what}: {:#?}", *shown.borrow());
}

/// Every table that follows from the log, a line for each row, in no order that says anything.
fn tables(path: &Path) -> Vec<String> {
    let db = Connection::open(path).unwrap();
    let mut dump = Vec::new();
    for table in [
        "destination",
        "docking",
        "handled",
        "segment",
        "delivery",
        "problem",
        "unsettled_medium",
        "tally",
        "counted",
        "hourly",
    ] {
        let mut statement = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|cell| row.get(cell)).collect());
        let rows: Vec<Vec<Value>> = rows.unwrap().collect::<Result<_, _>>().unwrap();
        dump.extend(rows.into_iter().map(|row| format!("{table}: {row:?}")));
    }
    dump.sort();
    dump
}

#[tokio::test]
async fn its_log_leads_to_the_same_tables_as_it_did_then() {
    let station = OldStation::as_it_was_left();
    drop(Ledger::connect(&station.ledger()).unwrap());
    assert!(matches!(Ledger::examine(&station.ledger()).unwrap(), Health::Sound(unknown) if unknown.is_empty()));
    let then = tables(&station.ledger());
    let ledger = Ledger::threaded(Ledger::connect(&station.ledger()).unwrap()).unwrap();
    assert!(ledger.rebuild().await.unwrap().is_empty());
    assert_eq!(tables(&station.ledger()), then);

    let known = ledger.on_camera(&CameraSerial::new("BWC-1").unwrap()).await.unwrap();
    let copies: Vec<_> = known.into_iter().map(|known| (known.segment, known.spool)).collect();
    let expected = [
        ("BLOCKED", SpoolCopy::Present),
        ("LOST", SpoolCopy::Lost),
        ("QUEUED", SpoolCopy::Present),
        ("RELEASED", SpoolCopy::Released),
        ("UNFINISHED", SpoolCopy::Present),
    ];
    assert_eq!(copies, expected.map(|(name, spool)| (segment(name).into(), spool)));
    let problems: Vec<Problem> = ledger.problems(None).await.unwrap();
    assert!(
        matches!(
            &problems[..],
            [
                Problem { kind: ProblemKind::OnlyOnCamera, .. },
                Problem { kind: ProblemKind::Unreadable { .. }, .. },
                Problem { kind: ProblemKind::OtherContent, .. }
            ]
        ),
        "{problems:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_camera_is_served_to_its_end() {
    let station = OldStation::as_it_was_left();
    let config = Config::load(&station.config()).unwrap();
    let lock = StationLock::take(&station.data_dir()).unwrap();
    // Destinations were not enrolled then: a person does it, once.
    let nas = open_destination(&config.destinations[0], &config).unwrap();
    nas.enrol(PlaceId::random()).await.unwrap();
    let daemon = Daemon::open(&config, LastLedger::Trusted, &lock).unwrap();
    let mut shown = daemon.shown();
    let running = tokio::spawn(daemon.run());
    let needs_a_person = |status: &Snapshot| status.bays[0].state() == BayState::Attention && status.problems == 1;
    until(&mut shown, "everything but what is in the way is wiped", needs_a_person).await;
    assert_eq!(station.left_on_camera(), ["BLOCKED.MP4"]);

    // A person takes what is in the way to another place, and has it tried again.
    let in_the_way = station.evidence(&segment("BLOCKED").object_name());
    fs::rename(&in_the_way, station.folder.path().join("somebody else's")).unwrap();
    let retried = assert_cmd::Command::new(env!("CARGO_BIN_EXE_camdock"))
        .arg("--config")
        .arg(station.config())
        .args(["retry", &problem_number(&station.ledger()).to_string()])
        .output()
        .unwrap();
    assert!(retried.status.success(), "{retried:?}");
    until(&mut shown, "the camera can be taken", |status| status.bays[0].state() == BayState::Ready).await;
    assert_eq!(station.left_on_camera(), Vec::<String>::new());
    for name in FILES {
        assert_eq!(fs::read(station.evidence(&segment(name).object_name())).unwrap(), content(name), "{name}");
    }
    running.abort();
}

fn problem_number(ledger: &Path) -> i64 {
    Connection::open(ledger).unwrap().query_row("SELECT id FROM problem", [], |row| row.get(0)).unwrap()
}
