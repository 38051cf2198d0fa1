//! `camdock bays`: every USB socket, what sits in it, and which bay it is. Needs no daemon and no privileges.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use camdock::config::{Admission, AdmissionError};
use camdock::dock::usb::{Authorized, Plugged, RESTART, Socket, SuperSpeed, Sysfs, admit, sockets};
use camdock::domain::{BayName, Transport, UsbPort};
use serde::Serialize;

use super::Outcome;

/// How often `--watch` looks: sooner than a hand can reach for the next camera.
const AGAIN: Duration = Duration::from_millis(300);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print a document for scripts
    #[arg(long, conflicts_with = "watch")]
    json: bool,
    /// Go on and print what changes, until interrupted: plug one camera after another in to see which port is which
    #[arg(long)]
    watch: bool,
    /// Where to look for devices
    #[arg(long, hide = true, default_value = "/sys")]
    sysfs: PathBuf,
}

/// A socket as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Shown {
    port: UsbPort,
    /// The same socket's path at the other speed.
    #[serde(skip_serializing_if = "Option::is_none")]
    companion: Option<UsbPort>,
    bay: Option<BayName>,
    state: State,
    device: Option<Device>,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Empty,
    /// Some profile allows it.
    Camera,
    Hub,
    /// A drive, but none that a profile allows.
    Storage,
    /// No profile could allow it.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Device {
    id: String,
    release: String,
    manufacturer: Option<String>,
    product: Option<String>,
    serial: Option<String>,
    speed: String,
    interfaces: Vec<String>,
}

pub(super) async fn run(config: &Path, args: &Args) -> anyhow::Result<Outcome> {
    let sysfs = Sysfs::at(&args.sysfs);
    let (mut admission, trouble) = known(config);
    if let Some(trouble) = trouble {
        writeln!(std::io::stderr(), "{trouble}")?;
    }
    let mut shown = show(&sockets(&sysfs)?, &admission);
    if args.json {
        writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&serde_json::json!({ "ports": shown }))?)?;
        return Ok(Outcome::Fine);
    }
    let mut names = Names::default();
    print(shown.iter(), &mut names, &admission)?;
    if !args.watch {
        return Ok(Outcome::Fine);
    }
    loop {
        tokio::time::sleep(AGAIN).await;
        // A bay that was written into the configuration meanwhile should show.
        admission = known(config).0;
        let now = show(&sockets(&sysfs)?, &admission);
        print(now.iter().filter(|socket| !shown.contains(socket)), &mut names, &admission)?;
        shown = now;
    }
}

/// What is configured, and what is wrong with that; a machine is mapped before it is configured, and by whoever may not
/// read the configuration.
pub(super) fn known(config: &Path) -> (Admission, Option<String>) {
    match Admission::read(config) {
        Ok(admission) => {
            let trouble = admission.errors.is_some() || !admission.broken_profiles.is_empty();
            let note =
                "camdock: there are mistakes in the configuration, so this is not all; `camdock check` shows them";
            (admission, trouble.then(|| note.to_owned()))
        }
        Err(AdmissionError::Absent(_)) => (Admission::shipped(), None),
        Err(AdmissionError::Unreadable(errors)) => {
            let note =
                format!("camdock: {errors}\ncamdock: so only the profiles that came with it are known, and no bay");
            (Admission::shipped(), Some(note))
        }
    }
}

fn show(all: &[Socket], admission: &Admission) -> Vec<Shown> {
    all.iter().map(|socket| one(socket, admission)).collect()
}

fn one(socket: &Socket, admission: &Admission) -> Shown {
    let bay = admission.bays.iter().find(|(_, port)| socket.has(port)).map(|(name, _)| name.clone());
    let (state, message) = match socket.plugged.first() {
        None => (State::Empty, String::new()),
        Some(plugged) => judged(socket, plugged, bay.as_ref(), admission),
    };
    Shown {
        port: socket.port.clone(),
        companion: socket.companion.clone(),
        bay,
        state,
        device: socket.plugged.first().map(described),
        message,
    }
}

