//! The small things that are written in many texts of the log: single words, and what keeps an object.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Earlier, Enforcement, LegalHold, Moment, Need, NoLogIn, OddityKind, Outcome, ProofMethod, Protection, Retention,
};

/// Gives each word that is written the value of `domain` which it stands for.
macro_rules! words {
    ($written:ident for $meant:ident { $($word:ident),+ $(,)? }) => {
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub(super) enum $written {
            $($word),+
        }

        impl From<$meant> for $written {
            fn from(meant: $meant) -> Self {
                match meant {
                    $($meant::$word => Self::$word),+
                }
            }
        }

        impl From<$written> for $meant {
            fn from(written: $written) -> Self {
                match written {
                    $($written::$word => Self::$word),+
                }
            }
        }
    };
}

words!(WrittenNeed for Need { Required, Optional });
words!(WrittenMethod for ProofMethod { Attested, Crc64OfChunks, Crc64, Crc32c, Sha256, ReadBack });
words!(WrittenEnforcement for Enforcement { Unlocked, Locked });
words!(WrittenEarlier for Earlier { Stays, IsReplaced });
words!(WrittenNoLogIn for NoLogIn { Wrong, LockedOut });
words!(WrittenOutcome for Outcome { Completed, TakenEarly, Interrupted });
words!(WrittenOddity for OddityKind { SymbolicLink, Fifo, Socket, Device, MountPoint, Unreadable });

/// What keeps an object. `until` and `how` come together.
#[derive(Serialize, Deserialize)]
pub(super) struct WrittenProtection {
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<WrittenEnforcement>,
    legal_hold: bool,
}

impl From<Protection> for WrittenProtection {
    fn from(protection: Protection) -> Self {
        Self {
            until: protection.retention.map(|retention| retention.until.millis()),
            how: protection.retention.map(|retention| retention.enforcement.into()),
            legal_hold: protection.legal_hold == LegalHold::Placed,
        }
    }
}

impl From<WrittenProtection> for Protection {
    fn from(written: WrittenProtection) -> Self {
        let retention = written
            .until
            .zip(written.how)
            .map(|(until, how)| Retention { until: Moment::from_millis(until), enforcement: how.into() });
        Self { retention, legal_hold: if written.legal_hold { LegalHold::Placed } else { LegalHold::Absent } }
    }
}
