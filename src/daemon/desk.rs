//! Where requests to the station are handed in.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::clock::SystemClock;
use crate::access::Lockouts;
use crate::domain::{
    AccessNotice, Action, Caller, CameraSerial, Clock as _, DestinationName, Earlier, NotRetained, NotRetired, PlaceId,
    Problem, ProblemId, Retain, Retained, RetiredCamera, Subject,
};
use crate::journal::tell;
use crate::ledger::{Entry, Ledger};
use crate::station::Command;
use crate::views::Desk;

/// So many refusals of one caller are written down within a while; they are no reason to fill a log.
const REFUSALS: u32 = 20;

/// Passes on what the station must do, and writes down what it may not.
pub(super) struct StationDesk {
    ledger: Ledger,
    orders: mpsc::Sender<Command>,
    refused: Mutex<Lockouts<Caller>>,
}

impl StationDesk {
    pub(super) fn new(ledger: Ledger, orders: mpsc::Sender<Command>) -> Self {
        Self { ledger, orders, refused: Mutex::new(Lockouts::after(REFUSALS)) }
    }

    /// Whether one more refusal of this caller is written down.
    fn counts(&self, caller: &Caller) -> bool {
        let (mut refused, now) = (self.refused.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        let counts = refused.left(caller, now).is_none();
        if counts {
            refused.failed(caller, now);
        }
        counts
    }

    async fn order<T>(&self, order: Command, answer: oneshot::Receiver<T>) -> Result<T, String> {
        let stopped = "the station is stopping";
        self.orders.send(order).await.map_err(|_| stopped.to_owned())?;
        answer.await.map_err(|_| stopped.to_owned())
    }
}

#[async_trait]
impl Desk for StationDesk {
    async fn retry(&self, problem: ProblemId, by: Caller) -> Result<Option<Problem>, String> {
        let (reply, answer) = oneshot::channel();
        self.order(Command::Retry { problem, by, reply }, answer).await
    }

    async fn retire(&self, camera: CameraSerial, by: Caller) -> Result<Result<RetiredCamera, NotRetired>, String> {
        let (reply, answer) = oneshot::channel();
        self.order(Command::Retire { camera, by, reply }, answer).await
    }

    async fn retain(&self, retain: Retain, by: Caller) -> Result<Result<Retained, NotRetained>, String> {
        let (reply, answer) = oneshot::channel();
        self.order(Command::Retain { retain, by, reply }, answer).await
    }

    async fn enrol(
        &self,
        destination: DestinationName,
        place: PlaceId,
        earlier: Earlier,
        by: Caller,
    ) -> Result<Option<Result<(), String>>, String> {
        let (reply, answer) = oneshot::channel();
        let answer = self.order(Command::Enrol { destination, place, earlier, by, reply }, answer).await?;
        Ok(answer.map(|enrolled| enrolled.map_err(|error| error.to_string())))
    }

    async fn refuse(&self, action: Action, by: Caller) {
        if self.counts(&by) {
            let entry = Entry::ActionRefused { by, action };
            // A ledger that fails ends the station, which says so.
            if self.ledger.record(SystemClock.now(), vec![entry]).await.is_ok() {
                tell(&Subject::station(), AccessNotice::ActionRefused);
            }
        }
    }
}
