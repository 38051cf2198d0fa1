//! What `camdock check` can tell without leaving this machine.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use camdock::config::{Config, Slot, SpoolSettings, overlapping};
use camdock::domain::{ByteCount, Moment};

use super::connection;
use super::credential::Units;
use super::encryption;
use super::{Aspect, Finding, Judgement};
use crate::cli::disk;

/// 2026-01-01: camdock is younger than any station whose clock says otherwise.
const EARLIEST: Moment = Moment::from_millis(1_767_225_600_000);
/// 2100-01-01.
const LATEST: Moment = Moment::from_millis(4_102_444_800_000);

/// A disk that is well answers at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a folder's mode grants to every user of the machine.
const EVERYONE: u32 = 0o007;

/// Looks at folders, credentials, room and clock.
pub(super) fn check(config: &Config, now: Moment, units: &Units, sysfs: &Path) -> Vec<Finding> {
    let mut findings = vec![clock(now)];
    data_dir(&config.station.data_dir, &config.spool, sysfs, &mut findings);
    if config.bays.is_empty() {
        let note = "none is configured, so no camera can be docked. Add a [[bay]]";
        findings.push(Finding::new("bays", Aspect::Access, Judgement::Warning, note));
    }
    for bay in &config.bays {
        if let Slot::Folder { folder: path, .. } = &bay.slot {
            let fix = "Create it, readable and writable by camdock's user";
            findings.push(folder(format!("bay {}", bay.name), path, fix));
        }
    }
    findings.extend(config.broken_profiles.iter().map(|broken| {
        let subject = format!("profile {}", broken.file.display());
        Finding::new(subject, Aspect::Access, Judgement::Failed, broken.to_string())
    }));
    if config.profiles.is_empty() && config.broken_profiles.is_empty() {
        let note = "every one is switched off, so nothing that is plugged in is a camera. Write one, or switch one on";
        findings.push(Finding::new("profiles", Aspect::Access, Judgement::Warning, note));
    }
    for destination in &config.destinations {
        let name = destination.name.as_str();
        if let Some(path) = destination.place.folder() {
            findings.push(folder(name, path, "Mount the share or create the folder; camdock does not"));
        }
        if let Some(credential) = destination.place.credential() {
            findings.extend(units.check(name, credential));
        }
        findings.extend(connection::check(destination, now, units));
    }
    findings.extend(folders_apart(config));
    findings
}

fn clock(now: Moment) -> Finding {
    if (EARLIEST..LATEST).contains(&now) {
        return Finding::ok("clock", Aspect::Date);
    }
    let note =
        format!("it says {now}. Evidence is dated by it and clouds refuse a wrong one: set up time synchronisation");
    Finding::new("clock", Aspect::Date, Judgement::Warning, note)
}

fn data_dir(path: &Path, spool: &SpoolSettings, sysfs: &Path, findings: &mut Vec<Finding>) {
    let subject = "data_dir";
    let metadata = match existing_folder(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            let note = format!("{error}. Create it, owned by camdock's user, with mode 0700");
            findings.push(Finding::new(subject, Aspect::Access, Judgement::Missing, note));
            return;
        }
    };
    let (owner, this) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != this {
        let note = format!(
            "it belongs to user {owner}, and this is user {this}, who may be able to read what the service cannot. \
             Run: runuser -u camdock -- camdock check"
        );
        findings.push(Finding::new(subject, Aspect::Access, Judgement::Warning, note));
    }
    findings.push(match disk::try_writing(path) {
        Ok(()) => Finding::ok(subject, Aspect::Write),
        Err(error) => {
            let note = format!("{} cannot be written to: {error}. {}", path.display(), disk::remedy(&error));
            Finding::new(subject, Aspect::Write, Judgement::Missing, note)
        }
    });
    findings.push(if metadata.mode() & EVERYONE == 0 {
        Finding::ok(subject, Aspect::Privacy)
    } else {
        let path = path.display();
        let note =
            format!("every user of this machine can look into {path}, where evidence lies. Run: chmod o= {path}");
        Finding::new(subject, Aspect::Privacy, Judgement::Warning, note)
    });
    findings.push(encryption::check(path, sysfs));
    findings.push(room(path, spool.reserve));
}

