//! What is exposed, read as Prometheus and its operators read it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use axum::body::to_bytes;
use strum::{VariantArray as _, VariantNames as _};
use tokio::sync::watch;
use tokio::time::Instant;

use super::*;
use crate::domain::{
    Amount, BayCause, BayName, BayNotice, BaySnapshot, BayState, ByteCount, CameraSerial, Certificate,
    CertificateState, Counters, Deliveries, DestinationCause, DestinationName, DestinationNotice, DestinationSnapshot,
    DestinationState, DiskState, Durations, Expected, Moment, Overdue, Part, ProblemKind, PutOff, QueueSnapshot,
    SetupCause, SetupTrouble, ShiftStart, SpoolSpace, StationId,
};

fn nas() -> DestinationName {
    DestinationName::new("nas").unwrap()
}

fn bay(number: usize) -> BayName {
    BayName::new(number.to_string()).unwrap()
}

/// In this hour, at the earliest.
fn expected(hour: i64) -> Expected {
    let at = |hour: i64| Moment::from_millis(hour * 3_600_000);
    Expected { earliest: at(hour), latest: at(hour + 1) }
}

/// A station of which everything is told that can be.
fn busy(bays: usize) -> Snapshot {
    let (camera, error) = (CameraSerial::new("BWC-0001").unwrap(), "EIO: \"broken\"\n".to_owned());
    let took =
        Durations { within: std::array::from_fn(|class| class as u64), longer: 2, total: Duration::from_secs(90) };
    let waits = DestinationNotice::Waiting { cause: DestinationCause::Network, error: error.clone() };
    let put_off = PutOff { camera: camera.clone(), segments: 3, since: Moment::from_millis(0), error };
    let docked = |number| BaySnapshot {
        notice: BayNotice::SpoolFull { files: 2 },
        camera: Some(camera.clone()),
        expected: Some(expected(13)),
        ..BaySnapshot::empty(bay(number))
    };
    Snapshot {
        station: StationId::new("hq-01").unwrap(),
        bays: (1..=bays).map(docked).collect(),
        queue: QueueSnapshot {
            segments: 12,
            bytes: ByteCount::new(3 << 20),
            oldest_seconds: 5,
            clear: Some(expected(15)),
        },
        destinations: vec![DestinationSnapshot {
            notice: waits,
            since: Some(Moment::from_millis(1_800_000_000_500)),
            put_off: vec![put_off],
            ..DestinationSnapshot::unasked(nas())
        }],
        problems: 1,
        disk: DiskState::Full,
        spool: Some(SpoolSpace { free: ByteCount::new(1), reserve: ByteCount::new(0), size: ByteCount::new(2) }),
        copies: Amount::default(),
        counters: Counters {
            entries: 100,
            dockings: (1..=bays).map(|number| (bay(number), 7)).collect(),
            spooled: Amount { times: 9, bytes: ByteCount::new(900) },
            proven: BTreeMap::from([(nas(), Deliveries { bytes: ByteCount::new(800), took })]),
            withdrawn: BTreeMap::from([(nas(), 1)]),
            problems: BTreeMap::from([("not-deleted".to_owned(), 2)]),
            ..Counters::default()
        },
        setup: vec![SetupTrouble { part: Part::Page, cause: SetupCause::AddressUnusable, message: "taken".to_owned() }],
        shift: Some(ShiftStart { at: Moment::from_millis(14 * 3_600_000), time: "14:00".parse().unwrap() }),
        overdue: Some(Overdue { days: 14, cameras: 3, latest: Vec::new() }),
        certificate: Some(Certificate {
            ends_at: Moment::from_millis(1_800_000_000_999),
            state: CertificateState::EndsSoon,
        }),
    }
}

fn plain(shown: Snapshot) -> String {
    plain::from_open_metrics(&station::written(shown).unwrap())
}

/// The series, each without its value.
fn series(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.rsplit_once(' ').unwrap().0).collect()
}

