//! `make demo`: the production station at work on cameras and a destination that cost nothing.
//!
//! Promises: it ends well only if every segment, read from the destination again, has the SHA-256 that it had before its
//! camera was docked, and the cameras are empty. Killed at any time, it goes on when it is run again with the same
//! `--dir`. Footage given with `--footage` is copied, never touched.

mod cloud;
mod footage;
mod mp4;
mod screen;
mod stage;
mod verdict;

use std::cell::Cell;
use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use camdock::config::Config;
use camdock::daemon::{Daemon, LastLedger, open_destination};
use camdock::domain::{BaySnapshot, BayState, DestinationState, PlaceId, Snapshot};
use camdock::journal::{self, Outlet};
use camdock::ledger::StationLock;
use camdock::words::Words;
use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep};

use cloud::Cloud;
use footage::{Amount, Recorded, Source, Takes, counted};
use screen::{Row, Screen, Tally};
use stage::{DestinationKind, Place, Stage, Wish, bays};
use verdict::{Destination, verdict};

/// The pause between two cameras' arrivals.
const ARRIVAL: Duration = Duration::from_millis(700);
/// How often the screen is brought up to date.
const FRAME: Duration = Duration::from_millis(100);
/// A demo in which nothing at all has moved for this long will not end by itself.
const STANDSTILL: Duration = Duration::from_mins(5);

/// Watch a station at work, with four bays and generated cameras; nothing to configure
///
/// Everything happens in one folder and on this machine: the cameras, the station and the destination. At the end each
/// segment is read from the destination and compared with what its camera held. Ends with exit code 1 unless all of them are
/// equal and the cameras are empty.
#[derive(Debug, Parser)]
struct Args {
    /// Send the evidence to Azure Blob storage: a local Azurite that the demo starts; `make tools` installs it
    #[arg(long)]
    azure: bool,
    /// Use copies of the files in this folder; the files themselves are never touched
    #[arg(long, value_name = "DIR")]
    footage: Option<PathBuf>,
    /// Use this folder, and keep it; a demo that was stopped in it goes on
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Keep the temporary folder
    #[arg(long)]
    keep: bool,
    /// Leave the station running in the end, to look at its page, until it is interrupted
    #[arg(long)]
    stay: bool,
    /// How much footage is generated
    #[arg(long, hide = true, value_enum, default_value_t = Amount::Full)]
    size: Amount,
}

impl Args {
    const fn afterwards(&self) -> Afterwards {
        if self.stay { Afterwards::Stay } else { Afterwards::End }
    }

    fn wish(&self) -> anyhow::Result<Wish> {
        let destination = if self.azure { DestinationKind::Azurite } else { DestinationKind::Folder };
        let footage = match &self.footage {
            None => Source::Generated(self.size),
            Some(folder) => Source::Folder(
                folder.canonicalize().with_context(|| format!("there is no footage at {}", folder.display()))?,
            ),
        };
        Ok(Wish { destination, footage })
    }
}

/// What becomes of the station when everything was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Afterwards {
    End,
    Stay,
}

/// How the demo came out.
enum Ending {
    Well,
    /// Why not, a sentence each.
    Badly(Vec<String>),
    Interrupted,
}

fn main() -> ExitCode {
    run(&Args::parse()).unwrap_or_else(|error| {
        let reader_left = |cause: &io::Error| cause.kind() == ErrorKind::BrokenPipe;
        if error.downcast_ref().is_some_and(reader_left) {
            return ExitCode::SUCCESS;
        }
        eprintln!("demo: {error:#}");
        ExitCode::FAILURE
    })
}

/// Runs the demo to its end.
fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let wish = args.wish()?;
    if wish.destination == DestinationKind::Azurite {
        // Better before the cameras are prepared than after.
        camdock_test_support::azurite::program()?;
    }
    let place = Place::choose(args.dir.as_deref())?;
    let mut stage = Stage::open(place.folder(), wish)?;
    let lock = StationLock::take(&stage.station())?;
    let _log = log_into(&stage)?;
    introduce(&stage, &place, args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = runtime.block_on(play(&mut stage, &lock, args.afterwards()));
    runtime.shutdown_timeout(Duration::from_secs(3));
    close(&stage, place, args, ended)
}

