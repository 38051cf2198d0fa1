//! Whether what a bay consists of is there: its folder, or its port.

use std::io;
use std::path::Path;

use crate::dock::usb::Sysfs;
use crate::domain::{SetupCause, UsbPort};

/// What is wrong with a bay's folder.
pub(super) fn folder_missing(folder: &Path) -> Option<(SetupCause, String)> {
    let error = std::fs::read_dir(folder).err()?;
    let (cause, what_to_do) = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            (SetupCause::FolderMissing, "Create it or mount it there, readable and writable by camdock's user")
        }
        _ => (SetupCause::FolderUnreadable, "Let camdock's user read and write there"),
    };
    let message = format!(
        "its folder {} cannot be looked into: {error}. No camera is found there until it can. {what_to_do}",
        folder.display()
    );
    Some((cause, message))
}

/// What is wrong with a bay's port.
pub(super) fn port_missing(sysfs: &Sysfs, port: &UsbPort) -> Option<(SetupCause, String)> {
    let there = sysfs.ports();
    if there.as_ref().is_ok_and(|ports| sysfs.socket(port).iter().any(|port| ports.contains(port))) {
        return None;
    }
    let why = there.err().map_or_else(String::new, |error| format!(" (its ports cannot be listed: {error})"));
    let message = format!(
        "there is no USB port {port} on this machine now{why}, so no camera is found there. Connect the dock; if it is \
         connected, `camdock bays` shows the ports there are"
    );
    Some((SetupCause::PortMissing, message))
}

#[cfg(test)]
mod tests {
    use camdock_test_support::sysfs::FakeSysfs;

    use super::*;

    #[test]
    fn a_bay_whose_folder_is_gone_or_none_says_so_until_it_is_there() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("bay");
        let cause = || folder_missing(&folder).map(|(cause, _)| cause);
        assert_eq!(cause(), Some(SetupCause::FolderMissing));
        std::fs::write(&folder, "no folder").unwrap();
        assert_eq!(cause(), Some(SetupCause::FolderMissing));
        std::fs::rename(&folder, root.path().join("elsewhere")).unwrap();
        std::fs::create_dir(&folder).unwrap();
        assert_eq!(cause(), None);
    }

    #[test]
    fn a_bay_whose_dock_is_not_connected_says_so_until_it_is() {
        let machine = FakeSysfs::new();
        let sysfs = Sysfs::at(machine.root());
        let port = "1-2.3".parse().unwrap();
        let (cause, message) = port_missing(&sysfs, &port).unwrap();
        assert_eq!(cause, SetupCause::PortMissing);
        assert!(message.contains("no USB port 1-2.3") && message.contains("Connect the dock"), "{message}");
        machine.plug_hub("1-2", 4);
        assert_eq!(port_missing(&sysfs, &port), None);
        assert_eq!(port_missing(&sysfs, &"1-1".parse().unwrap()), None, "a port of the machine itself");
    }
}
