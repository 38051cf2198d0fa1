//! The configuration file and its drop-ins as one tree, in which every value still knows where it was written.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::mistake::{At, Mistakes};

/// A value and where it is written.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: At,
    pub(super) value: Value,
}

/// A TOML value, as far as a configuration needs them.
#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Node>),
    Table(Table),
    /// A kind of value that no key takes, in words.
    Other(&'static str),
}

/// A table's values with the place of their keys.
pub(super) type Table = BTreeMap<String, (At, Node)>;

impl Value {
    /// What kind of value it is, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(kind) => kind,
        }
    }
}

/// Reads `path` and then the drop-ins `<path>.d/*.toml` in the order of their names. The keys of a later file override
/// those of an earlier one, one by one; list entries with the same `name` are the same entry.
pub(super) fn read(path: &Path, mistakes: &mut Mistakes) -> Node {
    let mut root = read_file(path, mistakes);
    for drop_in in drop_ins(path, mistakes) {
        let later = read_file(&drop_in, mistakes);
        merge(&mut root, later);
    }
    root
}

fn drop_ins(path: &Path, mistakes: &mut Mistakes) -> Vec<PathBuf> {
    let mut folder = path.as_os_str().to_owned();
    folder.push(".d");
    toml_files(Path::new(&folder), mistakes)
}

/// The files of a folder whose names end in `.toml`, in the order of their names. A folder that is not there has none.
pub(super) fn toml_files(folder: &Path, mistakes: &mut Mistakes) -> Vec<PathBuf> {
    let listing = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = match listing {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            let what = format!("what is in {} cannot be listed: {error}", folder.display());
            mistakes.unreadable(what, "let camdock's user read that folder, or remove it".to_owned());
            return Vec::new();
        }
    };
    let mut files: Vec<PathBuf> =
        entries.into_iter().map(|entry| entry.path()).filter(|path| is_drop_in(path)).collect();
    files.sort();
    files
}

/// Editors leave hidden files behind; those are nobody's configuration.
fn is_drop_in(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension() == Some(OsStr::new("toml"))
}

/// Reads one file.
pub(super) fn read_file(path: &Path, mistakes: &mut Mistakes) -> Node {
    let bytes = std::fs::read(path).unwrap_or_else(|error| {
        let remedy = "check the path and its permissions; `camdock gen config` prints an example to start from";
        mistakes.unreadable(format!("{} cannot be read: {error}", path.display()), remedy.to_owned());
        Vec::new()
    });
    match std::str::from_utf8(&bytes) {
        // TOML knows no such character, and text of two bytes per letter is full of it.
        Ok(text) if !text.contains('\0') => parse(path, text, mistakes),
        read => {
            let text = made_out(&bytes);
            let file = mistakes.add_source(path, &text);
            let start = read.map_or_else(|error| error.valid_up_to(), |_| 0);
            let end =
                text.get(start..).and_then(|rest| rest.chars().next()).map_or(start, |odd| start + odd.len_utf8());
            let what = "this file is written in another encoding than UTF-8".to_owned();
            mistakes.syntax(
                At { file, span: start..end },
                what,
                "save it as UTF-8, or write this character in another way",
            );
            parsed(file, &text, mistakes)
        }
    }
}

/// What a text in another encoding than UTF-8 says, as far as that can be made out.
pub(super) fn made_out(bytes: &[u8]) -> String {
    let unit = match bytes {
        [0xff, 0xfe, ..] | [_, 0, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] | [0, _, ..] => u16::from_be_bytes,
        _ => return String::from_utf8_lossy(bytes).into_owned(),
    };
    let (pairs, _) = bytes.as_chunks();
    let text =
        char::decode_utf16(pairs.iter().copied().map(unit)).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER));
    text.skip_while(|first| *first == BYTE_ORDER_MARK).collect()
}

pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Takes `text` for the contents of `path`.
pub(super) fn parse(path: &Path, text: &str, mistakes: &mut Mistakes) -> Node {
    let file = mistakes.add_source(path, text);
    parsed(file, text, mistakes)
}

