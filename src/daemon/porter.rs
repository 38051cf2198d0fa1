//! Those who want to log in, and what becomes of them.

use std::net::IpAddr;

use async_trait::async_trait;
use tokio::sync::watch;

use super::clock::SystemClock;
use crate::access::{Door, LogIn, Password, Standstill, Users};
use crate::domain::{AccessNotice, Clock as _, NoLogIn, Role, Subject, UserName};
use crate::journal::tell;
use crate::ledger::{Entry, Ledger};
use crate::views::{NotIn, Porter};

/// Looks at names and passwords, and writes down in the custody log what came of it.
pub(super) struct StationPorter {
    door: Door,
    ledger: Ledger,
}

impl StationPorter {
    pub(super) fn new(users: watch::Receiver<Option<Users>>, ledger: Ledger) -> Self {
        Self { door: Door::new(users), ledger }
    }

    /// Nobody is let in of whom that cannot be written down.
    async fn write_down(&self, entry: Entry) -> Result<(), NotIn> {
        self.ledger.record(SystemClock.now(), vec![entry]).await.map(drop).map_err(|_| NotIn::Unavailable)
    }
}

#[async_trait]
impl Porter for StationPorter {
    async fn log_in(&self, name: &str, password: String, from: IpAddr) -> Result<UserName, NotIn> {
        let station = Subject::station();
        match self.door.log_in(name, Password::typed(password), from).await {
            LogIn::Accepted { user, role: _ } => {
                self.write_down(Entry::LoggedIn { user: user.clone(), from }).await?;
                tell(&station, AccessNotice::LoggedIn { address: from });
                Ok(user)
            }
            LogIn::Wrong { user, standstill } => {
                self.write_down(Entry::LogInRefused { user, from, why: NoLogIn::Wrong }).await?;
                tell(&station, AccessNotice::LogInRefused { address: from });
                if standstill == Standstill::Begins {
                    tell(&station, AccessNotice::LockedOut { address: from });
                }
                Err(NotIn::Wrong)
            }
            LogIn::LockedOut { user, left } => {
                self.write_down(Entry::LogInRefused { user, from, why: NoLogIn::LockedOut }).await?;
                Err(NotIn::Wait(left))
            }
            LogIn::NoList => Err(NotIn::Unavailable),
            // However often an address asks that is not listened to, it writes nothing into the log.
            LogIn::NotListened { left } => Err(NotIn::Wait(left)),
        }
    }

    fn role(&self, user: &UserName) -> Option<Role> {
        self.door.role(user)
    }
}
