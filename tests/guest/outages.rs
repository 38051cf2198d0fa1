//! What happens to the dock itself: power, network, disk errors of a camera, upgrades.

use std::time::Duration;

use camdock::domain::{BayState, DestinationState, Sha256};
use tokio::time::sleep;

use super::camera::{Camera, FileSystem, films};
use super::machine::{DataDisk, Medium};
use super::prepared::NEXT_VERSION;
use super::station::{Station, bay};

const MIB: usize = 1 << 20;

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_file_with_read_errors_stays_on_the_camera_and_the_others_are_handed_over() {
    let mut station = Station::running("bad-sector").await;
    let camera = Camera::new("BWC-9", FileSystem::Fat32, films("BWC-9", "100BWC", 4, MIB, 50).await).await;
    let (sick, content) = camera.footage.files[1].clone();
    let medium = camera.with_bad_sector_in(&sick);
    station.dock_medium(1, &camera, medium).await;
    let status = station
        .until("the healthy files are handed over", |status| {
            bay(status, 1).segments_wiped == 3 && bay(status, 1).state == BayState::Attention
        })
        .await;
    assert!(status.holds > 0, "a person is asked to look");
    station.yank(1).await;
    let left = camera.files().await;
    assert_eq!(left.into_iter().collect::<Vec<_>>(), [(sick, Sha256::of(&content))], "the sick file is kept as it is");
    station.nothing_is_lost(&[&camera]).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_reboot_in_mid_upload_is_taken_up_where_it_was() {
    let mut station = Station::running("reboot").await;
    let camera = Camera::new("BWC-4", FileSystem::ExFat, films("BWC-4", "100BWC", 8, MIB, 51).await).await;
    station.dock(2, &camera).await;
    station.until("some is uploaded", |status| bay(status, 2).bytes_uploaded.get() > 0).await;
    station.machine().reboot().await;
    station.finishes(&[&camera]).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn without_a_network_for_a_minute_it_waits_and_goes_on_by_itself() {
    let mut station = Station::running("network").await;
    let camera = Camera::new("BWC-5", FileSystem::Fat32, films("BWC-5", "100BWC", 4, MIB, 52).await).await;
    station.machine().set_network(false).await;
    station.dock(1, &camera).await;
    let waits = |status: &camdock::domain::Snapshot| {
        status.queue.segments == 4 && status.destinations[0].state == DestinationState::Waiting
    };
    station.until("it waits for the network", waits).await;
    sleep(Duration::from_mins(1)).await;
    assert_eq!(camera.files().await.len(), 4, "nothing was wiped");
    station.machine().set_network(true).await;
    station.finishes(&[&camera]).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn an_upgrade_in_mid_offload_is_taken_up_where_it_was() {
    let mut station = Station::running("upgrade").await;
    let camera = Camera::new("BWC-6", FileSystem::Fat32, films("BWC-6", "100BWC", 8, MIB, 53).await).await;
    station.dock_medium(4, &camera, Medium { bytes_per_second: Some(2_000_000), ..Medium::default() }).await;
    station.machine().until_traffic(4, "half of it is read", |traffic| traffic.read > 4 << 20).await;
    let before = station.machine().run("systemctl show --property MainPID camdock").await;
    station.machine().run(&format!("DEBIAN_FRONTEND=noninteractive dpkg --install {NEXT_VERSION}")).await;
    let after = station.machine().run("systemctl show --property MainPID camdock").await;
    assert_ne!(before, after, "the new version runs");
    station.finishes(&[&camera]).await;
}

/// `make power-cuts N=40`.
#[tokio::test]
#[ignore = "run by make test-guest and make power-cuts"]
async fn power_cuts_at_random_moments_lose_nothing() {
    let cuts: u32 = std::env::var("CAMDOCK_POWER_CUTS").map_or(3, |number| number.parse().expect("a number"));
    let mut station = Station::running_on("power-cuts", DataDisk::Forgetful).await;
    let kinds = [FileSystem::Fat32, FileSystem::ExFat];
    let mut cameras: Vec<Camera> = Vec::new();
    for cut in 1..=cuts {
        let (serial, kind) = (format!("BWC-{cut:04}"), kinds[cut as usize % kinds.len()]);
        let camera = Camera::new(&serial, kind, films(&serial, "100BWC", 6, MIB, u64::from(cut)).await).await;
        station.dock(1, &camera).await;
        let moment = Duration::from_millis(fastrand::u64(3_000..15_000));
        sleep(moment).await;
        println!("power cut {cut} of {cuts}: {moment:.1?} after {serial} was docked");
        station.power_cut(&[(1, &camera)]).await;
        station.until_bay(1, BayState::Ready).await;
        station.yank(1).await;
        assert!(camera.files().await.is_empty());
        cameras.push(camera);
        station.nothing_is_lost(&cameras.iter().collect::<Vec<_>>()).await;
    }
}
