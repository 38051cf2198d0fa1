//! Who may come in: the whole policy for what is plugged into a bay, in one function without I/O.
//!
//! Promises: a device that is anything besides what its profile's transport needs is refused as a whole. The daemon and
//! the [gate](super::gate) decide by the same function, on the same descriptors that the kernel goes by.

use std::sync::Arc;

use crate::domain::{BayName, Profile, UsbClass, UsbDevice};

/// Why a device in a bay is not touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    device: Box<UsbDevice>,
    why: Why,
}

/// What makes a changed configuration count: profiles and bays are read at the start, and the gate looks at every device
/// again then.
pub const RESTART: &str = "systemctl restart camdock";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    /// Whatever is plugged into it would be in no bay.
    Hub,
    /// What it is cannot be made out.
    Unreadable,
    /// It is other things besides, or instead.
    Other(Vec<UsbClass>),
    /// It is storage, but nothing known.
    Unknown,
}

/// The kinds of camera that a device may be, in the order of `profiles`; never empty.
///
/// # Errors
/// Why it is none.
pub fn admit(device: &UsbDevice, profiles: &[Arc<Profile>]) -> Result<Vec<Arc<Profile>>, Refusal> {
    let refused = |why| Err(Refusal { device: Box::new(device.clone()), why });
    if device.interfaces.is_empty() {
        return refused(Why::Unreadable);
    }
    if device.interfaces.iter().any(|interface| interface.is_hub()) {
        return refused(Why::Hub);
    }
    let fitting: Vec<_> = profiles.iter().filter(|profile| profile.matches(device)).cloned().collect();
    if !fitting.is_empty() {
        return Ok(fitting);
    }
    let other: Vec<_> = device.interfaces.iter().copied().filter(|interface| !interface.is_mass_storage()).collect();
    refused(if other.is_empty() { Why::Unknown } else { Why::Other(other) })
}

impl Refusal {
    /// What it is and what to do, as a sentence for the bay.
    #[must_use]
    pub fn on(&self, bay: &BayName) -> String {
        let device = &self.device;
        match &self.why {
            Why::Hub => format!(
                "a hub is plugged into bay {bay}: {device}, and no profile can allow one. Plug the camera itself in; or name \
                 the hub's ports as bays in place of this one, as `camdock bays` shows them, and run: {RESTART}"
            ),
            Why::Unreadable => format!(
                "bay {bay}: {device} does not say what it is, so no profile can allow it, and it is not touched. Take it out"
            ),
            Why::Other(other) => {
                let what = other.iter().map(UsbClass::to_string).collect::<Vec<_>>().join(", ");
                let also = if other.len() < device.interfaces.len() { "also " } else { "" };
                format!(
                    "bay {bay}: {device} is {also}{what}, so no profile can allow it, and it is not touched. Take it out; if it \
                     is a camera, set it to be a USB drive and nothing else"
                )
            }
            Why::Unknown => format!(
                "bay {bay}: {device} is mass storage, but no profile allows it. To allow it, add \
                 /etc/camdock/profiles.d/NAME.toml with usb = [\"{}\"], as `camdock camera probe {bay}` prints it, and run: \
                 {RESTART}",
                device.id
            ),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{Pattern, SerialSource, Transport, UsbId, UsbMatch, UsbSpeed};

    pub(in super::super) const STORAGE: UsbClass = UsbClass { class: 8, subclass: 6, protocol: 0x50 };
    const UAS: UsbClass = UsbClass { class: 8, subclass: 6, protocol: 0x62 };
    const KEYBOARD: UsbClass = UsbClass { class: 3, subclass: 1, protocol: 1 };
    const NETWORK: UsbClass = UsbClass { class: 2, subclass: 6, protocol: 0 };
    const HUB: UsbClass = UsbClass { class: 9, subclass: 0, protocol: 0 };

    pub(in super::super) fn device(interfaces: &[UsbClass]) -> UsbDevice {
        UsbDevice {
            port: "1-1".parse().unwrap(),
            address: 4,
            id: UsbId { vendor: 0x8564, product: 0x1000 },
            release: 0x0100,
            manufacturer: Some("Transcend".to_owned()),
            product: Some("JetFlash".to_owned()),
            serial: None,
            interfaces: interfaces.to_vec(),
            speed: UsbSpeed::High,
        }
    }

    fn profile(name: &str, matches: UsbMatch) -> Arc<Profile> {
        Arc::new(Profile {
            name: name.to_owned(),
            title: name.to_owned(),
            matches,
            transport: Transport::MassStorage,
            folders: Vec::new(),
            leave: Vec::new(),
            serial: SerialSource::Usb,
            label: None,
            quiet_time: std::time::Duration::ZERO,
        })
    }

    fn other_vendor() -> Arc<Profile> {
        profile("other", UsbMatch { ids: vec![(0x1234, None)], ..UsbMatch::default() })
    }

    pub(in super::super) fn profiles() -> Vec<Arc<Profile>> {
        let bodycam = UsbMatch { ids: vec![(0x8564, None)], ..UsbMatch::default() };
        vec![profile("bodycam", bodycam), other_vendor(), profile("generic", UsbMatch::default())]
    }

    fn refused(interfaces: &[UsbClass], profiles: &[Arc<Profile>]) -> String {
        admit(&device(interfaces), profiles).unwrap_err().on(&BayName::new("3").unwrap())
    }

    #[test]
    fn a_camera_is_admitted_with_every_profile_that_fits() {
        for interfaces in [&[STORAGE][..], &[STORAGE, UAS]] {
            let names: Vec<_> =
                admit(&device(interfaces), &profiles()).unwrap().iter().map(|p| p.name.clone()).collect();
            assert_eq!(names, ["bodycam", "generic"]);
        }
    }

    #[test]
    fn whatever_is_not_only_storage_is_refused() {
        for (interfaces, what) in [
            (&[KEYBOARD][..], "is keyboard or mouse (03/01/01), so no profile can allow it"),
            (&[STORAGE, KEYBOARD], "is also keyboard or mouse (03/01/01), so no profile can allow it"),
            (&[NETWORK], "is network or modem (02/06/00), so no profile can allow it"),
            (&[], "does not say what it is"),
            (&[HUB], "a hub is plugged into bay 3"),
            (&[STORAGE, HUB], "a hub is plugged into bay 3"),
        ] {
            let reason = refused(interfaces, &profiles());
            assert!(reason.contains(what) && reason.contains("no profile can allow"), "{reason}");
        }
    }

    #[test]
    fn unknown_storage_is_refused_with_the_line_that_would_allow_it() {
        let expected = "bay 3: 8564:1000 \"Transcend\" \"JetFlash\" is mass storage, but no profile allows it. To allow it, \
                        add /etc/camdock/profiles.d/NAME.toml with usb = [\"8564:1000\"], as `camdock camera probe 3` prints \
                        it, and run: systemctl restart camdock";
        assert_eq!(refused(&[STORAGE], &[other_vendor()]), expected);
        assert_eq!(refused(&[STORAGE], &[]), expected);
        let by_name = UsbMatch { product: Some(Pattern::new("DrivePro*")), ..UsbMatch::default() };
        assert_eq!(refused(&[STORAGE], &[profile("texts", by_name)]), expected);
    }
}
