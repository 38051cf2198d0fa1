//! What is asked of a destination, and what opens it.

use std::fmt;

/// Whether a wipe waits for a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It does.
    Required,
    /// It does not; the destination gets a copy as well.
    Optional,
}

impl Need {
    /// What it means for the station that such a destination is not set up.
    #[must_use]
    pub const fn while_not_set_up(self) -> &'static str {
        match self {
            Self::Required => "It is required, so nothing is wiped until it is set up; what is queued for it waits",
            Self::Optional => "What is queued for it waits; everything else goes on without it",
        }
    }
}

/// What a destination's configuration asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofPolicy {
    /// The place's own checksums are enough where it has them; where it has none, the object is read back.
    Attested,
    /// Every object is read back.
    ReadBack,
}

/// What a destination gets of what was taken before it was configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackFill {
    /// What is still in the spool.
    FromSpool,
    /// Everything that some other destination has: it is copied through the station.
    FromOthers,
}

/// What becomes of an earlier enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// It stays, and another place is refused.
    Stays,
    /// It is replaced: what was proven at the earlier place is to be proven at the new one, as far as it can be had.
    IsReplaced,
}

/// A text that must not be seen: it shows itself in no `Debug` text, log or error.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`, less the white space around it: files tend to end in a line break.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The secret itself. Only an adapter that signs a request with it needs this.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::new("sig=abc\n")), "(secret)");
    }
}
