//! What the gate and the maps of bays go by: as much of the configuration as can be made out.
//!
//! Promises: a port that is written for a bay is a bay, whatever else is wrong with the configuration; so a mistake opens
//! no bay. A profile that is wrong closes what it may have been meant to close. What cannot be read is not taken for
//! nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::document::{self, Node, Value};
use super::mistake::Mistakes;
use super::profiles::{BrokenProfile, Kinds};
use super::{Config, ConfigErrors, profiles, reader, values};
use crate::domain::{BayName, Profile, UsbPort};

/// Bays that are USB ports, and what may be in them.
#[derive(Debug)]
pub struct Admission {
    /// The bays. One without a proper name is called as its port.
    pub bays: Vec<(BayName, UsbPort)>,
    /// The kinds of camera, in the order in which they are to be tried.
    pub profiles: Arc<[Arc<Profile>]>,
    /// The profiles' files that are wrong.
    pub broken_profiles: Vec<BrokenProfile>,
    /// What is wrong with the configuration, of what was looked at.
    pub errors: Option<ConfigErrors>,
}

/// Why nobody knows what is a bay.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// There is no configuration.
    #[error("there is no {}", .0.display())]
    Absent(PathBuf),
    /// Something of it other than a profile is there and cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ConfigErrors),
}

impl Admission {
    /// Reads what [`Config::load`] would, as far as it goes.
    ///
    /// # Errors
    /// [`AdmissionError`] if there is no configuration, or if any of its files but the profiles cannot be read.
    pub fn read(path: &Path) -> Result<Self, AdmissionError> {
        if std::fs::metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return Err(AdmissionError::Absent(path.to_owned()));
        }
        let mut mistakes = Mistakes::default();
        let mut bays = Vec::new();
        ports(&document::read(path, &mut mistakes), &mut bays);
        for text in mistakes.broken_texts() {
            bays.extend(document::written(text, PORT).filter_map(|port| named_as(port.parse().ok()?)));
        }
        let Kinds { profiles, broken } =
            profiles::read(Path::new(profiles::SHIPPED), Some(&Config::profile_folder(path)));
        if mistakes.could_not_read() {
            return Err(mistakes.into_errors().into());
        }
        let mut known = Vec::new();
        bays.retain(|(_, port): &(BayName, UsbPort)| {
            let new = !known.contains(port);
            known.push(port.clone());
            new
        });
        let errors = (!mistakes.is_empty()).then(|| mistakes.into_errors());
        Ok(Self { bays, profiles, broken_profiles: broken, errors })
    }

    /// What is known without any configuration: no bay, and the kinds of camera that came with camdock.
    #[must_use]
    pub fn shipped() -> Self {
        let Kinds { profiles, broken } = profiles::read(Path::new(profiles::SHIPPED), None);
        Self { bays: Vec::new(), profiles, broken_profiles: broken, errors: None }
    }
}

/// The key that makes a bay.
const PORT: &str = "port";

/// Adds each port that is written in a tree: a mistake in the heading above it, or in the key itself, opens no bay.
fn ports(node: &Node, found: &mut Vec<(BayName, UsbPort)>) {
    match &node.value {
        Value::Table(table) => {
            let name = || values::name(&table.get("name")?.1.value, BayName::new).ok();
            for (key, (_, value)) in table {
                let port = reader::similar(key, &[PORT]).and_then(|_| values::port(&value.value).ok());
                found.extend(port.and_then(|port| match name() {
                    Some(name) => Some((name, port)),
                    None => named_as(port),
                }));
                ports(value, found);
            }
        }
        Value::List(entries) => entries.iter().for_each(|entry| ports(entry, found)),
        _ => {}
    }
}

