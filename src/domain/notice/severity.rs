//! How much a notice matters.

use super::{BayNotice, BayState, DestinationNotice, DestinationState, Notice, OtherNotice};
use crate::domain::ProblemKind;

/// How much it matters, and to whom. The journal's levels follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A step on the way: for who looks for a cause.
    Step,
    /// What became of something: once for each docking, and nothing while nothing happens.
    Outcome,
    /// Somebody should act; camdock goes on meanwhile.
    Warning,
    /// Evidence or its history is at stake, and only a person can mend that.
    Alarm,
}

impl Notice {
    /// How much it matters.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Bay(notice) => of_a_bay(notice),
            Self::Other(OtherNotice::WaitsItsTurn { .. } | OtherNotice::HadItsTurn { .. }) => Severity::Step,
            Self::Destination(notice) => of_a_destination(notice),
            Self::Connection(_) | Self::PutOff(_) => Severity::Outcome,
            Self::Problem(ProblemKind::LedgerRebuilt { .. } | ProblemKind::Lost) => Severity::Alarm,
            Self::Problem(_) | Self::Other(OtherNotice::NoCamera { .. }) | Self::Setup(_) => Severity::Warning,
            Self::Camera(notice) => notice.severity(),
            Self::Segment(notice) => notice.severity(),
            Self::Storage(notice) => notice.severity(),
            Self::Dock(notice) => notice.severity(),
            Self::Station(notice) => notice.severity(),
            Self::Access(notice) => notice.severity(),
        }
    }
}

const fn of_a_bay(notice: &BayNotice) -> Severity {
    match notice.state() {
        BayState::Attention | BayState::Refused => Severity::Warning,
        BayState::Empty
        | BayState::Identifying
        | BayState::Offloading
        | BayState::Uploading
        | BayState::Wiping
        | BayState::Charging
        | BayState::Ready => Severity::Step,
    }
}

const fn of_a_destination(notice: &DestinationNotice) -> Severity {
    match notice.state() {
        DestinationState::Refused | DestinationState::Overdue | DestinationState::Attention => Severity::Warning,
        DestinationState::Unknown | DestinationState::Ok | DestinationState::Waiting => Severity::Outcome,
    }
}
