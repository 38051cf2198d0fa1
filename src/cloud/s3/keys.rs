//! An access key.

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
