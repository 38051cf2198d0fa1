//! The interface is as it is described: schemathesis asks it what its description allows, and much that it does not.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use camdock_test_support::footage::Footage;
use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use crate::access::{Browser, reachable};
use crate::station::RunningStation;
use crate::trouble::Cloud;

/// So many questions for each route; the whole takes about a minute.
const QUESTIONS: &str = "40";

/// Has schemathesis ask everything of the interface at `page`. Returns what it has to say if something is not as described.
async fn asked(page: &str, more: &[&str]) -> Result<(), String> {
    let command = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin/schemathesis");
    assert!(command.exists(), "there is no schemathesis here: run `make tools`");
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(command);
    command.current_dir(folder.path()).arg("run").arg(format!("{page}api/v1/openapi.json"));
    // The events never end; they have tests of their own. Whether it is alive takes a second to tell, each time.
    command.args(["--exclude-path", "/api/v1/events", "--max-examples", QUESTIONS, "--seed", "1", "--no-color"]);
    // As a page of the station's own asks.
    let origin = format!("Origin: {}", page.trim_end_matches('/'));
    command.args(["--request-timeout", "20", "-H", &origin]).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let ended = timeout(Duration::from_mins(5), command.output()).await.expect("it ends").unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    if ended.status.success() { Ok(()) } else { Err(told) }
}

async fn with_a_camera(cloud: &Cloud) -> RunningStation {
    let mut station = cloud.station();
    station.dock(1, &Footage::random("BWC-1", 3, 1_000, 7));
    station.start();
    station.until_all_done().await;
    station
}

#[tokio::test]
async fn whatever_is_asked_of_it_the_interface_answers_as_it_is_described() {
    let cloud = Cloud::well().await;
    let mut station = with_a_camera(&cloud).await;
    asked(&station.page().await, &[]).await.unwrap_or_else(|told| panic!("{told}"));
    station.stop().await;
}

#[tokio::test]
async fn so_it_does_for_somebody_who_may_do_everything() {
    let cloud = Cloud::well().await;
    let (mut station, certificate) = reachable(&cloud, "127.0.0.1").await;
    let mut browser = Browser::of_a_stranger(&station, &certificate).await;
    browser.log_in_as("an-admin").await;
    let (page, cookie) = (station.page().await, browser.cookie());
    let cookie = format!("Cookie: {cookie}");
    let arguments =
        ["--tls-verify", "false", "-H", &cookie, "--include-path-regex", "problems|cameras|destinations|dockings"];
    asked(&page, &arguments).await.unwrap_or_else(|told| panic!("{told}"));
    station.stop().await;
}

#[tokio::test]
async fn each_route_of_the_interface_is_described_and_nothing_else() {
    let cloud = Cloud::well().await;
    let mut station = with_a_camera(&cloud).await;
    let description: Value = serde_json::from_str(&station.answer("/api/v1/openapi.json").await.unwrap()).unwrap();
    let described: Vec<_> = description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        described,
        [
            "/api/v1/cameras/{serial}/retain",
            "/api/v1/cameras/{serial}/retire",
            "/api/v1/destinations/{name}/enrol/{place}",
            "/api/v1/destinations/{name}/replace/{place}",
            "/api/v1/dockings",
            "/api/v1/dockings/{id}",
            "/api/v1/events",
            "/api/v1/problems",
            "/api/v1/problems/{id}/retry",
            "/api/v1/status",
            "/healthz",
            "/metrics",
        ]
    );
    station.stop().await;
}
