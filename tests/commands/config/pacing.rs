//! How it is written how fast uploads may be.

use super::{Mistake, shown};

const MISTAKES: &[Mistake] = &[
    (
        "proof = \"attested\"",
        "max = \"40 MB/s\"",
        "24:7",
        &["destination.max = \"40 MB/s\": it is not a speed", "such as \"40 Mbit/s\""],
    ),
    ("proof = \"attested\"", "max = 40", "24:7", &["not a text in quotes", "such as \"40 Mbit/s\""]),
    ("proof = \"attested\"", "max = \"0 Mbit/s\"", "24:7", &["it is not a speed"]),
    (
        "proof = \"attested\"",
        "max = \"10 kbit/s\"",
        "24:7",
        &["a cap slows uploads and must not stop them", "write at least \"64 kbit/s\""],
    ),
    ("proof = \"attested\"", "max_at = \"night\"", "24:10", &["max_at is a text, but must be a list", "max_at = [{"]),
    ("proof = \"attested\"", "max_at = []", "24:10", &["max_at is empty", "remove it"]),
    (
        "proof = \"attested\"",
        "max_at = [{ from = \"07:00\", max = \"1 Mbit/s\" }]",
        "24:11",
        &["max_at.to is missing", "to = \"19:00\""],
    ),
    (
        "proof = \"attested\"",
        "max_at = [{ from = \"7:00\", to = \"19:00\", max = \"1 Mbit/s\" }]",
        "24:20",
        &["max_at.from = \"7:00\": \"7:00\" is not a time of day", "such as \"07:00\""],
    ),
    (
        "proof = \"attested\"",
        "max_at = [{ days = [\"weekend\"], max = \"1 Mbit/s\" }]",
        "24:20",
        &["\"weekend\" names no days of the week", "[\"sat\", \"sun\"]"],
    ),
    ("proof = \"attested\"", "max_at = [{ days = [\"sat\"] }]", "24:11", &["max_at.max is missing"]),
    (
        "proof = \"attested\"",
        "max_at = [{ max = \"1 Mbit/s\", until = \"19:00\" }]",
        "24:31",
        &["max_at.until is no key"],
    ),
];

#[test]
fn mistakes_in_caps_are_shown_with_a_remedy() {
    shown(MISTAKES);
}
