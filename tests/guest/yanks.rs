//! Cameras that are pulled out at the wrong moment. The moments are found by what has passed between the drive and the
//! guest, not by what camdock says.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::camera::{Camera, FatEntry, FileSystem, films};
use super::machine::Medium;
use super::station::InstalledStation;
use super::status::BayState;

const MIB: usize = 1 << 20;
const BAY: usize = 1;
const OTHER_BAY: usize = 3;

/// A camera in a station.
async fn scene(scenario: &str, kind: FileSystem, count: usize, length: usize) -> (InstalledStation, Camera) {
    let footage = films("BWC-0042", "100BWC", count, length, fastrand::u64(..));
    (InstalledStation::running(scenario).await, Camera::new("BWC-0042", kind, footage).await)
}

/// After the yank: nothing is lost, the bay is empty, and the next docking, elsewhere, completes the work.
async fn is_taken_up_elsewhere(mut station: InstalledStation, camera: Camera) {
    station.nothing_is_lost(&[&camera]).await;
    station.until_bay(BAY, BayState::Empty).await;
    station.dock(OTHER_BAY, &camera).await;
    station.finishes(&[&camera]).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_camera_yanked_while_it_is_listed_loses_nothing() {
    let (mut station, camera) = scene("yank-listing", FileSystem::Fat32, 40, 64 << 10).await;
    station.dock_medium(BAY, &camera, Medium { bytes_per_second: Some(200_000), ..Medium::default() }).await;
    station.machine().run("until grep -q '^/dev/sd' /proc/mounts; do sleep 0.02; done").await;
    station.yank(BAY).await;
    is_taken_up_elsewhere(station, camera).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_fat32_and_an_exfat_camera_yanked_while_they_are_read_lose_nothing() {
    let mut station = InstalledStation::running("yank-reading").await;
    let fat32 = Camera::new("BWC-0043", FileSystem::Fat32, films("BWC-0043", "100BWC", 3, 2 * MIB, 43)).await;
    let exfat = Camera::new("BWC-0044", FileSystem::ExFat, films("BWC-0044", "100BWC", 3, 2 * MIB, 44)).await;
    // The second is the slower one, so that it is still being read when the first has been pulled out.
    for (bay, camera, speed) in [(1, &fat32, 1_000_000), (2, &exfat, 500_000)] {
        station.dock_medium(bay, camera, Medium { bytes_per_second: Some(speed), ..Medium::default() }).await;
    }
    for bay in [1, 2] {
        station.machine().until_traffic(bay, "half of it is read", |traffic| traffic.read > 3 << 20).await;
        station.yank(bay).await;
    }
    station.nothing_is_lost(&[&fat32, &exfat]).await;
    for (bay, camera) in [(1, &fat32), (2, &exfat)] {
        station.until_bay(bay, BayState::Empty).await;
        station.dock(bay + 2, camera).await;
    }
    station.finishes(&[&fat32, &exfat]).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_camera_yanked_while_its_footage_is_uploaded_is_uploaded_and_wiped_at_its_next_docking() {
    let (mut station, camera) = scene("yank-uploading", FileSystem::ExFat, 4, MIB).await;
    station.machine().set_network(false).await;
    station.dock(BAY, &camera).await;
    station.until("all of it is spooled", |status| status.queue.segments == 4).await;
    station.yank(BAY).await;
    station.nothing_is_lost(&[&camera]).await;
    station.machine().set_network(true).await;
    station.until("what was spooled has arrived", |status| status.queue.segments == 0).await;
    assert_eq!(station.arrived().await.len(), 4);
    assert_eq!(camera.files().await.len(), 4, "the camera keeps everything until it is docked again");
    is_taken_up_elsewhere(station, camera).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_fat32_camera_yanked_while_it_is_wiped_loses_nothing() {
    let (station, camera) = scene("yank-wiping-fat32", FileSystem::Fat32, 12, MIB / 2).await;
    yanked_while_it_is_wiped(station, camera).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn an_exfat_camera_yanked_while_it_is_wiped_loses_nothing() {
    let (station, camera) = scene("yank-wiping-exfat", FileSystem::ExFat, 12, MIB / 2).await;
    yanked_while_it_is_wiped(station, camera).await;
}

async fn yanked_while_it_is_wiped(mut station: InstalledStation, camera: Camera) {
    station.dock(BAY, &camera).await;
    station.until("the camera is read", |status| status.bay(BAY).state == BayState::Uploading).await;
    // The first writes are those that open it for writing; then each deletion takes a while.
    station.machine().until_traffic(BAY, "the wipe has begun", |traffic| traffic.writes > 0).await;
    station.machine().pace(BAY, json!({"iops-write": 10})).await;
    station.machine().until_traffic(BAY, "the wipe is under way", |traffic| traffic.writes > 4).await;
    station.yank(BAY).await;
    is_taken_up_elsewhere(station, camera).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_camera_yanked_just_after_the_last_deletion_is_found_empty_at_its_next_docking() {
    let (mut station, camera) = scene("yank-deleted", FileSystem::Fat32, 3, MIB).await;
    let entries: Vec<_> = camera.footage.files.iter().map(|(path, _)| camera.fat_entry(path)).collect();
    station.dock(BAY, &camera).await;
    let began = Instant::now();
    while !entries.iter().all(FatEntry::is_deleted) {
        assert!(began.elapsed() < Duration::from_mins(2), "nothing is deleted");
        sleep(Duration::from_millis(2)).await;
    }
    station.yank(BAY).await;
    is_taken_up_elsewhere(station, camera).await;
}

/// `make yank-storm N=200`.
#[tokio::test]
#[ignore = "run by make yank-storm"]
async fn a_storm_of_yanks_at_random_moments_loses_nothing() {
    let yanks: u32 = std::env::var("CAMDOCK_YANKS").map_or(20, |number| number.parse().expect("a number"));
    let mut station = InstalledStation::running("yank-storm").await;
    let kinds = [FileSystem::Fat32, FileSystem::ExFat, FileSystem::Ext4];
    let (mut past, mut camera) = (Vec::new(), None);
    for yank in 1..=yanks {
        let docked = if let Some(camera) = camera.take() {
            camera
        } else {
            let serial = format!("BWC-{yank:04}");
            let kind = kinds[fastrand::usize(..kinds.len())];
            Camera::new(&serial, kind, films(&serial, "100BWC", 6, MIB, u64::from(yank))).await
        };
        let number = fastrand::usize(1..=4);
        let medium = Medium { bytes_per_second: Some(fastrand::u64(1_000_000..20_000_000)), ..Medium::default() };
        station.dock_medium(number, &docked, medium).await;
        let moment = Duration::from_millis(fastrand::u64(500..15_000));
        sleep(moment).await;
        station.yank(number).await;
        station.nothing_is_lost(&[&docked]).await;
        station.until_bay(number, BayState::Empty).await;
        let left = docked.files().await.len();
        println!("yank {yank} of {yanks}: {} after {moment:.1?}, {left} files left on it", docked.serial);
        if left > 0 { camera = Some(docked) } else { past.push(docked) }
    }
    if let Some(last) = camera {
        station.dock(1, &last).await;
        station.until_bay(1, BayState::Ready).await;
        station.yank(1).await;
        past.push(last);
    }
    let queue = station.until("nothing waits", |status| status.queue.segments == 0).await;
    assert_eq!(queue.problems, 0, "nobody is needed");
    let cameras: Vec<_> = past.iter().collect();
    station.nothing_is_lost(&cameras).await;
}
