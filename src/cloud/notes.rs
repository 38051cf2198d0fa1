//! What an adapter must know again after a restart to go on with an upload that is under way, where the place does not tell:
//! the id of a multipart upload, the address of a resumable session.
//!
//! Promises: notes only save work. Nothing is proven by them, and what could not be written or read is merely sent again; so
//! no error leaves this module. They hold secrets, so nobody else may read them.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Upload;
use crate::domain::Sha256;
use crate::files;

/// Uploads that nobody went on with for so long are not under way at any place any more: sessions of Google's end after a week.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// The notes of one destination.
#[derive(Debug, Clone)]
pub struct UploadNotes {
    /// Without one, nothing is noted.
    folder: Option<PathBuf>,
}

impl UploadNotes {
    /// Notes in `folder`, which is made when it is needed. Old ones go. Blocks.
    #[must_use]
    pub fn open(folder: PathBuf) -> Self {
        // What cannot be removed is in nobody's way.
        let _ = remove_old(&folder);
        Self { folder: Some(folder) }
    }

    /// No notes: for whoever only tries a place. A file of theirs would be in the way of the station, whose user may be
    /// another.
    #[must_use]
    pub const fn none() -> Self {
        Self { folder: None }
    }

    /// What was noted of an upload, in the order in which it was.
    pub async fn read<Note: DeserializeOwned + Send + 'static>(&self, upload: &Upload) -> Vec<Note> {
        let Some(file) = self.file(upload) else { return Vec::new() };
        let read = tokio::task::spawn_blocking(move || std::fs::read(file).unwrap_or_default());
        let text = read.await.unwrap_or_default();
        // The last line may be torn.
        text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }

    /// Notes something of an upload.
    pub async fn add<Note: Serialize>(&self, upload: &Upload, note: &Note) {
        let Some((folder, file)) = self.folder.clone().zip(self.file(upload)) else { return };
        let Ok(mut line) = serde_json::to_vec(note) else { return };
        line.push(b'\n');
        let _ = tokio::task::spawn_blocking(move || append(&folder, &file, &line)).await;
    }

    /// Forgets an upload.
    pub async fn forget(&self, upload: &Upload) {
        let Some(file) = self.file(upload) else { return };
        #[expect(clippy::disallowed_methods, reason = "a note saves work; the upload that it is about has ended")]
        let _ = tokio::task::spawn_blocking(move || std::fs::remove_file(file)).await;
    }

    fn file(&self, upload: &Upload) -> Option<PathBuf> {
        let mut name = Sha256::hasher();
        name.update(upload.object.as_str().as_bytes());
        name.update(upload.fingerprint.sha256.as_bytes());
        name.update(&upload.fingerprint.chunk_size.get().to_le_bytes());
        Some(self.folder.as_ref()?.join(name.finish().to_string()))
    }
}

fn append(folder: &Path, file: &Path, line: &[u8]) -> io::Result<()> {
    let open = || File::options().append(true).create(true).mode(0o600).open(file);
    let mut file = match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            files::create_private_folder(folder)?;
            open()?
        }
        opened => opened?,
    };
    // In one go, so that lines of several chunks never mix.
    file.write_all(line)
}

fn remove_old(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.metadata()?.modified()?.elapsed().is_ok_and(|age| age > KEPT) {
            #[expect(clippy::disallowed_methods, reason = "a note saves work; no upload is under way for so long")]
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::domain::{ByteCount, Fingerprint, ObjectName, Protection};

    fn upload(name: &str) -> Upload {
        let fingerprint = Fingerprint::of(b"film", ByteCount::new(4));
        Upload {
            object: ObjectName::new(name).unwrap(),
            fingerprint,
            metadata: Vec::new(),
            protection: Protection::NONE,
        }
    }

    #[tokio::test]
    async fn what_was_noted_of_an_upload_is_known_after_a_restart_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let open = || UploadNotes::open(folder.path().join("uploads/primary"));
        open().add(&upload("a"), &"one").await;
        open().add(&upload("a"), &"two").await;
        assert_eq!(open().read::<String>(&upload("a")).await, ["one", "two"]);
        assert_eq!(open().read::<String>(&upload("b")).await, [""; 0], "of another upload nothing is known");
        open().forget(&upload("a")).await;
        assert_eq!(open().read::<String>(&upload("a")).await, [""; 0]);
    }

    #[tokio::test]
    async fn a_torn_or_foreign_line_is_not_believed_and_costs_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let notes = UploadNotes::open(folder.path().to_owned());
        notes.add(&upload("a"), &1).await;
        notes.add(&upload("a"), &"not a number").await;
        notes.add(&upload("a"), &2).await;
        let file = notes.file(&upload("a")).unwrap();
        let whole = std::fs::read(&file).unwrap();
        std::fs::write(&file, [&whole[..], b"{\"tor"].concat()).unwrap();
        assert_eq!(notes.read::<u32>(&upload("a")).await, [1, 2]);
    }

    #[tokio::test]
    async fn a_note_is_for_camdock_alone_and_one_that_cannot_be_written_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let notes = UploadNotes::open(folder.path().join("primary"));
        notes.add(&upload("a"), &"a session is a secret").await;
        for made in [notes.folder.as_ref().unwrap(), &notes.file(&upload("a")).unwrap()] {
            assert_eq!(made.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", made.display());
        }
        let file = folder.path().join("file");
        std::fs::write(&file, "in the way").unwrap();
        let nowhere = UploadNotes::open(file.join("primary"));
        for notes in [nowhere, UploadNotes::none()] {
            notes.add(&upload("a"), &1).await;
            notes.forget(&upload("a")).await;
            assert_eq!(notes.read::<u32>(&upload("a")).await, [0; 0]);
        }
    }
}
