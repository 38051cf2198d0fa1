//! A signature that a person makes with their own identity ("user delegation SAS"), at a real Azurite.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use camdock::cloud::azure::AzureCredential;
use camdock::cloud::{CommitOutcome, DeleteOutcome, Destination as _};
use camdock::domain::{ProofMethod, Secret};
use camdock_test_support::azurite::{ACCOUNT, Azurite};
use hmac::{Hmac, KeyInit as _, Mac as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::directory::{azurite_with_tokens, jwt};
use super::{CONTAINER, destination, footage, proof, settings, stage_all, upload};

/// The key that Azure gives a person to sign with.
struct DelegationKey(String);

impl DelegationKey {
    async fn ask(azurite: &Azurite, start: &str, end: &str) -> Self {
        let url = format!("{}?restype=service&comp=userdelegationkey", azurite.endpoint);
        let request = reqwest::Client::new()
            .post(url)
            .bearer_auth(jwt(3_600))
            .header("x-ms-version", "2023-11-03")
            .header("content-type", "application/xml");
        let body = format!("<KeyInfo><Start>{start}</Start><Expiry>{end}</Expiry></KeyInfo>");
        Self(request.body(body).send().await.unwrap().error_for_status().unwrap().text().await.unwrap())
    }

    fn field(&self, name: &str) -> &str {
        let (_, rest) = self.0.split_once(&format!("<{name}>")).unwrap();
        rest.split('<').next().unwrap()
    }

    /// A signature for the container, in the form of version 2020-12-06.
    fn sign(&self, permissions: &str, end: &str) -> String {
        let version = "2020-12-06";
        let resource = format!("/blob/{ACCOUNT}/{CONTAINER}");
        let key = ["SignedOid", "SignedTid", "SignedStart", "SignedExpiry", "SignedService", "SignedVersion"];
        let key = key.map(|name| self.field(name));
        let mut lines = vec![permissions, "", end, resource.as_str()];
        lines.extend(key);
        lines.extend(["", "", "", "", "https,http", version, "c", "", "", "", "", "", "", ""]);
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&BASE64.decode(self.field("Value")).unwrap()).unwrap();
        mac.update(lines.join("\n").as_bytes());
        let signature = BASE64.encode(mac.finalize().into_bytes());
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("sv", version), ("sr", "c"), ("sp", permissions), ("spr", "https,http"), ("se", end)])
            .extend_pairs(["skoid", "sktid", "skt", "ske", "sks", "skv"].into_iter().zip(key))
            .append_pair("sig", &signature)
            .finish()
    }
}

#[tokio::test]
async fn a_signature_made_with_a_persons_identity_is_one_like_any_other() {
    let azurite = azurite_with_tokens().await;
    let at = |hours| (OffsetDateTime::now_utc() + time::Duration::hours(hours)).replace_nanosecond(0).unwrap();
    let [start, end] = [-1, 1].map(|hours| at(hours).format(&Rfc3339).unwrap());
    let sas = DelegationKey::ask(&azurite, &start, &end).await.sign("rcwl", &end);
    let (to, content) =
        (destination(settings(azurite.endpoint.clone(), AzureCredential::Sas(Secret::new(&sas)))), footage(5_000));
    let upload = upload("a", &content, 2_000);
    stage_all(&to, &upload, &content).await;
    assert_eq!(to.commit(&upload).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&to, &upload).await.unwrap(), ProofMethod::Crc64OfChunks);
    assert_eq!(to.try_delete(&upload.object).await.unwrap(), DeleteOutcome::Refused);
}
