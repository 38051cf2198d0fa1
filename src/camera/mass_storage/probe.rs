//! Which kind of camera this is, and its serial: the part of identifying that needs a look at its volumes.
//!
//! Promises: whatever fits no profile is refused with one sentence that says what it holds and what to do.

use std::sync::Arc;

use super::soundness::{FileSystem, Soundness};
use super::volume::Volume;
use crate::camera::CameraError;
use crate::domain::{Breadth, CameraSerial, Profile, SerialSource, SourcePath, UsbDevice};

/// Why a profile does not fit: shown if none does.
type Misfit = String;

/// The first profile that fits, and the camera's serial.
///
/// # Errors
/// [`CameraError::Refused`] if there is none, another [`CameraError`] if that cannot be told.
pub(super) fn fit(
    device: &UsbDevice,
    profiles: &[Arc<Profile>],
    volumes: &[Volume],
) -> Result<(Arc<Profile>, CameraSerial), CameraError> {
    let mut why = None;
    for profile in profiles {
        let described = described_by(profile, volumes)?;
        let serial = match described.first() {
            Some(first) => serial_by(profile, device, first, &described),
            None => Err(what_it_holds(profile, volumes)),
        };
        match serial {
            Ok(serial) => return Ok((Arc::clone(profile), serial)),
            // The profile that says most about it.
            Err(misfit) => {
                why.get_or_insert(misfit);
            }
        }
        // A camera whose own serial cannot be read must not become another one by the way of a profile for anything.
        if !described.is_empty() && profile.matches.breadth() < Breadth::Anything {
            break;
        }
    }
    let why = why.unwrap_or_else(|| "no profile describes it".to_owned());
    Err(CameraError::Refused(format!(
        "This is no camera that camdock knows: {why}. Nothing on it was changed. Take it out; if it is a camera, give it \
         a profile."
    )))
}

/// Those of the volumes by which a camera of this kind is known.
fn described_by<'v>(profile: &Profile, volumes: &'v [Volume]) -> Result<Vec<&'v Volume>, CameraError> {
    let mut described = Vec::new();
    for volume in volumes {
        if holds_evidence(profile, volume)? {
            described.push(volume);
        }
    }
    Ok(described)
}

/// Those of a camera's volumes on which evidence may lie: where its profile says so, and whatever cannot be looked into or
/// is not sound, unless its profile leaves it alone.
///
/// # Errors
/// [`CameraError`] if that cannot be told.
pub(super) fn worth_keeping(profile: &Profile, volumes: Vec<Volume>) -> Result<Vec<Volume>, CameraError> {
    let mut kept = Vec::new();
    for volume in volumes {
        let doubtful = volume.root().is_none() || volume.soundness != Soundness::Clean;
        let wanted = volume.root().is_some() && holds_evidence(profile, &volume)?;
        if wanted || doubtful && !profile.leaves_volume(&volume.image_path()) {
            kept.push(volume);
        }
    }
    Ok(kept)
}

fn serial_by(
    profile: &Profile,
    device: &UsbDevice,
    first: &Volume,
    described: &[&Volume],
) -> Result<CameraSerial, Misfit> {
    let text = match &profile.serial {
        SerialSource::Usb => device.serial.clone().ok_or("its USB descriptors have no serial number")?,
        SerialSource::Label => first.label.clone(),
        SerialSource::File(path) => described
            .iter()
            .find_map(|volume| volume.first_line(path))
            .ok_or_else(|| format!("its serial should be in the file {path}, which cannot be read"))?,
    };
    CameraSerial::new(text.as_str()).map_err(|why| format!("its serial is {text:?}, and {why}"))
}

/// Whether a volume is one on which this kind of camera keeps evidence.
fn holds_evidence(profile: &Profile, volume: &Volume) -> Result<bool, CameraError> {
    let labelled = profile.label.as_ref().is_none_or(|label| label.describes(volume.label.as_bytes()));
    let Some(root) = volume.root() else {
        // Damage is told from strangeness by the maker's name alone.
        let named = profile.matches.breadth() < Breadth::Anything;
        return Ok(named && (labelled || volume.label.is_empty()) && volume.may_be_damaged());
    };
    if !labelled || profile.folders.is_empty() {
        return Ok(labelled);
    }
    for folder in &profile.folders {
        if root.has_folder(folder)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn what_it_holds(profile: &Profile, volumes: &[Volume]) -> Misfit {
    let said = |volume: &Volume| {
        let label = || format!("the volume {:?}", volume.label);
        match (&volume.file_system, &volume.soundness) {
            (None, _) if volume.kind.is_empty() => "it holds no file system".to_owned(),
            (None, _) => format!("it holds {}; cameras have FAT32, exFAT or ext4", volume.kind),
            (Some(FileSystem::Ext4), Soundness::InUse) => "its ext4 file system was not closed properly".to_owned(),
            (Some(_), Soundness::Damaged(how)) if volume.root().is_none() => {
                format!("its file system is damaged: {how}")
            }
            _ if profile.label.as_ref().is_some_and(|wanted| !wanted.describes(volume.label.as_bytes())) => {
                format!("it holds {}, and cameras of the profile {} are called otherwise", label(), profile.name)
            }
            _ => {
                let folders: Vec<_> = profile.folders.iter().map(ToString::to_string).collect();
                format!("it holds {}, which has no folder {}", label(), folders.join(" or "))
            }
        }
    };
    volumes.first().map_or_else(|| "it holds no medium".to_owned(), said)
}

/// Whether an entry that cannot be read is evidence, or keeps evidence from being seen.
pub(super) fn concerns_evidence(profile: &Profile, path: &SourcePath) -> bool {
    let above = |folder: &SourcePath| {
        let (folder, path) = (folder.as_bytes(), path.as_bytes());
        folder.len() >= path.len()
            && folder[..path.len()].eq_ignore_ascii_case(path)
            && matches!(folder.get(path.len()), None | Some(b'/'))
    };
    profile.is_evidence(path) || profile.folders.iter().any(above)
}

/// A serial that is known without a look into the file system.
pub(super) fn outer_serial(profile: &Profile, device: &UsbDevice, label: &str) -> Option<CameraSerial> {
    let text = match &profile.serial {
        SerialSource::Usb => device.serial.as_deref()?,
        SerialSource::Label => label,
        SerialSource::File(_) => return None,
    };
    CameraSerial::new(text).ok()
}
