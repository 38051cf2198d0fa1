//! What opens a destination: a file with one secret in it.

use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::secret::{self, CredentialKind, Found};
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
    /// There is something else in the file.
    #[error("credential file {path} {found}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is in it.
        found: Found,
    },
}

/// No secret has more bytes.
const LONGEST: u64 = 64 << 10;

impl Credential {
    /// Looks up what the configuration calls a credential: an absolute path is that file; a bare name is one of
    /// systemd's credentials, or else a file in the folder of the configuration.
    pub(super) fn find(name: &Path, folder: &Path, systemd: Option<&Path>) -> PathBuf {
        let of_systemd = systemd.filter(|_| name.is_relative()).map(|credentials| credentials.join(name));
        of_systemd.filter(|path| path.exists()).unwrap_or_else(|| folder.join(name))
    }

    /// Reads the secret, and nothing that came with it.
    ///
    /// # Errors
    /// [`CredentialError`] if there is none.
    pub fn read(&self) -> Result<Secret, CredentialError> {
        let unusable = |found| CredentialError::Unusable { path: self.file.clone(), found };
        let content =
            self.content().map_err(|source| CredentialError::Unreadable { path: self.file.clone(), source })?;
        content
            .and_then(|content| secret::secret(&self.kind, &content))
            .map(|text| Secret::new(&text))
            .map_err(unusable)
    }

    /// What is in the file. A pipe is not opened, since that may never end.
    fn content(&self) -> io::Result<Result<Vec<u8>, Found>> {
        let metadata = std::fs::metadata(&self.file)?;
        if !metadata.is_file() {
            return Ok(Err(Found::NoFile));
        }
        let mut content = Vec::new();
        std::fs::File::open(&self.file)?.take(LONGEST + 1).read_to_end(&mut content)?;
        Ok(if content.len() as u64 > LONGEST { Err(Found::TooMuch) } else { Ok(content) })
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

    fn credential(file: &Path) -> Credential {
        let kind =
            CredentialKind::Sas { opens: Box::new("https://acc.blob.core.windows.net/evidence".parse().unwrap()) };
        Credential { kind, name: file.to_owned(), file: file.to_owned() }
    }

    #[test]
    fn a_secret_is_read_without_what_is_around_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("primary.sas");
        let credential = credential(&file);
        assert!(matches!(credential.read(), Err(CredentialError::Unreadable { .. })));
        std::fs::write(&file, " \n").unwrap();
        assert!(matches!(credential.read(), Err(CredentialError::Unusable { found: Found::Nothing, .. })));
        std::fs::write(&file, "?sv=1&sig=abc\n").unwrap();
        assert_eq!(credential.read().unwrap().expose(), "sv=1&sig=abc");
    }

    #[test]
    fn what_no_secret_can_be_read_from_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap();
        let endless = folder.path().join("endless");
        std::fs::File::create(&endless).unwrap().set_len(1 << 40).unwrap();
        for (file, found) in
            [(path.as_path(), Found::NoFile), (folder.path(), Found::NoFile), (&endless, Found::TooMuch)]
        {
            let error = credential(file).read().unwrap_err();
            assert!(matches!(&error, CredentialError::Unusable { found: said, .. } if *said == found), "{error}");
        }
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