fn introduce(stage: &Stage, place: &Place, args: &Args) -> io::Result<()> {
    let fate = match place {
        Place::Temporary(_) if !args.keep => " (removed at the end; --keep keeps it)",
        _ => "",
    };
    let mut out = io::stdout().lock();
    writeln!(out, "This demo happens in {}{fate}.", stage.folder().display())?;
    if stage.recorded().is_some() {
        writeln!(out, "It was begun before and goes on from where it was.")?;
    }
    out.flush()
}

/// From the first frame recorded to the last copy looked at.
async fn play(stage: &mut Stage, lock: &StationLock, afterwards: Afterwards) -> anyhow::Result<Ending> {
    let mut stop = Stop::new()?;
    let recorded = match stage.recorded() {
        Some(recorded) => recorded.to_vec(),
        None => match prepare(stage, &mut stop).await? {
            Some(recorded) => recorded,
            None => return Ok(Ending::Interrupted),
        },
    };
    let cloud = match stage.wish().destination {
        DestinationKind::Folder => None,
        DestinationKind::Azurite => Some(Cloud::start(&stage.azurite()).await?),
    };
    // What it has come to when it is stopped.
    let so_far = Cell::new(Ending::Interrupted);
    let ended = tokio::select! {
        ended = show(stage, lock, &recorded, cloud.as_ref(), (afterwards, &so_far)) => ended,
        () = stop.asked() => Ok(so_far.replace(Ending::Interrupted)),
    };
    if let Some(cloud) = cloud {
        cloud.stop().await?;
    }
    ended
}

/// Prepares the cameras; nothing if the person stopped it.
async fn prepare(stage: &mut Stage, stop: &mut Stop) -> anyhow::Result<Option<Vec<Recorded>>> {
    let takes = Takes::plan(&stage.wish().footage)?;
    let (total, left_out) = (takes.bytes(), takes.left_out);
    let what = match &stage.wish().footage {
        Source::Generated(_) => format!("Recording {total} of footage on the cameras."),
        Source::Folder(folder) => format!("Copying {total} of footage from {} to the cameras.", folder.display()),
    };
    writeln!(io::stdout(), "{what}")?;
    if left_out > 0 {
        writeln!(io::stdout(), "Links and the like are left out: {left_out}.")?;
    }
    let stopped = Arc::new(AtomicBool::new(false));
    let bar = screen::short_bar("preparing", total);
    let (told, shown, mut worker) = (Arc::clone(&stopped), bar.clone(), stage.clone());
    let mut work =
        tokio::task::spawn_blocking(move || worker.prepare(takes, &|bytes| shown.inc(bytes), &told).map(|()| worker));
    let prepared = tokio::select! {
        prepared = &mut work => prepared?,
        () = stop.asked() => {
            stopped.store(true, Ordering::Relaxed);
            // Whether it was just complete or not: the next run finds out.
            let _ = work.await;
            return Ok(None);
        }
    };
    bar.finish_and_clear();
    *stage = prepared?;
    Ok(stage.recorded().map(<[Recorded]>::to_vec))
}

/// Runs the station while cameras arrive, until each is ready to be taken or a person would be needed; then looks at
/// everything from outside.
async fn show(
    stage: &Stage,
    lock: &StationLock,
    recorded: &[Recorded],
    cloud: Option<&Cloud>,
    (afterwards, so_far): (Afterwards, &Cell<Ending>),
) -> anyhow::Result<Ending> {
    stage.configure(cloud.map(Cloud::endpoint))?;
    let config = Config::load(&stage.config())?;
    for settings in &config.destinations {
        open_destination(settings, &config)?.enrol(PlaceId::random()).await?;
    }
    let daemon = Daemon::open(&config, LastLedger::Trusted, lock)?;
    let (shown, page) = (daemon.shown(), daemon.page());
    if let Some(page) = &page {
        writeln!(io::stdout(), "The bays can be watched at {page} meanwhile.")?;
    }
    let works = async {
        tokio::select! {
            arrived = arrive(stage, recorded) => arrived,
            watched = watch(&config, recorded, shown) => watched,
        }
    };
    let looked_at = async {
        if let Some(trouble) = works.await? {
            return Ok(Ending::Badly(vec![trouble]));
        }
        let ended = look(stage, &config, recorded, cloud).await?;
        if afterwards == Afterwards::End || !matches!(ended, Ending::Well) {
            return Ok(ended);
        }
        so_far.set(ended);
        let page = page.map_or_else(String::new, |page| format!(" at {page}"));
        writeln!(io::stdout(), "The station stays; its bays can be watched{page}. Ctrl-C ends it.")?;
        std::future::pending().await
    };
    tokio::select! {
        ended = daemon.run() => {
            ended?;
            bail!("the station stopped");
        }
        ended = looked_at => ended,
    }
}

