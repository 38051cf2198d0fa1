//! Where requests to the station are handed in.

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use crate::domain::{DestinationName, Earlier, PlaceId, Problem, ProblemId};
use crate::station::Command;
use crate::views::Desk;

/// Passes on what the station must do.
pub(super) struct StationDesk {
    pub(super) orders: mpsc::Sender<Command>,
}

#[async_trait]
impl Desk for StationDesk {
    async fn retry(&self, problem: ProblemId) -> Result<Option<Problem>, String> {
        let (reply, answer) = oneshot::channel();
        let stopped = "the station is stopping";
        self.orders.send(Command::Retry { problem, reply }).await.map_err(|_| stopped.to_owned())?;
        answer.await.map_err(|_| stopped.to_owned())
    }

    async fn enrol(
        &self,
        destination: DestinationName,
        place: PlaceId,
        earlier: Earlier,
    ) -> Result<Option<Result<(), String>>, String> {
        let (reply, answer) = oneshot::channel();
        let stopped = "the station is stopping";
        let order = Command::Enrol { destination, place, earlier, reply };
        self.orders.send(order).await.map_err(|_| stopped.to_owned())?;
        let answer = answer.await.map_err(|_| stopped.to_owned())?;
        Ok(answer.map(|enrolled| enrolled.map_err(|error| error.to_string())))
    }
}
