//! How each kind of value is written.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use url::{Host, Url};

use super::document::Value;
use super::reader::{Wrong, similar};
use crate::domain::{
    Beats, BitRate, ByteCount, Days, IdError, LedName, NoDays, NoTimeOfDay, NoUsbPort, ObjectPrefix, Pattern, Rhythm,
    SourcePath, TimeOfDay, UsbPort, parse_duration,
};

/// Any text but an empty one.
pub(super) fn text(value: &Value) -> Result<String, Wrong> {
    let text = quoted(value, "write a text in quotes")?;
    if text.is_empty() {
        Err(Wrong::new("it is empty", "write a text, or remove the key"))
    } else {
        Ok(text.to_owned())
    }
}

/// `true` or `false`.
pub(super) fn boolean(value: &Value) -> Result<bool, Wrong> {
    match value {
        Value::Boolean(boolean) => Ok(*boolean),
        other => Err(Wrong::new(format!("it is {}", other.kind()), "write true or false, without quotes")),
    }
}

/// A whole number within limits.
pub(super) fn number(value: &Value, limits: RangeInclusive<usize>) -> Result<usize, Wrong> {
    let remedy = format!("write a whole number from {} to {}", limits.start(), limits.end());
    match value {
        Value::Integer(number) => {
            let within = usize::try_from(*number).ok().filter(|number| limits.contains(number));
            within.ok_or_else(|| Wrong::new("it is out of range", remedy))
        }
        other => Err(Wrong::new(format!("it is {}", other.kind()), remedy + ", without quotes")),
    }
}

/// One of a few words, and what each stands for.
pub(super) fn one_of<T: Copy>(value: &Value, words: &[(&str, T)]) -> Result<T, Wrong> {
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let choice = known.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
    let text = quoted(value, &format!("write {choice}"))?;
    let meant = |word: &str| words.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning);
    meant(text).ok_or_else(|| {
        let guess = similar(text, &known).map_or_else(String::new, |word| format!("; did you mean \"{word}\"?"));
        Wrong::new("it is none of the words for this key", format!("write {choice}{guess}"))
    })
}

/// A USB port path.
pub(super) fn port(value: &Value) -> Result<UsbPort, Wrong> {
    let remedy = "write the path that `camdock bays` shows, such as \"1-1.4\"";
    quoted(value, remedy)?.parse().map_err(|error: NoUsbPort| Wrong::new(error.to_string(), remedy))
}

/// A LED's name, or that of another entry of a folder of devices.
pub(super) fn led(value: &Value) -> Result<LedName, Wrong> {
    let remedy = "write its name as `ls /sys/class/leds` shows it, such as \"apu:green:1\"; a chip's as `ls /dev/gpiochip*` does";
    LedName::new(quoted(value, remedy)?).map_err(|error| Wrong::new(error.to_string(), remedy))
}

/// When a lamp is lit.
pub(super) fn rhythm(value: &Value) -> Result<Rhythm, Wrong> {
    let remedy = format!(
        "write \"on\", \"off\", or up to {} times how many milliseconds it is lit and then dark, each from {} to {}: [1000, 1000]",
        Beats::MOST,
        Beats::SHORTEST.as_millis(),
        Beats::LONGEST.as_millis()
    );
    match value {
        Value::Text(text) if text == "on" => Ok(Rhythm::Steady),
        Value::Text(text) if text == "off" => Ok(Rhythm::Dark),
        Value::List(_) => {
            let millis = list(value, |entry| match entry {
                Value::Integer(millis) => Ok(u64::try_from(*millis).unwrap_or(0)),
                other => Err(Wrong::new(format!("it holds {}", other.kind()), remedy.clone())),
            });
            Beats::new(&millis?).map(Rhythm::Blinking).ok_or_else(|| Wrong::new("nobody could make it out", remedy))
        }
        _ => Err(Wrong::new("it is no rhythm", remedy)),
    }
}

/// A list of values of one kind.
pub(super) fn list<T>(value: &Value, each: impl Fn(&Value) -> Result<T, Wrong>) -> Result<Vec<T>, Wrong> {
    match value {
        Value::List(entries) if entries.is_empty() => {
            Err(Wrong::new("it is empty", "remove the key, or write something"))
        }
        Value::List(entries) => entries.iter().map(|entry| each(&entry.value)).collect(),
        other => Err(Wrong::new(format!("it is {}, not a list", other.kind()), "write it in brackets: [\"…\"]")),
    }
}

