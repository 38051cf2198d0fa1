//! What the gate and the maps of bays go by: as much of the configuration as can be made out.
//!
//! Promises: a port that is written for a bay is a bay, whatever else is wrong with the configuration; so a mistake opens
//! no bay. If anything is wrong with a profile, there are none, and nothing is a camera.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::document::{self, Node, Value};
use super::problem::Problems;
use super::{Config, ConfigErrors, profiles, values};
use crate::domain::{BayName, Profile, UsbPort};

/// Bays that are USB ports, and what may be in them.
#[derive(Debug)]
pub struct Admission {
    /// The bays. One without a proper name is called as its port.
    pub bays: Vec<(BayName, UsbPort)>,
    /// The kinds of camera, in the order in which they are to be tried; none if any of them is wrong.
    pub profiles: Arc<[Arc<Profile>]>,
    /// What is wrong with the configuration, of what was looked at.
    pub errors: Option<ConfigErrors>,
}

impl Admission {
    /// Reads what [`Config::load`] would, as far as it goes. Without a configuration there are no bays.
    ///
    /// # Errors
    /// If there is a configuration and it cannot be opened: nothing is known then of what is a bay.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut problems = Problems::default();
        let bays = match std::fs::File::open(path) {
            Ok(_) => {
                let mut bays = bays(&document::read(path, &mut problems));
                for port in problems.broken_texts().flat_map(written_ports) {
                    if !bays.iter().any(|(_, known)| *known == port) {
                        bays.extend(named_as(port));
                    }
                }
                bays
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let before = problems.count();
        let profiles = profiles::read(Path::new(profiles::SHIPPED), &Config::profile_folder(path), &mut problems);
        let profiles = if problems.count() == before { profiles } else { Arc::default() };
        Ok(Self { bays, profiles, errors: (!problems.is_empty()).then(|| problems.into_errors()) })
    }
}

fn bays(root: &Node) -> Vec<(BayName, UsbPort)> {
    let Value::Table(root) = &root.value else { return Vec::new() };
    let Some(Value::List(entries)) = root.get("bay").map(|(_, bays)| &bays.value) else { return Vec::new() };
    let bay = |entry: &Node| {
        let Value::Table(entry) = &entry.value else { return None };
        let port = entry.get("port").and_then(|(_, port)| values::port(&port.value).ok())?;
        match entry.get("name").and_then(|(_, name)| values::name(&name.value, BayName::new).ok()) {
            Some(name) => Some((name, port)),
            None => named_as(port),
        }
    };
    entries.iter().filter_map(bay).collect()
}

fn named_as(port: UsbPort) -> Option<(BayName, UsbPort)> {
    Some((BayName::new(port.as_str()).ok()?, port))
}

/// The ports in a text that is no TOML: a broken line may hide everything below it from a proper reader.
fn written_ports(text: &str) -> impl Iterator<Item = UsbPort> {
    text.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        let value = (key.trim() == "port").then(|| value.split(['"', '\'']).nth(1))??;
        value.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn admission(text: &str, own: Option<&str>) -> Admission {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("camdock.toml");
        std::fs::write(&path, text).unwrap();
        if let Some(text) = own {
            std::fs::create_dir(folder.path().join("profiles.d")).unwrap();
            std::fs::write(folder.path().join("profiles.d/a.toml"), text).unwrap();
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
        assert_eq!(ports(&admission(BAYS, None)), [("1", "1-1.1"), ("1-1.2", "1-1.2")]);
        for broken in ["[upload\n", "[upload]\nchunk_size = \n", "[web]\nlisten = \"127\n", "= 1\n", "]]\n"] {
            for text in [format!("{broken}{BAYS}"), format!("{BAYS}{broken}")] {
                let admission = admission(&text, None);
                let ports: Vec<_> = admission.bays.iter().map(|(_, port)| port.as_str()).collect();
                assert_eq!(ports, ["1-1.1", "1-1.2"], "{text}");
                assert!(admission.errors.is_some() && !admission.profiles.is_empty());
            }
        }
    }

    #[test]
    fn a_profile_that_is_wrong_closes_every_bay() {
        assert!(!admission(BAYS, None).profiles.is_empty());
        let typo = admission(BAYS, Some("name = \"generic-dcim\"\nenabeld = false\n"));
        assert!(typo.profiles.is_empty() && typo.errors.is_some());
    }

    #[test]
    fn without_a_configuration_there_are_no_bays() {
        let admission = Admission::read(Path::new("/nonexistent/camdock.toml")).unwrap();
        assert!(admission.bays.is_empty() && admission.errors.is_none());
        assert!(Admission::read(Path::new("/dev/null/camdock.toml")).is_err());
    }
}
