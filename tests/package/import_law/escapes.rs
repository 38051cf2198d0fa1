//! Tests of the tests: a small house, ways of breaking its law that must not escape, and ways of keeping it that must not
//! be complained of.

use std::path::PathBuf;

use super::circles::circles;
use super::house::{Files, House};
use super::lengths::long_functions;
use super::rules;
use super::table::Law;

const MANIFEST: &str = "[dependencies]\ntokio = '1'\nsd-notify = '1'\nthiserror = '2'";

/// `upper` may use `port` only: neither `ground` nor the port's adapter, nor `tokio`.
const LIBRARY: &str = "
//! | room | may use | libraries |
//! |---|---|---|
//! | every room | `faults` | `thiserror` |
//! | `ground`, `faults` | | `tokio` |
//! | `port` | `ground` | `tokio` |
//! | `port::adapter` | `ground`, `port` | `tokio` |
//! | `upper` | `port`, `not_built_yet` | `sd-notify` |
pub mod faults; pub mod ground; pub mod port; pub mod upper;";

const PORT: &str = "
mod adapter;
pub mod shown { pub use crate::ground::*; }
pub use adapter::Disk;
pub use crate::ground::{Stone as Pebble, gate};
pub use tokio::sync::Notify;
pub trait Port {}";

const GROUND: &str = "
mod gate;
pub use gate::gate;
pub struct Stone; pub enum Kind { Hard } pub trait Heavy {} pub const LIMIT: u8 = 1; pub fn stone() {}
made_by_a_macro!(Pebbles);";

/// The small house with `code` in `src/upper/inner.rs`.
fn files(code: &str) -> Files {
    let texts = [
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", LIBRARY),
        ("src/faults.rs", "pub fn plant() {}"),
        ("src/ground/mod.rs", GROUND),
        ("src/ground/gate.rs", "pub fn gate() {}"),
        ("src/port/mod.rs", PORT),
        ("src/port/adapter.rs", "pub struct Disk;"),
        ("src/upper/mod.rs", "mod inner; pub struct Own;"),
        ("src/upper/inner.rs", code),
        ("src/upper/inner/only_in_tests.rs", "use crate::ground::Stone;"),
    ];
    texts.into_iter().map(|(file, text)| (PathBuf::from(file), text.to_owned())).collect()
}

/// What the rules about rooms, libraries, threads and clocks complain of.
fn complaints(code: &str) -> Vec<String> {
    let files = files(code);
    let (house, law) = (House::of(&files), Law::of(&files));
    let rooms = rules::forbidden_rooms(&house, &law);
    let libraries = rules::forbidden_libraries(&files, &house, &law);
    [rooms, libraries, rules::own_threads_and_clocks(&house)].concat()
}

#[track_caller]
fn each_is_complained_of(complaint: &str, cases: &[&str]) {
    for code in cases {
        let found = complaints(code);
        let begin = format!("src/upper/inner.rs:1: {complaint}");
        assert!(found.iter().any(|found| found.starts_with(&begin)), "escaped: {code}\nfound: {found:?}");
    }
}

#[test]
fn no_way_of_writing_a_path_escapes_the_law() {
    each_is_complained_of(
        "`upper` may not use `ground`",
        &[
            "use crate::ground::Stone;",
            "use crate::r#ground::Stone;",
            "use crate::{port, ground::{Kind, Stone as S}};",
            "use crate::ground::{self};",
            "use crate as house; fn f() { house::ground::stone(); }",
            "use crate::ground as g; fn f() { g::stone(); }",
            "use super::super::ground::Stone;",
            "use super::{Own, super::ground::Stone};",
            "mod deep { use super::super::super::ground::Stone; }",
            "fn f() { use crate::ground::*; }",
            "fn f() -> crate::ground::Stone { todo!() }",
            "fn f(x: u8) { match x { crate::ground::LIMIT => {} _ => {} } }",
            "fn f(x: K) { if let crate::ground::Kind::Hard = x {} }",
            "fn f<T: crate::ground::Heavy>() {}",
            "impl crate::ground::Heavy for u8 {}",
            "fn f() { <u8 as crate::ground::Heavy>::weigh(); }",
            "fn f() { let x = Vec::<crate::ground::Stone>::new(); }",
            "fn f() { vec![1, crate::ground::LIMIT]; }",
            "fn f() { select! { a = b => { if a { crate::ground::stone() } } } }",
            "macro_rules! m { () => { $crate::ground::stone() } }",
            "m! { use crate::{port, ground::{Kind}}; }",
            "#[derive(crate::ground::Heavy)] struct S;",
            "#[serde(with = \"crate::ground\")] struct S;",
            "use crate::ground::Pebbles;",
            "#[cfg(not(test))] use crate::ground::Stone;",
            "#[cfg(any(test, unix))] use crate::ground::Stone;",
        ],
    );
}

