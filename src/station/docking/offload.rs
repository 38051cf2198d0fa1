//! Copying: every file of a camera into the spool, whatever single ones of them do.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::patience::{Patience, Trouble};
use super::waits::WaitsFor;
use super::{Docking, DockingError, PAUSE, SHOW_EVERY};
use crate::camera::CameraError;
use crate::domain::{BayNotice, ByteCount, ProblemKind, Segment, SourceFile};
use crate::spool::SpoolError;
use crate::transfer::{PullError, ShelfError, make_room, pull, reconcile};

/// So many files of one camera are pulled at once: some are copied while others are synced and read again.
const PULLS: usize = 5;
/// Small files are mostly synced, and what is synced together costs the disk little more than one of them: so many are pulled at once,
/// as long as all of them together are no longer than this.
const SMALL_PULLS: usize = 24;
const SMALL_TOGETHER: ByteCount = ByteCount::new(4 << 20);

/// When a file that was not pulled is tried again.
#[derive(Debug, PartialEq, Eq)]
enum Again {
    Now,
    AtTheNextLook,
}

/// Whether a file of this size may be pulled beside so many others that are so long together.
fn may_begin(size: ByteCount, pulls: usize, under_way: ByteCount) -> bool {
    pulls < PULLS || (pulls < SMALL_PULLS && under_way + size <= SMALL_TOGETHER)
}

impl Docking {
    /// Pulls files until each is in the spool, has changed, or cannot be read.
    pub(super) async fn offload(&mut self, files: Vec<SourceFile>) -> Result<(), DockingError> {
        if files.is_empty() {
            return Ok(());
        }
        let total = files.len() as u64;
        let mut waiting = VecDeque::from(files);
        let mut pulls: JoinSet<(SourceFile, Result<Segment, PullError>)> = JoinSet::new();
        let (mut done, mut under_way, mut shown) = (0, ByteCount::default(), Instant::now());
        loop {
            while let Some(file) = waiting.pop_front_if(|file| may_begin(file.size, pulls.len(), under_way)) {
                under_way += file.size;
                let (site, camera, docking) = (self.site.clone(), Arc::clone(&self.camera), self.id);
                let turns = Arc::clone(&self.turns);
                pulls.spawn(async move {
                    let result = pull(&site, docking, &*camera, &turns, &file).await;
                    (file, result)
                });
            }
            self.say(BayNotice::Copying { done, total });
            let Some(pulled) = pulls.join_next().await else { return Ok(()) };
            let Ok((file, result)) = pulled else { continue };
            under_way = under_way.saturating_sub(file.size);
            match result {
                Ok(segment) => {
                    done += 1;
                    self.taken += file.size;
                    self.could_be_read(&file.path).await?;
                    self.findings.segments.insert(file.path.clone(), (file, Arc::new(segment)));
                    if shown.elapsed() >= SHOW_EVERY {
                        self.show_uploaded().await?;
                        shown = Instant::now();
                    }
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
                self.troubles.once_more(&path, Trouble::Restless);
                Ok(Again::AtTheNextLook)
            }
            PullError::Camera(CameraError::File { path, source }) => {
                if self.troubles.once_more(&path, Trouble::Unreadable) == Patience::Left {
                    return Ok(Again::Now);
                }
                self.troubles.forget(&path, Trouble::Unreadable);
                self.unreadable(path, &source).await?;
                Ok(Again::AtTheNextLook)
            }
            PullError::Camera(error) => Err(error.into()),
            PullError::Spool(SpoolError::TooLarge(size)) => {
                self.found(file.path.clone(), ProblemKind::TooLarge { size: size.get() }).await?;
                Ok(Again::AtTheNextLook)
            }
            PullError::Spool(SpoolError::Full) => self.wait_for_room(file).await,
            PullError::Spool(SpoolError::Crowded) => {
                self.waits.put_off(file.path.clone(), Instant::now() + PAUSE, WaitsFor::Disk);
                Ok(Again::AtTheNextLook)
            }
            PullError::Spool(error) => {
                self.say(BayNotice::SpoolFails { error: error.to_string() });
                sleep(PAUSE).await;
                Ok(Again::Now)
            }
            error @ PullError::BadCopy(_) => {
                self.say(BayNotice::BadCopy { error: error.to_string() });
                sleep(PAUSE).await;
                Ok(Again::Now)
            }
        }
    }

    /// The spool is full: makes room, or leaves the file alone for a while, so that others need not wait for it.
    async fn wait_for_room(&mut self, file: &SourceFile) -> Result<Again, DockingError> {
        let now = Instant::now();
        if !self.waits.any(WaitsFor::Uploads, now) {
            match make_room(&self.site).await {
                Ok(1..) => return Ok(Again::Now),
                Err(ShelfError::Ledger(error)) => return Err(error.into()),
                Ok(0) | Err(ShelfError::Spool(_)) => {}
            }
            // A copy whose docking was cancelled before it was recorded takes up room that nobody would free.
            if let Err(ShelfError::Ledger(error)) = reconcile(&self.site).await {
                return Err(error.into());
            }
        }
        self.waits.put_off(file.path.clone(), now + PAUSE, WaitsFor::Uploads);
        Ok(Again::AtTheNextLook)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_are_pulled_many_at_a_time_and_large_ones_few() {
        let at_once = |size: u64| {
            let size = ByteCount::new(size);
            let under_way = |pulls: usize| (0..pulls).map(|_| size).sum();
            (0..100).take_while(|pulls| may_begin(size, *pulls, under_way(*pulls))).count()
        };
        assert_eq!([0, 4 << 10, 100 << 10].map(at_once), [SMALL_PULLS; 3]);
        assert_eq!([512 << 10, 1 << 20, 2 << 30, u64::MAX].map(at_once), [8, PULLS, PULLS, PULLS]);
        assert!(!may_begin(ByteCount::new(1), PULLS, ByteCount::new(2 << 30)), "a large one is under way");
    }
}
