//! What udev does with the gate's answers: outside the bays USB works as usual, and what was done for a bay is undone when
//! the bay is gone. Only the gate is asked, which reads the configuration for every device; the service goes on meanwhile.

use tempfile::TempDir;

use super::camera::swap_space;
use super::machine::Medium;
use super::station::InstalledStation;

/// The configuration with its four bays, and without.
const FOUR_BAYS: &str = "cp /root/four-bays.toml /etc/camdock/camdock.toml";
const NO_BAYS: &str = "sed '/^\\[\\[bay\\]\\]/,+2d' /root/four-bays.toml >/etc/camdock/camdock.toml";

/// How the buses let devices in by themselves.
const BUSES: [&str; 2] = ["usb1/authorized_default", "usb2/authorized_default"];
/// A keyboard in a bay, one in none, and a drive in a bay.
const DEVICES: [&str; 3] = ["1-3/authorized", "1-7/authorized", "2-1/authorized"];

/// Does these steps, has udev look at all USB devices again, as the service's start does, and returns what these
/// attributes are then.
async fn after(station: &mut InstalledStation, steps: &[&str], attributes: &[&str]) -> Vec<String> {
    let look = "udevadm trigger --subsystem-match=usb --action=change --settle";
    let read = format!("cd /sys/bus/usb/devices && cat {}", attributes.join(" "));
    let said = station.machine().run(&[steps, &[look, &read]].concat().join(" && ")).await;
    said.lines().map(str::to_owned).collect()
}

/// Waits until an attribute has this value.
async fn until(station: &mut InstalledStation, attribute: &str, value: &str) {
    let look = format!("[ \"$(cat /sys/bus/usb/devices/{attribute} 2>/dev/null)\" = {value} ]");
    station.machine().run(&format!("timeout 60 sh -c 'until {look}; do sleep 0.1; done'")).await;
}

/// Adds a bay at this port.
fn add(port: &str) -> String {
    format!("printf '\\n[[bay]]\\nname = \"more\"\\nport = \"{port}\"\\n' >>/etc/camdock/camdock.toml")
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn outside_the_bays_usb_works_as_usual_what_was_done_for_a_bay_is_undone_and_a_gate_that_fails_opens_nothing() {
    let mut station = InstalledStation::running("gate").await;
    station.machine().run("cp /etc/camdock/camdock.toml /root/four-bays.toml").await;
    outside_the_bays_usb_works_as_usual(&mut station).await;
    a_bus_is_as_it_was_when_its_last_bay_is_gone(&mut station).await;
    a_hub_that_was_named_by_mistake_is_used_again(&mut station).await;
    a_gate_that_fails_opens_nothing_and_forgets_nothing(&mut station).await;
    a_drive_in_a_bay_has_a_drives_driver_or_none(&mut station).await;
}

async fn outside_the_bays_usb_works_as_usual(station: &mut InstalledStation) {
    let keyboard = ["1-6/authorized"];
    station.machine().plug_device(6, "usb-kbd").await;
    until(station, keyboard[0], "1").await;
    assert_eq!(after(station, &[&add("1-6")], &keyboard).await, ["0"], "it was there before its port became a bay");
    assert_eq!(after(station, &[FOUR_BAYS], &keyboard).await, ["1"]);
    let by_hand = "echo 0 >/sys/bus/usb/devices/1-6/authorized";
    for config in [FOUR_BAYS, NO_BAYS] {
        assert_eq!(after(station, &[config, by_hand], &keyboard).await, ["0"], "a person closed it: {config}");
    }
}

async fn a_bus_is_as_it_was_when_its_last_bay_is_gone(station: &mut InstalledStation) {
    assert_eq!(after(station, &[NO_BAYS], &BUSES).await, ["1", "1"]);
    let otherwise = "cd /sys/bus/usb/devices && echo 0 >usb1/authorized_default && echo 2 >usb2/authorized_default";
    assert_eq!(after(station, &[otherwise], &BUSES).await, ["0", "2"], "what has no bays is left alone");
    for look in ["first", "second"] {
        assert_eq!(after(station, &[FOUR_BAYS], &BUSES).await, ["0", "0"], "{look} look");
    }
    assert_eq!(after(station, &[NO_BAYS], &BUSES).await, ["0", "2"]);
    let as_usual = "cd /sys/bus/usb/devices && echo 1 >usb1/authorized_default && echo 1 >usb2/authorized_default";
    station.machine().run(as_usual).await;
}

async fn a_hub_that_was_named_by_mistake_is_used_again(station: &mut InstalledStation) {
    let hub = ["1-5/authorized"];
    station.machine().plug_device(5, "usb-hub").await;
    until(station, hub[0], "1").await;
    for right in [NO_BAYS, FOUR_BAYS] {
        assert_eq!(after(station, &[FOUR_BAYS, &add("1-5")], &hub).await, ["0"]);
        assert_eq!(after(station, &[right], &hub).await, ["1"], "{right}");
    }
}

async fn a_gate_that_fails_opens_nothing_and_forgets_nothing(station: &mut InstalledStation) {
    let folder = TempDir::new().unwrap();
    let stick = swap_space(folder.path()).await;
    station.machine().plug_device(3, "usb-kbd").await;
    until(station, "1-3/authorized", "0").await;
    after(station, &["mv /etc/camdock/camdock.toml /root/away.toml"], &BUSES).await;
    // What comes now, nobody knows whether it is in a bay.
    station.machine().plug(1, &stick, "STICK-1", Medium::default()).await;
    station.machine().plug_device(7, "usb-kbd").await;
    until(station, "2-1/authorized", "0").await;
    until(station, "1-7/authorized", "0").await;
    assert_eq!(after(station, &[], &DEVICES).await, ["0", "0", "0"]);
    assert_eq!(after(station, &[], &BUSES).await, ["0", "0"]);
    let back = "mv /root/away.toml /etc/camdock/camdock.toml";
    assert_eq!(after(station, &[back], &DEVICES).await, ["0", "1", "1"]);
}

async fn a_drive_in_a_bay_has_a_drives_driver_or_none(station: &mut InstalledStation) {
    // One that takes whatever it is told to.
    let exchange = "cd /sys/bus/usb/drivers/usb-storage
        timeout 60 sh -c 'until echo 2-1:1.0 >unbind; do sleep 0.1; done' 2>/dev/null
        modprobe usbserial vendor=0x46f4 product=0x0001";
    station.machine().run(exchange).await;
    until(station, "2-1/authorized", "0").await;
    assert_eq!(after(station, &[NO_BAYS], &DEVICES).await, ["1", "1", "1"], "what was kept out for a bay is let in");
    assert_eq!(after(station, &[], &BUSES).await, ["1", "1"]);
}
