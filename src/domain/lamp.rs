//! What lights up at a bay or at the station.

use std::fmt;

use super::Colour;

/// What the kernel calls a LED: its name below `/sys/class/leds`, such as `apu:green:1`.
///
/// Invariant: it is the name of one entry of that folder and leads nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedName(String);

/// Why a text is the name of no LED.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoLedName {
    /// Nothing there, or more than the kernel takes.
    #[error("a LED's name has 1 to {} characters", LedName::LONGEST)]
    Length,
    /// It is hidden, or leads out of the folder.
    #[error("a LED's name does not begin with a dot")]
    Dot,
    /// A character that is in no LED's name.
    #[error("{0:?} is in no LED's name")]
    Character(char),
}

impl LedName {
    /// In bytes: `LED_MAX_NAME_SIZE` in `include/linux/leds.h`, less the end of the string.
    pub const LONGEST: usize = 63;

    /// Accepts letters, digits, `:`, `-`, `_`, `+` and `.`, not starting with a dot.
    ///
    /// # Errors
    /// [`NoLedName`] says what is wrong with the text.
    pub fn new(text: impl Into<String>) -> Result<Self, NoLedName> {
        let text = text.into();
        let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, ':' | '-' | '_' | '+' | '.');
        if text.is_empty() || text.len() > Self::LONGEST {
            return Err(NoLedName::Length);
        }
        if text.starts_with('.') {
            return Err(NoLedName::Dot);
        }
        match text.chars().find(|letter| !fits(*letter)) {
            Some(letter) => Err(NoLedName::Character(letter)),
            None => Ok(Self(text)),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What shows the signals of a bay, or of the station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lamp {
    /// One LED of one colour, whatever that is: the rhythm alone tells.
    Single(LedName),
    /// One LED for each colour. Without an amber one, green and red together are amber.
    Coloured(Colours<LedName>),
    /// One LED that mixes its colours.
    Multicolour(LedName),
    /// Lines of a GPIO chip, one for each colour.
    Lines {
        /// The chip's name below `/dev`, such as `gpiochip0`.
        chip: LedName,
        /// The lines, by their numbers on the chip.
        lines: Colours<u32>,
        /// What lights them.
        level: Level,
    },
}

/// What lights a LED that hangs on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A line that is high.
    High,
    /// A line that is low.
    Low,
}

/// Something for each colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colours<T> {
    /// Green.
    pub green: T,
    /// Amber, if it has one of its own.
    pub amber: Option<T>,
    /// Red.
    pub red: T,
}

impl<T> Colours<T> {
    /// Each of them.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        [Some(&self.green), self.amber.as_ref(), Some(&self.red)].into_iter().flatten()
    }

    /// What is lit for a colour.
    #[must_use]
    pub fn lit(&self, colour: Colour) -> Vec<&T> {
        match (colour, &self.amber) {
            (Colour::Green, _) => vec![&self.green],
            (Colour::Red, _) => vec![&self.red],
            (Colour::Amber, Some(amber)) => vec![amber],
            (Colour::Amber, None) => vec![&self.green, &self.red],
        }
    }
}

impl Lamp {
    /// The kernel's LEDs that it is made of.
    #[must_use]
    pub fn leds(&self) -> Vec<&LedName> {
        match self {
            Self::Single(led) | Self::Multicolour(led) => vec![led],
            Self::Coloured(leds) => leds.all().collect(),
            Self::Lines { .. } => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_led_has_a_name_that_leads_nowhere_else() {
        for name in ["apu:green:1", "input3::capslock", "platform::bay-1_2.a+", "rgb:indicator"] {
            assert_eq!(LedName::new(name).unwrap().as_str(), name);
        }
        let long = "x".repeat(64);
        for (name, error) in [
            ("", NoLedName::Length),
            (long.as_str(), NoLedName::Length),
            (".", NoLedName::Dot),
            ("..", NoLedName::Dot),
            ("../../etc", NoLedName::Dot),
            ("a/b", NoLedName::Character('/')),
            ("a b", NoLedName::Character(' ')),
            ("a\nb", NoLedName::Character('\n')),
            ("gr\u{fc}n", NoLedName::Character('\u{fc}')),
        ] {
            assert_eq!(LedName::new(name), Err(error), "{name:?}");
        }
    }
}
