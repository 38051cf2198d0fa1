//! Logging in.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::lockouts::{Lockouts, Standstill};
use super::users::{Password, Users};
use crate::domain::{Role, UserName};

/// The fifth failure of a name is its last one for a while.
const PER_NAME: u32 = 5;
/// Several people may sit behind one address.
const PER_ADDRESS: u32 = 20;

/// Where those who want to log in are looked at.
pub struct Door {
    users: watch::Receiver<Option<Users>>,
    turn: Arc<Semaphore>,
    failures: Mutex<Failures>,
}

struct Failures {
    names: Lockouts<UserName>,
    addresses: Lockouts<IpAddr>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogIn {
    /// They are who they say.
    Accepted {
        /// Who.
        user: UserName,
        /// What for.
        role: Role,
    },
    /// There is no such user, or it has another password.
    Wrong {
        /// As whom, if there is such a user.
        user: Option<UserName>,
        /// Whether this was the last try for a while.
        standstill: Standstill,
    },
    /// The name failed too often. The password was not looked at.
    LockedOut {
        /// As whom, if there is such a user.
        user: Option<UserName>,
        /// For how much longer.
        left: Duration,
    },
    /// Nobody knows who may log in. That is nobody's failure.
    NoList,
    /// This address failed too often. Neither name nor password was looked at.
    NotListened {
        /// For how much longer.
        left: Duration,
    },
}

impl Door {
    /// For those who are in the list, as it is at the time, if it is known.
    #[must_use]
    pub fn new(users: watch::Receiver<Option<Users>>) -> Self {
        let failures = Failures { names: Lockouts::after(PER_NAME), addresses: Lockouts::after(PER_ADDRESS) };
        Self { users, turn: Arc::new(Semaphore::new(1)), failures: Mutex::new(failures) }
    }

    /// What somebody is there for, if they may still log in.
    #[must_use]
    pub fn role(&self, user: &UserName) -> Option<Role> {
        self.users.borrow().as_ref()?.role(user)
    }

    /// Looks at a name and a password, one after the other however many come: each takes 19 MiB and a moment.
    pub async fn log_in(&self, typed: &str, password: Password, from: IpAddr) -> LogIn {
        let from = network(from);
        // Whoever is not listened to does not wait either.
        if let Some(left) = self.failures().addresses.left(&from, Instant::now()) {
            return LogIn::NotListened { left };
        }
        // The semaphore is never closed.
        let _turn = Arc::clone(&self.turn).acquire_owned().await.ok();
        let now = Instant::now();
        let Some(users) = self.users.borrow().clone() else { return LogIn::NoList };
        let name = UserName::new(typed).ok();
        let user = name.clone().filter(|name| users.get(name).is_some());
        if let Some(left) = self.failures().addresses.left(&from, now) {
            return LogIn::NotListened { left };
        }
        let locked = name.as_ref().and_then(|name| self.failures().names.left(name, now));
        if let Some(left) = locked {
            self.failures().addresses.failed(&from, now);
            return LogIn::LockedOut { user, left };
        }
        let asked = user.clone();
        let verified = tokio::task::spawn_blocking(move || users.verify(asked.as_ref(), &password)).await;
        let mut failures = self.failures();
        match (verified.ok().flatten(), user) {
            (Some(role), Some(user)) => {
                // Only the name's: who has one password could try others' for ever.
                failures.names.succeeded(&user);
                LogIn::Accepted { user, role }
            }
            (_, user) => {
                failures.addresses.failed(&from, now);
                let standstill = name.map_or(Standstill::No, |name| failures.names.failed(&name, now));
                LogIn::Wrong { user, standstill }
            }
        }
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What counts as one address: whoever has an IPv6 network has all of its addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::users::User;
    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3));
    const RIGHT: &str = "four words are enough";

    fn typed(text: &str) -> Password {
        Password::typed(text.to_owned())
    }

    fn sam() -> UserName {
        UserName::new("sam").unwrap()
    }

