//! Lines of a GPIO chip, through the kernel's character device. They are camdock's while it runs, and nobody else's; what they
//! are at afterwards is the chip's choice.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gpiocdev::Request;
use gpiocdev::line::{Value, Values};

use super::LedError;
use super::blink::{Blinker, Lit};
use crate::domain::{Colours, LedName, Level, Rhythm};

/// Where the kernel shows its GPIO chips.
const DEVICES: &str = "/dev";
/// What the kernel calls whoever has the lines.
const CONSUMER: &str = "camdock";

/// The lines of one lamp.
pub(super) struct Lines {
    chip: PathBuf,
    all: Vec<u32>,
    level: Level,
    shown: Option<Shown>,
}

/// Which of them are lit, and how.
struct Shown {
    request: Arc<Request>,
    lit: Vec<u32>,
    rhythm: Rhythm,
    blinker: Option<Blinker>,
}

impl Lines {
    pub(super) fn new(chip: &LedName, lines: &Colours<u32>, level: Level) -> Self {
        let chip = Path::new(DEVICES).join(chip.as_str());
        Self { chip, all: lines.all().copied().collect(), level, shown: None }
    }

    /// Has some of them lit, and the others dark, unless they are.
    pub(super) fn show(&mut self, lit: Vec<u32>, rhythm: &Rhythm) -> Result<(), LedError> {
        if self.shown.as_ref().is_some_and(|shown| shown.is(&lit, rhythm)) {
            return Ok(());
        }
        // Whoever blinked them stops first.
        let before = self.shown.take().map(|shown| Arc::clone(&shown.request));
        let request = match before {
            Some(request) if answers(&request) => request,
            _ => Arc::new(self.request()?),
        };
        let first = if *rhythm == Rhythm::Dark { Lit::Off } else { Lit::On };
        switch(&request, &self.all, &lit, first).map_err(|error| self.error(&error))?;
        let blinker = match rhythm {
            Rhythm::Blinking(beats) => {
                let (request, all, lit) = (Arc::clone(&request), self.all.clone(), lit.clone());
                Some(Blinker::start(beats.clone(), move |now| switch(&request, &all, &lit, now).is_ok()))
            }
            Rhythm::Dark | Rhythm::Steady => None,
        };
        self.shown = Some(Shown { request, lit, rhythm: rhythm.clone(), blinker });
        Ok(())
    }

    /// Takes them for camdock, all dark.
    fn request(&self) -> Result<Request, LedError> {
        if !self.chip.exists() {
            return Err(LedError::Missing(self.chip.clone()));
        }
        let mut wanted = Request::builder();
        wanted.on_chip(&self.chip).with_consumer(CONSUMER).with_lines(&self.all).as_output(Value::Inactive);
        if self.level == Level::Low {
            wanted.as_active_low();
        }
        wanted.request().map_err(|error| self.error(&error))
    }

    fn error(&self, error: &gpiocdev::Error) -> LedError {
        LedError::Lines { chip: self.chip.clone(), lines: self.all.clone(), error: error.to_string() }
    }
}

impl Shown {
    fn is(&self, lit: &[u32], rhythm: &Rhythm) -> bool {
        self.lit == lit
            && self.rhythm == *rhythm
            && answers(&self.request)
            && self.blinker.as_ref().is_none_or(Blinker::goes_on)
    }
}

/// Whether the chip is still there.
fn answers(request: &Request) -> bool {
    request.values(&mut Values::default()).is_ok()
}

fn switch(request: &Request, all: &[u32], lit: &[u32], now: Lit) -> gpiocdev::Result<()> {
    let value = |line: &u32| if now == Lit::On && lit.contains(line) { Value::Active } else { Value::Inactive };
    request.set_values(&all.iter().map(|line| (*line, value(line))).collect())
}
