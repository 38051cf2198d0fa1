//! What cameras, and whoever else writes into their folders, do while they are docked.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use camdock::domain::{BayCause, BayState, CameraSerial};
use camdock_test_support::footage::{Footage, files_below};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::mount::Mount;
use crate::station::{RunningStation, Settings, bay, printed};
use crate::trouble::{Cloud, finishes};

const FIRST: &str = "DCIM/100BWC/MOV_0001.MP4";

/// Every entry of a kind in the custody log of a station that has stopped.
fn logged(station: &RunningStation, step: &str) -> Vec<String> {
    let ledger = rusqlite::Connection::open(station.ledger()).unwrap();
    let mut statement = ledger.prepare("SELECT entry FROM custody_log ORDER BY seq").unwrap();
    let entries: Result<Vec<String>, _> = statement.query_map([], |row| row.get(0)).unwrap().collect();
    entries.unwrap().into_iter().filter(|entry| entry.contains(&format!("\"step\":\"{step}\""))).collect()
}

#[tokio::test]
async fn a_file_that_is_written_with_pauses_arrives_whole() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    let whole = Footage::random("BWC-1", 2, 100_000, 21);
    let mut begun = whole.clone();
    begun.files[0].1.truncate(20_000);
    station.dock(1, &begun);
    let path = station.camera(1, &begun).join(FIRST);
    station.start();
    // Each look finds it as it was left for 0.6 s.
    for part in whole.files[0].1[20_000..].chunks(10_000) {
        File::options().append(true).open(&path).unwrap().write_all(part).unwrap();
        sleep(Duration::from_millis(600)).await;
    }
    finishes(&mut station, &cloud, &[&whole]).await;
}

#[tokio::test]
async fn a_file_that_a_program_has_open_stays_until_it_is_closed() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    let footage = Footage::random("BWC-1", 2, 50_000, 22);
    station.dock(1, &footage);
    let path = station.camera(1, &footage).join(FIRST);
    let open = File::options().append(true).open(&path).unwrap();
    station.start();
    let says = |message: &str| message.starts_with("A program on this machine has 1 file open");
    station.until("it says that a file is open", |status| says(&bay(status, 1).message)).await;
    assert_eq!(files_below(&station.camera(1, &footage)), 1, "the other one is wiped, this one is not");
    drop(open);
    finishes(&mut station, &cloud, &[&footage]).await;
}

#[tokio::test]
async fn a_camera_that_was_ready_was_completed_whenever_it_is_pulled() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    station.start();
    for (turn, wait) in [0, 300, 900, 1_700, 2_100].into_iter().enumerate() {
        let footage = Footage::random(&format!("BWC-{turn}"), 1, 1_000, turn as u64);
        station.dock(1, &footage);
        let ready = |state: BayState| state == BayState::Ready;
        station.until("it is ready", |status| bay(status, 1).camera.is_some() && ready(bay(status, 1).state)).await;
        sleep(Duration::from_millis(wait)).await;
        station.take(1, &footage);
        station.until("it is taken", |status| bay(status, 1).state == BayState::Empty).await;
    }
    station.stop().await;
    let ended = logged(&station, "docking-ended");
    assert_eq!(ended.len(), 5);
    assert!(ended.iter().all(|entry| entry.contains("\"completed\"")), "{ended:?}");
}

#[tokio::test]
async fn an_empty_camera_is_called_empty() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    std::fs::create_dir(station.bay(1).join("BWC-1")).unwrap();
    station.start();
    let status = station.until("it is ready", |status| bay(status, 1).state == BayState::Ready).await;
    assert_eq!(bay(&status, 1).message, "It was empty. Take this one.");
}

#[tokio::test]
async fn a_disk_that_something_else_fills_for_a_while_is_no_verdict_on_any_file() {
    let cloud = Cloud::well().await;
    let folder = TempDir::new().unwrap();
    let _disk = Mount::new(folder.path(), 16);
    let mut station = RunningStation::new(Settings { data_dir: Some(folder.path().to_owned()), ..cloud.settings() });
    station.start();
    station.until("it runs", |_| true).await;
    std::fs::write(folder.path().join("core"), vec![7; 11 << 20]).unwrap();
    let footage = Footage::random("BWC-1", 3, 4 << 20, 23);
    station.dock(1, &footage);
    let waits =
        |status: &camdock::views::StatusDocument| bay(status, 1).message.starts_with("Something else fills the disk");
    let status = station.until("it says so", waits).await;
    assert_eq!((bay(&status, 1).cause, status.problems), (Some(BayCause::SpoolFull), 0));
    #[expect(clippy::disallowed_methods, reason = "the test's own file")]
    std::fs::remove_file(folder.path().join("core")).unwrap();
    finishes(&mut station, &cloud, &[&footage]).await;
}

