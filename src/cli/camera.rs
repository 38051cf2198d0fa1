//! `camdock camera probe`: what a device says of itself, which profiles it fits, and a profile to start from. Needs no
//! daemon and no privileges; nothing is sent to the device.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use camdock::config::{Admission, PROFILE_EXAMPLE};
use camdock::dock::usb::{Authorized, Plugged, Sysfs, admit};
use camdock::domain::{BayName, UsbDevice, UsbPort};
use clap::Subcommand;

use super::{Outcome, bays};

#[derive(Debug, Subcommand)]
pub(super) enum Camera {
    /// Show what a plugged-in device says of itself, which profiles it fits, and a profile to start from
    ///
    /// Ends with exit code 3 if no profile allows it.
    Probe(Args),
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A bay's name, or a USB port such as 1-1.4
    #[arg(value_name = "BAY|PORT")]
    place: String,
    /// Where to look for devices
    #[arg(long, hide = true, default_value = "/sys")]
    sysfs: PathBuf,
}

pub(super) fn run(config: &Path, what: &Camera) -> anyhow::Result<Outcome> {
    let Camera::Probe(args) = what;
    let sysfs = Sysfs::at(&args.sysfs);
    let (admission, trouble) = bays::known(config);
    if let Some(trouble) = trouble {
        writeln!(std::io::stderr(), "{trouble}")?;
    }
    let bay = admission.bays.iter().find(|(name, _)| name.as_str() == args.place);
    let port: UsbPort = match bay {
        Some((_, port)) => port.clone(),
        None => args.place.parse().with_context(|| {
            format!("there is no bay {:?} on a USB port; `camdock bays` shows bays and ports", args.place)
        })?,
    };
    let mut found = Vec::new();
    for port in sysfs.socket(&port) {
        found.extend(sysfs.plugged(&port)?);
    }
    if found.is_empty() {
        bail!("nothing is plugged into port {port}; `camdock bays` shows what is plugged in where");
    }
    let name = BayName::new(&args.place).or_else(|_| BayName::new(port.as_str()))?;
    let (text, known) = found.iter().fold((String::new(), true), |(text, known), plugged| {
        let (more, fits) = probed(plugged, &name, &admission);
        (text + &more, known && fits)
    });
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(if known { Outcome::Fine } else { Outcome::NeedsPerson })
}

fn probed(plugged: &Plugged, place: &BayName, admission: &Admission) -> (String, bool) {
    let Plugged { device, authorized, release_of_usb, .. } = plugged;
    let mut text = String::new();
    let release = |number: u16| format!("{:x}.{:02x}", number >> 8, number & 0xff);
    let said = |text: &Option<String>| text.as_ref().map_or_else(|| "(none)".to_owned(), |text| format!("{text:?}"));
    let kept = match authorized {
        Authorized::Yes => "yes",
        Authorized::No => "no: the gate or the kernel keeps it out",
    };
    let _ = writeln!(text, "port          {}, address {}", device.port, device.address);
    let _ = writeln!(text, "vendor        {:04x}", device.id.vendor);
    let _ = writeln!(text, "product       {:04x}, release {}", device.id.product, release(device.release));
    let _ = writeln!(text, "manufacturer  {}", said(&device.manufacturer));
    let _ = writeln!(text, "called        {}", said(&device.product));
    let _ = writeln!(text, "serial        {}", said(&device.serial));
    let _ = writeln!(text, "USB           {}, at {}", release(*release_of_usb), device.speed);
    let _ = writeln!(text, "usable        {kept}");
    for interface in &device.interfaces {
        let _ = writeln!(text, "interface     {interface}");
    }
    let _ = writeln!(text);
    for profile in admission.profiles.iter() {
        let verdict = if profile.matches(device) {
            "fits".to_owned()
        } else if profile.matches.describes(device) {
            "no: it has other interfaces than this kind of camera".to_owned()
        } else {
            "no: its ids or texts are others".to_owned()
        };
        let _ = writeln!(text, "profile {:<24} {verdict}", profile.name);
    }
    let admitted = admit(device, &admission.profiles);
    if let Err(refusal) = &admitted {
        let _ = writeln!(text, "{}", refusal.on(place));
    }
    let _ =
        write!(text, "\nA profile to start from, for /etc/camdock/profiles.d/NAME.toml:\n\n{}", profile_for(device));
    (text, admitted.is_ok())
}

/// The example, filled in with what the device says.
fn profile_for(device: &UsbDevice) -> String {
    let wanted =
        |text: &Option<String>| text.as_ref().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    // Anything odd in a device's text is left to the pattern's wildcard, so that the profile is TOML whatever it says.
    let pattern = |text: String| {
        let plain = |c: char| if c.is_ascii_alphanumeric() || " -_.,()+/".contains(c) { c } else { '?' };
        text.chars().map(plain).collect::<String>()
    };
    let (manufacturer, product) = (wanted(&device.manufacturer).map(pattern), wanted(&device.product).map(pattern));
    let title = product.clone().unwrap_or_else(|| device.id.to_string());
    let mut lines: String = PROFILE_EXAMPLE
        .lines()
        .map(|line| match line {
            _ if line.starts_with("title = ") => format!("title = \"{title}\"\n"),
            _ if line.starts_with("usb = ") => format!("usb = [\"{}\"]\n", device.id),
            _ if line.starts_with("#manufacturer = ") => filled("manufacturer", manufacturer.as_deref(), line),
            _ if line.starts_with("#product = ") => filled("product", product.as_deref(), line),
            _ => format!("{line}\n"),
        })
        .collect();
    if wanted(&device.serial).is_none() {
        lines = lines.replace("serial = \"usb\"\n", "# This device has no serial string.\nserial = \"label\"\n");
    }
    lines
}

fn filled(key: &str, value: Option<&str>, as_it_was: &str) -> String {
    value.map_or_else(|| format!("{as_it_was}\n"), |value| format!("{key} = \"{value}\"\n"))
}
