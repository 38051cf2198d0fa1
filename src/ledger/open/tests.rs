//! Whatever the end of a process or the power leaves of a ledger, the next start opens it, and takes nobody else's for it.

use rusqlite_migration::Migrations;

use super::*;
use crate::domain::{DestinationName, Need, ProblemKind};
use crate::ledger::schema::{APPLICATION_ID, STEPS};
use crate::ledger::{derive, projection, rebuild};

const NOW: Moment = Moment::from_millis(7);
const LATER: Moment = Moment::from_millis(8);

fn place() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LEDGER_FILE);
    (folder, path)
}

fn entry(number: u32) -> Entry {
    let name = DestinationName::new(format!("place-{number}")).unwrap();
    Entry::DestinationsSet { destinations: vec![(name, Need::Required)] }
}

/// Writes so many entries, as a daemon would, and leaves them in the write-ahead log as `kill -9` does.
fn written(path: &Path, entries: u32) {
    let db = Ledger::connect(path).unwrap();
    for number in 0..entries {
        let entry = entry(number);
        let seq = custody_log::append(&db, NOW, &entry.write().unwrap()).unwrap();
        projection::apply(&db, seq, NOW, &entry).unwrap();
    }
}

fn texts(path: &Path) -> Vec<String> {
    let db = Ledger::connect(path).unwrap();
    let mut statement = db.prepare("SELECT entry FROM custody_log ORDER BY seq").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn problems(path: &Path) -> Vec<ProblemKind> {
    let db = Ledger::connect(path).unwrap();
    crate::ledger::problems::problems(&db, None).unwrap().into_iter().map(|problem| problem.kind).collect()
}

/// What was left of it, and how that is made.
type Cut<'a> = (&'a str, &'a dyn Fn(&Path));

/// The file as each step of an earlier version's first opening left it, when the process was killed there.
#[test]
fn a_ledger_whose_creation_was_cut_short_anywhere_is_opened() {
    let sql = |path: &Path, sql: &str| Connection::open(path).unwrap().execute_batch(sql).unwrap();
    let steps = |path: &Path, version: usize| {
        let mut db = Connection::open(path).unwrap();
        db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())).unwrap();
        Migrations::from_slice(STEPS).to_version(&mut db, version).unwrap();
        // Older versions marked the file after that.
        db.pragma_update(None, "application_id", 0).unwrap();
    };
    let cuts: [Cut<'_>; 8] = [
        ("no file", &|_| {}),
        ("an empty file", &|path| std::fs::write(path, []).unwrap()),
        ("a write-ahead log is asked for, and nothing written", &|path| sql(path, "PRAGMA journal_mode = wal")),
        ("the mark, and no table", &|path| sql(path, "PRAGMA application_id = 0x636d646b; VACUUM")),
        ("the first tables, and no mark", &|path| steps(path, 1)),
        ("the tables of an earlier version, and no mark", &|path| steps(path, 4)),
        ("all tables, and no mark", &|path| steps(path, STEPS.len())),
        ("all but who wrote it", &|path| {
            drop(Ledger::connect(path).unwrap());
            sql(path, "DELETE FROM written_by");
        }),
    ];
    for (cut, make) in cuts {
        let (_folder, path) = place();
        make(&path);
        let opened = Ledger::connect(&path).map(drop);
        assert!(opened.is_ok(), "{cut}: {opened:?}");
        assert_eq!(texts(&path), [""; 0], "{cut}");
        assert_eq!(Ledger::examine(&path).unwrap(), Health::Sound(UnknownEntries::default()), "{cut}");
    }
}

#[test]
fn whose_ledger_it_is_is_written_together_with_its_first_table() {
    let (_folder, path) = place();
    let mut db = Connection::open(&path).unwrap();
    Migrations::from_slice(STEPS).to_latest(&mut db).unwrap();
    let id: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
    assert_eq!(id, APPLICATION_ID);
}

