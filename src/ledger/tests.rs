//! What the ledger promises, as short stories on real databases.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;

use super::*;
use crate::domain::{
    BayName, ByteCount, CameraSerial, DestinationName, DockingId, Fingerprint, MediumId, Need, Problem, ProblemKind,
    ProofMethod, Protection, Segment, SegmentId, SourcePath, Version,
};

mod random_logs;

const NOW: Moment = Moment::from_millis(1_800_000_000_000);

fn camera(name: &str) -> CameraSerial {
    CameraSerial::new(name).unwrap()
}

fn place(name: &str) -> DestinationName {
    DestinationName::new(name).unwrap()
}

fn segment(camera: &CameraSerial, path: &str, content: &[u8]) -> Segment {
    let path = SourcePath::new(path.as_bytes().to_vec());
    let fingerprint = Fingerprint::of(content, ByteCount::new(4));
    Segment {
        id: SegmentId::of(camera, &path, &fingerprint.sha256),
        camera: camera.clone(),
        path,
        recorded_at: Moment::from_millis(7),
        fingerprint,
        damaged: false,
    }
}

fn set(destinations: &[(&str, Need)]) -> Entry {
    Entry::DestinationsSet { destinations: destinations.iter().map(|(name, need)| (place(name), *need)).collect() }
}

fn spooled(segment: &Segment) -> Entry {
    Entry::SegmentSpooled { docking: None, segment: segment.clone() }
}

fn proven(segment: &Segment, destination: &str) -> Entry {
    Entry::CopyProven {
        segment: segment.id,
        destination: place(destination),
        version: Version("v1".to_owned()),
        method: ProofMethod::Attested,
        protection: Protection::NONE,
    }
}

fn problem(segment: &Segment, destination: &str) -> Entry {
    Entry::ProblemFound {
        camera: segment.camera.clone(),
        path: segment.path.clone(),
        segment: Some(segment.id),
        destination: Some(place(destination)),
        kind: ProblemKind::OtherContent,
    }
}

async fn ledger(entries: Vec<Entry>) -> Ledger {
    let ledger = Ledger::threaded(Ledger::in_memory().unwrap()).unwrap();
    ledger.record(NOW, entries).await.unwrap();
    ledger
}

const EVERYTHING: Head = Head { cameras: usize::MAX, per_camera: usize::MAX };

async fn queued(ledger: &Ledger, destination: &str) -> Vec<SegmentId> {
    let queued = ledger.queued(&place(destination), EVERYTHING, |_| false, BTreeSet::new()).await.unwrap();
    let places = queued.into_iter().flat_map(|camera| camera.places).collect();
    ledger.deliveries(places).await.unwrap().into_iter().map(|delivery| delivery.segment.id).collect()
}

