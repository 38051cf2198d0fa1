//! Lamps on a LED class of plain files.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::domain::{Beats, Colours, Rhythm};

/// A LED class. Its files keep what is written to them, as the kernel's do; unlike there, all of them are always there.
struct Class(TempDir);

impl Class {
    fn with(leds: &[&str]) -> Self {
        let class = Self(TempDir::new().unwrap());
        fs::create_dir(class.root()).unwrap();
        for led in leds {
            class.add(led);
        }
        class
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("leds")
    }

    fn add(&self, led: &str) {
        fs::create_dir(self.root().join(led)).unwrap();
        for (file, text) in [
            ("trigger", "none [disk-activity] timer pattern \n"),
            ("brightness", "1\n"),
            ("max_brightness", "255\n"),
            ("delay_on", "500\n"),
            ("delay_off", "500\n"),
            ("pattern", ""),
        ] {
            fs::write(self.file(led, file), text).unwrap();
        }
    }

    fn remove(&self, led: &str) {
        fs::rename(self.root().join(led), self.0.path().join("gone")).unwrap();
    }

    fn file(&self, led: &str, file: &str) -> PathBuf {
        self.root().join(led).join(file)
    }

    fn says(&self, led: &str, file: &str) -> String {
        fs::read_to_string(self.file(led, file)).unwrap()
    }

    fn light(&self, lamp: Lamp) -> Light {
        Light::new(lamp, Arc::default(), &self.root())
    }
}

fn led(name: &str) -> LedName {
    LedName::new(name).unwrap()
}

fn red_and_green() -> Lamp {
    Lamp::Coloured(Colours { green: led("g"), amber: None, red: led("r") })
}

#[test]
fn a_lamp_shows_one_signal_after_another_and_goes_dark() {
    let class = Class::with(&["a"]);
    let mut light = class.light(Lamp::Single(led("a")));
    light.show(Some(Signal::Ready)).unwrap();
    assert_eq!([class.says("a", "trigger"), class.says("a", "brightness")], ["none", "255"]);
    light.show(Some(Signal::Working)).unwrap();
    let timer = ["trigger", "delay_on", "delay_off"].map(|file| class.says("a", file));
    assert_eq!(timer, ["timer", "1000", "1000"]);
    light.show(Some(Signal::Call)).unwrap();
    assert_eq!(class.says("a", "trigger"), "pattern");
    assert_eq!(class.says("a", "pattern"), "255 150 255 0 0 150 0 0 255 150 255 0 0 850 0 0");
    light.show(None).unwrap();
    assert_eq!([class.says("a", "trigger"), class.says("a", "brightness")], ["none", "0"]);
}

#[test]
fn what_shows_already_is_not_written_again_and_what_somebody_else_did_is_set_right() {
    let class = Class::with(&["a"]);
    let mut light = class.light(Lamp::Single(led("a")));
    light.show(Some(Signal::Working)).unwrap();
    let written = || fs::metadata(class.file("a", "delay_on")).unwrap().modified().unwrap();
    let before = written();
    light.show(Some(Signal::Working)).unwrap();
    assert_eq!(written(), before);
    fs::write(class.file("a", "trigger"), "[none] timer pattern\n").unwrap();
    light.show(Some(Signal::Working)).unwrap();
    assert_eq!(class.says("a", "trigger"), "timer");
}

#[test]
fn a_led_that_vanished_is_told_and_shows_the_signal_when_it_is_back() {
    let class = Class::with(&["a"]);
    let mut light = class.light(Lamp::Single(led("a")));
    light.show(Some(Signal::Ready)).unwrap();
    class.remove("a");
    let error = light.show(Some(Signal::Ready)).unwrap_err();
    assert!(error.is_missing(), "{error}");
    assert!(!class.root().join("a").exists(), "nothing is made that is not there");
    class.add("a");
    light.show(Some(Signal::Ready)).unwrap();
    assert_eq!([class.says("a", "trigger"), class.says("a", "brightness")], ["none", "255"]);
}

