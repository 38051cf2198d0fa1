//! Bays that are USB ports.
//!
//! Promises:
//! - A bay is a socket. A USB 3 socket has two port paths, one per speed; either names the bay, and both belong to it.
//! - Only a device that a profile allows and the kernel has authorised is a camera; see [`admit`].
//! - What is known of a device is what the kernel noted when it was plugged in. The device itself is not talked to.
//! - The same port with another device address is another visit, however quickly devices were exchanged.

mod admit;
mod gate;
mod sockets;
mod sysfs;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, PipeReader};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use udev::{MonitorBuilder, MonitorSocket};

use super::contents::{self, Again, Docked, Found};
use super::{BayEvent, DockError, Location};
use crate::beat::Beat;
use crate::domain::{BayName, DockNotice, Profile, Subject, UsbDevice, UsbPort};
use crate::journal::tell;

pub use admit::{RESTART, Refusal, admit};
pub use gate::{Verdict, gate};
pub use sockets::{Socket, sockets};
pub use sysfs::{Authorized, Plugged, SuperSpeed, Sysfs};

/// After udev is done with a device, so long its answer may take to be seen.
const ADMISSION_TAKES: Duration = Duration::from_secs(4);
/// A gate that takes longer than this is told to be slow: on a machine that starts, udev has much to do.
const GATE_IS_SLOW: Duration = Duration::from_secs(30);

/// Watches bays that are USB ports, each by itself, until the receiver is dropped. `profiles` in the order in which they
/// are to be tried.
///
/// # Errors
/// [`DockError::OneSocket`] if two bays are the same socket.
///
/// # Panics
/// If called outside a tokio runtime.
pub fn watch_usb(
    bays: Vec<(BayName, UsbPort)>,
    profiles: &Arc<[Arc<Profile>]>,
    beat: &Beat,
) -> Result<mpsc::Receiver<BayEvent>, DockError> {
    let sysfs = Sysfs::default();
    for (index, (second, port)) in bays.iter().enumerate() {
        let both = sysfs.socket(port);
        if let Some((first, _)) = bays[..index].iter().find(|(_, other)| both.contains(other)) {
            return Err(DockError::OneSocket { first: first.clone(), second: second.clone(), port: port.clone() });
        }
    }
    let (events, receiver) = mpsc::channel(contents::BACKLOG);
    let mut wake = Vec::new();
    let listens = Arc::new(AtomicBool::new(false));
    for (bay, port) in bays {
        let changed = Arc::new(Notify::new());
        wake.push(Arc::clone(&changed));
        let mut lookout = Lookout {
            sysfs: sysfs.clone(),
            bay: bay.clone(),
            port,
            profiles: Arc::clone(profiles),
            kept_out: BTreeMap::new(),
            is_decided: udev_is_done,
            trouble: None,
            listens: Arc::clone(&listens),
        };
        let look = move || (lookout.look(), lookout.again());
        tokio::spawn(contents::watch(bay, look, changed, beat.listen(), events.clone()));
    }
    if !wake.is_empty() {
        tokio::task::spawn_blocking(move || listen_until(events, &wake, &listens));
    }
    Ok(receiver)
}

/// Listens until nobody wants to know any longer. Blocks; needs a runtime.
fn listen_until(ended: mpsc::Sender<BayEvent>, wake: &[Arc<Notify>], listens: &AtomicBool) {
    let listening = io::pipe().and_then(|(end, ends)| {
        // It is closed at the latest when the runtime shuts down, which drops what still waits.
        tokio::spawn(async move {
            ended.closed().await;
            drop(ends);
        });
        listen(wake, listens, &end)
    });
    listens.store(false, Ordering::Relaxed);
    if let Err(error) = listening {
        all_look(wake);
        tell(&Subject::station(), DockNotice::NoNewsOfUsb { error: error.to_string() });
    }
}

/// Wakes every bay whenever udev is done with a USB device. Its rules ran by then, so the device is authorised if ever.
/// Blocks until the other end of `end` is closed.
fn listen(wake: &[Arc<Notify>], listens: &AtomicBool, end: &PipeReader) -> io::Result<()> {
    let socket = monitor()?;
    listens.store(true, Ordering::Relaxed);
    loop {
        // What was plugged in before anybody listened is seen now.
        all_look(wake);
        loop {
            let mut news = [PollFd::new(&socket, PollFlags::IN), PollFd::new(end, PollFlags::IN)];
            match poll(&mut news, None) {
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
                Ok(_) if !news[1].revents().is_empty() => return Ok(()),
                Ok(_) if socket.iter().count() > 0 => break,
                Ok(_) => {}
            }
        }
    }
}

fn all_look(wake: &[Arc<Notify>]) {
    for bay in wake {
        bay.notify_one();
    }
}

fn monitor() -> io::Result<MonitorSocket> {
    MonitorBuilder::new()?.match_subsystem_devtype("usb", "usb_device")?.listen()
}

