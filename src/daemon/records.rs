//! What pages and programs ask of the station's records.
//!
//! Promises: the ledger is asked as the commands ask it, on a connection of its own that can only read. However often anybody looks, no
//! step of the station waits for it. A few questions are asked at a time; one that gets no answer is told to have none, and goes on
//! waiting in the place that it has, so that a disk that hangs costs a few threads and nothing else.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::executor::block_on;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::SystemClock;
use crate::audit::explain_docking;
use crate::config::Config;
use crate::domain::{
    Clock as _, Day, DestinationName, Docking, DockingId, ExplainedDocking, Problem, ProblemId, SegmentId,
};
use crate::ledger::{LEDGER_FILE, Ledger, LedgerError};
use crate::views::{NoRecords, Records};

/// So many questions are asked at a time.
const AT_ONCE: usize = 2;
/// So long somebody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The records of a station, as its ledger has them.
pub(super) struct LedgerRecords {
    ledger: PathBuf,
    required: BTreeSet<DestinationName>,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl LedgerRecords {
    pub(super) fn of(config: &Config) -> Self {
        let ledger = config.station.data_dir.join(LEDGER_FILE);
        Self { ledger, required: config.required(), places: Arc::new(Semaphore::new(AT_ONCE)), patience: PATIENCE }
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl AsyncFnOnce(Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, NoRecords> {
        let asked = async {
            // The semaphore is never closed.
            let place = Arc::clone(&self.places).acquire_owned().await.ok();
            let path = self.ledger.clone();
            let answer = tokio::task::spawn_blocking(move || {
                let _place = place;
                block_on(question(Ledger::look_only(&path)?))
            });
            // It fails only when the runtime shuts down.
            answer.await.unwrap_or(Err(LedgerError::Closed))
        };
        match timeout(self.patience, asked).await {
            Ok(answer) => answer.map_err(|error| NoRecords::Unreadable { why: error.to_string() }),
            Err(_) => Err(NoRecords::Silent { seconds: self.patience.as_secs() }),
        }
    }
}

#[async_trait]
impl Records for LedgerRecords {
    async fn day(&self) -> Result<Day, NoRecords> {
        let now = SystemClock.now();
        self.ask(async move |ledger| ledger.day(now).await).await
    }

    async fn dockings(&self, before: Option<DockingId>, limit: u32) -> Result<Option<Vec<Docking>>, NoRecords> {
        self.ask(async move |ledger| ledger.dockings(before, limit).await).await
    }

    async fn docking(
        &self,
        docking: DockingId,
        after: Option<SegmentId>,
        limit: u32,
    ) -> Result<Option<ExplainedDocking>, NoRecords> {
        let (required, read_at) = (self.required.clone(), SystemClock.now());
        let found =
            self.ask(async move |ledger| explain_docking(&ledger, docking, after, limit, &required).await).await?;
        Ok(found.map(|(docking, segments)| ExplainedDocking { docking, segments, read_at }))
    }

    async fn problems(&self, after: ProblemId, limit: u32) -> Result<Vec<Problem>, NoRecords> {
        self.ask(async move |ledger| ledger.problems_after(after, limit).await).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn records(folder: &tempfile::TempDir) -> LedgerRecords {
        let ledger = folder.path().join(LEDGER_FILE);
        drop(Ledger::connect(&ledger).unwrap());
        let places = Arc::new(Semaphore::new(AT_ONCE));
        LedgerRecords { ledger, required: BTreeSet::new(), places, patience: Duration::from_millis(500) }
    }

    #[tokio::test]
    async fn a_question_that_gets_no_answer_is_told_to_have_none_and_keeps_its_place_until_it_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let records = records(&folder);
        let (answers, hangs): (Vec<_>, Vec<_>) = (0..AT_ONCE).map(|_| mpsc::channel::<()>()).unzip();
        let hanging = hangs.into_iter().map(|hang| {
            records.ask(async move |_| {
                let _ = hang.recv();
                Ok(())
            })
        });
        let silent = || Err(NoRecords::Silent { seconds: 0 });
        for told in futures::future::join_all(hanging).await {
            assert_eq!(told, silent());
        }
        assert_eq!(records.problems(ProblemId(0), 1).await.map(|_| ()), silent(), "nobody else gets in");
        drop(answers);
        let again = async { while records.problems(ProblemId(0), 1).await.is_err() {} };
        timeout(Duration::from_secs(20), again).await.expect("until the disk is well");
    }

    #[tokio::test]
    async fn a_ledger_that_is_not_there_is_said_to_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        let records = LedgerRecords { ledger: folder.path().join("nowhere"), ..records(&folder) };
        let told = records.day().await.unwrap_err();
        assert!(matches!(&told, NoRecords::Unreadable { why } if why.contains("nowhere")), "{told}");
    }
}
