//! One camera's visit, from its arrival to "take this one".
//!
//! ```text
//!   look ─► offload ─► check sources ─► wait for proofs ─► wipe ─► rest
//!    ▲                                      │                        │
//!    └──────── something new on the camera ─┴────────────────────────┘
//! ```
//!
//! Being yanked is being cancelled: nothing here needs to be undone, and the next docking starts with a look.

mod crowd;
mod offload;
mod patience;
mod plan;
mod progress;
mod rounds;
mod standing;
mod visit;
mod waits;
mod wipe;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use self::crowd::{FEW, Notes};
use self::patience::{Patience, Retries, Trouble, Troubles};
use self::plan::{Findings, Plan, plan};
pub(super) use self::progress::Progress;
use self::rounds::Rounds;
use self::standing::{Open, Room, standing};
pub(super) use self::visit::{Visit, identify};
use self::waits::{Waits, WaitsFor};
use self::wipe::Waited;
use super::board::Board;
use crate::camera::{Camera, CameraError, Condition};
use crate::domain::{
    BayName, BayNotice, BaySnapshot, BayState, ByteCount, CameraNotice, CameraSerial, DockingId, MediumId, Problem,
    ProblemId, ProblemKind, SourceFile, SourcePath, Subject,
};
use crate::journal::tell;
use crate::ledger::{Deletion, Entry, KnownSegment, LedgerError};
use crate::transfer::{Site, Turns, backoff};

/// A camera is looked at again this often at least, for files that appear late.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// So often a bay's figures are brought up to date during long work.
const SHOW_EVERY: Duration = Duration::from_millis(200);
/// The pause after something that will not be better at once.
const PAUSE: Duration = Duration::from_secs(5);

/// Whether wiping is allowed yet; why not, if it is not.
pub(super) type MayWipe = watch::Receiver<Option<NotYet>>;

/// Why nothing is wiped yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotYet {
    /// Ledger and spool are still being examined after the start.
    Examining,
    /// The spool cannot be read.
    SpoolFails,
}

impl From<NotYet> for BayNotice {
    fn from(why: NotYet) -> Self {
        match why {
            NotYet::Examining => Self::WipeAwaitsExamination,
            NotYet::SpoolFails => Self::WipeAwaitsSpool,
        }
    }
}