fn named_as(port: UsbPort) -> Option<(BayName, UsbPort)> {
    Some((BayName::new(port.as_str()).ok()?, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn admission(bytes: &[u8], own: Option<&[u8]>) -> Admission {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("camdock.toml");
        std::fs::write(&path, bytes).unwrap();
        if let Some(bytes) = own {
            std::fs::create_dir(folder.path().join("profiles.d")).unwrap();
            std::fs::write(folder.path().join("profiles.d/a.toml"), bytes).unwrap();
        }
        Admission::read(&path).unwrap()
    }

    fn ports(admission: &Admission) -> Vec<(&str, &str)> {
        admission.bays.iter().map(|(name, port)| (name.as_str(), port.as_str())).collect()
    }

    const BAYS: &str = "[[bay]]\nname = \"1\"\nport = \"1-1.1\"\n[[bay]]\nname = \"b 2\"\nport = \"1-1.2\"\ncolour = 1\n\
                        [[bay]]\nname = \"f\"\nfolder = \"/f\"\n";

    #[test]
    fn a_port_is_a_bay_whatever_else_is_wrong() {
        assert_eq!(ports(&admission(BAYS.as_bytes(), None)), [("1", "1-1.1"), ("1-1.2", "1-1.2")]);
        for broken in ["[upload\n", "[upload]\nchunk_size = \n", "[web]\nlisten = \"127\n", "= 1\n", "]]\n"] {
            for text in [format!("{broken}{BAYS}"), format!("{BAYS}{broken}")] {
                let admission = admission(text.as_bytes(), None);
                let ports: Vec<_> = admission.bays.iter().map(|(_, port)| port.as_str()).collect();
                assert_eq!(ports, ["1-1.1", "1-1.2"], "{text}");
                assert!(admission.errors.is_some() && !admission.profiles.is_empty());
            }
        }
    }

    #[test]
    fn a_port_is_a_bay_in_whatever_encoding_it_is_written() {
        let utf16 = |order: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
            format!("{mark}{BAYS}").encode_utf16().flat_map(order).collect()
        };
        let latin_1 = [&b"# Stra\xdfe 1\n"[..], BAYS.as_bytes()].concat();
        let old_mac = BAYS.replace('\n', "\r").into_bytes();
        for bytes in [
            latin_1,
            utf16(u16::to_le_bytes, "\u{feff}"),
            utf16(u16::to_be_bytes, "\u{feff}"),
            utf16(u16::to_le_bytes, ""),
            old_mac,
        ] {
            let admission = admission(&bytes, None);
            let ports: Vec<_> = admission.bays.iter().map(|(_, port)| port.as_str()).collect();
            assert_eq!(ports, ["1-1.1", "1-1.2"], "{}", String::from_utf8_lossy(&bytes));
            assert!(admission.errors.is_some());
        }
        let with_mark = admission(format!("\u{feff}{BAYS}").as_bytes(), None);
        assert_eq!((with_mark.bays.len(), with_mark.errors.is_none()), (2, true), "as some editors save UTF-8");
    }

    #[test]
    fn a_port_is_a_bay_under_whatever_heading_it_is_written() {
        for text in [
            "[bay]\nname = \"7\"\nport = \"1-1\"\n",
            "[[bays]]\nname = \"7\"\nport = \"1-1\"\n",
            "[[bay]]\nname = \"7\"\nprot = \"1-1\"\n",
            "bay = [{ name = \"7\", port = \"1-1\" }]\n",
            "[dock]\nbay = { name = \"7\", port = \"1-1\" }\n",
        ] {
            assert_eq!(ports(&admission(text.as_bytes(), None)), [("7", "1-1")], "{text}");
        }
        let broken = "bay = [{ name = \"7\", port = \"1-1\" },\n#port = \"1-2\"\n = 1\n";
        let admission = admission(broken.as_bytes(), None);
        assert_eq!((ports(&admission), admission.errors.is_some()), (vec![("7", "1-1")], true));
    }

    #[test]
    fn a_profile_that_is_wrong_does_not_bring_back_what_it_switches_off() {
        let generic = |admission: &Admission| admission.profiles.iter().any(|profile| profile.name == "generic-dcim");
        assert!(generic(&admission(BAYS.as_bytes(), None)));
        for wrong in [
            &b"name = \"generic-dcim\"\nenabeld = false\n"[..],
            b"# Stra\xdfe\nname = \"generic-dcim\"\nenabled = false\n",
        ] {
            let admission = admission(BAYS.as_bytes(), Some(wrong));
            assert!(!generic(&admission), "{:?}", admission.profiles);
            assert_eq!((admission.profiles.len(), admission.broken_profiles.len()), (2, 1));
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_no_bays() {
        assert!(matches!(
            Admission::read(Path::new("/nonexistent/camdock.toml")),
            Err(AdmissionError::Absent(path)) if path == Path::new("/nonexistent/camdock.toml")
        ));
        assert!(matches!(Admission::read(Path::new("/dev/null/camdock.toml")), Err(AdmissionError::Unreadable(_))));
        for (folder, unreadable) in [("camdock.toml.d", "a.toml"), ("camdock.toml", ""), ("camdock.toml.d", "")] {
            let station = TempDir::new().unwrap();
            let path = station.path().join("camdock.toml");
            // A folder in the place of a file, or the other way round, can be read by nobody, not even by root.
            if folder != "camdock.toml" {
                std::fs::write(&path, BAYS).unwrap();
            }
            match (folder, unreadable) {
                ("camdock.toml.d", "") => std::fs::write(station.path().join(folder), "").unwrap(),
                _ => std::fs::create_dir_all(station.path().join(folder).join(unreadable)).unwrap(),
            }
            let read = Admission::read(&path);
            assert!(matches!(read, Err(AdmissionError::Unreadable(_))), "{folder}/{unreadable}: {read:?}");
        }
    }

    #[test]
    fn before_anything_is_known_the_shipped_profiles_are() {
        let shipped = Admission::shipped();
        assert_eq!((shipped.bays.len(), shipped.profiles.len(), shipped.errors.is_none()), (0, 3, true));
    }
}
