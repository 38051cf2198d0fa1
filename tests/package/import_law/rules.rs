//! The rules about who may mention what. Each gives its complaints: file, line, and what is not allowed there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::house::{EVERYTHING, Files, House, Module, Written};
use super::paths::Place;
use super::table::{Law, libraries};

/// The room that puts the others together.
const COMPOSITION: &str = "daemon";

/// Where threads, blocking calls and the machine's own clocks are at home: everything that the simulator
/// replaces, and the thread that writes lines, from which nothing comes back.
const ADAPTER_MODULES: [&str; 18] = [
    "access",
    "files",
    "spool::disk",
    "ledger::worker",
    "cloud::azure",
    "cloud::folder",
    "cloud::gcs",
    "cloud::notes",
    "cloud::s3",
    "camera::folder",
    "dock::contents",
    "camera::mass_storage",
    "dock::folder",
    "dock::led",
    "dock::mounts",
    "dock::usb",
    "journal::outlet",
    COMPOSITION,
];

/// Threads and clocks that the simulator cannot replace.
const OWN_THREADS_AND_CLOCKS: [&str; 3] = ["std::time::Instant", "std::time::SystemTime", "std::thread"];

/// What is not allowed, by file, with the first line that does it.
#[derive(Default)]
struct Complaints(BTreeMap<(PathBuf, String), usize>);

impl Complaints {
    fn add(&mut self, module: &Module, line: usize, trouble: String) {
        let first = self.0.entry((module.file.clone(), trouble)).or_insert(line);
        *first = line.min(*first);
    }

    fn lines(self) -> Vec<String> {
        let complaints = self.0.into_iter();
        complaints.map(|((file, trouble), line)| format!("{}:{line}: {trouble}", file.display())).collect()
    }
}

/// The modules of the library, each with its room.
fn rooms<'a>(house: &'a House, law: &'a Law) -> impl Iterator<Item = (&'a Module, &'a str)> {
    house.library().filter_map(|module| Some((module, law.room(&module.names)?)))
}

/// Rooms that the table does not know. The library's own first file is none.
pub(crate) fn unknown_rooms(house: &House, law: &Law) -> Vec<String> {
    let mut complaints = Complaints::default();
    for module in house.library().filter(|module| module.names.len() > 1 && law.room(&module.names).is_none()) {
        complaints.add(module, 1, format!("`{}` has no row in the table of src/lib.rs", module.names[1]));
    }
    complaints.lines()
}

/// Uses of one room by another that the table does not allow.
pub(crate) fn forbidden_rooms(house: &House, law: &Law) -> Vec<String> {
    let mut complaints = Complaints::default();
    for (module, here) in rooms(house, law) {
        for mention in &module.mentions {
            let uses = house.uses(module, mention);
            for place in uses.places.iter().chain(&uses.passed_on) {
                let (there, name) = match place {
                    Place::Module(names) => (law.room(names), &names[names.len() - 1]),
                    Place::Item(names, name) => (law.room(names), name),
                    Place::Foreign(_) => continue,
                };
                let Some(there) = there else { continue };
                // A port shows its adapters under its own name, and does nothing else with them.
                let shown = mention.written == Written::ReExport && there.starts_with(&format!("{here}::"));
                if !shown && !law.allows(here, there) {
                    complaints.add(module, mention.line, format!("`{here}` may not use `{there}` (`{name}`)"));
                }
            }
        }
    }
    complaints.lines()
}

/// Uses of libraries that the table does not allow.
pub(crate) fn forbidden_libraries(files: &Files, house: &House, law: &Law) -> Vec<String> {
    let libraries = libraries(files);
    let mut complaints = Complaints::default();
    for (module, here) in rooms(house, law) {
        for mention in &module.mentions {
            for place in house.uses(module, mention).places {
                let Place::Foreign(path) = place else { continue };
                if libraries.contains(&path[0]) && !law.allows_library(here, &path[0]) {
                    complaints.add(module, mention.line, format!("`{here}` may not use the library `{}`", path[0]));
                }
            }
        }
    }
    complaints.lines()
}

/// Rows of the table that allow what does not stand in a row below.
pub(crate) fn ways_back(law: &Law) -> Vec<String> {
    let back = law
        .permissions()
        .filter(|(here, there)| law.rooms.get(*there).is_none_or(|room| room.floor >= law.rooms[*here].floor));
    back.map(|(here, there)| format!("src/lib.rs: `{there}` does not stand below `{here}`")).collect()
}

/// Rows of the table that let others than the composition room and the port's own rooms use an adapter.
pub(crate) fn known_adapters(law: &Law) -> Vec<String> {
    let port = |room: &str| room.split("::").next().map(str::to_owned);
    let known = law
        .permissions()
        .filter(|(here, there)| there.contains("::") && port(here) != port(there) && *here != COMPOSITION);
    known
        .map(|(here, there)| format!("src/lib.rs: `{here}` may not know `{there}`; only `{COMPOSITION}` may"))
        .collect()
}

/// Threads, blocking calls and clocks outside of adapters.
pub(crate) fn own_threads_and_clocks(house: &House) -> Vec<String> {
    let mut complaints = Complaints::default();
    for module in house.library().filter(|module| !is_adapter(module)) {
        for mention in &module.mentions {
            for place in house.uses(module, mention).places {
                let Place::Foreign(path) = place else { continue };
                if OWN_THREADS_AND_CLOCKS.iter().any(|banned| leads_to(&path, banned)) {
                    complaints.add(module, mention.line, format!("only an adapter may use `{}`", path.join("::")));
                }
            }
        }
        for (_, line) in module.words.iter().filter(|(word, _)| word == "spawn_blocking") {
            complaints.add(module, *line, "only an adapter may use `spawn_blocking`".to_owned());
        }
    }
    complaints.lines()
}

fn is_adapter(module: &Module) -> bool {
    let name = module.names[1..].join("::");
    ADAPTER_MODULES.iter().any(|adapter| name == *adapter || name.starts_with(&format!("{adapter}::")))
}

/// Whether a path leads to something, or into it, or brings it in with everything around it.
fn leads_to(path: &[String], there: &str) -> bool {
    let there: Vec<_> = there.split("::").collect();
    match path.split_last() {
        Some((last, stem)) if last == EVERYTHING => there.iter().zip(stem).all(|(a, b)| a == b),
        _ => path.len() >= there.len() && there.iter().zip(path).all(|(a, b)| a == b),
    }
}
