//! A station whose evidence goes to Google Cloud Storage.

use camdock_test_support::footage::{Footage, files_below, sha256};
use camdock_test_support::gcs::{BUCKET, Fault, Gcs};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};

use crate::station::RunningStation;

/// A station that must send to this Google, and to nobody else.
fn station(google: &Gcs) -> RunningStation {
    let running = RunningStation::sending_to(&format!(
        r#"
        [[destination]]
        name = "google"
        kind = "gcs"
        endpoint = "{}"
        bucket = "{BUCKET}"
        prefix = "north"
        credential = {{ kind = "service-account", file = "google.json" }}
        "#,
        google.endpoint
    ));
    write_key(&running, google);
    running
}

/// Gives the station the key of a service account, for which this Google gives out tokens.
pub(crate) fn write_key(station: &RunningStation, google: &Gcs) {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let file = serde_json::json!({
        "type": "service_account", "private_key_id": "1", "client_email": "dock@x.iam.gserviceaccount.com",
        "private_key": key.serialize_pem(), "token_uri": google.endpoint.join("/token").unwrap().as_str(),
    });
    std::fs::write(station.beside("google.json"), file.to_string()).unwrap();
}

/// What Google has of a camera: how many objects hold the content of one of its files.
pub(crate) fn arrived(google: &Gcs, footage: &Footage) -> usize {
    let stored: Vec<_> =
        google.names().iter().filter_map(|name| google.content(name)).map(|content| sha256(&content)).collect();
    footage.files.iter().filter(|(_, content)| stored.contains(&sha256(content))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_is_wiped_once_google_proves_its_segments_whatever_goes_wrong_on_the_way() {
    let google = Gcs::start().await.unwrap();
    let mut station = station(&google);
    let footage = Footage::random("BWC-1", 3, 1_000_000, 7);
    for fault in [
        Fault::Answer(503, Some(1)),
        Fault::CutAfter(300_000),
        Fault::LoseReply,
        Fault::Answer(429, Some(1)),
        Fault::EndSession,
        Fault::LoseReply,
    ] {
        google.fail(fault);
    }
    station.start();
    station.dock(1, &footage);
    station
        .until("the camera is wiped", |status| {
            status.bays[0].segments_wiped == 3 && status.bays[0].state == camdock::domain::BayState::Ready
        })
        .await;
    assert_eq!(files_below(&station.camera(1, &footage)), 0);
    assert_eq!(arrived(&google, &footage), 3);
    assert!(google.all_went_wrong());
    station.stop().await;
    station.assert_ledger_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_daemon_goes_on_with_the_session_that_it_had() {
    let google = Gcs::start().await.unwrap();
    let mut station = station(&google);
    let footage = Footage::random("BWC-1", 1, 2_000_000, 8);
    station.start_to_crash_at("ChunkStaged", 4);
    station.dock(1, &footage);
    station.crashed().await.unwrap();
    let chunks = || google.asked().into_iter().filter(|asked| asked.method == "PUT");
    assert_eq!(chunks().map(|asked| asked.received).sum::<usize>(), 4 * (256 << 10));
    station.start();
    station.until("the camera is wiped", |status| status.bays[0].segments_wiped == 1).await;
    assert_eq!(chunks().map(|asked| asked.received).sum::<usize>(), 2_000_000, "nothing was sent twice");
    assert_eq!(arrived(&google, &footage), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_really_uses_the_bucket_and_says_that_evidence_could_be_deleted() {
    let google = Gcs::start().await.unwrap();
    let station = station(&google);
    let checked = crate::station::printed(&station.camdock(&["check"]).await);
    assert!(checked.contains("delete is ALLOWED") && checked.contains("roles/storage.objectCreator"), "{checked}");
}
