//! What is wrong with a camera as a whole, or with many of its entries at once: one problem for all of a kind, however many they
//! are. Plain functions, so that they can be read and tested as a table.
//!
//! A camera decides what it holds and how often that changes, and the log is kept for ever: so what is written down about its
//! entries does not grow with their number, and in one docking only so often ([`Notes`]).

use std::collections::BTreeMap;

use crate::camera::{BlindSpots, Condition, Listing};
use crate::domain::{Problem, ProblemId, ProblemKind, SourcePath};

/// So many files of a camera may have the same trouble, each as a problem of its own, before the others share one.
pub(super) const FEW: usize = 16;
/// So many of them are named.
const EXAMPLES: usize = 3;

/// What was found to be wrong, to be compared with what is known to be.
pub(super) type Found = Vec<(SourcePath, ProblemKind)>;

/// What of the problems that the ledger has is to change.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// What it does not have yet.
    pub(super) found: Found,
    /// What is no longer so.
    pub(super) over: Vec<ProblemId>,
}

/// What one look shows to be wrong. `alike` are files beyond the first [`FEW`] of their kind, `looping` those that the camera
/// makes anew whenever they are deleted, and `stays` is how many files are ready to be deleted.
pub(super) fn found(
    listing: &Listing,
    condition: &Condition,
    stays: usize,
    alike: &BTreeMap<SourcePath, ProblemKind>,
    looping: &[SourcePath],
) -> Found {
    let oddities = listing.oddities.iter().map(|odd| (&odd.path, ProblemKind::Oddity { kind: odd.kind }));
    let alike = alike.iter().map(|(path, kind)| (path, kind.clone()));
    let looping = looping.iter().map(|path| (path, ProblemKind::Recreated));
    let mut kinds: Vec<(ProblemKind, Vec<&SourcePath>)> = Vec::new();
    for (path, kind) in oddities.chain(alike).chain(looping) {
        match kinds.iter_mut().find(|(known, _)| known.is_like(&kind)) {
            Some((_, paths)) => paths.push(path),
            None => kinds.push((kind, vec![path])),
        }
    }
    let mut found: Found = kinds.into_iter().map(|(kind, paths)| together(kind, &paths)).collect();
    if *condition == Condition::WriteProtected && stays > 0 {
        found.push((SourcePath::new(Vec::new()), ProblemKind::ReadOnly));
    }
    found
}

/// One problem for all entries that have this trouble; there is at least one.
fn together(kind: ProblemKind, paths: &[&SourcePath]) -> (SourcePath, ProblemKind) {
    let first = paths[0].clone();
    // Where each has a problem of its own as long as they are few, even one more is one of many.
    let shared = matches!(kind, ProblemKind::Oddity { .. } | ProblemKind::Recreated);
    if shared && paths.len() == 1 {
        return (first, kind);
    }
    let examples = paths.iter().take(EXAMPLES).map(|path| (*path).clone()).collect();
    (first, ProblemKind::Many { like: Box::new(kind), count: paths.len() as u64, examples })
}

/// Whether a problem is one of those that a look finds anew each time.
pub(super) const fn is_seen_at_each_look(kind: &ProblemKind) -> bool {
    matches!(
        kind,
        ProblemKind::Oddity { .. } | ProblemKind::Many { .. } | ProblemKind::Recreated | ProblemKind::ReadOnly
    )
}

/// Compares what was found with the problems that the ledger has of this camera.
pub(super) fn compare(found: &Found, problems: &[Problem], blind: &BlindSpots<'_>) -> News {
    let known =
        || problems.iter().filter(|problem| problem.destination.is_none() && is_seen_at_each_look(&problem.kind));
    let mut news = News::default();
    for (path, kind) in found {
        let mut alike = known().filter(|problem| problem.kind.is_like(kind)).peekable();
        let still_true = alike.peek().is_some_and(|problem| says_enough(problem, path, kind));
        if still_true {
            // Earlier versions wrote one problem for each entry.
            news.over.extend(alike.skip(1).map(|problem| problem.id));
        } else {
            news.found.push((path.clone(), kind.clone()));
            news.over.extend(alike.map(|problem| problem.id));
        }
    }
    let over = known().filter(|problem| !found.iter().any(|(_, kind)| kind.is_like(&problem.kind)));
    let hidden = |problem: &&Problem| {
        matches!(problem.kind, ProblemKind::Oddity { .. } | ProblemKind::Many { .. }) && blind.may_hide(&problem.path)
    };
    news.over.extend(over.filter(|problem| !hidden(problem)).map(|problem| problem.id));
    news
}

/// Whether a problem that is written down need not be written anew. A number that grew counts as said until it doubled: else a
/// camera that adds an entry between any two looks would fill the log.
fn says_enough(problem: &Problem, path: &SourcePath, kind: &ProblemKind) -> bool {
    match (&problem.kind, kind) {
        (ProblemKind::Many { count: said, .. }, ProblemKind::Many { count, .. }) => {
            said <= count && *count < said.saturating_mul(2)
        }
        (ProblemKind::ReadOnly, ProblemKind::ReadOnly) => true,
        (said, kind) => problem.path == *path && said == kind,
    }
}

/// How much one docking may still write down about what it sees at each look.
#[derive(Debug)]
pub(super) struct Notes {
    left: usize,
}

impl Default for Notes {
    fn default() -> Self {
        Self { left: 1_000 }
    }
}