/// Reads all evidence again, and says how it compares with what was recorded.
async fn look(stage: &Stage, config: &Config, recorded: &[Recorded], cloud: Option<&Cloud>) -> anyhow::Result<Ending> {
    let total = recorded.iter().map(Recorded::bytes).sum();
    let bar = screen::short_bar("reading the evidence again", total);
    let destination = cloud.map_or(Destination::Folder, Destination::Azure);
    let verdict = verdict(stage, config, recorded, &destination, &bar).await?;
    bar.finish_and_clear();
    let mut out = io::stdout().lock();
    writeln!(out, "\n{}", verdict.table)?;
    if !verdict.wrong.is_empty() {
        return Ok(Ending::Badly(verdict.wrong));
    }
    writeln!(
        out,
        "{}, {}: each, read again just now, has the SHA-256 it had before its camera was docked, and every camera is \
         empty.",
        counted(verdict.segments, "segment"),
        verdict.bytes
    )?;
    Ok(Ending::Well)
}

/// Docks the cameras that are not docked yet, one after another; then waits for ever.
async fn arrive(stage: &Stage, recorded: &[Recorded]) -> anyhow::Result<Option<String>> {
    for (bay, recorded) in bays().zip(recorded) {
        if stage.dock(&recorded.camera, &bay)? {
            sleep(ARRIVAL).await;
        }
    }
    std::future::pending().await
}

/// Shows the bays until every camera is ready to be taken. Returns what a person would have to see to, if the demo
/// cannot come to that.
async fn watch(
    config: &Config,
    recorded: &[Recorded],
    shown: tokio::sync::watch::Receiver<Snapshot>,
) -> anyhow::Result<Option<String>> {
    let mut tally = Tally::new(config)?;
    let mut screen = Screen::new(config.bays.len());
    let (mut last, mut moved) = (None, Instant::now());
    let trouble = loop {
        let snapshot = shown.borrow().clone();
        let progress = tally.look(recorded.iter().map(|recorded| &recorded.camera)).await?;
        let rows: Vec<Row<'_>> = (snapshot.bays.iter().enumerate())
            .map(|(index, bay)| {
                let recorded = recorded.get(index);
                let camera = recorded.map(|recorded| {
                    let progress = progress.get(&recorded.camera).copied().unwrap_or_default();
                    (&recorded.camera, recorded.bytes(), progress)
                });
                Row { bay, camera }
            })
            .collect();
        screen.show(&rows)?;
        let now = (snapshot.bays.clone(), progress.clone());
        if last.as_ref() != Some(&now) {
            (last, moved) = (Some(now), Instant::now());
        }
        let ready = |(bay, recorded): (&BaySnapshot, &Recorded)| {
            bay.state() == BayState::Ready && bay.camera.as_ref() == Some(&recorded.camera)
        };
        if snapshot.bays.iter().zip(recorded).all(ready) {
            break None;
        }
        if let Some(trouble) = trouble(&snapshot) {
            break Some(trouble);
        }
        if moved.elapsed() > STANDSTILL {
            let english = Words::english();
            let doing: Vec<_> = snapshot.destinations.iter().map(|place| english.say(place.notice.clone())).collect();
            let doing = doing.join(" ");
            break Some(format!("nothing has moved for {} minutes. {doing}", STANDSTILL.as_secs() / 60));
        }
        sleep(FRAME).await;
    };
    screen.finish();
    Ok(trouble)
}

