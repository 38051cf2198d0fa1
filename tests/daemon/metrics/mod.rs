//! What the real Prometheus makes of a station and of a fleet, and what is packaged for it and for Grafana.

mod fleet;
mod prometheus;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use camdock::domain::{
    BayState, ByteCount, CameraSerial, DockingId, Fingerprint, Moment, Need, ProofMethod, Protection, Segment,
    SegmentId, Snapshot, SourcePath, Version,
};
use camdock::ledger::{Entry, Figures, Ledger, Outcome};
use camdock_test_support::footage::Footage;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HOST};
use serde_json::Value;
use tokio::time::sleep;

use self::fleet::{MadeUp, bay as bay_name, empty, place};
use self::prometheus::{Prometheus, free_port, is, packaged, promtool};
use crate::station::{RunningStation, Settings, bay};
use crate::trouble::Cloud;

const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0";

/// What a station says to whoever does not ask for `OpenMetrics`.
async fn told(url: &str) -> String {
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

/// The name of a series.
fn name(series: &str) -> &str {
    series.split(['{', ' ']).next().unwrap()
}

/// The counters in a text, with their values; without the length of the log, which grows whatever the station does.
fn counters(text: &str) -> Vec<&str> {
    let is_one = |name: &str| name.ends_with("_total") && name != "camdock_ledger_entries_total";
    text.lines().filter(|line| is_one(name(line))).collect()
}

/// A station whose page has the same address after a restart.
fn station_at(cloud: &Cloud, at: std::net::SocketAddr) -> RunningStation {
    let station = RunningStation::new(Settings { bays: 2, ..cloud.settings() });
    std::fs::write(station.beside("camdock.toml.d/web.toml"), format!("[web]\nlisten = \"{at}\"\n")).unwrap();
    station
}

#[test]
fn the_rules_are_right_and_do_what_they_say() {
    let path = |name: &str| packaged(name).display().to_string();
    for arguments in [
        ["check", "rules", &path("prometheus/camdock.rules.yml")],
        ["test", "rules", &path("prometheus/camdock.rules.test.yml")],
    ] {
        let checked = promtool(&arguments, "");
        assert!(checked.status.success(), "{checked:?}");
    }
    let rules = std::fs::read_to_string(packaged("prometheus/camdock.rules.yml")).unwrap();
    let tests = std::fs::read_to_string(packaged("prometheus/camdock.rules.test.yml")).unwrap();
    let names: Vec<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() > 8);
    for name in names {
        let tried = tests.split("alertname: ").filter(|test| test.starts_with(&format!("{name}\n")));
        let (fires, does_not): (Vec<_>, Vec<_>) =
            tried.partition(|test| test.trim_start_matches(name).trim_start().starts_with("exp_alerts:\n"));
        assert!(!fires.is_empty() && !does_not.is_empty(), "{name} is seen to fire, and not to");
    }
}

