//! Everything that is worth telling somebody, as closed lists of facts.
//!
//! A notice says what is so, never in which words: the sentences stand in `words`, one file for each language. Whoever shows
//! something, be it a bay's tile, a line of the journal or an exit code, goes by the notice. A notice's fields are named as
//! they are in the sentences about it.

mod bay;
mod destination;
mod station;

use serde::Serialize;

pub use self::bay::{BayCause, BayNotice, BayState, Instruction, OtherNotice};
pub use self::destination::{DestinationCause, DestinationNotice, DestinationState, PutOff};
pub use self::station::StationNotice;
use super::{ProblemKind, SetupTrouble};

/// One thing worth telling, whatever it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "about", rename_all = "kebab-case")]
pub enum Notice {
    /// What goes on in a bay.
    Bay(BayNotice),
    /// What else is in a bay.
    Other(OtherNotice),
    /// How a destination is doing.
    Destination(DestinationNotice),
    /// What of a camera does not get through to a destination.
    PutOff(PutOff),
    /// What a person must look at.
    Problem(ProblemKind),
    /// What could not be set up as configured.
    Setup(SetupTrouble),
    /// What is the matter with the station itself.
    Station(StationNotice),
}

impl Notice {
    /// What programs know it by: stable, and the name of its sentence.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Bay(notice) => format!("bay-{}", <&str>::from(notice)),
            Self::Other(notice) => format!("other-{}", <&str>::from(notice)),
            Self::Destination(notice) => format!("destination-{}", <&str>::from(notice)),
            Self::PutOff(_) => "put-off".to_owned(),
            Self::Problem(kind) => format!("problem-{}", <&str>::from(kind)),
            Self::Setup(_) => "setup".to_owned(),
            Self::Station(notice) => format!("station-{}", <&str>::from(notice)),
        }
    }
}

macro_rules! is_a_notice {
    ($($kind:ident in $variant:ident),* $(,)?) => {
        $(impl From<$kind> for Notice {
            fn from(notice: $kind) -> Self {
                Self::$variant(notice)
            }
        })*
    };
}

is_a_notice! {
    BayNotice in Bay,
    OtherNotice in Other,
    DestinationNotice in Destination,
    PutOff in PutOff,
    ProblemKind in Problem,
    SetupTrouble in Setup,
    StationNotice in Station,
}
