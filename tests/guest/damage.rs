//! Cameras whose medium is not what it should be.

use camdock_test_support::footage::sha256;

use super::camera::{Camera, FileSystem, films};
use super::machine::Medium;
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

/// What a card that can only be read is told of: one problem, however many films are on it.
const LOCKED: &str = "it can only be read, so what is proven stays on it";

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_card_that_can_only_be_read_is_one_problem_for_as_long_as_it_is_so() {
    let mut station = InstalledStation::running("locked").await;
    // The lock of this one's card is on.
    let locked = Camera::new("BWC-21", FileSystem::ExFat, films("BWC-21", "100BWC", 20, 1 << 16, 91)).await;
    let before = sha256(&locked.content());
    station.dock_medium(1, &locked, Medium { locked: true, ..Medium::default() }).await;
    stays_readable_only(&mut station, 1).await;
    station.yank(1).await;
    assert_eq!(sha256(&locked.content()), before, "not one bit was changed");
    station.dock(1, &locked).await;
    station.finishes(&[&locked]).await;

    // The kernel takes this one for locked, and then does not.
    let passing = Camera::new("BWC-22", FileSystem::Fat32, films("BWC-22", "100BWC", 20, MIB, 92)).await;
    let slow = Medium { bytes_per_second: Some(4 << 20), ..Medium::default() };
    station.dock_medium(2, &passing, slow).await;
    station.until_bay(2, BayState::Offloading).await;
    station.machine().run("blockdev --setro $(readlink -f /dev/disk/by-id/usb-*BWC-22*-part1)").await;
    stays_readable_only(&mut station, 2).await;
    station.machine().run("blockdev --setrw $(readlink -f /dev/disk/by-id/usb-*BWC-22*-part1)").await;
    station.finishes(&[&locked, &passing]).await;
}

/// All of the camera in a bay is uploaded, nothing is wiped, and one problem says why.
async fn stays_readable_only(station: &mut InstalledStation, bay: usize) {
    let status = station
        .until("all is uploaded, and a person is asked to look", |status| {
            let bay = status.bay(bay);
            let uploaded = bay.bytes_total > 0 && bay.bytes_uploaded == bay.bytes_total;
            bay.state == BayState::Attention && uploaded && status.problems > 0
        })
        .await;
    assert_eq!((status.problems, status.bay(bay).segments_wiped), (1, 0), "one for all of it: {status:?}");
    let problems = station.machine().try_run("camdock problems", b"").await.out;
    assert!(problems.contains(LOCKED), "{problems}");
}
