//! Why a camera's files are still on it, or what they were wiped by.

use std::collections::BTreeSet;

use crate::custody::{Facts, Judged, Source, WipeCondition, conditions};
use crate::domain::{
    CameraSerial, Condition, DeliveryState, DestinationName, Docking, DockingId, ExplainedSegment, Explanation,
    Judgement, Problem, Protection, Removal, SegmentId, SpoolCopy, Verdict,
};
use crate::ledger::{Ledger, LedgerError};

/// A camera, as far as the station knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedCamera {
    /// Its segments, by path.
    pub segments: Vec<ExplainedSegment>,
    /// Problems with files that are no segments, since they could not be read.
    pub problems: Vec<Problem>,
}

/// What the ledger knows about a camera, or `None` if it has never seen it.
///
/// # Errors
/// [`LedgerError`] if it cannot be read.
pub async fn explain(
    ledger: &Ledger,
    camera: &CameraSerial,
    required: &BTreeSet<DestinationName>,
) -> Result<Option<ExplainedCamera>, LedgerError> {
    let known = ledger.explain(camera).await?;
    let mut problems = ledger.problems(Some(camera.clone())).await?;
    if known.is_empty() && problems.is_empty() {
        return Ok(None);
    }
    problems.retain(|problem| problem.segment.is_none());
    let segments = known.into_iter().map(|known| explained(known, required)).collect();
    Ok(Some(ExplainedCamera { segments, problems }))
}

/// A docking with what the ledger knows about its segments: `limit` at most, from behind the segment `after` on. `None` if there is no
/// such docking or segment.
///
/// # Errors
/// [`LedgerError`] if it cannot be read.
pub async fn explain_docking(
    ledger: &Ledger,
    docking: DockingId,
    after: Option<SegmentId>,
    limit: u32,
    required: &BTreeSet<DestinationName>,
) -> Result<Option<(Docking, Vec<ExplainedSegment>)>, LedgerError> {
    let found = ledger.docking(docking, after, limit).await?;
    Ok(found.map(|(docking, known)| (docking, known.into_iter().map(|known| explained(known, required)).collect())))
}

fn explained(known: Explanation, required: &BTreeSet<DestinationName>) -> ExplainedSegment {
    let judged = judge(&known, required)
        .into_iter()
        .map(|(condition, met)| Judgement { verdict: Verdict::of(&met), condition: seen(condition, &known) });
    let here = if known.spool == SpoolCopy::Lost { Verdict::Unmet } else { Verdict::Met };
    let read = Condition::WasRead { copy: known.spool, original: known.removal() };
    let conditions = std::iter::once(Judgement { condition: read, verdict: here }).chain(judged).collect();
    ExplainedSegment { known, conditions }
}

/// A condition, with what is known beyond whether it is met.
fn seen(condition: WipeCondition, known: &Explanation) -> Condition {
    let original = known.removal();
    match condition {
        WipeCondition::SomethingIsRequired => Condition::SomethingIsRequired,
        WipeCondition::EveryByteWasRead => Condition::EveryByteWasRead,
        WipeCondition::CopyIsProven(destination) => {
            let copy = known.copies.iter().find(|copy| copy.destination == destination);
            let (state, method) = (copy.map(|copy| copy.state), copy.and_then(|copy| copy.method));
            let Protection { retention, legal_hold } = copy.map(|copy| copy.protection).unwrap_or_default();
            let (kept_until, enforcement) = (retention.map(|it| it.until), retention.map(|it| it.enforcement));
            Condition::CopyIsProven { destination, state, method, kept_until, enforcement, legal_hold, original }
        }
        WipeCondition::SourceIsTheSegment => {
            Condition::SourceIsTheSegment { original, at: known.gone.map(|gone| gone.at) }
        }
    }
}

/// The rule, applied to what the ledger remembers.
fn judge(known: &Explanation, required: &BTreeSet<DestinationName>) -> Vec<Judged> {
    let proven = known.copies.iter().filter(|copy| copy.state == DeliveryState::Proven);
    conditions(&Facts {
        damaged: known.segment.damaged,
        // What camdock deleted it had compared before.
        source: match known.removal() {
            Some(Removal::Wiped | Removal::Interrupted) => Source::Same,
            Some(Removal::NotByCamdock) | None => Source::NotRead,
        },
        proven: proven.map(|copy| copy.destination.clone()).collect(),
        required,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::custody::{Clearance, Proof, SourceMatch, Unmet, WipeCondition};
    use crate::domain::{
        ByteCount, Copy, Fingerprint, Moment, Protection, Segment, SegmentId, SourceFile, SourceKind, SourcePath,
    };

    const STATES: [DeliveryState; 4] =
        [DeliveryState::Queued, DeliveryState::Proven, DeliveryState::Problem, DeliveryState::Stranded];

    fn segment(damaged: bool) -> Segment {
        let (camera, path) = (CameraSerial::new("BWC-1").unwrap(), SourcePath::new(b"A.MP4".to_vec()));
        let fingerprint = Fingerprint::of(b"film", ByteCount::new(4));
        let id = SegmentId::of(&camera, &path, &fingerprint.sha256);
        Segment { id, camera, path, recorded_at: Moment::from_millis(7), fingerprint, damaged }
    }

    proptest! {
        /// The destinations are as the ledger remembers them; then the only thing that `explain` cannot say "met" of, and a
        /// docking can, is that the camera's file was read again.
        #[test]
        fn what_is_explained_is_what_a_permit_is_judged_by(
            damaged in any::<bool>(),
            required in prop::collection::btree_set(prop::sample::select(vec!["a", "b", "c"]), 0..4),
            copies in prop::collection::btree_map(
                prop::sample::select(vec!["a", "b", "c", "d"]), prop::sample::select(STATES.to_vec()), 0..5),
        ) {
            let place = |name: &str| DestinationName::new(name).unwrap();
            let segment = segment(damaged);
            let required: BTreeSet<_> = required.into_iter().map(place).collect();
            let copy = |(name, state): (&&str, &DeliveryState)| {
                let (destination, protection) = (place(name), Protection::NONE);
                Copy { destination, state: *state, version: None, method: None, protection }
            };
            let known = Explanation {
                segment: segment.clone(),
                spool: SpoolCopy::Present,
                copies: copies.iter().map(copy).collect(),
                problems: Vec::new(),
                gone: None,
                seen_at: None,
            };
            let explained = judge(&known, &required);

            let proven = copies.iter().filter(|(_, state)| **state == DeliveryState::Proven);
            let proofs: Vec<_> =
                proven.map(|(name, _)| Proof::claimed(place(name), segment.fingerprint.clone())).collect();
            let file = SourceFile {
                path: segment.path.clone(),
                size: segment.fingerprint.size,
                modified: segment.recorded_at,
                stamp: 1,
                kind: SourceKind::File,
            };
            let source = SourceMatch::compare(&segment, &file, segment.fingerprint.clone()).unwrap();
            let cleared = Clearance::check(&segment, &source, &proofs, &required);

            let unread = (WipeCondition::SourceIsTheSegment, Err(Unmet::SourceNotRead));
            prop_assert!(explained.contains(&unread));
            let others = explained.into_iter().filter(|judged| *judged != unread);
            prop_assert_eq!(cleared.map(|_| ()), others.into_iter().try_for_each(|(_, met)| met));
        }
    }
}
