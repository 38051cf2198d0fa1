//! The station: the only room that knows everyone.
//!
//! Promises: a camera that comes into a bay is served without a human; one that leaves, whenever it leaves, harms
//! nothing; and whatever ends the process, the next start carries on.

mod bays;
mod board;
mod clock;
mod docking;
mod leave;
mod open;
mod recover;
mod status;
mod supervise;

use tokio::sync::oneshot;

use crate::domain::{Problem, ProblemId};
use crate::ledger::LedgerError;

pub use clock::SystemClock;
pub use leave::{Unproven, unproven};
pub use open::{DestinationSetupError, LastLedger, OpenError, open_destination};
pub use supervise::{Doors, Examine, OpenCamera, Station};

/// What people ask of a running station.
#[derive(Debug)]
pub enum Command {
    /// Try again what a person has looked at.
    Retry {
        /// Which problem.
        problem: ProblemId,
        /// Gets the problem that is tried again, or `None` if there is no such problem.
        reply: oneshot::Sender<Option<Problem>>,
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
