//! Nothing goes to a place that does not prove itself, nothing goes there unencrypted, and what is wrong is said with the
//! certificate's name. Real TLS on this machine.

mod clock;
mod clouds;
mod pki;
mod proxies;
mod servers;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use camdock::cloud::http::{Connection, HttpClient, HttpError, IdentityFiles, Outgoing, Trust};
use camdock::domain::ConnectionTrouble;
use futures::TryStreamExt as _;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};

use crate::azure::WallClock;
use pki::{Authority, Issued};
use servers::{scripted, server};

const STALL: Duration = Duration::from_secs(20);

/// An authority, and the file by which it is trusted.
struct Agency {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Agency {
    fn new() -> Self {
        let agency = Self { folder: tempfile::tempdir().unwrap(), authority: Authority::new("Agency Root") };
        std::fs::write(agency.ca(), agency.authority.pem()).unwrap();
        agency
    }

    fn ca(&self) -> PathBuf {
        self.folder.path().join("agency-ca.crt")
    }

    fn connection(&self) -> Connection {
        Connection { trust: Trust::Only(self.ca()), ..Connection::usual(STALL) }
    }

    fn showing(&self, issued: &Issued, name: &str) -> Connection {
        let (certificate, key) = issued.write(self.folder.path(), name);
        Connection { identity: Some(IdentityFiles { certificate, key }), ..self.connection() }
    }

