//! What opens a bucket.

use std::fmt;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::domain::Secret;

/// An access key: who asks, and the secret that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id, which is no secret.
    pub id: String,
    /// The secret.
    pub secret: Secret,
    /// The session token, if the key is a temporary one.
    pub token: Option<Secret>,
}

type ReadAgain = Box<dyn Fn() -> Option<AccessKey> + Send + Sync>;

/// The key in use. It is read again whenever it is refused.
pub(super) struct Keys {
    now: RwLock<AccessKey>,
    read_again: OnceLock<ReadAgain>,
}

impl Keys {
    pub(super) fn new(first: AccessKey) -> Self {
        Self { now: RwLock::new(first), read_again: OnceLock::new() }
    }

    /// From where a renewed key is read. Told once.
    pub(super) fn renew_from(&self, read_again: ReadAgain) {
        let _ = self.read_again.set(read_again);
    }

    pub(super) fn now(&self) -> AccessKey {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key was refused: perhaps it was renewed meanwhile.
    pub(super) fn renew(&self) {
        if let Some(renewed) = self.read_again.get().and_then(|read_again| read_again()) {
            *self.now.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}
