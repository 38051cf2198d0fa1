//! `camdock doctor`: which link of the chain is at fault, from the camera to the cloud.

use std::io::Write as _;

use camdock::config::Config;
use camdock::domain::{Overdue, StationNotice};
use camdock::views::{Diagnosis, Finding, StatusDocument};
use camdock::words::{Text, Words};

use super::client::Daemon;
use super::{Outcome, status};

pub(super) async fn run(config: &Config) -> anyhow::Result<Outcome> {
    let shown = Daemon::of(config).get::<StatusDocument>("/api/v1/status").await?;
    print(&shown)?;
    Ok(status::outcome(&shown))
}

/// So many overdue cameras are named.
const MISSED_BY_NAME: usize = 10;

fn print(shown: &StatusDocument) -> std::io::Result<()> {
    let words = Words::english();
    let diagnosis = Diagnosis::of(shown, words);
    let mut out = std::io::stdout().lock();
    for Finding { link, place, message } in &diagnosis.findings {
        let link = words.text(&Text::LinkName { link: *link });
        writeln!(out, "{link:<13}  {place}: {message}")?;
    }
    if shown.problems > 0 {
        writeln!(out, "{}", words.text(&Text::ProblemsWait { problems: shown.problems }))?;
    }
    if let Some(Overdue { cameras, days, latest }) = shown.overdue.as_ref().filter(|overdue| overdue.cameras > 0) {
        let notice = StationNotice::CamerasOverdue { cameras: *cameras, days: *days };
        let named: Vec<_> = latest.iter().take(MISSED_BY_NAME).map(|overdue| overdue.camera.as_str()).collect();
        writeln!(out, "{} The latest: {}.", words.say(notice), named.join(", "))?;
    }
    diagnosis.well(words).map_or(Ok(()), |well| writeln!(out, "{well}"))
}
