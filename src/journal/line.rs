//! A line, as it is made of what was told.

use std::fmt::{self, Write as _};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

use super::message_id;
use super::tell::TARGET;
use crate::words::harmless;

/// A field that is longer is cut, in bytes, so that a line never outgrows what the journal takes at once.
const LONGEST: usize = 8 * 1024;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) level: Level,
    pub(super) message: String,
    /// The journal's fields besides priority and message.
    pub(super) fields: Vec<(String, String)>,
}

impl Line {
    const fn new(level: Level) -> Self {
        Self { level, message: String::new(), fields: Vec::new() }
    }

    /// What is told through `tracing`, as a line.
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut line = Self::new(*event.metadata().level());
        if event.metadata().target() == TARGET {
            event.record(&mut Notice(&mut line));
        } else {
            event.record(&mut Library(&mut line));
        }
        line
    }

    /// Adds a field. One that is there already stays as it is.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        if !self.fields.iter().any(|(known, _)| known == name) {
            self.fields.push((name.to_owned(), cut(&harmless(value))));
        }
    }
}

/// A notice of camdock's.
struct Notice<'a>(&'a mut Line);

impl Visit for Notice<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let Self(line) = self;
        match field.name() {
            "notice" => {
                line.set("MESSAGE_ID", &message_id(value));
                line.set("CAMDOCK_NOTICE", value);
            }
            "facts" => facts(line, value),
            name => line.set(&field_name(name), value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.0.message = cut(&harmless(&text)),
            name => self.0.set(&field_name(name), &text),
        }
    }
}

/// The facts of a notice that are a number or a text, each as a field.
fn facts(line: &mut Line, json: &str) {
    let Ok(Value::Object(facts)) = serde_json::from_str(json) else { return };
    for (name, value) in facts {
        match value {
            // They are in the notice's id.
            Value::String(_) if matches!(name.as_str(), "about" | "id") => {}
            Value::String(text) => line.set(&field_name(&name), &text),
            Value::Number(number) => line.set(&field_name(&name), &number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
        }
    }
}

/// What the journal calls a field: its names are in capitals.
fn field_name(name: &str) -> String {
    format!("CAMDOCK_{}", name.to_uppercase())
}

/// A line of a library's.
struct Library<'a>(&'a mut Line);

impl Visit for Library<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = cut(&harmless(&format!("{value:?}")));
        let Self(line) = self;
        match field.name() {
            "message" => line.message.insert_str(0, &text),
            // Where in its source it was said, as `tracing-log` passes it on: nobody here can do anything about that.
            name if name.starts_with("log.") => {}
            name => {
                // A text in memory takes everything.
                let _ = write!(line.message, " {name}={text}");
            }
        }
    }
}

/// The beginning of a text that is too long.
fn cut(text: &str) -> String {
    if text.len() <= LONGEST { text.to_owned() } else { format!("{}…", &text[..text.floor_char_boundary(LONGEST)]) }
}
