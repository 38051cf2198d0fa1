//! A bay is a public socket: what is no camera is refused, shown, and left alone.

use camdock_test_support::footage::sha256;
use tempfile::TempDir;

use super::camera::{Camera, FileSystem, films, swap_space};
use super::machine::Medium;
use super::station::InstalledStation;
use super::status::BayState;

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_keyboard_and_a_network_adapter_are_refused_and_a_stick_of_another_kind_is_never_written_to() {
    let mut station = InstalledStation::running("strangers").await;
    let folder = TempDir::new().unwrap();
    let stick = swap_space(folder.path()).await;
    let before = sha256(&std::fs::read(&stick).unwrap());
    let keyboards_and_networks = "ls /dev/input /sys/class/net 2>/dev/null; true";
    let devices = station.machine().run(keyboards_and_networks).await;

    station.machine().plug(2, &stick, "STICK-1", Medium::default()).await;
    station.machine().plug_device(3, "usb-kbd").await;
    station.machine().plug_device(4, "usb-net").await;
    for (bay, states) in
        [(2, &[BayState::Refused, BayState::Attention][..]), (3, &[BayState::Refused]), (4, &[BayState::Refused])]
    {
        let what = format!("bay {bay} says what is wrong");
        let shown = station.until(&what, |status| states.contains(&status.bay(bay).state)).await;
        assert!(!shown.bay(bay).message.is_empty(), "bay {bay} says why");
    }
    let now = station.machine().run(keyboards_and_networks).await;
    assert_eq!(devices, now, "neither a keyboard nor a network has appeared");
    station.yank(2).await;
    assert_eq!(sha256(&std::fs::read(&stick).unwrap()), before, "not one bit was changed");

    let camera = Camera::new("BWC-1", FileSystem::Fat32, films("BWC-1", "100BWC", 1, 1 << 20, 40)).await;
    station.dock(1, &camera).await;
    station.until_bay(1, BayState::Ready).await;
    station.yank(1).await;
    assert!(camera.files().await.is_empty(), "a camera is still welcome");
    station.nothing_is_lost(&[&camera]).await;
}