/// What only a person could see to.
fn trouble(snapshot: &Snapshot) -> Option<String> {
    let english = Words::english();
    let refused = snapshot.destinations.iter().find(|place| place.state() == DestinationState::Refused);
    let settled = |bay: &BaySnapshot| matches!(bay.state(), BayState::Ready | BayState::Attention | BayState::Empty);
    let attention = snapshot.bays.iter().find(|bay| bay.state() == BayState::Attention);
    match (refused, attention) {
        (Some(place), _) => Some(english.say(place.notice.clone())),
        (None, Some(bay)) if snapshot.problems > 0 && snapshot.bays.iter().all(settled) => {
            Some(format!("bay {}: {}", bay.name, english.say(bay.notice.clone())))
        }
        _ => None,
    }
}

/// Says how it came out and what there is to see, and removes what was temporary.
fn close(stage: &Stage, place: Place, args: &Args, ended: anyhow::Result<Ending>) -> anyhow::Result<ExitCode> {
    let folder = stage.folder().display();
    let again = format!("run it again with --dir {folder} to go on");
    // What went wrong after the cameras were prepared is worth a look, unless it is only that the reader left.
    let reader_left = |cause: &io::Error| cause.kind() == ErrorKind::BrokenPipe;
    let went_wrong = match &ended {
        Ok(Ending::Well | Ending::Interrupted) => false,
        Ok(Ending::Badly(_)) => true,
        Err(error) => !error.downcast_ref().is_some_and(reader_left),
    };
    let of_interest = went_wrong && stage.recorded().is_some();
    let kept = match place {
        Place::Given(_) => true,
        Place::Temporary(temporary) if args.keep || of_interest => {
            let _ = temporary.keep();
            true
        }
        Place::Temporary(temporary) => {
            temporary.close().with_context(|| format!("{folder} cannot be removed"))?;
            false
        }
    };
    match ended {
        Ok(Ending::Well) => {
            print_what_to_see(stage, kept)?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(Ending::Interrupted) => {
            eprintln!("demo: it was stopped; {}", if kept { again } else { format!("{folder} was removed") });
            Ok(ExitCode::FAILURE)
        }
        Ok(Ending::Badly(wrong)) => {
            for sentence in wrong {
                eprintln!("demo: {sentence}");
            }
            eprintln!("demo: it did not come out well; {} tells more", stage.log().display());
            Ok(ExitCode::FAILURE)
        }
        Err(error) if stage.recorded().is_none() => Err(error),
        Err(error) => Err(error.context(format!("the demo broke off; {again}"))),
    }
}

fn print_what_to_see(stage: &Stage, kept: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if !kept {
        let folder = stage.folder().display();
        return writeln!(out, "\n{folder} was removed. With --dir FOLDER it stays, with everything in it to look at.");
    }
    writeln!(out, "\nTo look around:\n")?;
    // Cargo puts this program into a folder below that of camdock itself.
    let this = std::env::current_exe()?;
    let camdock = this.ancestors().nth(2).map(|folder| folder.join("camdock")).filter(|program| program.is_file());
    let camdock = camdock.map_or_else(|| "camdock".to_owned(), |program| program.display().to_string());
    let mut step = |command: String, what: &str| writeln!(out, "  # {what}\n  {command}");
    let config = stage.config();
    step(format!("{camdock} --config {} explain BWC-0001", config.display()), "each condition of each wipe")?;
    step(format!("less {}", stage.log().display()), "what the station did, step by step")?;
    if stage.wish().destination == DestinationKind::Folder {
        step(format!("find {} -name '*.MP4'", stage.evidence().display()), "the evidence; it plays")?;
        step(
            format!("{camdock} --config {} run", config.display()),
            "the station itself: move a folder into one of bays/*/ and watch `status --watch`",
        )?;
    }
    Ok(())
}

/// The station's log goes into a file, so that it does not run over the bars.
fn log_into(stage: &Stage) -> anyhow::Result<Outlet> {
    let path = stage.log();
    let file = File::options().create(true).append(true).open(&path);
    let file = file.with_context(|| format!("{} cannot be written", path.display()))?;
    // Each step, too: it is there to be looked at.
    Ok(journal::open_file("info,camdock=debug,rusqlite_migration=warn", file)?)
}

/// Ctrl-C and its like.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
