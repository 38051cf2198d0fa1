//! What is to be written where. Plain functions, and all that lamps do follows from them.
//!
//! | rhythm | trigger | besides |
//! |---|---|---|
//! | dark, steady | `none` | `brightness` |
//! | one beat, over and over | `timer` | `delay_on`, `delay_off` |
//! | several beats | `pattern` | `pattern` |
//!
//! The names are the kernel's: `Documentation/ABI/testing/sysfs-class-led{,-multicolor,-trigger-pattern}` and
//! `Documentation/leds/leds-class.rst`.

use crate::domain::{Beat, Colour, Colours, Lamp, LedName, Rhythm, Rhythms, Signal};

/// What one LED is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look<'r> {
    pub(super) rhythm: &'r Rhythm,
    /// The colour, if it is one that mixes them.
    pub(super) mixed: Option<Colour>,
}

/// What a LED can do, as the kernel tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ability {
    /// `max_brightness`.
    pub(super) brightest: u32,
    /// `multi_index`: the colours of which it is mixed, in their order.
    pub(super) mixes: Vec<String>,
}

/// What one of a LED's files is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) file: &'static str,
    pub(super) value: String,
}

/// The file that names the trigger.
pub(super) const TRIGGER: &str = "trigger";
/// The file that holds the brightness.
pub(super) const BRIGHTNESS: &str = "brightness";
/// The file of the colours' shares.
pub(super) const INTENSITIES: &str = "multi_intensity";

const NO_TRIGGER: &str = "none";
/// The triggers that make a LED blink.
pub(super) const BLINKING: [&str; 2] = ["timer", "pattern"];

/// What each LED of a lamp is to show, those first that are to be dark.
pub(super) fn looks<'l>(lamp: &'l Lamp, signal: Option<Signal>, rhythms: &'l Rhythms) -> Vec<(&'l LedName, Look<'l>)> {
    let rhythm = rhythm_of(signal, rhythms);
    let colour = signal.map_or(Colour::Green, Signal::colour);
    match lamp {
        Lamp::Single(led) => vec![(led, Look { rhythm, mixed: None })],
        Lamp::Multicolour(led) => vec![(led, Look { rhythm, mixed: Some(colour) })],
        Lamp::Coloured(leds) => {
            let lit = leds.lit(colour);
            let (lit, dark): (Vec<_>, Vec<_>) = leds.all().partition(|led| lit.contains(led));
            let dark = dark.into_iter().map(|led| (led, Look { rhythm: &Rhythm::Dark, mixed: None }));
            dark.chain(lit.into_iter().map(|led| (led, Look { rhythm, mixed: None }))).collect()
        }
        Lamp::Lines { .. } => Vec::new(),
    }
}

/// Which lines are lit, and in which rhythm.
pub(super) fn lit<'r>(lines: &Colours<u32>, signal: Option<Signal>, rhythms: &'r Rhythms) -> (Vec<u32>, &'r Rhythm) {
    let colour = signal.map_or(Colour::Green, Signal::colour);
    (lines.lit(colour).into_iter().copied().collect(), rhythm_of(signal, rhythms))
}

const fn rhythm_of(signal: Option<Signal>, rhythms: &Rhythms) -> &Rhythm {
    match signal {
        Some(signal) => rhythms.of(signal),
        None => &Rhythm::Dark,
    }
}

/// What a LED's files are to hold, in the order in which they are written. `None` if it cannot mix the colour.
pub(super) fn settings(look: Look<'_>, able: &Ability) -> Option<Vec<Setting>> {
    let mut settings = Vec::new();
    if let Some(colour) = look.mixed {
        settings.push(Setting { file: INTENSITIES, value: intensities(colour, able)? });
    }
    let mut set = |file, value: String| settings.push(Setting { file, value });
    match look.rhythm {
        Rhythm::Dark => {
            set(TRIGGER, NO_TRIGGER.to_owned());
            set(BRIGHTNESS, "0".to_owned());
        }
        Rhythm::Steady => {
            set(TRIGGER, NO_TRIGGER.to_owned());
            set(BRIGHTNESS, able.brightest.to_string());
        }
        Rhythm::Blinking(beats) => match beats.each() {
            [Beat { on, off }] => {
                set(TRIGGER, "timer".to_owned());
                set("delay_on", on.as_millis().to_string());
                set("delay_off", off.as_millis().to_string());
            }
            beats => {
                set(TRIGGER, "pattern".to_owned());
                set("pattern", pattern(beats, able.brightest));
            }
        },
    }
    Some(settings)
}

/// Pairs of brightness and milliseconds. The kernel fades from each to the next, unless the next takes no time.
fn pattern(beats: &[Beat], brightest: u32) -> String {
    let beat = |Beat { on, off }: &Beat| {
        let (on, off) = (on.as_millis(), off.as_millis());
        format!("{brightest} {on} {brightest} 0 0 {off} 0 0")
    };
    beats.iter().map(beat).collect::<Vec<_>>().join(" ")
}

