//! `camdock check`: tells, before the first camera is docked, whether everything will work and what could be tighter.

mod connection;
mod credential;
mod destination;
mod encryption;
mod local;
mod place;
mod usb;
mod web;

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;

use camdock::cloud::Destination;
use camdock::config::{Config, DestinationSettings};
use camdock::daemon::{SystemClock, open_destination};
use camdock::dock::usb::Sysfs;
use camdock::domain::{Clock as _, PlaceId};
use camdock::ledger::LEDGER_FILE;

use super::Outcome;
use credential::Units;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Ask no destination: look at the configuration and this machine only
    #[arg(long)]
    offline: bool,
    /// Where to look for devices and disks
    #[arg(long, hide = true, default_value = "/sys")]
    sysfs: PathBuf,
    /// Where to look for what was added to the unit
    #[arg(long, hide = true, default_value = "/etc/systemd/system")]
    units: PathBuf,
}

/// Looks at this machine and at each destination, and prints a line for each finding.
pub(super) fn run(config: &Config, args: &Args) -> anyhow::Result<Outcome> {
    let units = Units::read(&args.units);
    let now = SystemClock.now();
    let mut findings = local::check(config, now, &units, &args.sysfs);
    findings.extend(web::check(config, now, &units));
    findings.extend(usb::check(config, &Sysfs::at(&args.sysfs)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    findings.extend(runtime.block_on(ledger(config)));
    print(&findings)?;
    if args.offline {
        return Ok(outcome(&findings));
    }
    for settings in &config.destinations {
        let found = runtime.block_on(asked(settings, config, &units));
        print(&found)?;
        findings.extend(found);
    }
    // A thread may hang in a share; nobody waits for it.
    runtime.shutdown_background();
    Ok(outcome(&findings))
}

/// Whether the ledger can be read, if there is one yet.
async fn ledger(config: &Config) -> Option<Finding> {
    config.station.data_dir.join(LEDGER_FILE).exists().then_some(())?;
    Some(match super::ledger::open(config).await {
        Ok(_) => Finding::ok("ledger", Aspect::Access),
        Err(error) => Finding::new("ledger", Aspect::Access, Judgement::Failed, format!("{error:#}")),
    })
}

async fn asked(settings: &DestinationSettings, config: &Config, units: &Units) -> Vec<Finding> {
    let name = settings.name.as_str();
    if let Some(credential) = settings.place.credential()
        && let Some(finding) = units.out_of_reach(name, credential)
    {
        return vec![finding];
    }
    if let Some(finding) = connection::out_of_reach(settings, units) {
        return vec![finding];
    }
    let adapter = match open_destination(settings, config) {
        Ok(adapter) => adapter,
        Err(error) => return vec![Finding::new(name, Aspect::Access, Judgement::Failed, error.to_string())],
    };
    match destination::place(&*adapter, settings, config.upload.stall).await {
        Ok(place) => {
            let mut findings = vec![place::check(&settings.name, place, &config.station.data_dir).await];
            findings.extend(try_out(&*adapter, settings, config, place).await);
            findings
        }
        Err(finding) => vec![finding],
    }
}

/// Uses a place the way a docking will.
pub(super) async fn try_out(
    destination: &dyn Destination,
    settings: &DestinationSettings,
    config: &Config,
    place: PlaceId,
) -> Vec<Finding> {
    destination::check(destination, place, settings, &config.station.id, SystemClock.now(), config.upload.stall).await
}

pub(super) fn print(findings: &[Finding]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    findings.iter().try_for_each(|finding| writeln!(out, "{finding}"))
}

/// The worst finding decides.
pub(super) fn outcome(findings: &[Finding]) -> Outcome {
    findings.iter().fold(Outcome::Fine, |so_far, finding| match (finding.judgement, so_far) {
        (Judgement::Failed | Judgement::Missing, _) | (_, Outcome::Failed) => Outcome::Failed,
        (Judgement::Excessive | Judgement::Warning, _) | (_, Outcome::NeedsPerson) => Outcome::NeedsPerson,
        (Judgement::Ok | Judgement::Unknown, Outcome::Fine) => Outcome::Fine,
    })
}

/// One thing that was looked at, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// What was looked at, such as a destination's name.
    subject: String,
    /// Which side of it.
    aspect: Aspect,
    /// How it stands.
    judgement: Judgement,
    /// What that means and what to do about it; empty if there is nothing to say.
    note: String,
}

impl Finding {
    fn new(subject: impl Into<String>, aspect: Aspect, judgement: Judgement, note: impl Into<String>) -> Self {
        Self { subject: subject.into(), aspect, judgement, note: note.into() }
    }

    fn ok(subject: impl Into<String>, aspect: Aspect) -> Self {
        Self::new(subject, aspect, Judgement::Ok, "")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.subject, self.aspect, self.judgement)?;
        if self.note.is_empty() { Ok(()) } else { write!(f, ": {}", self.note) }
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aspect {
    /// Is it there, and can it be opened?
    Access,
    /// Can it be written to?
    Write,
    /// Does it tell which chunks it has, so that an upload can be resumed?
    Resume,
    /// Does it tell what it holds?
    Attest,
    /// Does it give back what was written?
    ReadBack,
    /// Does it keep an object that is written again?
    Keep,
    /// Does it refuse deletion?
    Delete,
    /// Does the provider refuse deletion for the configured time?
    Retention,
    /// Does it put a legal hold on what should have one?
    LegalHold,
    /// Can others on this machine read it?
    Privacy,
    /// Is what lies there encrypted?
    Encryption,
    /// Is there room?
    Room,
    /// Is the date plausible?
    Date,
    /// Is what is plugged in kept from drivers until it was looked at, and from more than cameras?
    Gate,
    /// Is it the place that was enrolled?
    Enrolment,
    /// Does it stay where it is?
    Place,
    /// For how long does what lets in let in?
    Token,
    /// Does the place's own search find what is there?
    Search,
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Access => "access",
            Self::Write => "write",
            Self::Resume => "resume",
            Self::Attest => "attest",
            Self::ReadBack => "read-back",
            Self::Keep => "no-overwrite",
            Self::Delete => "delete",
            Self::Retention => "retention",
            Self::LegalHold => "legal-hold",
            Self::Privacy => "privacy",
            Self::Encryption => "encryption",
            Self::Room => "room",
            Self::Date => "date",
            Self::Gate => "gate",
            Self::Enrolment => "enrolment",
            Self::Place => "place",
            Self::Token => "token",
            Self::Search => "search",
        })
    }
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// As it should be.
    Ok,
    /// camdock cannot tell.
    Unknown,
    /// It works, but a person should know.
    Warning,
    /// The dock may do more than it needs.
    Excessive,
    /// The dock may not do what it needs.
    Missing,
    /// It does not work.
    Failed,
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Excessive => "excessive",
            Self::Missing => "missing",
            Self::Failed => "failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome_of(judgements: &[Judgement]) -> Outcome {
        let findings = judgements.iter().map(|judgement| Finding::new("primary", Aspect::Write, *judgement, ""));
        outcome(&findings.collect::<Vec<_>>())
    }

    #[test]
    fn the_worst_finding_decides_how_the_check_ends() {
        assert_eq!(outcome_of(&[]), Outcome::Fine);
        assert_eq!(outcome_of(&[Judgement::Ok]), Outcome::Fine);
        assert_eq!(outcome_of(&[Judgement::Unknown]), Outcome::Fine);
        assert_eq!(outcome_of(&[Judgement::Excessive, Judgement::Ok]), Outcome::NeedsPerson);
        assert_eq!(outcome_of(&[Judgement::Warning, Judgement::Ok]), Outcome::NeedsPerson);
        assert_eq!(outcome_of(&[Judgement::Missing, Judgement::Warning]), Outcome::Failed);
        assert_eq!(outcome_of(&[Judgement::Failed, Judgement::Ok]), Outcome::Failed);
    }
}
