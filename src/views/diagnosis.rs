//! Which link of the chain is at fault, from the camera to the cloud: for `camdock doctor` and the station page alike.

use strum::VariantArray as _;

use super::document::StatusDocument;
use crate::domain::{BayCause, Certificate, CertificateState, DiskState, Link, Part, StationNotice};
use crate::words::{Text, Words};

/// What is at fault, and what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// All that is not as it should be, in the order of the chain.
    pub findings: Vec<Finding>,
    /// The links of which no trouble is seen.
    pub well: Vec<Link>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where to look first.
    pub link: Link,
    /// Where it shows.
    pub place: String,
    /// What is so, and what to do.
    pub message: String,
}

impl Diagnosis {
    /// What a station shows to be at fault, in the words of a language. The document is in the same one.
    #[must_use]
    pub fn of(shown: &StatusDocument, words: &Words) -> Self {
        let findings = findings(shown, words);
        let is_well = |link: &&Link| findings.iter().all(|finding| finding.link != **link);
        let well = Link::VARIANTS.iter().filter(is_well).copied().collect();
        Self { findings, well }
    }

    /// With which links no trouble is seen, as a sentence; none if there is trouble with all.
    #[must_use]
    pub fn well(&self, words: &Words) -> Option<String> {
        let links: Vec<_> = self.well.iter().map(|link| words.text(&Text::LinkName { link: *link })).collect();
        (!links.is_empty()).then(|| words.text(&Text::LinksWell { links }))
    }
}

fn findings(shown: &StatusDocument, words: &Words) -> Vec<Finding> {
    let text = |text| words.text(&text);
    let places = shown.destinations.iter().filter_map(|place| {
        let link = place.cause?.link()?;
        let at = text(Text::SubjectDestination { destination: place.name.clone() });
        Some(Finding { link, place: at, message: place.message.clone() })
    });
    let places: Vec<_> = places.collect();
    let bays = shown.bays.iter().filter_map(|bay| {
        // If a destination that is waited for has nothing to say for itself, the bay says it.
        let silent = bay.cause? == BayCause::DestinationSilent && places.is_empty();
        let link = bay.cause?.link().or_else(|| silent.then_some(Link::Cloud))?;
        let at = text(Text::SubjectBay { bay: bay.name.clone() });
        Some(Finding { link, place: at, message: bay.message.clone() })
    });
    let setup = shown.setup.iter().map(|trouble| {
        let place = text(Text::PartName { part: trouble.part.clone() });
        Finding { link: trouble.link(), place, message: words.say(trouble.clone()) }
    });
    let disk = (shown.disk == DiskState::Full).then(|| {
        let message = words.say(StationNotice::DiskFull);
        Finding { link: Link::Disk, place: text(Text::StationItself), message }
    });
    let certificate = ends_soon(shown).map(|notice| {
        let place = text(Text::PartName { part: Part::Certificate });
        Finding { link: Link::Configuration, place, message: words.say(notice) }
    });
    let mut all: Vec<_> = bays.chain(setup).chain(disk).chain(certificate).chain(places.clone()).collect();
    all.sort_by_key(|finding| finding.link);
    all
}

/// That the certificate of the page should be renewed, while it should. One that has ended is among what is not set up.
#[must_use]
pub fn ends_soon(shown: &StatusDocument) -> Option<StationNotice> {
    let Certificate { ends_at: at, state } = shown.certificate?;
    (state == CertificateState::EndsSoon).then_some(StationNotice::CertificateEnds { at })
}

#[cfg(test)]
mod tests {
    use crate::domain::{
        BayName, BayNotice, BaySnapshot, DestinationCause, DestinationName, DestinationNotice, DestinationSnapshot,
        Moment, SetupCause, SetupTrouble, Snapshot, StationId,
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
        let found = findings(&station(bay, destination, setup), Words::english());
        found.into_iter().map(|found| (found.link, found.place)).collect()
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
            (uploading(), waiting(DestinationCause::Network), None, vec![(Link::Network, "destination nas")]),
            (uploading(), waiting(DestinationCause::Full), None, vec![(Link::Cloud, "destination nas")]),
            (uploading(), denied, None, vec![(Link::Credential, "destination nas")]),
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
    fn a_certificate_is_told_of_while_it_should_be_renewed_and_has_not_ended() {
        for (state, found) in [(CertificateState::Ok, 0), (CertificateState::EndsSoon, 1), (CertificateState::Ended, 0)]
        {
            let certificate = Some(Certificate { ends_at: Moment::from_millis(0), state });
            let shown = StatusDocument { certificate, ..station(BayNotice::Ready, DestinationNotice::Well, None) };
            let findings = findings(&shown, Words::english());
            assert_eq!(findings.len(), found, "{findings:?}");
            assert!(
                findings.iter().all(|found| found.message.contains("ends at 1970-01-01T00:00:00Z")),
                "{findings:?}"
            );
        }
    }

    #[test]
    fn a_bay_that_waits_for_a_destination_blames_what_the_destination_does() {
        let waits = BayNotice::WipeOverdue { error: "timeout".to_owned() };
        let down = DestinationNotice::Waiting { cause: DestinationCause::NoAnswer, error: "timeout".to_owned() };
        assert_eq!(blamed(waits.clone(), down, None), [(Link::Network, "destination nas".to_owned())]);
        let said = blamed(waits, DestinationNotice::Well, None);
        assert_eq!(said, [(Link::Cloud, "bay 1".to_owned())], "whoever needs somebody says what for");
    }
}
