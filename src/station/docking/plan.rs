//! What to do about a camera, given what it lists and what the ledger knows: a plain function, so that it can be read
//! and tested as a table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::crowd::{self, News};
use super::waits::WaitsFor;
use crate::camera::{Condition, Listing};
use crate::custody::SourceMatch;
use crate::domain::{ByteCount, Problem, ProblemId, ProblemKind, Segment, SourceFile, SourceKind, SourcePath};
use crate::faults::{PlantedBug, planted};
use crate::ledger::{KnownSegment, SpoolCopy};

/// What one look at a camera leads to.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Files to pull.
    pub(super) pull: Vec<SourceFile>,
    /// Files that are known segments and need not be pulled.
    pub(super) have: Vec<(SourceFile, Arc<Segment>)>,
    /// Files that are left alone for now.
    pub(super) waiting: Vec<(SourceFile, WaitsFor)>,
    /// Files that stay until a person has looked at them.
    pub(super) kept: Vec<SourceFile>,
    /// How much of what is listed was taken over, a kept file's readable part included.
    pub(super) taken: ByteCount,
    /// Segments that the ledger believes to be on this camera, and that are not.
    pub(super) gone: Vec<KnownSegment>,
    /// What is wrong with the camera as a whole, or with many of its entries, and what is so no longer.
    pub(super) news: News,
    /// Holds whose cause is gone from the camera.
    pub(super) resolved: Vec<ProblemId>,
}

/// What this docking has found out so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Files read in this docking, and the segments they are.
    pub(super) segments: BTreeMap<SourcePath, (SourceFile, Arc<Segment>)>,
    /// Files that were read once more and are the segments they were taken for.
    pub(super) sources: BTreeMap<SourcePath, SourceMatch>,
    /// Files that turned out not to be the segments they looked like.
    pub(super) strangers: BTreeSet<(SourcePath, u64)>,
    /// Files that are left alone: they could not be read, or not be deleted.
    pub(super) given_up: BTreeSet<SourcePath>,
    /// Files that are to be left alone for now.
    pub(super) waits: BTreeMap<SourcePath, WaitsFor>,
    /// Files that are left alone as well, and share one problem with others of their kind.
    pub(super) alike: BTreeMap<SourcePath, ProblemKind>,
    /// Files among these that it is time to read once more.
    pub(super) once_more: BTreeSet<SourcePath>,
    /// Files that the camera makes anew whenever they are deleted.
    pub(super) looping: Vec<SourcePath>,
}

/// Makes the plan.
pub(super) fn plan(
    listing: &Listing,
    condition: &Condition,
    known: &[KnownSegment],
    problems: &[Problem],
    findings: &Findings,
) -> Plan {
    let mut plan = Plan::default();
    let mut by_path: Vec<&KnownSegment> = known.iter().collect();
    by_path.sort_by(|one, other| one.segment.path.cmp(&other.segment.path));
    let about_a_file = |problem: &&Problem| {
        problem.destination.is_none() && !problem.kind.is_about_copies() && !crowd::is_seen_at_each_look(&problem.kind)
    };
    // Several things may be wrong with one file, and two cameras may have one serial.
    let mut file_problems: BTreeMap<&SourcePath, Vec<&Problem>> = BTreeMap::new();
    for problem in problems.iter().filter(about_a_file) {
        file_problems.entry(&problem.path).or_default().push(problem);
    }
    let mut listed = BTreeSet::new();
    for file in &listing.files {
        listed.insert(&file.path);
        let first = by_path.partition_point(|known| known.segment.path < file.path);
        let candidates = by_path[first..].chunk_by(|one, other| one.segment.path == other.segment.path).next();
        let candidates = candidates.filter(|known| known[0].segment.path == file.path).unwrap_or_default();
        plan.gone
            .extend(candidates.iter().filter(|known| is_replaced(&known.segment, file, findings)).copied().cloned());
        let its_problems = file_problems.get(&file.path).map(Vec::as_slice).unwrap_or_default();
        let left_alone = !its_problems.is_empty() && findings.given_up.contains(&file.path)
            || findings.alike.contains_key(&file.path);
        let given_up = left_alone && !findings.once_more.contains(&file.path);
        match recognise(file, candidates, findings) {
            _ if let Some(what) = findings.waits.get(&file.path) => plan.waiting.push((file.clone(), *what)),
            _ if given_up => plan.kept.push(file.clone()),
            Some(segment) if segment.damaged => {
                // Whatever else was wrong with it may be over, and then more of it can be read.
                let tells_of_it = |problem: &&Problem| {
                    problem.kind.is_damage() && problem.segment.is_none_or(|damaged| damaged == segment.id)
                };
                if its_problems.iter().any(tells_of_it) {
                    plan.taken += file.size;
                    plan.kept.push(file.clone());
                } else {
                    plan.pull.push(file.clone());
                }
            }
            Some(segment) => {
                plan.taken += file.size;
                plan.have.push((file.clone(), Arc::clone(segment)));
            }
            None => plan.pull.push(file.clone()),
        }
    }
    listed.extend(listing.oddities.iter().map(|oddity| &oddity.path));
    // What can be read file by file is safe before the whole medium is read.
    plan.pull.sort_by_key(|file| file.kind);
    let blind = listing.blind_spots();
    let is_gone = |path: &SourcePath| !listed.contains(path) && !blind.may_hide(path);
    plan.gone.extend(known.iter().filter(|known| is_gone(&known.segment.path)).cloned());
    let found = crowd::found(listing, condition, plan.have.len(), &findings.alike, &findings.looping);
    plan.news = crowd::compare(&found, problems, &blind);
    let ends_with_the_file = |problem: &&&Problem| !matches!(problem.kind, ProblemKind::DamagedAtSource { .. });
    let vanished = file_problems.values().flatten().filter(ends_with_the_file);
    let vanished = vanished.filter(|problem| is_gone(&problem.path));
    plan.resolved.extend(vanished.map(|problem| problem.id));
    plan
}

