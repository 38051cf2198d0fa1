//! `camdock camera retire`: a person says that a camera does not come back, so nobody misses it.

use std::io::Write as _;

use camdock::config::Config;
use camdock::domain::{CameraSerial, RetiredCamera, counted};

use super::Outcome;
use super::client::Daemon;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The cameras' serials
    #[arg(required = true, value_name = "SERIAL", value_parser = |text: &str| CameraSerial::new(text))]
    cameras: Vec<CameraSerial>,
}

pub(super) async fn run(config: &Config, args: &Args) -> anyhow::Result<Outcome> {
    let daemon = Daemon::of(config);
    for camera in &args.cameras {
        let RetiredCamera { camera, since, unproven } =
            daemon.post(&format!("/api/v1/cameras/{camera}/retire")).await?;
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{camera}: last here until {since}, and missed no more. If it is docked again, it is served like every other"
        )?;
        if unproven > 0 {
            let segments = counted(unproven, "segment");
            writeln!(
                out,
                "    {segments} of it not proven at every required destination; see: camdock explain {camera}"
            )?;
        }
    }
    Ok(Outcome::Fine)
}
