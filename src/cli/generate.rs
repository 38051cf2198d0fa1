//! `camdock gen`: what packagers and administrators start from.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use camdock::config::{self, Config};
use camdock::journal;
use camdock::views::legend;
use camdock::words::{Language, Words};
use clap::{CommandFactory as _, Subcommand};
use clap_complete::Shell;

use super::policy::Policy;
use super::{Cli, Outcome};

#[derive(Debug, Subcommand)]
pub(super) enum Gen {
    /// Print a commented example of the configuration
    Config,
    /// Print a commented example of a profile, which describes a kind of camera
    Profile,
    /// Print the catalogue with which `journalctl -x` explains each line
    Catalog {
        /// In which language
        #[arg(long, value_name = "TAG", default_value = "en", value_parser = language)]
        language: Language,
    },
    /// Print what the lamps say, to hang on the wall: an SVG picture, A6, readable without colours
    ///
    /// With the rhythms of the configuration if there is one, or else those that are used if none are written.
    Legend {
        /// In which language
        #[arg(long, value_name = "TAG", default_value = "en", value_parser = language)]
        language: Language,
    },
    /// Print the rights that camdock needs at a destination, and no others, as the cloud's own tools take them
    Policy(Policy),
    /// Print the completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page
    Man {
        /// Write a page for each command into this folder instead
        #[arg(value_name = "FOLDER")]
        folder: Option<PathBuf>,
    },
}

/// A language by its tag.
fn language(tag: &str) -> Result<Language, String> {
    let known = || Language::ALL.map(Language::tag).join(", ");
    Language::of(tag).ok_or_else(|| format!("camdock speaks {}", known()))
}

pub(super) fn run(config: &Path, what: &Gen) -> anyhow::Result<Outcome> {
    // Rendered in memory first: a pipe that is closed early must be an error, not a panic.
    let mut text = Vec::new();
    match what {
        Gen::Config => text.extend_from_slice(config::EXAMPLE.as_bytes()),
        Gen::Profile => text.extend_from_slice(config::PROFILE_EXAMPLE.as_bytes()),
        Gen::Catalog { language } => text.extend_from_slice(journal::catalogue(*language).as_bytes()),
        Gen::Legend { language } => {
            let rhythms = if config.exists() { Config::load(config)?.rhythms } else { Arc::default() };
            text.extend_from_slice(legend(&rhythms, Words::of(*language)).as_bytes());
        }
        Gen::Policy(policy) => text.extend_from_slice(policy.text().as_bytes()),
        Gen::Completions { shell } => clap_complete::generate(*shell, &mut Cli::command(), "camdock", &mut text),
        Gen::Man { folder: None } => clap_mangen::Man::new(Cli::command()).render(&mut text)?,
        Gen::Man { folder: Some(folder) } => clap_mangen::generate_to(Cli::command(), folder)
            .with_context(|| format!("cannot write the manual into {}", folder.display()))?,
    }
    std::io::stdout().write_all(&text)?;
    Ok(Outcome::Fine)
}
