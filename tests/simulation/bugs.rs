//! Deliberate mistakes in the production code, each of which the simulator must catch. `BUG=SkipReread` tries that one only.

use std::fmt::Write as _;

use camdock::faults::PlantedBug;

use crate::first_failure;
use crate::run::play;

/// A mistake that hides through so many stories would hide from us.
const SEEDS: u64 = 5_000;

#[test]
fn every_planted_bug_is_caught() {
    let mut table = String::new();
    let mut missed = Vec::new();
    let wanted = std::env::var("BUG").ok();
    for bug in PlantedBug::ALL.into_iter().filter(|bug| wanted.as_ref().is_none_or(|name| *name == format!("{bug:?}")))
    {
        match first_failure(0..SEEDS, Some(bug)) {
            Some((seed, failure)) => {
                assert_eq!(play(seed, None, false).failure, None, "{bug:?}: the story fails without it, too");
                let first_line = failure.lines().next().unwrap_or_default().to_owned();
                let _ = writeln!(table, "| {bug:?} | {} | {first_line} |", seed + 1);
            }
            None => missed.push(bug),
        }
    }
    println!("{table}");
    assert_eq!(missed, []);
}