fn parsed(file: usize, text: &str, mistakes: &mut Mistakes) -> Node {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = At { file, span: error.span().unwrap_or(0..0) };
        let remedy = "write `key = value`, with quotes around texts, below a [table] or a [[list]] heading";
        mistakes.syntax(at, format!("this is no TOML: {}", error.message()), remedy);
    }
    let root = Node { at: At { file, span: 0..0 }, value: table_value(table.into_inner(), file) };
    refuse_twins(&root, mistakes);
    root
}

/// The texts that are written for `key` in a file that is no TOML: a broken line may hide everything below it from a proper
/// reader.
pub(super) fn written<'t>(text: &'t str, key: &'static str) -> impl Iterator<Item = &'t str> {
    let lines = text.split(['\n', '\r']).filter(|line| !line.trim_start().starts_with('#'));
    lines.flat_map(move |line| {
        line.match_indices(key).filter_map(move |(at, _)| {
            let value = line[at + key.len()..].trim_start().strip_prefix('=')?.trim_start();
            let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''))?;
            value[1..].split(quote).next()
        })
    })
}

fn node(value: Spanned<DeValue<'_>>, file: usize) -> Node {
    let at = At { file, span: value.span() };
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number out of any range"), Value::Integer),
        DeValue::Boolean(boolean) => Value::Boolean(boolean),
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(list) => Value::List(list.into_iter().map(|entry| node(entry, file)).collect()),
        DeValue::Table(table) => table_value(table, file),
    };
    Node { at, value }
}

fn table_value(table: DeTable<'_>, file: usize) -> Value {
    let entry = |(key, value): (Spanned<DeString<'_>>, _)| {
        let at = At { file, span: key.span() };
        (key.into_inner().into_owned(), (at, node(value, file)))
    };
    Value::Table(table.into_iter().map(entry).collect())
}

/// Within one file a name stands for one entry; across files the same name means "change that entry".
fn refuse_twins(root: &Node, mistakes: &mut Mistakes) {
    let Value::Table(table) = &root.value else { return };
    for (key, (_, list)) in table {
        let Value::List(entries) = &list.value else { continue };
        for (index, entry) in entries.iter().enumerate() {
            let Some((name, at)) = name_of(entry) else { continue };
            if entries[..index].iter().any(|earlier| name_of(earlier).is_some_and(|(other, _)| other == name)) {
                let what = format!("{key}.name = \"{name}\" is used twice");
                mistakes.add(at, what, format!("give each [[{key}]] a name of its own"));
            }
        }
    }
}

fn name_of(entry: &Node) -> Option<(&str, &At)> {
    let Value::Table(table) = &entry.value else { return None };
    match table.get("name")? {
        (_, Node { at, value: Value::Text(name) }) => Some((name, at)),
        _ => None,
    }
}

fn merge(earlier: &mut Node, later: Node) {
    match (&mut earlier.value, later.value) {
        (Value::Table(ours), Value::Table(theirs)) => {
            for (key, (at, value)) in theirs {
                match ours.get_mut(&key) {
                    Some((_, ours)) => merge(ours, value),
                    None => drop(ours.insert(key, (at, value))),
                }
            }
        }
        (Value::List(ours), Value::List(theirs)) => {
            for entry in theirs {
                let name = name_of(&entry).map(|(name, _)| name.to_owned());
                let same = |ours: &&mut Node| name.is_some() && name_of(ours).map(|(name, _)| name) == name.as_deref();
                match ours.iter_mut().find(same) {
                    Some(ours) => merge(ours, entry),
                    None => ours.push(entry),
                }
            }
        }
        (_, value) => *earlier = Node { at: later.at, value },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found_wherever_a_line_has_it() {
        let text = "[station\ndata_dir=\"/a\"\n  data_dir = '/b \"c' # data_dir = \"/d\"\r#data_dir = \"/e\"\ndata_dir = /f\n\
                    x = { data_dir = \"/\u{fc}\" }\ndata_dir";
        assert_eq!(written(text, "data_dir").collect::<Vec<_>>(), ["/a", "/b \"c", "/d", "/\u{fc}"]);
    }
}
