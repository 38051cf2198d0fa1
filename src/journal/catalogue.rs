//! What `journalctl -x` explains below a line.

use std::fmt::Write as _;

use super::message_id;
use crate::domain::Notice;
use crate::words::{Language, Words};

/// A message catalogue in the form of `journald`: for each notice what its lines say, and what to do about it. Where a line
/// has a fact, its name stands here in capitals.
///
/// The form is that of <https://systemd.io/CATALOG/>.
#[must_use]
pub fn catalogue(language: Language) -> String {
    let words = Words::of(language);
    let mut catalogue = String::new();
    for id in Notice::ids() {
        let told = words.explain(&id);
        let entry = writeln!(
            catalogue,
            "-- {}\nSubject: camdock: {id}\nDefined-By: camdock\nDocumentation: man:camdock(1)\n\n{}",
            message_id(&id),
            told.sentence
        );
        // A text in memory takes everything.
        let _ = entry.and_then(|()| told.advice.iter().try_for_each(|advice| writeln!(catalogue, "\n{advice}")));
        catalogue.push('\n');
    }
    catalogue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_explains_every_notice_once_in_every_language() {
        for language in Language::ALL {
            let catalogue = catalogue(language);
            for id in Notice::ids() {
                assert_eq!(catalogue.matches(&format!("-- {}\n", message_id(&id))).count(), 1, "{id}");
            }
            assert!(!catalogue.contains('{') && !catalogue.contains('$'), "{catalogue}");
        }
    }

    #[test]
    fn a_fact_that_the_line_has_stands_there_by_its_name() {
        let catalogue = catalogue(Language::English);
        let entry = catalogue.split("-- ").find(|entry| entry.contains("Subject: camdock: camera-done\n")).unwrap();
        assert!(entry.ends_with("\n\nUploaded, proven and wiped: SEGMENTS segments, BYTES.\n\n"), "{entry}");
        assert!(catalogue.contains("See: camdock problems, camdock explain CAMERA."), "{catalogue}");
    }
}
