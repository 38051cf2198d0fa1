//! The journal as an administrator reads it, on the station and far from it.

use std::time::Duration;

use serde_json::Value;

use super::camera::{Camera, FileSystem, films};
use super::station::InstalledStation;

const MIB: usize = 1 << 20;
/// What stands for "a docking came to its good end" in every version.
const DONE: &str = "0915bd8b90b25065990d80548474226c";

/// Lines as `journalctl -o json` gives them.
fn entries(json: &str) -> Vec<Value> {
    json.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_docking_is_one_line_that_is_found_explained_and_collected() {
    let mut station = InstalledStation::running("journal").await;
    let camera = Camera::new("BWC-15", FileSystem::Fat32, films("BWC-15", "100BWC", 2, MIB / 2, 80)).await;
    station.dock(1, &camera).await;
    station.finishes(&[&camera]).await;

    let about = "CAMDOCK_CAMERA=BWC-15 PRIORITY=6 --output=json --no-pager";
    let found = entries(&station.machine().run(&format!("journalctl {about}")).await);
    let [line] = &found[..] else { panic!("one line for one docking: {found:?}") };
    for (field, value) in [
        ("MESSAGE_ID", DONE),
        ("CAMDOCK_NOTICE", "camera-done"),
        ("CAMDOCK_BAY", "1"),
        ("CAMDOCK_SEGMENTS", "2"),
        ("_SYSTEMD_UNIT", "camdock.service"),
    ] {
        assert_eq!(line[field], value, "{line}");
    }
    assert_eq!(line["CAMDOCK_DOCKING"].as_str().map(str::len), Some(36), "{line}");
    let explained = station.machine().run(&format!("journalctl --catalog --no-pager MESSAGE_ID={DONE}")).await;
    assert!(explained.contains("Uploaded, proven and wiped: SEGMENTS segments, BYTES."), "{explained}");
    let trouble = station.machine().run("journalctl --unit=camdock --priority=warning --quiet --no-pager").await;
    assert!(trouble.is_empty(), "nothing went wrong:\n{trouble}");

    let collect = "systemd-run --quiet --unit=collector /lib/systemd/systemd-journal-remote --split-mode=none \
                   --listen-http=127.0.0.1:19532 --output=/run/collected.journal";
    station.machine().run(collect).await;
    let send = "for try in $(seq 20); do /lib/systemd/systemd-journal-upload --url=http://127.0.0.1:19532 \
                --save-state=/run/sent --follow=no && exec systemctl stop collector; sleep 0.5; done; \
                journalctl --unit=collector --no-pager >&2; exit 1";
    station.machine().run(send).await;
    let far = station.machine().run(&format!("journalctl --file=/run/collected.journal {about}")).await;
    let far = entries(&far);
    assert_eq!((far.len(), &far[0]["MESSAGE"]), (1, &line["MESSAGE"]), "{far:?}");
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_station_where_nothing_happens_writes_nothing_for_ten_minutes() {
    let mut station = InstalledStation::running("idle").await;
    let seen = "sleep 5; journalctl --unit=camdock --lines=1 --cursor-file=/run/seen >/dev/null";
    station.machine().run(seen).await;
    tokio::time::sleep(Duration::from_mins(10)).await;
    let since = "journalctl --unit=camdock --cursor-file=/run/seen --quiet --no-pager";
    let said = station.machine().run(since).await;
    assert!(said.is_empty(), "{said}");
    let restarts = "systemctl is-active camdock && systemctl show --property NRestarts --value camdock";
    assert_eq!(station.machine().run(restarts).await, "active\n0\n", "it was there all the time");
    assert!(station.status().await.is_some(), "and answers");
}
