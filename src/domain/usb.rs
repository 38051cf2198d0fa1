//! What is plugged into a USB port, in the words of the USB specification and of Linux's `sysfs`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A physical USB port, as Linux writes it: `1-1.4` is port 4 of the hub in port 1 of bus 1. It names a socket, whatever
/// is plugged in there and in whatever order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UsbPort(String);

/// A text that is no [`UsbPort`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no USB port path, such as \"1-1.4\"")]
pub struct NoUsbPort;

impl UsbPort {
    /// Its path as text; also the name of its folder below `/sys/bus/usb/devices` while something is plugged in.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number of its bus.
    #[must_use]
    pub fn bus(&self) -> &str {
        self.0.split_once('-').map_or("", |(bus, _)| bus)
    }

    /// The port that its hub is plugged into, and its own number on that hub; `None` for a port of the machine itself.
    #[must_use]
    pub fn hub(&self) -> Option<(Self, &str)> {
        self.0.rsplit_once('.').map(|(hub, number)| (Self(hub.to_owned()), number))
    }
}

impl FromStr for UsbPort {
    type Err = NoUsbPort;

    fn from_str(text: &str) -> Result<Self, NoUsbPort> {
        let number = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') && matches!(text.len(), 1..=3)
        };
        let (bus, ports) = text.split_once('-').ok_or(NoUsbPort)?;
        // USB allows five hubs in a row: six numbers at most.
        if number(bus) && ports.split('.').all(number) && ports.split('.').count() <= 6 {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoUsbPort)
        }
    }
}

impl TryFrom<String> for UsbPort {
    type Error = NoUsbPort;
    fn try_from(text: String) -> Result<Self, NoUsbPort> {
        text.parse()
    }
}

impl From<UsbPort> for String {
    fn from(port: UsbPort) -> Self {
        port.0
    }
}

impl fmt::Display for UsbPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Vendor and product, by which a kind of device is known: `46f4:0001`. Whoever builds a device may claim any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsbId {
    /// `idVendor`
    pub vendor: u16,
    /// `idProduct`
    pub product: u16,
}

impl fmt::Display for UsbId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.product)
    }
}

/// What an interface of a device is for: the three class numbers of its descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsbClass {
    /// `bInterfaceClass`
    pub class: u8,
    /// `bInterfaceSubClass`
    pub subclass: u8,
    /// `bInterfaceProtocol`
    pub protocol: u8,
}

impl UsbClass {
    /// Whether this is mass storage that speaks SCSI, by bulk-only transport or UAS.
    #[must_use]
    pub const fn is_mass_storage(self) -> bool {
        self.class == 0x08
    }

    /// Whether this is a hub.
    #[must_use]
    pub const fn is_hub(self) -> bool {
        self.class == 0x09
    }
}

impl fmt::Display for UsbClass {
    /// In words a person knows, with the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.class {
            0x01 => "audio",
            0x02 | 0x0a => "network or modem",
            0x03 => "keyboard or mouse",
            0x06 => "still image",
            0x07 => "printer",
            0x08 => "mass storage",
            0x09 => "hub",
            0x0e => "video",
            0xe0 => "wireless controller",
            0xff => "vendor-specific",
            _ => "another class",
        };
        write!(f, "{word} ({:02x}/{:02x}/{:02x})", self.class, self.subclass, self.protocol)
    }
}

/// How fast a device and its cable talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsbSpeed {
    /// 1.5 Mbit/s
    Low,
    /// 12 Mbit/s
    Full,
    /// USB 2: 480 Mbit/s
    High,
    /// USB 3: 5 Gbit/s or more
    Super,
    /// The system does not say.
    Unknown,
}

impl fmt::Display for UsbSpeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Low => "1.5 Mbit/s",
            Self::Full => "12 Mbit/s",
            Self::High => "480 Mbit/s (USB 2)",
            Self::Super => "5 Gbit/s or more (USB 3)",
            Self::Unknown => "unknown speed",
        })
    }
}

/// A device in a port. Its texts are whatever it claims; [`Display`](fmt::Display) makes them fit for people to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbDevice {
    /// Where it is plugged in.
    pub port: UsbPort,
    /// The address that its bus gave it; every plugging-in gives another, so this tells two visits apart.
    pub address: u16,
    /// Which kind of device.
    pub id: UsbId,
    /// `bcdDevice`, the device's own release number, as hexadecimal digits: 0x0102 is release 1.02.
    pub release: u16,
    /// `iManufacturer`
    pub manufacturer: Option<String>,
    /// `iProduct`
    pub product: Option<String>,
    /// `iSerialNumber`
    pub serial: Option<String>,
    /// What each of its interfaces is for, in every configuration and alternate setting that it can be put into, without
    /// repetitions; empty if that could not be made out.
    pub interfaces: Vec<UsbClass>,
    /// How fast it talks.
    pub speed: UsbSpeed,
}

impl fmt::Display for UsbDevice {
    /// `8564:1000 "Transcend" "JetFlash"`, shortened, and with everything escaped that could forge a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        for text in [&self.manufacturer, &self.product].into_iter().flatten() {
            let shown: String = text.trim().chars().take(LONGEST_SHOWN).collect();
            write!(f, " {shown:?}")?;
        }
        Ok(())
    }
}

/// So many characters of a device's text are shown.
const LONGEST_SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_bus_and_the_way_through_its_hubs() {
        for port in ["1-1", "1-1.4", "12-10.2.3.4.5.6"] {
            assert_eq!(port.parse::<UsbPort>().map(String::from), Ok(port.to_owned()));
        }
        let port: UsbPort = "1-1.4".parse().unwrap();
        let hub = UsbPort("1-1".to_owned());
        assert_eq!((port.bus(), port.hub(), hub.hub()), ("1", Some((hub.clone(), "4")), None));
        for text in ["", "1", "usb1", "1-", "-1", "1-1.", "1-0", "01-1", "1-1:1.0", "1-1/..", "1-1.2.3.4.5.6.7"] {
            assert_eq!(text.parse::<UsbPort>(), Err(NoUsbPort), "{text}");
        }
    }

    #[test]
    fn what_a_device_calls_itself_cannot_forge_a_line() {
        let device = UsbDevice {
            port: "1-1".parse().unwrap(),
            address: 4,
            id: UsbId { vendor: 0x8564, product: 0x1000 },
            release: 0,
            manufacturer: Some("x\"\nbay 1: ready\u{1b}[2J".to_owned()),
            product: Some("y".repeat(200)),
            serial: None,
            interfaces: Vec::new(),
            speed: UsbSpeed::High,
        };
        let shown = device.to_string();
        assert!(!shown.contains(['\n', '\u{1b}']) && shown.starts_with("8564:1000 \"x\\\"\\nbay 1"), "{shown}");
        assert!(shown.len() < 120, "{shown}");
    }
}
