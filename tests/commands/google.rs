//! What a person sees who sends evidence to Google Cloud Storage and makes a mistake in the configuration.

use std::path::Path;

use assert_cmd::Command;
use camdock::config::{Config, CredentialKind, GoogleCredential, Place};
use tempfile::TempDir;

const GOOD: &str = r#"[station]
id = "hq-01"
data_dir = "/var/lib/camdock"

[[bay]]
name = "1"
folder = "/srv/bays/1"

[[destination]]
name = "google"
kind = "gcs"
bucket = "evidence"
endpoint = "https://storage.googleapis.com"
credential = { kind = "service-account", file = "google.json" }
"#;

const CREDENTIAL: &str = "{ kind = \"service-account\", file = \"google.json\" }";

fn station(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("camdock.toml"), text).unwrap();
    folder
}

fn place(text: &str) -> Place {
    let folder = station(text);
    let mut config = Config::load(&folder.path().join("camdock.toml")).unwrap_or_else(|errors| panic!("{errors:?}"));
    config.destinations.remove(0).place
}

/// What is said of a configuration with a mistake in it.
fn said(text: &str) -> String {
    let folder = station(text);
    let mut check = Command::new(env!("CARGO_BIN_EXE_camdock"));
    check.arg("check").arg("--config").arg(folder.path().join("camdock.toml"));
    let output = check.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_mistake_says_what_to_write_instead() {
    for (good, bad, what, remedy) in [
        ("bucket = \"evidence\"\n", "", "destination.bucket is missing", "bucket = \"evidence\""),
        ("\"evidence\"", "\"gs://evidence\"", "Google takes no such bucket name", "write its name alone"),
        ("bucket", "container", "destination.container means nothing with kind = \"gcs\"", "bucket"),
        (
            "credential",
            "enforcement = \"locked\"\ncredential",
            "destination.enforcement: it says how a retention is enforced, and there is none",
            "retention = \"31d\"",
        ),
        ("https://", "http://", "would travel in the clear", "leave it out"),
        (".com\"", ".com/storage/v1\"", "it leads further than to the service", "leave it out"),
        ("\"service-account\"", "\"service_account\"", "did you mean \"service-account\"?", ""),
        (", file = \"google.json\"", "", "destination.credential.file is missing", "file = \"google.json\""),
        ("\"service-account\"", "\"metadata-server\"", "file means nothing with kind = \"metadata-server\"", ""),
    ] {
        let message = said(&GOOD.replacen(good, bad, 1));
        assert!(message.contains(what) && message.contains(remedy), "{bad}: {message}");
    }
}

#[test]
fn a_signed_address_is_refused_and_not_shown() {
    let message = said(&GOOD.replace(".com\"", ".com/evidence/a?X-Goog-Signature=TOPSECRET\""));
    assert!(message.contains("endpoint (not shown)") && !message.contains("TOPSECRET"), "{message}");
    let message = said(&GOOD.replace(CREDENTIAL, "\"TOPSECRET\""));
    assert!(!message.contains("TOPSECRET"), "{message}");
}

#[test]
fn whatever_is_not_written_is_googles_own() {
    let Place::Gcs { endpoint, bucket, credential } =
        place(&GOOD.replace("endpoint = \"https://storage.googleapis.com\"\n", ""))
    else {
        panic!("it is a bucket")
    };
    assert_eq!((endpoint.as_str(), bucket.as_str()), ("https://storage.googleapis.com/", "evidence"));
    let GoogleCredential::File(file) = credential else { panic!("{credential:?}") };
    assert_eq!((file.kind, file.name.as_path()), (CredentialKind::ServiceAccount, Path::new("google.json")));

    let machine = place(&GOOD.replace(CREDENTIAL, "{ kind = \"metadata-server\" }"));
    assert!(matches!(machine, Place::Gcs { credential: GoogleCredential::MetadataServer, .. }));
    let external = place(&GOOD.replace("service-account", "external-account"));
    assert_eq!(external.credential().unwrap().kind, CredentialKind::ExternalAccount);
}

#[test]
fn a_bucket_is_one_place_whichever_way_leads_there() {
    let second = &GOOD[GOOD.find("[[destination]]").unwrap()..];
    let second = second.replace("\"google\"", "\"second\"").replace("https://storage.", "https://private.");
    let message = said(&format!("{GOOD}\n{second}"));
    assert!(message.contains("\"second\" is the same place as \"google\": one copy would count as two"), "{message}");
}