fn judged(socket: &Socket, plugged: &Plugged, bay: Option<&BayName>, admission: &Admission) -> (State, String) {
    let Plugged { device, authorized, .. } = plugged;
    let hub = device.interfaces.iter().any(|interface| interface.is_hub());
    let kind = if hub {
        State::Hub
    } else if Transport::MassStorage.fits(device) {
        State::Storage
    } else {
        State::Other
    };
    let mut notes = Vec::new();
    let state = match (admit(device, &admission.profiles), bay) {
        (Ok(profiles), _) => {
            let names: Vec<_> = profiles.iter().map(|profile| profile.name.as_str()).collect();
            notes.push(format!("may be: {}", names.join(", ")));
            if *authorized == Authorized::No {
                notes.push(format!(
                    "kept out when it was plugged in: take it out and put it in again, or run: {RESTART}"
                ));
            }
            State::Camera
        }
        (Err(refusal), Some(bay)) => {
            notes.push(refusal.on(bay));
            kind
        }
        (Err(_), None) => {
            notes.extend((kind == State::Storage).then(|| "a drive that no profile knows".to_owned()));
            kind
        }
    };
    notes.extend(match socket.could_be_faster() {
        SuperSpeed::Yes => Some("USB 2 speed on a USB 3 port: a slow cable or plug".to_owned()),
        SuperSpeed::Unknown => {
            Some("USB 2 speed on a USB 3 port: if it is made for USB 3, the cable or plug is slow".to_owned())
        }
        SuperSpeed::No => None,
    });
    (state, notes.join("; "))
}

fn described(plugged: &Plugged) -> Device {
    let device = &plugged.device;
    Device {
        id: device.id.to_string(),
        release: format!("{:x}.{:02x}", device.release >> 8, device.release & 0xff),
        manufacturer: device.manufacturer.clone(),
        product: device.product.clone(),
        serial: device.serial.clone(),
        speed: device.speed.to_string(),
        interfaces: device.interfaces.iter().map(ToString::to_string).collect(),
    }
}

/// Each socket is a line of TOML, so that it can be copied from any of them; where a camera is plugged in that is in no bay
/// yet, the whole entry follows.
fn print<'s>(
    sockets: impl Iterator<Item = &'s Shown>,
    names: &mut Names,
    admission: &Admission,
) -> std::io::Result<()> {
    let mut text = String::new();
    for socket in sockets {
        let bay = socket.bay.as_ref().map_or_else(|| "-".to_owned(), |bay| format!("bay {bay}"));
        let companion = socket.companion.as_ref().map_or_else(String::new, |port| format!("= {port}"));
        let what = match (&socket.device, socket.state) {
            (None, _) => "empty".to_owned(),
            (Some(device), state) => {
                let names = [&device.manufacturer, &device.product].into_iter().flatten();
                let names: String = names.fold(String::new(), |line, name| {
                    line + &format!(" {:?}", name.trim().chars().take(40).collect::<String>())
                });
                let kind = if state == State::Hub { "hub " } else { "" };
                format!("{kind}{}{names}, {}", device.id, device.speed)
            }
        };
        let message = if socket.message.is_empty() { String::new() } else { format!("; {}", socket.message) };
        let port = format!("port = \"{}\"", socket.port);
        let _ = writeln!(text, "{port:<18} # {companion:<8} {bay:<8} {what}{message}");
        if socket.bay.is_none() && matches!(socket.state, State::Camera | State::Storage) {
            let name = names.of(&socket.port, admission);
            let _ = writeln!(text, "    [[bay]]\n    name = \"{name}\"\n    {port}");
        }
    }
    std::io::stdout().write_all(text.as_bytes())
}

/// Names for bays that are not written yet: numbers, each for one port.
#[derive(Debug, Default)]
struct Names {
    given: BTreeMap<UsbPort, u32>,
}

impl Names {
    fn of(&mut self, port: &UsbPort, admission: &Admission) -> u32 {
        let written = admission.bays.iter().filter_map(|(name, _)| name.as_str().parse::<u32>().ok());
        let last = written.chain(self.given.values().copied()).max().unwrap_or(0);
        *self.given.entry(port.clone()).or_insert_with(|| last.saturating_add(1))
    }
}
