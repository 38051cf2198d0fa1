//! What happens around the dock: its power and its network.

use std::time::Duration;

use tokio::time::sleep;

use super::camera::{Camera, FileSystem, films};
use super::machine::DataDisk;
use super::station::InstalledStation;
use super::status::{BayState, DestinationState, Status};

const MIB: usize = 1 << 20;

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_reboot_in_mid_upload_is_taken_up_where_it_was() {
    let mut station = InstalledStation::running("reboot").await;
    let camera = Camera::new("BWC-4", FileSystem::ExFat, films("BWC-4", "100BWC", 8, MIB, 51)).await;
    station.dock(2, &camera).await;
    station.until("some is uploaded", |status| status.bay(2).bytes_uploaded > 0).await;
    station.machine().reboot().await;
    station.finishes(&[&camera]).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn without_a_network_for_two_minutes_it_waits_and_goes_on_by_itself() {
    let mut station = InstalledStation::running("network").await;
    let camera = Camera::new("BWC-5", FileSystem::Fat32, films("BWC-5", "100BWC", 4, MIB, 52)).await;
    station.machine().set_network(false).await;
    station.dock(1, &camera).await;
    let waits =
        |status: &Status| status.queue.segments == 4 && status.destinations[0].state == DestinationState::Waiting;
    station.until("it waits for the network", waits).await;
    sleep(Duration::from_mins(2)).await;
    assert_eq!(camera.files().await.len(), 4, "nothing was wiped");
    station.machine().set_network(true).await;
    station.finishes(&[&camera]).await;
}

/// `make power-cuts N=40`.
#[tokio::test]
#[ignore = "run by make test-guest and make power-cuts"]
async fn power_cuts_at_random_moments_lose_nothing() {
    let cuts: u32 = std::env::var("CAMDOCK_POWER_CUTS").map_or(3, |number| number.parse().expect("a number"));
    let mut station = InstalledStation::running_on("power-cuts", DataDisk::Forgetful).await;
    let kinds = [FileSystem::Fat32, FileSystem::ExFat];
    let mut cameras: Vec<Camera> = Vec::new();
    for cut in 1..=cuts {
        let (serial, kind) = (format!("BWC-{cut:04}"), kinds[cut as usize % kinds.len()]);
        let camera = Camera::new(&serial, kind, films(&serial, "100BWC", 6, MIB, u64::from(cut))).await;
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
