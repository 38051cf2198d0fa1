//! What `camdock check` can tell about the files with secrets, also about those that systemd alone reads.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use camdock::config::{Credential, CredentialError};

use super::{Aspect, Finding, Judgement};

/// The settings by which systemd hands a secret over. Not those that have the secret in them.
const SETTINGS: [&str; 2] = ["LoadCredential", "LoadCredentialEncrypted"];

/// What an administrator added to camdock's unit.
pub(super) struct Units {
    settings: Vec<(&'static str, String)>,
}

impl Units {
    /// Reads the drop-ins of `camdock.service` in this folder. What cannot be read says nothing.
    pub(super) fn read(folder: &Path) -> Self {
        let entries = fs::read_dir(folder.join("camdock.service.d")).into_iter().flatten().flatten();
        let conf = |path: &PathBuf| path.extension() == Some(OsStr::new("conf"));
        let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(conf).collect();
        files.sort();
        let mut settings: Vec<(&'static str, String)> = Vec::new();
        for text in files.iter().filter_map(|file| fs::read_to_string(file).ok()) {
            for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
                let Some(key) = SETTINGS.into_iter().find(|known| *known == key.trim()) else { continue };
                match value.trim() {
                    // So one drop-in takes back what an earlier one says.
                    "" => settings.retain(|(known, _)| *known != key),
                    value => settings.push((key, value.to_owned())),
                }
            }
        }
        Self { settings }
    }

    /// The setting by which the service gets a secret that cannot be read here; `None` if it can, or if the service cannot
    /// read it either.
    pub(super) fn hand_over(&self, credential: &Credential) -> Option<String> {
        if !matches!(credential.read(), Err(CredentialError::Unreadable { .. })) {
            return None;
        }
        self.gives(&credential.name)
    }

    /// The setting by which the service gets what is called so.
    pub(super) fn gives(&self, name: &Path) -> Option<String> {
        let named = |value: &str| value.split(':').next().is_some_and(|given| Path::new(given) == name);
        let (key, value) = self.settings.iter().find(|(_, value)| named(value))?;
        Some(format!("{key}={value}"))
    }

    /// Whether a destination's secret is there, and whether it is one.
    pub(super) fn check(&self, destination: &str, credential: &Credential) -> Vec<Finding> {
        let subject = format!("{destination}: credential");
        if self.hand_over(credential).is_some() {
            let note = "handed over by systemd at its start; only the service can read it";
            return vec![Finding::new(subject, Aspect::Access, Judgement::Ok, note)];
        }
        if let Err(error) = credential.read() {
            return vec![Finding::new(subject, Aspect::Access, Judgement::Missing, error.to_string())];
        }
        let privacy = match credential.is_open_to_others() {
            Ok(false) => Finding::ok(subject.clone(), Aspect::Privacy),
            Ok(true) => {
                let path = credential.file.display();
                let note = format!("every user of this machine can read {path}. Run: chmod o= {path}");
                Finding::new(subject.clone(), Aspect::Privacy, Judgement::Warning, note)
            }
            Err(error) => Finding::new(subject.clone(), Aspect::Privacy, Judgement::Failed, error.to_string()),
        };
        vec![Finding::ok(subject, Aspect::Access), privacy]
    }

    /// That a destination cannot be asked from here, and how it can; `None` if it can.
    pub(super) fn out_of_reach(&self, destination: &str, credential: &Credential) -> Option<Finding> {
        Some(Self::not_asked(destination, &self.hand_over(credential)?))
    }

    /// That a destination is not asked since only the service gets what this setting hands over, and how it can be.
    pub(super) fn not_asked(destination: &str, setting: &str) -> Finding {
        let note = format!(
            "not asked, since only the service can read the credential. To ask all the same, as root: systemd-run --quiet \
             --pipe --wait --property=User=camdock --property={setting} camdock check"
        );
        Finding::new(destination, Aspect::Access, Judgement::Warning, note)
    }
}
