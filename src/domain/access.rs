//! Who may see and do what, and who did.

use std::fmt;

use serde::Serialize;
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::{CameraSerial, DestinationName, Earlier, PlaceId, ProblemId, Retain, UserName};

/// What a user is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Display, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Role {
    /// Sees.
    Officer,
    /// Has problems tried again, and says which cameras do not come back.
    It,
    /// Says which places are the right ones, too.
    Admin,
}

/// What somebody may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See the numbers that are collected from the station.
    SeeMetrics,
    /// See the bays.
    SeeBays,
    /// See everything that the station shows.
    SeeStation,
    /// Have problems tried again.
    Retry,
    /// Say that a camera does not come back.
    Retire,
    /// Have evidence kept longer.
    Retain,
    /// Say which place counts as a destination.
    Enrol,
}

/// What somebody is to the station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Nobody that it knows.
    Stranger,
    /// A program that collects numbers, by its address.
    Collector,
    /// A screen for officers, by its address.
    Kiosk,
    /// Somebody with the rights of a role.
    Of(Role),
}

impl Standing {
    /// Whether such a one may do it.
    #[must_use]
    pub const fn may(self, right: Right) -> bool {
        match self {
            Self::Stranger => false,
            Self::Collector => matches!(right, Right::SeeMetrics),
            Self::Kiosk => matches!(right, Right::SeeBays),
            Self::Of(Role::Officer) => matches!(right, Right::SeeMetrics | Right::SeeBays | Right::SeeStation),
            Self::Of(Role::It) => !matches!(right, Right::Enrol),
            Self::Of(Role::Admin) => true,
        }
    }
}

/// Somebody whose name goes into the custody log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Somebody who logged in.
    User(UserName),
    /// A command on this machine, by the account that ran it.
    Account {
        /// The account's number.
        uid: u32,
        /// Its name then, where the machine knew one.
        name: Option<String>,
    },
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user {name}"),
            Self::Account { uid, name: Some(name) } => write!(f, "account {} ({uid})", name.escape_debug()),
            Self::Account { uid, name: None } => write!(f, "account {uid}"),
        }
    }
}

/// Somebody who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// What they are to the station.
    pub standing: Standing,
    /// Who they are.
    pub known: Known,
}

/// Whether it is known who somebody is. Who is not known does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// This one.
    As(Caller),
    /// They may log in.
    NotYet,
    /// They cannot say who they are, here.
    Never,
}

impl Visitor {
    /// Somebody of whom nothing is known.
    pub const STRANGER: Self = Self { standing: Standing::Stranger, known: Known::Never };

    /// Who they are, if they may do this.
    #[must_use]
    pub fn who_may(&self, right: Right) -> Option<&Caller> {
        match &self.known {
            Known::As(caller) if self.standing.may(right) => Some(caller),
            _ => None,
        }
    }
}

/// What a person has the station do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Try again what they have looked at.
    Retry(ProblemId),
    /// Miss a camera no more, since it does not come back.
    Retire(CameraSerial),
    /// Keep longer what is known of a camera.
    Retain(Retain),
    /// Count a place as a destination.
    Enrol {
        /// Which destination.
        destination: DestinationName,
        /// Which place.
        place: PlaceId,
        /// What becomes of the one before.
        earlier: Earlier,
    },
}

impl Action {
    /// The right that it takes.
    #[must_use]
    pub const fn needs(&self) -> Right {
        match self {
            Self::Retry(_) => Right::Retry,
            Self::Retire(_) => Right::Retire,
            Self::Retain(_) => Right::Retain,
            Self::Enrol { .. } => Right::Enrol,
        }
    }
}

/// Why somebody was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLogIn {
    /// There is no such user, or the password is another.
    Wrong,
    /// There were too many failures; a password was not looked at.
    LockedOut,
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;

    const RIGHTS: [Right; 7] = [
        Right::SeeMetrics,
        Right::SeeBays,
        Right::SeeStation,
        Right::Retry,
        Right::Retire,
        Right::Retain,
        Right::Enrol,
    ];

    #[test]
    fn each_may_what_is_theirs_and_no_more() {
        let may = |standing: Standing| RIGHTS.map(|right| u8::from(standing.may(right)));
        for (standing, expected) in [
            (Standing::Stranger, [0, 0, 0, 0, 0, 0, 0]),
            (Standing::Collector, [1, 0, 0, 0, 0, 0, 0]),
            (Standing::Kiosk, [0, 1, 0, 0, 0, 0, 0]),
            (Standing::Of(Role::Officer), [1, 1, 1, 0, 0, 0, 0]),
            (Standing::Of(Role::It), [1, 1, 1, 1, 1, 1, 0]),
            (Standing::Of(Role::Admin), [1, 1, 1, 1, 1, 1, 1]),
        ] {
            assert_eq!(may(standing), expected, "{standing:?}");
        }
    }

    #[test]
    fn a_role_is_read_as_it_is_written() {
        for role in Role::iter() {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
    }
}
