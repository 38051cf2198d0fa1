//! Who looks at names and passwords.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::{Role, UserName};

/// Tells who is who they say. Whatever comes of it is written down.
#[async_trait]
pub trait Porter: Send + Sync {
    /// Who it is.
    async fn log_in(&self, name: &str, password: String, from: IpAddr) -> Result<UserName, NotIn>;

    /// What somebody is there for, if they may still log in.
    fn role(&self, user: &UserName) -> Option<Role>;
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotIn {
    /// There is no such user, or the password is another.
    Wrong,
    /// There were too many failures; they may try again after so long.
    Wait(Duration),
    /// Nobody knows who may log in, or it cannot be written down, so nobody is let in.
    Unavailable,
}
