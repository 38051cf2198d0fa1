//! Cameras that do not come back: they are missed until somebody says that they are retired, and served if they come all the same.

use camdock::domain::BayState;
use camdock::ledger::Ledger;
use camdock::views::StatusDocument;
use camdock_test_support::footage::Footage;
use serde_json::json;

use crate::history;
use crate::station::{RunningStation, bay, printed};
use crate::trouble::Cloud;

/// A station that misses cameras, where these were so many days ago.
async fn missing(cloud: &Cloud, cameras: &[(&str, u32)]) -> RunningStation {
    let station = cloud.station();
    std::fs::write(station.beside("camdock.toml.d/overdue.toml"), "[station]\noverdue_after = \"14d\"\n").unwrap();
    history::write_visits(&station, cameras).await;
    station
}

/// The cameras that are missed, the latest first.
fn missed(status: &StatusDocument) -> Vec<&str> {
    let overdue = status.overdue.iter().flat_map(|overdue| &overdue.latest);
    overdue.map(|overdue| overdue.camera.as_str()).collect()
}

#[tokio::test]
async fn a_camera_that_is_retired_is_missed_no_more_and_its_evidence_is() {
    let cloud = Cloud::well().await;
    let mut station = missing(&cloud, &[("BWC-1", 20), ("BWC-2", 30), ("BWC-3", 10)]).await;
    history::write_evidence_only_on(&station, "BWC-1").await;
    station.start();
    let before = station.until("two are missed", |status| missed(status) == ["BWC-1", "BWC-2"]).await;
    let told = async |station: &RunningStation, command: &[&str]| printed(&station.camdock(command).await);
    let (problems, explained) = (told(&station, &["problems"]).await, told(&station, &["explain", "BWC-1"]).await);
    assert!(problems.contains("camera BWC-1  DCIM/A.MP4"), "{problems}");

    let retired = station.camdock(&["camera", "retire", "BWC-1", "BWC-2"]).await;
    let said = printed(&retired);
    assert_eq!(retired.status.code(), Some(0), "{said}");
    assert!(said.contains("BWC-1: last here until ") && said.contains("    1 segment of it not proven at"), "{said}");
    assert_eq!(said.matches("missed no more").count(), 2, "{said}");
    let after = station.until("none is missed", |status| missed(status).is_empty()).await;
    assert_eq!((after.problems, before.problems), (1, 1));
    assert_eq!(told(&station, &["problems"]).await, problems, "what is unproven is told as before");
    assert_eq!(told(&station, &["explain", "BWC-1"]).await, explained);
    station.stop().await;
    station.start();
    station
        .until("none is missed after a restart", |status| status.overdue.is_some() && missed(status).is_empty())
        .await;
    station.stop().await;

    let written = station.written_down(&["action-taken", "camera-retired"]);
    let (taken, effects): (Vec<_>, Vec<_>) = written.iter().partition(|entry| entry["step"] == "action-taken");
    let own = rustix::process::geteuid().as_raw();
    assert!(taken.iter().all(|entry| entry["by"]["uid"] == own), "{taken:?}");
    let actions: Vec<_> = taken.iter().map(|entry| entry["action"].clone()).collect();
    let retire = |camera: &str| json!({"what": "retire", "camera": camera});
    assert_eq!(actions, [retire("BWC-1"), retire("BWC-2")]);
    assert_eq!(effects.iter().map(|entry| entry["camera"].as_str().unwrap()).collect::<Vec<_>>(), ["BWC-1", "BWC-2"]);
}

#[tokio::test]
async fn a_retired_camera_that_comes_all_the_same_is_served_and_retired_no_more() {
    let cloud = Cloud::well().await;
    let mut station = missing(&cloud, &[("BWC-1", 20)]).await;
    station.start();
    station.until("it is missed", |status| missed(status) == ["BWC-1"]).await;
    station.camdock(&["camera", "retire", "BWC-1"]).await;
    let footage = Footage::random("BWC-1", 3, 10_000, 5);
    station.dock(1, &footage);
    let done = station.until_all_done().await;
    assert_eq!((bay(&done, 1).segments_wiped, bay(&done, 1).state), (3, BayState::Ready));

    let docked = station.camdock(&["camera", "retire", "BWC-1"]).await;
    assert_eq!(docked.status.code(), Some(1));
    assert!(printed(&docked).contains("BWC-1: it is docked here now. Take it out first"), "{}", printed(&docked));
    let unknown = station.camdock(&["camera", "retire", "BWC-7"]).await;
    assert!(printed(&unknown).contains("no camera of that serial was ever docked here"), "{}", printed(&unknown));
    station.take(1, &footage);
    station.until("it is taken", |status| bay(status, 1).state == BayState::Empty).await;
    station.stop().await;
    let ledger = Ledger::look_only(&station.ledger()).unwrap();
    let last = ledger.last_visits(None, 10).await.unwrap().pop().unwrap();
    assert_eq!((last.camera.as_str(), last.retired_at), ("BWC-1", None), "it is missed again once it stays away");
}