#[test]
fn a_number_is_told_with_its_station_its_unit_and_what_it_means() {
    let text = station::written(busy(1)).unwrap();
    for lines in [
        "# HELP camdock_build Which camdock this is; always 1.\n# TYPE camdock_build info\ncamdock_build_info{station=\"hq-01\",version=",
        "# TYPE camdock_queue_bytes gauge\n# UNIT camdock_queue_bytes bytes\ncamdock_queue_bytes{station=\"hq-01\"} 3145728\n",
        "camdock_bay_state{station=\"hq-01\",bay=\"1\",state=\"offloading\"} 1\n",
        "camdock_bay_state{station=\"hq-01\",bay=\"1\",state=\"ready\"} 0\n",
        "camdock_bays_with_cause{station=\"hq-01\",cause=\"spool-full\"} 1\n",
        "camdock_destination_state{station=\"hq-01\",destination=\"nas\",state=\"waiting\"} 1\n",
        "camdock_destination_cause{station=\"hq-01\",destination=\"nas\",cause=\"network\"} 1\n",
        "camdock_destination_waiting_since_timestamp_seconds{station=\"hq-01\",destination=\"nas\"} 1800000000\n",
        "camdock_destination_put_off_segments{station=\"hq-01\",destination=\"nas\"} 3\n",
        "camdock_disk_full{station=\"hq-01\"} 1\n",
        "camdock_late_for_shift{station=\"hq-01\"} 1\n",
        "camdock_bays_late_for_shift{station=\"hq-01\"} 0\n",
        "camdock_cameras_overdue{station=\"hq-01\"} 3\n",
        "camdock_page_certificate_ends_timestamp_seconds{station=\"hq-01\"} 1800000000\n",
        "camdock_page_certificate_ends_soon{station=\"hq-01\"} 1\n",
        "camdock_setup_troubles{station=\"hq-01\",part=\"page\"} 1\n",
        "# TYPE camdock_dockings counter\ncamdock_dockings_total{station=\"hq-01\",bay=\"1\"} 7\n",
        "camdock_spooled_bytes_total{station=\"hq-01\"} 900\n",
        "camdock_delivery_seconds_sum{station=\"hq-01\",destination=\"nas\"} 90.0\n",
        "camdock_delivery_seconds_count{station=\"hq-01\",destination=\"nas\"} 68\n",
        "camdock_delivery_seconds_bucket{station=\"hq-01\",le=\"15.0\",destination=\"nas\"} 3\n",
        "camdock_delivery_seconds_bucket{station=\"hq-01\",le=\"+Inf\",destination=\"nas\"} 68\n",
        "camdock_problems_found_total{station=\"hq-01\",kind=\"not-deleted\"} 2\n",
        "camdock_wipe_refusals_total{station=\"hq-01\",reason=\"proof-withdrawn\"} 1\n",
    ] {
        assert!(text.contains(lines), "{lines}\nis not in\n{text}");
    }
    assert!(text.ends_with("\n# EOF\n"));
}

#[test]
fn nothing_that_comes_from_outside_is_a_label() {
    let text = station::written(busy(2)).unwrap();
    assert!(!text.contains("BWC-0001") && !text.contains("EIO") && !text.contains("taken\""), "{text}");
    let known = |closed: &[&str], value: &str| closed.contains(&value);
    let words = |states: &[BayState]| states.iter().map(<&str>::from).collect::<Vec<_>>();
    for series in series(&text) {
        let labels = series.split_once('{').map_or("", |(_, labels)| labels.trim_end_matches('}'));
        for (name, value) in labels.split(',').filter_map(|label| label.split_once('=')) {
            let value = value.trim_matches('"');
            let places: Vec<&str> = DestinationState::VARIANTS.iter().map(Into::into).collect();
            let causes: Vec<&str> = BayCause::VARIANTS.iter().map(Into::into).collect();
            let errors: Vec<&str> = DestinationCause::VARIANTS.iter().map(Into::into).collect();
            let is_bounded = match name {
                "station" => value == "hq-01",
                "version" => value == env!("CARGO_PKG_VERSION"),
                "bay" => known(&["1", "2"], value),
                "destination" => value == "nas",
                "state" => known(&words(BayState::VARIANTS), value) || known(&places, value),
                "cause" => known(&causes, value) || known(&errors, value),
                "part" => known(Part::VARIANTS, value),
                "kind" => known(ProblemKind::VARIANTS, value),
                "outcome" => known(&["completed", "taken-early", "interrupted"], value),
                "stage" => known(&["offload", "upload", "wipe"], value),
                "how" => known(&["wiped", "interrupted", "not-by-camdock"], value),
                "reason" => known(&["not-deleted", "read-only", "recreated", "proof-withdrawn"], value),
                "le" => value == "+Inf" || Durations::BOUNDS.iter().any(|bound| format!("{bound}.0") == value),
                _ => false,
            };
            assert!(is_bounded, "{name}={value} of {series}");
        }
    }
}

#[test]
fn each_series_is_told_once_and_all_of_them_whatever_has_happened_yet() {
    let names = |shown: Snapshot| series(&plain(shown)).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let busy_ones = names(busy(2));
    assert_eq!(busy_ones.iter().collect::<BTreeSet<_>>().len(), busy_ones.len(), "none is told twice");
    let nothing_yet = Snapshot { counters: Counters::default(), ..busy(2) };
    assert_eq!(names(nothing_yet), busy_ones, "a counter begins at 0, so that its first increase is seen");
}

#[test]
fn the_words_that_are_labels_are_those_of_the_status_document() {
    let json = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    for state in BayState::VARIANTS {
        assert_eq!(json(serde_json::to_value(state).unwrap()), <&str>::from(state));
    }
    for cause in BayCause::VARIANTS {
        assert_eq!(json(serde_json::to_value(cause).unwrap()), <&str>::from(cause));
    }
    for state in DestinationState::VARIANTS {
        assert_eq!(json(serde_json::to_value(state).unwrap()), <&str>::from(state));
    }
    for cause in DestinationCause::VARIANTS {
        assert_eq!(json(serde_json::to_value(cause).unwrap()), <&str>::from(cause));
    }
    let part = serde_json::to_value(Part::ControlSocket).unwrap();
    assert_eq!(part["part"], <&str>::from(&Part::ControlSocket));
}