fn room(path: &Path, reserve: ByteCount) -> Finding {
    let subject = "spool";
    match rustix::fs::statvfs(path) {
        Ok(disk) => {
            let free = ByteCount::new(disk.f_bavail.saturating_mul(disk.f_frsize));
            if free > reserve {
                let note = format!("{} for offloading", free.saturating_sub(reserve));
                Finding::new(subject, Aspect::Room, Judgement::Ok, note)
            } else {
                let note =
                    format!("{free} are free and {reserve} are in reserve, so offloading would pause. Make room");
                Finding::new(subject, Aspect::Room, Judgement::Warning, note)
            }
        }
        Err(error) => {
            Finding::new(subject, Aspect::Room, Judgement::Failed, format!("the disk does not tell: {error}"))
        }
    }
}

fn folder(subject: impl Into<String>, path: &Path, fix: &str) -> Finding {
    match existing_folder(path) {
        Ok(_) => Finding::ok(subject, Aspect::Access),
        Err(error) => Finding::new(subject, Aspect::Access, Judgement::Missing, format!("{error}. {fix}")),
    }
}

fn existing_folder(path: &Path) -> Result<Metadata, String> {
    let of = path.to_owned();
    match within(PATIENCE, move || fs::metadata(of)) {
        Ok(metadata) if metadata.is_dir() => Ok(metadata),
        Ok(_) => Err(format!("{} is not a folder", path.display())),
        Err(error) => Err(format!("{} cannot be opened: {error}", path.display())),
    }
}

fn really(path: &Path) -> Option<PathBuf> {
    let path = path.to_owned();
    within(PATIENCE, move || fs::canonicalize(path)).ok()
}

/// Asks the system something that may never end, such as about a share whose server is gone.
#[expect(clippy::disallowed_methods, reason = "a question that hangs is left behind, and ends with the process")]
fn within<T: Send + 'static>(
    patience: Duration,
    question: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (reply, answer) = mpsc::channel();
    // Whoever asked may be gone by then.
    std::thread::spawn(move || drop(reply.send(question())));
    let silence =
        || io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} seconds", patience.as_secs()));
    answer.recv_timeout(patience).map_err(|_| silence())?
}

/// The configuration keeps folders apart by their paths; links and mounts can still bring them together.
fn folders_apart(config: &Config) -> Vec<Finding> {
    let bays = config.bays.iter().filter_map(|bay| match &bay.slot {
        Slot::Folder { folder: path, .. } => Some((format!("bay {}", bay.name), path.as_path())),
        Slot::Port(_) => None,
    });
    let places = config.destinations.iter().filter_map(|of| Some((of.name.to_string(), of.place.folder()?)));
    let named = std::iter::once(("data_dir".to_owned(), config.station.data_dir.as_path())).chain(bays).chain(places);
    let real: Vec<(String, PathBuf)> = named.filter_map(|(name, path)| Some((name, really(path)?))).collect();
    let mut findings = Vec::new();
    for (index, (name, path)) in real.iter().enumerate() {
        for (other, there) in real[..index].iter().filter(|(_, there)| overlapping(path, there)) {
            let (path, there) = (path.display(), there.display());
            let note = format!("it is really {path}, and {other} is really {there}. Keep them apart, none in another");
            findings.push(Finding::new(name, Aspect::Access, Judgement::Failed, note));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the question must not end")]
    fn a_share_that_does_not_answer_is_not_waited_for_for_ever() {
        let hangs = || {
            std::thread::sleep(Duration::from_hours(1));
            Ok(())
        };
        let error = within(Duration::from_millis(10), hangs).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(within(PATIENCE, || Ok(7)).unwrap(), 7);
    }
}
