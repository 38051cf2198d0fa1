//! From "everything is copied" to "nothing is left on the camera": comparing, waiting for the proofs, deleting.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::time::{Instant, sleep, timeout};

use super::patience::{Patience, Trouble};
use super::plan::Plan;
use super::standing::{Open, standing};
use super::waits::WaitsFor;
use super::{Docking, DockingError, LOOK_AGAIN, SHOW_EVERY};
use crate::camera::{CameraError, Kept, NotDeleted};
use crate::custody::{Clearance, SourceMatch, Unproven};
use crate::domain::{BayNotice, CameraNotice, ProblemKind, Segment, SourceFile, SourcePath};
use crate::faults::{PlantedBug, planted};
use crate::journal::tell;
use crate::transfer::{NotCleared, OVERDUE, SourceTrouble, WipeError, WipeOutcome, check_source, clear, wipe};

/// So many destinations' answers are awaited at once.
const QUESTIONS: usize = 8;
/// So many files go on one permit, so that no answer on it is old when the last of them is deleted.
const PERMIT: usize = 4096;

/// How waiting ended.
pub(super) enum Waited {
    /// Every required destination has answered, or a person must.
    Settled,
    /// The camera shows something new.
    News,
}

/// Whether the rest of a wipe waits for a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    Yes,
    No,
}