impl Notes {
    /// As much of the news as may be written down; all of it or none. Whether it was refused for the first time.
    pub(super) fn allow(&mut self, news: News) -> (News, bool) {
        let wanted = news.found.len() + news.over.len();
        if wanted <= self.left {
            self.left -= wanted;
            return (news, false);
        }
        (News::default(), std::mem::take(&mut self.left) > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CameraSerial, Moment, Oddity, OddityKind};

    fn path(name: &str) -> SourcePath {
        SourcePath::new(name.as_bytes().to_vec())
    }

    fn links(names: impl IntoIterator<Item = String>) -> Listing {
        let oddities = names.into_iter().map(|name| Oddity { path: path(&name), kind: OddityKind::SymbolicLink });
        Listing { files: Vec::new(), oddities: oddities.collect() }
    }

    fn numbered(count: u64) -> Listing {
        links((0..count).map(|number| format!("l{number:06}")))
    }

    fn seen(listing: &Listing) -> Found {
        found(listing, &Condition::Sound, 0, &BTreeMap::new(), &[])
    }

    fn known(found: &Found) -> Vec<Problem> {
        let problem = |(index, (path, kind)): (usize, &(SourcePath, ProblemKind))| Problem {
            id: ProblemId(i64::try_from(index).unwrap()),
            camera: Some(CameraSerial::new("BWC-1").unwrap()),
            path: path.clone(),
            segment: None,
            destination: None,
            kind: kind.clone(),
            since: Moment::from_millis(0),
        };
        found.iter().enumerate().map(problem).collect()
    }

    #[test]
    fn forty_thousand_links_are_one_problem_with_their_number_and_a_few_names() {
        let look = numbered(40_000);
        let found = seen(&look);
        let [(first, ProblemKind::Many { like, count, examples })] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((first, **like == ProblemKind::Oddity { kind: OddityKind::SymbolicLink }), (&path("l000000"), true));
        assert_eq!((*count, examples.len()), (40_000, 3));
        assert_eq!(compare(&found, &known(&found), &look.blind_spots()), News::default(), "said once");
    }

    #[test]
    fn entries_of_two_kinds_are_two_problems() {
        let mut look = numbered(5);
        look.oddities.push(Oddity { path: path("pipe"), kind: OddityKind::Fifo });
        assert_eq!(seen(&look).len(), 2);
    }

    #[test]
    fn a_number_is_written_anew_when_it_doubled_or_is_no_longer_reached() {
        let said = known(&seen(&numbered(100)));
        for (now, anew) in [(100, false), (101, false), (199, false), (200, true), (99, true)] {
            let look = numbered(now);
            let news = compare(&seen(&look), &said, &look.blind_spots());
            assert_eq!((news.found.len(), news.over.len()), if anew { (1, 1) } else { (0, 0) }, "{now}");
        }
    }

    #[test]
    fn what_is_gone_is_over_unless_it_may_be_hidden() {
        let said = known(&seen(&numbered(3)));
        let bare = Listing::default();
        assert_eq!(compare(&seen(&bare), &said, &bare.blind_spots()).over, [ProblemId(0)]);
        let blind = Listing {
            files: Vec::new(),
            oddities: vec![Oddity { path: path("l000000"), kind: OddityKind::Unreadable }],
        };
        assert_eq!(compare(&seen(&blind), &said, &blind.blind_spots()).over, []);
    }

    #[test]
    fn forty_thousand_files_that_cannot_be_read_are_one_problem_besides_the_first_few() {
        let kind = || ProblemKind::Unreadable { error: "it is another user's".to_owned() };
        let alike = (0..40_000).map(|number| (path(&format!("f{number:06}")), kind())).collect();
        let found = found(&Listing::default(), &Condition::Sound, 0, &alike, &[]);
        assert!(matches!(found.as_slice(), [(_, ProblemKind::Many { count: 40_000, .. })]), "{found:?}");
    }

    #[test]
    fn a_card_that_can_only_be_read_is_one_problem_and_over_when_it_can_be_written_to() {
        let look = Listing::default();
        let protected = found(&look, &Condition::WriteProtected, 60, &BTreeMap::new(), &[]);
        assert_eq!(protected, [(path(""), ProblemKind::ReadOnly)]);
        assert_eq!(compare(&protected, &known(&protected), &look.blind_spots()), News::default());
        assert_eq!(compare(&seen(&look), &known(&protected), &look.blind_spots()).over, [ProblemId(0)]);
        assert!(
            found(&look, &Condition::WriteProtected, 0, &BTreeMap::new(), &[]).is_empty(),
            "nothing is kept on it by that"
        );
    }

    #[test]
    fn a_camera_that_keeps_changing_fills_no_log() {
        let mut notes = Notes::default();
        let mut said = Vec::new();
        let (mut written, mut refused) = (0, 0);
        for turn in 0..100_000 {
            let look = numbered(u64::from(turn % 2 == 0));
            let (news, first) = notes.allow(compare(&seen(&look), &said, &look.blind_spots()));
            written += news.found.len() + news.over.len();
            refused += u32::from(first);
            said = if news.found.is_empty() { said } else { known(&news.found) };
            if !news.over.is_empty() {
                said.clear();
            }
        }
        assert!(written <= 1_000, "{written}");
        assert!(refused <= 1, "told once");
    }
}
