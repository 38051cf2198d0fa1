//! The station page and its records, as browsers and programs of this machine get them from the running daemon.

use std::time::Duration;

use camdock::domain::{BayState, ByteCount};
use camdock::views::{SpoolDocument, StatusDocument};
use camdock_test_support::footage::Footage;
use reqwest::StatusCode;
use reqwest::header::ORIGIN;
use serde_json::Value;
use tokio::time::timeout;

use crate::history;
use crate::page::until_news;
use crate::station::{RunningStation, Settings, bay, printed};
use crate::trouble::Cloud;

fn footage() -> Footage {
    Footage::random("BWC-1", 3, 100_000, 5)
}

async fn got(url: &str) -> (StatusCode, String) {
    let answer = reqwest::get(url).await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// The station page, once it says so. What the records told is shown for a moment longer.
async fn until_shown(page: &str, words: &str) -> String {
    let look = async {
        loop {
            let (code, shown) = got(&format!("{page}station?lang=en")).await;
            if code == StatusCode::OK && shown.contains(words) {
                return read(&shown);
            }
        }
    };
    timeout(Duration::from_mins(1), look).await.unwrap_or_else(|_| panic!("it never says {words:?}"))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("no document: {text}"))
}

/// A text without its tags, and with its signs as they are meant.
fn read(page: &str) -> String {
    let texts: String = page.split(['<', '>']).step_by(2).collect::<Vec<_>>().join(" ");
    texts.replace("&#39;", "'").replace("&quot;", "\"")
}

#[tokio::test]
async fn a_docking_is_told_to_people_and_programs_as_the_commands_tell_it() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    station.start();
    station.dock(1, &footage());
    station.until_all_done().await;
    let page = station.page().await;

    let list = station.answer("/api/v1/dockings").await.unwrap();
    let docking = json(&list)["dockings"][0].clone();
    assert_eq!((&docking["camera"], &docking["bay"], &docking["segments"]), (&"BWC-1".into(), &"1".into(), &3.into()));
    assert_eq!((&docking["bytes"], &docking["outcome"]), (&300_000.into(), &Value::Null), "it is still there");
    assert_eq!(got(&format!("{page}api/v1/dockings")).await, (StatusCode::OK, list), "whatever the door");
    for route in ["api/v1/status", "api/v1/problems"] {
        assert_eq!(got(&format!("{page}{route}")).await.0, StatusCode::OK, "{route}");
    }

    let knows_its_room = |status: &StatusDocument| {
        let SpoolDocument { bytes_free, bytes_reserved, bytes_of_disk, .. } = status.spool.unwrap();
        bytes_reserved == Some(ByteCount::new(1 << 20)) && bytes_free < bytes_of_disk
    };
    let shown = station.until("it says what room its spool has", knows_its_room).await.spool.unwrap();
    assert_eq!(shown.copies == 0, shown.bytes_used.get() == 0, "{shown:?}");

    let id = docking["id"].as_str().unwrap();
    let whole = json(&station.answer(&format!("/api/v1/dockings/{id}")).await.unwrap());
    let segments = whole["segments"].as_array().unwrap();
    assert_eq!((segments.len(), &whole["after"]), (3, &Value::Null));
    assert!(segments.iter().all(|segment| segment["gone"] == "wiped"), "{whole}");
    let explained = printed(&station.camdock(&["explain", "BWC-1"]).await);
    let shown = read(&got(&format!("{page}station/dockings/{id}?lang=en")).await.1);
    for segment in segments {
        for condition in segment["conditions"].as_array().unwrap() {
            let told = condition["message"].as_str().unwrap();
            assert_eq!(condition["met"], true, "{condition}");
            assert!(explained.contains(&format!("[  met] {told}")), "{told}: {explained}");
            assert!(shown.contains(told), "{told}: {shown}");
        }
    }
    let station_page = read(&got(&format!("{page}station?lang=en")).await.1);
    let doctor = printed(&station.camdock(&["doctor"]).await);
    assert!(doctor.lines().all(|line| station_page.contains(line)), "{doctor}: {station_page}");
    for part in ["BWC-1", "Going on", "292.9 KiB", "Proven at primary", "Nothing waits for a person."] {
        assert!(station_page.contains(part), "{part}: {station_page}");
    }
    station.stop().await;
}

#[tokio::test]
async fn the_station_page_tells_by_itself_that_a_camera_came_and_went() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    station.start();
    station.until("it is open", |status| bay(status, 1).state == BayState::Empty).await;
    let live = format!("{}station/live?lang=en", station.page().await);
    station.dock(1, &footage());
    until_news(&live, &["event: changed", "BWC-1", "Going on"]).await;
    let gone = tokio::spawn(async move { until_news(&live, &["BWC-1", "Completed"]).await });
    station.until_all_done().await;
    station.take(1, &footage());
    assert!(gone.await.unwrap().contains("Copied from cameras: 292.9 KiB"), "and how much that was");
    station.stop().await;
}

