//! The configuration: one TOML file and its drop-ins become typed, validated settings.
//!
//! Promises: a [`Config`] that exists is consistent: every name is valid and used once, no folder lies inside another
//! that camdock writes to, at least one destination is required, and nothing travels unencrypted. Everything that is
//! wrong is reported at once, each with its file, line, value and what to write instead. Unknown keys are wrong: a
//! typing error must not silently become a default. A credential never comes from the configuration itself, and is
//! never shown.

mod access_key;
mod admission;
mod credential;
mod document;
mod mistake;
mod profiles;
mod reader;
mod rules;
mod secret;
mod sections;
mod settings;
mod values;

use std::path::{Path, PathBuf};

pub use admission::{Admission, AdmissionError};
pub use credential::{Credential, CredentialError};
pub use mistake::{ConfigErrors, Mistake};
pub use profiles::{BrokenProfile, Closed};
pub use rules::overlapping;
pub use secret::{Application, CredentialKind, Found};
pub use sections::{
    AzureAccess, BaySettings, ConnectionSettings, DestinationSettings, GoogleCredential, Place, ProxySettings,
    S3Access, Slot, SpoolSettings, StationSettings, TlsSettings, UploadSettings, WebSettings,
};
pub use settings::Config;

use crate::domain::LedName;
use document::Value;
use mistake::Mistakes;
use profiles::Kinds;
use sections::Whereabouts;

/// The commented example, as `camdock gen config` prints it.
pub const EXAMPLE: &str = include_str!("../../config/camdock.toml");

/// The commented example of a profile, as `camdock gen profile` prints it.
pub const PROFILE_EXAMPLE: &str = include_str!("../../config/profile.toml");

impl Config {
    /// Reads `path` and the drop-ins in `<path>.d/*.toml`, in the order of their names; a drop-in overrides single keys.
    /// Then the profiles that came with camdock, and those in `profiles.d` beside `path`, which replace others of their
    /// name; one that is wrong is no reason to do without all the rest.
    ///
    /// Credential files are looked for (first among systemd's credentials) but not read.
    ///
    /// # Errors
    /// Everything that is wrong in any of the files but the profiles.
    pub fn load(path: &Path) -> Result<Self, ConfigErrors> {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let whereabouts = Whereabouts {
            folder: absolute.parent().unwrap_or(&absolute).to_owned(),
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
        };
        let mut mistakes = Mistakes::default();
        let root = document::read(path, &mut mistakes);
        let config = sections::config(root, &whereabouts, &mut mistakes);
        let Kinds { profiles, broken } =
            profiles::read(Path::new(profiles::SHIPPED), Some(&Self::profile_folder(path)));
        match config {
            Some(config) if mistakes.is_empty() => Ok(Self { profiles, broken_profiles: broken, ..config }),
            _ => Err(mistakes.into_errors()),
        }
    }

    /// The data folder that `path` and its drop-ins name, whatever else is wrong with them: evidence may lie there.
    ///
    /// # Errors
    /// What keeps it from being known.
    pub fn data_dir(path: &Path) -> Result<PathBuf, ConfigErrors> {
        let mut mistakes = Mistakes::default();
        let root = document::read(path, &mut mistakes);
        let read = sections::data_dir(root, &mut mistakes);
        let written = mistakes.broken_texts().flat_map(|text| document::written(text, "data_dir"));
        let written = written.filter_map(|text| values::folder(&Value::Text(text.to_owned())).ok()).last();
        match read.or(written) {
            Some(folder) if !mistakes.could_not_read() => Ok(folder),
            _ => Err(mistakes.into_errors()),
        }
    }

    /// The LEDs that `path` and its drop-ins name, as far as that can be made out, whatever else is wrong with them.
    ///
    /// # Errors
    /// If any of the files cannot be read: nobody knows then which LEDs are none any more.
    pub fn leds(path: &Path) -> Result<Vec<LedName>, ConfigErrors> {
        let mut mistakes = Mistakes::default();
        let root = document::read(path, &mut mistakes);
        let leds = sections::leds(root, &mut mistakes);
        if mistakes.could_not_read() { Err(mistakes.into_errors()) } else { Ok(leds) }
    }

    /// Where a station's own profiles lie, when this is its configuration file.
    #[must_use]
    pub fn profile_folder(path: &Path) -> PathBuf {
        path.with_file_name("profiles.d")
    }
}

#[cfg(test)]
mod tests {
    use super::reader::Keys;
    use super::*;

    fn example_loads(text: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("camdock.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path).unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[test]
    fn the_data_folder_is_known_whatever_else_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("camdock.toml");
        for text in [
            "[station]\ndata_dir = \"/srv/camdock\"\nid = 5\n[upload]\nchunks = 1\n",
            "[[station\ndata_dir = \"/srv/camdock\"\n",
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Config::data_dir(&path).unwrap(), Path::new("/srv/camdock"), "{text}");
        }
        for (text, said) in [("[station]\n", "data_dir is missing"), ("[station]\ndata_dir = \"x\"", "not an absolute")]
        {
            std::fs::write(&path, text).unwrap();
            assert!(Config::data_dir(&path).unwrap_err().to_string().contains(said), "{text}");
        }
        std::fs::write(&path, "[station]\ndata_dir = \"/srv/camdock\"\n").unwrap();
        std::fs::create_dir_all(folder.path().join("camdock.toml.d/a.toml")).unwrap();
        assert!(Config::data_dir(&path).is_err(), "a drop-in that nobody can read may name another");
    }

    #[test]
    fn the_example_loads_as_it_is_and_with_all_it_suggests() {
        assert_eq!(example_loads(EXAMPLE).destinations.len(), 1);
        // By convention `#key = …` is a suggestion and `# Text` is prose.
        let suggested =
            |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with([' ', '#'])).map(str::to_owned);
        let everything: String =
            EXAMPLE.lines().map(|line| suggested(line).unwrap_or_else(|| line.to_owned()) + "\n").collect();
        assert_eq!(example_loads(&everything).destinations.len(), 7);
    }

    #[test]
    fn the_example_shows_every_key() {
        for Keys { path: table, known, .. } in sections::ALL_KEYS {
            for key in known {
                let written = EXAMPLE.contains(&format!("{key} = ")) || EXAMPLE.contains(&format!("[{key}]"));
                assert!(written, "{table}.{key} is not in config/camdock.toml");
            }
        }
    }
}