/// Why a docking broke off.
#[derive(Debug, thiserror::Error)]
enum DockingError {
    #[error(transparent)]
    Camera(#[from] CameraError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// One camera being served in one bay.
struct Docking {
    site: Site,
    board: Board,
    may_wipe: MayWipe,
    bay: BayName,
    camera: Arc<dyn Camera>,
    /// In which its files are read.
    turns: Arc<Turns>,
    id: DockingId,
    findings: Findings,
    troubles: Troubles,
    retries: Retries,
    waits: Waits,
    progress: Progress,
    notes: Notes,
    /// The camera's problems as of the last look.
    problems: Vec<Problem>,
    /// Problems of files that could not be read, as of the last look.
    unread: BTreeMap<SourcePath, ProblemId>,
    /// Bytes on the camera that are also in the ledger.
    taken: ByteCount,
    /// Bytes that this docking deleted from the camera.
    wiped: ByteCount,
    /// How often in a row a destination could not answer before the wipe.
    refusals: u32,
    /// Since when.
    refused_since: Option<Instant>,
    /// What the last look took, so that looking never becomes the main work.
    look_took: Duration,
    /// The looks at it since it is ready.
    rounds: Rounds,
}

impl Docking {
    fn new(
        site: Site,
        board: Board,
        may_wipe: MayWipe,
        bay: BayName,
        camera: Arc<dyn Camera>,
        id: DockingId,
        progress: Progress,
    ) -> Self {
        let waits = Waits::new(camera.quiet_time());
        let turns = Arc::new(site.turns());
        Self {
            site,
            board,
            may_wipe,
            bay,
            camera,
            turns,
            id,
            findings: Findings::default(),
            troubles: Troubles::default(),
            retries: Retries::default(),
            waits,
            progress,
            notes: Notes::default(),
            problems: Vec::new(),
            unread: BTreeMap::new(),
            taken: ByteCount::default(),
            wiped: ByteCount::default(),
            refusals: 0,
            refused_since: None,
            look_took: Duration::ZERO,
            rounds: Rounds::default(),
        }
    }

    /// Serves the camera until it is gone. Returns only with an error; being taken out is being cancelled.
    async fn serve(&mut self) -> Result<std::convert::Infallible, DockingError> {
        loop {
            let mut plan = self.look().await?;
            if self.rounds.go_on() && self.progress.nothing_is_left() {
                // As before.
                self.rest(plan).await?;
                continue;
            }
            self.rounds.end();
            if !plan.pull.is_empty() {
                self.progress.rests(false);
                self.offload(plan.pull).await?;
                plan = self.look().await?;
            }
            if self.has_news(&plan) {
                // Still growing, or appeared meanwhile.
                sleep(LOOK_AGAIN).await;
                continue;
            }
            if self.is_wipeable() {
                self.check_sources(&plan.have).await?;
            }
            match self.wait_for_proofs(plan).await? {
                Waited::News => continue,
                Waited::Settled => self.wipe().await?,
            }
            let plan = self.look().await?;
            self.rest(plan).await?;
        }
    }

    /// Lists the camera, tells the ledger what is new about it, and plans.
    async fn look(&mut self) -> Result<Plan, DockingError> {
        let began = Instant::now();
        let listing = self.camera.list().await?;
        self.progress.listed((listing.files.len() + listing.oddities.len()) as u64);
        self.waits.see(&listing.files, began);
        self.findings.waits = self.waits.now(began);
        self.findings.looping = self.waits.looping(began);
        let due = |path: &&SourcePath| self.retries.is_due(path, began);
        let left_alone = self.findings.given_up.iter().chain(self.findings.alike.keys());
        self.findings.once_more = left_alone.filter(due).cloned().collect();
        let serial = &self.camera.serial().clone();
        let known = self.site.ledger.on_camera(serial).await?;
        let problems = self.site.ledger.problems(Some(serial.clone())).await?;
        self.forget_what_a_person_had_tried_again(&problems);
        let mut plan = plan(&listing, &self.camera.condition(), &known, &problems, &self.findings);
        let unread =
            |problem: &&Problem| matches!(problem.kind, ProblemKind::Unreadable { .. } | ProblemKind::TooLarge { .. });
        self.unread = problems.iter().filter(unread).map(|problem| (problem.path.clone(), problem.id)).collect();
        self.taken = plan.taken;
        self.look_took = began.elapsed();

        let (news, refused) = self.notes.allow(std::mem::take(&mut plan.news));
        if refused {
            tell(&self.about(), CameraNotice::TroublesChange);
        }
        let over = news.over.iter().map(|problem| Entry::ProblemClosed { problem: *problem });
        let found = news.found.into_iter().map(|(path, kind)| problem_found(serial, path, kind));
        plan.gone.iter().for_each(|known| self.tell_gone(known));
        let gone = plan.gone.iter().map(|known| Entry::OriginalGone { docking: self.id, segment: known.segment.id });
        let resolved = plan.resolved.iter().map(|problem| Entry::ProblemClosed { problem: *problem });
        let settled = self.settled_media().await?;
        let settled = (!settled.is_empty()).then_some(Entry::WipeSettled { docking: self.id, media: settled });
        let entries = over.chain(found).chain(gone).chain(resolved).chain(settled).collect();
        self.site.record_each(entries).await?;
        self.problems = problems;
        self.show_figures(&listing.files).await?;
        Ok(plan)
    }

    fn tell_gone(&self, known: &KnownSegment) {
        let notice = match known.deletion {
            Deletion::Begun => CameraNotice::DeletionCompleted,
            Deletion::NotBegun => CameraNotice::GoneByItself,
        };
        tell(&self.about().file(&known.segment.path), notice);
    }

    /// What its notices are about.
    fn about(&self) -> Subject {
        Subject::station().bay(&self.bay).camera(self.camera.serial()).docking(self.id)
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
    fn is_wipeable(&self) -> bool {
        self.camera.condition().allows_wiping()
    }

    /// Whether there is something to pull that may come to rest. A file that is written on and on is tried again and
    /// again, and kept, but the others do not wait for it.
    fn has_news(&self, plan: &Plan) -> bool {
        let worth_it = |file: &SourceFile| self.troubles.patience(&file.path, Trouble::Restless) == Patience::Left;
        plan.pull.iter().any(worth_it)
    }

    /// Says how the camera stands, as it was just looked at, and waits until it is time to look again.
    async fn rest(&mut self, plan: Plan) -> Result<(), DockingError> {
        let serial = self.camera.serial();
        let problems = self.site.ledger.problems(Some(serial.clone())).await?;
        // What is kept or left needs somebody, even where that is not written down, or was closed in this moment.
        let idle = plan.pull.is_empty() && plan.have.is_empty() && plan.waiting.is_empty();
        let left = u64::from(idle && !self.progress.nothing_is_left());
        let told: u64 = problems.iter().map(|problem| problem.kind.entries()).sum();
        let open = Open {
            problems: told.max(plan.kept.len() as u64).max(left),
            missing: problems.iter().filter(|problem| problem.kind.is_about_copies()).count() as u64,
            unproven: self.site.ledger.tally_of(serial).await?.unproven,
            room: self.room(&plan).await?,
        };
        let now = self.site.clock.now();
        let standing = standing(&plan, open, self.camera.serial(), self.camera.condition(), self.progress.held());
        let is_ready = standing.notice.as_ref().is_some_and(|notice| notice.state() == BayState::Ready);
        if let Some(notice) = standing.notice {
            self.board.update(&self.bay, |bay| {
                bay.notice = notice;
                if is_ready && bay.ready_at.is_none() {
                    bay.ready_at = Some(now);
                    self.tell_done(bay);
                }
            });
        }
        self.progress.rests(standing.is_at_rest);
        if is_ready {
            self.camera.let_go();
            // Whatever else is committed meanwhile has nothing to do with it.
            sleep(self.rounds.pause(now, LOOK_AGAIN).max(self.look_took * 20)).await;
            return Ok(());
        }
        if self.rounds.go_on() {
            // It is no longer, whatever became of its copies: it is served anew, and said to be what it is.
            self.rounds.end();
            return Ok(());
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

    fn tell_done(&self, shown: &BaySnapshot) {
        if shown.segments_wiped > 0 {
            let (segments, bytes) = (shown.segments_wiped, shown.bytes_total.get());
            tell(&self.about(), CameraNotice::Done { segments, bytes });
        }
    }

    /// Looking takes a twentieth of the time at most. What comes to rest meanwhile is not kept waiting.
    fn until_next_look(&self) -> Duration {
        let rests = self.waits.shortest(Instant::now()).map_or(LOOK_AGAIN, |rests| rests.min(LOOK_AGAIN));
        rests.max(self.look_took * 20)
    }

    async fn unreadable(&mut self, path: SourcePath, error: &std::io::Error) -> Result<(), DockingError> {
        self.retries.failed(path.clone(), Instant::now());
        self.findings.once_more.remove(&path);
        self.found(path, ProblemKind::Unreadable { error: error.to_string() }).await
    }

    /// Whatever was said of a file that could not be read is over: it needs nobody any more.
    async fn could_be_read(&mut self, path: &SourcePath) -> Result<(), DockingError> {
        self.troubles.forget(path, Trouble::Unreadable);
        self.retries.succeeded(path);
        self.findings.given_up.remove(path);
        self.findings.alike.remove(path);
        self.findings.once_more.remove(path);
        match self.unread.remove(path) {
            Some(problem) => self.record(vec![Entry::ProblemClosed { problem }]).await,
            None => Ok(()),
        }
    }

    /// A file that is left alone until a person says otherwise, or until it is time to read it once more.
    async fn found(&mut self, path: SourcePath, kind: ProblemKind) -> Result<(), DockingError> {
        if self.unread.contains_key(&path) {
            self.findings.given_up.insert(path);
            return Ok(());
        }
        let own = self.problems.iter().filter(|problem| problem.kind.is_like(&kind)).count();
        let given_up = self.findings.given_up.len();
        if own.max(given_up) >= FEW {
            // At the next look, with all others like it.
            self.findings.alike.insert(path, kind);
            return Ok(());
        }
        tell(&self.about().file(&path), kind.clone());
        self.findings.given_up.insert(path.clone());
        let entry = problem_found(self.camera.serial(), path, kind);
        self.record(vec![entry]).await
    }

    /// How the spool's room comes back, if something waits for it.
    async fn room(&self, plan: &Plan) -> Result<Room, DockingError> {
        let ledger = &self.site.ledger;
        if !plan.waiting.iter().any(|(_, what)| *what == WaitsFor::Uploads) {
            return Ok(Room::ByItself);
        }
        let queued = ledger.queue(self.site.clock.now()).await?.segments;
        Ok(if queued == 0 && ledger.problem_count().await? > 0 { Room::ByAPerson } else { Room::ByItself })
    }

    /// The problem that many files shared is closed: they are tried again.
    fn forget_what_a_person_had_tried_again(&mut self, problems: &[Problem]) {
        let shared = |problem: &&Problem| matches!(problem.kind, ProblemKind::Many { .. });
        for before in self.problems.iter().filter(shared) {
            if !problems.iter().filter(shared).any(|now| now.kind.is_like(&before.kind)) {
                self.findings.alike.retain(|_, kind| !kind.is_like(&before.kind));
            }
        }
    }

    async fn record(&self, entries: Vec<Entry>) -> Result<(), DockingError> {
        Ok(self.site.record(entries).await?)
    }

    fn say(&self, notice: BayNotice) {
        self.board.say(&self.bay, notice);
    }

    /// Shows all of the bay's figures at once: those of one moment belong together.
    async fn show_figures(&self, files: &[SourceFile]) -> Result<(), DockingError> {
        let listed = files.len() as u64;
        let bytes: ByteCount = files.iter().map(|file| file.size).sum();
        let (wiped, uploaded) = (self.wiped, self.uploaded().await?);
        self.board.update(&self.bay, |bay| {
            // What was wiped is no longer listed, but belongs to the totals of this docking.
            bay.segments_total = listed + bay.segments_wiped;
            bay.bytes_total = bytes + wiped;
            bay.bytes_uploaded = uploaded;
            if listed > 0 {
                bay.ready_at = None;
            }
        });
        Ok(())
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
        let uploaded = self.uploaded().await?;
        self.board.update(&self.bay, |bay| bay.bytes_uploaded = uploaded);
        Ok(())
    }

    /// How much of this docking every required destination has proven.
    async fn uploaded(&self) -> Result<ByteCount, DockingError> {
        let unproven = self.site.ledger.tally_of(self.camera.serial()).await?.unproven_bytes;
        Ok(self.taken.saturating_sub(unproven) + self.wiped)
    }
}

/// The entry about a file or a whole camera, without any destination.
fn problem_found(camera: &CameraSerial, path: SourcePath, kind: ProblemKind) -> Entry {
    Entry::ProblemFound { camera: camera.clone(), path, segment: None, destination: None, kind }
}
