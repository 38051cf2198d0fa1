//! The format is frozen: what was ever written is read as what it said then.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::super::{Health, LEDGER_FILE, Ledger, custody_log, derive};
use super::{Entry, Outcome, UnknownEntries};
use crate::domain::{Action, Caller, CameraSerial, Moment, Need, OddityKind, ProblemKind, ProofMethod, SegmentId};

/// One story, a text of the log a line: every kind and every variant, as versions of camdock have written them.
const GOLDEN: &str = include_str!("../format/1.jsonl");
/// What follows from it.
const TABLES: &str = include_str!("../format/1.tables");

/// When line `index` was written.
fn at(index: usize) -> Moment {
    Moment::from_millis(1_767_225_600_000 + 1_000 * i64::try_from(index).unwrap())
}

/// A ledger with these texts in its log, and what follows from them.
fn told<'a>(texts: impl IntoIterator<Item = &'a str>) -> (Connection, UnknownEntries) {
    let db = Ledger::in_memory().unwrap();
    for (index, text) in texts.into_iter().enumerate() {
        custody_log::append(&db, at(index), text).unwrap();
    }
    let unknown = derive::again(&db).unwrap();
    (db, unknown)
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => {
            let mut hex = String::new();
            for byte in bytes {
                let _ = write!(hex, "{byte:02x}");
            }
            format!("x'{hex}'")
        }
    }
}

/// Every table that follows from the log, a line for each row.
fn tables(db: &Connection) -> String {
    let mut dump = String::new();
    for table in [
        "destination",
        "docking",
        "handled",
        "segment",
        "delivery",
        "problem",
        "unsettled_medium",
        "enrolment",
        "retired",
        "asked",
        "tally",
        "counted",
        "hourly",
        "camera_tally",
        "queue_head",
    ] {
        let mut statement = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<_> = columns
                .iter()
                .enumerate()
                .map(|(at, column)| {
                    let value: Value = row.get(at).unwrap();
                    format!("{column}={}", text_of(&value))
                })
                .collect();
            let _ = writeln!(dump, "{table}: {}", cells.join(" "));
        }
    }
    dump
}

/// What this version writes where an older one wrote other words, or left out a field that there was not yet.
fn in_todays_words(text: &str) -> String {
    text.replace("\"hold-placed\"", "\"problem-found\"")
        .replace("\"hold-released\",\"hold\"", "\"problem-closed\",\"problem\"")
        .replace("\"segments\":[]}", "\"segments\":[],\"media\":[]}")
}

