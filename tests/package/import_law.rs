//! The house rules that a compiler does not hold: who may use whom, who may have threads and clocks, and how long a file
//! may be.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A module's or an item's path: `["cloud", "azure", "answer"]`.
type Names = Vec<String>;

const LONGEST_FILE: usize = 600;

/// Adapters that their port shows under its own name.
const ADAPTERS: [(&str, &str); 6] = [
    ("FolderDestination", "cloud"),
    ("watch_folders", "dock"),
    ("watch_usb", "dock"),
    ("DiskSpool", "spool"),
    ("FolderCamera", "camera"),
    ("MassStorageCamera", "camera"),
];

/// Where threads, blocking calls and the machine's own clocks are at home: everything that the simulator replaces.
const ADAPTER_MODULES: [&str; 12] = [
    "files",
    "spool::disk",
    "ledger::worker",
    "cloud::azure",
    "cloud::folder",
    "camera::folder",
    "dock::contents",
    "camera::mass_storage",
    "dock::folder",
    "dock::usb",
    "station::open",
    "station::clock",
];

/// A file of the library: its place among the modules, and its text without comments and unit tests.
struct Module {
    file: PathBuf,
    names: Names,
    code: String,
}

fn files_below(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// Every module of the library; `main` and `cli` are another crate, on top of it.
fn library() -> Vec<Module> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let module = |file: PathBuf| {
        let inside = file.strip_prefix(&source).unwrap().with_extension("");
        let mut names: Names = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        names.pop_if(|last| last == "mod");
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let code = code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
        Module { file, names, code }
    };
    let modules =
        files_below("src").into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")).map(module);
    let elsewhere = |names: &Names| names[0] == "main" || names[0] == "lib" || names[0] == "cli";
    let modules: Vec<_> =
        modules.filter(|module| !elsewhere(&module.names) && !module.names.contains(&"tests".to_owned())).collect();
    assert!(modules.len() > 50, "only {} modules found", modules.len());
    modules
}

/// Every path in `code` that begins with `root`, with groups in braces taken apart.
fn paths(code: &str, root: &str) -> Vec<Names> {
    let mut found = Vec::new();
    let begin = format!("{root}::");
    for (at, _) in code.match_indices(&begin) {
        let before = code[..at].chars().next_back();
        if !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            branches(&mut code[at + begin.len()..].trim_start(), &Vec::new(), &mut found);
        }
    }
    found
}

/// Reads one branch of a tree of paths, `a::{b, c::d}`, from the beginning of `rest`.
fn branches(rest: &mut &str, stem: &Names, found: &mut Vec<Names>) {
    if let Some(group) = rest.strip_prefix('{') {
        *rest = group.trim_start();
        while !rest.is_empty() && !rest.starts_with('}') {
            let left = rest.len();
            branches(rest, stem, found);
            *rest = rest.trim_start().trim_start_matches(',').trim_start();
            if rest.len() == left {
                // Not a tree of paths after all.
                break;
            }
        }
        *rest = rest.strip_prefix('}').unwrap_or(rest);
        return;
    }
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (name, tail) = rest.split_at(end);
    let mut stem = stem.clone();
    stem.push(name.to_owned());
    *rest = tail;
    if let Some(further) = tail.strip_prefix("::") {
        *rest = further.trim_start();
        branches(rest, &stem, found);
    } else {
        *rest = tail.strip_prefix(" as ").map_or(tail, |alias| alias.trim_start_matches(|c: char| c.is_alphanumeric()));
        found.push(stem);
    }
}

/// What `module` mentions of the library, from its root.
fn mentions(module: &Module) -> Vec<Names> {
    let mut found = paths(&module.code, "crate");
    for mut path in paths(&module.code, "super") {
        let mut place = module.names.clone();
        place.pop();
        while path.first().is_some_and(|name| name == "super") {
            place.pop();
            path.remove(0);
        }
        found.push([place, path].concat());
    }
    found
}

/// The table in `src/lib.rs`.
fn law() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let mut law = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("//! | `")) {
        let [_, rooms, allowed, _] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("a row of another form: {line}")
        };
        law.extend(quoted(rooms).into_iter().map(|room| (room, quoted(allowed))));
    }
    assert!(law.len() > 10, "the table was not found");
    law
}

/// The innermost room of the law that a path leads into.
fn room<'a>(law: &'a BTreeMap<String, BTreeSet<String>>, names: &[String]) -> Option<&'a str> {
    (1..=names.len())
        .rev()
        .find_map(|depth| law.get_key_value(&names[..depth].join("::")))
        .map(|(room, _)| room.as_str())
}

#[test]
fn rooms_use_only_what_the_law_allows() {
    let law = law();
    let mut broken = Vec::new();
    for module in library() {
        let file = module.file.display();
        let Some(here) = room(&law, &module.names) else {
            broken.push(format!("{file}: this room has no row in the import law; see src/lib.rs"));
            continue;
        };
        for path in mentions(&module) {
            // A path that leads into no room is an item of the module's own.
            let Some(there) = room(&law, &path) else { continue };
            if there != here && there != "faults" && !law[here].contains(there) {
                broken.push(format!("{file}: `{here}` may not use {}", path.join("::")));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn only_the_station_knows_adapters_by_name() {
    let words = |module: &Module| -> BTreeSet<String> {
        module.code.split(|c: char| !(c.is_alphanumeric() || c == '_')).map(str::to_owned).collect()
    };
    for module in library() {
        let words = words(&module);
        for (adapter, port) in ADAPTERS {
            let may = module.names[0] == port || module.names[0] == "station";
            assert!(may || !words.contains(adapter), "{} mentions {adapter}", module.file.display());
        }
    }
}

#[test]
fn only_adapters_have_threads_and_clocks_of_their_own() {
    let mut broken = Vec::new();
    for module in library() {
        let name = module.names.join("::");
        if ADAPTER_MODULES.iter().any(|adapter| name == *adapter || name.starts_with(&format!("{adapter}::"))) {
            continue;
        }
        for path in paths(&module.code, "std") {
            let path = path.join("::");
            if ["time::Instant", "time::SystemTime", "thread"].iter().any(|banned| path.starts_with(banned)) {
                broken.push(format!("{}: std::{path}", module.file.display()));
            }
        }
        if module.code.contains("spawn_blocking") {
            broken.push(format!("{}: spawn_blocking", module.file.display()));
        }
    }
    assert!(broken.is_empty(), "use tokio's clock, or move this into an adapter:\n{}", broken.join("\n"));
}

#[test]
fn no_file_is_longer_than_a_reader_is_patient() {
    let files = ["src", "tests", "benches"].into_iter().flat_map(files_below);
    for file in files {
        // What is no text has no lines.
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines, more than {LONGEST_FILE}", file.display());
    }
}

#[test]
fn no_way_of_writing_a_path_escapes_the_law() {
    let code = "use crate::{domain::{Moment, ids::SegmentId as Id}, ledger};\nuse mycrate::x; let a = crate::cloud::folder::new();";
    let found: Vec<_> = paths(code, "crate").iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["domain::Moment", "domain::ids::SegmentId", "ledger", "cloud::folder::new"]);
    for code in ["use super::super::station::Station;", "use super::{Site, super::station::Station};"] {
        let names = ["transfer", "wipe"].map(str::to_owned).to_vec();
        let module = Module { file: PathBuf::new(), names, code: code.to_owned() };
        let law = law();
        assert!(mentions(&module).iter().any(|path| room(&law, path) == Some("station")), "{code}");
    }
}
