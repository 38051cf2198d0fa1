//! What a station asks its ledger again and again, each with how long that keeps the ledger's only thread.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use camdock::domain::{
    CameraSerial, DestinationName, DockingId, Need, ProblemId, ProofMethod, Protection, SegmentId, Version,
};
use camdock::ledger::{Entry, Head, LEDGER_FILE, Ledger};
use tokio::time::Instant;

use super::{BEGINNING, DESTINATION, camera_of};

/// Each is asked so often; the first answer, for which the disk may be read, does not count.
const TIMES: u32 = 20;
/// As many as a station sends at once, and as many cameras as it then looks at.
const HEAD: Head = Head { cameras: 16, per_camera: 8 };
/// As many as the station compares with its spool, and looks through for what may go, in one go.
const COPIES: u32 = 4096;
const SPARE: u32 = 64;

/// In so many portions a camera's thousand segments are read, and in so many the steps about them are committed.
const PORTIONS: u32 = 2;
const PORTIONS_OF_STEPS: u32 = 4;

/// Prints, for each question, how long an answer takes, in milliseconds.
pub(super) async fn ask(data_dir: &Path) -> anyhow::Result<()> {
    let ledger = Ledger::threaded(Ledger::connect(&data_dir.join(LEDGER_FILE))?)?;
    let (sink, camera) = (DestinationName::new(DESTINATION)?, camera_of(0)?);
    print("figures", each(async || ledger.figures(BEGINNING).await.map(drop)).await?);
    let head = async || {
        let queued = ledger.queued(&sink, HEAD, |_| false, BTreeSet::new()).await?;
        let places = queued.into_iter().filter_map(|camera| camera.places.first().copied()).collect();
        ledger.deliveries(places).await.map(drop)
    };
    print("head of the queue", each(head).await?);
    print("tally of a camera", each(async || ledger.tally_of(&camera).await.map(drop)).await?);
    print("a portion of a camera", each(async || ledger.on_camera(&camera).await.map(drop)).await? / PORTIONS);
    print("copies in the spool", each(async || ledger.in_spool(0, COPIES).await.map(drop)).await?);
    print("copies that may go", each(async || ledger.proven_in_spool(0, SPARE).await.map(drop)).await?);
    print("wiped copies", each(async || ledger.wiped_before(BEGINNING, 0, SPARE).await.map(drop)).await?);
    print("problems", each(async || ledger.problems_after(ProblemId(0), SPARE).await.map(drop)).await?);
    print("open dockings", each(async || ledger.open_dockings().await.map(drop)).await?);

    wipe(&ledger, &sink, &camera).await?;
    let begun = Instant::now();
    let destinations = vec![(sink, Need::Required), (DestinationName::new("another")?, Need::Required)];
    ledger.record(BEGINNING, vec![Entry::DestinationsSet { destinations }]).await?;
    print("another destination", begun.elapsed());
    Ok(())
}

/// The steps of a wipe, with their commits: a camera's segments are proven, permitted to go, and gone.
async fn wipe(ledger: &Ledger, sink: &DestinationName, camera: &CameraSerial) -> anyhow::Result<()> {
    let docking = DockingId::new(BEGINNING);
    let segments: Vec<_> = ledger.on_camera(camera).await?.into_iter().map(|known| known.segment.id).collect();
    let proven = |segment: &SegmentId| Entry::CopyProven {
        segment: *segment,
        destination: sink.clone(),
        version: Version("1".to_owned()),
        method: ProofMethod::Attested,
        protection: Protection::NONE,
    };
    ledger.record_each(BEGINNING, segments.iter().map(proven).collect()).await?;
    let begun = Instant::now();
    let intended = Entry::WipeIntended { docking, segments: segments.clone(), media: Vec::new() };
    ledger.record(BEGINNING, vec![intended]).await?;
    print("permission to wipe a camera", begun.elapsed());
    let begun = Instant::now();
    let wiped = |segment| Entry::SegmentWiped { docking, segment };
    ledger.record_each(BEGINNING, segments.into_iter().map(wiped).collect()).await?;
    print("a portion of steps", begun.elapsed() / PORTIONS_OF_STEPS);
    Ok(())
}

/// How long one answer takes.
async fn each<E>(question: impl AsyncFn() -> Result<(), E>) -> Result<Duration, E> {
    question().await?;
    let begun = Instant::now();
    for _ in 0..TIMES {
        question().await?;
    }
    Ok(begun.elapsed() / TIMES)
}

fn print(question: &str, took: Duration) {
    println!("{question}: {:.3}", 1_000.0 * took.as_secs_f64());
}
