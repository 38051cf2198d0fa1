//! The page for officers, as a browser of this machine gets it from the running daemon.

use std::time::Duration;

use camdock::domain::{BayState, Part, SetupCause};
use camdock_test_support::footage::Footage;
use futures::StreamExt as _;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_SECURITY_POLICY, HOST};
use tokio::time::timeout;

use crate::station::{RunningStation, Settings, bay, printed};
use crate::trouble::Cloud;

/// So much of it that its way can be watched.
fn footage() -> Footage {
    Footage::random("BWC-1", 12, 600_000, 9)
}

/// Reads the news of a page until one has all these parts.
pub(crate) async fn until_news(live: &str, parts: &[&str]) -> String {
    let answer = reqwest::get(live).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let (mut stream, mut unread) = (answer.bytes_stream(), String::new());
    let read = async {
        loop {
            let more = stream.next().await.expect("the page goes on telling").unwrap();
            unread.push_str(std::str::from_utf8(&more).unwrap());
            while let Some(end) = unread.find("\n\n") {
                let event: String = unread.drain(..end + 2).collect();
                if parts.iter().all(|part| event.contains(part)) {
                    return event;
                }
            }
        }
    };
    timeout(Duration::from_mins(1), read).await.unwrap_or_else(|_| panic!("no news had {parts:?}"))
}

#[tokio::test]
async fn a_browser_sees_a_camera_come_and_be_done_without_asking_again() {
    let cloud = Cloud::well().await;
    let mut station = RunningStation::new(Settings { bays: 2, ..cloud.settings() });
    station.start();
    station.until("it is open", |status| bay(status, 1).state == BayState::Empty).await;
    let page = station.page().await;
    let first = reqwest::get(&page).await.unwrap();
    assert!(first.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'; "));
    let first = first.text().await.unwrap();
    assert!(first.contains(r#"<article class="tile free" id="bay-1">"#), "{first}");
    let news = tokio::spawn(async move {
        let page = format!("{page}live?lang=en");
        until_news(&page, &["event: changed", "tile working", "BWC-1"]).await;
        until_news(&page, &["tile ready", "BWC-1", "Take this one", "Ready since"]).await
    });
    station.dock(1, &footage());
    station.until_all_done().await;
    let done = news.await.unwrap();
    assert!(done.contains(r#"<article class="tile free" id="bay-2">"#), "the other bay is shown as well: {done}");
    station.stop().await;
}

#[tokio::test]
async fn what_is_not_for_this_very_address_is_told_nothing() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    station.start();
    station.until("it is open", |_| true).await;
    let (page, browser) = (station.page().await, reqwest::Client::new());
    for host in ["evidence.example", "127.0.0.1", "localhost", "127.0.0.1.evil.example:80"] {
        for path in ["", "station", "api/v1/status", "api/v1/dockings"] {
            let answer = browser.get(format!("{page}{path}")).header(HOST, host).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
            assert!(!answer.text().await.unwrap().contains("hq-01"), "{host} {path}");
        }
    }
    let nothing = reqwest::get(format!("{page}nothing")).await.unwrap();
    assert_eq!(nothing.status(), StatusCode::NOT_FOUND);
    let posted = browser.post(&page).body("x").send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::FORBIDDEN, "somebody else's page has nothing done here");
    for file in ["page.css", "bays.css", "station.css", "page.js"] {
        let answer = reqwest::get(format!("{page}{file}")).await.unwrap();
        assert_eq!(
            (answer.status(), &answer.headers()["x-content-type-options"]),
            (StatusCode::OK, &"nosniff".parse().unwrap())
        );
    }
    station.stop().await;
}

#[tokio::test]
async fn a_page_whose_address_somebody_else_has_is_missed_and_comes_when_it_is_free() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    std::fs::write(station.beside("camdock.toml.d/web.toml"), format!("[web]\nlisten = \"{at}\"\n")).unwrap();
    station.start();
    let missing = station.until("it says that there is no page", |status| !status.setup.is_empty()).await;
    assert_eq!((&missing.setup[0].part, missing.setup[0].cause), (&Part::Page, SetupCause::AddressUnusable));
    let status = station.camdock(&["status"]).await;
    let told = printed(&status);
    assert_eq!(status.status.code(), Some(3), "{told}");
    assert!(told.contains(&format!("The page is not set up: {at} cannot be listened on")), "{told}");
    station.dock(1, &footage());
    station.until("the camera is served all the same", |status| bay(status, 1).state == BayState::Ready).await;
    drop(taken);
    station.until("there is a page", |status| status.setup.is_empty()).await;
    assert!(reqwest::get(format!("http://{at}/")).await.unwrap().text().await.unwrap().contains("BWC-1"));
    station.stop().await;
}

#[tokio::test]
async fn however_many_connections_somebody_opens_cameras_are_served() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    station.start();
    station.until("it is open", |_| true).await;
    let page = station.page().await;
    let address = page.trim_start_matches("http://").trim_end_matches('/');
    let files = || std::fs::read_dir(format!("/proc/{}/fd", station.process_id())).unwrap().count();
    let before = files();
    // Those beyond the kernel's own queue are not even let in.
    let address = address.parse().unwrap();
    let connect = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok();
    let idle: Vec<_> = (0..400).map_while(|_| connect()).collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(idle.len() > 100 && files() <= before + 64 + 10, "{} connections, {} files", idle.len(), files());
    station.dock(1, &footage());
    station.until_all_done().await;
    drop(idle);
    let answer = timeout(Duration::from_secs(20), reqwest::get(&page)).await.expect("the page answers again").unwrap();
    assert!(answer.text().await.unwrap().contains("BWC-1"));
    station.stop().await;
}