/// Whether a file is known to be another segment by now than it once was. Reading it once does not say so: a medium that fails
/// reads differently each time, and may still hold what it held. Two readings that agree do.
fn is_replaced(once: &Segment, file: &SourceFile, findings: &Findings) -> bool {
    let is_another = |source: &SourceMatch| source.still_holds_for(file) && source.segment() != once.id;
    findings.sources.get(&file.path).is_some_and(is_another)
}

/// The segment that a file is, or looks like: the content is compared before anything is wiped.
fn recognise<'a>(file: &SourceFile, known: &[&'a KnownSegment], findings: &'a Findings) -> Option<&'a Arc<Segment>> {
    if let Some((seen, segment)) = findings.segments.get(&file.path)
        && seen == file
    {
        // It was read in this docking. If its spool copy went missing since, it must be read again.
        let lost = known.iter().any(|known| known.segment.id == segment.id && known.spool == SpoolCopy::Lost);
        return (!lost).then_some(segment);
    }
    // An image says nothing of itself by which it could be known: another one has the same path and length.
    if file.kind == SourceKind::Image || findings.strangers.contains(&(file.path.clone(), file.stamp)) {
        return None;
    }
    let looks_like = |known: &&&KnownSegment| {
        let segment = &known.segment;
        segment.fingerprint.size == file.size
            && (segment.recorded_at == file.modified || planted(PlantedBug::IdentifyBySize))
            && (known.spool == SpoolCopy::Present
                || known.spool == SpoolCopy::Released
                    && (known.pending == 0 || planted(PlantedBug::HaveWhatWasReleased)))
    };
    known.iter().rev().find(looks_like).map(|known| &known.segment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CameraSerial, Fingerprint, Moment, Oddity, OddityKind, SegmentId};
    use crate::ledger::Deletion;

    fn camera() -> CameraSerial {
        CameraSerial::new("BWC-1").unwrap()
    }

    fn path(name: &str) -> SourcePath {
        SourcePath::new(name.as_bytes().to_vec())
    }

    fn file(name: &str, size: u64, stamp: u64) -> SourceFile {
        SourceFile {
            path: path(name),
            size: ByteCount::new(size),
            modified: Moment::from_millis(7),
            stamp,
            kind: SourceKind::File,
        }
    }

    fn known(name: &str, content: &[u8], spool: SpoolCopy, pending: u32) -> KnownSegment {
        let fingerprint = Fingerprint::of(content, ByteCount::new(8));
        let segment = Segment {
            id: SegmentId::of(&camera(), &path(name), &fingerprint.sha256),
            camera: camera(),
            path: path(name),
            recorded_at: Moment::from_millis(7),
            fingerprint,
            damaged: false,
        };
        KnownSegment { segment: segment.into(), spool, pending, deletion: Deletion::NotBegun }
    }

    fn problem(name: &str, kind: ProblemKind) -> Problem {
        Problem {
            id: ProblemId(3),
            camera: Some(camera()),
            path: path(name),
            segment: None,
            destination: None,
            kind,
            since: Moment::from_millis(0),
        }
    }

    /// The plan for a camera on which nothing is wrong.
    fn plan(listing: &Listing, known: &[KnownSegment], problems: &[Problem], findings: &Findings) -> Plan {
        super::plan(listing, &Condition::Sound, known, problems, findings)
    }

    fn listing(files: Vec<SourceFile>) -> Listing {
        Listing { files, oddities: Vec::new() }
    }

    #[test]
    fn a_segment_that_is_spooled_is_not_pulled_again() {
        let plan = plan(
            &listing(vec![file("A", 3, 1)]),
            &[known("A", b"abc", SpoolCopy::Present, 1)],
            &[],
            &Findings::default(),
        );
        assert!(plan.pull.is_empty());
        assert_eq!(plan.have.len(), 1);
    }

    #[test]
    fn a_segment_without_a_spool_copy_is_pulled_unless_every_destination_has_it() {
        let look = listing(vec![file("A", 3, 1)]);
        for (spool, pending, pulled) in
            [(SpoolCopy::Lost, 1, 1), (SpoolCopy::Lost, 0, 1), (SpoolCopy::Released, 1, 1), (SpoolCopy::Released, 0, 0)]
        {
            let plan = plan(&look, &[known("A", b"abc", spool, pending)], &[], &Findings::default());
            assert_eq!(plan.pull.len(), pulled, "{spool:?}, {pending} pending");
        }
    }

    #[test]
    fn what_was_read_in_this_docking_is_read_again_only_if_its_own_copy_was_lost() {
        let before = known("A", b"abd", SpoolCopy::Lost, 1);
        for (spool, pulled) in [(SpoolCopy::Present, 0), (SpoolCopy::Released, 0), (SpoolCopy::Lost, 1)] {
            let now = known("A", b"abc", spool, 0);
            let segments = BTreeMap::from([(path("A"), (file("A", 3, 1), now.segment.clone()))]);
            let findings = Findings { segments, ..Findings::default() };
            let plan = plan(&listing(vec![file("A", 3, 1)]), &[before.clone(), now], &[], &findings);
            assert_eq!(plan.pull.len(), pulled, "{spool:?}");
        }
    }

    #[test]
    fn a_file_of_another_length_or_a_stranger_is_pulled() {
        let known = [known("A", b"abc", SpoolCopy::Present, 0)];
        let longer = plan(&listing(vec![file("A", 4, 1)]), &known, &[], &Findings::default());
        assert_eq!(longer.pull.len(), 1);
        let findings = Findings { strangers: BTreeSet::from([(path("A"), 1)]), ..Findings::default() };
        let stranger = plan(&listing(vec![file("A", 3, 1)]), &known, &[], &findings);
        assert_eq!(stranger.pull.len(), 1);
    }

    #[test]
    fn an_unreadable_file_is_tried_again_at_the_next_docking() {
        let look = listing(vec![file("A", 3, 1)]);
        let problems = [problem("A", ProblemKind::Unreadable { error: String::new() })];
        let here = Findings { given_up: BTreeSet::from([path("A")]), ..Findings::default() };
        assert_eq!(plan(&look, &[], &problems, &here).kept.len(), 1);
        assert_eq!(plan(&look, &[], &problems, &Findings::default()).pull.len(), 1, "at the next docking");
        assert_eq!(plan(&look, &[], &[], &here).pull.len(), 1, "after the problem was closed");
    }

    #[test]
    fn a_known_segment_that_cannot_be_read_any_more_holds_up_nothing() {
        let look = listing(vec![file("A", 3, 1)]);
        let known = [known("A", b"abc", SpoolCopy::Present, 0)];
        let problems = [problem("A", ProblemKind::Unreadable { error: String::new() })];
        let here = Findings { given_up: BTreeSet::from([path("A")]), ..Findings::default() };
        let plan = plan(&look, &known, &problems, &here);
        assert_eq!((plan.kept.len(), plan.have.len()), (1, 0));
    }

    #[test]
    fn an_oddity_is_reported_once_and_forgotten_when_it_is_gone() {
        let oddity = Oddity { path: path("link"), kind: OddityKind::SymbolicLink };
        let look = Listing { files: Vec::new(), oddities: vec![oddity] };
        let problems = [problem("link", ProblemKind::Oddity { kind: OddityKind::SymbolicLink })];
        assert_eq!(plan(&look, &[], &[], &Findings::default()).news.found.len(), 1);
        assert_eq!(plan(&look, &[], &problems, &Findings::default()).news, News::default());
        let gone = plan(&listing(vec![]), &[], &problems, &Findings::default());
        assert_eq!((gone.news.over, gone.resolved), (vec![ProblemId(3)], vec![]));
    }

    #[test]
    fn what_the_camera_no_longer_lists_is_gone() {
        let known = [known("A", b"abc", SpoolCopy::Present, 1)];
        assert_eq!(plan(&listing(vec![]), &known, &[], &Findings::default()).gone, known);
    }

    #[test]
    fn what_a_file_was_before_it_was_replaced_is_gone_from_the_camera() {
        let (before, now) = (known("A", b"abc", SpoolCopy::Lost, 0), known("A", b"abd", SpoolCopy::Present, 1));
        let look = listing(vec![file("A", 3, 2)]);
        let read = |times: usize, segment: &Segment| {
            let mut findings = Findings::default();
            findings.segments.insert(path("A"), (file("A", 3, 2), segment.clone().into()));
            if times > 1 {
                let again = SourceMatch::compare(segment, &file("A", 3, 2), segment.fingerprint.clone()).unwrap();
                findings.sources.insert(path("A"), again);
            }
            findings
        };
        let both = [before.clone(), now.clone()];
        let gone = |findings: &Findings| plan(&look, &both, &[], findings).gone;
        assert_eq!(gone(&Findings::default()), [], "nothing was read yet");
        assert_eq!(gone(&read(1, &now.segment)), [], "a medium that fails reads differently each time");
        assert_eq!(gone(&read(2, &now.segment)), [before], "it was read twice and is the same");
        let written_again = plan(&listing(vec![file("A", 3, 3)]), &both, &[], &read(2, &now.segment));
        assert_eq!(written_again.gone, [], "it is not the file that was read");
    }

    #[test]
    fn evidence_that_is_nowhere_keeps_no_file_from_being_pulled_or_its_problem_from_staying() {
        for kind in [ProblemKind::OnlyOnCamera, ProblemKind::OnlyElsewhere, ProblemKind::Lost] {
            let mut lost = known("A", b"abc", SpoolCopy::Lost, 0);
            Arc::make_mut(&mut lost.segment).damaged = true;
            let problems = [problem("A", kind)];
            let there = plan(&listing(vec![file("A", 3, 1)]), &[lost.clone()], &problems, &Findings::default());
            assert_eq!((there.pull.len(), there.kept.len()), (1, 0));
            assert_eq!(plan(&listing(vec![]), &[lost], &problems, &Findings::default()).resolved, []);
        }
    }

    #[test]
    fn a_damaged_segment_counts_as_taken_although_its_file_is_kept() {
        let mut damaged = known("A", b"abc", SpoolCopy::Present, 0);
        Arc::make_mut(&mut damaged.segment).damaged = true;
        let problems = [problem("A", ProblemKind::DamagedAtSource { missing: 1 })];
        let look = listing(vec![file("A", 3, 1), file("B", 5, 1)]);
        let plan =
            plan(&look, &[damaged, known("B", b"abcde", SpoolCopy::Present, 0)], &problems, &Findings::default());
        assert_eq!((plan.kept.len(), plan.taken), (1, ByteCount::new(8)));
    }

    #[test]
    fn a_file_that_was_damaged_is_read_again_once_something_else_was_wrong_with_it() {
        let mut damaged = known("A", b"abc", SpoolCopy::Present, 0);
        Arc::make_mut(&mut damaged.segment).damaged = true;
        let look = listing(vec![file("A", 3, 1)]);
        for (kind, read_again) in [
            (ProblemKind::DamagedAtSource { missing: 1 }, false),
            (ProblemKind::Unreadable { error: String::new() }, true),
        ] {
            let plan = plan(&look, &[damaged.clone()], &[problem("A", kind)], &Findings::default());
            assert_eq!((plan.pull.len() == 1, plan.kept.len() == 1), (read_again, !read_again));
        }
    }

    #[test]
    fn a_damaged_file_is_kept_whatever_else_is_wrong_with_a_file_of_its_name() {
        let mut damaged = known("A", b"abc", SpoolCopy::Present, 0);
        Arc::make_mut(&mut damaged.segment).damaged = true;
        let told = |segment| Problem { segment, ..problem("A", ProblemKind::DamagedAtSource { missing: 1 }) };
        let unsteady = problem("A", ProblemKind::Unsteady);
        let another = known("A", b"abd", SpoolCopy::Present, 0).segment.id;
        let look = listing(vec![file("A", 3, 1)]);
        for (problems, read_again) in [
            ([told(Some(damaged.segment.id)), unsteady.clone()], false),
            ([unsteady.clone(), told(Some(damaged.segment.id))], false),
            ([unsteady, told(Some(another))], true),
        ] {
            let plan = plan(&look, &[damaged.clone()], &problems, &Findings::default());
            assert_eq!((plan.pull.len() == 1, plan.kept.len() == 1), (read_again, !read_again), "{problems:?}");
        }
    }

    #[test]
    fn all_that_was_wrong_with_a_file_ends_with_it_but_for_what_its_copy_lacks() {
        let problems = [
            Problem { id: ProblemId(1), ..problem("A", ProblemKind::Unsteady) },
            Problem { id: ProblemId(2), ..problem("A", ProblemKind::Unreadable { error: String::new() }) },
            problem("A", ProblemKind::DamagedAtSource { missing: 1 }),
        ];
        let gone = plan(&listing(vec![]), &[], &problems, &Findings::default());
        assert_eq!(gone.resolved, [ProblemId(1), ProblemId(2)]);
    }

    #[test]
    fn a_file_that_waits_is_neither_copied_nor_deleted() {
        let waits = BTreeMap::from([(path("A"), WaitsFor::Quiet), (path("B"), WaitsFor::Closing)]);
        let look = listing(vec![file("A", 3, 1), file("B", 3, 1), file("C", 3, 1)]);
        let known = [known("B", b"abc", SpoolCopy::Present, 0)];
        let plan = plan(&look, &known, &[], &Findings { waits, ..Findings::default() });
        let paths = |files: &[SourceFile]| files.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
        assert_eq!((paths(&plan.pull), plan.have.len(), plan.gone.len()), (vec![path("C")], 0, 0));
        assert_eq!(
            plan.waiting.iter().map(|(_, what)| *what).collect::<Vec<_>>(),
            [WaitsFor::Quiet, WaitsFor::Closing]
        );
    }

    #[test]
    fn files_are_taken_before_the_image_of_their_volume() {
        let image = SourceFile { kind: SourceKind::Image, ..file("/p1.img", 9, 1) };
        let plan = plan(&listing(vec![image, file("A", 3, 1)]), &[], &[], &Findings::default());
        assert_eq!(plan.pull.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), [path("A"), path("/p1.img")]);
    }

    #[test]
    fn the_hold_of_an_image_ends_when_its_volume_is_sound() {
        let problems = [problem("/p1.img", ProblemKind::DamagedVolume { missing: 0 })];
        assert_eq!(plan(&listing(vec![]), &[], &problems, &Findings::default()).resolved, [ProblemId(3)]);
    }

    #[test]
    fn an_image_is_taken_at_each_docking_and_once_only() {
        let image = SourceFile { kind: SourceKind::Image, ..file("/p1.img", 3, 3) };
        let mut taken = known("/p1.img", b"abc", SpoolCopy::Present, 0);
        Arc::make_mut(&mut taken.segment).damaged = true;
        let look = listing(vec![image.clone()]);
        let (problems, known) = ([problem("/p1.img", ProblemKind::DamagedVolume { missing: 0 })], [taken.clone()]);
        assert_eq!(
            plan(&look, &known, &problems, &Findings::default()).pull,
            std::slice::from_ref(&image),
            "it may be another one by now"
        );
        let segments = BTreeMap::from([(path("/p1.img"), (image, taken.segment))]);
        let here = plan(&look, &known, &problems, &Findings { segments, ..Findings::default() });
        assert_eq!((here.pull.len(), here.kept.len()), (0, 1));
    }

    #[test]
    fn what_cannot_be_seen_is_not_gone() {
        let known = [known("DCIM/101/A", b"abc", SpoolCopy::Present, 0)];
        let problems = [problem("DCIM/101/B", ProblemKind::Unreadable { error: String::new() })];
        let oddity = Oddity { path: path("DCIM/101"), kind: OddityKind::Unreadable };
        let look = Listing { files: Vec::new(), oddities: vec![oddity] };
        let plan = plan(&look, &known, &problems, &Findings::default());
        assert_eq!((plan.gone.len(), plan.resolved.len()), (0, 0));
    }
}
