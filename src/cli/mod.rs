//! The command line: one file per subcommand.
//!
//! Promises: commands, options and exit codes are stable, since scripts rely on them. 0: fine. 1: failed. 2: wrong usage
//! or configuration. 3: something needs a person.

mod bays;
mod camera;
mod check;
mod client;
mod data_dir;
mod disk;
mod doctor;
mod enrol;
mod explain;
mod gate;
mod generate;
mod lamp;
mod ledger;
mod policy;
mod problems;
mod retain;
mod retire;
mod retry;
mod run;
mod status;
mod unproven;
mod user;

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
    /// Run the station
    Run,
    /// Show how the station is doing
    ///
    /// Ends with exit code 3 if something needs a person.
    Status(status::Args),
    /// Check the configuration, this machine, and what the credentials may do at each destination
    ///
    /// Puts a small object into each destination, reads it back and tries to delete it. A well-kept destination refuses
    /// the deletion, so the object stays, under `camdock-check/`.
    Check(check::Args),
    /// Say that a destination's folder is the right place, once, before anything counts there
    ///
    /// Shows its file system, device and free room, tries it as `check` does, and leaves a random id there. From then on
    /// camdock takes no other place for it, whatever is mounted at the path. Containers in a cloud enrol themselves.
    Enrol(enrol::Args),
    /// Show every USB port, what is plugged in there, and which bay it is
    ///
    /// Needs neither a configuration nor the daemon. With the lines that it prints, a port becomes a bay.
    Bays(bays::Args),
    /// Have evidence of a camera kept longer than the configuration says, or under a legal hold
    ///
    /// It is written down at once, and done as soon as each destination can be had. camdock keeps nothing for less, and lifts no hold.
    Retain(retain::Args),
    /// Look at a camera, or say that one does not come back
    #[command(subcommand)]
    Camera(camera::Camera),
    /// Tell udev whether a USB device may be used
    #[command(hide = true)]
    Gate(gate::Args),
    /// Tell udev which LEDs are lamps, and make them dark
    #[command(subcommand, hide = true)]
    Lamp(lamp::Lamp),
    /// Tell, for each segment of a camera, every condition of its wipe and which one is not met
    Explain(explain::Args),
    /// Tell what would be lost with this machine: spooled evidence that a required destination has not proven
    ///
    /// Ask before a station is taken down. Works whether or not the daemon runs. Ends with exit code 3 if there is such
    /// evidence.
    Unproven(unproven::Args),
    /// Print the data folder, for the package's scripts
    #[command(hide = true)]
    DataDir,
    /// Name the link that is at fault: camera, cable, port, disk, network, cloud, credential or configuration
    ///
    /// Asks the running station. Ends with exit code 3 if something needs a person.
    Doctor,
    /// List what waits for a person, and why
    ///
    /// Ends with exit code 3 if there is anything.
    Problems,
    /// Have problems tried again, once their cause is mended; nothing is ever wiped by that
    Retry(retry::Args),
    /// Say who may log in at the pages
    #[command(subcommand)]
    User(user::Change),
    /// Print the example configuration or profile, the lamps' legend, shell completions or the manual
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
        let config = || Config::load(&self.config);
        match self.command {
            Command::Run => run::run(&config()?),
            Command::Status(args) => block_on(status::run(&config()?, &args)),
            Command::Check(args) => check::run(&config()?, &args),
            Command::Enrol(args) => block_on(enrol::run(&config()?, &args)),
            Command::Bays(args) => block_on(bays::run(&self.config, &args)),
            Command::Camera(camera::Camera::Probe(args)) => camera::run(&self.config, &args),
            Command::Retain(args) => block_on(retain::run(&config()?, &args)),
            Command::Camera(camera::Camera::Retire(args)) => block_on(retire::run(&config()?, &args)),
            Command::Gate(args) => gate::run(&self.config, &args),
            Command::Lamp(what) => lamp::run(&self.config, &what),
            Command::Explain(args) => block_on(explain::run(&config()?, &args)),
            Command::Unproven(unproven::Args { data_dir: Some(folder) }) => block_on(unproven::run(&folder)),
            Command::Unproven(_) => block_on(unproven::run(&Config::data_dir(&self.config)?)),
            Command::DataDir => data_dir::run(&Config::data_dir(&self.config)?),
            Command::Doctor => block_on(doctor::run(&config()?)),
            Command::Problems => block_on(problems::run(&config()?)),
            Command::Retry(args) => block_on(retry::run(&config()?, &args)),
            Command::User(change) => user::run(&config()?, &change),
            Command::Gen(what) => generate::run(&self.config, &what),
        }
    }
}

/// Runs a short command's future.
fn block_on<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(command);
    // A thread may hang in a share; nobody waits for it.
    runtime.shutdown_background();
    done
}