#[test]
fn another_programs_database_is_never_taken_for_a_ledger_that_was_cut_short() {
    let theirs = [
        "CREATE TABLE theirs (x)",
        "CREATE TABLE written_by (one INTEGER PRIMARY KEY, version TEXT); PRAGMA user_version = 1",
        // One that marks its files, and has no table yet.
        "PRAGMA application_id = 0x12345678; VACUUM",
        // One that counts its versions, and has no table yet.
        "PRAGMA user_version = 3; VACUUM",
        "PRAGMA user_version = 99; VACUUM",
    ];
    for sql in theirs {
        let (_folder, path) = place();
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = std::fs::read(&path).unwrap();
        let opened = Ledger::connect(&path);
        assert!(matches!(opened, Err(LedgerError::Foreign(_))), "{sql}: {opened:?}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "{sql}");
    }
}

#[test]
fn tables_like_ours_with_something_in_their_log_are_not_taken_over_without_our_mark() {
    let (_folder, path) = place();
    written(&path, 1);
    let db = Connection::open(&path).unwrap();
    db.pragma_update(None, "application_id", 0).unwrap();
    drop(db);
    assert!(matches!(Ledger::connect(&path), Err(LedgerError::Foreign(_))));
}

/// Kills the rebuild after so many of its steps; `None` once it took no more than that.
fn rebuild_cut_after(path: &Path, steps: usize) -> Option<()> {
    let rebuild = Rebuild::begin(path, LATER).unwrap();
    for _ in 0..steps {
        rebuild.take(&rebuild.next().unwrap()?).unwrap();
    }
    Some(())
}

#[test]
fn a_rebuild_that_is_cut_short_at_any_step_is_finished_at_the_next_start_and_loses_nothing() {
    for steps in 0.. {
        let (folder, path) = place();
        written(&path, 20);
        assert!(folder.path().join("ledger.db-wal").exists(), "part of it is in the write-ahead log only");
        if rebuild_cut_after(&path, steps).is_none() {
            assert!(steps > 4, "there are steps at which it can be cut: {steps}");
            return;
        }
        let (log, expected) = (texts(&path), 21);
        assert_eq!(log.len(), expected, "cut after {steps} steps");
        assert_eq!(problems(&path), [ProblemKind::LedgerRebuilt { saved: 20, lost: Some(0) }], "cut after {steps}");
        let aside = folder.path().join("ledger.damaged-8.db");
        let old = Connection::open(&aside).unwrap();
        let kept: i64 = old.query_row("SELECT count(*) FROM custody_log", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, 20, "the old one is kept whole, with its write-ahead log: cut after {steps} steps");
        assert_eq!(Ledger::examine(&path).unwrap(), Health::Sound(UnknownEntries::default()));
    }
}

#[test]
fn a_rebuild_that_was_cut_short_while_writing_begins_again_on_an_empty_page() {
    let (folder, path) = place();
    written(&path, 5);
    Rebuild::begin(&path, LATER).unwrap();
    std::fs::write(folder.path().join("ledger.rebuilding-8.db"), [0x5a; 10_000]).unwrap();
    assert_eq!(texts(&path).len(), 6);
}

/// The loss of the ledger itself is not covered up by an empty one.
#[test]
fn a_ledger_that_is_missing_altogether_is_begun_again_with_a_problem() {
    let (_folder, path) = place();
    drop(Ledger::set_aside(&path, LATER).unwrap());
    assert_eq!(problems(&path), [ProblemKind::LedgerRebuilt { saved: 0, lost: None }]);
}

#[test]
fn what_was_lost_is_counted_and_told_until_a_person_has_seen_it() {
    let (_folder, path) = place();
    written(&path, 20);
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "DROP TRIGGER custody_log_is_append_only_u; UPDATE custody_log SET hash = zeroblob(32) WHERE seq = 15",
    )
    .unwrap();
    drop(db);
    let db = Ledger::set_aside(&path, LATER).unwrap();
    let found = crate::ledger::problems::problems(&db, None).unwrap();
    assert_eq!(found[0].kind, ProblemKind::LedgerRebuilt { saved: 14, lost: Some(6) });
    let seen = Entry::ProblemClosed { problem: found[0].id };
    let seq = custody_log::append(&db, LATER, &seen.write().unwrap()).unwrap();
    projection::apply(&db, seq, LATER, &seen).unwrap();
    derive::again(&db).unwrap();
    drop(db);
    assert_eq!(problems(&path), []);
}

