//! `[[bay]]`: a new kind of bay begins here.

use std::path::PathBuf;
use std::time::Duration;

use super::{Seen, lamp, noted};
use crate::config::document::Node;
use crate::config::mistake::Mistakes;
use crate::config::reader::{Keys, Reader};
use crate::config::values;
use crate::domain::{BayName, Lamp, UsbPort};

pub(super) const KEYS: Keys = Keys::list("bay", &["name", "port", "folder", "quiet_time", "lamp"]);

/// Programs that copy into a folder pause, seldom for so long: a share that stalls, `rsync` between two files.
const QUIET_TIME: Duration = Duration::from_secs(30);

/// One slot of the dock.
#[derive(Debug, Clone)]
pub struct BaySettings {
    /// Its name.
    pub name: BayName,
    /// Where its cameras appear.
    pub slot: Slot,
    /// What lights up there, if anything does.
    pub lamp: Option<Lamp>,
}

/// Where a bay's cameras appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// A directory that appears in this folder is a docked camera; absolute.
    Folder {
        /// The folder.
        folder: PathBuf,
        /// How long a file in it must not have changed before it counts as written to the end.
        quiet_time: Duration,
    },
    /// A camera that is plugged into this port.
    Port(UsbPort),
}

pub(super) fn bay(node: Node, seen: &mut Seen, mistakes: &mut Mistakes) -> Option<BaySettings> {
    let mut table = Reader::new(KEYS, node, mistakes)?;
    let name = table.required("name", "\"1\"", |value| values::name(value, BayName::new));
    let slot = slot(&mut table, name.as_ref().map(|name| &name.value), seen);
    let lamp = lamp::lamp(&mut table, &mut seen.lights);
    table.close("here");
    Some(BaySettings { name: name?.value, slot: slot?, lamp: lamp? })
}

fn slot(table: &mut Reader<'_>, bay: Option<&BayName>, seen: &mut Seen) -> Option<Slot> {
    if let Some(port) = table.optional("port", values::port)? {
        if let Some(folder) = table.take("folder") {
            let what = "bay.folder: this bay is a USB port already".to_owned();
            table.mistakes.add(
                &folder.at,
                what,
                "write either port or folder, and give each its own [[bay]]".to_owned(),
            );
            return None;
        }
        if let Some(quiet) = table.take("quiet_time") {
            let what = "bay.quiet_time: this bay is a USB port".to_owned();
            let remedy = "write quiet_time into the profile of the cameras that need it".to_owned();
            table.mistakes.add(&quiet.at, what, remedy);
            return None;
        }
        let slot = Slot::Port(port.value.clone());
        seen.ports.push(port);
        return Some(slot);
    }
    let folder = table.required("folder", "\"/srv/bays/1\"", values::folder);
    let title = bay.map_or("a bay's folder".to_owned(), |bay| format!("the folder of bay \"{bay}\""));
    let quiet_time = table.or("quiet_time", QUIET_TIME, values::duration);
    let folder = noted(folder, title, &mut seen.folders);
    Some(Slot::Folder { folder: folder?, quiet_time: quiet_time? })
}
