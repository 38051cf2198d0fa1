//! How an object is described where it lies: what kind of content it is, and what travels with it.

use crate::domain::{ObjectName, Sha256};

/// The content type of an object, by its name.
#[must_use]
pub fn content_type(object: &ObjectName) -> &'static str {
    let is_mp4 = object.as_str().rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("mp4"));
    if is_mp4 { "video/mp4" } else { "application/octet-stream" }
}

/// A value of metadata that fits into a header. One that has more than `longest` characters is shortened, and says so, with the
/// digest of the whole: what it is exactly can be asked of the custody log, and proven.
#[must_use]
pub fn fit(value: &str, longest: usize) -> String {
    let printable: String = value.chars().map(|it| if matches!(it, ' '..='~') { it } else { '?' }).collect();
    if printable.len() <= longest {
        return printable;
    }
    let whole = format!("... ({} characters, sha256 {})", value.chars().count(), Sha256::of(value.as_bytes()));
    format!("{}{whole}", &printable[..longest.saturating_sub(whole.len())])
}
