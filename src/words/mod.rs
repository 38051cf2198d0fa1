//! The sentences for people, in every language that camdock speaks.
//!
//! Promises: each notice has a sentence in each language, which a test holds; adding a language is adding a folder here and
//! naming it in [`Language`]. Its files are written in Fluent (`https://projectfluent.org`): the message of a notice is named by the
//! notice's id and says what is so; its attribute `advice` says what to do. What a camera, a disk or a server said is quoted as it
//! is, in whatever language that was.

mod language;
mod text;

use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::resolver::ResolverError;
use fluent_bundle::resolver::errors::ReferenceKind;
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};
use serde_json::Value;

pub use self::language::Language;
pub use self::text::{Column, Text};
use crate::domain::{ByteCount, Judgement, Moment, Notice, Subject, misleads};

/// What the names of the sentences about conditions begin with.
const CONDITION: &str = "condition";

/// The words of one language.
pub struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

/// What is said about one notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What is so, and what camdock does about it.
    pub sentence: String,
    /// What to do, if there is something to do.
    pub advice: Option<String>,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        self.advice.iter().try_for_each(|advice| write!(f, " {advice}"))
    }
}

impl Words {
    /// The words of a language.
    #[must_use]
    pub fn of(language: Language) -> &'static Self {
        language.words()
    }

    /// Those of the commands and of the journal.
    #[must_use]
    pub fn english() -> &'static Self {
        Self::of(Language::English)
    }

    fn read(language: Language) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
        // A page has its own way of telling text from text, and a terminal would show the marks.
        bundle.set_use_isolating(false);
        for file in language.files() {
            // What is not a message in the file is missing later, which a test sees.
            let resource = FluentResource::try_new(file.to_owned()).unwrap_or_else(|(resource, _)| resource);
            bundle.add_resource_overriding(resource);
        }
        let _ = bundle.add_function("TIME", |places, _| match places {
            [FluentValue::Number(at)] => Moment::from_millis(whole(at.value)).to_string().into(),
            [FluentValue::String(name)] => name.to_string().into(),
            _ => FluentValue::Error,
        });
        let _ = bundle.add_function("BYTES", |places, _| match places {
            [FluentValue::Number(bytes)] => ByteCount::new(whole(bytes.value).unsigned_abs()).to_string().into(),
            [FluentValue::String(name)] => name.to_string().into(),
            _ => FluentValue::Error,
        });
        Self { language, bundle }
    }

    /// Which language that is.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// What is said about a notice.
    #[must_use]
    pub fn tell(&self, notice: &Notice) -> Told {
        let facts = serde_json::to_value(notice).unwrap_or_default();
        self.tell_all(&facts, &mut Vec::new())
    }

    /// The same as one text.
    #[must_use]
    pub fn say(&self, notice: impl Into<Notice>) -> String {
        self.tell(&notice.into()).to_string()
    }

    /// What is said of a subject, as one line that says of what it is said.
    #[must_use]
    pub fn line(&self, subject: &Subject, told: &Told) -> String {
        let Subject { bay, camera, docking: _, file, destination } = subject.clone();
        let parts = [
            bay.map(|bay| Text::SubjectBay { bay }),
            camera.map(|camera| Text::SubjectCamera { camera }),
            file.map(|file| Text::SubjectFile { file }),
            destination.map(|destination| Text::SubjectDestination { destination }),
        ];
        let about: Vec<String> = parts.iter().flatten().map(|part| self.text(part)).collect();
        if about.is_empty() { told.to_string() } else { format!("{}: {told}", about.join(", ")) }
    }

    /// What is said about every notice of an id. Where a fact would stand stands its name, in capitals.
    #[must_use]
    pub fn explain(&self, id: &str) -> Told {
        let mut gaps = Vec::new();
        self.format(id, &FluentArgs::new(), &mut gaps);
        let mut names = FluentArgs::new();
        for gap in gaps {
            if let FluentError::ResolverError(ResolverError::Reference(ReferenceKind::Variable { id })) = gap {
                let name = id.replace('-', "_").to_uppercase();
                names.set(id, name);
            }
        }
        self.format(id, &names, &mut Vec::new())
    }

    /// How a condition of a wipe stands.
    #[must_use]
    pub fn judgement(&self, judgement: &Judgement) -> String {
        self.tell_all(&judged(judgement), &mut Vec::new()).sentence
    }

    /// What stands on a page besides notices.
    #[must_use]
    pub fn text(&self, text: &Text) -> String {
        self.tell_all(&serde_json::to_value(text).unwrap_or_default(), &mut Vec::new()).sentence
    }

    /// Facts are a notice's fields, its id, and what it is about. `gaps` gets what a sentence asks for and they lack.
    fn tell_all(&self, facts: &Value, gaps: &mut Vec<FluentError>) -> Told {
        let key = key(facts);
        let mut args = FluentArgs::new();
        for (name, value) in facts.as_object().into_iter().flatten() {
            args.set(name.replace('_', "-"), self.value(value, gaps));
        }
        self.format(&key, &args, gaps)
    }

    fn format(&self, key: &str, args: &FluentArgs<'_>, gaps: &mut Vec<FluentError>) -> Told {
        let mut said = |pattern| self.bundle.format_pattern(pattern, Some(args), gaps).into_owned();
        let message = self.bundle.get_message(key);
        let advice = message.as_ref().and_then(|message| message.get_attribute("advice"));
        let advice = advice.map(|advice| said(advice.value()));
        let sentence = message.and_then(|message| message.value()).map(said);
        Told { sentence: sentence.unwrap_or_else(|| key.to_owned()), advice }
    }

    /// A field as it can stand in a sentence. One that is a notice stands there as what is said about it.
    fn value(&self, value: &Value, gaps: &mut Vec<FluentError>) -> FluentValue<'static> {
        match value {
            Value::String(text) => harmless(text).into(),
            Value::Number(number) => number.as_f64().unwrap_or_default().into(),
            Value::Array(each) => {
                let mut one = |one: &Value| match one {
                    Value::String(text) => harmless(text),
                    facts => self.tell_all(facts, gaps).to_string(),
                };
                each.iter().map(&mut one).collect::<Vec<_>>().join(", ").into()
            }
            Value::Object(_) => self.tell_all(value, gaps).to_string().into(),
            Value::Null => "unknown".into(),
            Value::Bool(_) => FluentValue::None,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it came as a whole number, and Fluent knows no other kind")]
const fn whole(number: f64) -> i64 {
    number as i64
}

/// A text from outside as it may stand in a sentence or a line, whoever wrote it: what would steer a terminal, end a line or turn the
/// reading direction is written out.
#[must_use]
pub fn harmless(text: &str) -> String {
    if !text.contains(misleads) {
        return text.to_owned();
    }
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        if misleads(letter) {
            written.extend(letter.escape_unicode());
        } else {
            written.push(letter);
        }
    }
    written
}

/// The facts about a condition.
fn judged(judgement: &Judgement) -> Value {
    let mut facts = serde_json::to_value(judgement).unwrap_or_default();
    facts["about"] = CONDITION.into();
    facts
}

/// The name of the message about some facts.
fn key(facts: &Value) -> String {
    let word = |name| facts.get(name).and_then(Value::as_str);
    [word("about"), word("id")].into_iter().flatten().collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests;