/// Vendors and products, `8564:1000`; a `*` for any product is `None`.
pub(super) fn usb_ids(value: &Value) -> Result<Vec<(u16, Option<u16>)>, Wrong> {
    let remedy = "write four hexadecimal digits each, as `camdock bays` shows them: \"8564:1000\", or \"8564:*\"";
    let number = |text: &str| (text.len() == 4).then(|| u16::from_str_radix(text, 16).ok()).flatten();
    list(value, |entry| {
        let text = quoted(entry, remedy)?;
        let id = text.split_once(':').and_then(|(vendor, product)| {
            let product = if product == "*" { None } else { Some(number(product)?) };
            Some((number(vendor)?, product))
        });
        id.ok_or_else(|| Wrong::new(format!("{text:?} is no vendor and product"), remedy))
    })
}

/// What a text looks like.
pub(super) fn pattern(value: &Value) -> Result<Pattern, Wrong> {
    text(value).map(Pattern::new)
}

/// A file or folder on a camera, from its root.
pub(super) fn path_on_camera(value: &Value) -> Result<SourcePath, Wrong> {
    let remedy = "write the path from the camera's root, such as \"DCIM\" or \"MISC/ID.TXT\"";
    let text = quoted(value, remedy)?;
    if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(Wrong::new(format!("{text:?} is no path on a camera"), remedy));
    }
    Ok(SourcePath::new(text.into()))
}

/// A name, as the domain's types take it.
pub(super) fn name<T>(value: &Value, new: impl FnOnce(String) -> Result<T, IdError>) -> Result<T, Wrong> {
    let remedy = "write a short name such as \"hq-01\", of letters, digits, '-', '_' and '.', not starting with a dot";
    new(quoted(value, remedy)?.to_owned()).map_err(|error| match error {
        IdError::Character(character) => Wrong::new(format!("{character:?} cannot stand there"), remedy),
        other => Wrong::new(other.to_string(), remedy),
    })
}

/// A size with its unit.
pub(super) fn size(value: &Value) -> Result<ByteCount, Wrong> {
    let remedy = "write a whole number and a unit, such as \"8 MiB\" (B, KiB, MiB, GiB, TiB)";
    let text = quoted(value, remedy)?;
    ByteCount::parse(text).map_err(|_| Wrong::new("it is not a size", remedy))
}

/// A duration with its unit.
pub(super) fn duration(value: &Value) -> Result<Duration, Wrong> {
    let remedy = "write a whole number and a unit, such as \"24h\" (s, m, h, d)";
    let text = quoted(value, remedy)?;
    parse_duration(text).map_err(|_| Wrong::new("it is not a duration", remedy))
}

/// A time of day.
pub(super) fn time_of_day(value: &Value) -> Result<TimeOfDay, Wrong> {
    let remedy = "write hours and minutes with two digits each, from \"00:00\" to \"23:59\": [\"06:00\", \"18:00\"]";
    let text = quoted(value, remedy)?;
    text.parse().map_err(|NoTimeOfDay| Wrong::new(format!("{text:?} is not a time of day"), remedy))
}

/// A speed with its unit.
pub(super) fn rate(value: &Value) -> Result<BitRate, Wrong> {
    let remedy = "write a whole number and a unit, such as \"40 Mbit/s\" (kbit/s, Mbit/s, Gbit/s)";
    let rate = BitRate::parse(quoted(value, remedy)?).map_err(|_| Wrong::new("it is not a speed", remedy))?;
    if rate < BitRate::SLOWEST {
        let why = "it is too slow: a cap slows uploads and must not stop them, for cameras are wiped only after them";
        return Err(Wrong::new(why, format!("write at least \"{}\"", BitRate::SLOWEST)));
    }
    Ok(rate)
}

/// Days of the week.
pub(super) fn days(value: &Value) -> Result<Days, Wrong> {
    let remedy = "write days and spans of days: [\"mon-fri\"], or [\"sat\", \"sun\"]";
    let each = list(value, |entry| {
        let text = quoted(entry, remedy)?;
        Days::parse(text).map_err(|NoDays| Wrong::new(format!("{text:?} names no days of the week"), remedy))
    })?;
    each.into_iter().reduce(Days::and).ok_or_else(|| Wrong::new("it is empty", remedy))
}