#[tokio::test]
async fn prometheus_watches_a_station_and_a_restart_takes_nothing_back() {
    let (cloud, at) = (Cloud::well().await, free_port());
    let mut station = station_at(&cloud, at);
    station.start();
    station.until("it is open", |status| bay(status, 1).state == BayState::Empty).await;
    let prometheus = Prometheus::watching(&[at]).await;
    let before = prometheus.series_ever().await;
    for (number, files, seed) in [(1, 3, 1), (2, 2, 2)] {
        let footage = Footage::random(&format!("BWC-{number}"), files, 100_000, seed);
        station.dock(number, &footage);
        station.until_all_done().await;
        station.take(number, &footage);
        station.until("it is taken", |status| bay(status, number).state == BayState::Empty).await;
    }
    let ended = r#"camdock_dockings_ended_total{outcome="completed",station="hq-01"}"#;
    prometheus.until("both were counted", ended, |samples| is(samples, 2)).await;
    for (expression, number) in [
        ("sum(camdock_dockings_total)", 2),
        (r#"camdock_dockings_total{bay="2"}"#, 1),
        ("camdock_spooled_bytes_total", 500_000),
        (r#"camdock_proven_copies_total{destination="primary"}"#, 5),
        (r#"camdock_removed_segments_total{how="wiped"}"#, 5),
        (r#"camdock_docking_stage_seconds_count{stage="wipe"}"#, 2),
        (r#"camdock_delivery_seconds_bucket{destination="primary",le="+Inf"}"#, 5),
        (r#"camdock_bay_state{bay="1",state="empty"}"#, 1),
    ] {
        let samples = prometheus.query(expression).await;
        assert!(is(&samples, number), "{expression}: {samples:?}");
    }
    let page = station.page().await;
    let counted = told(&format!("{page}metrics")).await;
    station.stop().await;
    station.start();
    station.until("it is open again", |_| true).await;
    let again = told(&format!("{page}metrics")).await;
    assert_eq!(counters(&again), counters(&counted));
    prometheus.until("it goes on", "sum(up)", |samples| is(samples, 1)).await;
    for name in counters(&again).into_iter().map(name).collect::<BTreeSet<_>>() {
        let resets = prometheus.query(&format!("sum(resets({name}[10m]))")).await;
        assert!(is(&resets, 0), "{name}: {resets:?}");
    }
    assert_eq!(prometheus.series_ever().await, before);
    prometheus.assert_nothing_was_refused().await;
    station.stop().await;
}

#[tokio::test]
async fn what_is_exposed_is_what_prometheus_asks_its_exporters_for() {
    let (cloud, at) = (Cloud::well().await, free_port());
    let mut station = station_at(&cloud, at);
    station.start();
    station.until("it is open", |_| true).await;
    let url = format!("http://{at}/metrics");
    let checked = promtool(&["check", "metrics"], &told(&url).await);
    assert!(checked.status.success() && checked.stderr.is_empty() && checked.stdout.is_empty(), "{checked:?}");
    let answer = reqwest::Client::new().get(&url).header(ACCEPT, OPEN_METRICS).send().await.unwrap();
    assert!(
        answer.headers()[CONTENT_TYPE].to_str().unwrap().starts_with("application/openmetrics-text; version=1.0.0")
    );
    assert!(answer.text().await.unwrap().ends_with("# EOF\n"));
    assert_eq!(told(&format!("http://{at}/healthz")).await, "ok\n");
    assert_eq!(station.answer("/healthz").await.unwrap(), "ok\n");
    let on_socket = station.answer("/metrics").await.unwrap();
    assert!(on_socket.contains("camdock_build_info{station=\"hq-01\""), "{on_socket}");
    let elsewhere = reqwest::Client::new().get(&url).header(HOST, "evidence.example").send().await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::MISDIRECTED_REQUEST, "somebody else's page reads nothing");
    station.stop().await;
}

#[tokio::test]
async fn a_station_that_cannot_use_its_ledger_is_not_said_to_be_healthy() {
    let (cloud, at) = (Cloud::well().await, free_port());
    let mut station = station_at(&cloud, at);
    station.start();
    station.until("it is open", |_| true).await;
    let held = rusqlite::Connection::open(station.ledger()).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    // What was on its way before is shown by then.
    sleep(Duration::from_secs(2)).await;
    for path in ["healthz", "metrics"] {
        // The daemon may also end, and be started again by systemd.
        if let Ok(answer) = reqwest::get(format!("http://{at}/{path}")).await {
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        }
    }
    station.kill().await;
}

/// A segment that no other docking has.
fn segment(number: u32) -> Segment {
    let camera = CameraSerial::new(format!("BWC-{:04}", number % 200)).unwrap();
    let path = SourcePath::new(format!("DCIM/{number}.MP4").into_bytes());
    let fingerprint = Fingerprint::of(&number.to_be_bytes(), ByteCount::new(1 << 20));
    let id = SegmentId::of(&camera, &path, &fingerprint.sha256);
    Segment { id, camera, path, recorded_at: Moment::from_millis(0), fingerprint, damaged: false }
}

/// A whole docking, as the log has it.
async fn dock(ledger: &Ledger, number: u32) {
    let began = Moment::from_millis(1_800_000_000_000).plus(Duration::from_mins(1) * number);
    let (docking, segment, at) =
        (DockingId::new(began), segment(number), |seconds| began.plus(Duration::from_secs(seconds)));
    let proven = |name: &str| Entry::CopyProven {
        segment: segment.id,
        destination: place(name),
        version: Version("v1".to_owned()),
        method: ProofMethod::Attested,
        protection: Protection::NONE,
    };
    let (camera, bay) = (segment.camera.clone(), bay_name(1 + number % 8));
    for (at, entry) in [
        (at(0), Entry::DockingBegan { docking, camera, bay }),
        (at(5), Entry::SegmentSpooled { docking: Some(docking), segment: segment.clone() }),
        (at(20), proven("primary")),
        (at(30), proven("nas")),
        (at(31), Entry::WipeIntended { docking, segments: vec![segment.id], media: Vec::new() }),
        (at(32), Entry::SegmentWiped { docking, segment: segment.id }),
        (at(33), Entry::SpoolCopyReleased { segment: segment.id }),
        (at(50), Entry::DockingEnded { docking, outcome: Outcome::Completed }),
    ] {
        ledger.record(at, vec![entry]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_thousand_dockings_there_are_as_many_series_as_before() {
    let ledger = Arc::new(Ledger::threaded(Ledger::in_memory().unwrap()).unwrap());
    let needs = [("nas", Need::Required), ("primary", Need::Required)].map(|(name, need)| (place(name), need)).to_vec();
    ledger.record(Moment::from_millis(0), vec![Entry::DestinationsSet { destinations: needs }]).await.unwrap();
    let shown = Arc::clone(&ledger);
    let station = MadeUp::telling(move || {
        let ledger = Arc::clone(&shown);
        async move {
            let Figures { queue, problems, counters, .. } = ledger.figures(Moment::from_millis(0)).await.unwrap();
            Snapshot { queue, problems, counters, ..empty("hq-01", 8, &["nas", "primary"]) }
        }
    })
    .await;
    let prometheus = Prometheus::watching(&[station.at]).await;
    let before = prometheus.series_ever().await;
    for number in 0..1_000 {
        dock(&ledger, number).await;
    }
    let dockings = "sum(camdock_dockings_total)";
    prometheus.until("all are counted", dockings, |samples| is(samples, 1_000)).await;
    assert_eq!(prometheus.series_ever().await, before);
    assert!(before < 400, "{before} for 8 bays and 2 destinations");
    let quantile = prometheus.query(r#"camdock_docking_stage_seconds_sum{stage="upload"}"#).await;
    assert!(is(&quantile, 26_000), "{quantile:?}");
    prometheus.assert_nothing_was_refused().await;
}

/// Every query of a dashboard, for this station, and the title of its panel.
fn queries(dashboard: &str, station: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(packaged(&format!("grafana/{dashboard}.json"))).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let of_panel = |panel: &Value| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty() && !panel["description"].as_str().unwrap().is_empty(), "{title}");
        let expression = |target: &Value| target["expr"].as_str().unwrap().to_owned();
        let filled = |text: String| text.replace("$__rate_interval", "10s").replace("$station", station);
        targets.iter().map(|target| (title.clone(), filled(expression(target)))).collect::<Vec<_>>()
    };
    panels.iter().flat_map(of_panel).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dashboards_show_a_fleet_of_thirty_two_stations() {
    let mut stations = Vec::new();
    for number in 1..=32 {
        stations.push(MadeUp::of_a_fleet(number).await);
    }
    let at: Vec<_> = stations.iter().map(|station| station.at).collect();
    let prometheus = Prometheus::watching(&at).await;
    let two_samples = "min(count_over_time(camdock_ledger_entries_total[10m])) > bool 2";
    prometheus.until("each was asked three times", two_samples, |samples| is(samples, 1)).await;
    prometheus.until("alerts are pending", "count(ALERTS)", |samples| !samples.is_empty()).await;
    for (title, expression) in [queries("fleet", ""), queries("station", "hq-02")].concat() {
        let samples = prometheus.query(&expression).await;
        assert!(!samples.is_empty(), "{title}: {expression} gives nothing");
        for sample in samples {
            assert!(sample.value.is_finite(), "{title}: {expression} gives {sample:?}");
        }
    }
    let fleet = queries("fleet", "");
    let shown = |title: &str| fleet.iter().find(|(of, _)| of == title).unwrap().1.clone();
    for (title, number) in [
        ("Stations", 32),
        ("Silent stations", 0),
        ("Problems", 8),
        ("Destinations in trouble", 32),
        ("Waiting to be uploaded", 32_000),
        ("Oldest in a queue", 1920),
    ] {
        let samples = prometheus.query(&shown(title)).await;
        assert!(is(&samples, number), "{title}: {samples:?}");
    }
    let oldest = prometheus.query(&shown("Oldest in the queue by station")).await;
    assert_eq!((oldest.len(), &oldest[0].labels["station"]), (10, &"hq-32".into()));
    stations.remove(0);
    prometheus.until("one is missed", &shown("Silent stations"), |samples| is(samples, 1)).await;
    prometheus.until("and counted no more", &shown("Stations"), |samples| is(samples, 31)).await;
    prometheus.assert_nothing_was_refused().await;
}

#[tokio::test]
async fn sixty_four_bays_are_watched_and_looked_at_together() {
    let (cloud, at) = (Cloud::well().await, free_port());
    let mut station = RunningStation::new(Settings { bays: 64, ..cloud.settings() });
    std::fs::write(station.beside("camdock.toml.d/web.toml"), format!("[web]\nlisten = \"{at}\"\n")).unwrap();
    station.start();
    station.until("it is open", |status| bay(status, 64).state == BayState::Empty).await;
    let prometheus = Prometheus::watching(&[at]).await;
    let page = reqwest::get(format!("http://{at}/")).await.unwrap().text().await.unwrap();
    assert!(page.contains("bay-64"), "{page}");
    let of_bays = prometheus.query("count(camdock_bay_state)").await;
    assert!(is(&of_bays, 64 * 9), "{of_bays:?}");
    station.stop().await;
}
