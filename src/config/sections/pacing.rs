//! `max` and `max_at`, of all uploads or of one destination: how fast they may be.

use crate::config::document::{Node, Value};
use crate::config::reader::{Keys, Reader, Wrong};
use crate::config::values;
use crate::domain::{BitRate, Days, PacingRules, Period, TimeOfDay};

const EXAMPLE: &str = "max_at = [{ days = [\"mon-fri\"], from = \"07:00\", to = \"19:00\", max = \"10 Mbit/s\" }]";
pub(super) const KEYS: Keys = Keys::inline("max_at", &["days", "from", "to", "max"], EXAMPLE);

/// What lifts a cap for a time.
const NONE: &str = "none";

/// Takes both from a table. `None` if anything is wrong, which is reported.
pub(super) fn pacing(table: &mut Reader<'_>) -> Option<PacingRules> {
    let otherwise = table.optional("max", values::rate);
    let periods = match table.take("max_at") {
        None => Some(Vec::new()),
        Some(Node { value: Value::List(entries), .. }) if !entries.is_empty() => {
            // Each is read, so that all mistakes are told.
            let read: Vec<_> = entries.into_iter().map(|node| period(node, table)).collect();
            read.into_iter().collect()
        }
        Some(Node { at, value }) => {
            let what = match &value {
                Value::List(_) => "max_at is empty".to_owned(),
                other => format!("max_at is {}, but must be a list of periods", other.kind()),
            };
            table.mistakes.add(&at, what, format!("write {EXAMPLE}, or remove it"));
            None
        }
    };
    let otherwise = otherwise?.map(|given| given.value);
    Some(PacingRules { otherwise, periods: periods? })
}

fn period(node: Node, table: &mut Reader<'_>) -> Option<(Period, Option<BitRate>)> {
    let mut inner = Reader::new(KEYS, node, table.mistakes)?;
    let days = inner.or("days", Days::ALL, values::days);
    let from = inner.optional("from", time_of_day);
    let to = inner.optional("to", time_of_day);
    let max = inner.required("max", "\"10 Mbit/s\"", rate_or_none);
    match (&from, &to) {
        (Some(Some(_)), Some(None)) => inner.missing("to", "\"19:00\""),
        (Some(None), Some(Some(_))) => inner.missing("from", "\"07:00\""),
        _ => {}
    }
    inner.close("in a period");
    let (from, to) = match (from?, to?) {
        (Some(from), Some(to)) => (from.value, to.value),
        (None, None) => (TimeOfDay::MIDNIGHT, TimeOfDay::MIDNIGHT),
        _ => return None,
    };
    Some((Period { days: days?, from, to }, max?.value))
}

fn time_of_day(value: &Value) -> Result<TimeOfDay, Wrong> {
    values::time_of_day(value)
        .map_err(|wrong| Wrong::new(wrong.why, "write it with two digits each, such as \"07:00\""))
}

fn rate_or_none(value: &Value) -> Result<Option<BitRate>, Wrong> {
    match value {
        Value::Text(text) if text == NONE => Ok(None),
        other => values::rate(other).map(Some),
    }
}