/// The path of a folder: absolute and without `..`, so that what it means depends on nothing else.
pub(super) fn folder(value: &Value) -> Result<PathBuf, Wrong> {
    let remedy = "write an absolute path, such as \"/srv/camdock\"";
    let path = Path::new(quoted(value, remedy)?);
    if !path.is_absolute() {
        return Err(Wrong::new("it is not an absolute path", remedy));
    }
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(Wrong::new("it goes through \"..\"", "write the path that is really meant, without \"..\""));
    }
    Ok(path.components().collect())
}

/// What goes before every object's name.
pub(super) fn prefix(value: &Value) -> Result<ObjectPrefix, Wrong> {
    let remedy = "write parts of letters, digits, '-', '_' and '.', separated by \"/\", such as \"north/hq\"";
    ObjectPrefix::new(quoted(value, remedy)?)
        .ok_or_else(|| Wrong::new("it cannot stand before an object's name", remedy))
}

/// A container, by Azure's rules.
pub(super) fn container(value: &Value) -> Result<String, Wrong> {
    let remedy = "write 3 to 63 lower-case letters, digits and single hyphens, such as \"evidence\"";
    let text = quoted(value, remedy)?;
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let valid = (3..=63).contains(&text.len())
        && text.chars().all(|c| letter(c) || c == '-')
        && text.starts_with(letter)
        && text.ends_with(letter)
        && !text.contains("--");
    if valid { Ok(text.to_owned()) } else { Err(Wrong::new("Azure takes no such container name", remedy)) }
}

/// The address of a blob service. Evidence and credential go there, so only an encrypted connection will do, or one
/// that does not leave this machine.
pub(super) fn endpoint(value: &Value) -> Result<Url, Wrong> {
    let remedy = "write an address such as \"https://ACCOUNT.blob.core.usgovcloudapi.net\"";
    let text = quoted(value, remedy)?;
    let url = Url::parse(text).map_err(|error| Wrong::new(format!("it is no address: {error}"), remedy))?;
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if let Some(blobs) =
        url.host_str().filter(|host| host.contains(".dfs.")).map(|host| host.replace(".dfs.", ".blob."))
    {
        return Err(Wrong::new("it is the account's address for data lakes", format!("write \"https://{blobs}\"")));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if local => Ok(url),
        "http" => {
            Err(Wrong::new("evidence and credential would travel in the clear", "write https:// instead of http://"))
        }
        _ => Err(Wrong::new("it is not an https:// address", remedy)),
    }
}

/// Whether an address names the account in its host, as Azure's do: `ACCOUNT.blob.core.windows.net`.
pub(super) fn names_an_account(endpoint: &Url) -> bool {
    endpoint.domain().is_some_and(|host| host.split('.').skip(1).any(|label| label == "blob"))
}

/// Whether an address carries what belongs into the credential file.
pub(super) fn carries_secret(text: &str) -> bool {
    let after_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    text.contains(['?', '#']) || after_scheme.split('/').next().is_some_and(|authority| authority.contains('@'))
}

/// An address and a port to listen on.
pub(super) fn listen(value: &Value) -> Result<SocketAddr, Wrong> {
    let remedy = "write an IP address and a port, such as \"127.0.0.1:8470\"";
    quoted(value, remedy)?.parse().map_err(|_| Wrong::new("it is no IP address with a port", remedy))
}

/// Addresses of other machines.
pub(super) fn addresses(value: &Value) -> Result<Vec<IpAddr>, Wrong> {
    let remedy = "write IP addresses, such as [\"10.1.2.3\"]";
    list(value, |entry| {
        let text = quoted(entry, remedy)?;
        let address: IpAddr = text.parse().map_err(|_| Wrong::new(format!("{text:?} is no IP address"), remedy))?;
        Ok(address.to_canonical())
    })
}

/// The path of a file: absolute, or beside the configuration.
pub(super) fn file(value: &Value) -> Result<PathBuf, Wrong> {
    text(value).map(PathBuf::from)
}

/// A group of this machine's accounts.
pub(super) fn group(value: &Value) -> Result<String, Wrong> {
    let remedy = "write a group's name as `getent group` shows it, such as \"camdock-it\"";
    let text = quoted(value, remedy)?;
    if text.is_empty() || text.contains([':', ',', '\0', '\n']) {
        return Err(Wrong::new("it is no group's name", remedy));
    }
    Ok(text.to_owned())
}

fn quoted<'v>(value: &'v Value, remedy: &str) -> Result<&'v str, Wrong> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(Wrong::new(format!("it is {}, not a text in quotes", other.kind()), remedy)),
    }
}
