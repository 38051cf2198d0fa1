//! `camdock bays`: every USB socket, what sits in it, and which bay it is. Needs no daemon and no privileges.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use camdock::config::{Admission, AdmissionError};
use camdock::dock::usb::{Authorized, Plugged, Socket, SuperSpeed, Sysfs, admit, sockets};
use camdock::domain::{BayName, UsbPort};
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
    /// Nothing that would be touched in a bay.
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
    print(shown.iter(), &admission)?;
    if !args.watch {
        return Ok(Outcome::Fine);
    }
    loop {
        tokio::time::sleep(AGAIN).await;
        // A bay that was written into the configuration meanwhile should show.
        admission = known(config).0;
        let now = show(&sockets(&sysfs)?, &admission);
        print(now.iter().filter(|socket| !shown.contains(socket)), &admission)?;
        shown = now;
    }
}

/// What is configured, and what is wrong with that; a machine is mapped before it is configured, and by whoever may not
/// read the configuration.
pub(super) fn known(config: &Path) -> (Admission, Option<String>) {
    match Admission::read(config) {
        Ok(admission) => {
            let trouble = admission.errors.is_some();
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
    let (state, mut message) = match (admit(device, &admission.profiles), bay) {
        (Ok(profiles), _) => {
            let names: Vec<_> = profiles.iter().map(|profile| profile.name.as_str()).collect();
            (State::Camera, format!("may be: {}", names.join(", ")))
        }
        (Err(refusal), Some(bay)) => (if hub { State::Hub } else { State::Other }, refusal.on(bay)),
        (Err(_), None) if hub => (State::Hub, String::new()),
        (Err(_), None) => (State::Other, "no camera that a profile knows".to_owned()),
    };
    if state == State::Camera && *authorized == Authorized::No {
        message +=
            "; kept out when it was plugged in: take it out and put it in again, or run: systemctl restart camdock";
    }
    message += match socket.could_be_faster() {
        SuperSpeed::Yes => "; USB 2 speed on a USB 3 port: a slow cable or plug",
        SuperSpeed::Unknown => "; USB 2 speed on a USB 3 port: if it is made for USB 3, the cable or plug is slow",
        SuperSpeed::No => "",
    };
    (state, message)
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

fn print<'s>(sockets: impl Iterator<Item = &'s Shown>, admission: &Admission) -> std::io::Result<()> {
    let mut text = String::new();
    for socket in sockets {
        let bay = socket.bay.as_ref().map_or_else(|| "-".to_owned(), |bay| format!("bay {bay}"));
        let companion = socket.companion.as_ref().map_or_else(String::new, |port| format!(" = {port}"));
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
        let port = format!("{}{companion}", socket.port);
        let _ = writeln!(text, "{port:<18} {bay:<10} {what}{message}");
        if socket.bay.is_none() && matches!(socket.state, State::Camera | State::Other) {
            let (next, port) = (next_name(admission), &socket.port);
            let _ = writeln!(text, "    [[bay]]\n    name = \"{next}\"\n    port = \"{port}\"");
        }
    }
    std::io::stdout().write_all(text.as_bytes())
}

/// A name for one more bay: the next number.
fn next_name(admission: &Admission) -> u32 {
    let numbers = admission.bays.iter().filter_map(|(name, _)| name.as_str().parse::<u32>().ok());
    numbers.max().map_or(1, |last| last.saturating_add(1))
}