/// The steps by which SQLite answers a question.
pub(super) fn plan(db: &Connection, question: &str) -> Result<Vec<String>, LedgerError> {
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {question}"))?;
    let nothing = vec![rusqlite::types::Null; statement.parameter_count()];
    let rows = statement.query_map(rusqlite::params_from_iter(nothing), |row| row.get(3))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[tokio::test]
async fn a_segment_comes_back_as_it_was_written_down() {
    let segment = segment(&camera("A"), "DCIM/\u{e9}\n.MP4", b"0123456789");
    let ledger = ledger(vec![set(&[("primary", Need::Required)]), spooled(&segment)]).await;
    let known = ledger.on_camera(&segment.camera).await.unwrap();
    assert_eq!(
        known,
        [KnownSegment { segment: segment.into(), spool: SpoolCopy::Present, pending: 1, deletion: Deletion::NotBegun }]
    );
}

#[tokio::test]
async fn the_queue_counts_what_required_destinations_wait_for() {
    let (one, two) = (segment(&camera("A"), "1", b"one"), segment(&camera("A"), "2", b"second"));
    let destinations = set(&[("primary", Need::Required), ("nas", Need::Optional)]);
    let ledger = ledger(vec![destinations, spooled(&one), spooled(&two), proven(&one, "primary")]).await;
    let queue = ledger.queue(NOW).await.unwrap();
    assert_eq!((queue.segments, queue.bytes), (1, ByteCount::new(6)));
    assert_eq!(queued(&ledger, "primary").await, [two.id]);
    assert_eq!(queued(&ledger, "nas").await, [one.id, two.id]);
}

#[tokio::test]
async fn a_destination_added_later_gets_what_is_still_in_the_spool() {
    let (here, gone) = (segment(&camera("A"), "1", b"one"), segment(&camera("A"), "2", b"two"));
    let ledger = ledger(vec![set(&[("primary", Need::Required)]), spooled(&here), spooled(&gone)]).await;
    let both = set(&[("primary", Need::Required), ("second", Need::Required)]);
    ledger.record(NOW, vec![Entry::SpoolCopyReleased { segment: gone.id }, both]).await.unwrap();
    assert_eq!(queued(&ledger, "second").await, [here.id]);
    assert_eq!(ledger.on_camera(&camera("A")).await.unwrap()[0].pending, 2);
}

#[tokio::test]
async fn a_hold_leaves_the_queue_and_comes_back_when_released() {
    let segment = segment(&camera("A"), "1", b"one");
    let ledger =
        ledger(vec![set(&[("primary", Need::Required)]), spooled(&segment), problem(&segment, "primary")]).await;
    assert_eq!(queued(&ledger, "primary").await, []);
    let problems: Vec<Problem> = ledger.problems(None).await.unwrap();
    ledger.record(NOW, vec![Entry::ProblemClosed { problem: problems[0].id }]).await.unwrap();
    assert_eq!(queued(&ledger, "primary").await, [segment.id]);
    assert_eq!(ledger.problem_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_lost_spool_copy_is_not_sent_until_it_was_pulled_again() {
    let segment = segment(&camera("A"), "1", b"one");
    let ledger = ledger(vec![set(&[("primary", Need::Required)]), spooled(&segment)]).await;
    let lost = Entry::SpoolCopyLost { segment: segment.id, why: "rot".to_owned() };
    ledger.record(NOW, vec![lost]).await.unwrap();
    assert_eq!(queued(&ledger, "primary").await, []);
    ledger.record(NOW, vec![spooled(&segment)]).await.unwrap();
    assert_eq!(queued(&ledger, "primary").await, [segment.id]);
}

fn withdrawn(segment: &Segment) -> Entry {
    Entry::ProofWithdrawn { segment: segment.id, destination: place("primary"), why: "it is not there".to_owned() }
}

#[tokio::test]
async fn a_released_copy_that_is_needed_again_counts_as_lost() {
    let segment = segment(&camera("A"), "1", b"one");
    let released = Entry::SpoolCopyReleased { segment: segment.id };
    let begin = vec![set(&[("primary", Need::Required)]), spooled(&segment), proven(&segment, "primary"), released];
    let one = ledger(begin.clone()).await;
    one.record(NOW, vec![withdrawn(&segment)]).await.unwrap();
    assert_eq!(one.segment(segment.id).await.unwrap().unwrap().spool, SpoolCopy::Lost, "its only copy went");
    let other = ledger(begin).await;
    other.record(NOW, vec![set(&[("primary", Need::Required), ("nas", Need::Required)])]).await.unwrap();
    assert_eq!(other.segment(segment.id).await.unwrap().unwrap().spool, SpoolCopy::Lost, "a new destination needs it");
}

#[tokio::test]
async fn the_same_content_at_another_time_is_the_same_segment() {
    let first = Segment { damaged: true, ..segment(&camera("A"), "1", b"one") };
    let touched = Segment { recorded_at: Moment::from_millis(86_400_000), damaged: false, ..first.clone() };
    let ledger = ledger(vec![set(&[("primary", Need::Required)]), spooled(&first), spooled(&touched)]).await;
    let known = ledger.on_camera(&first.camera).await.unwrap();
    let whole = Segment { damaged: false, ..first };
    assert_eq!(*known[0].segment, whole, "it keeps its object name, and was read completely in the end");
    assert_eq!(known.len(), 1);
}

#[tokio::test]
async fn what_is_held_is_not_held_twice() {
    let segment = segment(&camera("A"), "1", b"one");
    let begin = vec![set(&[("primary", Need::Required)]), spooled(&segment)];
    let ledger = ledger([begin, vec![problem(&segment, "primary"), problem(&segment, "primary")]].concat()).await;
    assert_eq!(ledger.problem_count().await.unwrap(), 1);
}

fn lost(segment: &Segment) -> Entry {
    Entry::SpoolCopyLost { segment: segment.id, why: "rot".to_owned() }
}

fn gone(segment: &Segment) -> Entry {
    Entry::OriginalGone { docking: DockingId::new(NOW), segment: segment.id }
}

fn wiped(segment: &Segment) -> Entry {
    Entry::SegmentWiped { docking: DockingId::new(NOW), segment: segment.id }
}

fn released(segment: &Segment) -> Entry {
    Entry::SpoolCopyReleased { segment: segment.id }
}

async fn kinds(ledger: &Ledger) -> Vec<ProblemKind> {
    let problems = ledger.problems(None).await.unwrap();
    assert_eq!(ledger.problem_count().await.unwrap(), problems.len() as u64);
    problems.into_iter().map(|problem| problem.kind).collect()
}

/// The story that lost evidence with the bay at "ready": the destination is away, the camera removes the file by itself, and the
/// spool copy rots.
#[tokio::test]
async fn evidence_that_is_nowhere_is_a_problem_from_the_entry_on_that_made_it_so() {
    let segment = segment(&camera("A"), "1", b"one");
    let ledger = ledger(vec![set(&[("primary", Need::Required)]), spooled(&segment)]).await;
    ledger.record(NOW, vec![gone(&segment)]).await.unwrap();
    assert_eq!(kinds(&ledger).await, [], "its copy is here, and goes on its way");
    assert_eq!(ledger.tally_of(&camera("A")).await.unwrap().unproven, 1, "but the camera is not ready");
    ledger.record(NOW, vec![lost(&segment)]).await.unwrap();
    assert_eq!(kinds(&ledger).await, [ProblemKind::Lost]);
    assert_eq!(ledger.problems(Some(camera("A"))).await.unwrap()[0].segment, Some(segment.id));
    ledger.record(NOW, vec![proven(&segment, "primary")]).await.unwrap();
    assert_eq!(kinds(&ledger).await, [], "it is there after all");
    assert_eq!(ledger.tally_of(&camera("A")).await.unwrap().unproven, 0);
}

/// What happens to a segment after it was spooled, and what is told of it then.
type Case<'a> = (&'a str, &'a [fn(&Segment) -> Entry], &'a [ProblemKind]);

#[tokio::test]
async fn what_is_told_of_evidence_that_is_nowhere_is_what_is_so() {
    let required = [("primary", Need::Required), ("nas", Need::Optional)];
    let cases: [Case<'_>; 8] = [
        ("the camera may have it", &[lost], &[ProblemKind::OnlyOnCamera]),
        ("the order does not matter", &[lost, gone], &[ProblemKind::Lost]),
        ("pulled again", &[lost, spooled], &[]),
        ("another destination has it", &[|it| proven(it, "nas"), lost, gone], &[ProblemKind::OnlyElsewhere]),
        (
            "wiped, released, and then the destination loses it",
            &[|it| proven(it, "primary"), wiped, released, withdrawn],
            &[ProblemKind::Lost],
        ),
        (
            "the destination that lacked it is retired, and nobody has it",
            &[lost, |_| set(&[("other", Need::Required)])],
            &[ProblemKind::OnlyOnCamera],
        ),
        (
            "the one that had it is retired",
            &[|it| proven(it, "primary"), wiped, released, |_| set(&[("other", Need::Required)])],
            &[],
        ),
        ("a copy that every destination has is no loss", &[|it| proven(it, "primary"), lost, gone], &[]),
    ];
    for (case, steps, expected) in cases {
        let segment = segment(&camera("A"), "1", b"one");
        let ledger = ledger(vec![set(&required), spooled(&segment)]).await;
        for step in steps {
            ledger.record(NOW, vec![step(&segment)]).await.unwrap();
        }
        assert_eq!(kinds(&ledger).await, expected, "{case}");
        ledger.rebuild().await.unwrap();
        assert_eq!(kinds(&ledger).await, expected, "{case}, from the log alone");
    }
}

#[tokio::test]
async fn that_evidence_is_lost_a_person_can_only_say_to_have_seen() {
    let segment = segment(&camera("A"), "1", b"one");
    let ledger = ledger(vec![set(&[("primary", Need::Required)]), spooled(&segment), lost(&segment)]).await;
    let tried_again = async || {
        let id = ledger.problems(None).await.unwrap()[0].id;
        assert_eq!(ledger.problem(id).await.unwrap().unwrap().id, id);
        ledger.record(NOW, vec![Entry::ProblemClosed { problem: id }]).await.unwrap();
    };
    tried_again().await;
    assert_eq!(kinds(&ledger).await, [ProblemKind::OnlyOnCamera], "docking the camera mends it, saying so does not");
    ledger.record(NOW, vec![gone(&segment)]).await.unwrap();
    tried_again().await;
    assert_eq!(kinds(&ledger).await, []);
    let explained = &ledger.explain(&camera("A")).await.unwrap()[0];
    assert!(explained.seen_at.is_some(), "it is told for ever");
    ledger.record(NOW, vec![spooled(&segment), lost(&segment)]).await.unwrap();
    assert_eq!(kinds(&ledger).await, [ProblemKind::OnlyOnCamera], "the next time is another time");
}

#[tokio::test]
async fn gone_by_itself_is_told_apart_from_wiped() {
    let camera = camera("A");
    let all: Vec<Segment> = ["1", "2", "3"].map(|name| segment(&camera, name, b"one")).into();
    let docking = DockingId::new(NOW);
    let begun = Entry::WipeIntended { docking, segments: vec![all[0].id, all[1].id], media: Vec::new() };
    let ledger = ledger(all.iter().map(spooled).chain([begun]).collect()).await;
    ledger.record(NOW, vec![wiped(&all[0]), gone(&all[1]), gone(&all[2])]).await.unwrap();
    let how = async || {
        let explained = ledger.explain(&camera).await.unwrap();
        explained.iter().map(|known| known.gone.unwrap().how).collect::<Vec<_>>()
    };
    let expected = [Removal::Wiped, Removal::Interrupted, Removal::NotByCamdock];
    assert_eq!(how().await, expected);
    ledger.rebuild().await.unwrap();
    assert_eq!(how().await, expected, "from the log alone");
}

#[tokio::test]
async fn placing_a_problem_reads_no_other_problem_of_its_camera() {
    let ledger = ledger(Vec::new()).await;
    let plan = ledger.look(|db| plan(db, projection::PLACE)).await.unwrap();
    assert!(plan.iter().any(|step| step.contains("INDEX problem_about (camera=? AND path=?)")), "{plan:?}");
    assert!(!plan.iter().any(|step| step.contains("SCAN problem")), "{plan:?}");
}

/// With which index the station's questions are answered; a million rows beside it keep nobody waiting.
#[tokio::test]
async fn no_question_of_the_station_reads_what_it_is_not_about() {
    let segments = |rest: &str| format!("SELECT * FROM segment {rest}");
    let ledger = ledger(Vec::new()).await;
    for (question, by) in [
        (queue::HEADS.to_owned(), "COVERING INDEX queue_head_in_order (destination=?)"),
        (queue::PLACES.to_owned(), "COVERING INDEX delivery_queue (destination=? AND camera=?)"),
        (queue::OLDEST.to_owned(), "COVERING INDEX queue_head_in_order (destination=?)"),
        (segments(cameras::ON_CAMERA), "INDEX segment_on_camera (camera=? AND path>"),
        (segments(cameras::OF_CAMERA[0]), "INDEX segment_on_camera (camera=?)"),
        (segments(cameras::OF_CAMERA[1]), "INDEX segment_off_camera (camera=?)"),
        (cameras::OPEN.to_owned(), "INDEX docking_open"),
        (format!("SELECT * FROM problem {}", problems::FOUND_OF), "INDEX problem_about (camera=? AND path>"),
        (
            segments(&format!("{} {}", problems::NOWHERE, problems::NOWHERE_OF)),
            "INDEX segment_nowhere (camera=? AND rowid>?)",
        ),
        (copies::IN_SPOOL.to_owned(), "COVERING INDEX segment_in_spool (seq>?)"),
        (segments(copies::SPARE), "INDEX segment_spare (seq>?)"),
        (segments(copies::WIPED_BEFORE), "INDEX segment_wiped_in_spool (seq>?)"),
    ] {
        let (asked, steps) = (question.clone(), ledger.look(move |db| plan(db, &question)).await.unwrap());
        assert!(steps.iter().any(|step| step.contains(by)), "{asked}: {steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{asked}: {steps:?}");
    }
}

#[tokio::test]
async fn a_listener_hears_of_every_commit_once() {
    let ledger = ledger(vec![set(&[])]).await;
    let mut changes = ledger.changes();
    ledger.record(NOW, vec![set(&[("primary", Need::Required)])]).await.unwrap();
    changes.changed().await;
    assert!(futures::FutureExt::now_or_never(changes.changed()).is_none());
    ledger.record(NOW, vec![set(&[])]).await.unwrap();
    changes.mark_seen();
    assert!(futures::FutureExt::now_or_never(changes.changed()).is_none());
}

#[tokio::test]
async fn a_step_that_fails_undoes_itself_alone() {
    let ledger = ledger(vec![set(&[("primary", Need::Required)])]).await;
    let docking = DockingId::new(NOW);
    let began = || Entry::DockingBegan { docking, camera: camera("A"), bay: BayName::new("1").unwrap() };
    let other = segment(&camera("A"), "1", b"one");
    let (first, twice) = tokio::join!(
        ledger.record(NOW, vec![began(), spooled(&other)]),
        ledger.record(NOW, vec![spooled(&segment(&camera("B"), "2", b"two")), began()]),
    );
    assert!(first.is_ok() && twice.is_err(), "{first:?} {twice:?}");
    assert_eq!(queued(&ledger, "primary").await, [other.id]);
}

fn file_ledger(folder: &Path) -> std::path::PathBuf {
    folder.join(LEDGER_FILE)
}

fn append(db: &Connection, entry: &Entry) {
    custody_log::append(db, NOW, &entry.write().unwrap()).unwrap();
}

fn write_some(path: &Path) {
    let db = Ledger::connect(path).unwrap();
    let camera = camera("A");
    append(&db, &set(&[("primary", Need::Required)]));
    for number in 0..50 {
        let segment = segment(&camera, &number.to_string(), &[number; 9]);
        append(&db, &spooled(&segment));
    }
}

#[test]
fn a_changed_entry_breaks_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_ledger(folder.path());
    write_some(&path);
    assert_eq!(Ledger::examine(&path).unwrap(), Health::Sound(UnknownEntries::default()));
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "DROP TRIGGER custody_log_is_append_only_u;
         UPDATE custody_log SET entry = replace(entry, '\"primary\"', '\"elsewhere\"') WHERE seq = 1",
    )
    .unwrap();
    let Health::Damaged(why) = Ledger::examine(&path).unwrap() else { panic!("not noticed") };
    assert!(why.contains("entry 1"), "{why}");
}

