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
    (
        "kind = \"folder\"\npath = \"/mnt/evidence\"",
        "kind = \"s3\"\nregion = \"us-east-1\"\nbucket = \"evidence\"\nbucket_owner = \"us\"\ncredential = { kind = \"instance\" }",
        "31:16",
        &["destination.bucket_owner = \"us\": it is no account of AWS's", "\"123456789012\""],
    ),
    (
        "kind = \"folder\"\npath = \"/mnt/evidence\"",
        "kind = \"s3\"\nregion = \"us-east-1\"\nbucket = \"evidence\"\ncredential = { kind = \"process\", command = [\"dock-key\"] }",
        "31:44",
        &["it names no path", "[\"/usr/local/bin/dock-key\", \"--profile\", \"gov\"]"],
    ),
    (
        "kind = \"folder\"\npath = \"/mnt/evidence\"",
        "kind = \"s3\"\nregion = \"us-east-1\"\nbucket = \"evidence\"\ncredential = { kind = \"web-identity\", file = \"t\", role = \"dock\" }",
        "31:58",
        &["it is no role's ARN", "such as \"arn:aws-us-gov:iam::123456789012:role/dock\""],
    ),
    (
        "kind = \"folder\"\npath = \"/mnt/evidence\"",
        "kind = \"s3\"\nregion = \"us-east-1\"\nbucket = \"evidence\"\ncredential = { kind = \"container\", file = \"t\" }",
        "31:36",
        &["destination.credential.file means nothing with kind = \"container\""],
    ),
];

#[test]
fn mistakes_in_a_bucket_are_shown_with_a_remedy() {
    shown(MISTAKES);
}
