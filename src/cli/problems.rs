//! `camdock problems`: what waits for a person.

use std::io::Write as _;

use camdock::config::Config;
use camdock::domain::ProblemId;
use camdock::views::{PROBLEMS_AT_ONCE, ProblemView};
use camdock::words::Words;

use super::client::Daemon;
use super::{Outcome, ledger};

pub(super) async fn run(config: &Config) -> anyhow::Result<Outcome> {
    let daemon = Daemon::of(config);
    let problems = if daemon.answers().await {
        of(&daemon).await?
    } else {
        let view = |problem| ProblemView::new(problem, Words::english());
        ledger::open(config).await?.problems(None).await?.into_iter().map(view).collect::<Vec<_>>()
    };
    print(&problems)?;
    Ok(if problems.is_empty() { Outcome::Fine } else { Outcome::NeedsPerson })
}

/// All that the daemon knows of, a page at a time.
async fn of(daemon: &Daemon<'_>) -> anyhow::Result<Vec<ProblemView>> {
    let mut all: Vec<ProblemView> = Vec::new();
    loop {
        let last = all.last().map_or(ProblemId(0), |problem| problem.id);
        let route = format!("/api/v1/problems?after={last}&limit={PROBLEMS_AT_ONCE}");
        let page = daemon.get::<Vec<ProblemView>>(&route).await?;
        // An earlier daemon tells all of them each time.
        if page.first().is_none_or(|first| first.id <= last) {
            return Ok(all);
        }
        all.extend(page);
    }
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
