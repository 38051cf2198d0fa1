//! What opens a destination: a file with one secret in it.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::domain::Secret;

/// Where a destination's secret lies. It is read when needed, so that a renewed one is used without a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// What the secret is.
    pub kind: CredentialKind,
    /// How the configuration calls it: an absolute path, or a bare name, which may be one of systemd's credentials.
    pub name: PathBuf,
    /// The file that holds it; absolute.
    pub file: PathBuf,
}

/// What a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialKind {
    /// A shared access signature: the part of a SAS URL after the `?`.
    Sas,
    /// The key of a storage account.
    SharedKey {
        /// Name of the account.
        account: String,
    },
}

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The file is missing or may not be read.
    #[error("credential file {path} cannot be read: {source}. Put the secret there, readable by camdock's user only")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The file has no text in it.
    #[error("credential file {0} is empty. Put the secret there, as one line")]
    Empty(PathBuf),
}

impl Credential {
    /// Looks up what the configuration calls a credential: an absolute path is that file; a bare name is one of
    /// systemd's credentials, or else a file in the folder of the configuration.
    pub(super) fn find(name: &Path, folder: &Path, systemd: Option<&Path>) -> PathBuf {
        let of_systemd = systemd.filter(|_| name.is_relative()).map(|credentials| credentials.join(name));
        of_systemd.filter(|path| path.exists()).unwrap_or_else(|| folder.join(name))
    }

    /// Reads the secret, without the white space around it.
    ///
    /// # Errors
    /// [`CredentialError`] if there is none.
    pub fn read(&self) -> Result<Secret, CredentialError> {
        let text = std::fs::read_to_string(&self.file)
            .map_err(|source| CredentialError::Unreadable { path: self.file.clone(), source })?;
        let text = text.trim();
        let secret = match self.kind {
            // The portal shows a SAS with the question mark of its URL.
            CredentialKind::Sas => text.strip_prefix('?').unwrap_or(text),
            CredentialKind::SharedKey { .. } => text,
        };
        if secret.is_empty() {
            return Err(CredentialError::Empty(self.file.clone()));
        }
        Ok(Secret::new(secret))
    }

    /// Whether every user of this machine may read or replace the secret.
    ///
    /// # Errors
    /// As the system says, if the file cannot be looked at.
    pub fn is_open_to_others(&self) -> io::Result<bool> {
        Ok(std::fs::metadata(&self.file)?.mode() & 0o007 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_trimmed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("primary.sas");
        let credential = Credential { kind: CredentialKind::Sas, name: file.clone(), file: file.clone() };
        assert!(matches!(credential.read(), Err(CredentialError::Unreadable { .. })));
        std::fs::write(&file, " \n").unwrap();
        assert!(matches!(credential.read(), Err(CredentialError::Empty(_))));
        std::fs::write(&file, "?sv=1&sig=abc\n").unwrap();
        let secret = credential.read().unwrap();
        assert_eq!(secret.expose(), "sv=1&sig=abc");
    }

    #[test]
    fn systemd_credentials_come_before_the_configuration_folder() {
        let systemd = tempfile::tempdir().unwrap();
        let folder = Path::new("/etc/camdock");
        let find = |name: &str| Credential::find(Path::new(name), folder, Some(systemd.path()));
        assert_eq!(find("primary.sas"), folder.join("primary.sas"));
        std::fs::write(systemd.path().join("primary.sas"), "x").unwrap();
        assert_eq!(find("primary.sas"), systemd.path().join("primary.sas"));
        assert_eq!(find("/run/primary.sas"), Path::new("/run/primary.sas"));
    }
}