#[test]
fn the_log_cannot_be_rewritten() {
    let db = Ledger::in_memory().unwrap();
    append(&db, &set(&[("primary", Need::Required)]));
    for attempt in ["UPDATE custody_log SET at = 0", "DELETE FROM custody_log"] {
        let error = db.execute(attempt, []).unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
}

#[test]
fn a_newer_ledger_is_refused_and_says_who_wrote_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_ledger(folder.path());
    write_some(&path);
    let db = Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA user_version = 99; UPDATE written_by SET version = '7.8.9'").unwrap();
    drop(db);
    let error = Ledger::connect(&path).unwrap_err();
    assert!(matches!(&error, LedgerError::Newer { wrote, .. } if wrote == "7.8.9"), "{error}");
}

#[test]
fn another_programs_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_ledger(folder.path());
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(Ledger::connect(&path), Err(LedgerError::Foreign(_))));
}

#[tokio::test]
async fn a_damaged_ledger_is_set_aside_and_its_readable_part_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_ledger(folder.path());
    write_some(&path);
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "DROP TRIGGER custody_log_is_append_only_u; UPDATE custody_log SET hash = zeroblob(32) WHERE seq = 30",
    )
    .unwrap();
    drop(db);
    let rebuilt = Ledger::threaded(Ledger::set_aside(&path, NOW).unwrap()).unwrap();
    assert_eq!(rebuilt.on_camera(&camera("A")).await.unwrap().len(), 28);
    let kept = std::fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("damaged"));
    assert!(kept.count() >= 1, "the damaged file was not kept");
}

