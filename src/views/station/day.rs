//! The last 24 hours as a picture: a row of bars for what was copied from cameras, and one for each destination that proved it.
//!
//! Promises: all rows have one scale, so that they can be compared; a bar is as high as its hour had bytes, and one that had any can be
//! seen. Whoever does not see the picture has it as a sentence and as a table.

use maud::{Markup, html};

use crate::domain::{ByteCount, Day, DestinationSnapshot, Hours};
use crate::views::page::frame::clock;
use crate::words::{Column, Text, Words};

/// How wide an hour is, and how wide its bar, in the picture's own units.
const HOUR: u64 = 10;
const BAR: u64 = 8;
/// How high the highest bar is, and how high one is at least that can be seen.
const HIGH: u64 = 1_000;
const SEEN: u64 = 20;
/// The time stands below the hours of so many.
const LABELLED: usize = 6;

/// A row of the picture.
struct Row {
    /// What it shows.
    what: String,
    class: &'static str,
    hours: Hours,
}

/// One bar, in the picture's own units, from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) left: u64,
    pub(super) top: u64,
    pub(super) high: u64,
}

/// The picture, the times below it, and the same in numbers.
pub(super) fn picture(day: &Day, destinations: &[DestinationSnapshot], words: &Words) -> Markup {
    let rows = rows(day, destinations, words);
    let most = rows.iter().flat_map(|row| row.hours).max().unwrap_or_default();
    html! {
        div.rows {
            @for (number, row) in rows.iter().enumerate() { (drawn(number, row, most, words)) }
            p.times aria-hidden="true" {
                @for begins in day.beginnings().step_by(Day::HOURS / LABELLED) { span { (clock(begins)) } }
            }
        }
        p.since { (words.text(&Text::DayMost { most })) }
        details #day-numbers {
            summary { (words.text(&Text::DayNumbers)) }
            (numbers(day, &rows, words))
        }
    }
}

/// What was copied, and what each configured destination has proven of it.
fn rows(day: &Day, destinations: &[DestinationSnapshot], words: &Words) -> Vec<Row> {
    let copied = Row { what: words.text(&Text::DayCopied), class: "copied", hours: day.copied };
    let proven = destinations.iter().map(|place| Row {
        what: words.text(&Text::DayProven { destination: place.name.clone() }),
        class: "proven",
        hours: day.proven.get(&place.name).copied().unwrap_or_default(),
    });
    std::iter::once(copied).chain(proven).collect()
}

fn drawn(number: usize, Row { what, class, hours }: &Row, most: ByteCount, words: &Words) -> Markup {
    let total: ByteCount = hours.iter().copied().sum();
    let highest = hours.iter().copied().max().unwrap_or_default();
    let said = words.text(&Text::DayRow { what: what.clone(), total, most: highest });
    let (title, said_at) = (format!("day-row-{number}"), format!("day-row-{number}-said"));
    html! {
        div.row {
            p.what aria-hidden="true" { (what) }
            svg.(class) viewBox={ "0 0 " (HOUR * Day::HOURS as u64) " " (HIGH) } preserveAspectRatio="none" role="img"
                aria-labelledby={ (title) " " (said_at) } {
                title #(title) { (what) }
                desc #(said_at) { (said) }
                @for Bar { left, top, high } in bars(hours, most) {
                    rect x=(left) y=(top) width=(BAR) height=(high) {}
                }
            }
            p.total aria-hidden="true" { (total) }
        }
    }
}

/// The bars of a row, where the highest of all rows has `most`.
pub(super) fn bars(hours: &Hours, most: ByteCount) -> Vec<Bar> {
    let high = |bytes: ByteCount| {
        let share = u128::from(bytes.get()) * u128::from(HIGH) / u128::from(most.get().max(1));
        u64::try_from(share).unwrap_or(HIGH).clamp(SEEN, HIGH)
    };
    let lefts = (0_u64..).map(|hour| hour * HOUR + (HOUR - BAR) / 2);
    let some = lefts.zip(hours).filter(|(_, bytes)| bytes.get() > 0);
    some.map(|(left, bytes)| Bar { left, top: HIGH - high(*bytes), high: high(*bytes) }).collect()
}

/// The same as a table.
fn numbers(day: &Day, rows: &[Row], words: &Words) -> Markup {
    let hour = words.text(&Text::Column { column: Column::Hour });
    html! {
        table {
            thead { tr { th scope="col" { (hour) } @for row in rows { th scope="col" { (row.what) } } } }
            tbody {
                @for (place, begins) in day.beginnings().enumerate() {
                    tr {
                        th scope="row" { (clock(begins)) }
                        @for row in rows { td.number { (row.hours[place]) } }
                    }
                }
            }
        }
    }
}