#[test]
fn a_dead_led_keeps_no_other_of_its_lamp_from_going_dark_or_being_lit() {
    let class = Class::with(&["g", "r"]);
    let mut light = class.light(red_and_green());
    light.show(Some(Signal::Ready)).unwrap();
    class.remove("r");
    assert!(light.show(Some(Signal::Call)).unwrap_err().is_missing());
    assert_eq!(class.says("g", "brightness"), "0", "it does not stay green");
    assert!(light.show(Some(Signal::Ready)).unwrap_err().is_missing());
    assert_eq!(class.says("g", "brightness"), "255");
}

#[test]
fn a_lamp_that_mixes_its_colours_gets_them_in_the_order_of_its_own() {
    let class = Class::with(&["m"]);
    let mut light = class.light(Lamp::Multicolour(led("m")));
    let error = light.show(Some(Signal::Working)).unwrap_err().to_string();
    assert!(error.contains("mixes no red and green"), "{error}");
    fs::write(class.file("m", "multi_index"), "green blue red\n").unwrap();
    fs::write(class.file("m", "multi_intensity"), "0 0 0\n").unwrap();
    light.show(Some(Signal::Working)).unwrap();
    assert_eq!([class.says("m", "multi_intensity"), class.says("m", "trigger")], ["128 0 255", "timer"]);
}

#[test]
fn the_files_of_a_trigger_are_waited_for() {
    let class = Class::with(&["a"]);
    fs::rename(class.file("a", "delay_on"), class.file("a", "hidden")).unwrap();
    let (from, to) = (class.file("a", "hidden"), class.file("a", "delay_on"));
    let (begun, begins) = mpsc::channel::<()>();
    #[expect(clippy::disallowed_methods, reason = "it stands for udev")]
    let udev = std::thread::spawn(move || {
        let _ = begins.recv_timeout(Duration::from_millis(200));
        fs::rename(from, to).unwrap();
    });
    class.light(Lamp::Single(led("a"))).show(Some(Signal::Working)).unwrap();
    udev.join().unwrap();
    drop(begun);
    assert_eq!(class.says("a", "delay_on"), "1000");
}

#[test]
fn what_cannot_be_written_is_named_with_what_to_do() {
    let class = Class::with(&["a"]);
    fs::rename(class.file("a", "brightness"), class.file("a", "hidden")).unwrap();
    fs::create_dir(class.file("a", "brightness")).unwrap();
    let error = class.light(Lamp::Single(led("a"))).show(Some(Signal::Ready)).unwrap_err();
    assert!(!error.is_missing());
    let told = error.to_string();
    assert!(told.contains("a/brightness cannot be written: ") && told.contains("udev's rule gives it"), "{told}");
}

#[test]
fn a_station_that_wants_it_has_other_rhythms() {
    let class = Class::with(&["a"]);
    let own = Rhythm::Blinking(Beats::new(&[100, 4000]).unwrap());
    let default = Rhythms::default();
    let of = |signal| if signal == Signal::Free { own.clone() } else { default.of(signal).clone() };
    let rhythms = Arc::new(Rhythms::new(of).unwrap());
    Light::new(Lamp::Single(led("a")), rhythms, &class.root()).show(Some(Signal::Free)).unwrap();
    assert_eq!([class.says("a", "delay_on"), class.says("a", "delay_off")], ["100", "4000"]);
}

#[test]
fn nobody_behind_a_lamp_is_no_light_and_a_missing_one_keeps_no_other_lit() {
    let class = Class::with(&["g", "r"]);
    class.light(red_and_green()).show(Some(Signal::Working)).unwrap();
    let leds = ["gone", "g", "r"].map(led);
    darken(&leds, &class.root()).unwrap_err();
    assert_eq!([class.says("g", "brightness"), class.says("r", "brightness")], ["0", "0"]);
}

#[test]
fn a_chip_that_is_not_there_is_told() {
    let lines = Colours { green: 1, amber: None, red: 2 };
    let lamp = Lamp::Lines { chip: led("gpiochip-none"), lines, level: crate::domain::Level::Low };
    let error = Light::new(lamp, Arc::default(), Path::new("/nowhere")).show(Some(Signal::Ready)).unwrap_err();
    assert!(error.is_missing(), "{error}");
    assert!(error.to_string().starts_with("there is no /dev/gpiochip-none."), "{error}");
}
