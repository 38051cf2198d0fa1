//! The house rules that a compiler does not hold: who may use whom and which libraries, who may have threads and clocks,
//! and how long a file or a function may be.

mod circles;
mod escapes;
mod house;
mod lengths;
mod paths;
mod reader;
mod rules;
mod table;

use std::path::Path;
use std::sync::LazyLock;

use self::house::{Files, House};
use self::table::Law;

/// Every text below these folders, and `Cargo.toml`.
fn files(folders: &[&str]) -> Files {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Files::new();
    let mut left: Vec<_> = folders.iter().map(|folder| package.join(folder)).collect();
    left.push(package.join("Cargo.toml"));
    while let Some(path) = left.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).expect("a folder can be read");
            left.extend(entries.map(|entry| entry.expect("an entry can be read").path()));
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            // What is no text has no lines.
            files.insert(path.strip_prefix(package).expect("it is below").to_owned(), text);
        }
    }
    files
}

static SOURCES: LazyLock<Files> = LazyLock::new(|| files(&["src", "tests", "benches", "examples"]));

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let house = House::of(&SOURCES);
    assert!(house.modules.len() > 50, "only {} modules found", house.modules.len());
    house
});

static LAW: LazyLock<Law> = LazyLock::new(|| {
    let law = Law::of(&SOURCES);
    assert!(law.rooms.len() > 10, "the table in src/lib.rs was not found");
    law
});

#[track_caller]
fn nothing_to_complain(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn every_room_has_a_row_in_the_law() {
    nothing_to_complain(&rules::unknown_rooms(&HOUSE, &LAW));
}

#[test]
fn rooms_use_only_the_rooms_that_the_law_allows() {
    nothing_to_complain(&rules::forbidden_rooms(&HOUSE, &LAW));
}

#[test]
fn rooms_use_only_the_libraries_that_the_law_allows() {
    nothing_to_complain(&rules::forbidden_libraries(&SOURCES, &HOUSE, &LAW));
}

#[test]
fn the_law_itself_allows_no_way_back() {
    nothing_to_complain(&rules::ways_back(&LAW));
}

#[test]
fn only_the_composition_room_knows_adapters_by_name() {
    nothing_to_complain(&rules::known_adapters(&LAW));
}

#[test]
fn only_adapters_have_threads_and_clocks_of_their_own() {
    nothing_to_complain(&rules::own_threads_and_clocks(&HOUSE));
}

#[test]
fn no_two_files_import_each_other() {
    nothing_to_complain(&circles::circles(&HOUSE));
}

#[test]
fn no_file_is_longer_than_a_reader_is_patient() {
    nothing_to_complain(&lengths::long_files(&SOURCES));
}

#[test]
fn every_function_fits_on_a_screen() {
    nothing_to_complain(&lengths::long_functions(&SOURCES));
}
