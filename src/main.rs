//! Parses the command line, runs the command, prints the error chain.

mod cli;

use std::io::{self, ErrorKind};
use std::process::ExitCode;

use camdock::config::ConfigErrors;
use clap::Parser as _;
use miette::{MietteHandlerOpts, ReportHandler};

use cli::{Cli, Outcome};

/// What scripts rely on.
fn exit_code(outcome: Outcome) -> ExitCode {
    match outcome {
        Outcome::Fine => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::FAILURE,
        Outcome::NeedsPerson => ExitCode::from(3),
    }
}

/// Usage (clap ends the process with the same code) or configuration.
const MISCONFIGURED: u8 = 2;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(outcome) => exit_code(outcome),
        Err(error) => report(error),
    }
}

fn report(error: anyhow::Error) -> ExitCode {
    let error = match error.downcast::<ConfigErrors>() {
        Ok(errors) => return report_configuration(errors),
        Err(error) => error,
    };
    let reader_left = |cause: &io::Error| cause.kind() == ErrorKind::BrokenPipe;
    if error.downcast_ref::<io::Error>().is_some_and(reader_left) {
        return ExitCode::SUCCESS;
    }
    eprintln!("camdock: {error:#}");
    ExitCode::FAILURE
}

fn report_configuration(errors: ConfigErrors) -> ExitCode {
    // Unwrapped, so that a path stays in one piece for who copies it, and a line for who searches the journal.
    let unwrapped = |_: &_| Box::new(MietteHandlerOpts::new().wrap_lines(false).build()) as Box<dyn ReportHandler>;
    if miette::set_hook(Box::new(unwrapped)).is_err() {
        eprintln!("camdock: messages are printed in another form than usual");
    }
    let found = errors.into_mistakes();
    let count = found.len();
    for mistake in found {
        eprintln!("{:?}", miette::Report::new(mistake));
    }
    let mistakes = if count == 1 { "mistake" } else { "mistakes" };
    eprintln!("camdock: {count} {mistakes} in the configuration; nothing was started or changed");
    ExitCode::from(MISCONFIGURED)
}
