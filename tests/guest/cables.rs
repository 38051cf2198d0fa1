//! Cameras that are connected in other ways than straight to a port of their own.

use std::time::Duration;

use super::camera::{Camera, FileSystem, films};
use super::machine::Medium;
use super::station::InstalledStation;
use super::status::BayState;

const MIB: usize = 1 << 20;

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_hub_behind_a_hub_has_bays_that_are_found_by_plugging_a_camera_in() {
    let mut station = InstalledStation::running("hubs").await;
    station.machine().plug_device("5", "usb-hub").await;
    station.machine().plug_device("5.1", "usb-hub").await;
    let camera = Camera::new("BWC-11", FileSystem::Fat32, films("BWC-11", "100BWC", 2, MIB, 70)).await;
    station.machine().plug("5.1.2", camera.image(), &camera.serial, Medium::default()).await;
    let found = "until camdock bays | grep -q '^port = \"1-5.1.2\" .*46f4'; do sleep 0.5; done; camdock bays";
    let found = station.machine().run(found).await;
    // Below it stand the lines that the configuration lacks.
    let lines = found.lines().skip_while(|line| !line.starts_with(r#"port = "1-5.1.2" "#)).skip(1);
    let lines = lines.take_while(|line| line.starts_with(' ')).fold(String::new(), |text, line| text + line + "\n");
    assert!(lines.contains(r#"port = "1-5.1.2""#), "{found}");
    station.machine().run_with("cat >>/etc/camdock/camdock.toml && systemctl restart camdock", lines.as_bytes()).await;
    station.finishes(&[&camera]).await;

    // Whatever comes next at this port is another device, and looked at anew.
    station.machine().yank("5.1.2").await;
    station.machine().plug_device("5.1.2", "usb-kbd").await;
    station.until_bay(5, BayState::Refused).await;
    assert_eq!(station.machine().run("cat /sys/bus/usb/devices/1-5.1.2/authorized").await, "0\n", "it types nothing");
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_camera_that_comes_back_under_another_name_is_taken_up_where_it_was() {
    let mut station = InstalledStation::running("renamed").await;
    let camera = Camera::new("BWC-13", FileSystem::ExFat, films("BWC-13", "100BWC", 6, MIB, 73)).await;
    let slow = Medium { bytes_per_second: Some(2_000_000), ..Medium::default() };
    station.dock_medium(1, &camera, slow).await;
    station.machine().until_traffic(1, "some of it is read", |traffic| traffic.read > 2 << 20).await;
    let before = name_of_the_drive(&mut station).await;
    // Whoever still holds the old one keeps its name from being free.
    station.machine().run(&format!("(exec sleep 60 </dev/{} >/dev/null 2>&1 &)", before.trim())).await;
    // As when a plug sits badly: gone, and back before anybody looks.
    station.machine().run("cd /sys/bus/usb/drivers/usb && echo 2-1 >unbind && echo 2-1 >bind").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = name_of_the_drive(&mut station).await;
    assert_ne!(before, after, "it has another name");
    let status = station.until("it is read again", |status| status.bay(1).state == BayState::Offloading).await;
    assert_eq!(status.bay(1).camera.as_deref(), Some("BWC-13"));
    station.finishes(&[&camera]).await;
}

async fn name_of_the_drive(station: &mut InstalledStation) -> String {
    station.machine().run("cd /sys/block && until ls -d sd* 2>/dev/null; do sleep 0.1; done").await
}
