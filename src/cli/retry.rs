//! `camdock retry`: a person has looked at a problem, and camdock tries again.

use std::io::Write as _;

use camdock::config::Config;
use camdock::views::ProblemView;

use super::Outcome;
use super::client::Daemon;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The numbers of the problems, as `camdock problems` lists them
    #[arg(required = true, value_name = "N")]
    ids: Vec<i64>,
}

pub(super) async fn run(config: &Config, args: &Args) -> anyhow::Result<Outcome> {
    let daemon = Daemon::of(config);
    for id in &args.ids {
        let problem: ProblemView = daemon.post(&format!("/api/v1/problems/{id}/retry")).await?;
        let what = match &problem.camera {
            Some(camera) => format!("{} on camera {camera}: camdock tries again", problem.path),
            None => format!("{}: noted that you have seen it", problem.path),
        };
        writeln!(std::io::stdout(), "{id}: {what}")?;
    }
    Ok(Outcome::Fine)
}
