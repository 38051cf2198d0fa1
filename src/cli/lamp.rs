//! `camdock lamp`: what udev and systemd ask about lamps. Not for people, so not in the help.
//!
//! `mine` tells udev, for each LED of this machine, whether it is part of a lamp (`packaging/udev/61-camdock-lamps.rules`); it
//! prints a property of the device, `CAMDOCK_LAMP=yes` or `no`, and fails where it cannot tell, also if there is no
//! configuration. Then everything stays as it is.
//!
//! `dark` is what systemd runs when the service has ended, however it did: with nobody behind it, a lamp says nothing.

use std::io::Write as _;
use std::path::Path;

use camdock::config::Config;
use camdock::daemon::lights_out;
use clap::Subcommand;

use super::Outcome;

#[derive(Debug, Subcommand)]
pub(super) enum Lamp {
    /// Tell whether a LED is part of a lamp
    Mine {
        /// Its name below /sys/class/leds
        led: String,
    },
    /// Make all lamps dark
    Dark,
}

pub(super) fn run(config: &Path, what: &Lamp) -> anyhow::Result<Outcome> {
    let leds = Config::leds(config)?;
    match what {
        Lamp::Mine { led } => {
            let word = if leds.iter().any(|mine| mine.as_str() == led) { "yes" } else { "no" };
            writeln!(std::io::stdout(), "CAMDOCK_LAMP={word}")?;
        }
        Lamp::Dark => lights_out(&leds)?,
    }
    Ok(Outcome::Fine)
}
