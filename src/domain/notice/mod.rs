//! Everything that is worth telling somebody, as closed lists of facts.
//!
//! A notice says what is so, never in which words: the sentences stand in `words`, in each language. Whoever shows
//! something, be it a bay's tile, a line of the journal or an exit code, goes by the notice. A notice's fields are named as
//! they are in the sentences about it.

mod access;
mod bay;
mod camera;
mod destination;
mod dock;
mod segment;
mod severity;
mod station;
mod storage;
mod subject;

use serde::Serialize;
use strum::VariantNames as _;

pub use self::access::AccessNotice;
pub use self::bay::{BayCause, BayNotice, BayState, Instruction, OtherNotice};
pub use self::camera::CameraNotice;
pub use self::destination::{DestinationCause, DestinationNotice, DestinationState, PutOff};
pub use self::dock::DockNotice;
pub use self::segment::SegmentNotice;
pub use self::severity::Severity;
pub use self::station::StationNotice;
pub use self::storage::StorageNotice;
pub use self::subject::Subject;
use super::{ConnectionTrouble, ProblemKind, SetupTrouble};

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
    /// What stands between the station and a destination.
    Connection(ConnectionTrouble),
    /// What of a camera does not get through to a destination.
    PutOff(PutOff),
    /// What a person must look at.
    Problem(ProblemKind),
    /// What could not be set up as configured.
    Setup(SetupTrouble),
    /// What happened with a camera.
    Camera(CameraNotice),
    /// What happened with a segment.
    Segment(SegmentNotice),
    /// What happened with the ledger or the spool.
    Storage(StorageNotice),
    /// What happened with a bay's folder or port.
    Dock(DockNotice),
    /// What is the matter with the station itself, or happened with it.
    Station(StationNotice),
    /// Who was let in, or was not.
    Access(AccessNotice),
}

impl Notice {
    /// What programs know it by: stable, and the name of its sentence.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Bay(notice) => format!("bay-{}", <&str>::from(notice)),
            Self::Other(notice) => format!("other-{}", <&str>::from(notice)),
            Self::Destination(notice) => format!("destination-{}", <&str>::from(notice)),
            Self::Connection(trouble) => format!("connection-{}", <&str>::from(trouble)),
            Self::PutOff(_) => "put-off".to_owned(),
            Self::Problem(kind) => format!("problem-{}", <&str>::from(kind)),
            Self::Setup(_) => "setup".to_owned(),
            Self::Camera(notice) => format!("camera-{}", <&str>::from(notice)),
            Self::Segment(notice) => format!("segment-{}", <&str>::from(notice)),
            Self::Storage(notice) => format!("storage-{}", <&str>::from(notice)),
            Self::Dock(notice) => format!("dock-{}", <&str>::from(notice)),
            Self::Station(notice) => format!("station-{}", <&str>::from(notice)),
            Self::Access(notice) => format!("access-{}", <&str>::from(notice)),
        }
    }

    /// The ids of all that there are.
    #[must_use]
    pub fn ids() -> Vec<String> {
        let of = |about: &'static str, ids: &'static [&'static str]| ids.iter().map(move |id| format!("{about}-{id}"));
        of("bay", BayNotice::VARIANTS)
            .chain(of("other", OtherNotice::VARIANTS))
            .chain(of("destination", DestinationNotice::VARIANTS))
            .chain(of("connection", ConnectionTrouble::VARIANTS))
            .chain(["put-off".to_owned()])
            .chain(of("problem", ProblemKind::VARIANTS))
            .chain(["setup".to_owned()])
            .chain(of("camera", CameraNotice::VARIANTS))
            .chain(of("segment", SegmentNotice::VARIANTS))
            .chain(of("storage", StorageNotice::VARIANTS))
            .chain(of("dock", DockNotice::VARIANTS))
            .chain(of("station", StationNotice::VARIANTS))
            .chain(of("access", AccessNotice::VARIANTS))
            .collect()
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
    ConnectionTrouble in Connection,
    PutOff in PutOff,
    ProblemKind in Problem,
    SetupTrouble in Setup,
    CameraNotice in Camera,
    SegmentNotice in Segment,
    StorageNotice in Storage,
    DockNotice in Dock,
    StationNotice in Station,
    AccessNotice in Access,
}