#[test]
fn a_file_that_is_no_database_counts_as_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_ledger(folder.path());
    std::fs::write(&path, [0x5a; 8192]).unwrap();
    assert!(Ledger::connect(&path).unwrap_err().is_damage());
}

#[tokio::test]
async fn a_commit_that_fails_for_another_reason_is_no_damage() {
    let ledger = Ledger::threaded(Ledger::in_memory().unwrap()).unwrap();
    let dangling = "PRAGMA defer_foreign_keys = ON;
                    INSERT INTO delivery (destination, segment, camera, state) VALUES ('nas', 7, 'A', 'queued')";
    let error = ledger.look(|db| Ok(db.execute_batch(dangling)?)).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotCommitted(_)) && !error.is_damage(), "{error}");
    assert_eq!(ledger.problem_count().await.unwrap(), 0, "it works on");
}

#[test]
fn a_data_folder_has_one_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("data");
    let first = StationLock::take(&folder).unwrap();
    assert!(matches!(StationLock::take(&folder), Err(LedgerError::Locked(_))));
    drop(first);
    StationLock::take(&folder).unwrap();
}

#[tokio::test]
async fn a_wipe_is_unsettled_until_its_medium_is_found_sound() {
    let ledger = ledger(Vec::new()).await;
    let (camera, docking) = (camera("BWC-1"), DockingId::new(NOW));
    let medium = |name: &str| MediumId::new(name).unwrap();
    let (one, other) = (medium("fat-1"), medium("fat-2"));
    let began = Entry::DockingBegan { docking, camera: camera.clone(), bay: BayName::new("1").unwrap() };
    ledger.record(NOW, vec![began]).await.unwrap();
    assert_eq!(ledger.unsettled_media(&camera).await.unwrap(), BTreeSet::new());
    let intended = || Entry::WipeIntended { docking, segments: Vec::new(), media: vec![one.clone(), other.clone()] };
    ledger.record(NOW, vec![intended(), intended()]).await.unwrap();
    ledger.rebuild().await.unwrap();
    let both = BTreeSet::from([one.clone(), other.clone()]);
    assert_eq!(ledger.unsettled_media(&camera).await.unwrap(), both, "from the log alone");
    ledger.record(NOW, vec![Entry::WipeSettled { docking, media: vec![one] }]).await.unwrap();
    assert_eq!(ledger.unsettled_media(&camera).await.unwrap(), BTreeSet::from([other]), "the other camera's");
}

