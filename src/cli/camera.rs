//! `camdock camera probe`: what a device says of itself, which profiles it fits, and a profile to start from. Needs no
//! daemon and no privileges; nothing is sent to the device.
//!
//! Promises: what is printed is a profile as it stands, with all else in comments; and the profile fits the device.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use camdock::config::{Admission, PROFILE_EXAMPLE};
use camdock::dock::usb::{Authorized, Plugged, RESTART, Sysfs, admit};
use camdock::domain::{BayName, Transport, UsbDevice, UsbPort};
use clap::Subcommand;

use super::{Outcome, bays, retire};

#[derive(Debug, Subcommand)]
pub(super) enum Camera {
    /// Show what a plugged-in device says of itself, which profiles it fits, and a profile to start from
    ///
    /// What is printed can be put into a file of profiles.d as it is. Ends with exit code 3 if no profile allows the device
    /// yet.
    Probe(Args),
    /// Say that a camera does not come back, so that it is not overdue: it was sold, lost, or went to another station for good
    ///
    /// Asks the running station, which writes down who said so. Nothing else changes: if the camera is docked all the same, it is
    /// served like every other, and missed again from then on; what of its evidence is unproven is told of as before.
    Retire(retire::Args),
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

pub(super) fn run(config: &Path, args: &Args) -> anyhow::Result<Outcome> {
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
    let mut text = String::new();
    for line in found.iter().flat_map(|plugged| described(plugged, &name, &admission)) {
        let _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
    // A socket holds one drive at a time: one at both its speeds is a hub.
    if let Some(camera) = found.iter().map(|plugged| &plugged.device).find(|device| Transport::MassStorage.fits(device))
    {
        let profile = profile_name(camera);
        let _ = writeln!(
            text,
            "#\n# A profile to start from, for /etc/camdock/profiles.d/{profile}.toml. Then run: {RESTART}\n"
        );
        text += &profile_for(camera);
    }
    std::io::stdout().write_all(text.as_bytes())?;
    let known = found.iter().all(|plugged| admit(&plugged.device, &admission.profiles).is_ok());
    Ok(if known { Outcome::Fine } else { Outcome::NeedsPerson })
}

/// What is plugged in and how it is judged, line by line.
fn described(plugged: &Plugged, place: &BayName, admission: &Admission) -> Vec<String> {
    let Plugged { device, authorized, release_of_usb, .. } = plugged;
    let release = |number: u16| format!("{:x}.{:02x}", number >> 8, number & 0xff);
    let said = |text: &Option<String>| text.as_ref().map_or_else(|| "(none)".to_owned(), |text| format!("{text:?}"));
    let kept = match authorized {
        Authorized::Yes => "yes",
        Authorized::No => "no: the gate or the kernel keeps it out",
    };
    let mut lines = vec![
        format!("port          {}, address {}", device.port, device.address),
        format!("vendor        {:04x}", device.id.vendor),
        format!("product       {:04x}, release {}", device.id.product, release(device.release)),
        format!("manufacturer  {}", said(&device.manufacturer)),
        format!("called        {}", said(&device.product)),
        format!("serial        {}", said(&device.serial)),
        format!("USB           {}, at {}", release(*release_of_usb), device.speed),
        format!("usable        {kept}"),
    ];
    lines.extend(device.interfaces.iter().map(|interface| format!("interface     {interface}")));
    lines.push(String::new());
    lines.extend(admission.profiles.iter().map(|profile| {
        let verdict = if profile.matches(device) {
            "fits"
        } else if profile.matches.describes(device) {
            "no: it has other interfaces than this kind of camera"
        } else {
            "no: its ids or texts are others"
        };
        format!("profile {:<24} {verdict}", profile.name)
    }));
    lines.extend(admit(device, &admission.profiles).err().map(|refusal| refusal.on(place)));
    lines
}

/// A name for a kind of camera that nobody else gives it.
fn profile_name(device: &UsbDevice) -> String {
    format!("camera-{:04x}-{:04x}", device.id.vendor, device.id.product)
}

/// The example, filled in with what the device says.
fn profile_for(device: &UsbDevice) -> String {
    let wanted =
        |text: &Option<String>| text.as_ref().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    // Anything odd in a device's text is left to the pattern's wildcard, so that the profile is TOML whatever it says.
    let pattern = |text: String| {
        let plain = |c: char| if c.is_alphanumeric() || " -_.,()+/".contains(c) { c } else { '?' };
        text.chars().map(plain).collect::<String>()
    };
    let (manufacturer, product) = (wanted(&device.manufacturer).map(pattern), wanted(&device.product).map(pattern));
    let title = product.clone().unwrap_or_else(|| device.id.to_string());
    let mut lines: String = PROFILE_EXAMPLE
        .lines()
        .map(|line| match line {
            _ if line.starts_with("name = ") => format!("name = \"{}\"\n", profile_name(device)),
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

#[cfg(test)]
mod tests {
    use camdock::domain::{UsbClass, UsbId, UsbSpeed};
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    const STORAGE: UsbClass = UsbClass { class: 8, subclass: 6, protocol: 0x50 };

    /// What a device may call itself: nothing, something proper, or anything at all.
    fn called() -> impl Strategy<Value = Option<String>> {
        option::of(prop_oneof!["[ A-Za-z0-9*?\"\\\\._-]{0,20}", "[ \t\u{fc}\u{d6}\u{6444}x]{0,8}", any::<String>()])
    }

    proptest! {
        #[test]
        fn a_printed_profile_fits_its_device(
            vendor: u16, product: u16, manufacturer in called(), called in called(), serial in called()
        ) {
            let device = UsbDevice {
                port: "1-1".parse().unwrap(),
                address: 4,
                id: UsbId { vendor, product },
                release: 0x0100,
                manufacturer,
                product: called,
                serial,
                interfaces: vec![STORAGE],
                speed: UsbSpeed::High,
            };
            let folder = tempfile::tempdir().unwrap();
            let config = folder.path().join("camdock.toml");
            std::fs::write(&config, "").unwrap();
            std::fs::create_dir(folder.path().join("profiles.d")).unwrap();
            std::fs::write(folder.path().join("profiles.d/it.toml"), profile_for(&device)).unwrap();
            let admission = Admission::read(&config).unwrap();
            prop_assert!(admission.errors.is_none(), "{}", admission.errors.unwrap());
            let fitting = admit(&device, &admission.profiles).unwrap();
            let printed = fitting.iter().find(|profile| profile.name == profile_name(&device));
            prop_assert!(printed.is_some(), "{}", profile_for(&device));
        }
    }
}
