//! Takes typed values out of a table, and reports each that is wrong, missing or unknown.

use super::document::{Node, Table, Value};
use super::mistake::{At, Mistakes};

/// Every key of every table. What is not listed is refused; `config/camdock.toml` and
/// `config/profile.toml` show each of them.
pub(super) const KEYS: [(&str, &[&str]); 10] = [
    ("", &["station", "spool", "bay", "destination", "upload", "web"]),
    ("station", &["id", "data_dir"]),
    ("spool", &["reserve", "keep_after_wipe"]),
    ("bay", &["name", "port", "folder"]),
    (
        "destination",
        &["name", "kind", "endpoint", "container", "path", "prefix", "credential", "required", "proof", "retention"],
    ),
    ("destination.credential", &["kind", "file", "account"]),
    ("upload", &["chunk_size", "concurrency", "stall_timeout"]),
    ("web", &["listen"]),
    (
        "profile",
        &[
            "name",
            "title",
            "usb",
            "manufacturer",
            "product",
            "transport",
            "label",
            "serial",
            "folders",
            "leave",
            "enabled",
        ],
    ),
    ("profile.serial", &["file"]),
];

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
    path: &'static str,
    at: At,
    table: Table,
    pub(super) mistakes: &'p mut Mistakes,
}

impl<'p> Reader<'p> {
    /// Reads the node as the table `path`, one of [`KEYS`].
    pub(super) fn new(path: &'static str, node: Node, mistakes: &'p mut Mistakes) -> Option<Self> {
        match node.value {
            Value::Table(table) => Some(Self { path, at: node.at, table, mistakes }),
            other => {
                let what = format!("{path} is {}, but must be a table", other.kind());
                let remedy = match path {
                    "destination.credential" => {
                        "write credential = { kind = \"sas\", file = \"primary.sas\" }".to_owned()
                    }
                    "bay" | "destination" => format!("write each {path} below a heading [[{path}]]"),
                    _ => format!("write its keys below a heading [{path}]"),
                };
                mistakes.add(&node.at, what, remedy);
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
    pub(super) fn table(&mut self, path: &'static str) -> Option<Reader<'_>> {
        let absent = Node { at: self.at.clone(), value: Value::Table(Table::new()) };
        let node = self.take(path).unwrap_or(absent);
        Reader::new(path, node, self.mistakes)
    }

    /// Takes the entries of a list such as `[[bay]]`; a list that is not written is empty.
    pub(super) fn list(&mut self, path: &'static str) -> Vec<Node> {
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
                let what = format!("{}.{key} = {}: {why}", self.path, shown(&value));
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
            |written: &&String| !self.known().contains(&written.as_str()) && similar(written, &[key]).is_some();
        if self.table.keys().find(mistyped).is_none() {
            let what = format!("{}.{key} is missing", self.path);
            self.mistakes.missing(&self.at, what, format!("add, for instance, {key} = {example}"));
        }
    }

    fn known(&self) -> &'static [&'static str] {
        KEYS.iter().find(|(path, _)| *path == self.path).map_or(&[], |(_, keys)| keys)
    }

    /// Refuses what is left: keys that nobody knows, and keys that mean nothing here, as `here` says.
    pub(super) fn close(self, here: &str) {
        let known = self.known();
        let dot = if self.path.is_empty() { "" } else { "." };
        for (key, (at, value)) in self.table {
            // Whoever writes a key of their own into a credential may have written the credential itself.
            if self.path == "destination.credential" {
                self.mistakes.hide(&value.at);
            }
            let name = format!("{}{dot}{}", self.path, key.escape_debug());
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