/// Asks everything that can be asked of a ledger; what it says first that is no answer.
async fn ask_everything(ledger: &Ledger) -> Result<(), LedgerError> {
    let camera = camera("A");
    ledger.destinations().await?;
    let queued = ledger.queued(&place("primary"), EVERYTHING, |_| false, BTreeSet::new()).await?;
    ledger.deliveries(queued.into_iter().flat_map(|camera| camera.places).collect()).await?;
    ledger.tally_of(&camera).await?;
    ledger.on_camera(&camera).await?;
    ledger.problems(None).await?;
    ledger.explain(&camera).await?;
    ledger.figures(NOW).await?;
    Ok(())
}

#[tokio::test]
async fn a_word_that_camdock_does_not_write_is_damage_in_whatever_column_it_stands() {
    let segment = segment(&camera("A"), "1", b"one");
    let begin =
        vec![set(&[("primary", Need::Required), ("nas", Need::Optional)]), spooled(&segment), problem(&segment, "nas")];
    let damages = [
        "UPDATE segment SET spool = 'gone'",
        "UPDATE segment SET docking = 'yesterday'",
        "UPDATE segment SET chunks = x'001122'",
        "UPDATE segment SET size = -1",
        "UPDATE segment SET pending = -1",
        "UPDATE segment SET sha256 = x'00'",
        "UPDATE segment SET camera = 'no/name' WHERE camera = 'A'",
        "UPDATE delivery SET state = 'lost' WHERE destination = 'primary'",
        "UPDATE delivery SET method = 'notarised', version = 'v', state = 'proven' WHERE destination = 'primary'",
        "UPDATE destination SET need = 'desired' WHERE name = 'nas'",
        "UPDATE problem SET kind = '{\"why\":\"cursed\"}'",
        "UPDATE problem SET destination = ''",
        "UPDATE counted SET what = 'dreamt' WHERE what = 'spooled'",
        "UPDATE counted SET bytes = -1",
        "UPDATE camera_tally SET pending = -1",
        "UPDATE queue_head SET camera = 'no/name'",
    ];
    for damage in damages {
        let db = Ledger::in_memory().unwrap();
        db.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF").unwrap();
        let ledger = Ledger::threaded(db).unwrap();
        ledger.record(NOW, begin.clone()).await.unwrap();
        ask_everything(&ledger).await.unwrap();
        ledger.look(move |db| Ok(db.execute_batch(damage)?)).await.unwrap();
        let answer = ask_everything(&ledger).await;
        assert!(answer.as_ref().is_err_and(LedgerError::is_damage), "{damage}: {answer:?}");
    }
}