/// How much of each colour is in the mixture.
fn intensities(colour: Colour, able: &Ability) -> Option<String> {
    let has = |name: &str| able.mixes.iter().any(|mixed| mixed == name);
    if !has("red") || !has("green") {
        return None;
    }
    let full = able.brightest;
    let share = |mixed: &str| match (colour, mixed) {
        (Colour::Green, "green") | (Colour::Red | Colour::Amber, "red") => full,
        // Green is the brighter of the two to our eyes.
        (Colour::Amber, "green") => full.div_ceil(2),
        _ => 0,
    };
    Some(able.mixes.iter().map(|mixed| share(mixed).to_string()).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Level;

    fn led(name: &str) -> LedName {
        LedName::new(name).unwrap()
    }

    /// What is written to the LEDs of a lamp, as a person would at a shell.
    fn written(lamp: &Lamp, signal: Option<Signal>, able: &Ability) -> Vec<String> {
        let rhythms = Rhythms::default();
        let mut lines = Vec::new();
        for (name, look) in looks(lamp, signal, &rhythms) {
            let settings = settings(look, able).unwrap();
            lines.extend(settings.iter().map(|Setting { file, value }| format!("{name}/{file} = {value}")));
        }
        lines
    }

    #[test]
    fn a_single_led_tells_every_signal_apart_by_its_rhythm() {
        let (lamp, able) = (Lamp::Single(led("a")), Ability { brightest: 1, mixes: Vec::new() });
        for (signal, expected) in [
            (None, vec!["a/trigger = none", "a/brightness = 0"]),
            (Some(Signal::Free), vec!["a/trigger = none", "a/brightness = 0"]),
            (Some(Signal::Ready), vec!["a/trigger = none", "a/brightness = 1"]),
            (Some(Signal::Working), vec!["a/trigger = timer", "a/delay_on = 1000", "a/delay_off = 1000"]),
            (Some(Signal::TakeOut), vec!["a/trigger = timer", "a/delay_on = 250", "a/delay_off = 250"]),
            (Some(Signal::Call), vec!["a/trigger = pattern", "a/pattern = 1 150 1 0 0 150 0 0 1 150 1 0 0 850 0 0"]),
        ] {
            assert_eq!(written(&lamp, signal, &able), expected, "{signal:?}");
        }
    }

    #[test]
    fn of_a_led_for_each_colour_the_wrong_ones_go_dark_before_the_right_one_is_lit() {
        let able = Ability { brightest: 255, mixes: Vec::new() };
        let (green, amber, red) = (led("g"), Some(led("a")), led("r"));
        let three = Lamp::Coloured(Colours { green: green.clone(), amber, red: red.clone() });
        let two = Lamp::Coloured(Colours { green, amber: None, red });
        let dark = |led: &str| vec![format!("{led}/trigger = none"), format!("{led}/brightness = 0")];
        let pulse = |led: &str| {
            vec![format!("{led}/trigger = timer"), format!("{led}/delay_on = 1000"), format!("{led}/delay_off = 1000")]
        };
        let steady = |led: &str| vec![format!("{led}/trigger = none"), format!("{led}/brightness = 255")];
        assert_eq!(written(&three, Some(Signal::Ready), &able), [dark("a"), dark("r"), steady("g")].concat());
        assert_eq!(written(&three, Some(Signal::Working), &able), [dark("g"), dark("r"), pulse("a")].concat());
        assert_eq!(written(&two, Some(Signal::Working), &able), [pulse("g"), pulse("r")].concat(), "both are amber");
        assert_eq!(written(&two, None, &able), [dark("r"), dark("g")].concat());
    }

    #[test]
    fn a_led_that_mixes_its_colours_is_given_its_colour_first() {
        let mixes = ["blue", "red", "green"].map(str::to_owned).to_vec();
        let (lamp, able) = (Lamp::Multicolour(led("m")), Ability { brightest: 255, mixes });
        for (signal, shares) in [
            (Signal::Ready, "0 0 255"),
            (Signal::Working, "0 255 128"),
            (Signal::TakeOut, "0 255 0"),
            (Signal::Call, "0 255 0"),
        ] {
            assert_eq!(written(&lamp, Some(signal), &able)[0], format!("m/multi_intensity = {shares}"), "{signal:?}");
        }
        let rhythms = Rhythms::default();
        let (_, look) = looks(&lamp, Some(Signal::Ready), &rhythms)[0];
        let other = Ability { brightest: 255, mixes: vec!["white".to_owned()] };
        assert_eq!(settings(look, &other), None, "it has neither red nor green");
    }

    #[test]
    fn of_lines_those_of_the_colour_are_lit() {
        let rhythms = Rhythms::default();
        let two = Colours { green: 17, amber: None, red: 18 };
        for (signal, lines, rhythm) in [
            (None, vec![17], &Rhythm::Dark),
            (Some(Signal::Ready), vec![17], &Rhythm::Steady),
            (Some(Signal::Working), vec![17, 18], rhythms.of(Signal::Working)),
            (Some(Signal::Call), vec![18], rhythms.of(Signal::Call)),
        ] {
            assert_eq!(lit(&two, signal, &rhythms), (lines, rhythm), "{signal:?}");
        }
        let lamp = Lamp::Lines { chip: led("gpiochip0"), lines: two, level: Level::High };
        assert!(looks(&lamp, Some(Signal::Ready), &rhythms).is_empty(), "the kernel has no LED for it");
    }
}
