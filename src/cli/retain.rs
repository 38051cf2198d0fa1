//! `camdock retain`: a person has evidence kept longer.

use std::io::Write as _;

use anyhow::ensure;
use camdock::config::Config;
use camdock::domain::{CameraSerial, counted};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::Outcome;
use super::client::Daemon;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose evidence: the camera's serial
    #[arg(value_name = "SERIAL", value_parser = |text: &str| CameraSerial::new(text))]
    camera: CameraSerial,
    /// The last day on which it is kept (in UTC), such as 2027-06-30, or a moment of RFC 3339
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// With a legal hold, which stays until a person lifts it in the cloud
    #[arg(long)]
    legal_hold: bool,
    /// Only files with such a path on the camera; * stands for anything
    #[arg(long, value_name = "PATTERN")]
    path: Option<String>,
}

/// What the station says to it.
#[derive(Deserialize)]
struct Retained {
    segments: u64,
    destinations: Vec<String>,
}

pub(super) async fn run(config: &Config, args: &Args) -> anyhow::Result<Outcome> {
    ensure!(args.until.is_some() || args.legal_hold, "say until when (--until 2027-06-30), or --legal-hold");
    let mut query = Serializer::new(String::new());
    if let Some(until) = &args.until {
        query.append_pair("until", until);
    }
    if args.legal_hold {
        query.append_pair("legal_hold", "true");
    }
    if let Some(path) = &args.path {
        query.append_pair("path", path);
    }
    let camera = &args.camera;
    let route = format!("/api/v1/cameras/{camera}/retain?{}", query.finish());
    let Retained { segments, destinations } = Daemon::of(config).post(&route).await?;
    let (segments, places) = (counted(segments, "segment"), destinations.join(", "));
    writeln!(
        std::io::stdout().lock(),
        "{camera}: {segments} to be kept longer, at {places}. That is written down, and done as soon as each of them can be had; \
         see: camdock explain {camera}"
    )?;
    Ok(Outcome::Fine)
}
