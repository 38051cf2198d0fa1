//! Takes typed values out of a table, and reports each that is wrong, missing or unknown.

use super::document::{Node, Table, Value};
use super::mistake::{At, Mistakes};

/// The keys that a table knows. What is not listed is refused; `config/camdock.toml` and `config/profile.toml` show each of
/// them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    /// The table's name, with that of the table it lies in before it; empty for the whole file.
    pub(super) path: &'static str,
    pub(super) known: &'static [&'static str],
    /// What to write instead of something that is no table.
    form: Form,
}

/// How a table is written.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// Below a heading.
    Heading,
    /// Below a heading in double brackets, as often as it is needed.
    Headings,
    /// In one line, like this.
    Inline(&'static str),
}

impl Keys {
    /// A table below its heading.
    pub(super) const fn table(path: &'static str, known: &'static [&'static str]) -> Self {
        Self { path, known, form: Form::Heading }
    }

    /// One of several tables of this name.
    pub(super) const fn list(path: &'static str, known: &'static [&'static str]) -> Self {
        Self { path, known, form: Form::Headings }
    }

    /// A table in one line, as `example` is.
    pub(super) const fn inline(path: &'static str, known: &'static [&'static str], example: &'static str) -> Self {
        Self { path, known, form: Form::Inline(example) }
    }

    fn remedy(&self) -> String {
        let path = self.path;
        match self.form {
            Form::Heading => format!("write its keys below a heading [{path}]"),
            Form::Headings => format!("write each {path} below a heading [[{path}]]"),
            Form::Inline(example) => format!("write {example}"),
        }
    }
}

/// Why a value cannot be used, and what to write instead.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) why: String,
    pub(super) remedy: String,
}

impl Wrong {
    pub(super) fn new(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { why: why.into(), remedy: remedy.into() }
    }
}

/// A value and where it is written.
#[derive(Debug)]
pub(super) struct Given<T> {
    pub(super) value: T,
    pub(super) at: At,
}

/// A table whose values are taken one by one; what is left at the end is unknown.
pub(super) struct Reader<'p> {
    keys: Keys,
    at: At,
    table: Table,
    pub(super) mistakes: &'p mut Mistakes,
}

impl<'p> Reader<'p> {
    /// Reads the node as a table of these keys.
    pub(super) fn new(keys: Keys, node: Node, mistakes: &'p mut Mistakes) -> Option<Self> {
        match node.value {
            Value::Table(table) => Some(Self { keys, at: node.at, table, mistakes }),
            other => {
                let what = format!("{} is {}, but must be a table", keys.path, other.kind());
                mistakes.add(&node.at, what, keys.remedy());
                None
            }
        }
    }

    /// Where the table is written.
    pub(super) fn at(&self) -> &At {
        &self.at
    }

    /// Looks at a value as it is written.
    pub(super) fn peek(&self, key: &str) -> Option<&Node> {
        self.table.get(key).map(|(_, node)| node)
    }

    /// Takes a value as it is written.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Node> {
        self.table.remove(key).map(|(_, node)| node)
    }

    /// Takes a table inside this one, such as `[spool]`; one that is not written has no keys.
    pub(super) fn table(&mut self, keys: Keys) -> Option<Reader<'_>> {
        let absent = Node { at: self.at.clone(), value: Value::Table(Table::new()) };
        let node = self.take(keys.path).unwrap_or(absent);
        Reader::new(keys, node, self.mistakes)
    }

    /// Takes the entries of a list such as `[[bay]]`; a list that is not written is empty.
    pub(super) fn list(&mut self, keys: Keys) -> Vec<Node> {
        let path = keys.path;
        match self.take(path) {
            None => Vec::new(),
            Some(Node { value: Value::List(entries), .. }) => entries,
            Some(Node { at, value }) => {
                let what = format!("{path} is {}, but must be a list", value.kind());
                self.mistakes.add(
                    &at,
                    what,
                    format!("write each {path} below a heading [[{path}]], in double brackets"),
                );
                Vec::new()
            }
        }
    }

    /// Takes a value if there is one. `None` also if it is wrong, which is reported; `Some(None)` if it is not written.
    #[expect(clippy::option_option, reason = "wrong and absent are different things, and only here")]
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&Value) -> Result<T, Wrong>,
    ) -> Option<Option<Given<T>>> {
        let Some(Node { at, value }) = self.take(key) else { return Some(None) };
        match parse(&value) {
            Ok(value) => Some(Some(Given { value, at })),
            Err(Wrong { why, remedy }) => {
                let what = format!("{}.{key} = {}: {why}", self.keys.path, shown(&value));
                self.mistakes.add(&at, what, remedy);
                None
            }
        }
    }

    /// Takes a value that has a default.
    pub(super) fn or<T>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&Value) -> Result<T, Wrong>,
    ) -> Option<T> {
        Some(self.optional(key, parse)?.map_or(default, |given| given.value))
    }

    /// Takes a value that must be there; `example` shows how to write it.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        example: &str,
        parse: impl FnOnce(&Value) -> Result<T, Wrong>,
    ) -> Option<Given<T>> {
        let given = self.optional(key, parse)?;
        if given.is_none() {
            self.missing(key, example);
        }
        given
    }

    /// Reports that a key must be there and is not; unless it is there with a typing error, which `close` reports.
    pub(super) fn missing(&mut self, key: &str, example: &str) {
        let mistyped =
            |written: &&String| !self.keys.known.contains(&written.as_str()) && similar(written, &[key]).is_some();
        if self.table.keys().find(mistyped).is_none() {
            let what = format!("{}.{key} is missing", self.keys.path);
            self.mistakes.missing(&self.at, what, format!("add, for instance, {key} = {example}"));
        }
    }

    /// Refuses what is left: keys that nobody knows, and keys that mean nothing here, as `here` says.
    pub(super) fn close(self, here: &str) {
        let known = self.keys.known;
        let dot = if self.keys.path.is_empty() { "" } else { "." };
        for (key, (at, value)) in self.table {
            // Whoever writes a key of their own into a credential may have written the credential itself.
            if self.keys.path == "destination.credential" {
                self.mistakes.hide(&value.at);
            }
            let name = format!("{}{dot}{}", self.keys.path, key.escape_debug());
            if known.contains(&key.as_str()) {
                self.mistakes.add(&at, format!("{name} means nothing {here}"), "remove it".to_owned());
            } else {
                let remedy = similar(&key, known).map_or_else(
                    || format!("remove it; known here are {}", known.join(", ")),
                    |known| format!("did you mean \"{known}\"?"),
                );
                self.mistakes.add(&at, format!("{name} is no key that camdock knows"), remedy);
            }
        }
    }
}

/// The known word that was probably meant.
pub(super) fn similar<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance = |known: &&&str| strsim::damerau_levenshtein(word, known);
    known.iter().min_by_key(distance).filter(|best| distance(best) <= 1 + best.len() / 4).copied()
}

/// A value as a person wrote it, shortened.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) if text.chars().count() > 80 => format!("\"{}…\"", text.chars().take(80).collect::<String>()),
        Value::Text(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(boolean) => boolean.to_string(),
        other => format!("({})", other.kind()),
    }
}
