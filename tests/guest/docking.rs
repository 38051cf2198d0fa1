//! Cameras that nobody disturbs.

use camdock_test_support::footage::sha256;

use super::camera::{Camera, FileSystem, films};
use super::station::InstalledStation;
use super::status::BayState;

const MIB: usize = 1 << 20;

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_fat32_and_an_exfat_camera_arrive_bit_for_bit_and_are_handed_back_empty() {
    let mut station = InstalledStation::running("formats").await;
    let fat32 = Camera::new("BWC-0001", FileSystem::Fat32, films("BWC-0001", "100BWC", 3, 2 * MIB, 1)).await;
    let exfat = Camera::new("BWC-0002", FileSystem::ExFat, films("BWC-0002", "100BWC", 3, 2 * MIB, 2)).await;
    station.dock(1, &fat32).await;
    station.dock(2, &exfat).await;
    station.finishes(&[&fat32, &exfat]).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn four_cameras_at_once_land_in_their_own_bays() {
    let mut station = InstalledStation::running("four").await;
    let kinds = [FileSystem::Fat32, FileSystem::ExFat, FileSystem::Ext4, FileSystem::Fat32];
    let mut cameras = Vec::new();
    for (number, kind) in (1..).zip(kinds) {
        let serial = format!("BWC-100{number}");
        cameras.push(Camera::new(&serial, kind, films(&serial, "100BWC", 2, MIB, number)).await);
    }
    for (number, camera) in (1..).zip(&cameras) {
        station.dock(number, camera).await;
    }
    let status = station.until_all_done().await;
    for (number, camera) in (1..).zip(&cameras) {
        let serial = status.bay(number).camera.as_deref();
        assert_eq!(serial, Some(camera.serial.as_str()), "in bay {number}");
    }
    station.finishes(&cameras.iter().collect::<Vec<_>>()).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_camera_of_two_partitions_and_one_of_two_memory_cards_are_each_taken_as_a_whole() {
    let mut station = InstalledStation::running("parts").await;
    let (first, second) = (films("BWC-3", "100BWC", 1, MIB, 20), films("BWC-3", "101BWC", 1, MIB, 21));
    let contents = [(FileSystem::Fat32, first), (FileSystem::ExFat, second)];
    let partitioned = Camera::with_partitions("BWC-3", &contents).await;
    station.dock(3, &partitioned).await;
    let one_card = Camera::new("BWC-12", FileSystem::Fat32, films("BWC-12", "100BWC", 1, MIB, 71)).await;
    let other_card = Camera::new("BWC-12", FileSystem::ExFat, films("BWC-12", "100BWC", 1, MIB, 72)).await;
    station.dock_cards(2, &[&one_card, &other_card]).await;
    station.finishes(&[&partitioned, &one_card, &other_card]).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn of_two_cameras_with_one_serial_both_arrive_completely() {
    let mut station = InstalledStation::running("twins").await;
    let one = Camera::new("BWC-7", FileSystem::Fat32, films("BWC-7", "100BWC", 2, MIB, 30)).await;
    let other = Camera::new("BWC-7", FileSystem::Fat32, films("BWC-7", "100BWC", 2, MIB, 31)).await;
    station.dock(1, &one).await;
    station.dock(2, &other).await;
    let status = station
        .until("one is ready and the other asks for a person", |status| {
            let states = [status.bay(1).state, status.bay(2).state];
            states.contains(&BayState::Ready) && states.contains(&BayState::Attention)
        })
        .await;
    let first = if status.bay(1).state == BayState::Ready { 1 } else { 2 };
    station.yank(first).await;
    station.finishes(&[&one, &other]).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn what_is_put_on_a_camera_is_what_the_reader_finds_on_it() {
    for (seed, kind) in (60..).zip([FileSystem::Fat32, FileSystem::ExFat, FileSystem::Ext4]) {
        let camera = Camera::new("BWC-8", kind, films("BWC-8", "100BWC", 3, MIB, seed)).await;
        let recorded = camera.footage.files.iter().map(|(path, content)| (path.clone(), sha256(content)));
        assert_eq!(camera.files().await, recorded.collect(), "{kind:?}");
    }
}
