//! Tokens from a scripted directory, used at a real Azurite.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use camdock::cloud::azure::{Application, AzureCredential, AzureDestination, AzureSetupError, Identity};
use camdock::cloud::{CommitOutcome, Destination as _, DestinationError, Remark};
use camdock::domain::{ObjectName, ProofMethod, Secret};
use camdock_test_support::azurite::Azurite;
use futures::future::join_all;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use tokio::time::{advance, pause, resume, sleep};

use super::directory::{Asked, Directory, Reply, azurite_with_tokens, jwt};
use super::{NOTHING, WallClock, chunk, destination, footage, proof, settings, stage_all, upload};

const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
const HOUR: Reply = Reply::Token(3_600);
const WRONG: Reply = Reply::Refusal(401, "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1");

fn application(directory: &Directory) -> Application {
    Application { authority: directory.url.clone(), tenant: "agency.example".to_owned(), client: CLIENT.to_owned() }
}

fn by_secret(directory: &Directory, secret: &str) -> AzureCredential {
    AzureCredential::Identity(Identity::ClientSecret(application(directory), Secret::new(secret)))
}

fn by_arc(directory: &Directory, keys: &Path) -> AzureCredential {
    AzureCredential::Identity(Identity::Arc { service: directory.url.clone(), keys: keys.to_owned() })
}

fn as_(credential: AzureCredential, azurite: &Azurite) -> AzureDestination {
    destination(settings(azurite.endpoint.clone(), credential))
}

fn nobody() -> ObjectName {
    ObjectName::new("nobody").unwrap()
}

/// What is said to whoever asks for an object.
async fn refusal(to: &AzureDestination) -> String {
    let error = to.stat(&nobody()).await.unwrap_err();
    assert!(matches!(error, DestinationError::Denied { .. }), "{error}");
    error.to_string()
}

fn certificate() -> String {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    certificate.pem() + &key.serialize_pem()
}

#[tokio::test]
async fn an_application_gets_in_with_its_secret_its_certificate_or_a_federated_token() {
    let azurite = azurite_with_tokens().await;
    let (content, federated) = (footage(5_000), jwt(60));
    for (name, field, shown) in [
        ("secret", "client_secret", Some("hush+hush")),
        ("certificate", "client_assertion", None),
        ("federated", "client_assertion", Some(federated.as_str())),
    ] {
        let directory = Directory::start([HOUR]).await;
        let of = application(&directory);
        let identity = match name {
            "secret" => Identity::ClientSecret(of, Secret::new("hush+hush")),
            "certificate" => Identity::ClientCertificate(of, Secret::new(&certificate())),
            _ => Identity::Federated(of, Secret::new(&federated)),
        };
        let (to, upload) = (as_(AzureCredential::Identity(identity), &azurite), upload(name, &content, 2_000));
        stage_all(&to, &upload, &content).await;
        assert_eq!(to.commit(&upload).await.unwrap(), CommitOutcome::Created);
        assert_eq!(proof(&to, &upload).await.unwrap(), ProofMethod::Crc64OfChunks);

        let [asked] = <[Asked; 1]>::try_from(directory.asked()).unwrap();
        assert_eq!(asked.uri.path(), "/agency.example/oauth2/v2.0/token");
        assert_eq!(asked.field("scope").as_deref(), Some("https://storage.azure.com/.default"));
        assert_eq!(asked.field("client_id").as_deref(), Some(CLIENT));
        let proof = asked.field(field).unwrap();
        assert!(shown.is_none_or(|shown| proof == shown), "{proof}");
        let [Remark::Token { of, good_for }] = &to.remarks()[..] else { panic!("{:?}", to.remarks()) };
        assert!(of.contains(CLIENT) && *good_for > Duration::from_mins(50), "{of} {good_for:?}");
    }
}

#[tokio::test]
async fn a_token_that_expires_in_mid_upload_loses_nothing() {
    let azurite = azurite_with_tokens().await;
    let directory = Directory::start([Reply::Token(1), HOUR]).await;
    let (to, content) = (as_(by_secret(&directory, "hush"), &azurite), footage(6_000));
    let upload = upload("a", &content, 2_000);
    to.put_chunk(&upload, 0, chunk(&upload, &content, 0)).await.unwrap();
    sleep(Duration::from_millis(2_100)).await;
    let rest = [1, 2].map(|index| to.put_chunk(&upload, index, chunk(&upload, &content, index)));
    join_all(rest).await.into_iter().for_each(Result::unwrap);
    assert_eq!(to.staged(&upload).await.unwrap(), [0, 1, 2]);
    assert_eq!(to.commit(&upload).await.unwrap(), CommitOutcome::Created);
    assert_eq!(proof(&to, &upload).await.unwrap(), ProofMethod::Crc64OfChunks);
    assert_eq!(directory.asked().len(), 2, "both uploads got the same second token");
}