#[test]
fn a_station_tells_nothing_of_shifts_overdue_cameras_and_certificates_that_nobody_asked_for() {
    let text = plain(Snapshot { shift: None, overdue: None, certificate: None, ..busy(1) });
    assert!(!text.contains("\ncamdock_page_certificate_ends_"), "{text}");
    assert!(!text.contains("\ncamdock_cameras_overdue{"), "{text}");
    assert!(!text.contains("\ncamdock_late_for_shift{") && !text.contains("\ncamdock_bays_late_for_shift{"), "{text}");
}

#[test]
fn what_the_disk_does_not_say_is_not_told() {
    let text = plain(Snapshot { spool: None, ..busy(1) });
    assert!(
        !text.contains("\ncamdock_spool_free_bytes{") && text.contains("# HELP camdock_spool_free_bytes "),
        "{text}"
    );
}

/// The rows of the manual, from what is exposed.
fn manual() -> String {
    let text = plain(busy(1));
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for series in series(&text) {
        let (name, pairs) = series.split_once('{').unwrap();
        let names = pairs.split(',').filter_map(|label| Some(label.split_once('=')?.0));
        labels.entry(name).or_default().extend(names.filter(|name| !matches!(*name, "station" | "le")));
    }
    let mut rows = String::from("| metric | kind | labels | what it says |\n|---|---|---|---|\n");
    let mut help = "";
    for line in text.lines() {
        if let Some(told) = line.strip_prefix("# HELP ") {
            help = told.split_once(' ').unwrap().1;
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' ')) {
            let of = labels.get(name).or_else(|| labels.get(format!("{name}_count").as_str()));
            let of: Vec<_> = of.into_iter().flatten().map(|label| format!("`{label}`")).collect();
            writeln!(rows, "| `{name}` | {kind} | {} | {help} |", of.join(", ")).unwrap();
        }
    }
    rows
}

#[test]
fn the_manual_has_every_metric_in_the_words_of_the_station() {
    let written = include_str!("../../../docs/metrics.md");
    assert!(written.contains(&manual()), "docs/metrics.md should have:\n{}", manual());
}

#[test]
fn a_large_station_costs_little_to_tell() {
    let shown = busy(64);
    let began = Instant::now();
    for _ in 0..20 {
        assert!(series(&station::written(shown.clone()).unwrap()).len() > 600);
    }
    // Somebody who asks every second takes 3 % of a core at most, even as it is built for tests on a busy machine.
    assert!(began.elapsed() < Duration::from_millis(20 * 30), "{:?} for each", began.elapsed() / 20);
}

/// Asks once, while the station shows itself or hangs.
async fn asked(shown: &watch::Receiver<Snapshot>, path: &str, accept: Option<&str>) -> (StatusCode, String, String) {
    let mut headers = HeaderMap::new();
    headers.extend(accept.map(|kinds| (ACCEPT, kinds.parse().unwrap())));
    let state = State(shown.clone());
    let answer = if path == "/healthz" { alive(state).await } else { numbers(state, headers).await };
    let kind = answer.headers().get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
    let (status, body) = (answer.status(), to_bytes(answer.into_body(), usize::MAX).await.unwrap());
    (status, kind.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_open_metrics_gets_it_and_everybody_else_what_they_know() {
    let (station, shown) = watch::channel(busy(1));
    let showing = tokio::spawn(async move {
        loop {
            station.send_replace(busy(1));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let prometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                      text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    let (status, kind, text) = asked(&shown, "/metrics", Some(prometheus)).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, OPEN_METRICS));
    assert!(text.ends_with("# EOF\n"));
    for accept in [None, Some("*/*"), Some("text/html")] {
        let (status, kind, text) = asked(&shown, "/metrics", accept).await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, PLAIN), "{accept:?}");
        assert!(text.contains("# TYPE camdock_dockings_total counter\ncamdock_dockings_total{"), "{text}");
        assert!(!text.contains("# UNIT") && !text.contains("# EOF"), "{text}");
    }
    assert_eq!(asked(&shown, "/healthz", None).await.2, "ok\n");
    showing.abort();
    let _ = showing.await;
    let (status, _, told) = asked(&shown, "/metrics", None).await;
    assert_eq!((status, told.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "The station is stopping.\n"));
}

#[tokio::test(start_paused = true)]
async fn a_station_that_hangs_is_not_healthy_and_shows_no_old_numbers() {
    let (station, shown) = watch::channel(busy(1));
    station.send_replace(busy(1));
    for path in ["/healthz", "/metrics"] {
        let began = Instant::now();
        let (status, _, told) = asked(&shown, path, None).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(told.contains("has not shown itself for 8 seconds"), "{told}");
        assert!(began.elapsed() < Duration::from_secs(10), "Prometheus still waits");
    }
    drop(station);
}