/// So many times a step is taken that finds no room for another page.
async fn times_taken(ballast: bool) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    let db = Ledger::connect(&file_ledger(folder.path())).unwrap();
    if ballast {
        assert_eq!(Ballast::of(&db).unwrap().keep().unwrap(), Room::Kept);
    }
    let pages: u32 = db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    let ledger = Ledger::threaded(db).unwrap();
    let taken = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = Arc::clone(&taken);
    let too_much = move |db: &Connection| {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok(db.execute_batch("CREATE TABLE much AS SELECT zeroblob(1000000)")?)
    };
    let error = ledger.look(too_much).await.unwrap_err();
    assert!(!error.is_damage(), "{error}");
    assert_eq!(ledger.problem_count().await.unwrap(), 0, "it works on");
    let kept = folder.path().join("ledger.ballast").metadata().map_or(0, |kept| kept.len());
    assert_eq!(kept, 0, "it was given up");
    taken.load(std::sync::atomic::Ordering::SeqCst)
}

#[tokio::test]
async fn what_finds_the_disk_full_is_done_again_with_the_room_that_was_kept() {
    assert_eq!((times_taken(true).await, times_taken(false).await), (2, 2));
}

#[tokio::test]
async fn what_does_not_depend_on_each_other_is_committed_in_portions() {
    let ledger = ledger(Vec::new()).await;
    let mut changes = ledger.changes();
    let places = |count: usize| (0..count).map(|number| set(&[(&format!("place-{number}"), Need::Required)])).collect();
    ledger.record_each(NOW, places(STEPS * 2 + 1)).await.unwrap();
    let logged =
        ledger.look(|db| Ok(db.query_row("SELECT count(*) FROM custody_log", [], |row| row.get::<_, i64>(0))?));
    assert_eq!(logged.await.unwrap(), 513);
    changes.changed().await;
}