#[test]
fn no_re_export_launders_what_the_law_forbids() {
    each_is_complained_of(
        "`upper` may not use `ground`",
        &[
            "use crate::port::Pebble;",
            "use crate::port::Pebble as Mine;",
            "use crate::port::gate;",
            "fn f(_: crate::port::Pebble) {}",
            "use crate::port as p; type T = p::Pebble;",
            "use crate::port::*; fn f(_: Pebble) {}",
            "use crate::port::shown::Stone;",
            "use crate::port::shown; fn f() { shown::Kind::Hard; }",
            "mod again { pub use crate::port::*; } fn f() { again::shown::stone() }",
        ],
    );
    each_is_complained_of(
        "`upper` may not use `port::adapter`",
        &["use crate::port::Disk;", "use crate::port::adapter::Disk;"],
    );
}

#[test]
fn no_way_of_naming_a_library_escapes_the_law() {
    each_is_complained_of(
        "`upper` may not use the library `tokio`",
        &[
            "use tokio::fs;",
            "use {std::fmt, tokio::{fs, io}};",
            "use tokio as t; fn f() { t::spawn(g()); }",
            "use tokio;",
            "extern crate tokio as t;",
            "fn f() { ::tokio::spawn(g()); }",
            "fn f() { tokio::spawn(g()); }",
            "fn f() { tokio::select! {} }",
            "#[tokio::main] async fn f() {}",
            "m!(tokio::spawn(g()));",
            "use crate::port::Notify;",
        ],
    );
}

#[test]
fn no_way_of_taking_a_thread_or_a_clock_escapes() {
    each_is_complained_of(
        "only an adapter may use `",
        &[
            "use std::time::Instant;",
            "use std::{fmt, time::{Duration, SystemTime as Wall}};",
            "use std::time; fn f() { time::Instant::now(); }",
            "use std::time as t; fn f(_: t::SystemTime) {}",
            "use std::time::*;",
            "fn f() { std::thread::sleep(x); }",
            "fn f() { dbg!(std::time::Instant::now()); }",
            "fn f() { tokio::task::spawn_blocking(g); }",
            "use tokio::task::spawn_blocking as apart;",
            "fn f(handle: H) { handle.spawn_blocking(g); }",
        ],
    );
}

#[test]
fn what_the_law_allows_is_not_complained_of() {
    for code in [
        "use crate::port::Port; use crate::{faults::plant, port};",
        "use super::Own; pub(in crate::upper) fn f(_: Own) {}",
        "use std::time::Duration; use std::fmt; fn f() { core::mem::drop(1); }",
        "use sd_notify::NotifyState; #[derive(thiserror::Error)] enum E {}",
        "mod deep { pub struct Stone; } pub use deep::Stone;",
        "// crate::ground::Stone, std::time::Instant, spawn_blocking\n const S: &str = \"crate::ground, tokio::fs\";",
        "/// See [`crate::ground::Stone`].\n fn f() { println!(\"std::thread {}\", 1); }",
        "mod sand {} fn f(ground: u8, sand: u8, tokio: u8) -> u8 { ground + sand + tokio }",
    ] {
        assert_eq!(complaints(code), Vec::<String>::new(), "{code}");
    }
}

#[test]
fn tests_are_no_code() {
    for code in [
        "#[cfg(test)] mod tests { use crate::ground::Stone; }",
        "#[cfg(test)] pub(super) mod tests { fn f() { tokio::spawn(g()); } }",
        "#[cfg(test)] pub(crate) mod only_in_tests;",
        "#[cfg(all(test, unix))] use crate::ground::Stone;",
        "#[cfg(test)] fn f() { std::thread::sleep(x); }",
        "#[test] fn f() { crate::ground::stone(); }",
        "struct S; impl S { #[cfg(test)] fn f(&self) { crate::ground::stone(); } }",
        "struct S { #[cfg(test)] stone: crate::ground::Stone }",
        "fn f() { #[cfg(test)] let stone = crate::ground::Stone; }",
        "#![cfg(test)] use crate::ground::Stone;",
    ] {
        assert_eq!(complaints(code), Vec::<String>::new(), "{code}");
    }
}

