//! What Linux tells about USB in `sysfs`.
//!
//! Promises: everything is read from what the kernel noted when a device was plugged in, which are the descriptors that
//! the kernel itself goes by. So nothing a device does meanwhile changes the answer, devices that are not authorised are
//! described as completely as others, and no privilege is needed. What a device wrote is taken for bytes.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::domain::{UsbClass, UsbDevice, UsbId, UsbPort, UsbSpeed};

/// No attribute is longer: eight configurations of 64 KiB each, and a device descriptor.
const LONGEST: u64 = 8 * 65_536 + 64;

/// Errors that mean: it was pulled out in this moment.
const GONE: [io::ErrorKind; 2] = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
const ENODEV: i32 = 19;

/// The file system in which Linux shows devices.
#[derive(Debug, Clone)]
pub struct Sysfs {
    devices: PathBuf,
}

impl Default for Sysfs {
    /// This machine's.
    fn default() -> Self {
        Self::at(Path::new("/sys"))
    }
}

/// Whether the kernel lets a device be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorized {
    /// Drivers may bind to it.
    Yes,
    /// It has an address and is otherwise left alone.
    No,
}

/// A device in its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugged {
    /// What it is.
    pub device: UsbDevice,
    /// Whether it may be used.
    pub authorized: Authorized,
    /// `bcdUSB`, the release of USB that it follows, as hexadecimal digits.
    pub release_of_usb: u16,
    /// Whether it could talk faster than USB 2.
    pub super_speed: SuperSpeed,
}

/// Whether a device could talk faster than USB 2, where cable and socket are made for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuperSpeed {
    /// It says so.
    Yes,
    /// It says otherwise.
    No,
    /// It may; this kernel does not tell.
    Unknown,
}

