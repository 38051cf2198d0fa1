//! The ways in which we come by a token of Google's, and what becomes of one.

use std::sync::{Mutex, PoisonError};

use camdock::domain::Secret;
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::json;

use super::*;

fn address(google: &Gcs, what: &str) -> String {
    google.endpoint.join(what).unwrap().into()
}

/// The key of a service account, as Google writes it into a file.
fn key_file(google: &Gcs, email: &str) -> GcsCredential {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    GcsCredential::ServiceAccount(Secret::new(
        &json!({
            "type": "service_account", "project_id": "x", "private_key_id": "key-1", "client_email": email,
            "private_key": key.serialize_pem(), "token_uri": address(google, "token"),
        })
        .to_string(),
    ))
}

fn external(google: &Gcs, source: &serde_json::Value, becomes: bool) -> GcsCredential {
    let mut file = json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/docks/providers/station",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": address(google, "sts"),
        "credential_source": source,
    });
    if becomes {
        file["service_account_impersonation_url"] = address(google, "impersonate").into();
    }
    GcsCredential::ExternalAccount(Secret::new(&file.to_string()))
}

async fn place_with(scene: &Scene, credential: GcsCredential) -> Result<Option<PlaceId>, DestinationError> {
    destination(GcsSettings { credential, ..scene.settings("hq-01") }).place().await
}

#[tokio::test]
async fn a_service_account_states_who_it_is_and_one_token_serves_all() {
    let scene = Scene::new().await;
    let credential = key_file(&scene.google, "ev@x.iam.gserviceaccount.com");
    let to = destination(GcsSettings { credential, ..scene.settings("hq-01") });
    let content = footage(CHUNK + 3);
    assert_eq!(deliver(&to, &upload("a", &content), &content).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&to, &upload("a", &content)).await.unwrap(), ProofMethod::Crc32c);
    let [stated] = &scene.google.statements()[..] else { panic!("one token is enough") };
    assert_eq!(stated["iss"], "ev@x.iam.gserviceaccount.com");
    assert_eq!(stated["aud"], address(&scene.google, "token"));
    assert_eq!(stated["exp"].as_i64().unwrap() - stated["iat"].as_i64().unwrap(), 3_600);
}

#[tokio::test]
async fn a_wrong_clock_of_the_station_does_not_keep_it_out() {
    let scene = Scene::new().await;
    scene.google.set_clock_ahead(9 * 3_600);
    let credential = key_file(&scene.google, "ev@x.iam.gserviceaccount.com");
    assert_eq!(place_with(&scene, credential).await.unwrap(), None);
    assert_eq!(scene.google.statements().len(), 2, "the second one has Google's own time");
}

#[tokio::test]
async fn somebody_whom_google_trusts_vouches_for_the_station() {
    let scene = Scene::new().await;
    let text = scene.folder.path().join("text");
    let document = scene.folder.path().join("document");
    std::fs::write(&text, "good\n").unwrap();
    std::fs::write(&document, json!({"id_token": "good"}).to_string()).unwrap();
    let field = json!({"type": "json", "subject_token_field_name": "id_token"});
    for (source, becomes) in [
        (json!({"file": text}), false),
        (json!({"file": text}), true),
        (json!({"file": document, "format": field}), true),
    ] {
        let credential = external(&scene.google, &source, becomes);
        assert_eq!(place_with(&scene, credential).await.unwrap(), None, "{source} {becomes}");
    }
    std::fs::write(&text, "stolen").unwrap();
    let error = place_with(&scene, external(&scene.google, &json!({"file": text}), true)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "refused (400 invalid_grant: The given credential is rejected.): check credential google.json"
    );
    std::fs::rename(&text, &document).unwrap();
    let error = place_with(&scene, external(&scene.google, &json!({"file": text}), true)).await.unwrap_err();
    assert!(matches!(&error, DestinationError::NotSetUp(why) if why.contains("cannot be read")), "{error}");
}

#[tokio::test]
async fn a_token_that_is_refused_in_the_middle_of_an_upload_is_fetched_afresh() {
    let scene = Scene::new().await;
    let content = footage(2 * CHUNK);
    let (to, upload) = (scene.process(), upload("a", &content));
    put(&to, &upload, &content, 0).await.unwrap();
    scene.google.revoke_tokens();
    put(&to, &upload, &content, 1).await.unwrap();
    assert_eq!(to.commit(&upload).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&to, &upload).await.unwrap(), ProofMethod::Crc32c);
    assert_eq!(scene.google.tokens_issued(), 2);
}

#[tokio::test]
async fn a_renewed_credential_is_used_without_a_restart() {
    let scene = Scene::new().await;
    let (old, new) = (key_file(&scene.google, "old@x"), key_file(&scene.google, "new@x"));
    let kept = Arc::new(Mutex::new(old.clone()));
    let again = Arc::clone(&kept);
    let to = destination(GcsSettings { credential: old, ..scene.settings("hq-01") })
        .renewing(move || Some(again.lock().unwrap_or_else(PoisonError::into_inner).clone()));
    to.place().await.unwrap();
    *kept.lock().unwrap() = new;
    scene.google.take_away("storage.objects.get");
    assert!(matches!(to.place().await, Err(DestinationError::Denied { .. })));
    let who: Vec<_> = scene.google.statements().iter().map(|stated| stated["iss"].clone()).collect();
    assert_eq!(who, ["old@x", "new@x"], "who is refused looks whether the credential was renewed");
}

#[tokio::test]
async fn who_cannot_be_asked_for_a_token_is_not_taken_for_a_refusal() {
    let scene = Scene::new().await;
    scene.google.fail(Fault::Answer(503, Some(5)));
    let error = scene.process().place().await.unwrap_err();
    assert!(matches!(error, DestinationError::Busy { retry_after: Some(wait), .. } if wait.as_secs() == 5), "{error}");

    let portal = portal("HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n<html></html>").await;
    let error = place_with(&scene, machine(&portal)).await.unwrap_err();
    assert!(matches!(error, DestinationError::Unreachable(_)), "{error}");
    let nobody = GcsCredential::MetadataServer("127.0.0.1:1".to_owned());
    assert!(matches!(place_with(&scene, nobody).await, Err(DestinationError::Unreachable(_))));
}
