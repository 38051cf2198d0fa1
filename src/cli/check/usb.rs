//! What `camdock check` can tell about bays that are USB ports.

use camdock::config::{Config, Slot};
use camdock::dock::usb::Sysfs;
use camdock::domain::{Breadth, UsbPort};

use super::{Aspect, Finding, Judgement};

/// Looks at the bays' sockets, and at what may come in there.
pub(super) fn check(config: &Config, sysfs: &Sysfs) -> Vec<Finding> {
    let port = |slot: &Slot| match slot {
        Slot::Port(port) => Some(port.clone()),
        Slot::Folder { .. } => None,
    };
    let bays: Vec<_> =
        config.bays.iter().filter_map(|bay| Some((format!("bay {}", bay.name), port(&bay.slot)?))).collect();
    let ports: Vec<_> = bays.iter().map(|(_, port)| port.clone()).collect();
    let mut findings = Vec::new();
    for (subject, port) in &bays {
        findings.extend(socket(subject, port, sysfs));
        findings.extend(companion(subject, port, &ports, sysfs));
    }
    if !bays.is_empty() {
        findings.extend(controllers(sysfs));
        findings.extend(open_to_any_drive(config));
    }
    findings
}

fn socket(subject: &str, port: &UsbPort, sysfs: &Sysfs) -> Vec<Finding> {
    let there = sysfs.ports().is_ok_and(|ports| ports.contains(port));
    let mut findings = vec![if there {
        Finding::ok(subject, Aspect::Access)
    } else {
        let note =
            format!("there is no port {port} now. Connect the dock, or see `camdock bays` for the ports there are");
        Finding::new(subject, Aspect::Access, Judgement::Warning, note)
    }];
    if sysfs.socket(port).iter().any(|port| sysfs.is_guarded(port.bus()) == Some(false)) {
        let note = "whatever is plugged in there is used by the system before camdock looks at it. Install camdock's udev \
                    rules, and run: udevadm trigger --subsystem-match=usb --action=change";
        findings.push(Finding::new(subject, Aspect::Gate, Judgement::Warning, note));
    } else if there {
        findings.push(Finding::ok(subject, Aspect::Gate));
    }
    findings
}

/// A keyboard in such a bay is on a bus that has no bay.
fn companion(subject: &str, port: &UsbPort, bays: &[UsbPort], sysfs: &Sysfs) -> Option<Finding> {
    let buses = sysfs.companions(port)?;
    let handing_on = bays.iter().filter(|bay| bay.bus() == port.bus() && bay.hub().is_none()).count();
    let named = bays.iter().filter(|bay| buses.iter().any(|bus| bus == bay.bus())).count();
    let place = if buses.is_empty() { "another bus".to_owned() } else { format!("bus {}", buses.join(" or ")) };
    (named < handing_on).then(|| {
        let note = format!(
            "a slow device that is plugged in there, such as a keyboard, appears on {place}, is in no bay and is let in. Plug \
             one in, see in `camdock bays` which port that is, and name it as a bay as well"
        );
        Finding::new(subject, Aspect::Gate, Judgement::Warning, note)
    })
}

fn controllers(sysfs: &Sysfs) -> Option<Finding> {
    let count = sysfs.controllers().ok().filter(|count| *count > 1)?;
    let note = format!(
        "this machine has {count} USB controllers, and at a start they may get each other's bus numbers. Whenever its hardware \
         was changed, look in `camdock bays` whether each bay is still where it was"
    );
    Some(Finding::new("bays", Aspect::Place, Judgement::Warning, note))
}

fn open_to_any_drive(config: &Config) -> impl Iterator<Item = Finding> {
    let open = config.profiles.iter().filter(|profile| profile.matches.breadth() == Breadth::Anything);
    open.map(|profile| {
        let name = &profile.name;
        let note = format!(
            "it lets any USB drive in, whoever it belongs to. Once there are profiles with the ids of your cameras (`camdock \
             camera probe` prints them), switch it off: a file in /etc/camdock/profiles.d with the two lines name = \"{name}\" \
             and enabled = false"
        );
        Finding::new(format!("profile {name}"), Aspect::Gate, Judgement::Warning, note)
    })
}
