//! A bay is a public socket: what is no camera is refused, shown, and left alone.

use tempfile::TempDir;

use super::camera::{Camera, FileSystem, films, swap_space};
use super::footage::sha256;
use super::machine::Medium;
use super::station::Station;
use super::status::BayState;

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_keyboard_is_refused_and_cannot_type() {
    let mut station = Station::running("keyboard").await;
    let before = station.machine().run("ls /dev/input 2>/dev/null; true").await;
    station.machine().plug_device(3, "usb-kbd").await;
    let refused = station.until_bay(3, BayState::Refused).await;
    assert!(!refused.message.is_empty(), "it says why");
    let after = station.machine().run("ls /dev/input 2>/dev/null; true").await;
    assert_eq!(before, after, "no keyboard has appeared");
    a_camera_is_still_welcome(&mut station).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_network_adapter_is_refused_and_brings_no_network() {
    let mut station = Station::running("adapter").await;
    let before = station.machine().run("ls /sys/class/net").await;
    station.machine().plug_device(4, "usb-net").await;
    station.until_bay(4, BayState::Refused).await;
    let after = station.machine().run("ls /sys/class/net").await;
    assert_eq!(before, after, "no network has appeared");
    a_camera_is_still_welcome(&mut station).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_stick_without_a_cameras_file_system_is_never_written_to() {
    let mut station = Station::running("swap").await;
    let folder = TempDir::new().unwrap();
    let stick = swap_space(folder.path()).await;
    let before = sha256(&std::fs::read(&stick).unwrap());
    station.machine().plug(2, &stick, "STICK-1", Medium::default()).await;
    let shown = station
        .until("the bay says what is wrong", |status| {
            matches!(status.bay(2).state, BayState::Refused | BayState::Attention)
        })
        .await;
    assert!(!shown.bay(2).message.is_empty());
    station.yank(2).await;
    assert_eq!(sha256(&std::fs::read(&stick).unwrap()), before, "not one bit was changed");
    a_camera_is_still_welcome(&mut station).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn what_the_gate_kept_out_is_let_in_when_the_package_is_removed() {
    let mut station = Station::running("gone").await;
    station.machine().plug_device(3, "usb-kbd").await;
    station.until_bay(3, BayState::Refused).await;
    let kept_out = "cd /sys/bus/usb/devices && grep -lx 0 */authorized usb*/authorized_default; true";
    let before = station.machine().run(kept_out).await;
    assert_eq!(before.lines().count(), 3, "the keyboard, and both buses: {before}");
    station.machine().run("dpkg --remove camdock").await;
    assert_eq!(station.machine().run(kept_out).await, "");
}

async fn a_camera_is_still_welcome(station: &mut Station) {
    let camera = Camera::new("BWC-1", FileSystem::Fat32, films("BWC-1", "100BWC", 1, 1 << 20, 40)).await;
    station.dock(1, &camera).await;
    station.until_bay(1, BayState::Ready).await;
    station.yank(1).await;
    assert!(camera.files().await.is_empty());
    station.nothing_is_lost(&[&camera]).await;
}