impl Docking {
    /// Reads every known file once more, while the uplink is busy, and compares it with its segment.
    pub(super) async fn check_sources(&mut self, have: &[(SourceFile, Arc<Segment>)]) -> Result<(), DockingError> {
        let total = have.len() as u64;
        let mut shown = Instant::now();
        for (done, (file, segment)) in have.iter().enumerate() {
            if shown.elapsed() >= SHOW_EVERY {
                self.show_uploaded().await?;
                shown = Instant::now();
            }
            let checked = |source: &SourceMatch| source.segment() == segment.id && source.still_holds_for(file);
            if self.findings.sources.get(&file.path).is_some_and(checked) {
                continue;
            }
            if planted(PlantedBug::StaleSourceCheck)
                && self.findings.sources.contains_key(&file.path)
                && let Ok(stale) = SourceMatch::compare(segment, file, segment.fingerprint.clone())
            {
                self.findings.sources.insert(file.path.clone(), stale);
                continue;
            }
            self.say(BayNotice::Comparing { done: done as u64, total });
            match self.while_showing(check_source(&*self.camera, &self.turns, file, segment)).await? {
                Ok(source) => {
                    self.could_be_read(&file.path).await?;
                    self.findings.segments.insert(file.path.clone(), (file.clone(), Arc::clone(segment)));
                    self.findings.sources.insert(file.path.clone(), source);
                }
                Err(SourceTrouble::Differs) => {
                    tell(&self.about().file(&file.path), CameraNotice::OtherVersion);
                    self.findings.segments.remove(&file.path);
                    self.findings.strangers.insert((file.path.clone(), file.stamp));
                    if self.troubles.once_more(&file.path, Trouble::Unsteady) == Patience::AtItsEnd {
                        self.found(file.path.clone(), ProblemKind::Unsteady).await?;
                    }
                }
                Err(SourceTrouble::Camera(CameraError::Changed(_))) => {}
                Err(SourceTrouble::Camera(CameraError::File { path, source })) => {
                    self.findings.segments.remove(&path);
                    self.unreadable(path, &source).await?;
                }
                Err(SourceTrouble::Camera(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until no required destination has anything of this camera left to receive.
    pub(super) async fn wait_for_proofs(&mut self, mut plan: Plan) -> Result<Waited, DockingError> {
        let unread = plan.have.iter().any(|(file, _)| !self.findings.sources.contains_key(&file.path));
        if unread && self.is_wipeable() {
            sleep(Duration::from_millis(100)).await;
            return Ok(Waited::News);
        }
        let mut changes = self.site.ledger.changes();
        let mut looked = Instant::now();
        loop {
            changes.mark_seen();
            let pending = if planted(PlantedBug::WipeBeforeProof) || planted(PlantedBug::OneProofForAll) {
                0
            } else {
                self.site.ledger.tally_of(self.camera.serial()).await?.pending
            };
            self.show_uploaded().await?;
            if pending == 0 {
                return Ok(Waited::Settled);
            }
            let room =
                standing(&plan, Open::default(), self.camera.serial(), self.camera.condition(), self.progress.held());
            self.say(while_uploading(pending, room.notice));
            let pause = self.until_next_look().saturating_sub(looked.elapsed());
            if pause.is_zero() {
                let had = plan.have.len();
                // There is one in memory at a time.
                drop(plan);
                plan = self.look().await?;
                looked = Instant::now();
                if self.has_news(&plan) || plan.have.len() != had {
                    return Ok(Waited::News);
                }
            }
            // Either something was committed, or it is time to look again; a short rest bundles many commits.
            let _ = timeout(pause, changes.changed()).await;
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Wipes whatever the rule allows to wipe.
    pub(super) async fn wipe(&mut self) -> Result<(), DockingError> {
        if self.findings.sources.is_empty() {
            return Ok(());
        }
        // The condition may have changed since the sources were compared.
        if !self.is_wipeable() {
            return Ok(());
        }
        if let Some(why) = *self.may_wipe.borrow() {
            self.say(why.into());
            return Ok(());
        }
        let plan = self.look().await?;
        if self.has_news(&plan) {
            // Something new or changed: nothing is deleted before it is understood.
            return Ok(());
        }
        for files in plan.have.chunks(PERMIT) {
            self.say(BayNotice::Wiping);
            let (cleared, refusal) = self.clear(files).await?;
            if !cleared.is_empty() {
                self.delete(files, cleared).await?;
            }
            if self.wipe_waits(refusal) == Waits::Yes {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Says what the rest of the wipe waits for, if it does.
    fn wipe_waits(&mut self, refusal: Option<String>) -> Waits {
        let Some(error) = refusal else {
            (self.refusals, self.refused_since) = (0, None);
            return Waits::No;
        };
        self.refusals += 1;
        let waited = self.refused_since.get_or_insert_with(Instant::now).elapsed();
        self.say(while_unanswered(waited, error));
        Waits::Yes
    }

    /// Deletes what was cleared, and notes what is left of it.
    async fn delete(
        &mut self,
        files: &[(SourceFile, Arc<Segment>)],
        cleared: Vec<Clearance>,
    ) -> Result<(), DockingError> {
        let outcome = match wipe(&self.site, self.id, &*self.camera, cleared).await {
            Ok(outcome) => outcome,
            Err(WipeError::Camera(error)) => return Err(error.into()),
            Err(WipeError::Ledger(error)) => return Err(error.into()),
        };
        self.take_in(files, outcome).await
    }

    /// Draws the consequences of a deletion: what is gone, and what is not and why.
    async fn take_in(
        &mut self,
        files: &[(SourceFile, Arc<Segment>)],
        outcome: WipeOutcome,
    ) -> Result<(), DockingError> {
        let WipeOutcome { wiped, still_there, unseen, kept, left } = outcome;
        let [wiped, still_there, unseen] = [wiped, still_there, unseen].map(BTreeSet::from_iter);
        for (file, segment) in files {
            let is_gone = wiped.contains(&segment.id);
            if is_gone {
                self.wiped += file.size;
                self.waits.was_deleted(file.path.clone(), Instant::now());
            }
            if is_gone || still_there.contains(&segment.id) || unseen.contains(&segment.id) {
                // Whatever has this name from now on may be another file: nothing is believed of it before it is read.
                self.findings.sources.remove(&file.path);
                self.findings.segments.remove(&file.path);
            }
        }
        let count = wiped.len() as u64;
        self.progress.wiped(count, left);
        self.board.update(&self.bay, |bay| bay.segments_wiped += count);
        let is_open = |kept: &&NotDeleted| matches!(kept.why, Kept::InUse);
        let open: BTreeSet<SourcePath> = kept.iter().filter(is_open).map(|kept| kept.path.clone()).collect();
        for (file, segment) in files {
            if !still_there.contains(&segment.id) || open.contains(&file.path) {
                continue;
            }
            tell(&self.about().file(&file.path), CameraNotice::StillThere);
            if self.troubles.once_more(&file.path, Trouble::Undead) == Patience::AtItsEnd {
                let error = "it is listed again after each deletion".to_owned();
                self.found(file.path.clone(), ProblemKind::NotDeleted { error }).await?;
            }
        }
        for NotDeleted { path, why } in kept {
            match why {
                Kept::InUse => {
                    let again = self.camera.quiet_time().max(LOOK_AGAIN);
                    self.waits.put_off(path, Instant::now() + again, WaitsFor::Closing);
                }
                Kept::Refused(error) => {
                    self.found(path, ProblemKind::NotDeleted { error: error.to_string() }).await?;
                }
            }
        }
        Ok(())
    }

    /// Asks every required destination about each file. The first that is not well ends the asking; then nothing is cleared.
    /// What could not be asked comes back as well.
    async fn clear(
        &self,
        files: &[(SourceFile, Arc<Segment>)],
    ) -> Result<(Vec<Clearance>, Option<String>), DockingError> {
        let mut compared = files.iter().filter_map(|(file, segment)| {
            let source = self.findings.sources.get(&file.path)?;
            source.still_holds_for(file).then_some((segment, source))
        });
        let mut questions = FuturesUnordered::new();
        let (mut cleared, mut unanswered) = (Vec::new(), None);
        loop {
            while questions.len() < QUESTIONS
                && let Some((segment, source)) = compared.next()
            {
                questions.push(async move { (segment, clear(&self.site, segment, source).await) }.boxed());
            }
            let Some((segment, answer)) = questions.next().await else { break };
            match answer {
                Ok(clearance) => cleared.push(clearance),
                Err(NotCleared::Ledger(error)) => return Err(error.into()),
                Err(error @ NotCleared::Unproven { why: Unproven::Unanswered(_), .. }) => {
                    return Ok((Vec::new(), Some(error.to_string())));
                }
                Err(error @ NotCleared::Unanswered { .. }) => unanswered = Some(error.to_string()),
                // That was said when it became one.
                Err(NotCleared::IsAProblem(_)) => {}
                Err(error) => {
                    tell(&self.about().file(&segment.path), CameraNotice::NotWiped { error: error.to_string() });
                }
            }
        }
        Ok((cleared, unanswered))
    }
}

/// What is to be said while so many segments wait for their proofs, given how the camera would stand without them.
fn while_uploading(segments: u64, standing: Option<BayNotice>) -> BayNotice {
    match standing {
        // Something waits on the camera as well, and may not be taken away with it.
        Some(notice @ (BayNotice::SpoolFull { .. } | BayNotice::DiskFull { .. })) => notice,
        _ => BayNotice::Uploading { segments },
    }
}

/// What is to be said while a destination has not confirmed its proofs for so long.
fn while_unanswered(waited: Duration, error: String) -> BayNotice {
    if waited < OVERDUE { BayNotice::WipeAwaitsDestination { error } } else { BayNotice::WipeOverdue { error } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_uploads_go_on_it_is_said_if_something_still_waits_on_the_camera() {
        let uploading = BayNotice::Uploading { segments: 7 };
        for room in [BayNotice::SpoolFull { files: 2 }, BayNotice::DiskFull { files: 2 }] {
            assert_eq!(while_uploading(7, Some(room.clone())), room);
        }
        assert_eq!(while_uploading(7, None), uploading);
        assert_eq!(while_uploading(7, Some(BayNotice::StillWritten { files: 2 })), uploading);
    }

    #[test]
    fn a_wipe_is_overdue_after_an_hour_and_not_before() {
        let said = |waited| while_unanswered(waited, "busy".to_owned());
        assert_eq!(said(Duration::ZERO), BayNotice::WipeAwaitsDestination { error: "busy".to_owned() });
        let just_before = OVERDUE.saturating_sub(Duration::from_millis(1));
        assert_eq!(said(just_before), BayNotice::WipeAwaitsDestination { error: "busy".to_owned() });
        assert_eq!(said(OVERDUE), BayNotice::WipeOverdue { error: "busy".to_owned() });
        assert_eq!(said(OVERDUE * 2), BayNotice::WipeOverdue { error: "busy".to_owned() });
    }
}