    /// A server with a certificate in order.
    async fn server(&self) -> Url {
        server(self.authority.issue(&["localhost"], |_| ()).server(None)).await
    }
}

/// What a server answers to a client.
async fn said_to(client: &HttpClient, url: &Url) -> Result<Vec<u8>, HttpError> {
    let nothing = Outgoing::Bytes(bytes::Bytes::new());
    let answer = client.send(Method::GET, url.clone(), HeaderMap::new(), nothing).await?;
    let body: Vec<bytes::Bytes> = answer.body.try_collect().await.unwrap();
    Ok(body.concat())
}

async fn said(connection: &Connection, url: &Url) -> Result<Vec<u8>, HttpError> {
    said_to(&HttpClient::new(connection, Arc::new(WallClock)).unwrap(), url).await
}

/// What stands in the way.
async fn trouble(connection: &Connection, url: &Url) -> ConnectionTrouble {
    match said(connection, url).await {
        Err(HttpError::NoConnection(trouble)) => trouble,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_place_is_reached_that_the_agencys_own_authority_vouches_for() {
    let agency = Agency::new();
    assert_eq!(said(&agency.connection(), &agency.server().await).await.unwrap(), b"here");
    let below = agency.authority.below("Agency Servers", |_| ());
    let url = server(below.issue(&["localhost"], |_| ()).server(None)).await;
    assert_eq!(said(&agency.connection(), &url).await.unwrap(), b"here", "by way of one below it");
}

#[tokio::test]
async fn a_certificate_out_of_its_time_is_named_with_its_time_and_the_stations() {
    let agency = Agency::new();
    let ended = agency.authority.issue(&["localhost"], |params| {
        params.not_before = rcgen::date_time_ymd(2024, 1, 1);
        params.not_after = rcgen::date_time_ymd(2025, 2, 3);
    });
    let said = trouble(&agency.connection(), &server(ended.server(None)).await).await;
    let ConnectionTrouble::CertificateEnded { certificate, until, .. } = &said else { panic!("{said}") };
    assert!(certificate.starts_with("CN=localhost, serial "), "{certificate}");
    assert_eq!(until.to_string(), "2025-02-03T00:00:00Z");
    assert!(said.to_string().contains("this station's clock says 20"), "{said}");

    let early = agency.authority.issue(&["localhost"], |params| params.not_before = rcgen::date_time_ymd(2090, 1, 1));
    let said = trouble(&agency.connection(), &server(early.server(None)).await).await;
    let ConnectionTrouble::CertificateNotYet { from, .. } = &said else { panic!("{said}") };
    assert_eq!(from.to_string(), "2090-01-01T00:00:00Z");
}

#[tokio::test]
async fn of_a_chain_the_one_is_named_that_has_ended() {
    let agency = Agency::new();
    let below = agency.authority.below("Agency Servers", |params| {
        params.not_before = rcgen::date_time_ymd(2024, 1, 1);
        params.not_after = rcgen::date_time_ymd(2025, 2, 3);
    });
    let url = server(below.issue(&["localhost"], |_| ()).server(None)).await;
    let said = trouble(&agency.connection(), &url).await;
    let ConnectionTrouble::CertificateEnded { certificate, .. } = &said else { panic!("{said}") };
    assert!(certificate.starts_with("CN=Agency Servers, "), "{certificate}");
}

#[tokio::test]
async fn a_certificate_for_other_names_says_for_which() {
    let agency = Agency::new();
    let issued = agency.authority.issue(&["portal.example", "10.1.2.3"], |_| ());
    let said = trouble(&agency.connection(), &server(issued.server(None)).await).await;
    let ConnectionTrouble::CertificateOfAnother { wanted, names, .. } = &said else { panic!("{said}") };
    assert_eq!((wanted.as_str(), names.join(" ")), ("localhost", "portal.example 10.1.2.3".to_owned()));
}

#[tokio::test]
async fn who_issued_a_certificate_is_named_if_nobody_trusts_him() {
    let (agency, stranger) = (Agency::new(), Authority::new("Captive Portal CA"));
    let below = stranger.below("Captive Portal Servers", |_| ());
    let url = server(below.issue(&["localhost"], |_| ()).server(None)).await;
    for connection in [agency.connection(), Connection::usual(STALL)] {
        let said = trouble(&connection, &url).await;
        let ConnectionTrouble::UnknownIssuer { issuer, certificate } = &said else { panic!("{said}") };
        assert_eq!(issuer, "CN=Captive Portal CA");
        assert!(certificate.starts_with("CN=localhost, "), "{certificate}");
    }
}

#[tokio::test]
async fn the_certificate_of_an_authority_is_none_of_a_server() {
    let agency = Agency::new();
    let said = trouble(&agency.connection(), &server(agency.authority.itself().server(None)).await).await;
    assert!(matches!(said, ConnectionTrouble::CertificateOfAuthority { .. }), "{said:?}");
}

#[tokio::test]
async fn an_authority_that_is_added_to_the_file_is_trusted_without_a_restart() {
    let (agency, new) = (Agency::new(), Authority::new("Agency Root 2"));
    let client = HttpClient::new(&agency.connection(), Arc::new(WallClock)).unwrap();
    let url = server(new.issue(&["localhost"], |_| ()).server(None)).await;
    let before = said_to(&client, &url).await.unwrap_err();
    assert!(matches!(before, HttpError::NoConnection(ConnectionTrouble::UnknownIssuer { .. })), "{before}");
    std::fs::write(agency.ca(), agency.authority.pem() + &new.pem()).unwrap();
    assert_eq!(said_to(&client, &url).await.unwrap(), b"here");
    std::fs::write(agency.ca(), "no certificate").unwrap();
    assert_eq!(said_to(&client, &url).await.unwrap(), b"here", "what cannot be used replaces nothing");
}

#[tokio::test]
async fn a_station_shows_its_certificate_to_who_wants_to_see_it() {
    let agency = Agency::new();
    let stations = Authority::new("Stations");
    let url = server(agency.authority.issue(&["localhost"], |_| ()).server(Some(&stations))).await;
    let said_of_none = trouble(&agency.connection(), &url).await;
    assert_eq!(said_of_none, ConnectionTrouble::CertificateWanted);
    let other = agency.showing(&Authority::new("Others").issue(&["hq-01"], |_| ()), "dock");
    let said_of_other = trouble(&other, &url).await;
    assert!(matches!(said_of_other, ConnectionTrouble::CertificateRefused { .. }), "{said_of_other:?}");
    // The same files, renewed: the same client shows what is in them now.
    let client = HttpClient::new(&other, Arc::new(WallClock)).unwrap();
    assert!(said_to(&client, &url).await.is_err());
    let right = agency.showing(&stations.issue(&["hq-01"], |_| ()), "dock");
    assert_eq!(said_to(&client, &url).await.unwrap(), b"here");
    assert!(right.look().unwrap().is_some());
}

#[tokio::test]
async fn a_server_that_speaks_old_versions_only_is_not_spoken_to() {
    // A greeting of TLS 1.1: handshake, server hello, version 3.2, random, no session, AES-128-CBC-SHA, no compression.
    const OLD: &[u8] = &[
        22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 0, 0, 47, 0,
    ];
    const ALERT: &[u8] = &[21, 3, 1, 0, 2, 2, 70];
    let agency = Agency::new();
    for greeting in [OLD, ALERT] {
        assert_eq!(trouble(&agency.connection(), &scripted(greeting).await).await, ConnectionTrouble::TooOld);
    }
}

#[tokio::test]
async fn nothing_goes_to_another_machine_unencrypted() {
    let client = HttpClient::new(&Connection::usual(STALL), Arc::new(WallClock)).unwrap();
    for elsewhere in ["http://evidence.example/", "http://10.1.2.3/", "ftp://localhost/"] {
        let error = said_to(&client, &Url::parse(elsewhere).unwrap()).await.unwrap_err();
        assert!(matches!(&error, HttpError::Setup(why) if why.contains("not asked without encryption")), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let agency = Agency::new();
    let folder = agency.folder.path();
    let issued = agency.authority.issue(&["hq-01"], |_| ());
    let (certificate, key) = issued.write(folder, "dock");
    let (_, other_key) = agency.authority.issue(&["hq-02"], |_| ()).write(folder, "other");
    let showing = |certificate: &Path, key: &Path| Connection {
        identity: Some(IdentityFiles { certificate: certificate.to_owned(), key: key.to_owned() }),
        ..agency.connection()
    };
    let missing = folder.join("missing");
    for (connection, file) in [
        (Connection { trust: Trust::Only(missing.clone()), ..agency.connection() }, &missing),
        (Connection { trust: Trust::Only(key.clone()), ..agency.connection() }, &key),
        (showing(&missing, &key), &missing),
        (showing(&certificate, &certificate), &certificate),
        (showing(&certificate, &other_key), &other_key),
    ] {
        let error = HttpClient::new(&connection, Arc::new(WallClock)).unwrap_err();
        assert!(matches!(&error, HttpError::File { file: named, .. } if named == file), "{error}");
        assert!(!error.to_string().contains("PRIVATE"), "{error}");
    }
}
