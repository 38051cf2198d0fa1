//! The sockets of a machine, as a person who maps bays sees them.

use std::io;

use super::{Plugged, SuperSpeed, Sysfs};
use crate::domain::{UsbPort, UsbSpeed};

/// A place where something can be plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// Its port path; that of the slower speed if it has two.
    pub port: UsbPort,
    /// Its port path at the other speed.
    pub companion: Option<UsbPort>,
    /// What is plugged in. A hub of two speeds is two devices.
    pub plugged: Vec<Plugged>,
}

impl Socket {
    /// Whether this is the port's socket, by either speed.
    #[must_use]
    pub fn has(&self, port: &UsbPort) -> bool {
        self.port == *port || self.companion.as_ref() == Some(port)
    }

    /// Whether what is plugged in could talk faster than it does, as with a slow cable or a plug that sits badly.
    #[must_use]
    pub fn could_be_faster(&self) -> SuperSpeed {
        match &self.plugged[..] {
            [plugged] if self.companion.is_some() && plugged.device.speed <= UsbSpeed::High => plugged.super_speed,
            _ => SuperSpeed::No,
        }
    }
}

/// Every socket of every hub in use, in the order of their numbers.
///
/// # Errors
/// If devices cannot be listed.
pub fn sockets(sysfs: &Sysfs) -> io::Result<Vec<Socket>> {
    let mut ports = sysfs.ports()?;
    ports.sort_by_cached_key(|port| {
        let numbers = port.as_str().split(['-', '.']).map(|number| number.parse::<u8>().unwrap_or(u8::MAX));
        numbers.collect::<Vec<_>>()
    });
    let mut sockets: Vec<Socket> = Vec::new();
    for port in &ports {
        if sockets.iter().any(|socket| socket.has(port)) {
            continue;
        }
        let both = sysfs.socket(port);
        let companion = both.iter().find(|other| *other != port && ports.contains(other)).cloned();
        let plugged = both.iter().filter_map(|port| sysfs.plugged(port).transpose()).collect::<io::Result<_>>()?;
        sockets.push(Socket { port: port.clone(), companion, plugged });
    }
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use camdock_test_support::sysfs::{FakeSysfs, STORAGE};

    use super::*;

    #[test]
    fn a_socket_is_listed_once_with_both_its_paths() {
        let machine = FakeSysfs::new();
        machine.plug_hub("1-2", 12);
        let sockets = sockets(&Sysfs::at(machine.root())).unwrap();
        let names: Vec<_> = sockets.iter().map(|socket| socket.port.as_str()).collect();
        assert_eq!(names[..5], ["1-1", "1-2", "1-2.1", "1-2.2", "1-2.3"]);
        assert_eq!((names.len(), names[11], names[13]), (14, "1-2.10", "1-2.12"));
        assert_eq!(sockets[0].companion.as_ref().map(UsbPort::as_str), Some("2-1"));
        assert_eq!(sockets[2].companion, None, "the hub has no other half");
        assert_eq!(sockets[1].plugged.len(), 1);
    }

    #[test]
    fn a_slow_cable_shows() {
        let machine = FakeSysfs::new();
        machine.plug("1-1", "Cam", &[STORAGE]);
        machine.plug("2-2", "Thing", &[STORAGE]);
        machine.set("2-2", "speed", "5000");
        let faster: Vec<_> = sockets(&Sysfs::at(machine.root())).unwrap().iter().map(Socket::could_be_faster).collect();
        assert_eq!(faster, [SuperSpeed::Unknown, SuperSpeed::No]);
    }
}