#[test]
fn what_was_ever_written_is_read_as_what_it_said() {
    for text in GOLDEN.lines() {
        let entry = Entry::read(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(entry.write().unwrap(), in_todays_words(text));
    }
}

#[test]
fn what_follows_from_it_never_changes() {
    let (db, unknown) = told(GOLDEN.lines());
    assert_eq!(unknown, UnknownEntries::default());
    assert_eq!(tables(&db), TABLES);
}

/// The variants that an entry is made of. Whoever adds one is asked for it here, and then for a line in the golden file.
fn variants(entry: &Entry) -> Vec<String> {
    let word = |kind: &str, word: &dyn std::fmt::Debug| format!("{kind}: {word:?}");
    match entry {
        Entry::DestinationsSet { destinations } => {
            destinations.iter().map(|(_, need)| word("destinations-set", need)).collect()
        }
        Entry::DockingBegan { .. } => vec!["docking-began".to_owned()],
        Entry::SegmentSpooled { docking, segment } => {
            let from = if docking.is_some() { "a docking" } else { "the spool" };
            vec![
                format!("segment-spooled: from {from}, damaged {}", segment.damaged),
                format!("segment-spooled: crc32c taken {}", segment.fingerprint.crc32c.is_some()),
            ]
        }
        Entry::CopyProven { method, protection, .. } => vec![
            word("copy-proven", method),
            format!("copy-proven: kept {:?}", protection.retention.map(|retention| retention.enforcement)),
            format!("copy-proven: legal hold {:?}", protection.legal_hold),
        ],
        Entry::CopyRestored { .. } => vec!["copy-restored".to_owned()],
        Entry::ProtectionAsked { .. } => vec!["protection-asked".to_owned()],
        Entry::ProofWithdrawn { .. } => vec!["proof-withdrawn".to_owned()],
        Entry::ProblemFound { segment, destination, kind, .. } => {
            let about = (segment.is_some(), destination.is_some());
            let kind = match kind {
                ProblemKind::Oddity { kind } => format!("oddity {kind:?}"),
                ProblemKind::Unreadable { .. } => "unreadable".to_owned(),
                ProblemKind::DamagedAtSource { .. } => "damaged-at-source".to_owned(),
                ProblemKind::DamagedVolume { .. } => "damaged-volume".to_owned(),
                ProblemKind::TooLarge { .. } => "too-large".to_owned(),
                ProblemKind::NotDeleted { .. } => "not-deleted".to_owned(),
                ProblemKind::Unsteady => "unsteady".to_owned(),
                ProblemKind::OtherContent => "other-content".to_owned(),
                ProblemKind::Refused { .. } => "refused".to_owned(),
                // These follow from other entries, and are not found by anybody.
                ProblemKind::LedgerRebuilt { .. }
                | ProblemKind::OnlyOnCamera
                | ProblemKind::OnlyElsewhere
                | ProblemKind::Lost => "written by no version".to_owned(),
                ProblemKind::Undelivered { .. } => "undelivered".to_owned(),
                ProblemKind::Recreated => "recreated".to_owned(),
                ProblemKind::ReadOnly => "read-only".to_owned(),
                ProblemKind::Many { .. } => "many".to_owned(),
            };
            vec![format!("problem-found: {kind}"), format!("problem-found: about {about:?}")]
        }
        Entry::ProblemClosed { .. } => vec!["problem-closed".to_owned()],
        Entry::WipeIntended { media, .. } => vec![format!("wipe-intended: media {}", !media.is_empty())],
        Entry::WipeSettled { .. } => vec!["wipe-settled".to_owned()],
        Entry::SegmentWiped { .. } => vec!["segment-wiped".to_owned()],
        Entry::OriginalGone { .. } => vec!["original-gone".to_owned()],
        Entry::SpoolCopyReleased { .. } => vec!["spool-copy-released".to_owned()],
        Entry::SpoolCopyLost { .. } => vec!["spool-copy-lost".to_owned()],
        Entry::DockingEnded { outcome, .. } => vec![word("docking-ended", outcome)],
        Entry::DestinationEnrolled { .. } => vec!["destination-enrolled".to_owned()],
        Entry::LedgerRebuilt { lost, .. } => vec![format!("ledger-rebuilt: lost known {}", lost.is_some())],
        Entry::LoggedIn { .. } => vec!["logged-in".to_owned()],
        Entry::LogInRefused { why, .. } => vec![word("log-in-refused", why)],
        Entry::ActionTaken { by, action } => about_an_action("action-taken", by, action),
        Entry::CameraRetired { .. } => vec!["camera-retired".to_owned()],
        Entry::ActionRefused { by, action } => about_an_action("action-refused", by, action),
    }
}

fn about_an_action(kind: &str, by: &Caller, action: &Action) -> Vec<String> {
    let by = match by {
        Caller::User(_) => "a user",
        Caller::Account { .. } => "an account",
    };
    let what = match action {
        Action::Retry(_) => "retry".to_owned(),
        Action::Retire(_) => "retire".to_owned(),
        Action::Retain(retain) => format!("retain, of some of it {}", retain.path.is_some()),
        Action::Enrol { earlier, .. } => format!("enrol, {earlier:?}"),
    };
    vec![format!("{kind}: by {by}"), format!("an action: {what}")]
}

/// All that there are.
/// Those that are one of their kind.
const PLAIN: [&str; 42] = [
    "docking-began",
    "proof-withdrawn",
    "problem-closed",
    "wipe-settled",
    "segment-wiped",
    "original-gone",
    "spool-copy-released",
    "spool-copy-lost",
    "destination-enrolled",
    "segment-spooled: from a docking, damaged false",
    "segment-spooled: from a docking, damaged true",
    "segment-spooled: from the spool, damaged false",
    "segment-spooled: crc32c taken true",
    "segment-spooled: crc32c taken false",
    "copy-proven: kept None",
    "copy-proven: kept Some(Locked)",
    "copy-proven: kept Some(Unlocked)",
    "copy-proven: legal hold Absent",
    "copy-proven: legal hold Placed",
    "wipe-intended: media true",
    "wipe-intended: media false",
    "problem-found: about (false, false)",
    "problem-found: about (true, false)",
    "problem-found: about (true, true)",
    "ledger-rebuilt: lost known true",
    "ledger-rebuilt: lost known false",
    "logged-in",
    "log-in-refused: Wrong",
    "log-in-refused: LockedOut",
    "action-taken: by a user",
    "action-taken: by an account",
    "action-refused: by a user",
    "action-refused: by an account",
    "an action: retry",
    "an action: retire",
    "camera-retired",
    "protection-asked",
    "copy-restored",
    "an action: retain, of some of it false",
    "an action: retain, of some of it true",
    "an action: enrol, Stays",
    "an action: enrol, IsReplaced",
];

const METHODS: [ProofMethod; 6] = [
    ProofMethod::Attested,
    ProofMethod::Crc64OfChunks,
    ProofMethod::Crc64,
    ProofMethod::Crc32c,
    ProofMethod::Sha256,
    ProofMethod::ReadBack,
];

fn every_variant() -> BTreeSet<String> {
    let problems = [
        "unreadable",
        "damaged-at-source",
        "damaged-volume",
        "too-large",
        "not-deleted",
        "unsteady",
        "other-content",
        "refused",
        "undelivered",
        "recreated",
        "read-only",
        "many",
    ];
    let (needs, methods) = ([Need::Required, Need::Optional], METHODS);
    let outcomes = [Outcome::Completed, Outcome::TakenEarly, Outcome::Interrupted];
    let oddities = [
        OddityKind::SymbolicLink,
        OddityKind::Fifo,
        OddityKind::Socket,
        OddityKind::Device,
        OddityKind::MountPoint,
        OddityKind::Unreadable,
    ];
    let mut all: BTreeSet<String> = PLAIN.into_iter().map(str::to_owned).collect();
    all.extend(problems.map(|problem| format!("problem-found: {problem}")));
    all.extend(oddities.map(|oddity| format!("problem-found: oddity {oddity:?}")));
    all.extend(needs.map(|need| format!("destinations-set: {need:?}")));
    all.extend(methods.map(|method| format!("copy-proven: {method:?}")));
    all.extend(outcomes.map(|outcome| format!("docking-ended: {outcome:?}")));
    all
}

#[test]
fn the_golden_file_has_every_kind_and_every_variant() {
    let entries = GOLDEN.lines().map(|text| Entry::read(text).unwrap());
    let found: BTreeSet<String> = entries.flat_map(|entry| variants(&entry)).collect();
    assert_eq!(found, every_variant());
}

/// What a newer version might write, between two entries that this one knows.
const FROM_THE_FUTURE: [&str; 4] = [
    r#"{"step":"receipt-issued","receipt":"0193","segments":["x"]}"#,
    r#"{"step":"copy-proven","segment":"00112233445566778899aabbccddeeff","destination":"p","version":"v","method":"notarised"}"#,
    r#"{"step":"receipt-issued"}"#,
    r#"["no","step","at","all"]"#,
];

/// The golden story with entries from the future all through it.
fn with_the_future() -> Vec<&'static str> {
    GOLDEN.lines().flat_map(|text| FROM_THE_FUTURE.into_iter().chain([text])).collect()
}

