//! Cameras whose medium is not what it should be.

use camdock_test_support::footage::sha256;

use super::camera::{Camera, FileSystem, films};
use super::station::InstalledStation;
use super::status::BayState;

const MIB: usize = 1 << 20;

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_file_with_read_errors_stays_on_the_camera_and_the_others_are_handed_over() {
    let mut station = InstalledStation::running("bad-sector").await;
    let camera = Camera::new("BWC-9", FileSystem::Fat32, films("BWC-9", "100BWC", 4, MIB, 50)).await;
    let (sick, content) = camera.footage.files[1].clone();
    let medium = camera.with_bad_sector_in(&sick);
    station.dock_medium(1, &camera, medium).await;
    let status = station
        .until("the healthy files are handed over", |status| {
            status.bay(1).segments_wiped == 3 && status.bay(1).state == BayState::Attention
        })
        .await;
    assert!(status.problems > 0, "a person is asked to look");
    station.yank(1).await;
    let left = camera.files().await;
    assert_eq!(left.into_iter().collect::<Vec<_>>(), [(sick, sha256(&content))], "the sick file is kept as it is");
    station.nothing_is_lost(&[&camera]).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn what_a_camera_left_open_is_kept_whole_as_an_image_and_never_written_to() {
    let mut station = InstalledStation::running("broken-off").await;
    let marked = Camera::new("BWC-14", FileSystem::Fat32, films("BWC-14", "100BWC", 2, MIB, 74)).await;
    marked.break_off();
    let cut_short = Camera::new("BWC-17", FileSystem::ExFat, films("BWC-17", "100BWC", 2, MIB, 82)).await;
    cut_short.cut_short();
    let cameras = [(1, &marked, "not closed properly"), (2, &cut_short, "belongs to no file")];
    let before = cameras.map(|(_, camera, _)| sha256(&camera.content()));
    for (bay, camera, _) in cameras {
        station.dock(bay, camera).await;
    }
    let status = station
        .until("a person is asked to look at both, and all of them is uploaded", |status| {
            cameras.iter().all(|(bay, ..)| {
                let bay = status.bay(*bay);
                bay.state == BayState::Attention && bay.bytes_total > 0 && bay.bytes_uploaded == bay.bytes_total
            })
        })
        .await;
    assert!(status.problems >= 2, "what a person must look at is listed");
    for (bay, _, why) in cameras {
        assert!(status.bay(bay).message.contains(why), "{}", status.bay(bay).message);
        station.yank(bay).await;
    }
    assert_eq!(cameras.map(|(_, camera, _)| sha256(&camera.content())), before, "not one bit was changed");
    let arrived = station.arrived().await;
    assert!(cameras.iter().all(|(_, camera, _)| arrived.contains(&sha256(&camera.partition()))), "both images arrived");
    assert_eq!(arrived.len(), 6, "and so have the files");
    station.nothing_is_lost(&[&marked, &cut_short]).await;
}
