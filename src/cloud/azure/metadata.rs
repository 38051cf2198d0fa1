//! What travels with a blob, within what Azure takes.

use std::collections::HashMap;

use crate::cloud::{Upload, fit};

/// The longest value, in characters. Azure takes 8 KiB for all names and values together; of camdock's values only the
/// file's path can be long, and an escaped one of 742 Chinese characters has 8.9 KiB.
const LONGEST: usize = 4 << 10;

/// Names that are identifiers of C#, as Azure wants them, and values that fit into a header. A value that is too long is
/// shortened, and says so, with the digest of the whole: what it is exactly can be asked of the custody log, and proven.
pub(super) fn metadata(upload: &Upload) -> HashMap<String, String> {
    upload.metadata.iter().map(|(name, value)| (name.replace('-', "_"), fit(value, LONGEST))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ByteCount, Fingerprint, ObjectName, Protection, Sha256, SourcePath};

    /// What Azure takes.
    const MOST: usize = 8 << 10;

    fn metadata_of(path: &str) -> HashMap<String, String> {
        let sha256 = Sha256::of(b"x").to_string();
        let upload = Upload {
            object: ObjectName::new("a").unwrap(),
            fingerprint: Fingerprint::of(b"x", ByteCount::new(4)),
            metadata: vec![("original-name", SourcePath::new(path.as_bytes().to_vec()).escaped()), ("sha256", sha256)],
            protection: Protection::NONE,
        };
        metadata(&upload)
    }

    #[test]
    fn a_path_of_chinese_characters_is_shortened_and_its_digest_says_which_it_was() {
        let (one, other) = ("\u{9a8c}".repeat(742), "\u{9a8c}".repeat(741) + "\u{8bc1}");
        let (one, other) = (metadata_of(&one), metadata_of(&other));
        let size: usize = one.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(size < MOST, "{size}");
        let name = &one["original_name"];
        assert!(name.starts_with("\\xe9\\xaa\\x8c\\xe9") && name.contains("... (8904 characters, sha256 "), "{name}");
        assert_ne!(name, &other["original_name"], "they differ in the last character");
    }

    #[test]
    fn what_fits_is_kept_as_it_is() {
        assert_eq!(metadata_of("DCIM/100/A.MP4")["original_name"], "DCIM/100/A.MP4");
        let longest = "x".repeat(LONGEST);
        assert_eq!(metadata_of(&longest)["original_name"], longest);
        assert_eq!(metadata_of(&(longest + "x"))["original_name"].len(), LONGEST);
    }
}