#[test]
fn what_a_newer_version_wrote_is_counted_and_named_and_holds_up_nothing() {
    let (db, unknown) = told(with_the_future());
    let times = GOLDEN.lines().count();
    assert_eq!(
        unknown.to_string(),
        format!(
            "{} entries of the custody log that this version does not understand: {times} copy-proven, {} receipt-issued, \
             {times} without a kind",
            4 * times,
            2 * times
        )
    );
    let (known, _) = told(GOLDEN.lines());
    let count = |db: &Connection, table: &str| -> i64 {
        db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    for table in ["destination", "docking", "segment", "delivery"] {
        assert_eq!(count(&db, table), count(&known, table), "{table}");
    }
}

#[test]
fn what_a_newer_version_wrote_survives_the_rescue_of_a_damaged_ledger_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LEDGER_FILE);
    let texts = with_the_future();
    let db = Ledger::connect(&path).unwrap();
    texts.iter().enumerate().for_each(|(index, text)| {
        custody_log::append(&db, at(index), text).unwrap();
    });
    let chain = |db: &Connection| -> Vec<(String, Vec<u8>)> {
        let mut statement = db.prepare("SELECT entry, hash FROM custody_log ORDER BY seq").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let before = chain(&db);
    drop(db);
    let rescued = Ledger::set_aside(&path, at(0)).unwrap();
    assert_eq!(chain(&rescued)[..before.len()], before);
    let Health::Sound(unknown) = Ledger::examine(&path).unwrap() else { panic!("the rescued log is not sound") };
    assert!(!unknown.is_empty());
}

#[test]
fn nothing_follows_from_an_entry_about_a_segment_that_nobody_wrote_down() {
    let id = SegmentId::of(
        &CameraSerial::new("A").unwrap(),
        &crate::domain::SourcePath::new(b"1".to_vec()),
        &crate::domain::Sha256::of(b""),
    );
    let (db, _) =
        told([format!(r#"{{"step":"proof-withdrawn","segment":"{id}","destination":"p","why":"gone"}}"#).as_str()]);
    assert_eq!(tables(&db), "tally: one=1 segments=0 bytes=0 copies=0 copied=0\n");
}
