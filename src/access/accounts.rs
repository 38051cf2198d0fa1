//! Accounts of this machine: who runs a command that asks the station, and what they may do there.

use std::time::Duration;

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use tokio::time::timeout;

use crate::domain::{Caller, Known, Role, Standing, Visitor};

/// The machine's directory of accounts may be elsewhere, and not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which accounts may have the station do something, besides root and the account that it runs under itself.
#[derive(Debug, Clone)]
pub struct Accounts {
    own: u32,
    group: Option<String>,
}

/// There is no such group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this machine has no group {0}. Make it, or name another one")]
pub struct NoGroup(pub String);

impl Accounts {
    /// Members of `group` may act, if one is named.
    #[must_use]
    pub fn new(group: Option<String>) -> Self {
        Self { own: Uid::effective().as_raw(), group }
    }

    /// Whether the group is there. Blocks.
    ///
    /// # Errors
    /// [`NoGroup`]
    pub fn check(&self) -> Result<(), NoGroup> {
        match &self.group {
            Some(name) if !matches!(Group::from_name(name), Ok(Some(_))) => Err(NoGroup(name.clone())),
            _ => Ok(()),
        }
    }

    /// Who an account is to the station, once it could open its socket. What cannot be told is a no.
    pub async fn visitor(&self, uid: u32) -> Visitor {
        let looked = tokio::task::spawn_blocking({
            let group = self.group.clone();
            move || look_up(uid, group.as_deref())
        });
        let (name, member) = match timeout(PATIENCE, looked).await {
            Ok(Ok(found)) => found,
            _ => (None, false),
        };
        let acts = uid == 0 || uid == self.own || member;
        let standing = Standing::Of(if acts { Role::Admin } else { Role::Officer });
        Visitor { standing, known: Known::As(Caller::Account { uid, name }) }
    }
}

/// The account that runs this process. Blocks.
#[must_use]
pub fn own_account() -> Caller {
    let uid = Uid::effective().as_raw();
    Caller::Account { uid, name: look_up(uid, None).0 }
}

/// An account's name, and whether it is in the group.
fn look_up(uid: u32, group: Option<&str>) -> (Option<String>, bool) {
    let Ok(Some(account)) = User::from_uid(Uid::from_raw(uid)) else { return (None, false) };
    let member = group.is_some_and(|group| is_member(&account, group));
    (Some(account.name), member)
}

fn is_member(account: &User, group: &str) -> bool {
    let Ok(Some(Group { gid, .. })) = Group::from_name(group) else { return false };
    let Ok(name) = std::ffi::CString::new(account.name.as_str()) else { return false };
    let groups: Vec<Gid> = getgrouplist(&name, account.gid).unwrap_or_default();
    groups.contains(&gid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Right;

    #[tokio::test]
    async fn root_and_the_station_itself_may_act_and_others_only_as_members_of_the_group() {
        // Every Debian has this account, and only its own group with it.
        let nobody = User::from_name("nobody").unwrap().unwrap();
        let theirs = Group::from_gid(nobody.gid).unwrap().unwrap().name;
        let nobody = nobody.uid.as_raw();
        for (group, uid, acts) in [
            (None, 0, true),
            (None, Uid::effective().as_raw(), true),
            (None, nobody, false),
            (Some("root"), nobody, false),
            (Some("there is no such group"), nobody, false),
            (Some(theirs.as_str()), nobody, true),
            (Some(theirs.as_str()), 3_999_999_999, false),
        ] {
            let visitor = Accounts::new(group.map(str::to_owned)).visitor(uid).await;
            assert_eq!(visitor.standing.may(Right::Retry), acts, "{uid} with {group:?}");
            assert!(visitor.standing.may(Right::SeeStation), "whoever could open the socket may read");
            assert!(matches!(visitor.known, Known::As(Caller::Account { uid: written, .. }) if written == uid));
        }
    }

    #[test]
    fn a_group_that_is_not_there_is_told() {
        assert_eq!(Accounts::new(Some("no such".to_owned())).check(), Err(NoGroup("no such".to_owned())));
        assert_eq!(Accounts::new(Some("root".to_owned())).check(), Ok(()));
        assert_eq!(Accounts::new(None).check(), Ok(()));
    }
}
