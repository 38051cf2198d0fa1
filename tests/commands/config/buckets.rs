//! How buckets are written.

use super::{Mistake, shown};

const MISTAKES: &[Mistake] = &[
    (
        "kind = \"folder\"\npath = \"/mnt/evidence\"",
        "kind = \"s3\"\nregion = \"US East\"\nbucket = \"evidence\"\ncredential = { kind = \"access-key\", file = \"s3.key\" }",
        "29:10",
        &["destination.region = \"US East\": it is no region", "such as \"us-gov-west-1\""],
    ),
    (
        "kind = \"folder\"\npath = \"/mnt/evidence\"",
        "kind = \"s3\"\nregion = \"us-east-1\"\nbucket = \"Evidence\"\ncredential = { kind = \"access-key\", file = \"s3.key\" }",
        "30:10",
        &["destination.bucket = \"Evidence\": S3 takes no such bucket name", "lower-case letters"],
    ),
];

#[test]
fn mistakes_in_a_bucket_are_shown_with_a_remedy() {
    shown(MISTAKES);
}
