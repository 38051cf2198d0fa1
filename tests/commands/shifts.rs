//! Mistakes in what a station is told of its people: when their shifts start, and when a camera is missed.

use assert_cmd::Command;

/// What is written, and what is said about it.
const MISTAKES: [(&str, [&str; 2]); 5] = [
    (r#"shift_starts = ["06:00", "6 pm"]"#, ["\"6 pm\" is not a time of day", "with two digits each"]),
    (r#"shift_starts = ["06:00", "06:00"]"#, ["a time is in it twice", "write each time once"]),
    (r#"shift_starts = "06:00""#, ["it is a text, not a list", "in brackets"]),
    (r#"overdue_after = "2h""#, ["station.overdue_after = \"2h\": it is out of range", "such as \"14d\""]),
    ("overdue_after = 14", ["it is a number, not a text in quotes", "a whole number and a unit"]),
];

#[test]
fn a_mistake_is_shown_with_its_place_and_a_remedy() {
    for (written, says) in MISTAKES {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("[station]\n{written}\nid = \"hq-01\"\ndata_dir = \"/var/lib/camdock\"\n");
        std::fs::write(folder.path().join("camdock.toml"), config).unwrap();
        let mut camdock = Command::cargo_bin("camdock").unwrap();
        let output = camdock.current_dir(folder.path()).args(["--config", "camdock.toml", "check"]).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{written}: {message}");
        for part in ["[camdock.toml:2:"].iter().chain(&says) {
            assert!(message.contains(part), "{written}\nexpected: {part}\n{message}");
        }
    }
}
