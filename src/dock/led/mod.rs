//! Lamps: LEDs of the kernel's LED class, and lines of GPIO chips.
//!
//! Promises: [`plan`] alone decides what is written, the rest carries it out. A LED blinks by itself once it was told to, by the
//! kernel's own triggers; only lines are switched by this process, and only while they blink. What shows already is not written
//! again. No light is lit before those are dark that would say something else. A part of a lamp that fails keeps no other from
//! being set. Everything here may block for as long as the hardware likes; whoever calls waits elsewhere.

mod blink;
mod lines;
mod plan;
mod sysfs;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::{Lamp, LedName, Rhythms, Signal};

use lines::Lines;
use sysfs::Led;

/// Where the kernel shows its LEDs.
pub const LED_CLASS: &str = "/sys/class/leds";

/// Why a lamp does not show what it should.
#[derive(Debug, thiserror::Error)]
pub enum LedError {
    /// It is not there.
    #[error("there is no {}. See that its driver is loaded, and that it is spelt as `ls {}` shows it", .0.display(), folder(.0))]
    Missing(PathBuf),
    /// The kernel does not know how to blink it.
    #[error("the kernel has no LED trigger \"{0}\". Load it: modprobe ledtrig-{0}")]
    NoTrigger(&'static str),
    /// It should mix colours, and has not those that are needed.
    #[error(
        "{} mixes no red and green (it has: {colours}). Write lamp = \"…\" for a LED of one colour", led.display()
    )]
    NoColours {
        /// Which.
        led: PathBuf,
        /// What it has.
        colours: String,
    },
    /// It cannot be read or written.
    #[error(
        "{} cannot be {action}: {source}. camdock's user needs to write it; udev's rule gives it, and \
         `systemctl restart camdock` has udev look again", path.display()
    )]
    Io {
        /// What it was.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// A line of a GPIO chip cannot be used.
    #[error("lines {lines:?} of {} cannot be used: {error}", chip.display())]
    Lines {
        /// The chip.
        chip: PathBuf,
        /// The lines.
        lines: Vec<u32>,
        /// The library's words.
        error: String,
    },
}

impl LedError {
    /// Whether the hardware is not there at all.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing(_))
    }
}

fn folder(path: &Path) -> std::path::Display<'_> {
    path.parent().unwrap_or(path).display()
}

/// A lamp, and what it shows.
pub struct Light {
    lamp: Lamp,
    rhythms: Arc<Rhythms>,
    leds: BTreeMap<LedName, Led>,
    lines: Option<Lines>,
}

impl Light {
    /// A lamp whose LEDs are below `class`, normally [`LED_CLASS`]. Nothing is looked at yet.
    #[must_use]
    pub fn new(lamp: Lamp, rhythms: Arc<Rhythms>, class: &Path) -> Self {
        let leds = lamp.leds().into_iter().map(|name| (name.clone(), Led::new(class, name))).collect();
        Self { lamp, rhythms, leds, lines: None }
    }

    /// Shows a signal, or nothing at all; writes only what does not show it already. May block.
    ///
    /// # Errors
    /// [`LedError`] says what of it does not show it. All that can be set is set.
    pub fn show(&mut self, signal: Option<Signal>) -> Result<(), LedError> {
        if let Lamp::Lines { chip, lines, level } = &self.lamp {
            let (lit, rhythm) = plan::lit(lines, signal, &self.rhythms);
            let switched = self.lines.get_or_insert_with(|| Lines::new(chip, lines, *level));
            return switched.show(lit, rhythm);
        }
        let mut first = Ok(());
        for (name, look) in plan::looks(&self.lamp, signal, &self.rhythms) {
            if let Some(led) = self.leds.get_mut(name) {
                first = first.and(led.set(&look));
            }
        }
        first
    }
}

/// Makes LEDs dark, whatever they show. May block.
///
/// # Errors
/// The first that cannot be made dark; the others are.
pub fn darken<'l>(leds: impl IntoIterator<Item = &'l LedName>, class: &Path) -> Result<(), LedError> {
    let mut first = Ok(());
    for led in leds {
        first = first.and(sysfs::darken(class, led));
    }
    first
}

#[cfg(test)]
mod tests;
