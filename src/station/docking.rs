//! One camera's visit, from its arrival to "take this one".
//!
//! ```text
//!   look ─► offload ─► check sources ─► wait for proofs ─► wipe ─► rest
//!    ▲                                      │                        │
//!    └──────── something new on the camera ─┴────────────────────────┘
//! ```
//!
//! Being yanked is being cancelled: nothing here needs to be undone, and the next docking starts with a look.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::board::Board;
use super::plan::{Findings, Plan, plan};
use super::recover::{ReconcileError, reconcile};
use crate::camera::{Camera, CameraError, Condition, NotDeleted};
use crate::custody::{Clearance, SourceMatch, Unproven};
use crate::domain::{
    BayName, BayState, ByteCount, DockingId, Hold, HoldId, HoldReason, MediumId, Segment, SourceFile, SourcePath,
    counted,
};
use crate::faults::{PlantedBug, planted};
use crate::ledger::{Entry, LedgerError};
use crate::spool::SpoolError;
use crate::transfer::{
    NotCleared, PullError, Site, SourceTrouble, WipeError, backoff, check_source, clear, make_room, pull, wipe,
};

/// So many files of one camera are pulled at once: some are copied while others are synced and read again.
const PULLS: usize = 5;
/// So many destinations' answers are awaited at once.
const QUESTIONS: usize = 8;
/// So many files go on one permit, so that no answer on it is old when the last of them is deleted.
const PERMIT: usize = 4096;
/// A camera is looked at again this often at least, for files that appear late.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// So often a bay's figures are brought up to date during long work.
const SHOW_EVERY: Duration = Duration::from_millis(200);
/// The pause after something that will not be better at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// A file that changed this often while it was being pulled no longer holds up the others.
const RESTLESS: u32 = 3;
/// A file that reads differently so often is held.
const UNSTEADY: u32 = 3;
/// So often a file is read before it counts as unreadable in this docking.
const ATTEMPTS: u32 = 2;

/// Whether wiping is allowed yet; the reason, if not.
pub(super) type WipeGate = watch::Receiver<Option<&'static str>>;

