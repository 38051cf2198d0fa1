//! Index tags, by which the cloud's own search finds footage.
//!
//! Promises: tags are a convenience, so nothing that is wrong with them stops evidence: whoever may not write them, and a
//! place that knows none, gets the object without.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::form_urlencoded::Serializer;

use crate::cloud::Upload;

/// What of the metadata becomes tags. Azure takes ten.
const TAGGED: [&str; 5] = ["camera", "station", "recorded-at", "docking", "sha256"];

/// The longest value, in characters ("Set Blob Tags").
const LONGEST: usize = 256;

/// After a refusal tags are not tried again for so long: roles are given while a station runs.
const PAUSE: Duration = Duration::from_hours(1);

/// Whether objects get tags.
#[derive(Debug, Default)]
pub(super) struct Tagging {
    refused: Mutex<Option<(String, Instant)>>,
}

impl Tagging {
    /// What Azure said to the tags of late, if it refused them.
    pub(super) fn refused(&self) -> Option<String> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.as_ref().filter(|(_, at)| at.elapsed() < PAUSE).map(|(code, _)| code.clone())
    }

    /// With tags an object was refused, and without them it was not.
    pub(super) fn refuse(&self, code: String) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some((code, Instant::now()));
    }
}

/// The tags of an object as a header carries them. Names are as those of the metadata.
pub(super) fn tags(upload: &Upload) -> String {
    let mut tags = Serializer::new(String::new());
    for (name, value) in upload.metadata.iter().filter(|(name, _)| TAGGED.contains(name)) {
        let value = if *name == "recorded-at" { in_seconds(value) } else { value.clone() };
        tags.append_pair(&name.replace('-', "_"), &fit(&value));
    }
    // In a header a plus is a plus.
    tags.finish().replace('+', "%20")
}

/// Within what Azure takes: other characters become underscores, and what is too long ends early.
fn fit(value: &str) -> String {
    let taken = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '+' | '-' | '.' | '/' | ':' | '=' | '_');
    value.chars().map(|c| if taken(c) { c } else { '_' }).take(LONGEST).collect()
}

/// A point in time without fractions of a second: the search compares texts, so all must be of one form.
fn in_seconds(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(whole, _)| format!("{whole}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ByteCount, Fingerprint, Moment, ObjectName, Protection};

    fn tags_of(metadata: Vec<(&'static str, String)>) -> String {
        let fingerprint = Fingerprint::of(b"x", ByteCount::new(4));
        tags(&Upload { object: ObjectName::new("a").unwrap(), fingerprint, metadata, protection: Protection::NONE })
    }

    #[test]
    fn tags_say_who_recorded_when_and_nothing_of_what_people_named() {
        let metadata = vec![
            ("camera", "BWC-1".to_owned()),
            ("original-name", "secret.mp4".to_owned()),
            ("recorded-at", "2026-01-02T03:04:05Z".to_owned()),
        ];
        assert_eq!(tags_of(metadata), "camera=BWC-1&recorded_at=2026-01-02T03%3A04%3A05Z");
    }

    #[test]
    fn points_in_time_are_sorted_as_texts() {
        let tag = |millis| tags_of(vec![("recorded-at", Moment::from_millis(millis).to_string())]);
        assert_eq!(tag(1_500), tag(1_000));
        assert!(tag(999) < tag(1_001) && tag(1_999) < tag(2_000));
    }

    #[test]
    fn what_azure_would_refuse_in_a_tag_is_not_sent() {
        let hostile = "A&b=\u{202e}\u{1b}\"é +".to_owned() + &"x".repeat(300);
        let tag = tags_of(vec![("camera", hostile)]);
        assert!(tag.starts_with("camera=A_b%3D____%20%2Bxxx"), "{tag}");
        assert_eq!(url::form_urlencoded::parse(tag.as_bytes()).next().unwrap().1.chars().count(), LONGEST);
    }
}
