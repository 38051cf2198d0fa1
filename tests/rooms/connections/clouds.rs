//! Whatever a destination asks, of the cloud or of who gives it tokens, it asks by such a connection.

use std::sync::Arc;

use camdock::cloud::azure::{Application, AzureCredential, AzureDestination, AzureSettings, Identity};
use camdock::cloud::gcs::{GcsCredential, GcsDestination, GcsSettings};
use camdock::cloud::http::Connection;
use camdock::cloud::notes::UploadNotes;
use camdock::cloud::s3::{AccessKey, S3Credential, S3Destination, S3Settings};
use camdock::cloud::{Destination, DestinationError};
use camdock::domain::{ConnectionTrouble, DestinationName, ObjectName, Secret};
use camdock_test_support::azurite::{Azurite, KEY};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use reqwest::Url;

use super::super::azure::WallClock;
use super::Agency;
use super::pki::Authority;
use super::servers::server;

fn name() -> DestinationName {
    DestinationName::new("primary").unwrap()
}

fn s3(url: &Url, connection: Connection) -> S3Destination {
    let settings = S3Settings {
        name: name(),
        bucket_url: url.join("evidence").unwrap(),
        bucket: "evidence".to_owned(),
        region: "us-east-1".to_owned(),
        credential: S3Credential::AccessKey(AccessKey {
            id: "AKID".to_owned(),
            secret: Secret::new("secret"),
            token: None,
        }),
        bucket_owner: None,
        credential_name: "s3.key".to_owned(),
        connection,
        notes: UploadNotes::none(),
    };
    S3Destination::new(settings, Arc::new(WallClock)).unwrap()
}

/// A service account whose tokens come from here.
fn gcs(url: &Url, connection: Connection) -> GcsDestination {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let account = serde_json::json!({
        "type": "service_account", "client_email": "a@b", "private_key": key.serialize_pem(), "token_uri": url.as_str(),
    });
    let settings = GcsSettings {
        name: name(),
        endpoint: url.clone(),
        bucket: "evidence".to_owned(),
        credential: GcsCredential::ServiceAccount(Secret::new(&account.to_string())),
        credential_name: "google.json".to_owned(),
        connection,
        notes: UploadNotes::none(),
    };
    GcsDestination::new(settings, Arc::new(WallClock)).unwrap()
}

fn azure(url: &Url, credential: AzureCredential, connection: Connection) -> AzureDestination {
    let settings = AzureSettings {
        name: name(),
        endpoint: url.clone(),
        container: "evidence".to_owned(),
        credential,
        credential_name: "primary.sas".to_owned(),
        connection,
    };
    AzureDestination::new(settings, Arc::new(WallClock)).unwrap()
}

fn application(url: &Url) -> AzureCredential {
    let (tenant, client) = ("agency.example".to_owned(), "11111111-2222-3333-4444-555555555555".to_owned());
    let of = Application { authority: url.clone(), tenant, client };
    AzureCredential::Identity(Identity::ClientSecret(of, Secret::new("secret")))
}

#[tokio::test]
async fn every_kind_of_destination_says_whose_certificate_is_not_trusted() {
    let (agency, stranger) = (Agency::new(), Authority::new("Captive Portal CA"));
    let url = server(stranger.issue(&["localhost"], |_| ()).server(None)).await;
    let sas = AzureCredential::Sas(Secret::new("sv=2022-11-02&sp=rcwl&sig=c2ln"));
    let destinations: [Box<dyn Destination>; 4] = [
        Box::new(s3(&url, agency.connection())),
        Box::new(gcs(&url, agency.connection())),
        Box::new(azure(&url, sas, agency.connection())),
        Box::new(azure(&url, application(&url), agency.connection())),
    ];
    for destination in destinations {
        let error = destination.stat(&ObjectName::new("a").unwrap()).await.unwrap_err();
        assert!(
            matches!(&error, DestinationError::NoConnection(ConnectionTrouble::UnknownIssuer { issuer, .. })
                if issuer == "CN=Captive Portal CA"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_container_on_premises_is_reached_by_the_agencys_own_authority() {
    let agency = Agency::new();
    let issued = agency.authority.issue(&["localhost", "127.0.0.1"], |_| ());
    let azurite = Azurite::start_with_tokens(&issued.certificate, &issued.key).await.unwrap();
    let account = azurite.endpoint.path().trim_matches('/').to_owned();
    let key = AzureCredential::SharedKey { account, key: Secret::new(KEY) };
    let mut endpoint = azurite.endpoint.clone();
    endpoint.set_scheme("https").unwrap();
    let missing = azure(&endpoint, key, agency.connection()).place().await.unwrap_err();
    assert!(matches!(missing, DestinationError::NoContainer(_)), "it answers: {missing}");
}
