//! `lamp`, of a bay or of the station: a new kind of lamp begins here.

use std::fmt;
use std::ops::RangeInclusive;

use crate::config::document::Value;
use crate::config::mistake::Mistakes;
use crate::config::reader::{Given, Keys, Reader, Wrong};
use crate::config::values;
use crate::domain::{Colours, Lamp, LedName, Level};

const EXAMPLE: &str = "lamp = \"bay1:status\", or lamp = { green = \"bay1:green\", red = \"bay1:red\" }";
pub(super) const KEYS: Keys = Keys::inline("lamp", &["rgb", "gpio", "green", "amber", "red", "level"], EXAMPLE);

/// A chip's lines are numbered from 0; none has more.
const LINES: RangeInclusive<usize> = 0..=1023;

/// One thing that lights up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Led(LedName),
    Line { chip: LedName, line: u32 },
}

impl Source {
    pub(super) fn led(self) -> Option<LedName> {
        match self {
            Self::Led(name) => Some(name),
            Self::Line { .. } => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Led(name) => write!(f, "LED {name}"),
            Self::Line { chip, line } => write!(f, "line {line} of {chip}"),
        }
    }
}

/// Takes the lamp of a table, and notes what lights up in it. `None` if it is wrong, which is reported; `Some(None)` if there is none.
#[expect(clippy::option_option, reason = "as `Reader::optional`")]
pub(super) fn lamp(table: &mut Reader<'_>, lights: &mut Vec<Given<Source>>) -> Option<Option<Lamp>> {
    if !matches!(table.peek("lamp").map(|node| &node.value), Some(Value::Table(_))) {
        let single = table.optional("lamp", values::led)?;
        return Some(single.map(|Given { value, at }| {
            lights.push(Given { value: Source::Led(value.clone()), at });
            Lamp::Single(value)
        }));
    }
    let mut inner = table.table(KEYS)?;
    let lamp = if inner.peek("rgb").is_some() {
        let mixing = inner.optional("rgb", values::led);
        inner.close("beside rgb");
        let Given { value, at } = mixing??;
        lights.push(Given { value: Source::Led(value.clone()), at });
        Lamp::Multicolour(value)
    } else if inner.peek("gpio").is_some() {
        lines(inner, lights)?
    } else {
        let leds = colours(&mut inner, "\"bay1:green\"", values::led);
        inner.close("without gpio");
        let leds = leds?;
        let names = leds.all().map(|given| Given { value: Source::Led(given.value.clone()), at: given.at.clone() });
        lights.extend(names);
        Lamp::Coloured(plain(leds))
    };
    Some(Some(lamp))
}

/// Lines of a GPIO chip.
fn lines(mut inner: Reader<'_>, lights: &mut Vec<Given<Source>>) -> Option<Lamp> {
    let chip = inner.optional("gpio", values::led);
    let lines = colours(&mut inner, "17", |value| {
        values::number(value, LINES).map(|line| u32::try_from(line).unwrap_or(u32::MAX))
    });
    let level =
        inner.or("level", Level::High, |value| values::one_of(value, &[("high", Level::High), ("low", Level::Low)]));
    inner.close("here");
    let (chip, lines, level) = (chip??.value, lines?, level?);
    let noted = |given: &Given<u32>| Given {
        value: Source::Line { chip: chip.clone(), line: given.value },
        at: given.at.clone(),
    };
    lights.extend(lines.all().map(noted));
    Some(Lamp::Lines { chip, lines: plain(lines), level })
}

/// One for each colour; amber may be left out.
fn colours<T>(
    inner: &mut Reader<'_>,
    example: &str,
    parse: impl Fn(&Value) -> Result<T, Wrong>,
) -> Option<Colours<Given<T>>> {
    let green = inner.required("green", example, &parse);
    let amber = inner.optional("amber", &parse);
    let red = inner.required("red", example, &parse);
    Some(Colours { green: green?, amber: amber?, red: red? })
}

fn plain<T>(given: Colours<Given<T>>) -> Colours<T> {
    let Colours { green, amber, red } = given;
    Colours { green: green.value, amber: amber.map(|amber| amber.value), red: red.value }
}

/// What lights up says one thing.
pub(super) fn lights_apart(lights: &[Given<Source>], mistakes: &mut Mistakes) {
    for (index, later) in lights.iter().enumerate() {
        if lights[..index].iter().any(|earlier| earlier.value == later.value) {
            let what = format!("lamp: {} is part of a lamp already", later.value);
            mistakes.add(&later.at, what, "give each lamp LEDs of its own; `ls /sys/class/leds` shows them".to_owned());
        }
    }
}