impl Sysfs {
    /// A tree of that form below `root`.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { devices: root.join("bus/usb/devices") }
    }

    /// Every port of every hub that is in use, in no particular order. A machine without USB has none.
    ///
    /// # Errors
    /// If devices cannot be listed.
    pub fn ports(&self) -> io::Result<Vec<UsbPort>> {
        let entries = match std::fs::read_dir(&self.devices) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut ports = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let Some(hub) = name.to_str() else { continue };
            let count = self.text(hub, "maxchild").ok().and_then(|count| count.parse::<u8>().ok()).unwrap_or(0);
            let stem = hub.strip_prefix("usb").map_or_else(|| format!("{hub}."), |bus| format!("{bus}-"));
            ports.extend((1..=count).filter_map(|number| format!("{stem}{number}").parse().ok()));
        }
        Ok(ports)
    }

    /// The port paths of the socket that `port` belongs to: itself, and that of the other speed if it has one.
    #[must_use]
    pub fn socket(&self, port: &UsbPort) -> Vec<UsbPort> {
        let mut both = vec![port.clone()];
        both.extend(self.companion(port));
        both
    }

    /// The same socket's port path at the other speed.
    fn companion(&self, port: &UsbPort) -> Option<UsbPort> {
        let own = match port.hub() {
            None => {
                let (bus, number) = port.as_str().split_once('-')?;
                self.devices.join(format!("usb{bus}/{bus}-0:1.0/usb{bus}-port{number}/peer"))
            }
            Some((hub, number)) => self.devices.join(format!("{hub}/{hub}:1.0/{hub}-port{number}/peer")),
        };
        if let Ok(target) = std::fs::read_link(own) {
            let (hub, number) = target.file_name()?.to_str()?.rsplit_once("-port")?;
            let path =
                hub.strip_prefix("usb").map_or_else(|| format!("{hub}.{number}"), |bus| format!("{bus}-{number}"));
            return path.parse().ok();
        }
        // One half of a hub may be ready before the other. Both number their ports alike.
        let (hub, number) = port.hub()?;
        format!("{}.{number}", self.companion(&hub)?).parse().ok()
    }

    /// Whether two buses belong together: as the two speeds of one set of sockets, or because one is the other's companion,
    /// to which a controller of USB 2 alone hands every device that is slower. `None` if one of them does not exist, or not
    /// yet.
    #[must_use]
    pub fn same_controller(&self, one: &str, other: &str) -> Option<bool> {
        let (first, second) = (self.controller(one)?, self.controller(other)?);
        let companions = self.is_of_usb_1(one) != self.is_of_usb_1(other) && same_card(&first, &second);
        Some(first == second || companions)
    }

    /// The buses to which a port's controller hands whatever is too slow for it: `None` if it does no such thing, and none
    /// if it does but nobody can tell which these are. Behind a hub of USB 2 no device is handed on.
    #[must_use]
    pub fn companions(&self, port: &UsbPort) -> Option<Vec<String>> {
        let controller = self.controller(port.bus()).filter(|controller| controller.join("companion").exists())?;
        if port.hub().is_some() {
            return None;
        }
        let others = self.buses().ok()?.into_iter().filter(|bus| {
            self.is_of_usb_1(bus) && self.controller(bus).is_some_and(|other| same_card(&controller, &other))
        });
        Some(others.collect())
    }

    /// How many USB controllers with ports there are. At every start they get their bus numbers in the order in which they
    /// are found.
    ///
    /// # Errors
    /// If devices cannot be listed.
    pub fn controllers(&self) -> io::Result<usize> {
        let mut controllers: Vec<_> = self.buses()?.iter().filter_map(|bus| self.controller(bus)).collect();
        controllers.sort();
        controllers.dedup();
        Ok(controllers.len())
    }

    /// The buses with ports.
    fn buses(&self) -> io::Result<Vec<String>> {
        let mut buses: Vec<_> = self.ports()?.iter().map(|port| port.bus().to_owned()).collect();
        buses.sort();
        buses.dedup();
        Ok(buses)
    }

    /// The folder of a bus's controller.
    fn controller(&self, bus: &str) -> Option<PathBuf> {
        let hub = std::fs::canonicalize(self.devices.join(format!("usb{bus}"))).ok()?;
        Some(hub.parent()?.to_owned())
    }

    fn is_of_usb_1(&self, bus: &str) -> bool {
        self.text(&format!("usb{bus}"), "speed").is_ok_and(|megabits| speed(&megabits) == UsbSpeed::Full)
    }

    /// Whether a bus lets no device be used by itself; `None` if there is no such bus.
    #[must_use]
    pub fn is_guarded(&self, bus: &str) -> Option<bool> {
        Some(self.text(&format!("usb{bus}"), "authorized_default").ok()? == "0")
    }

    /// What is plugged into a port; `None` if nothing is, or it is being pulled out.
    ///
    /// # Errors
    /// If that cannot be told.
    pub fn plugged(&self, port: &UsbPort) -> io::Result<Option<Plugged>> {
        match self.device(port) {
            Ok(plugged) => Ok(Some(plugged)),
            Err(error) if GONE.contains(&error.kind()) || error.raw_os_error() == Some(ENODEV) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn device(&self, port: &UsbPort) -> io::Result<Plugged> {
        let name = port.as_str();
        let address = self.address(name)?;
        let descriptors = self.bytes(name, "descriptors")?;
        let field = |at: usize| descriptors.get(at..at + 2).map_or(0, |pair| u16::from_le_bytes([pair[0], pair[1]]));
        let device = UsbDevice {
            port: port.clone(),
            address,
            id: UsbId { vendor: field(8), product: field(10) },
            release: field(12),
            manufacturer: self.text(name, "manufacturer").ok(),
            product: self.text(name, "product").ok(),
            serial: self.text(name, "serial").ok(),
            interfaces: interfaces(&descriptors).unwrap_or_default(),
            speed: speed(&self.text(name, "speed").unwrap_or_default()),
        };
        let authorized = if self.text(name, "authorized")? == "1" { Authorized::Yes } else { Authorized::No };
        // Exchanged while it was being read: neither the one nor the other.
        if self.address(name)? != address {
            return Err(io::ErrorKind::NotFound.into());
        }
        let super_speed = self.super_speed(name, field(2));
        Ok(Plugged { device, authorized, release_of_usb: field(2), super_speed })
    }

    fn super_speed(&self, device: &str, release_of_usb: u16) -> SuperSpeed {
        // From this release on, a device has to say what it is capable of. That may still be USB 2 alone.
        const HAS_CAPABILITIES: u16 = 0x0201;
        if release_of_usb < HAS_CAPABILITIES {
            return SuperSpeed::No;
        }
        self.bytes(device, "bos_descriptors").map_or(SuperSpeed::Unknown, |capabilities| super_speed(&capabilities))
    }

    fn address(&self, device: &str) -> io::Result<u16> {
        self.text(device, "devnum")?.parse().map_err(io::Error::other)
    }

    fn text(&self, device: &str, attribute: &str) -> io::Result<String> {
        let bytes = self.bytes(device, attribute)?;
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        Ok(String::from_utf8_lossy(line).into_owned())
    }

    fn bytes(&self, device: &str, attribute: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(self.devices.join(device).join(attribute))?.take(LONGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

fn speed(megabits: &str) -> UsbSpeed {
    match megabits {
        "1.5" => UsbSpeed::Low,
        "12" => UsbSpeed::Full,
        "480" => UsbSpeed::High,
        other if other.parse::<u32>().is_ok_and(|megabits| megabits >= 5_000) => UsbSpeed::Super,
        _ => UsbSpeed::Unknown,
    }
}

/// Whether two controllers are parts of one PCI device: all but the function number of `0000:00:1d.7` is the same.
fn same_card(one: &Path, other: &Path) -> bool {
    let card = |controller: &Path| {
        let (card, function) = controller.file_name()?.to_str()?.rsplit_once('.')?;
        (function.parse::<u8>().is_ok() && card.contains(':')).then(|| controller.with_file_name(card))
    };
    card(one).is_some_and(|card_of_one| card(other) == Some(card_of_one))
}

/// Whether a device is made for USB 3, by the capabilities that it names.
fn super_speed(mut capabilities: &[u8]) -> SuperSpeed {
    const CAPABILITY: u8 = 0x10;
    const SUPER_SPEED: u8 = 0x03;
    while let [length, rest @ ..] = capabilities {
        if rest.starts_with(&[CAPABILITY, SUPER_SPEED]) {
            return SuperSpeed::Yes;
        }
        capabilities = capabilities.get(usize::from(*length).max(1)..).unwrap_or_default();
    }
    SuperSpeed::No
}

/// The interfaces that a device's descriptors name, in any configuration and setting; `None` if the descriptors are not
/// well formed: then one could say one thing to us and another to the kernel.
fn interfaces(descriptors: &[u8]) -> Option<Vec<UsbClass>> {
    const DEVICE_LENGTH: usize = 18;
    const INTERFACE: u8 = 4;
    const INTERFACE_LENGTH: usize = 9;

    let mut found = Vec::new();
    // A device may be a hub without saying so in its interface.
    let class =
        UsbClass { class: *descriptors.get(4)?, subclass: *descriptors.get(5)?, protocol: *descriptors.get(6)? };
    if class.is_hub() {
        found.push(class);
    }
    let mut rest = descriptors.get(DEVICE_LENGTH..)?;
    while let Some((&length, _)) = rest.split_first() {
        let (descriptor, tail) = rest.split_at_checked(usize::from(length))?;
        if *descriptor.get(1)? == INTERFACE {
            if descriptor.len() < INTERFACE_LENGTH {
                return None;
            }
            let interface = UsbClass { class: descriptor[5], subclass: descriptor[6], protocol: descriptor[7] };
            if !found.contains(&interface) {
                found.push(interface);
            }
        }
        rest = tail;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use camdock_test_support::sysfs::{FakeSysfs, KEYBOARD, STORAGE};

    use super::*;

    fn port(text: &str) -> UsbPort {
        text.parse().unwrap()
    }

    #[test]
    fn a_device_is_described_by_its_descriptors() {
        let machine = FakeSysfs::new();
        machine.plug("1-1", "Body\nCam", &[STORAGE, KEYBOARD, STORAGE]);
        let Plugged { device, authorized, release_of_usb, .. } =
            Sysfs::at(machine.root()).plugged(&port("1-1")).unwrap().unwrap();
        assert_eq!((device.id.to_string().as_str(), device.release, device.address), ("8564:1000", 0x0102, 7));
        assert_eq!((device.manufacturer, device.product.as_deref()), (None, Some("Body\nCam")));
        assert_eq!((device.speed, authorized, release_of_usb), (UsbSpeed::High, Authorized::Yes, 0x0210));
        let classes: Vec<_> = device.interfaces.iter().map(|class| class.class).collect();
        assert_eq!(classes, [8, 3]);
    }

    #[test]
    fn an_empty_port_holds_nothing() {
        assert_eq!(Sysfs::at(FakeSysfs::new().root()).plugged(&port("1-1")).unwrap(), None);
        assert!(Sysfs::at(Path::new("/nonexistent")).ports().unwrap().is_empty());
    }

    #[test]
    fn malformed_descriptors_say_nothing() {
        let storage = [9, 4, 0, 0, 2, 8, 6, 0x50, 0];
        let whole = [&[18; 18][..], &storage].concat();
        assert_eq!(interfaces(&whole).map(|found| found.len()), Some(1));
        for broken in [&whole[..10], &whole[..20], &[&whole[..], &[0]].concat(), &[&whole[..], &[2, 4]].concat()] {
            assert_eq!(interfaces(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn every_port_of_every_hub_is_found() {
        let machine = FakeSysfs::new();
        machine.plug_hub("1-1", 4);
        let mut ports = Sysfs::at(machine.root()).ports().unwrap();
        ports.sort();
        let names: Vec<_> = ports.iter().map(UsbPort::as_str).collect();
        assert_eq!(names, ["1-1", "1-1.1", "1-1.2", "1-1.3", "1-1.4", "1-2", "2-1", "2-2"]);
    }

    #[test]
    fn both_speeds_of_a_socket_are_one_socket() {
        let machine = FakeSysfs::new();
        // Only one half of the hub is ready yet.
        machine.plug_hub("2-1", 4);
        machine.set("2-1", "speed", "5000");
        let sysfs = Sysfs::at(machine.root());
        for (one, other) in [("1-2", "2-2"), ("2-2", "1-2"), ("2-1.4", "1-1.4"), ("1-1.4.3", "2-1.4.3")] {
            assert_eq!(sysfs.socket(&port(one)), [port(one), port(other)]);
        }
        assert_eq!(sysfs.socket(&port("3-1")), [port("3-1")]);
        assert_eq!(sysfs.same_controller("1", "2"), Some(true));
        assert_eq!(sysfs.same_controller("1", "3"), None);
    }

    #[test]
    fn a_companions_bus_belongs_to_its_controller() {
        let machine = FakeSysfs::with_companions();
        machine.add_bus("8", "0000:00:1d.3", "480");
        let sysfs = Sysfs::at(machine.root());
        for (one, other, together) in [
            ("3", "4", true),
            ("5", "3", true),
            ("3", "7", false),
            ("1", "3", false),
            ("3", "8", false),
            ("6", "7", true),
        ] {
            assert_eq!(sysfs.same_controller(one, other), Some(together), "{one} {other}");
        }
        assert_eq!(sysfs.companions(&port("3-1")), Some(vec!["4".to_owned(), "5".to_owned()]));
        assert_eq!(sysfs.companions(&port("3-1.2")), None, "a hub of USB 2 talks to slow devices itself");
        assert_eq!(sysfs.companions(&port("1-1")), None);
    }

    #[test]
    fn the_buses_of_one_controller_are_one_controllers() {
        assert_eq!(Sysfs::at(FakeSysfs::new().root()).controllers().unwrap(), 1);
        assert_eq!(Sysfs::at(FakeSysfs::with_companions().root()).controllers().unwrap(), 6);
    }

    #[test]
    fn what_a_device_is_capable_of_is_asked_of_its_capabilities() {
        let usb_2_extension = [7, 0x10, 2, 6, 0, 0, 0];
        let super_speed = [10, 0x10, 3, 0, 0x0e, 0, 1, 10, 0xff, 7];
        let machine = FakeSysfs::new();
        machine.plug("1-1", "Cam", &[STORAGE]);
        let told = || Sysfs::at(machine.root()).plugged(&port("1-1")).unwrap().unwrap().super_speed;
        assert_eq!(told(), SuperSpeed::Unknown, "an older kernel");
        for (capabilities, expected) in [
            (&[&[5, 0x0f, 12, 0, 1][..], &usb_2_extension].concat(), SuperSpeed::No),
            (&[&[5, 0x0f, 22, 0, 2][..], &usb_2_extension, &super_speed].concat(), SuperSpeed::Yes),
            (&vec![0, 0, 0], SuperSpeed::No),
            (&vec![200, 0x10], SuperSpeed::No),
        ] {
            machine.set_bytes("1-1", "bos_descriptors", capabilities);
            assert_eq!(told(), expected, "{capabilities:?}");
        }
    }
}
