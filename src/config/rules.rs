//! What must hold between settings, each of which is fine by itself.

use std::path::{Path, PathBuf};

use super::mistake::{At, Mistakes};
use super::reader::Given;
use crate::domain::{Need, UsbPort};

/// A folder that the configuration names, and what for.
#[derive(Debug)]
pub(super) struct Folder {
    /// Such as `the folder of bay "1"`.
    pub(super) what: String,
    pub(super) path: PathBuf,
    pub(super) at: At,
}

/// Whether one folder is, or lies inside, the other. Goes by the paths alone.
#[must_use]
pub fn overlapping(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// No folder may lie in another: what camdock writes would be taken for a camera, or a camera's own file for a copy.
pub(super) fn folders_apart(folders: &[Folder], mistakes: &mut Mistakes) {
    for (index, later) in folders.iter().enumerate() {
        if let Some(earlier) = folders[..index].iter().find(|earlier| overlapping(&earlier.path, &later.path)) {
            let (here, there) = (later.path.display(), earlier.path.display());
            let how = if later.path == earlier.path {
                "are the same folder".to_owned()
            } else if later.path.starts_with(&earlier.path) {
                format!("overlap: it lies inside {there}")
            } else {
                format!("overlap: {there} lies inside it")
            };
            let what = format!("\"{here}\": {} and {} {how}", later.what, earlier.what);
            mistakes.add(&later.at, what, "give each a folder of its own, none inside another".to_owned());
        }
    }
}

/// A port is one bay.
pub(super) fn ports_apart(ports: &[Given<UsbPort>], mistakes: &mut Mistakes) {
    for (index, later) in ports.iter().enumerate() {
        if ports[..index].iter().any(|earlier| earlier.value == later.value) {
            let what = format!("bay.port = \"{}\": another bay has this port already", later.value);
            mistakes.add(&later.at, what, "`camdock bays` shows every port and what is plugged in there".to_owned());
        }
    }
}

/// What is known of a destination's need, even if the rest of it is wrong.
pub(super) type KnownNeed = (Option<Need>, At);

/// A wipe waits for the required destinations; without one it would wait for ever.
pub(super) fn something_required(needs: &[KnownNeed], root: &At, mistakes: &mut Mistakes) {
    let consequence = "nothing could ever be wiped from a camera";
    match needs.first() {
        None => {
            let remedy = "add a [[destination]]; `camdock gen config` shows how".to_owned();
            mistakes.missing(root, format!("there is no destination, so {consequence}"), remedy);
        }
        Some((_, at)) if needs.iter().all(|(need, _)| *need == Some(Need::Optional)) => {
            let remedy = "write required = true at one [[destination]] at least".to_owned();
            mistakes.missing(
                at,
                format!("required = false everywhere: no destination is required, so {consequence}"),
                remedy,
            );
        }
        Some(_) => {}
    }
}
