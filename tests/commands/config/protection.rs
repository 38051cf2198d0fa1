//! How it is written what a destination is to keep from deletion.

use super::{Mistake, shown};

const MISTAKES: &[Mistake] = &[
    (
        "proof = \"attested\"",
        "retention = \"31 days\"",
        "24:13",
        &["destination.retention = \"31 days\": it is not a duration", "such as \"24h\""],
    ),
    ("proof = \"attested\"", "retention = \"0d\"", "24:13", &["it is no time at all", "write how long"]),
    ("proof = \"attested\"", "retention = \"99999d\"", "24:13", &["longer than anybody could mean", "36,600 days"]),
    (
        "proof = \"attested\"",
        "enforcement = \"locked\"",
        "24:15",
        &["it says how a retention is enforced, and there is none", "retention = \"31d\""],
    ),
    (
        "proof = \"attested\"",
        "retention = \"31d\"\nenforcement = \"compliance\"",
        "25:15",
        &["none of the words for this key", "\"locked\" or \"unlocked\""],
    ),
    (
        "proof = \"attested\"",
        "legal_hold = [\"flagged\"]",
        "24:14",
        &["\"flagged\" describes no segments", "\"camera:BWC-*\""],
    ),
    ("proof = \"attested\"", "legal_hold = \"all\"", "24:14", &["it is a text, not a list", "[\"all\"]"]),
    ("concurrency = 8", "given_up = [\"nas\"]", "34:12", &["\"nas\" is configured", "remove the destination"]),
    (
        "required = false",
        "retention = \"31d\"",
        "30:1",
        &["destination.retention means nothing with kind = \"folder\""],
    ),
];

#[test]
fn mistakes_in_what_is_to_be_kept_are_shown_with_a_remedy() {
    shown(MISTAKES);
}
