//! Who somebody is, as far as this machine can tell.
//!
//! Promises: a password is known by its argon2id hash alone, is looked at once at a time, and takes as long for a name that nobody
//! has. Whoever fails too often is not listened to for a while. What cannot be told is nobody's: without a readable list of users
//! nobody is let in.

mod accounts;
mod door;
mod lockouts;
mod users;

pub use accounts::{Accounts, NoGroup, own_account};
pub use door::{Door, LogIn};
pub use lockouts::{Lockouts, STANDSTILL, Standstill};
pub use users::{NoPassword, Password, User, Users, UsersError, WrongLine};
