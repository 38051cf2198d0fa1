//! The simulator: production code in a fake world, seeded, on paused time; each failure prints the line that replays it.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod boot;
mod bugs;
mod camera;
mod chaos;
mod destination;
mod mishaps;
mod oracle;
mod run;
mod scene;
mod shown;
mod spool;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The seeds of this run: `SEEDS` of them, beginning with `FROM`.
fn seeds() -> std::ops::Range<u64> {
    let from = number("FROM").unwrap_or(0);
    from..from + number("SEEDS").unwrap_or(10_000)
}

fn replay_line(seed: u64) -> String {
    format!("replay: SEED={seed} cargo test --features faults --test simulation every_story_ends_well -- --nocapture")
}

/// With `ENDINGS=FILE`, writes a line for each story: so two versions of camdock can be compared seed by seed.
fn note(seed: u64, ending: &run::Ending) {
    use std::io::Write as _;
    static FILE: std::sync::LazyLock<Option<std::fs::File>> = std::sync::LazyLock::new(|| {
        let path = std::env::var_os("ENDINGS")?;
        Some(std::fs::File::options().create(true).append(true).open(path).expect("a file for the endings"))
    });
    if let Some(mut file) = FILE.as_ref() {
        let run::Ending { steps, lasted, happened, .. } = ending;
        let line = format!("{seed}: {steps} steps, {} ms, faults {happened:?}\n", lasted.as_millis());
        file.write_all(line.as_bytes()).expect("the file can be written");
    }
}

/// Many stories take a while; after so many it is said how far they are.
const TOLD_EVERY: u64 = 10_000;

/// Plays seeds on every core; the first that fails, if one does.
fn first_failure(seeds: std::ops::Range<u64>, bug: Option<camdock::faults::PlantedBug>) -> Option<(u64, String)> {
    let next = AtomicU64::new(seeds.start);
    let failed = std::sync::Mutex::new(None::<(u64, String)>);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end
                        || failed.lock().expect("no panic").as_ref().is_some_and(|(first, _)| *first < seed)
                    {
                        return;
                    }
                    let played = seed - seeds.start;
                    if played > 0 && played.is_multiple_of(TOLD_EVERY) {
                        println!("{played} of {} stories", seeds.end - seeds.start);
                    }
                    let ending = run::play(seed, bug, false);
                    note(seed, &ending);
                    if let Some(failure) = ending.failure {
                        let mut failed = failed.lock().expect("no panic");
                        if failed.as_ref().is_none_or(|(first, _)| seed < *first) {
                            *failed = Some((seed, failure));
                        }
                    }
                }
            });
        }
    });
    failed.into_inner().expect("no panic")
}

#[test]
fn every_story_ends_well() {
    if let Some(seed) = number("SEED") {
        let ending = run::play(seed, None, true);
        for line in &ending.story {
            println!("{line}");
        }
        println!("{} steps, {:?}", ending.steps, ending.lasted);
        assert_eq!(ending.failure, None, "{}", replay_line(seed));
        return;
    }
    if let Some((seed, failure)) = first_failure(seeds(), None) {
        panic!("{failure}\n{}", replay_line(seed));
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 0..50 {
        let (once, again) = (run::play(seed, None, true), run::play(seed, None, true));
        assert_eq!(once, again);
        let untold = run::play(seed, None, false);
        assert_eq!((once.steps, once.lasted, once.happened), (untold.steps, untold.lasted, untold.happened));
    }
}

#[test]
fn whatever_can_go_wrong_goes_wrong() {
    let mut happened = [0; chaos::FAULTS];
    let (mut steps, mut hours) = (0, 0);
    for seed in 0..500 {
        let ending = run::play(seed, None, false);
        happened.iter_mut().zip(ending.happened).for_each(|(sum, times)| *sum += times);
        steps += ending.steps;
        hours += ending.lasted.as_secs();
    }
    println!("{steps} steps in {} hours", hours / 3_600);
    for (fault, times) in chaos::Fault::ALL.iter().zip(happened) {
        println!("{fault:?}: {times}");
        assert!(times > 0, "{fault:?} never happened");
    }
}
