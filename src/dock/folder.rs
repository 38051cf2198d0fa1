//! Bays that are folders: a directory that appears in one is a docked camera, and its name is the serial.
//!
//! Promises:
//! - What counts is what is in the folder now; notifications only make it quicker. Where none come, as on network file
//!   systems, it is looked every few seconds; elsewhere at each beat.
//! - A directory that was replaced by another of the same name between two looks was removed, and another one docked.
//! - A bay's folder may be missing, and may come and go; without it the bay is empty.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{Notify, mpsc};

use super::contents::{self, Again, Docked, Found};
use super::{BayEvent, DockError, Location};
use crate::beat::Beat;
use crate::domain::{BayName, CameraSerial, DockNotice, SourcePath, Subject};
use crate::journal::tell;

/// A bay that is a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderBay {
    /// Which bay.
    pub name: BayName,
    /// Where its cameras appear.
    pub folder: PathBuf,
    /// How long a file of its cameras must not have changed before it counts as written to the end.
    pub quiet: Duration,
}

/// Watches bays that are folders, each by itself, until the receiver is dropped.
///
/// # Errors
/// [`DockError::Overlap`] if two bays share a folder, or one lies in the other. Links are not looked through.
///
/// # Panics
/// If called outside a tokio runtime.
pub fn watch_folders(bays: Vec<FolderBay>, beat: &Beat) -> Result<mpsc::Receiver<BayEvent>, DockError> {
    for (index, second) in bays.iter().enumerate() {
        let overlaps =
            |first: &&FolderBay| second.folder.starts_with(&first.folder) || first.folder.starts_with(&second.folder);
        if let Some(first) = bays[..index].iter().find(overlaps) {
            let FolderBay { name, folder, .. } = second.clone();
            return Err(DockError::Overlap { first: first.name.clone(), second: name, folder });
        }
    }
    let (events, receiver) = mpsc::channel(contents::BACKLOG);
    for bay in bays {
        let changed = Arc::new(Notify::new());
        let mut lookout = Lookout::new(bay.folder.clone(), Arc::clone(&changed), beat.clone());
        let (bay, of) = (bay.name.clone(), bay);
        let look = move || (sorted_out(&of, &lookout.look()), lookout.again());
        tokio::spawn(contents::watch(bay, look, changed, beat.listen(), events.clone()));
    }
    Ok(receiver)
}

/// Looks into a bay's folder, and sees to being notified when it changes.
struct Lookout {
    folder: PathBuf,
    watcher: Option<RecommendedWatcher>,
    /// Which folder is being watched: the one in that place may be replaced.
    watched: Option<Identity>,
    /// What went wrong last time, to be logged once.
    trouble: Option<io::ErrorKind>,
    /// Who else is to look when the folder is gone, or back.
    beat: Beat,
}

/// File systems of this machine, on which nobody changes anything but through its kernel, which tells of it. From `linux/magic.h` of
/// Linux 6.12, and `EXFAT_SUPER_MAGIC` there: ext, xfs, btrfs, f2fs, tmpfs, overlayfs, FAT, exFAT.
const TOLD_OF: [rustix::fs::FsWord; 8] =
    [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x0102_1994, 0x794C_7630, 0x4D44, 0x2011_BAB0];

impl Lookout {
    fn new(folder: PathBuf, changed: Arc<Notify>, beat: Beat) -> Self {
        let wake = move |event: notify::Result<notify::Event>| match event {
            // Our own looking is reported too.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) && !event.need_rescan() => {}
            _ => changed.notify_one(),
        };
        let watcher = notify::recommended_watcher(wake)
            .inspect_err(|error| {
                let (folder, error) = (folder.display().to_string(), error.to_string());
                tell(&Subject::station(), DockNotice::NoNewsOfFolder { folder, error });
            })
            .ok();
        Self { folder, watcher, watched: None, trouble: None, beat }
    }

    /// What is in the folder now. A folder that cannot be looked into counts as empty: no camera in it can be reached.
    fn look(&mut self) -> Vec<Entry> {
        // First watch, then look: whatever changes afterwards is notified.
        match self.watch_this_folder().and_then(|()| scan(&self.folder)) {
            Ok(found) => {
                if self.trouble.take().is_some() {
                    self.beat.now();
                    tell(&Subject::station(), DockNotice::FolderBack { folder: self.folder.display().to_string() });
                }
                found
            }
            Err(error) => {
                if self.trouble.replace(error.kind()) != Some(error.kind()) {
                    self.beat.now();
                    let (folder, error) = (self.folder.display().to_string(), error.to_string());
                    tell(&Subject::station(), DockNotice::FolderUnreadable { folder, error });
                }
                Vec::new()
            }
        }
    }