#[tokio::test]
async fn a_fresh_token_that_is_not_accepted_either_is_a_refusal() {
    let azurite = azurite_with_tokens().await;
    let directory = Directory::start([Reply::Token(-5)]).await;
    let told = refusal(&as_(by_secret(&directory, "hush"), &azurite)).await;
    assert!(told.starts_with("refused (403 AuthenticationFailed"), "{told}");
    assert_eq!(directory.asked().len(), 2, "it is asked for afresh once");
}

#[tokio::test]
async fn one_token_serves_all_and_is_renewed_before_its_end() {
    let azurite = azurite_with_tokens().await;
    let directory = Directory::start([HOUR]).await;
    let to = as_(by_secret(&directory, "hush"), &azurite);
    let object = nobody();
    for seen in join_all((0..8).map(|_| to.stat(&object))).await {
        assert_eq!(seen.unwrap(), NOTHING);
    }
    assert_eq!(directory.asked().len(), 1);
    let later = async |time| {
        pause();
        advance(time).await;
        resume();
        assert_eq!(to.stat(&object).await.unwrap(), NOTHING);
        directory.asked().len()
    };
    assert_eq!(later(Duration::from_mins(54)).await, 1);
    directory.now(Reply::Refusal(500, ""));
    assert_eq!(later(Duration::from_mins(2)).await, 2, "the old one is good as long as no new one can be had");
    assert_eq!(later(Duration::from_secs(1)).await, 2, "and the directory is left in peace for a while");
    directory.now(Reply::Silence);
    assert_eq!(later(Duration::from_mins(1)).await, 3, "nor is a directory waited for that says nothing");
    directory.now(HOUR);
    assert_eq!(later(Duration::from_mins(1)).await, 4);
    assert_eq!(later(Duration::from_mins(54)).await, 4);
}

#[tokio::test]
async fn a_wrong_secret_is_said_shown_once_and_used_no_more_when_it_is_renewed() {
    let azurite = azurite_with_tokens().await;
    let directory = Directory::start([WRONG]).await;
    let (renewed, there) = (Arc::new(AtomicBool::new(false)), directory.clone());
    let again = Arc::clone(&renewed);
    let to = as_(by_secret(&directory, "old"), &azurite)
        .renewing(move || Some(by_secret(&there, if again.load(Ordering::Relaxed) { "new" } else { "old" })));
    let object = nobody();
    for answer in join_all((0..8).map(|_| to.stat(&object))).await {
        let told = answer.unwrap_err().to_string();
        let begin = "refused (AADSTS7000215: the client secret is wrong; put its value into the file, not its id)";
        assert!(told.starts_with(begin) && !told.contains("old"), "{told}");
    }
    assert_eq!(directory.asked().len(), 1, "a wrong secret is not tried eight times");
    renewed.store(true, Ordering::Relaxed);
    directory.now(HOUR);
    assert_eq!(to.stat(&object).await.unwrap(), NOTHING, "the new one is used at once");
    assert_eq!(directory.asked()[1].field("client_secret").as_deref(), Some("new"));
}

#[tokio::test]
async fn a_directory_without_an_answer_is_not_a_refusal() {
    let azurite = azurite_with_tokens().await;
    let directory = Directory::start([Reply::Refusal(503, "")]).await;
    let error = as_(by_secret(&directory, "hush"), &azurite).stat(&nobody()).await.unwrap_err();
    assert!(matches!(error, DestinationError::Busy { .. }), "{error}");
    directory.now(Reply::Challenge("a login page".to_owned()));
    let error = as_(by_secret(&directory, "hush"), &azurite).stat(&nobody()).await.unwrap_err();
    assert!(matches!(&error, DestinationError::Unreachable(why) if why.contains("login page")), "{error}");
    directory.now(Reply::Silence);
    let mut hasty = settings(azurite.endpoint.clone(), by_secret(&directory, "hush"));
    hasty.connection.stall = Duration::from_millis(300);
    let error = destination(hasty).stat(&nobody()).await.unwrap_err();
    assert!(matches!(&error, DestinationError::Unreachable(why) if why.starts_with("no token")), "{error}");
}

