//! `cameras MB_PER_SECOND FILES MIB FOLDER...`: cameras that are as slow as their cable, each mounted at a folder through FUSE, for
//! `make bench`.
//!
//! Promises:
//! - Each camera has so many files of so many MiB, of which no two are alike, and gives so many bytes a second, whoever asks for them
//!   and however many of its files are read at once.
//! - Its files can be moved and deleted, as a wipe does; nothing can be written.
//!
//! It prints `mounted` once all are there, and `FOLDER SECONDS` (since 1970) for each camera when the first byte of it is
//! asked for. It ends, and unmounts them, when its input does.

mod card;

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use card::Card;
use fuser::BackgroundSession;

fn main() -> anyhow::Result<()> {
    let usage = "usage: cameras MB_PER_SECOND FILES MIB FOLDER...";
    let mut arguments = std::env::args().skip(1);
    let mut number = || arguments.next().and_then(|number| number.parse::<u64>().ok()).context(usage);
    let (rate, files, mib) = (number()?, number()?, number()?);
    let mut cameras: Vec<BackgroundSession> = Vec::new();
    for folder in arguments.map(PathBuf::from) {
        let card = Card::new(folder.display().to_string(), rate * 1_000_000, files, mib << 20);
        cameras.push(fuser::spawn_mount(card, &folder, &fuser::Config::default())?);
    }
    println!("mounted");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
