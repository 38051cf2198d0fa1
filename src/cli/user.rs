//! `camdock user`: who may log in at the pages.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use camdock::access::{Password, User, Users};
use camdock::config::Config;
use camdock::domain::{Role, UserName};

use super::Outcome;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Change {
    /// Let somebody log in, with a password that is asked for
    Add {
        #[command(flatten)]
        who: Who,
        /// What for: officer (sees), it (has problems tried again, too) or admin (says which places count, too)
        #[arg(long, value_name = "ROLE", value_parser = role)]
        role: Role,
    },
    /// Give somebody another password, which is asked for, or another role
    Passwd {
        #[command(flatten)]
        who: Who,
        /// Another role; the password stays
        #[arg(long, value_name = "ROLE", value_parser = role)]
        role: Option<Role>,
    },
    /// Let somebody log in no more; whoever is logged in under that name is out at once
    Remove {
        #[command(flatten)]
        who: Who,
    },
    /// List who may log in, and what for
    List,
}

#[derive(Debug, clap::Args)]
pub(super) struct Who {
    /// Their name: letters, digits, '-', '_' and '.'
    #[arg(value_name = "NAME")]
    name: String,
}

impl Who {
    fn name(&self) -> anyhow::Result<UserName> {
        UserName::new(self.name.clone()).with_context(|| format!("{:?} is no user's name", self.name))
    }
}

/// A role by its name.
fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_| "roles are officer, it and admin".to_owned())
}

pub(super) fn run(config: &Config, change: &Change) -> anyhow::Result<Outcome> {
    let path = config
        .web
        .users
        .as_ref()
        .context("the configuration names no list of users. Write, below [web]:  users = \"users\"")?;
    let list = List::open(path)?;
    match change {
        Change::Add { who, role } => list.add(&who.name()?, *role),
        Change::Passwd { who, role } => list.change(&who.name()?, *role),
        Change::Remove { who } => list.remove(&who.name()?),
        Change::List => print(&list.users),
    }
}

/// The list that is being changed.
struct List {
    path: PathBuf,
    users: Users,
}

impl List {
    /// One that is not there yet has nobody on it.
    fn open(path: &Path) -> anyhow::Result<Self> {
        let there = path.try_exists().with_context(|| format!("{} cannot be looked at", path.display()))?;
        let users = if there { Users::read(path)? } else { Users::default() };
        Ok(Self { path: path.to_owned(), users })
    }

    fn add(mut self, name: &UserName, role: Role) -> anyhow::Result<Outcome> {
        if self.users.get(name).is_some() {
            bail!("user {name} is there already. For another password: camdock user passwd {name}");
        }
        self.users.set(name.clone(), User::new(role, &asked()?)?);
        self.done(&format!("user {name} may log in now, as {role}"))
    }

    fn change(mut self, name: &UserName, role: Option<Role>) -> anyhow::Result<Outcome> {
        let known = self.users.get(name).with_context(|| format!("there is no user {name}; see: camdock user list"))?;
        let (changed, told) = match role {
            Some(role) => (known.in_role(role), format!("user {name} is {role} now")),
            None => (User::new(known.role, &asked()?)?, format!("user {name} has another password now")),
        };
        self.users.set(name.clone(), changed);
        self.done(&told)
    }

    fn remove(mut self, name: &UserName) -> anyhow::Result<Outcome> {
        if !self.users.remove(name) {
            bail!("there is no user {name}; see: camdock user list");
        }
        self.done(&format!("user {name} may log in no more"))
    }

    fn done(self, told: &str) -> anyhow::Result<Outcome> {
        self.users.write(&self.path)?;
        writeln!(std::io::stdout(), "{told}")?;
        Ok(Outcome::Fine)
    }
}

/// A password, typed twice at a terminal, or else the first line of what comes in.
fn asked() -> anyhow::Result<Password> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        return Ok(Password::chosen(line.trim_end_matches(['\r', '\n']).to_owned())?);
    }
    let first = rpassword::prompt_password("Password: ")?;
    let password = Password::chosen(first.clone())?;
    if rpassword::prompt_password("The same once more: ")? != first {
        bail!("that was not the same. Nothing was changed");
    }
    Ok(password)
}

fn print(users: &Users) -> anyhow::Result<Outcome> {
    let mut out = std::io::stdout().lock();
    if users.iter().next().is_none() {
        writeln!(out, "nobody may log in")?;
    }
    for (name, user) in users.iter() {
        writeln!(out, "{name}  {}", user.role)?;
    }
    Ok(Outcome::Fine)
}