#[tokio::test]
async fn a_card_that_can_only_be_read_is_one_problem_until_it_can_be_written_to() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    let footage = Footage::random("BWC-1", 60, 1_000, 24);
    let place = station.camera(1, &footage);
    std::fs::create_dir(&place).unwrap();
    let card = Mount::new(&place, 8);
    footage.write_to(&place);
    card.make_read_only();
    station.start();
    let status = station.until("it needs a person", |status| status.problems > 0).await;
    assert_eq!((status.problems, bay(&status, 1).camera.as_ref().map(CameraSerial::as_str)), (1, Some("BWC-1")));
    let problems = station.camdock(&["problems"]).await;
    assert!(printed(&problems).contains("it can only be read"), "{}", printed(&problems));
    station.until("the bay says so", |status| bay(status, 1).cause == Some(BayCause::WriteProtected)).await;
    card.make_writable();
    station.until_all_done().await;
    assert_eq!(files_below(&place), 0);
    // And what is ready can be taken out, as a mounted card is.
    card.unmount().await;
    station.stop().await;
    let found = logged(&station, "problem-found");
    assert_eq!(found.len(), 1, "{found:?}");
}

#[tokio::test]
async fn a_stick_with_forty_thousand_links_is_one_problem() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    let footage = Footage::random("BWC-1", 2, 1_000, 25);
    let preparing = station.bay(1).join(".links");
    footage.write_to(&preparing);
    for number in 0..40_000 {
        symlink("/etc/passwd", preparing.join(format!("link-{number:05}"))).unwrap();
    }
    std::fs::rename(preparing, station.camera(1, &footage)).unwrap();
    station.start();
    station.until("the rest is wiped", |status| bay(status, 1).segments_wiped == 2 && status.problems == 1).await;
    let problems = station.camdock(&["problems"]).await;
    let said = printed(&problems);
    assert!(said.contains("40000 entries") && said.contains("link-00002") && said.lines().count() < 5, "{said}");
    station.stop().await;
    assert_eq!(logged(&station, "problem-found").len(), 1);
}

#[tokio::test]
async fn a_stray_folder_and_the_last_camera_hide_no_other() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    for stray in ["LOST.DIR", "BWC-0"] {
        std::fs::create_dir(station.bay(1).join(stray)).unwrap();
    }
    station.start();
    let serves = |status: &camdock::views::StatusDocument, serial: &str| {
        bay(status, 1).state == BayState::Ready
            && bay(status, 1).camera.as_ref().is_some_and(|camera| camera.as_str() == serial)
    };
    station.until("the last camera is served", |status| serves(status, "BWC-0")).await;
    let footage = Footage::random("BWC-1", 2, 1_000, 26);
    station.dock(1, &footage);
    let status = station.until("the next one is served", |status| serves(status, "BWC-1")).await;
    let also = bay(&status, 1).also.join("\n");
    assert!(also.contains("LOST.DIR is a folder of the file system's own"), "{also}");
    assert!(also.contains("BWC-0 is here still"), "{also}");
    assert_eq!(files_below(&station.camera(1, &footage)), 0);
}

#[tokio::test]
async fn a_file_that_the_camera_makes_anew_after_each_wipe_is_noticed() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    let footage = Footage::random("BWC-1", 1, 1_000, 27);
    station.dock(1, &footage);
    let path = station.camera(1, &footage).join(FIRST);
    let camera = tokio::spawn(async move {
        for turn in 0_u64.. {
            write_anew(&path, turn).await;
        }
    });
    station.start();
    station.until("it is told", |status| status.problems == 1).await;
    let problems = station.camdock(&["problems"]).await;
    assert!(printed(&problems).contains("writes it anew whenever it is deleted"), "{}", printed(&problems));
    camera.abort();
}

/// Writes the file once it is gone.
async fn write_anew(path: &Path, turn: u64) {
    while path.exists() {
        sleep(Duration::from_millis(50)).await;
    }
    // After whoever deleted it has looked whether it is gone.
    sleep(Duration::from_millis(500)).await;
    std::fs::write(path, format!("turn {turn}")).unwrap();
}