#[tokio::test]
async fn a_machine_in_azure_gets_in_as_itself() {
    let azurite = azurite_with_tokens().await;
    let directory = Directory::start([HOUR]).await;
    let managed = |client: Option<&str>| {
        let (service, client) = (directory.url.clone(), client.map(ToOwned::to_owned));
        as_(AzureCredential::Identity(Identity::Managed { service, client }), &azurite)
    };
    assert_eq!(managed(None).stat(&nobody()).await.unwrap(), NOTHING);
    assert_eq!(managed(Some(CLIENT)).stat(&nobody()).await.unwrap(), NOTHING);
    let [one, other] = <[Asked; 2]>::try_from(directory.asked()).unwrap();
    assert_eq!(one.headers["metadata"], "true");
    assert_eq!(one.field("resource").as_deref(), Some("https://storage.azure.com/"));
    assert_eq!((one.field("client_id"), other.field("client_id").as_deref()), (None, Some(CLIENT)));
    directory.now(Reply::Refusal(400, "Identity not found"));
    let told = refusal(&managed(None)).await;
    assert!(told.contains("no such identity; switch one on for it"), "{told}");
}

#[tokio::test]
async fn a_machine_by_azure_arc_shows_the_key_that_its_agent_names() {
    let azurite = azurite_with_tokens().await;
    let keys = tempfile::tempdir().unwrap();
    let key = keys.path().join("1.key");
    std::fs::write(&key, "the-key\n").unwrap();
    let directory = Directory::start([Reply::Challenge(key.display().to_string()), HOUR]).await;
    assert_eq!(as_(by_arc(&directory, keys.path()), &azurite).stat(&nobody()).await.unwrap(), NOTHING);
    let [question, answer] = <[Asked; 2]>::try_from(directory.asked()).unwrap();
    assert_eq!(
        (question.headers.get("authorization"), &answer.headers["authorization"]),
        (None, &"Basic the-key".parse().unwrap())
    );
    assert_eq!(answer.headers["metadata"], "true");
    assert_eq!(answer.field("api-version").as_deref(), Some("2020-06-01"));

    directory.now(Reply::Challenge(keys.path().join("2.key").display().to_string()));
    let told = refusal(&as_(by_arc(&directory, keys.path()), &azurite)).await;
    assert!(told.contains("2.key") && told.contains("add camdock's user to the group himds"), "{told}");
}

#[tokio::test]
async fn an_agent_gets_no_other_file_than_its_keys() {
    let azurite = azurite_with_tokens().await;
    let folder = tempfile::tempdir().unwrap();
    let (keys, secret) = (folder.path().join("tokens"), folder.path().join("secret.key"));
    std::fs::create_dir(&keys).unwrap();
    std::fs::write(&secret, "hush").unwrap();
    std::fs::write(keys.join("no-key"), "hush").unwrap();
    std::fs::write(keys.join("long.key"), "h".repeat(5_000)).unwrap();
    std::os::unix::fs::symlink(&secret, keys.join("link.key")).unwrap();
    let up = keys.join("../secret.key");
    let bad = [&secret, &up, &keys.join("no-key"), &keys.join("long.key"), &keys.join("link.key")];
    for file in bad {
        let directory = Directory::start([Reply::Challenge(file.display().to_string()), HOUR]).await;
        let told = refusal(&as_(by_arc(&directory, &keys), &azurite)).await;
        assert!(!told.contains("hush"), "{told}");
        assert_eq!(directory.asked().len(), 1, "{} is not shown", file.display());
    }
}

#[tokio::test]
async fn secrets_go_nowhere_in_the_clear_and_a_certificate_is_looked_at_before_it_is_needed() {
    let directory = Directory::start([HOUR]).await;
    let set_up = |identity| {
        let endpoint = "https://acc.blob.core.windows.net".parse().unwrap();
        let settings = settings(endpoint, AzureCredential::Identity(identity));
        AzureDestination::new(settings, Arc::new(WallClock)).err().unwrap()
    };
    let mut abroad = application(&directory);
    abroad.authority = "http://login.example".parse().unwrap();
    let error = set_up(Identity::ClientSecret(abroad.clone(), Secret::new("hush")));
    assert!(matches!(error, AzureSetupError::Unencrypted(_)), "{error}");
    let error = set_up(Identity::Arc { service: abroad.authority, keys: "/var/opt/azcmagent/tokens".into() });
    assert!(matches!(error, AzureSetupError::Unencrypted(_)), "{error}");
    let error = set_up(Identity::ClientCertificate(application(&directory), Secret::new("hush")));
    assert!(matches!(error, AzureSetupError::Credential { .. }) && !error.to_string().contains("hush"), "{error}");
}
