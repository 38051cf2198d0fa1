//! Lamps on real LEDs, which the sandboxed service may light and the kernel blinks. What they show is read where the kernel keeps it,
//! not from what camdock says.

use super::camera::{Camera, FileSystem, films};
use super::machine::Medium;
use super::station::InstalledStation;
use super::status::BayState;

const MIB: usize = 1 << 20;

/// The LEDs of the machine that QEMU says it is: one at a bay, one that is nobody's, one at the station.
const BAY: &str = "apu:green:1";
const NOBODYS: &str = "apu:green:2";
const STATION: &str = "apu:green:3";

/// What a LED of one colour shows.
const DARK: &str = "none 0";
const READY: &str = "none 1";
const WORKING: &str = "timer 1000 1000";
const TAKE_OUT: &str = "timer 250 250";
const CALL: &str = "pattern 1 150 1 0 0 150 0 0 1 150 1 0 0 850 0 0";

/// The trigger that is set, and what it was told; of a LED that blinks, nobody knows whether it is lit just now.
fn look(led: &str) -> String {
    format!(
        "cd /sys/class/leds/{led} 2>/dev/null && trigger=$(sed 's/.*\\[\\(.*\\)\\].*/\\1/' trigger) && case $trigger in \
         none) echo none $(cat brightness);; timer) echo timer $(cat delay_on delay_off);; *) echo $trigger $(cat pattern);; esac"
    )
}

/// Waits until a LED shows this.
async fn until_shown(station: &mut InstalledStation, led: &str, wanted: &str) {
    let until =
        format!("for try in $(seq 600); do [ \"$({})\" = '{wanted}' ] && exit; sleep 0.1; done; exit 1", look(led));
    let ran = station.machine().try_run(&until, b"").await;
    if ran.code != 0 {
        let shown = station.machine().try_run(&look(led), b"").await.out;
        let status = station.machine().try_run("camdock status; ls -l /sys/class/leds/*/", b"").await.out;
        panic!("{led} never shows {wanted:?}; it shows {shown:?}\n{status}");
    }
}

/// A station with two lamps.
async fn lit(scenario: &str) -> InstalledStation {
    let mut station = InstalledStation::running(scenario).await;
    let lamps = format!("[station]\nlamp = \"{STATION}\"\n[[bay]]\nname = \"1\"\nlamp = \"{BAY}\"\n");
    let place = "mkdir -p /etc/camdock/camdock.toml.d && cat >/etc/camdock/camdock.toml.d/lamps.toml";
    station.machine().run_with(place, lamps.as_bytes()).await;
    // An administrator has no more to do than that.
    station.machine().run("modprobe leds-apu && udevadm settle && systemctl restart camdock").await;
    for led in [BAY, STATION] {
        until_shown(&mut station, led, DARK).await;
    }
    station
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn real_leds_show_what_goes_on_in_their_bay_and_the_worst_of_the_station() {
    let mut station = lit("lamps").await;
    let slow = Medium { bytes_per_second: Some(500_000), ..Medium::default() };
    let camera = Camera::new("BWC-20", FileSystem::Fat32, films("BWC-20", "100BWC", 2, MIB, 90)).await;
    station.dock_medium(1, &camera, slow).await;
    for led in [BAY, STATION] {
        until_shown(&mut station, led, WORKING).await;
    }
    station.until_bay(1, BayState::Ready).await;
    for led in [BAY, STATION] {
        until_shown(&mut station, led, READY).await;
    }
    station.yank(1).await;
    for led in [BAY, STATION] {
        until_shown(&mut station, led, DARK).await;
    }

    station.machine().plug_device(1, "usb-kbd").await;
    station.until_bay(1, BayState::Refused).await;
    until_shown(&mut station, BAY, TAKE_OUT).await;
    station.yank(1).await;
    until_shown(&mut station, BAY, DARK).await;

    let locked = Camera::new("BWC-21", FileSystem::Fat32, films("BWC-21", "100BWC", 1, MIB / 2, 91)).await;
    station.dock_medium(1, &locked, Medium { locked: true, ..Medium::default() }).await;
    station.until_bay(1, BayState::Attention).await;
    for led in [BAY, STATION] {
        until_shown(&mut station, led, CALL).await;
    }
    station.yank(1).await;
    station.nothing_is_lost(&[&camera, &locked]).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn the_service_is_given_the_leds_that_it_needs_and_no_others() {
    let mut station = lit("lamps-given").await;
    let groups = format!("cd /sys/class/leds && stat --format=%G {BAY}/brightness {STATION}/trigger {NOBODYS}/trigger");
    assert_eq!(station.machine().run(&groups).await, "camdock\ncamdock\nroot\n");
    // As the service, in its sandbox.
    let within = |command: &str| {
        format!(
            "nsenter --target $(systemctl show --property MainPID --value camdock) --mount \
             setpriv --reuid camdock --regid camdock --clear-groups sh -c '{command}'"
        )
    };
    for (command, able) in [
        (format!("echo 0 >/sys/class/leds/{BAY}/brightness"), true),
        (format!("echo 0 >/sys/class/leds/{NOBODYS}/brightness"), false),
        ("echo 1 >/sys/bus/usb/devices/usb1/authorized_default".to_owned(), false),
        ("echo 1 >/sys/kernel/mm/ksm/run".to_owned(), false),
    ] {
        let ran = station.machine().try_run(&within(&command), b"").await;
        assert_eq!(ran.code == 0, able, "{command}: {}{}", ran.out, ran.err);
    }
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_dead_led_stops_nothing_and_is_lit_when_it_is_back_and_nobody_behind_it_is_no_light() {
    let mut station = lit("lamps-dead").await;
    station.machine().run("rmmod leds_apu").await;
    let told = "until camdock status | grep 'lamp of bay 1 is not set up: there is no'; do sleep 0.2; done";
    station.machine().run(&format!("timeout 60 sh -c \"{told}\"")).await;
    let camera = Camera::new("BWC-22", FileSystem::Fat32, films("BWC-22", "100BWC", 1, MIB, 92)).await;
    station.dock(1, &camera).await;
    station.until_bay(1, BayState::Ready).await;
    station.machine().run("modprobe leds-apu").await;
    until_shown(&mut station, BAY, READY).await;

    station.machine().run("systemctl kill --signal=KILL camdock").await;
    until_shown(&mut station, BAY, DARK).await;
    // systemd starts it again by itself.
    until_shown(&mut station, BAY, READY).await;
    station.machine().run("systemctl stop camdock").await;
    for led in [BAY, STATION] {
        until_shown(&mut station, led, DARK).await;
    }
    station.yank(1).await;
    station.nothing_is_lost(&[&camera]).await;
}
