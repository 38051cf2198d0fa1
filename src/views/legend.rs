//! What the lamps say, on a sheet for the wall.
//!
//! Promises: it shows the rhythms that the lamps have, to scale, and says what to do in the words of the page. It is an SVG picture of
//! DIN A6 that needs nothing else, and is as good in black and white.

use std::time::Duration;

use maud::{Markup, html};

use crate::domain::{Colour, Rhythm, Rhythms, Signal};
use crate::words::{Text, Words};

/// DIN A6, upright, in millimetres.
const WIDTH: f64 = 105.0;
const HEIGHT: f64 = 148.0;
const MARGIN: f64 = 7.0;
/// Where the first signal begins, and how much room each has.
const TOP: f64 = 20.0;
const ROW: f64 = 22.0;
/// Where texts and bars begin, beside the light.
const TEXT: f64 = 24.0;
/// How long the drawn part of a rhythm is, and how wide a second of it. The words about it say four.
const DRAWN: Duration = Duration::from_secs(4);
const SECOND: f64 = 18.0;
const BAR: f64 = 2.2;

/// A size of letters, in millimetres, and about how many of them go into a line.
#[derive(Clone, Copy)]
struct Size {
    height: f64,
    letters: usize,
    weight: &'static str,
}

const TITLE: Size = Size { height: 5.5, letters: 27, weight: "bold" };
const LARGE: Size = Size { height: 3.9, letters: 32, weight: "bold" };
const SMALL: Size = Size { height: 2.9, letters: 47, weight: "normal" };
const BELOW: Size = Size { height: 2.7, letters: 60, weight: "normal" };
/// How far the first line below all signals is from them.
const FOOT: f64 = 4.5;

/// What matters to most comes first.
const ORDER: [Signal; Signal::ALL.len()] =
    [Signal::Ready, Signal::Working, Signal::TakeOut, Signal::Call, Signal::Free];

/// The sheet.
#[must_use]
pub fn legend(rhythms: &Rhythms, words: &Words) -> String {
    let say = |text| words.text(&text);
    let bottom = TOP + ROW * 5.0;
    let picture = html! {
        svg xmlns="http://www.w3.org/2000/svg" width={ (WIDTH) "mm" } height={ (HEIGHT) "mm" }
            viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } lang=(words.language().tag()) font-family="sans-serif" {
            title { (say(Text::LampTitle)) }
            rect width=(WIDTH) height=(HEIGHT) fill="#fff" {}
            (written(&lines(&say(Text::LampTitle), TITLE), TITLE, MARGIN, 12.0))
            (written(&lines(&say(Text::LampBar), BELOW), BELOW, MARGIN, 17.0))
            @for (row, signal) in (0_u8..).zip(ORDER) {
                (one(signal, rhythms.of(signal), TOP + ROW * f64::from(row), words))
            }
            (rule(bottom))
            (written(
                &[Text::LampStation, Text::LampDark].map(|text| lines(&say(text), BELOW)).concat(),
                BELOW, MARGIN, bottom + FOOT
            ))
        }
    };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", picture.into_string())
}

/// One signal: its light, what to do, what it means, and its rhythm.
fn one(signal: Signal, rhythm: &Rhythm, top: f64, words: &Words) -> Markup {
    let (instruction, meaning) = told(signal, rhythm, words);
    let below = top + height_above(&instruction);
    html! {
        (rule(top))
        (lit(signal.colour(), rhythm, top + ROW / 2.0))
        (written(&instruction, LARGE, TEXT, top + 5.2))
        (written(&meaning, SMALL, TEXT, below + 4.0))
        (drawn(rhythm, top + bar_at(&instruction, &meaning)))
    }
}

/// What to do about a signal; how it looks, and what it means.
fn told(signal: Signal, rhythm: &Rhythm, words: &Words) -> (Vec<String>, Vec<String>) {
    let instruction = words.text(&Text::PageInstruction { instruction: signal.instruction() });
    let light = words.text(&Text::LampLight { colour: signal.colour(), manner: rhythm.manner() });
    let meaning = words.text(&Text::LampSignal { signal });
    (lines(&instruction, LARGE), lines(&format!("{light}: {meaning}"), SMALL))
}

/// Where the meaning begins, below the beginning of a signal's row.
fn height_above(instruction: &[String]) -> f64 {
    1.2 + height(instruction, LARGE)
}

/// Where the bar begins.
fn bar_at(instruction: &[String], meaning: &[String]) -> f64 {
    height_above(instruction) + 1.6 + height(meaning, SMALL)
}

fn rule(at: f64) -> Markup {
    html! { line x1=(MARGIN) y1=(at) x2=(WIDTH - MARGIN) y2=(at) stroke="#000" stroke-width="0.2" {} }
}

/// The light itself. Its edge tells lit from dark without colours.
fn lit(colour: Colour, rhythm: &Rhythm, middle: f64) -> Markup {
    let dark = *rhythm == Rhythm::Dark;
    let fill = match colour {
        _ if dark => "#fff",
        Colour::Green => "#009e73",
        Colour::Amber => "#e69f00",
        Colour::Red => "#d55e00",
    };
    html! {
        circle cx=(MARGIN + 6.5) cy=(middle) r="6" fill=(fill) stroke="#000" stroke-width="0.5"
            stroke-dasharray=[dark.then_some("1.2 0.8")] {}
    }
}

/// The first seconds of a rhythm.
fn drawn(rhythm: &Rhythm, top: f64) -> Markup {
    let wide = |length: Duration| length.as_secs_f64() * SECOND;
    html! {
        rect x=(TEXT) y=(top) width=(wide(DRAWN)) height=(BAR) fill="#fff" stroke="#000" stroke-width="0.2" {}
        @for (from, until) in lights(rhythm) {
            rect.lit x=(TEXT + wide(from)) y=(top) width=(wide(until) - wide(from)) height=(BAR) {}
        }
    }
}

