//! `camdock problems`: what waits for a person.

use std::io::Write as _;

use camdock::config::Config;
use camdock::views::ProblemView;
use camdock::words::Words;

use super::client::Daemon;
use super::{Outcome, ledger};

pub(super) async fn run(config: &Config) -> anyhow::Result<Outcome> {
    let daemon = Daemon::of(config);
    let problems = if daemon.answers().await {
        daemon.get("/api/v1/problems").await?
    } else {
        let view = |problem| ProblemView::new(problem, Words::english());
        ledger::open(config).await?.problems(None).await?.into_iter().map(view).collect::<Vec<_>>()
    };
    print(&problems)?;
    Ok(if problems.is_empty() { Outcome::Fine } else { Outcome::NeedsPerson })
}

fn print(problems: &[ProblemView]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if problems.is_empty() {
        return writeln!(out, "no problems");
    }
    for problem in problems {
        let ProblemView { id, destination, message, since, .. } = problem;
        let subject = problem.subject();
        let at = destination.as_ref().map_or_else(String::new, |destination| format!(" at {destination}"));
        writeln!(out, "{id}  {subject}{at}  since {since}\n    {message}")?;
    }
    writeln!(
        out,
        "Once the cause is mended, `camdock retry N` has number N tried again; nothing is ever wiped by that."
    )
}
