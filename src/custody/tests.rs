//! The rule and the permit agree, whatever the state of a file and its copies.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Clearance, Facts, Proof, Source, SourceMatch, Unmet, WipeCondition, WipePermit, conditions};
use crate::domain::{
    ByteCount, CameraSerial, DestinationName, DockingId, Fingerprint, Moment, Segment, SegmentId, SourceFile,
    SourceKind, SourcePath,
};

fn camera(name: &str) -> CameraSerial {
    CameraSerial::new(name).unwrap()
}

fn place(name: &str) -> DestinationName {
    DestinationName::new(name).unwrap()
}

fn fingerprint(content: &[u8]) -> Fingerprint {
    Fingerprint::of(content, ByteCount::new(4))
}

fn segment(of: &str, damaged: bool) -> Segment {
    let (path, fingerprint) = (SourcePath::new(b"A.MP4".to_vec()), fingerprint(b"film"));
    let id = SegmentId::of(&camera(of), &path, &fingerprint.sha256);
    Segment { id, camera: camera(of), path, recorded_at: Moment::from_millis(7), fingerprint, damaged }
}

fn file(kind: SourceKind) -> SourceFile {
    SourceFile {
        path: SourcePath::new(b"A.MP4".to_vec()),
        size: ByteCount::new(4),
        modified: Moment::from_millis(7),
        stamp: 1,
        kind,
    }
}

/// What the camera's file is when it is read again.
fn source(segment: &Segment, kind: SourceKind) -> SourceMatch {
    SourceMatch::compare(segment, &file(kind), fingerprint(b"film")).unwrap()
}

proptest! {
    #[test]
    fn a_file_is_cleared_exactly_if_every_condition_that_people_are_told_is_met(
        damaged in any::<bool>(),
        image in any::<bool>(),
        another_segment in any::<bool>(),
        required in prop::collection::btree_set(prop::sample::select(vec!["a", "b", "c"]), 0..4),
        proofs in prop::collection::vec((prop::sample::select(vec!["a", "b", "c", "d"]), any::<bool>()), 0..6),
    ) {
        let segment = segment("BWC-1", damaged);
        let read = if another_segment { self::segment("BWC-2", false) } else { segment.clone() };
        let source = source(&read, if image { SourceKind::Image } else { SourceKind::File });
        let required: BTreeSet<DestinationName> = required.into_iter().map(place).collect();
        let proof = |(name, same): &(&str, bool)| {
            Proof::claimed(place(name), fingerprint(if *same { b"film" } else { b"else" }))
        };
        let cleared = Clearance::check(&segment, &source, &proofs.iter().map(proof).collect::<Vec<_>>(), &required);

        let told = conditions(&Facts {
            damaged: damaged || image,
            source: if another_segment { Source::Differs } else { Source::Same },
            proven: proofs.iter().filter(|(_, same)| *same).map(|(name, _)| place(name)).collect(),
            required: &required,
        });
        prop_assert_eq!(told.len(), 3 + required.len(), "each condition is told once");
        prop_assert_eq!(cleared.map(|_| ()), told.into_iter().try_for_each(|(_, met)| met));
    }
}

#[test]
fn what_was_not_read_again_is_not_cleared_even_if_everything_is_proven() {
    let required = BTreeSet::from([place("a")]);
    let facts = Facts { damaged: false, source: Source::NotRead, proven: required.clone(), required: &required };
    let unmet: Vec<_> = conditions(&facts).into_iter().filter(|(_, met)| met.is_err()).collect();
    assert_eq!(unmet, [(WipeCondition::SourceIsTheSegment, Err(Unmet::SourceNotRead))]);
}

#[test]
fn a_file_is_the_segment_only_if_path_length_and_every_byte_are() {
    let segment = segment("BWC-1", false);
    let listed = file(SourceKind::File);
    let renamed = SourceFile { path: SourcePath::new(b"B.MP4".to_vec()), ..listed.clone() };
    let longer = SourceFile { size: ByteCount::new(5), ..listed.clone() };
    let compare = |file: &SourceFile, content: &[u8]| SourceMatch::compare(&segment, file, fingerprint(content)).err();
    assert_eq!(compare(&listed, b"film"), None);
    assert_eq!(compare(&renamed, b"film"), Some(Unmet::SourceDiffers), "another name");
    assert_eq!(compare(&longer, b"film"), Some(Unmet::SourceDiffers), "it was listed with another length");
    assert_eq!(compare(&listed, b"filn"), Some(Unmet::SourceDiffers), "another byte");
}

#[test]
fn what_was_compared_holds_for_the_very_file_that_was_read_and_no_other() {
    let listed = file(SourceKind::File);
    let source = source(&segment("BWC-1", false), SourceKind::File);
    assert!(source.still_holds_for(&listed));
    let touched = SourceFile { modified: Moment::from_millis(8), ..listed.clone() };
    for other in [touched, SourceFile { stamp: 2, ..listed }] {
        assert!(!source.still_holds_for(&other), "{other:?}");
    }
}

#[test]
fn a_permit_lists_what_was_cleared_for_its_camera() {
    let docking = DockingId::new(Moment::from_millis(1));
    let permit = WipePermit::issue(docking, camera("BWC-1"), vec![cleared("BWC-1"), cleared("BWC-2")]);
    let listed: Vec<_> = permit.files().iter().map(|file| (file.segment(), file.file().clone())).collect();
    assert_eq!(listed, [(segment("BWC-1", false).id, file(SourceKind::File))]);
}

#[test]
fn every_condition_is_told_in_words() {
    let told = |condition: WipeCondition| condition.to_string();
    assert_eq!(told(WipeCondition::CopyIsProven(place("nas"))), "nas has proven its copy");
    assert_eq!(told(WipeCondition::SourceIsTheSegment), "what the camera holds now is what was uploaded");
    assert_eq!(told(WipeCondition::EveryByteWasRead), "every byte could be read");
    assert_eq!(told(WipeCondition::SomethingIsRequired), "a destination is required");
}

fn cleared(of: &str) -> Clearance {
    let segment = segment(of, false);
    let proofs = [Proof::claimed(place("a"), fingerprint(b"film"))];
    Clearance::check(&segment, &source(&segment, SourceKind::File), &proofs, &BTreeSet::from([place("a")])).unwrap()
}

#[test]
fn a_permit_is_good_for_one_camera_in_one_docking() {
    let docking = |number: i64| DockingId::new(Moment::from_millis(number));
    let (this, other) = (docking(1), docking(2));
    let permit = || WipePermit::issue(this, camera("BWC-1"), vec![cleared("BWC-1")]);
    assert_eq!(permit().redeem(&camera("BWC-1"), this).unwrap().files().len(), 1);
    assert!(permit().redeem(&camera("BWC-2"), this).is_err());
    assert!(permit().redeem(&camera("BWC-1"), other).is_err());
}

#[test]
fn a_permit_lists_no_file_of_another_camera() {
    let permit = WipePermit::issue(DockingId::new(Moment::from_millis(1)), camera("BWC-1"), vec![cleared("BWC-2")]);
    assert!(permit.files().is_empty());
}