    /// Whether the next beat is soon enough: only where the folder is watched, and lies where all changes are told of.
    fn again(&self) -> Again {
        let told_of = || {
            let lies_on = rustix::fs::statfs(&self.folder);
            lies_on.is_ok_and(|lies_on| TOLD_OF.contains(&lies_on.f_type))
        };
        if self.watched.is_some() && told_of() { Again::AtBeat } else { Again::Soon }
    }

    fn watch_this_folder(&mut self) -> io::Result<()> {
        let identity = std::fs::metadata(&self.folder).map(|metadata| Identity::of(&metadata)).inspect_err(|_| {
            self.watched = None;
        })?;
        let Some(watcher) = &mut self.watcher else { return Ok(()) };
        if self.watched != Some(identity) {
            let _ = watcher.unwatch(&self.folder);
            let watching = watcher.watch(&self.folder, RecursiveMode::NonRecursive);
            self.watched = watching.is_ok().then_some(identity);
        }
        Ok(())
    }
}

/// Tells a directory from another one of the same name. Inode numbers are used again, so the time of birth counts
/// where the file system knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    born: Option<SystemTime>,
}

impl Identity {
    fn of(metadata: &std::fs::Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino(), born: metadata.created().ok() }
    }
}

/// An entry of a bay's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Directory(Identity),
    SymbolicLink,
    Other,
}

/// Folders that file systems and their tools make, and whose names could be a serial.
const OF_FILE_SYSTEMS: [&str; 4] = ["LOST.DIR", "FOUND.000", "RECYCLER", "RECYCLED"];

/// Everything in a bay's folder that is not hidden, sorted by name.
fn scan(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // Hidden entries are the file system's own (`.snapshot`), or a camera that is still being prepared.
        if entry.file_name().as_bytes().starts_with(b".") {
            continue;
        }
        let kind = match entry.path().symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => Kind::Directory(Identity::of(&metadata)),
            Ok(metadata) if metadata.is_symlink() => Kind::SymbolicLink,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            _ => Kind::Other,
        };
        found.push(Entry { path: entry.path(), kind });
    }
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct DockedFolder {
    path: PathBuf,
    serial: CameraSerial,
    identity: Identity,
    quiet: Duration,
}

impl Docked for DockedFolder {
    const SHARES: bool = true;

    fn location(&self) -> Location {
        Location::Folder { path: self.path.clone(), serial: self.serial.clone(), quiet: self.quiet }
    }

    fn title(&self) -> String {
        self.serial.to_string()
    }
}

/// Which of the entries of a bay's folder are cameras.
fn sorted_out(bay: &FolderBay, entries: &[Entry]) -> Found<DockedFolder> {
    let (mut cameras, mut refused) = (Vec::new(), BTreeMap::new());
    for Entry { path, kind } in entries {
        let name = path.file_name().unwrap_or_default();
        match camera(path, name, *kind, bay.quiet) {
            Ok(camera) => cameras.push(camera),
            Err(reason) => drop(refused.insert(name.to_owned(), format!("bay {}: {reason}", bay.name))),
        }
    }
    Found { cameras, refused }
}