#[test]
fn the_same_file_counts_if_a_build_without_tests_has_it() {
    let found = complaints("mod only_in_tests;");
    assert_eq!(found, ["src/upper/inner/only_in_tests.rs:1: `upper` may not use `ground` (`Stone`)"]);
}

#[test]
fn a_table_that_leads_back_or_shows_an_adapter_is_complained_of() {
    let mut files = files("");
    let upper = "//! | `upper` | `port`, `not_built_yet` | `sd-notify` |";
    let table = LIBRARY.replace(upper, "//! | `upper` | `not_built_yet`, `port::adapter`, `upper` | |");
    files.insert(PathBuf::from("src/lib.rs"), table.replace("| `port` | `ground` |", "| `port` | `upper` |"));
    let law = Law::of(&files);
    let back = [("upper", "port"), ("not_built_yet", "upper"), ("upper", "upper")];
    let back = back.map(|(there, here)| format!("src/lib.rs: `{there}` does not stand below `{here}`"));
    assert_eq!(rules::ways_back(&law), back);
    assert_eq!(rules::known_adapters(&law), ["src/lib.rs: `upper` may not know `port::adapter`; only `daemon` may"]);
}

/// The circles among some files of a library that begins with `src/lib.rs`.
fn circles_among(texts: &[(&str, &str)]) -> Vec<String> {
    circles(&House::of(&texts.iter().map(|(file, text)| (PathBuf::from(file), (*text).to_owned())).collect()))
}

#[test]
fn circles_of_files_are_found() {
    let folder = ("src/lib.rs", "mod a; mod b; mod c; pub use b::{self, B}; pub struct Top;");
    for others in [
        // Two siblings, in the open or by what their parent shows.
        &[
            ("src/a.rs", "use crate::b::B; pub struct A;"),
            ("src/b.rs", "use super::a; pub struct B(a::A);"),
            ("src/c.rs", ""),
        ],
        &[
            ("src/a.rs", "use super::B; pub struct A;"),
            ("src/b.rs", "use crate::a::A; pub struct B;"),
            ("src/c.rs", ""),
        ],
        // Three.
        &[
            ("src/a.rs", "use crate::b::B; pub struct A;"),
            ("src/b.rs", "fn f() { crate::c::c() } pub struct B;"),
            ("src/c.rs", "pub fn c() { m!(super::a::A) }"),
        ],
    ] {
        let found = circles_among(&[&[folder], others.as_slice()].concat());
        assert_eq!(found.len(), 1, "{others:?}: {found:?}");
    }
    // Out of a folder and back to what its `mod.rs` defines.
    let way_out = [
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a/mod.rs", "mod child; pub use child::Child; pub struct A;"),
        ("src/a/child.rs", "pub struct Child(crate::b::B);"),
        ("src/b.rs", "pub struct B(crate::a::A);"),
    ];
    assert_eq!(circles_among(&way_out).len(), 1);
}

#[test]
fn a_folder_and_its_files_are_no_circle() {
    let folder = [
        ("src/lib.rs", "mod a;"),
        ("src/a/mod.rs", "mod one; mod two; pub use one::One; use two::Two; pub struct A(Two);"),
        ("src/a/one.rs", "use super::{A, two}; pub struct One(A, two::Two); mod within { use super::One; }"),
        ("src/a/two.rs", "use crate::a::A; use super::two; pub struct Two;"),
    ];
    assert_eq!(circles_among(&folder), Vec::<String>::new());
}

#[test]
fn a_function_is_counted_from_its_signature_to_its_last_brace() {
    let of_length = |lines: usize| {
        let function =
            format!("/// What it does.\n#[must_use]\npub fn long() {{\n{}}}\n", "    ();\n".repeat(lines - 2));
        let method = format!("struct S;\nimpl S {{\n{function}}}\n");
        let default = format!("trait T {{\n{}}}\n", function.replace("pub ", ""));
        [function, method, default].map(|text| long_functions(&[(PathBuf::from("a.rs"), text)].into()))
    };
    assert!(of_length(70).iter().all(Vec::is_empty));
    assert!(of_length(71).iter().all(|found| found.len() == 1));
    assert_eq!(of_length(71)[0], ["a.rs:3: `long` has 71 lines, more than 70"]);
}
