//! `camdock doctor`: which link of the chain is at fault, from the camera to the cloud.

use std::io::Write as _;

use camdock::config::Config;
use camdock::domain::{BayCause, DiskState, Link, Overdue, StationNotice, counted};
use camdock::views::StatusDocument;
use camdock::words::Words;
use strum::VariantArray as _;

use super::client::Daemon;
use super::{Outcome, status};

pub(super) async fn run(config: &Config) -> anyhow::Result<Outcome> {
    let shown = Daemon::of(config).get::<StatusDocument>("/api/v1/status").await?;
    print(&shown)?;
    Ok(status::outcome(&shown))
}

/// So many overdue cameras are named.
const MISSED_BY_NAME: usize = 10;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    link: Link,
    /// Where it shows.
    place: String,
    /// What is so, and what to do.
    message: String,
}

/// All that is not as it should be, in the order of the chain.
fn findings(shown: &StatusDocument) -> Vec<Finding> {
    let words = Words::english();
    let places = shown.destinations.iter().filter_map(|place| {
        let link = place.cause?.link()?;
        Some(Finding { link, place: format!("to {}", place.name), message: place.message.clone() })
    });
    let places: Vec<_> = places.collect();
    let bays = shown.bays.iter().filter_map(|bay| {
        // If a destination that is waited for has nothing to say for itself, the bay says it.
        let silent = bay.cause? == BayCause::DestinationSilent && places.is_empty();
        let link = bay.cause?.link().or_else(|| silent.then_some(Link::Cloud))?;
        Some(Finding { link, place: format!("bay {}", bay.name), message: bay.message.clone() })
    });
    let setup = shown.setup.iter().map(|trouble| {
        let message = words.say(trouble.clone());
        Finding { link: trouble.link(), place: trouble.part.to_string(), message }
    });
    let disk = (shown.disk == DiskState::Full).then(|| {
        let message = words.say(StationNotice::DiskFull);
        Finding { link: Link::Disk, place: "the station".to_owned(), message }
    });
    let mut all: Vec<_> = bays.chain(setup).chain(disk).chain(places.clone()).collect();
    all.sort_by_key(|finding| finding.link);
    all
}

fn print(shown: &StatusDocument) -> std::io::Result<()> {
    let all = findings(shown);
    let mut out = std::io::stdout().lock();
    for Finding { link, place, message } in &all {
        writeln!(out, "{link:<13}  {place}: {message}")?;
    }
    if shown.problems > 0 {
        writeln!(out, "{} for a person: camdock problems", counted(shown.problems, "problem"))?;
    }
    if let Some(Overdue { cameras, days, latest }) = shown.overdue.as_ref().filter(|overdue| overdue.cameras > 0) {
        let notice = StationNotice::CamerasOverdue { cameras: *cameras, days: *days };
        let named: Vec<_> = latest.iter().take(MISSED_BY_NAME).map(|overdue| overdue.camera.as_str()).collect();
        writeln!(out, "{} The latest: {}.", Words::english().say(notice), named.join(", "))?;
    }
    let well: Vec<_> = Link::VARIANTS.iter().filter(|link| all.iter().all(|finding| finding.link != **link)).collect();
    let well = well.into_iter().map(Link::to_string).collect::<Vec<_>>().join(", ");
    if well.is_empty() { Ok(()) } else { writeln!(out, "no trouble seen with: {well}") }
}

#[cfg(test)]
mod tests {
    use camdock::domain::{
        BayName, BayNotice, BaySnapshot, DestinationCause, DestinationName, DestinationNotice, DestinationSnapshot,
        Part, SetupCause, SetupTrouble, Snapshot, StationId,
    };

    use super::*;

    fn nas() -> DestinationName {
        DestinationName::new("nas").unwrap()
    }

    /// A station with one bay and one destination, of which this is so.
    fn station(bay: BayNotice, destination: DestinationNotice, setup: Option<SetupTrouble>) -> StatusDocument {
        let bay = BaySnapshot { notice: bay, ..BaySnapshot::empty(BayName::new("1").unwrap()) };
        let place = DestinationSnapshot { notice: destination, ..DestinationSnapshot::unasked(nas()) };
        let station = Snapshot::of(StationId::new("hq-01").unwrap(), vec![bay]);
        let shown = Snapshot { destinations: vec![place], setup: setup.into_iter().collect(), ..station };
        StatusDocument::new(&shown, Words::english())
    }

    fn blamed(bay: BayNotice, destination: DestinationNotice, setup: Option<SetupTrouble>) -> Vec<(Link, String)> {
        findings(&station(bay, destination, setup)).into_iter().map(|found| (found.link, found.place)).collect()
    }

    #[test]
    fn the_link_at_fault_is_named_and_no_other() {
        let (error, well) = (|| "EIO".to_owned(), || DestinationNotice::Well);
        let waiting = |cause| DestinationNotice::Waiting { cause, error: error() };
        let denied =
            DestinationNotice::Denied { name: nas(), code: "403".to_owned(), credential: "nas.sas".to_owned() };
        let no_key = SetupTrouble {
            part: Part::Destination(nas()),
            cause: SetupCause::CredentialMissing,
            message: "no key".to_owned(),
        };
        let uploading = || BayNotice::Uploading { segments: 1 };
        for (bay, destination, setup, found) in [
            (BayNotice::Ready, well(), None, vec![]),
            (BayNotice::CameraSilent, well(), None, vec![(Link::Cable, "bay 1")]),
            (BayNotice::CameraFails { error: error() }, well(), None, vec![(Link::Camera, "bay 1")]),
            (BayNotice::WriteProtected, well(), None, vec![(Link::Camera, "bay 1")]),
            (BayNotice::SpoolFails { error: error() }, well(), None, vec![(Link::Disk, "bay 1")]),
            (uploading(), waiting(DestinationCause::Network), None, vec![(Link::Network, "to nas")]),
            (uploading(), waiting(DestinationCause::Full), None, vec![(Link::Cloud, "to nas")]),
            (uploading(), denied, None, vec![(Link::Credential, "to nas")]),
            (
                uploading(),
                DestinationNotice::NotSetUp { why: "no key".to_owned() },
                Some(no_key),
                vec![(Link::Credential, "destination nas")],
            ),
        ] {
            let expected: Vec<_> = found.into_iter().map(|(link, place)| (link, place.to_owned())).collect();
            assert_eq!(blamed(bay.clone(), destination, setup), expected, "{bay:?}");
        }
    }

    #[test]
    fn a_bay_that_waits_for_a_destination_blames_what_the_destination_does() {
        let waits = BayNotice::WipeOverdue { error: "timeout".to_owned() };
        let down = DestinationNotice::Waiting { cause: DestinationCause::NoAnswer, error: "timeout".to_owned() };
        assert_eq!(blamed(waits.clone(), down, None), [(Link::Network, "to nas".to_owned())]);
        let said = blamed(waits, DestinationNotice::Well, None);
        assert_eq!(said, [(Link::Cloud, "bay 1".to_owned())], "whoever needs somebody says what for");
    }
}