/// The first seconds of a rhythm as a picture in a line of text, for those who see it; the words beside it are for all.
fn bar(rhythm: &Rhythm) -> Markup {
    let (wide, high) = (DRAWN.as_secs_f64() * SECOND + 1.0, BAR + 1.0);
    html! {
        svg aria-hidden="true" viewBox={ (TEXT - 0.5) " -0.5 " (wide) " " (high) } width={ (wide) } height={ (high * 4.0) }
            preserveAspectRatio="none" { (drawn(rhythm, 0.0)) }
    }
}

/// The same in short, for the foot of a page.
pub(super) fn in_short(rhythms: &Rhythms, words: &Words) -> Markup {
    let light = |signal: Signal| {
        let manner = rhythms.of(signal).manner();
        words.text(&Text::LampLight { colour: signal.colour(), manner })
    };
    html! {
        section.legend.lamps {
            h2 { (words.text(&Text::LampTitle)) }
            ul {
                @for signal in ORDER {
                    li {
                        (bar(rhythms.of(signal))) " " (light(signal)) ": "
                        (words.text(&Text::PageInstruction { instruction: signal.instruction() }))
                    }
                }
            }
        }
    }
}

/// From when until when it is lit, of what is drawn.
fn lights(rhythm: &Rhythm) -> Vec<(Duration, Duration)> {
    let beats = match rhythm {
        Rhythm::Dark => return Vec::new(),
        Rhythm::Steady => return vec![(Duration::ZERO, DRAWN)],
        Rhythm::Blinking(beats) => beats.each(),
    };
    let mut lights = Vec::new();
    let mut now = Duration::ZERO;
    for beat in beats.iter().cycle() {
        if now >= DRAWN {
            break;
        }
        lights.push((now, DRAWN.min(now + beat.on)));
        now += beat.on + beat.off;
    }
    lights
}

/// A text in lines of about so many letters.
fn lines(text: &str, size: Size) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= size.letters => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// How far it is from one line to the next.
fn step(size: Size) -> f64 {
    size.height * 1.2
}

fn height(lines: &[String], size: Size) -> f64 {
    lines.iter().map(|_| step(size)).sum()
}

/// Lines, the first of which stands at this height.
fn written(lines: &[String], size: Size, left: f64, first: f64) -> Markup {
    html! {
        text x=(left) y=(first) font-size=(size.height) font-weight=(size.weight) {
            @for (number, line) in (0_u8..).zip(lines) {
                tspan x=(left) y=(first + f64::from(number) * step(size)) { (line) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Beats;
    use crate::words::Language;

    fn seconds(lights: &[(Duration, Duration)]) -> Vec<(f64, f64)> {
        lights.iter().map(|(from, until)| (from.as_secs_f64(), until.as_secs_f64())).collect()
    }

    #[test]
    fn a_rhythm_is_drawn_as_it_blinks() {
        let blinking = |millis: &[u64]| Rhythm::Blinking(Beats::new(millis).unwrap());
        for (rhythm, expected) in [
            (Rhythm::Dark, vec![]),
            (Rhythm::Steady, vec![(0.0, 4.0)]),
            (blinking(&[1000, 1000]), vec![(0.0, 1.0), (2.0, 3.0)]),
            (blinking(&[250, 250, 500, 2000]), vec![(0.0, 0.25), (0.5, 1.0), (3.0, 3.25), (3.5, 4.0)]),
            (blinking(&[100, 5000]), vec![(0.0, 0.1)]),
        ] {
            assert_eq!(seconds(&lights(&rhythm)), expected, "{rhythm:?}");
        }
    }

    #[test]
    fn the_sheet_says_of_each_signal_what_the_page_says_in_every_language() {
        for language in Language::ALL {
            let words = Words::of(language);
            let sheet = legend(&Rhythms::default(), words);
            let text = sheet.replace("&#39;", "'");
            for signal in Signal::ALL {
                let said = words.text(&Text::PageInstruction { instruction: signal.instruction() });
                let all_there = lines(&said, LARGE).iter().all(|line| text.contains(&format!(">{line}<")));
                assert!(all_there, "{language:?}: {said}");
            }
            let lights: usize = Signal::ALL.iter().map(|signal| lights(Rhythms::default().of(*signal)).len()).sum();
            assert_eq!(sheet.matches("class=\"lit\"").count(), lights);
        }
    }

    #[test]
    fn nothing_on_the_sheet_is_written_over_anything_else_in_any_language() {
        for language in Language::ALL {
            let words = Words::of(language);
            assert_eq!(lines(&words.text(&Text::LampTitle), TITLE).len(), 1, "{language:?}");
            for (signal, rhythm) in Signal::ALL.map(|signal| (signal, Rhythm::Steady)) {
                let (instruction, meaning) = told(signal, &rhythm, words);
                assert!(bar_at(&instruction, &meaning) + BAR < ROW, "{language:?}: {signal:?}");
            }
            let below = [Text::LampStation, Text::LampDark].map(|text| lines(&words.text(&text), BELOW)).concat();
            assert!(TOP + ROW * 5.0 + FOOT + height(&below, BELOW) < HEIGHT, "{language:?}");
        }
    }

    #[test]
    fn a_long_sentence_is_broken_between_its_words() {
        let size = Size { letters: 9, ..SMALL };
        assert_eq!(lines("take it out again unbelievably  so", size), ["take it", "out again", "unbelievably", "so"]);
    }
}
