//! A line has everything that it is to have, and nothing that it may not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};

use tracing::Level;
use tracing_subscriber::layer::SubscriberExt as _;

use super::line::Line;
use super::outlet::{Looks, Writer, write_all};
use super::queue::{Job, Lines};
use super::{message_id, tell};
use crate::domain::{
    BayName, BayNotice, CameraNotice, CameraSerial, DestinationName, DockNotice, DockingId, Moment, SegmentNotice,
    SourcePath, StationNotice, StorageNotice, Subject,
};

/// What a journal with so much room would get of it.
fn told(room: usize, tell: impl FnOnce()) -> (Vec<Line>, u64) {
    let (queue, jobs) = mpsc::sync_channel(room);
    let missing = Arc::new(AtomicU64::new(0));
    let lines = Lines { queue, missing: Arc::clone(&missing) };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), tell);
    (written(&jobs), missing.load(Ordering::Relaxed))
}

fn written(jobs: &Receiver<Job>) -> Vec<Line> {
    let line = |job| match job {
        Job::Write(line) => Some(line),
        Job::Done(_) => None,
    };
    jobs.try_iter().filter_map(line).collect()
}

fn field<'a>(line: &'a Line, name: &str) -> Option<&'a str> {
    line.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn camera(serial: &str) -> Subject {
    Subject::station().camera(&CameraSerial::new(serial).unwrap())
}

#[test]
fn a_line_has_its_sentence_its_number_and_its_facts() {
    let docking = DockingId::new(Moment::from_millis(0));
    let about = camera("BWC-1").bay(&BayName::new("3").unwrap()).docking(docking);
    let (lines, _) = told(9, || tell(&about, CameraNotice::Done { segments: 12, bytes: 1 << 30 }));
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(
        (line.level, line.message.as_str()),
        (Level::INFO, "bay 3, camera BWC-1: Uploaded, proven and wiped: 12 segments, 1 GiB.")
    );
    for (name, value) in [
        ("MESSAGE_ID", message_id("camera-done").as_str()),
        ("CAMDOCK_NOTICE", "camera-done"),
        ("CAMDOCK_CAMERA", "BWC-1"),
        ("CAMDOCK_BAY", "3"),
        ("CAMDOCK_DOCKING", &docking.to_string()),
        ("CAMDOCK_SEGMENTS", "12"),
        ("CAMDOCK_BYTES", "1073741824"),
    ] {
        assert_eq!(field(line, name), Some(value), "{line:?}");
    }
    assert_eq!(field(line, "CAMDOCK_DESTINATION"), None, "{line:?}");
}

#[test]
fn how_much_it_matters_is_its_level() {
    let nas = DestinationName::new("nas").unwrap();
    let (lines, _) = told(9, || {
        tell(&camera("L-1"), CameraNotice::Deleting { files: 1 });
        tell(&camera("L-1").destination(&nas), SegmentNotice::FoundAgain);
        tell(&camera("L-1"), CameraNotice::GoneByItself);
        tell(&camera("L-1"), SegmentNotice::CopyMissing);
    });
    let levels: Vec<_> = lines.iter().map(|line| line.level).collect();
    assert_eq!(levels, [Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR]);
}

#[test]
fn what_was_said_outside_forges_neither_line_nor_field_and_steers_no_terminal() {
    let evil = "x\nMESSAGE_ID=0\n\u{1b}[2J\u{202e}\u{0}<script>".to_owned();
    let file = SourcePath::new([evil.as_bytes(), &[0xff; 255]].concat());
    let about = camera("evil-1").file(&file);
    let (lines, _) = told(9, || tell(&about, CameraNotice::NotWiped { error: evil.repeat(9_999) }));
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let texts = line.fields.iter().map(|(_, value)| value).chain([&line.message]);
    for text in texts {
        assert!(!text.contains(|letter: char| letter.is_control() || letter == '\u{202e}'), "{text:?}");
        assert!(text.len() < 9_000, "{}", text.len());
    }
    assert_eq!(line.fields.iter().filter(|(name, _)| name == "MESSAGE_ID").count(), 1);
    assert_eq!(field(line, "MESSAGE_ID"), Some(message_id("camera-not-wiped").as_str()));
}

#[test]
fn a_journal_that_takes_nothing_costs_lines_and_no_time() {
    let (lines, missing) = told(2, || {
        for serial in 0..5 {
            tell(&camera(&format!("hangs-{serial}")), CameraNotice::Interrupted);
        }
    });
    assert_eq!((lines.len(), missing), (2, 3));
}

#[test]
fn how_many_lines_found_no_room_is_a_line_once_there_is_some() {
    let (lines, _) = told(9, || {
        let (queue, jobs) = mpsc::sync_channel(1);
        let (done, _written) = mpsc::sync_channel(1);
        queue.send(Job::Done(done)).unwrap();
        drop(queue);
        let nowhere = Writer::Stream { to: Box::new(std::io::sink()), looks: Looks::Plain };
        write_all(nowhere, &jobs, &AtomicU64::new(3));
    });
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((line.level, field(line, "CAMDOCK_LINES")), (Level::INFO, Some("3")), "{line:?}");
    assert!(line.message.starts_with("3 lines are missing here"), "{line:?}");
}

#[test]
fn a_log_with_thousands_of_bad_entries_is_no_flood() {
    let (lines, _) = told(99, || {
        for entry in 0..50 {
            tell(&Subject::station(), StorageNotice::WithoutEffect { entry, error: format!("no segment {entry}") });
        }
    });
    assert_eq!(lines.len(), 3, "{lines:?}");
}

#[test]
fn the_same_again_and_again_is_told_three_times_and_the_last_says_so() {
    let (lines, _) = told(99, || {
        for _ in 0..50 {
            tell(&camera("flaps-1"), BayNotice::WriteProtected);
        }
    });
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[2].message.ends_with("more of it is only counted."), "{lines:?}");
}

#[test]
fn what_names_nothing_in_its_subject_is_told_apart_by_its_facts() {
    let (lines, _) = told(99, || {
        for folder in 0..9 {
            let folder = format!("/bays/{folder}");
            tell(&Subject::station(), DockNotice::FolderBack { folder });
        }
    });
    assert_eq!(lines.len(), 9, "{lines:?}");
}

#[test]
fn a_library_is_heard_with_what_it_says_on_one_line() {
    let (lines, _) = told(9, || {
        tracing::warn!(target: "library", attempt = 2, log.file = "/root/x.rs", "it\nfailed");
        tell(&Subject::station(), StationNotice::Stopping);
    });
    assert_eq!(lines[0].message, r"it\u{a}failed attempt=2");
    assert_eq!((field(&lines[0], "MESSAGE_ID"), lines.len()), (None, 2));
}
