//! `camdock enrol`: a person says that this is the right place, once.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use camdock::access::own_account;
use camdock::config::{Config, DestinationSettings};
use camdock::daemon::{self, open_destination};
use camdock::domain::{ByteCount, DestinationName, Earlier, PlaceId};
use camdock::files::{Mount, mounts};
use camdock::ledger::StationLock;

use super::Outcome;
use super::check;
use super::client::Daemon;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The destination, as the configuration names it
    #[arg(value_name = "NAME")]
    destination: String,
    /// Another place was enrolled before, and is given up: this one counts from now on
    ///
    /// What was proven at the earlier place is brought to this one, as far as it is still in the spool or on its camera.
    #[arg(long)]
    replace: bool,
}

/// Shows the place, tries it as `camdock check` does, and has it count from now on.
pub(super) async fn run(config: &Config, args: &Args) -> anyhow::Result<Outcome> {
    let settings = named(config, &args.destination)?;
    let destination = open_destination(settings, config)?;
    // Asked first, since this gives up on a share that hangs, and to look at its folder would not.
    let found = destination.place().await?;
    let mut out = std::io::stdout().lock();
    if let Some(path) = settings.place.folder() {
        writeln!(out, "{}: {}", settings.name, seen(path)?)?;
    }
    let place = match found {
        Some(place) => place,
        None => destination.enrol(PlaceId::random()).await?,
    };
    let findings = check::try_out(&*destination, settings, config, place).await;
    check::print(&findings)?;
    if check::outcome(&findings) == Outcome::Failed {
        bail!("{} is not enrolled: it must work first", settings.name);
    }
    let earlier = if args.replace { Earlier::IsReplaced } else { Earlier::Stays };
    record(config, &settings.name, place, earlier).await?;
    writeln!(out, "{}: enrolled as {place}. Only what lies there counts from now on", settings.name)?;
    Ok(Outcome::Fine)
}

fn named<'a>(config: &'a Config, name: &str) -> anyhow::Result<&'a DestinationSettings> {
    let known = || config.destinations.iter().map(|known| known.name.as_str()).collect::<Vec<_>>().join(", ");
    let found = config.destinations.iter().find(|known| known.name.as_str() == name);
    found.with_context(|| format!("there is no destination {name}; the configuration has: {}", known()))
}

/// What a person can tell the right place by.
fn seen(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).with_context(|| format!("{shown} cannot be looked at"))?;
    let room = rustix::fs::statvfs(path).with_context(|| format!("{shown} does not tell how much room it has"))?;
    let free = ByteCount::new(room.f_bavail.saturating_mul(room.f_frsize));
    let (device, mount) = (metadata.dev(), mounted(path));
    let device = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
    Ok(format!("{shown} is {mount}, device {device}, {free} free"))
}

/// The file system that a folder lies on, in the words of the kernel's list of mounts.
fn mounted(path: &Path) -> String {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mounts = mounts().unwrap_or_default();
    let above =
        mounts.iter().filter(|mount| real.starts_with(&mount.at)).max_by_key(|mount| mount.at.as_os_str().len());
    above.map_or_else(
        || "on a file system that the kernel does not list".to_owned(),
        |Mount { kind, source, at, .. }| format!("on {kind} {source}, mounted at {}", at.display()),
    )
}

/// The running service records it, if it sees the same place; without one, this process does.
async fn record(config: &Config, name: &DestinationName, place: PlaceId, earlier: Earlier) -> anyhow::Result<()> {
    let service = Daemon::of(config);
    if service.answers().await {
        let verb = match earlier {
            Earlier::Stays => "enrol",
            Earlier::IsReplaced => "replace",
        };
        let route = format!("/api/v1/destinations/{name}/{verb}/{place}");
        let _: String = service.post(&route).await.with_context(|| format!("the running service refuses {name}"))?;
        return Ok(());
    }
    let lock = StationLock::take(&config.station.data_dir)?;
    Ok(daemon::enrol(config, name, place, earlier, own_account(), &lock).await?)
}
