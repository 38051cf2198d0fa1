//! The command line: one file per subcommand.
//!
//! Promises: commands, options and exit codes are stable, since scripts rely on them. 0: fine. 1: failed. 2: wrong usage
//! or configuration. 3: something needs a person.

mod check;
mod generate;

use std::path::PathBuf;

use camdock::config::Config;
use clap::{Parser, Subcommand};

/// Offloads body-worn cameras, proves every copy in the cloud, and only then wipes them.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub(crate) struct Cli {
    /// The configuration file; drop-ins are read from the folder of the same name with `.d` appended
    #[arg(long, global = true, value_name = "PATH", default_value = "/etc/camdock/camdock.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the configuration, this machine, and what the credentials may do at each destination
    ///
    /// Puts a small object into each destination, reads it back and tries to delete it. A well-kept destination refuses
    /// the deletion, so the object stays, under `camdock-check/`.
    Check,
    /// Print the example configuration, shell completions or the manual
    #[command(subcommand)]
    Gen(generate::Gen),
}

/// How a command ended that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Fine,
    /// What was asked for did not succeed; the reason is printed.
    Failed,
    /// A person must look at something; what, is printed.
    NeedsPerson,
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self) -> anyhow::Result<Outcome> {
        match self.command {
            Command::Check => check::run(&Config::load(&self.config)?, &[]),
            Command::Gen(what) => generate::run(&what),
        }
    }
}
