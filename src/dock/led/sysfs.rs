//! A LED of the kernel's LED class.
//!
//! A trigger's own files appear when it is set, as root's; the kernel tells udev of each new trigger, and udev's rule gives them
//! to camdock (`packaging/udev/61-camdock-lamps.rules`). So they are waited for.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::LedError;
use super::plan::{Ability, BLINKING, BRIGHTNESS, Look, Setting, TRIGGER, settings};
use crate::domain::LedName;

/// udev takes some milliseconds to give a trigger's files away; on a busy machine, longer.
const GIVEN_AFTER: Duration = Duration::from_millis(20);
const GIVEN_AT_MOST: u32 = 150;

/// One LED.
pub(super) struct Led {
    folder: PathBuf,
    kept: Option<Kept>,
}

/// What was written, and what its files said then: a driver may round what it is told.
struct Kept {
    wanted: Vec<Setting>,
    said: Vec<String>,
}

impl Led {
    pub(super) fn new(class: &Path, name: &LedName) -> Self {
        Self { folder: class.join(name.as_str()), kept: None }
    }

    /// Has it show this, unless it does.
    pub(super) fn set(&mut self, look: &Look<'_>) -> Result<(), LedError> {
        let able = self.ability(look)?;
        let wanted = settings(*look, &able)
            .ok_or_else(|| LedError::NoColours { led: self.folder.clone(), colours: able.mixes.join(" ") })?;
        let shows = |kept: &Kept| kept.wanted == wanted && self.said(&wanted).is_ok_and(|said| said == kept.said);
        if self.kept.as_ref().is_some_and(shows) {
            return Ok(());
        }
        self.kept = None;
        for setting in &wanted {
            self.write(setting)?;
        }
        let said = self.said(&wanted)?;
        self.kept = Some(Kept { wanted, said });
        Ok(())
    }

    fn ability(&self, look: &Look<'_>) -> Result<Ability, LedError> {
        if !self.folder.exists() {
            return Err(LedError::Missing(self.folder.clone()));
        }
        let brightest = self.read("max_brightness")?;
        let brightest = brightest.parse().map_err(|_| self.error("max_brightness", "made out", odd(&brightest)))?;
        let mixes = match look.mixed {
            None => Vec::new(),
            Some(_) => match self.read("multi_index") {
                Ok(colours) => colours.split_whitespace().map(str::to_owned).collect(),
                Err(LedError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Vec::new(),
                Err(error) => return Err(error),
            },
        };
        Ok(Ability { brightest, mixes })
    }

    /// What the files of these settings say now.
    fn said(&self, settings: &[Setting]) -> Result<Vec<String>, LedError> {
        settings.iter().map(|setting| self.read(setting.file)).collect()
    }

    /// What one of its files says. Of triggers it names all, and marks the one that is set.
    fn read(&self, file: &'static str) -> Result<String, LedError> {
        let text = fs::read_to_string(self.folder.join(file)).map_err(|source| self.error(file, "read", source))?;
        let marked = || Some(text.split_once('[')?.1.split_once(']')?.0.to_owned());
        Ok(if file == TRIGGER { marked() } else { None }.unwrap_or_else(|| text.trim().to_owned()))
    }

    /// Writes one of its files, unless it says so already: what is written again begins anew.
    fn write(&self, setting: &Setting) -> Result<(), LedError> {
        let mut tries = 0;
        loop {
            let written = match self.read(setting.file) {
                Ok(said) if said == setting.value => return Ok(()),
                _ => write(&self.folder.join(setting.file), &setting.value),
            };
            let Err(source) = written else { return Ok(()) };
            match source.kind() {
                io::ErrorKind::InvalidInput if setting.file == TRIGGER => {
                    let unknown = BLINKING.into_iter().find(|known| *known == setting.value);
                    return Err(unknown.map_or_else(|| self.error(TRIGGER, "written", source), LedError::NoTrigger));
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound if tries < GIVEN_AT_MOST => tries += 1,
                _ => return Err(self.error(setting.file, "written", source)),
            }
            if !self.folder.exists() {
                return Err(LedError::Missing(self.folder.clone()));
            }
            sleep_a_little();
        }
    }

    fn error(&self, file: &str, action: &'static str, source: io::Error) -> LedError {
        LedError::Io { path: self.folder.join(file), action, source }
    }
}

/// Makes it dark. The kernel takes any trigger away from a LED that is written dark.
pub(super) fn darken(class: &Path, name: &LedName) -> Result<(), LedError> {
    let path = class.join(name.as_str()).join(BRIGHTNESS);
    write(&path, "0").map_err(|source| LedError::Io { path, action: "written", source })
}

#[expect(clippy::disallowed_methods, reason = "an adapter that blocks by design; nobody waits for it on a runtime")]
fn sleep_a_little() {
    sleep(GIVEN_AFTER);
}

/// Nothing is made that is not there.
fn write(path: &Path, value: &str) -> io::Result<()> {
    OpenOptions::new().write(true).truncate(true).open(path)?.write_all(value.as_bytes())
}

fn odd(said: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it says {said:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Beats, Rhythm};

    #[test]
    fn a_driver_that_rounds_what_it_is_told_is_not_told_again_and_again() {
        let class = tempfile::tempdir().unwrap();
        let file = |name: &str| class.path().join("a").join(name);
        fs::create_dir(class.path().join("a")).unwrap();
        let files = [("max_brightness", "1"), ("trigger", "[timer]"), ("delay_on", "1004"), ("delay_off", "1000")];
        for (name, text) in files {
            fs::write(file(name), text).unwrap();
        }
        let rhythm = Rhythm::Blinking(Beats::new(&[1000, 1000]).unwrap());
        let look = Look { rhythm: &rhythm, mixed: None };
        let mut led = Led::new(class.path(), &LedName::new("a").unwrap());
        let wanted = settings(look, &led.ability(&look).unwrap()).unwrap();
        led.kept = Some(Kept { said: led.said(&wanted).unwrap(), wanted });
        led.set(&look).unwrap();
        assert_eq!(fs::read_to_string(file("delay_on")).unwrap(), "1004", "that is what it made of 1000");
        fs::write(file("delay_on"), "500").unwrap();
        led.set(&look).unwrap();
        assert_eq!(fs::read_to_string(file("delay_on")).unwrap(), "1000", "that was somebody else");
    }
}
