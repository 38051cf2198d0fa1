//! The station: cameras, transfers and the ledger at work together. It knows ports only; `daemon` puts adapters behind them.
//!
//! Promises: a camera that comes into a bay is served without a human; one that leaves, whenever it leaves, harms
//! nothing; and whatever ends the process, the next start carries on.

mod bays;
mod board;
mod docking;
mod forecast;
mod lateness;
mod overdue;
mod recover;
mod status;
mod supervise;

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::task::JoinError;

use crate::camera::{Camera, CameraError};
use crate::dock::Location;
use crate::domain::{
    Caller, CameraSerial, DestinationName, DockingId, Earlier, NotRetained, NotRetired, PlaceId, Problem, ProblemId,
    Retain, Retained, RetiredCamera,
};
use crate::ledger::{Health, LedgerError};
use crate::transfer::NoPlace;

pub use supervise::{Doors, Station};

/// Makes a camera out of what a bay found, for one docking. This is where a station learns about kinds of cameras.
pub type OpenCamera =
    Arc<dyn Fn(Location, DockingId) -> BoxFuture<'static, Result<Arc<dyn Camera>, CameraError>> + Send + Sync>;

/// Reads the whole ledger and says whether it is sound.
pub type Examine = Arc<dyn Fn() -> BoxFuture<'static, Result<Health, LedgerError>> + Send + Sync>;

/// What people ask of a running station.
#[derive(Debug)]
pub enum Command {
    /// Try again what a person has looked at.
    Retry {
        /// Which problem.
        problem: ProblemId,
        /// Who asks.
        by: Caller,
        /// Gets the problem that is tried again, or `None` if there is no such problem.
        reply: oneshot::Sender<Option<Problem>>,
    },
    /// Miss a camera no more.
    Retire {
        /// Which camera.
        camera: CameraSerial,
        /// Who asks.
        by: Caller,
        /// Gets what is known of it, or why it is not done.
        reply: oneshot::Sender<Result<RetiredCamera, NotRetired>>,
    },
    /// Keep longer what is known of a camera.
    Retain {
        /// What, and how.
        retain: Retain,
        /// Who asks.
        by: Caller,
        /// Gets how much that is, or why it is not done.
        reply: oneshot::Sender<Result<Retained, NotRetained>>,
    },
    /// Enrol the place that a person has looked at.
    Enrol {
        /// As which destination.
        destination: DestinationName,
        /// Which place the person saw there.
        place: PlaceId,
        /// What becomes of an earlier enrolment.
        earlier: Earlier,
        /// Who asks.
        by: Caller,
        /// Gets how that went, or `None` if there is no such destination.
        reply: oneshot::Sender<Option<Result<(), NoPlace>>>,
    },
}

/// Why a station stopped.
#[derive(Debug, thiserror::Error)]
pub enum StationError {
    /// The ledger failed.
    #[error(transparent)]
    Ledger(LedgerError),
    /// The ledger is damaged. The next start sets it aside and rebuilds it from what can be read.
    #[error("the ledger is damaged: {0}. camdock sets it aside and rebuilds it at the next start")]
    LedgerDamaged(String),
    /// A part of camdock broke off.
    #[error("a part of camdock broke off: {0}. Please report this")]
    Broken(String),
}

impl From<LedgerError> for StationError {
    /// Damage is damage, whether the examination finds it or a step stumbles over it before.
    fn from(error: LedgerError) -> Self {
        if error.is_damage() { Self::LedgerDamaged(error.to_string()) } else { Self::Ledger(error) }
    }
}

/// What a task came to; nothing, if it was cancelled.
fn outcome<T>(ended: Result<Result<T, StationError>, JoinError>) -> Result<Option<T>, StationError> {
    match ended {
        Ok(outcome) => outcome.map(Some),
        Err(error) if error.is_cancelled() => Ok(None),
        Err(error) => Err(StationError::Broken(error.to_string())),
    }
}
