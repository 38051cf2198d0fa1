//! A proxy on the way is told what it wants to be told, and nothing else goes through it.

use std::sync::{Arc, Mutex};

use camdock::cloud::http::{Connection, HttpClient, HttpError, Proxy, ReadLogin};
use camdock::domain::{ConnectionTrouble, Secret};
use reqwest::Url;
use tokio::net::TcpListener;

use crate::azure::WallClock;

use super::servers::{Manner, TestProxy};
use super::{Agency, STALL, said, said_to, trouble};

fn login(text: &str) -> ReadLogin {
    let secret = Secret::new(text);
    Arc::new(move || Some(secret.clone()))
}

fn by(agency: &Agency, proxy: &TestProxy, login: Option<ReadLogin>) -> Connection {
    Connection { proxy: Some(Proxy { address: proxy.address.clone(), login }), ..agency.connection() }
}

fn host_and_port(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

#[tokio::test]
async fn a_place_is_reached_through_a_proxy_and_encrypted_from_end_to_end() {
    let agency = Agency::new();
    let (proxy, url) = (TestProxy::start(Manner::Open).await, agency.server().await);
    assert_eq!(said(&by(&agency, &proxy, None), &url).await.unwrap(), b"here");
    assert_eq!(proxy.asked(), [format!("CONNECT {} HTTP/1.1", host_and_port(&url))]);
}

#[tokio::test]
async fn a_proxy_that_wants_a_login_gets_the_one_in_the_file_and_a_renewed_one_without_a_restart() {
    let agency = Agency::new();
    let (proxy, url) = (TestProxy::start(Manner::Wants("dock:to p@:s%")).await, agency.server().await);
    let wanted = ConnectionTrouble::ProxyLogin { proxy: host_and_port(&proxy.address) };
    assert_eq!(trouble(&by(&agency, &proxy, None), &url).await, wanted);
    assert_eq!(said(&by(&agency, &proxy, Some(login("dock:to p@:s%"))), &url).await.unwrap(), b"here");

    let file = Arc::new(Mutex::new("dock:HUSH".to_owned()));
    let read = Arc::clone(&file);
    let connection = by(&agency, &proxy, Some(Arc::new(move || Some(Secret::new(&read.lock().unwrap())))));
    let client = HttpClient::new(&connection, Arc::new(WallClock)).unwrap();
    let error = said_to(&client, &url).await.unwrap_err();
    assert!(matches!(&error, HttpError::NoConnection(trouble) if *trouble == wanted), "{error:?}");
    assert!(!format!("{error} {error:?} {client:?} {connection:?}").contains("HUSH"));
    "dock:to p@:s%".clone_into(&mut file.lock().unwrap());
    assert!(said_to(&client, &url).await.is_err(), "the old one is refused once more, and then read again");
    assert_eq!(said_to(&client, &url).await.unwrap(), b"here");
}

#[tokio::test]
async fn a_proxy_that_lets_nobody_through_is_named() {
    let agency = Agency::new();
    let (proxy, url) = (TestProxy::start(Manner::Refuses).await, agency.server().await);
    let said = trouble(&by(&agency, &proxy, None), &url).await;
    let named = ConnectionTrouble::ProxyRefuses { proxy: host_and_port(&proxy.address), host: "localhost".to_owned() };
    assert_eq!(said, named);
}

#[tokio::test]
async fn what_is_this_machines_own_business_goes_through_no_proxy() {
    let agency = Agency::new();
    let proxy = TestProxy::start(Manner::Open).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = Url::parse(&format!("http://{nobody}/")).unwrap();
    let connection = Connection { stall: STALL, ..by(&agency, &proxy, None) };
    assert!(matches!(said(&connection, &url).await, Err(HttpError::Connection(_))));
    assert_eq!(proxy.asked(), Vec::<String>::new());
}