/// Why a docking broke off.
#[derive(Debug, thiserror::Error)]
pub(super) enum DockingError {
    #[error(transparent)]
    Camera(#[from] CameraError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// One camera's visit to one bay.
pub(super) struct Docking {
    pub(super) site: Site,
    pub(super) board: Board,
    pub(super) wipe_gate: WipeGate,
    pub(super) bay: BayName,
    pub(super) camera: Arc<dyn Camera>,
    pub(super) id: DockingId,
    findings: Findings,
    sources: BTreeMap<SourcePath, SourceMatch>,
    attempts: BTreeMap<SourcePath, u32>,
    /// How often each file changed while it was being pulled.
    restless: BTreeMap<SourcePath, u32>,
    /// How often each file, read again, was not what was read before although nothing says that it was written.
    unsteady: BTreeMap<SourcePath, u32>,
    /// Files that are held because they could not be read, as of the last look.
    unread: BTreeMap<SourcePath, HoldId>,
    /// Bytes on the camera that are also in the ledger.
    taken: ByteCount,
    /// Bytes that this docking deleted from the camera.
    wiped: ByteCount,
    /// How often in a row a destination could not answer before the wipe.
    refusals: u32,
    /// What the last look took, so that looking never becomes the main work.
    look_took: Duration,
}

/// How waiting ended.
enum Waited {
    /// Every required destination has answered, or a person must.
    Settled,
    /// The camera shows something new.
    News,
}

impl Docking {
    pub(super) fn new(
        site: Site,
        board: Board,
        wipe_gate: WipeGate,
        bay: BayName,
        camera: Arc<dyn Camera>,
        id: DockingId,
    ) -> Self {
        Self {
            site,
            board,
            wipe_gate,
            bay,
            camera,
            id,
            findings: Findings::default(),
            sources: BTreeMap::new(),
            attempts: BTreeMap::new(),
            restless: BTreeMap::new(),
            unsteady: BTreeMap::new(),
            unread: BTreeMap::new(),
            taken: ByteCount::default(),
            wiped: ByteCount::default(),
            refusals: 0,
            look_took: Duration::ZERO,
        }
    }

    /// Serves the camera until it is gone. Returns only with an error; being taken out is being cancelled.
    pub(super) async fn serve(&mut self) -> Result<std::convert::Infallible, DockingError> {
        loop {
            let plan = self.look().await?;
            self.offload(plan.pull).await?;
            let plan = self.look().await?;
            if self.has_news(&plan) {
                // Still growing, or appeared meanwhile.
                sleep(LOOK_AGAIN).await;
                continue;
            }
            if self.may_wipe() {
                self.check_sources(&plan.have).await?;
            }
            match self.wait_for_proofs(&plan).await? {
                Waited::News => continue,
                Waited::Settled => self.wipe().await?,
            }
            self.rest().await?;
        }
    }

    /// Lists the camera, tells the ledger what is new about it, and plans.
    async fn look(&mut self) -> Result<Plan, DockingError> {
        let began = Instant::now();
        let listing = self.camera.list().await?;
        let serial = self.camera.serial();
        let known = self.site.ledger.on_camera(serial).await?;
        let holds = self.site.ledger.holds(Some(serial.clone())).await?;
        let plan = plan(&listing, &known, &holds, &self.findings);
        let unread = |hold: &&Hold| matches!(hold.reason, HoldReason::Unreadable { .. } | HoldReason::TooLarge { .. });
        self.unread = holds.iter().filter(unread).map(|hold| (hold.path.clone(), hold.id)).collect();
        self.taken = plan.taken;
        self.look_took = began.elapsed();

        let odd = plan.odd.iter().map(|oddity| Entry::HoldPlaced {
            camera: serial.clone(),
            path: oddity.path.clone(),
            segment: None,
            destination: None,
            reason: HoldReason::Oddity { kind: oddity.kind },
        });
        let gone = plan.gone.iter().map(|segment| Entry::OriginalGone { docking: self.id, segment: *segment });
        let resolved = plan.resolved.iter().map(|hold| Entry::HoldReleased { hold: *hold });
        let settled = self.settled_media().await?;
        let settled = (!settled.is_empty()).then_some(Entry::WipeSettled { docking: self.id, media: settled });
        let entries = odd.chain(gone).chain(resolved).chain(settled).collect();
        self.record(entries).await?;
        self.show_totals(&listing.files);
        Ok(plan)
    }

    /// The media on which a deletion was begun some time, and which are found sound now.
    async fn settled_media(&self) -> Result<Vec<MediumId>, LedgerError> {
        let media = self.camera.media();
        if media.is_empty() || self.camera.condition() != Condition::Sound {
            return Ok(Vec::new());
        }
        let unsettled = self.site.ledger.unsettled_media(self.camera.serial()).await?;
        Ok(media.iter().filter(|medium| unsettled.contains(medium)).cloned().collect())
    }

    /// Whether anything may be deleted from this camera at all.
    fn may_wipe(&self) -> bool {
        self.camera.condition().allows_wiping()
    }

    /// Whether there is something to pull that may come to rest. A file that is written on and on is tried again and
    /// again, and kept, but the others do not wait for it.
    fn has_news(&self, plan: &Plan) -> bool {
        let restless = |file: &SourceFile| self.restless.get(&file.path).is_some_and(|changes| *changes >= RESTLESS);
        plan.pull.iter().any(|file| !restless(file))
    }

    /// Pulls files until each is in the spool, has changed, or cannot be read.
    async fn offload(&mut self, files: Vec<SourceFile>) -> Result<(), DockingError> {
        if files.is_empty() {
            return Ok(());
        }
        let total = files.len();
        let mut waiting = VecDeque::from(files);
        let mut pulls: JoinSet<(SourceFile, Result<Segment, PullError>)> = JoinSet::new();
        let mut done = 0;
        loop {
            while pulls.len() < PULLS
                && let Some(file) = waiting.pop_front()
            {
                let (site, camera, docking) = (self.site.clone(), Arc::clone(&self.camera), self.id);
                pulls.spawn(async move {
                    let result = pull(&site, docking, &*camera, &file).await;
                    (file, result)
                });
            }
            self.say(BayState::Offloading, format!("Copying from the camera: {done} of {total} segments."));
            let Some(pulled) = pulls.join_next().await else { return Ok(()) };
            let Ok((file, result)) = pulled else { continue };
            match result {
                Ok(segment) => {
                    done += 1;
                    self.taken += file.size;
                    self.attempts.remove(&file.path);
                    if let Some(hold) = self.unread.remove(&file.path) {
                        // A file that could be read after all needs nobody any more.
                        self.record(vec![Entry::HoldReleased { hold }]).await?;
                    }
                    self.findings.segments.insert(file.path.clone(), (file, segment));
                    self.show_uploaded().await?;
                }
                Err(error) => {
                    if self.pull_failed(&file, error).await? == Again::Now {
                        waiting.push_back(file);
                    }
                }
            }
        }
    }

    /// Decides what to do about a file that was not pulled.
    async fn pull_failed(&mut self, file: &SourceFile, error: PullError) -> Result<Again, DockingError> {
        match error {
            PullError::Ledger(error) => Err(error.into()),
            PullError::Camera(CameraError::Changed(path)) => {
                *self.restless.entry(path).or_default() += 1;
                Ok(Again::AtTheNextLook)
            }
            PullError::Camera(CameraError::File { path, source }) => {
                let attempts = self.attempts.entry(path.clone()).or_default();
                *attempts += 1;
                if *attempts < ATTEMPTS {
                    return Ok(Again::Now);
                }
                self.attempts.remove(&path);
                self.hold_unreadable(path, &source).await?;
                Ok(Again::AtTheNextLook)
            }
            PullError::Camera(error) => Err(error.into()),
            PullError::Spool(SpoolError::TooLarge(size)) => {
                self.hold(file.path.clone(), HoldReason::TooLarge { size: size.get() }).await?;
                Ok(Again::AtTheNextLook)
            }
            PullError::Spool(SpoolError::Full) => {
                let removed = match make_room(&self.site).await {
                    Ok(removed) => removed,
                    Err(crate::transfer::ReleaseError::Ledger(error)) => return Err(error.into()),
                    Err(crate::transfer::ReleaseError::Spool(_)) => 0,
                };
                if removed == 0 {
                    // A copy whose docking was cancelled before it was recorded takes up room that nobody would free.
                    if let Err(ReconcileError::Ledger(error)) = reconcile(&self.site).await {
                        return Err(error.into());
                    }
                    self.say(
                        BayState::Offloading,
                        "The spool is full. Copying goes on by itself once uploads have made room.",
                    );
                    sleep(PATIENCE).await;
                }
                Ok(Again::Now)
            }
            PullError::Spool(error) => {
                self.say(
                    BayState::Attention,
                    format!("Nothing is copied: {error}. Nothing is wiped; the camera keeps everything."),
                );
                sleep(PATIENCE).await;
                Ok(Again::Now)
            }
            error @ PullError::BadCopy(_) => {
                tracing::error!(bay = %self.bay, %error, "pulling again");
                self.say(BayState::Attention, format!("Copying again: {error}."));
                sleep(PATIENCE).await;
                Ok(Again::Now)
            }
        }
    }

    /// Reads every known file once more, while the uplink is busy, and compares it with its segment.
    async fn check_sources(&mut self, have: &[(SourceFile, Segment)]) -> Result<(), DockingError> {
        let total = have.len();
        let mut shown = Instant::now();
        for (done, (file, segment)) in have.iter().enumerate() {
            if shown.elapsed() >= SHOW_EVERY {
                self.show_uploaded().await?;
                shown = Instant::now();
            }
            let checked = |source: &SourceMatch| source.segment() == segment.id && source.still_holds_for(file);
            if self.sources.get(&file.path).is_some_and(checked) {
                continue;
            }
            if planted(PlantedBug::StaleSourceCheck)
                && self.sources.contains_key(&file.path)
                && let Ok(stale) = SourceMatch::compare(segment, file, segment.fingerprint.clone())
            {
                self.sources.insert(file.path.clone(), stale);
                continue;
            }
            self.say(
                BayState::Uploading,
                format!("Uploading. Reading the camera again to compare: {done} of {total}."),
            );
            match self.while_showing(check_source(&self.site, &*self.camera, file, segment)).await? {
                Ok(source) => {
                    self.findings.segments.insert(file.path.clone(), (file.clone(), segment.clone()));
                    self.sources.insert(file.path.clone(), source);
                }
                Err(SourceTrouble::Differs) => {
                    tracing::warn!(bay = %self.bay, file = %file.path, "not the segment it looked like; pulling it as a new one");
                    self.findings.segments.remove(&file.path);
                    self.findings.strangers.insert((file.path.clone(), file.stamp));
                    let differed = self.unsteady.entry(file.path.clone()).or_default();
                    *differed += 1;
                    if *differed >= UNSTEADY {
                        self.hold(file.path.clone(), HoldReason::Unsteady).await?;
                    }
                }
                Err(SourceTrouble::Camera(CameraError::Changed(_))) => {}
                Err(SourceTrouble::Camera(CameraError::File { path, source })) => {
                    self.findings.segments.remove(&path);
                    self.hold_unreadable(path, &source).await?;
                }
                Err(SourceTrouble::Camera(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until no required destination has anything of this camera left to receive.
    async fn wait_for_proofs(&mut self, plan: &Plan) -> Result<Waited, DockingError> {
        let unread = plan.have.iter().any(|(file, _)| !self.sources.contains_key(&file.path));
        if unread && self.may_wipe() {
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
                self.site.ledger.pending_of(self.camera.serial()).await?
            };
            self.show_uploaded().await?;
            if pending == 0 {
                return Ok(Waited::Settled);
            }
            self.say(
                BayState::Uploading,
                format!(
                    "Uploading: {} to go. The camera may be taken; the wipe then waits for its next docking.",
                    counted(pending, "segment")
                ),
            );
            let pause = self.until_next_look().saturating_sub(looked.elapsed());
            if pause.is_zero() {
                let now = self.look().await?;
                looked = Instant::now();
                if self.has_news(&now) || now.have.len() != plan.have.len() {
                    return Ok(Waited::News);
                }
            }
            // Either something was committed, or it is time to look again; a short rest bundles many commits.
            let _ = timeout(pause, changes.changed()).await;
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Wipes whatever the rule allows to wipe.
    async fn wipe(&mut self) -> Result<(), DockingError> {
        if self.sources.is_empty() || !self.may_wipe() {
            return Ok(());
        }
        if let Some(reason) = *self.wipe_gate.borrow() {
            self.say(BayState::Uploading, format!("Everything is uploaded. Wiping waits: {reason}."));
            return Ok(());
        }
        let plan = self.look().await?;
        if self.has_news(&plan) {
            // Something new or changed: nothing is deleted before it is understood.
            return Ok(());
        }
        for files in plan.have.chunks(PERMIT) {
            self.say(BayState::Wiping, "Every required copy is proven. Deleting the files from the camera.");
            let (cleared, refusal) = self.clear(files).await?;
            self.refusals = if refusal.is_some() { self.refusals + 1 } else { 0 };
            if let Some(why) = refusal {
                self.say(BayState::Uploading, format!("Wiping waits: {why}. It goes on by itself."));
                return Ok(());
            }
            if cleared.is_empty() {
                continue;
            }
            let outcome = match wipe(&self.site, self.id, &*self.camera, cleared).await {
                Ok(outcome) => outcome,
                Err(WipeError::Camera(error)) => return Err(error.into()),
                Err(WipeError::Ledger(error)) => return Err(error.into()),
            };
            for (file, segment) in files {
                let wiped = outcome.wiped.contains(&segment.id);
                if wiped {
                    self.wiped += file.size;
                }
                if wiped || outcome.still_there.contains(&segment.id) {
                    // Whatever has this name from now on may be another file: nothing is believed of it before it is read.
                    self.sources.remove(&file.path);
                    self.findings.segments.remove(&file.path);
                }
            }
            let wiped = outcome.wiped.len() as u64;
            self.board.update(&self.bay, |bay| bay.segments_wiped += wiped);
            for segment in &outcome.still_there {
                tracing::warn!(bay = %self.bay, %segment, "was to be deleted, and may be there still");
            }
            for NotDeleted { path, source } in outcome.refused {
                self.hold(path, HoldReason::NotDeleted { error: source.to_string() }).await?;
            }
        }
        Ok(())
    }

    /// Asks every required destination about each file. The first that cannot answer ends the asking; then nothing is
    /// cleared, and what it said comes back as well.
    async fn clear(&self, files: &[(SourceFile, Segment)]) -> Result<(Vec<Clearance>, Option<String>), DockingError> {
        let mut questions = Vec::new();
        for (file, segment) in files {
            let Some(source) = self.sources.get(&file.path) else { continue };
            if source.still_holds_for(file) {
                questions.push(async move { (segment, clear(&self.site, segment, source).await) }.boxed());
            }
        }
        let mut answers = futures::stream::iter(questions).buffer_unordered(QUESTIONS);
        let mut cleared = Vec::new();
        while let Some((segment, answer)) = answers.next().await {
            match answer {
                Ok(clearance) => cleared.push(clearance),
                Err(NotCleared::Ledger(error)) => return Err(error.into()),
                Err(error @ NotCleared::Unproven { why: Unproven::Unanswered(_), .. }) => {
                    return Ok((Vec::new(), Some(error.to_string())));
                }
                Err(error) => tracing::warn!(bay = %self.bay, segment = %segment.path, %error, "not wiped yet"),
            }
        }
        Ok((cleared, None))
    }

    /// Says how the camera stands, and waits until it is time to look again.
    async fn rest(&mut self) -> Result<(), DockingError> {
        let plan = self.look().await?;
        let held = self.site.ledger.holds(Some(self.camera.serial().clone())).await?.len();
        let now = self.site.clock.now();
        if plan.pull.is_empty() && plan.have.is_empty() && held == 0 {
            self.board.update(&self.bay, |bay| {
                bay.state = BayState::Ready;
                bay.ready_at.get_or_insert(now);
                "Uploaded, proven and wiped: take this one.".clone_into(&mut bay.message);
            });
        } else if !plan.pull.is_empty() {
            let growing = plan.pull.len();
            self.say(
                BayState::Offloading,
                format!("{growing} files are still being written; camdock takes them as soon as they rest."),
            );
        } else if let Condition::Unsound(why) = self.camera.condition() {
            self.say(BayState::Attention, format!("{why} What can be read is uploaded, and an image of it; nothing is deleted. A person must look at it: camdock hold list."));
        } else if self.camera.condition() == Condition::WriteProtected {
            self.say(BayState::Attention, "Everything on it is uploaded, but it can only be read, so its files stay on it. Is the lock of its card switched on?");
        } else if held > 0 {
            let camera = self.camera.serial();
            self.say(BayState::Attention, format!("A person must look at {}; everything else is safe. See: camdock hold list, camdock explain {camera}.", counted(held as u64, "file")));
        }
        if self.refusals > 0 {
            // A destination that cannot answer is not asked every other second by every camera that is docked.
            sleep(backoff(self.refusals)).await;
            return Ok(());
        }
        let mut changes = self.site.ledger.changes();
        changes.mark_seen();
        let _ = timeout(self.until_next_look(), changes.changed()).await;
        sleep(Duration::from_millis(100)).await;
        Ok(())
    }

    /// Looking takes a twentieth of the time at most.
    fn until_next_look(&self) -> Duration {
        LOOK_AGAIN.max(self.look_took * 20)
    }

    async fn hold_unreadable(&mut self, path: SourcePath, error: &std::io::Error) -> Result<(), DockingError> {
        self.hold(path, HoldReason::Unreadable { error: error.to_string() }).await
    }

    /// A file that this docking does not try again unless a person says so.
    async fn hold(&mut self, path: SourcePath, reason: HoldReason) -> Result<(), DockingError> {
        tracing::warn!(bay = %self.bay, file = %path, "{reason}");
        self.findings.given_up.insert(path.clone());
        if self.unread.contains_key(&path) {
            return Ok(());
        }
        self.record(vec![Entry::HoldPlaced {
            camera: self.camera.serial().clone(),
            path,
            segment: None,
            destination: None,
            reason,
        }])
        .await
    }

    async fn record(&self, entries: Vec<Entry>) -> Result<(), DockingError> {
        Ok(self.site.ledger.record(self.site.clock.now(), entries).await?)
    }

    fn say(&self, state: BayState, message: impl Into<String>) {
        self.board.say(&self.bay, state, message);
    }

    fn show_totals(&self, files: &[SourceFile]) {
        let listed = files.len() as u64;
        let bytes: ByteCount = files.iter().map(|file| file.size).sum();
        let wiped = self.wiped;
        self.board.update(&self.bay, |bay| {
            // What was wiped is no longer listed, but belongs to the totals of this docking.
            bay.segments_total = listed + bay.segments_wiped;
            bay.bytes_total = bytes + wiped;
            if listed > 0 {
                bay.ready_at = None;
            }
        });
    }

    /// Keeps the bay's figures true while something takes its time.
    async fn while_showing<T>(&self, work: impl Future<Output = T>) -> Result<T, DockingError> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                () = sleep(SHOW_EVERY) => self.show_uploaded().await?,
            }
        }
    }

    async fn show_uploaded(&self) -> Result<(), DockingError> {
        let unproven = self.site.ledger.unproven_bytes_of(self.camera.serial()).await?;
        let uploaded = self.taken.saturating_sub(unproven) + self.wiped;
        self.board.update(&self.bay, |bay| bay.bytes_uploaded = uploaded);
        Ok(())
    }
}

/// When a file that was not pulled is tried again.
#[derive(Debug, PartialEq, Eq)]
enum Again {
    Now,
    AtTheNextLook,
}