    /// A door for Sam, and the list behind it.
    fn door() -> (Door, watch::Sender<Option<Users>>) {
        let mut users = Users::default();
        users.set(sam(), User::new(Role::It, &typed(RIGHT)).unwrap());
        let (list, known) = watch::channel(Some(users));
        (Door::new(known), list)
    }

    #[tokio::test(start_paused = true)]
    async fn five_wrong_passwords_lock_a_name_for_ten_minutes_and_the_right_one_too() {
        let (door, _list) = door();
        for standstill in [Standstill::No, Standstill::No, Standstill::No, Standstill::No, Standstill::Begins] {
            let wrong = LogIn::Wrong { user: Some(sam()), standstill };
            assert_eq!(door.log_in("sam", typed("wrong"), HERE).await, wrong);
        }
        let locked = door.log_in("sam", typed(RIGHT), HERE).await;
        assert!(matches!(locked, LogIn::LockedOut { user: Some(_), .. }), "{locked:?}");
        tokio::time::advance(Duration::from_mins(10)).await;
        let accepted = LogIn::Accepted { user: sam(), role: Role::It };
        assert_eq!(door.log_in("sam", typed(RIGHT), HERE).await, accepted);
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_that_nobody_has_fails_and_locks_like_any_other_and_is_nobody() {
        let (door, _list) = door();
        for _ in 0..5 {
            assert!(matches!(door.log_in("kim", typed("wrong"), HERE).await, LogIn::Wrong { user: None, .. }));
        }
        assert!(matches!(door.log_in("kim", typed("wrong"), HERE).await, LogIn::LockedOut { user: None, .. }));
        let no_name = door.log_in("my pass word!", typed("wrong"), HERE).await;
        assert_eq!(no_name, LogIn::Wrong { user: None, standstill: Standstill::No });
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_tries_name_after_name_is_not_listened_to() {
        let (door, _list) = door();
        for name in 0..PER_ADDRESS {
            door.log_in(&format!("user-{name}"), typed("wrong"), HERE).await;
        }
        assert!(matches!(door.log_in("sam", typed(RIGHT), HERE).await, LogIn::NotListened { .. }));
        let elsewhere = IpAddr::V4(Ipv4Addr::new(10, 1, 2, 4));
        assert!(matches!(door.log_in("sam", typed(RIGHT), elsewhere).await, LogIn::Accepted { .. }));
    }

    #[tokio::test]
    async fn whoever_is_taken_off_the_list_is_nobody_from_then_on() {
        let (door, list) = door();
        assert_eq!(door.role(&sam()), Some(Role::It));
        list.send_replace(Some(Users::default()));
        assert_eq!(door.role(&sam()), None);
        assert!(matches!(door.log_in("sam", typed(RIGHT), HERE).await, LogIn::Wrong { user: None, .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_is_not_forgiven_because_somebody_there_has_a_password_of_their_own() {
        let (door, _list) = door();
        for name in 0..PER_ADDRESS {
            assert!(matches!(door.log_in("sam", typed(RIGHT), HERE).await, LogIn::Accepted { .. }), "{name}");
            door.log_in(&format!("user-{name}"), typed("wrong"), HERE).await;
        }
        assert!(matches!(door.log_in("sam", typed(RIGHT), HERE).await, LogIn::NotListened { .. }));
    }

    #[tokio::test]
    async fn while_nobody_knows_who_may_log_in_nobody_is_let_in_and_nobody_fails() {
        let (door, list) = door();
        let known = list.send_replace(None);
        for _ in 0..PER_ADDRESS {
            assert_eq!(door.log_in("sam", typed(RIGHT), HERE).await, LogIn::NoList);
        }
        assert_eq!(door.role(&sam()), None);
        list.send_replace(known);
        assert!(matches!(door.log_in("sam", typed(RIGHT), HERE).await, LogIn::Accepted { .. }));
    }

    #[test]
    fn a_whole_ipv6_network_is_one_address() {
        let address = |text: &str| network(text.parse().unwrap());
        assert_eq!(address("2001:db8:1:2:3::4"), address("2001:db8:1:2:ffff::1"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:10.1.2.3"), HERE, "an IPv4 address is one however it is written");
    }
}