#[test]
fn a_disk_that_fails_or_is_busy_is_no_damage() {
    use rusqlite::ffi;
    let failed = |code| LedgerError::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
    for code in [ffi::SQLITE_BUSY, ffi::SQLITE_IOERR, ffi::SQLITE_NOMEM, ffi::SQLITE_FULL, ffi::SQLITE_CANTOPEN] {
        assert!(!failed(code).is_damage(), "{code}");
    }
    assert!(failed(ffi::SQLITE_CORRUPT).is_damage() && failed(ffi::SQLITE_NOTADB).is_damage());
}

/// Somebody else holds the database: that says nothing about what is in it.
#[test]
fn a_ledger_that_cannot_be_examined_is_not_called_damaged() {
    let (folder, path) = place();
    assert!(matches!(Ledger::examine(&path), Err(error) if !error.is_damage()), "there is none");
    std::fs::create_dir(&path).unwrap();
    assert!(matches!(Ledger::examine(&path), Err(error) if !error.is_damage()), "{folder:?}");
}

#[test]
fn a_salvage_that_finds_no_room_is_tried_again_and_not_taken_for_the_end_of_the_log() {
    let (_folder, path) = place();
    written(&path, 200);
    let (damaged, into) = (Connection::open(&path).unwrap(), Ledger::in_memory().unwrap());
    let pages: u32 = into.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    into.pragma_update_and_check(None, "max_page_count", pages + 2, |_| Ok(())).unwrap();
    let full = rebuild::copy_entries(&damaged, &into).unwrap_err();
    assert!(
        matches!(&full, LedgerError::Sqlite(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull))
    );
}

#[test]
fn a_ledger_that_was_set_aside_takes_nothing_with_it_when_it_is_closed() {
    let (folder, path) = place();
    let old = Ledger::connect(&path).unwrap();
    let new = Ledger::set_aside(&path, NOW).unwrap();
    drop(old);
    assert!(folder.path().join("ledger.db-wal").exists(), "the new one's write-ahead log");
    drop(new);
    assert_eq!(Ledger::examine(&path).unwrap(), Health::Sound(UnknownEntries::default()));
}

#[test]
fn nobody_else_may_read_a_ledger_whatever_the_umask_was() {
    let (folder, path) = place();
    std::fs::write(&path, []).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    written(&path, 3);
    drop(Ledger::set_aside(&path, LATER).unwrap());
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.file_name());
    }
}

#[test]
fn a_data_folder_is_made_for_camdock_alone_and_one_that_is_open_to_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("var/data");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    drop(StationLock::take(&data).unwrap());
    assert_eq!((mode(&data), mode(&data.join(LOCK_FILE))), (0o700, 0o600));
    for (bits, refused) in [(0o755, true), (0o701, true), (0o707, true), (0o750, false), (0o700, false)] {
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(bits)).unwrap();
        let taken = StationLock::take(&data);
        let says = taken.as_ref().err().map(ToString::to_string).unwrap_or_default();
        assert_eq!(matches!(taken, Err(LedgerError::OpenToOthers(_))), refused, "{bits:o}: {says}");
        assert!(!refused || says.contains("chmod 0700"), "{says}");
    }
}

#[test]
fn whether_a_station_runs_can_be_seen_without_getting_in_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(!StationLock::is_taken(&data));
    let lock = StationLock::take(&data).unwrap();
    assert!(StationLock::is_taken(&data));
    drop(lock);
    assert!(!StationLock::is_taken(&data), "the file stays, and means nothing");
}

#[test]
fn a_file_of_the_same_number_on_another_file_system_is_not_the_stations_lock() {
    let locks = "1: FLOCK  ADVISORY  WRITE 4711 fd:01:7 0 EOF\n2: POSIX  ADVISORY  WRITE 4711 00:2a:8 0 EOF\n";
    assert!(is_locked(locks, (0xfd, 1), 7));
    assert!(!is_locked(locks, (0, 0x2a), 7) && !is_locked(locks, (0, 0x2a), 8) && !is_locked(locks, (0xfd, 1), 17));
}

#[test]
fn a_ledger_that_was_not_brought_up_to_date_yet_is_not_looked_into() {
    let (_folder, path) = place();
    let mut db = Connection::open(&path).unwrap();
    Migrations::from_slice(STEPS).to_version(&mut db, 4).unwrap();
    drop(db);
    assert!(matches!(Ledger::look_only(&path), Err(LedgerError::Older(_))));
    drop(Ledger::connect(&path).unwrap());
    assert!(Ledger::look_only(&path).is_ok());
}
