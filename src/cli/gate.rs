//! `camdock gate`: what udev asks before it lets a USB device be used. Not for people, so not in the help.
//!
//! udev runs it as root for every USB device (`packaging/udev/60-camdock.rules`, `docs/decisions/0013-gate.md`) and takes
//! what it prints as properties of the device:
//!
//! | property | meaning |
//! |---|---|
//! | `CAMDOCK_GATE=guard` | a bus with bays: let no new device be used unasked |
//! | `CAMDOCK_GATE=open`, `CAMDOCK_BAY=3` | in a bay, and may be a camera |
//! | `CAMDOCK_GATE=closed`, `CAMDOCK_BAY=3` | in a bay, and is none |
//! | `CAMDOCK_GATE=elsewhere` | on a guarded bus, in no bay |
//! | `CAMDOCK_GATE=none` | no business of camdock's, or no longer |
//!
//! It never prints what a device says of itself. It fails, and prints nothing, when it cannot tell, also if there is no
//! configuration at all; then everything stays as it is: on a guarded bus a new device is kept out. What is wrong with the
//! configuration goes to the standard error, which udev logs when it is told to (`udevadm control --log-level=debug`).

use std::io::Write as _;
use std::path::{Path, PathBuf};

use camdock::config::Admission;
use camdock::dock::usb::{Sysfs, Verdict, gate};

use super::Outcome;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The device's name below /sys/bus/usb/devices
    device: String,
    /// Where to look for devices
    #[arg(long, hide = true, default_value = "/sys")]
    sysfs: PathBuf,
}

pub(super) fn run(config: &Path, args: &Args) -> anyhow::Result<Outcome> {
    let Admission { bays, profiles, broken_profiles, errors } = Admission::read(config)?;
    if let Some(errors) = errors {
        writeln!(std::io::stderr(), "{errors}")?;
    }
    for broken in broken_profiles {
        writeln!(std::io::stderr(), "{broken}")?;
    }
    let (word, bay) = match gate(&Sysfs::at(&args.sysfs), &args.device, &bays, &profiles)? {
        Verdict::Guard => ("guard", None),
        Verdict::Open(bay) => ("open", Some(bay)),
        Verdict::Closed(bay) => ("closed", Some(bay)),
        Verdict::Elsewhere => ("elsewhere", None),
        Verdict::NotOurs => ("none", None),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "CAMDOCK_GATE={word}")?;
    if let Some(bay) = bay {
        writeln!(out, "CAMDOCK_BAY={bay}")?;
    }
    Ok(Outcome::Fine)
}
