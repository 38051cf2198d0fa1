//! The gate: what udev is to do with a USB device, before any driver has seen it.
//!
//! Promises: on a bay's socket nothing is used that [`admit`] does not admit, nor anything behind it. Everywhere else
//! USB works as usual. Nothing is written here; udev's rules act on the [`Verdict`]. See `docs/decisions/0013-gate.md`.

use std::io;
use std::sync::Arc;

use super::{Sysfs, admit};
use crate::domain::{BayName, Profile, UsbPort};

/// What udev is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This is a bus with a bay on it: let no new device be used before the gate has looked at it.
    Guard,
    /// This is in a bay, and may be a camera: let it be used.
    Open(BayName),
    /// This is in a bay, and is no camera: keep it out.
    Closed(BayName),
    /// This is on a guarded bus, but in no bay: let it be used as if there were no gate.
    Elsewhere,
    /// There is no bay on this bus, or it is no device: take back whatever was done to it.
    NotOurs,
}

/// Decides about `name`, a device's or bus's name below `/sys/bus/usb/devices`.
///
/// # Errors
/// If the device cannot be looked at. It must be kept out then.
pub fn gate(sysfs: &Sysfs, name: &str, bays: &[(BayName, UsbPort)], profiles: &[Arc<Profile>]) -> io::Result<Verdict> {
    // The speeds of a bay's socket are buses of their own. While its bus does not exist, this one may belong to it.
    let guarded = |bus: &str| bays.iter().any(|(_, port)| sysfs.same_controller(bus, port.bus()) != Some(false));
    if let Some(bus) = name.strip_prefix("usb") {
        return Ok(if guarded(bus) { Verdict::Guard } else { Verdict::NotOurs });
    }
    let Ok(port) = name.parse::<UsbPort>() else { return Ok(Verdict::NotOurs) };
    let bay_at = |port: &UsbPort| {
        let socket = sysfs.socket(port);
        bays.iter().find(|(_, bay)| socket.contains(bay)).map(|(name, _)| name.clone())
    };
    if let Some(bay) = bay_at(&port) {
        let admitted = sysfs.plugged(&port)?.is_some_and(|plugged| admit(&plugged.device, profiles).is_ok());
        return Ok(if admitted { Verdict::Open(bay) } else { Verdict::Closed(bay) });
    }
    let mut hubs = std::iter::successors(port.hub().map(|(hub, _)| hub), |hub| Some(hub.hub()?.0));
    if let Some(bay) = hubs.find_map(|hub| bay_at(&hub)) {
        return Ok(Verdict::Closed(bay));
    }
    Ok(if guarded(port.bus()) { Verdict::Elsewhere } else { Verdict::NotOurs })
}

#[cfg(test)]
mod tests {
    use camdock_test_support::sysfs::{FakeSysfs, HUB, KEYBOARD, STORAGE};

    use super::super::admit::tests::profiles;
    use super::*;

    fn bay() -> BayName {
        BayName::new("7").unwrap()
    }

    /// The verdict about `name` in a dock with one bay at `bay_port`.
    fn verdict(machine: &FakeSysfs, bay_port: &str, name: &str) -> Verdict {
        gate(&Sysfs::at(machine.root()), name, &[(bay(), bay_port.parse().unwrap())], &profiles()).unwrap()
    }

    #[test]
    fn a_bay_lets_cameras_in_and_nothing_else() {
        let machine = FakeSysfs::new();
        machine.plug("1-1", "Cam", &[STORAGE]);
        assert_eq!(verdict(&machine, "1-1", "1-1"), Verdict::Open(bay()));
        for classes in [&[KEYBOARD][..], &[STORAGE, KEYBOARD], &[HUB], &[]] {
            let machine = FakeSysfs::new();
            machine.plug("1-1", "Cam", classes);
            assert_eq!(verdict(&machine, "1-1", "1-1"), Verdict::Closed(bay()), "{classes:?}");
        }
        assert_eq!(verdict(&machine, "1-2", "1-2"), Verdict::Closed(bay()), "pulled out while it was looked at");
    }

    #[test]
    fn the_other_speed_of_a_bays_socket_is_the_same_bay() {
        let machine = FakeSysfs::new();
        machine.plug("2-1", "Thing", &[KEYBOARD]);
        machine.set("2-1", "speed", "5000");
        assert_eq!(verdict(&machine, "1-1", "2-1"), Verdict::Closed(bay()));
    }

    #[test]
    fn what_is_behind_a_hub_in_a_bay_is_kept_out() {
        let machine = FakeSysfs::new();
        machine.plug_hub("1-1", 4);
        machine.plug("1-1.3", "Cam", &[STORAGE]);
        assert_eq!(verdict(&machine, "1-1", "1-1.3"), Verdict::Closed(bay()));
    }

    #[test]
    fn outside_the_bays_usb_works_as_usual() {
        let machine = FakeSysfs::new();
        machine.plug_hub("1-1", 4);
        machine.plug("1-2", "Thing", &[KEYBOARD]);
        machine.set("1-2", "speed", "12");
        assert_eq!(verdict(&machine, "1-1.3", "1-1"), Verdict::Elsewhere, "the hub that the bays are on");
        assert_eq!(verdict(&machine, "1-1.3", "1-2"), Verdict::Elsewhere);
        assert_eq!(gate(&Sysfs::at(machine.root()), "1-2", &[], &profiles()).unwrap(), Verdict::NotOurs);
        assert_eq!(verdict(&machine, "1-1.3", "1-2:1.0"), Verdict::NotOurs);
    }

    #[test]
    fn both_buses_of_a_bays_controller_are_guarded_and_no_other() {
        let machine = FakeSysfs::new();
        machine.add_bus("3", "0000:00:14.0", "480");
        assert_eq!(verdict(&machine, "1-1.3", "usb1"), Verdict::Guard);
        assert_eq!(verdict(&machine, "1-1.3", "usb2"), Verdict::Guard);
        assert_eq!(verdict(&machine, "1-1.3", "usb3"), Verdict::NotOurs);
        assert_eq!(verdict(&machine, "4-1", "usb3"), Verdict::Guard, "the bay's bus is not there yet");
    }

    #[test]
    fn the_bus_to_which_a_bays_controller_hands_slow_devices_is_guarded_too() {
        let machine = FakeSysfs::with_companions();
        for (bus, expected) in
            [("usb4", Verdict::Guard), ("usb5", Verdict::Guard), ("usb6", Verdict::NotOurs), ("usb7", Verdict::NotOurs)]
        {
            assert_eq!(verdict(&machine, "3-1", bus), expected, "{bus}");
        }
        machine.plug("4-1", "Thing", &[KEYBOARD]);
        machine.set("4-1", "speed", "12");
        assert_eq!(verdict(&machine, "3-1", "4-1"), Verdict::Elsewhere, "which socket it is in, nobody can tell");
        assert_eq!(verdict(&machine, "4-1", "4-1"), Verdict::Closed(bay()), "unless it is named");
    }

    #[test]
    fn without_profiles_every_bay_is_closed() {
        let machine = FakeSysfs::new();
        machine.plug("1-1", "Cam", &[STORAGE]);
        let bays = [(bay(), "1-1".parse().unwrap())];
        assert_eq!(gate(&Sysfs::at(machine.root()), "1-1", &bays, &[]).unwrap(), Verdict::Closed(bay()));
    }
}