#[tokio::test]
async fn what_is_asked_for_wrongly_or_is_not_there_is_answered_with_a_sentence() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    station.start();
    station.until("it is open", |_| true).await;
    let (page, unknown) = (station.page().await, "019b7628-0000-7000-8000-000000000001");
    for (route, status, told) in [
        ("api/v1/dockings?limit=0", 400, "limit is a whole number from 1 to 500"),
        ("api/v1/dockings?limit=501", 400, "limit is a whole number"),
        ("api/v1/dockings?limit=-1", 400, "limit is a whole number"),
        ("api/v1/dockings?limit=99999999999999999999", 400, "limit is a whole number"),
        ("api/v1/dockings?before=yesterday", 400, "no id of a docking"),
        (&format!("api/v1/dockings?before={unknown}"), 404, "there is no docking"),
        ("api/v1/dockings/1%27--", 400, "no id of a docking"),
        (&format!("api/v1/dockings/{unknown}"), 404, "there is no docking"),
        (&format!("api/v1/dockings/{unknown}?after=7"), 400, "no id of a segment"),
        ("api/v1/problems?after=x", 400, "after is the number of a problem"),
        ("api/v1/problems?limit=1001", 400, "limit is a whole number from 1 to 1000"),
        ("station/dockings/nothing?lang=en", 400, "There is no such docking."),
        ("station/dockings?lang=en&before=%00", 400, "There is no such docking."),
        (&format!("station/dockings/{unknown}?lang=en"), 404, "There is no such docking."),
    ] {
        let (code, text) = got(&format!("{page}{route}")).await;
        assert_eq!(code.as_u16(), status, "{route}: {text}");
        assert!(text.contains(told), "{route}: {text}");
    }
    station.stop().await;
}

#[tokio::test]
async fn nobody_without_a_name_has_the_station_do_something_on_the_door_for_browsers() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    station.start();
    station.until("it is open", |_| true).await;
    let (page, browser) = (station.page().await, reqwest::Client::new());
    let place = "0".repeat(32);
    for route in [
        "api/v1/problems/1/retry",
        "api/v1/cameras/BWC-1/retire",
        &format!("api/v1/destinations/primary/enrol/{place}"),
        &format!("api/v1/destinations/primary/replace/{place}"),
    ] {
        let from_elsewhere = browser.post(format!("{page}{route}"));
        let from_here = browser.post(format!("{page}{route}")).header(ORIGIN, page.trim_end_matches('/'));
        for (request, status) in [(from_elsewhere, StatusCode::FORBIDDEN), (from_here, StatusCode::UNAUTHORIZED)] {
            assert_eq!(request.send().await.unwrap().status(), status, "{route}");
        }
    }
    assert!(station.written_down(&["action-taken"]).is_empty());
    for route in ["station", "station/dockings", "api/v1/dockings", "api/v1/problems", "api/v1/status"] {
        let request = browser.post(format!("{page}{route}")).header(ORIGIN, page.trim_end_matches('/'));
        assert_eq!(request.body("x").send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED, "{route}");
    }
    station.stop().await;
}

#[tokio::test]
async fn a_ledger_that_cannot_be_read_is_said_to_be_missing_and_the_rest_is_shown() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    station.start();
    station.until("it is open", |_| true).await;
    let (page, aside) = (station.page().await, station.beside("aside/ledger.db"));
    until_shown(&page, "Whole disk").await;
    std::fs::rename(station.ledger(), &aside).unwrap();
    for route in ["api/v1/dockings", "api/v1/problems"] {
        let (code, told) = got(&format!("{page}{route}")).await;
        assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE, "{route}: {told}");
        assert!(told.contains("ledger.db"), "{route}: {told}");
    }
    let shown = until_shown(&page, "The ledger does not answer just now").await;
    assert!(shown.contains("Whole disk"), "{shown}");
    std::fs::rename(aside, station.ledger()).unwrap();
    assert_eq!(got(&format!("{page}api/v1/dockings")).await.0, StatusCode::OK);
    station.stop().await;
}

#[tokio::test]
async fn a_day_of_dockings_is_told_a_page_at_a_time() {
    let cloud = Cloud::well().await;
    let mut station = RunningStation::new(Settings { bays: 1, ..cloud.settings() });
    history::write(&station).await;
    station.start();
    station.until("it is open", |status| status.problems == 4).await;
    let (page, mut told, mut before) = (station.page().await, Vec::new(), String::new());
    loop {
        let part = json(&got(&format!("{page}api/v1/dockings?limit=25{before}")).await.1);
        let ids = part["dockings"].as_array().unwrap().iter().map(|docking| docking["id"].to_string());
        told.extend(ids);
        let Some(last) = part["before"].as_str() else { break };
        before = format!("&before={last}");
    }
    assert_eq!(told.len(), history::DOCKINGS as usize);
    told.sort();
    told.dedup();
    assert_eq!(told.len(), history::DOCKINGS as usize, "each once");
    let first = got(&format!("{page}station?lang=en")).await.1;
    assert!(first.contains("Older dockings") && first.contains("LONG3.MP4"), "{first}");
    let older = first.split_once("/station/dockings?lang=en&amp;before=").unwrap().1.split_once('"').unwrap().0;
    let (code, last) = got(&format!("{page}station/dockings?lang=en&before={older}")).await;
    assert_eq!((code, last.matches("/station/dockings/").count()), (StatusCode::OK, 10), "{last}");
    let problems = json(&got(&format!("{page}api/v1/problems?limit=3")).await.1);
    let after = problems[2]["id"].to_string();
    let rest = json(&got(&format!("{page}api/v1/problems?after={after}")).await.1);
    assert_eq!((problems.as_array().unwrap().len(), rest.as_array().unwrap().len()), (3, 1));
    station.stop().await;
}