/// The camera that an entry is, or why it is none.
fn camera(path: &Path, name: &OsStr, kind: Kind, quiet: Duration) -> Result<DockedFolder, String> {
    let shown = SourcePath::new(name.as_bytes().to_vec());
    let identity = match kind {
        Kind::Directory(identity) => identity,
        Kind::SymbolicLink => {
            return Err(format!(
                "{shown} is a symbolic link, which is never followed; put the camera's folder itself there"
            ));
        }
        Kind::Other => return Err(format!("{shown} is not a folder, so it is no camera; take it out")),
    };
    if OF_FILE_SYSTEMS.iter().any(|own| name.eq_ignore_ascii_case(own)) {
        return Err(format!("{shown} is a folder of the file system's own, so it is no camera; take it out"));
    }
    let serial = match name.to_str().map(CameraSerial::new) {
        Some(Ok(serial)) => serial,
        Some(Err(error)) => {
            return Err(format!(
                "{shown} is no camera's serial: {error}. Give the folder the camera's serial as its name"
            ));
        }
        None => {
            return Err(format!(
                "{shown} is no camera's serial: it is not text. Give the folder the camera's serial as its name"
            ));
        }
    };
    Ok(DockedFolder { path: path.to_owned(), serial, identity, quiet })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dock::BayEvent;
    use crate::dock::contents::{BayContents, changes};

    fn directory(name: &str, inode: u64) -> Entry {
        let identity = Identity { device: 1, inode, born: None };
        Entry { path: Path::new("/bays/1").join(name), kind: Kind::Directory(identity) }
    }

    fn bay() -> BayName {
        BayName::new("1").unwrap()
    }

    fn location(serial: &str) -> Location {
        let quiet = Duration::from_secs(30);
        Location::Folder { path: Path::new("/bays/1").join(serial), serial: CameraSerial::new(serial).unwrap(), quiet }
    }

    fn docked(serial: &str) -> BayEvent {
        BayEvent::Docked { bay: bay(), location: location(serial) }
    }

    fn removed(serial: &str) -> BayEvent {
        BayEvent::Removed { bay: bay(), location: location(serial) }
    }

    fn refused(reasons: &[&str]) -> BayEvent {
        BayEvent::Refused { bay: bay(), reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect() }
    }

    /// What is told about a bay in which, look by look, this is found.
    fn told(looks: &[&[Entry]]) -> Vec<BayEvent> {
        let watched = FolderBay { name: bay(), folder: "/bays/1".into(), quiet: Duration::from_secs(30) };
        let mut before = BayContents::empty(bay());
        let mut told = Vec::new();
        for found in looks {
            let now = before.then(sorted_out(&watched, found));
            told.extend(changes(&before, &now));
            before = now;
        }
        told
    }

    #[test]
    fn what_stays_is_told_once() {
        let found = [directory("BWC-1", 1)];
        assert_eq!(told(&[&found, &found, &found]), [docked("BWC-1")]);
    }

    #[test]
    fn a_camera_that_was_exchanged_between_two_looks_was_removed() {
        let looks: [&[Entry]; 2] = [&[directory("BWC-1", 1)], &[directory("BWC-1", 2)]];
        assert_eq!(told(&looks), [docked("BWC-1"), removed("BWC-1"), docked("BWC-1")]);
    }

    #[test]
    fn each_camera_in_a_folder_is_told_and_what_was_there_is_not_told_again() {
        let looks: [&[Entry]; 3] =
            [&[directory("BWC-2", 2)], &[directory("BWC-1", 1), directory("BWC-2", 2)], &[directory("BWC-1", 1)]];
        assert_eq!(told(&looks), [docked("BWC-2"), docked("BWC-1"), removed("BWC-2")]);
    }

    #[test]
    fn a_folder_of_the_file_systems_own_is_refused_and_hides_no_camera() {
        let found = [directory("BWC-1", 1), directory("LOST.DIR", 2)];
        let stray = "bay 1: LOST.DIR is a folder of the file system's own, so it is no camera; take it out";
        assert_eq!(told(&[&found]), [docked("BWC-1"), refused(&[stray])]);
    }

    #[test]
    fn what_is_no_camera_is_refused_with_what_to_do() {
        let link = Entry { path: "/bays/1/link".into(), kind: Kind::SymbolicLink };
        let file = Entry { path: "/bays/1/notes.txt".into(), kind: Kind::Other };
        let found = [directory("lost+found", 1), link, file];
        let expected = [refused(&[
            "bay 1: link is a symbolic link, which is never followed; put the camera's folder itself there",
            "bay 1: lost+found is no camera's serial: it contains '+'; use letters, digits, '-', '_' and '.'. Give \
                 the folder the camera's serial as its name",
            "bay 1: notes.txt is not a folder, so it is no camera; take it out",
        ])];
        assert_eq!(told(&[&found, &found]), expected);
    }

    #[test]
    fn a_bay_is_clear_again_once_everything_refused_is_gone() {
        let file = Entry { path: "/bays/1/notes.txt".into(), kind: Kind::Other };
        assert_eq!(told(&[&[file], &[]]).split_off(1), [BayEvent::Cleared { bay: bay() }]);
    }
}