/// Looks into one bay.
struct Lookout {
    sysfs: Sysfs,
    bay: BayName,
    port: UsbPort,
    profiles: Arc<[Arc<Profile>]>,
    /// Visits of devices that the gate has not let in, and since when.
    kept_out: BTreeMap<(UsbPort, u16), Instant>,
    /// Whether udev has done with a device what its rules, and so the gate, say.
    is_decided: fn(&UsbPort) -> bool,
    /// What went wrong last time, to be logged once.
    trouble: Option<io::ErrorKind>,
    /// Whether udev tells of what is plugged in.
    listens: Arc<AtomicBool>,
}

impl Lookout {
    fn look(&mut self) -> Found<DockedDevice> {
        let plugged: io::Result<Vec<Plugged>> =
            self.sysfs.socket(&self.port).iter().filter_map(|port| self.sysfs.plugged(port).transpose()).collect();
        match plugged {
            Ok(mut plugged) => {
                self.trouble = None;
                let slow = self.leave_to_the_gate(&mut plugged);
                let mut found = sorted_out(&self.bay, plugged, &self.profiles);
                found.refused.extend(slow);
                found
            }
            Err(error) => {
                if self.trouble.replace(error.kind()) != Some(error.kind()) {
                    let notice = DockNotice::PortUnreadable { port: self.port.clone(), error: error.to_string() };
                    tell(&Subject::station().bay(&self.bay), notice);
                }
                Found { cameras: Vec::new(), refused: BTreeMap::new() }
            }
        }
    }

    /// Whether the next beat is soon enough: not while the gate may still let somebody in.
    fn again(&self) -> Again {
        let told = self.listens.load(Ordering::Relaxed) && self.kept_out.is_empty();
        if told { Again::AtBeat } else { Again::Soon }
    }

    /// What the gate may not have looked at yet does not count yet.
    /// Returns what is to be said of a device on which it has not decided for long.
    fn leave_to_the_gate(&mut self, plugged: &mut Vec<Plugged>) -> Vec<(OsString, String)> {
        let kept_out = |device: &&Plugged| device.authorized == Authorized::No;
        let now: Vec<_> =
            plugged.iter().filter(kept_out).map(|kept| (kept.device.port.clone(), kept.device.address)).collect();
        self.kept_out.retain(|visit, _| now.contains(visit));
        for visit in now {
            self.kept_out.entry(visit).or_insert_with(Instant::now);
        }
        let mut slow = Vec::new();
        plugged.retain(|Plugged { device, .. }| {
            let Some(since) = self.kept_out.get(&(device.port.clone(), device.address)) else { return true };
            let is_decided = (self.is_decided)(&device.port);
            if !is_decided && since.elapsed() >= GATE_IS_SLOW {
                let reason = format!(
                    "bay {}: whether {device} may come in is not decided yet: udev has not been done with it for longer than {} s. \
                     If that lasts, see: systemctl status systemd-udevd",
                    self.bay,
                    GATE_IS_SLOW.as_secs()
                );
                slow.push((OsString::from(device.port.as_str()), reason));
            }
            is_decided && since.elapsed() >= ADMISSION_TAKES
        });
        slow
    }
}

