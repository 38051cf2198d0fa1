//! The import law, as the table in `src/lib.rs` states it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::house::{Files, LIBRARY};

/// The row that holds for every room.
const EVERY_ROOM: &str = "every room";

/// What a room may use.
#[derive(Clone, Default)]
pub(crate) struct Permissions {
    /// In which row of the table it stands, counted from the ground.
    pub(crate) floor: usize,
    pub(crate) rooms: BTreeSet<String>,
    pub(crate) libraries: BTreeSet<String>,
}

#[derive(Default)]
pub(crate) struct Law {
    pub(crate) rooms: BTreeMap<String, Permissions>,
    pub(crate) everyone: Permissions,
}

impl Law {
    pub(crate) fn of(files: &Files) -> Self {
        let mut law = Self::default();
        let table = files[Path::new("src/lib.rs")].lines().filter_map(|line| line.strip_prefix("//! |"));
        // The first two lines are the heading.
        for (floor, row) in table.enumerate().skip(2) {
            let [who, rooms, libraries, ""] = row.split('|').collect::<Vec<_>>()[..] else {
                panic!("the table in src/lib.rs has a row of another form: {row}")
            };
            let libraries = quoted(libraries).map(|name| name.replace('-', "_")).collect();
            let permissions = Permissions { floor, rooms: quoted(rooms).map(str::to_owned).collect(), libraries };
            if who.trim() == EVERY_ROOM {
                law.everyone = permissions;
            } else {
                law.rooms.extend(quoted(who).map(|room| (room.to_owned(), permissions.clone())));
            }
        }
        law
    }

    /// The innermost room that a path of the library leads into.
    pub(crate) fn room(&self, names: &[String]) -> Option<&str> {
        let inside = names.strip_prefix(&[LIBRARY.to_owned()])?;
        let innermost =
            (1..=inside.len()).rev().find_map(|depth| self.rooms.get_key_value(&inside[..depth].join("::")))?;
        Some(innermost.0)
    }

    /// Each room, with each room that its row allows.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rooms.iter().flat_map(|(here, may)| may.rooms.iter().map(|there| (here.as_str(), there.as_str())))
    }

    pub(crate) fn allows(&self, here: &str, there: &str) -> bool {
        here == there || self.everyone.rooms.contains(there) || self.rooms[here].rooms.contains(there)
    }

    pub(crate) fn allows_library(&self, here: &str, library: &str) -> bool {
        self.everyone.libraries.contains(library) || self.rooms[here].libraries.contains(library)
    }
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The libraries that `Cargo.toml` lists, by the name that code calls them.
pub(crate) fn libraries(files: &Files) -> BTreeSet<String> {
    let manifest: toml::Table = files[Path::new("Cargo.toml")].parse().expect("Cargo.toml is valid");
    let listed = manifest["dependencies"].as_table().expect("[dependencies] is a table");
    listed.keys().map(|name| name.replace('-', "_")).collect()
}
