//! Index tags at a real Azurite, and at places that want none.

use std::time::Duration;

use camdock::cloud::{CommitOutcome, Destination as _, Remark, Upload};
use camdock_test_support::azurite::Azurite;
use reqwest::Method as Verb;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{CONTAINER, Emulator as _, azurite, destination, footage, impostor, sas, settings, stage_all, upload};

fn tagged(name: &str, content: &[u8]) -> Upload {
    let metadata = [("station", "hq-01"), ("camera", "BWC é 1"), ("recorded-at", "2026-01-02T03:04:05.678Z")];
    let metadata = metadata.map(|(name, value)| (name, value.to_owned())).to_vec();
    Upload { metadata, ..upload(name, content, 2_000) }
}

async fn tags_of(object: &Upload, at: &Azurite) -> String {
    let path = format!("{CONTAINER}/{}?comp=tags", object.object);
    at.request_as("rt", Verb::GET, &path, "").await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn footage_is_found_by_camera_station_and_time() {
    let azurite = azurite().await;
    let (to, content) = (azurite.destination(), footage(3_000));
    let upload = tagged("a", &content);
    stage_all(&to, &upload, &content).await;
    assert_eq!(to.commit(&upload).await.unwrap(), CommitOutcome::Created);
    let tags = tags_of(&upload, &azurite).await;
    for (name, value) in [("station", "hq-01"), ("camera", "BWC _ 1"), ("recorded_at", "2026-01-02T03:04:05Z")] {
        assert!(tags.contains(&format!("<Key>{name}</Key><Value>{value}</Value>")), "{name}: {tags}");
    }
    assert_eq!(to.remarks(), []);
}

#[tokio::test]
async fn a_signature_that_may_not_write_tags_uploads_without_them() {
    let azurite = azurite().await;
    let (to, content) = (destination(settings(azurite.endpoint.clone(), sas("rwcl", 1))), footage(3_000));
    let upload = tagged("a", &content);
    stage_all(&to, &upload, &content).await;
    assert_eq!(to.commit(&upload).await.unwrap(), CommitOutcome::Created);
    assert!(!tags_of(&upload, &azurite).await.contains("<Key>"));
    assert_eq!(to.remarks(), [Remark::Unsearchable { why: "the SAS lacks the permission t".to_owned() }]);
}

#[tokio::test]
async fn a_place_that_refuses_tags_gets_evidence_without_and_is_not_asked_again_for_a_while() {
    for (status, code) in [
        ("403 Forbidden", "AuthorizationPermissionMismatch"),
        ("409 Conflict", "FeatureNotYetSupportedForHierarchicalNamespaceAccounts"),
        ("400 Bad Request", "UnsupportedHeader"),
    ] {
        let picky = move |mut connection: TcpStream| async move {
            let mut request = vec![0; 64 * 1024];
            let length = connection.read(&mut request).await?;
            let refused = String::from_utf8_lossy(&request[..length]).contains("x-ms-tags");
            let (status, code) = if refused { (status, code) } else { ("201 Created", "") };
            let answer = format!(
                "HTTP/1.1 {status}\r\nx-ms-request-id: 1\r\nx-ms-version: 2023-11-03\r\nx-ms-error-code: {code}\r\n\
                 etag: \"1\"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            );
            connection.write_all(answer.as_bytes()).await
        };
        let to = impostor(picky, Duration::from_secs(5)).await;
        let upload = tagged("a", b"");
        for _ in 0..2 {
            assert_eq!(to.commit(&upload).await.unwrap(), CommitOutcome::Created, "{code}");
        }
        let why = format!("{} {code}", &status[..3]);
        assert_eq!(to.remarks(), [Remark::Unsearchable { why }]);
    }
}