/// Whether udev's rules have run for the device in a port.
fn udev_is_done(port: &UsbPort) -> bool {
    let place = Path::new("/sys/bus/usb/devices").join(port.as_str());
    udev::Device::from_syspath(&place).is_ok_and(|device| device.is_initialized())
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct DockedDevice {
    device: UsbDevice,
    profiles: Vec<Arc<Profile>>,
}

impl Docked for DockedDevice {
    const SHARES: bool = false;

    fn location(&self) -> Location {
        Location::Usb { device: self.device.clone(), profiles: self.profiles.clone() }
    }

    fn title(&self) -> String {
        self.device.to_string()
    }
}

/// Which of the devices in a bay's socket are cameras.
fn sorted_out(bay: &BayName, plugged: Vec<Plugged>, profiles: &[Arc<Profile>]) -> Found<DockedDevice> {
    let (mut cameras, mut refused) = (Vec::new(), BTreeMap::new());
    for Plugged { device, authorized, .. } in plugged {
        let port = OsString::from(device.port.as_str());
        match (admit(&device, profiles), authorized) {
            (Ok(profiles), Authorized::Yes) => cameras.push(DockedDevice { device, profiles }),
            (Ok(_), Authorized::No) => {
                // The gate knows the present configuration, and this the one from the start.
                let reason = format!(
                    "bay {bay}: {device} is allowed, but was kept out when it was plugged in. Take it out and put it in again. \
                     If that does not help, `camdock check` tells what is wrong with the configuration; correct that, and \
                     run: {RESTART}"
                );
                refused.insert(port, reason);
            }
            (Err(refusal), _) => drop(refused.insert(port, refusal.on(bay))),
        }
    }
    Found { cameras, refused }
}

#[cfg(test)]
mod tests {
    use camdock_test_support::sysfs::{self, FakeSysfs};

    use super::admit::tests::{STORAGE, device, profiles};
    use super::*;
    use crate::dock::contents::{BayContents, changes};

    fn bay() -> BayName {
        BayName::new("1").unwrap()
    }

    fn plugged(device: UsbDevice, authorized: Authorized) -> Plugged {
        Plugged { device, authorized, release_of_usb: 0x0200, super_speed: SuperSpeed::No }
    }

    /// What is told about a bay in which, look by look, this is found.
    fn told(looks: &[Vec<Plugged>]) -> Vec<BayEvent> {
        let mut before = BayContents::empty(bay());
        let mut told = Vec::new();
        for found in looks {
            let now = before.then(sorted_out(&bay(), found.clone(), &profiles()));
            told.extend(changes(&before, &now));
            before = now;
        }
        told
    }

    fn addressed(address: u16) -> Plugged {
        plugged(UsbDevice { address, ..device(&[STORAGE]) }, Authorized::Yes)
    }

    fn words(events: &[BayEvent]) -> Vec<String> {
        let word = |event: &BayEvent| match event {
            BayEvent::Docked { location: Location::Usb { device, .. }, .. } => format!("docked {}", device.address),
            BayEvent::Removed { location: Location::Usb { device, .. }, .. } => format!("removed {}", device.address),
            BayEvent::Refused { reasons, .. } => reasons.join(" "),
            other => format!("{other:?}"),
        };
        events.iter().map(word).collect()
    }

    #[test]
    fn what_stays_is_told_once_with_the_profiles_it_may_be_of() {
        let events = told(&[vec![addressed(4)], vec![addressed(4)]]);
        let [BayEvent::Docked { location: Location::Usb { profiles, .. }, .. }] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(profiles.iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>(), ["bodycam", "generic"]);
    }

    #[test]
    fn another_address_in_the_same_port_is_another_visit() {
        let events = told(&[vec![addressed(4)], vec![addressed(5)], vec![]]);
        assert_eq!(words(&events), ["docked 4", "removed 4", "docked 5", "removed 5"]);
    }

    #[test]
    fn a_camera_that_the_kernel_keeps_out_is_not_docked() {
        let kept_out = plugged(device(&[STORAGE]), Authorized::No);
        let events = words(&told(&[vec![kept_out], vec![addressed(4)]]));
        for part in ["Take it out and put it in again", "`camdock check` tells", "run: systemctl restart camdock"] {
            assert!(events[0].contains(part), "{events:?}");
        }
        assert_eq!(events[1], "docked 4");
    }

    #[tokio::test(start_paused = true)]
    async fn a_camera_counts_as_kept_out_only_when_the_gate_had_its_time() {
        let machine = FakeSysfs::new();
        let mut lookout = Lookout {
            sysfs: Sysfs::at(machine.root()),
            bay: bay(),
            port: "1-1".parse().unwrap(),
            profiles: profiles().into(),
            kept_out: BTreeMap::new(),
            is_decided: |_| true,
            trouble: None,
            listens: Arc::default(),
        };
        machine.plug("1-1", "Cam", &[sysfs::STORAGE]);
        machine.set("1-1", "authorized", "0");
        let early = lookout.look();
        assert_eq!((early.cameras.len(), early.refused.len()), (0, 0), "{early:?}");
        tokio::time::advance(ADMISSION_TAKES).await;
        assert_eq!(lookout.look().refused.len(), 1, "the gate had its time");
        machine.set("1-1", "authorized", "1");
        assert_eq!(lookout.look().cameras.len(), 1, "the gate let it in");
        machine.set("1-1", "authorized", "0");
        assert_eq!(lookout.look().refused.len(), 0, "the gate has its time again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_camera_is_not_called_kept_out_while_the_gate_is_merely_slow() {
        let machine = FakeSysfs::new();
        let mut lookout = Lookout {
            sysfs: Sysfs::at(machine.root()),
            bay: bay(),
            port: "1-1".parse().unwrap(),
            profiles: profiles().into(),
            kept_out: BTreeMap::new(),
            is_decided: |_| false,
            trouble: None,
            listens: Arc::default(),
        };
        machine.plug("1-1", "Cam", &[sysfs::STORAGE]);
        machine.set("1-1", "authorized", "0");
        lookout.look();
        tokio::time::advance(ADMISSION_TAKES * 2).await;
        assert_eq!(lookout.look().refused.len(), 0, "it may yet be let in");
        tokio::time::advance(GATE_IS_SLOW).await;
        let refused = lookout.look().refused;
        let said: Vec<_> = refused.values().collect();
        assert!(
            matches!(said.as_slice(), [said] if said.contains("is not decided yet") && !said.contains("kept out")),
            "{said:?}"
        );
        lookout.is_decided = |_| true;
        assert!(lookout.look().refused.values().all(|reason| reason.contains("was kept out")));
        machine.set("1-1", "authorized", "1");
        assert_eq!(lookout.look().cameras.len(), 1);
    }

    #[test]
    fn what_is_plugged_into_the_other_half_of_the_socket_waits() {
        let other = UsbDevice { port: "2-1".parse().unwrap(), address: 9, ..device(&[STORAGE]) };
        let events = words(&told(&[vec![addressed(4)], vec![addressed(4), plugged(other, Authorized::Yes)]]));
        assert_eq!(events[0], "docked 4");
        assert!(events[1].contains("bay 1 already holds") && events[1].ends_with("take that out first"), "{events:?}");
    }
}
