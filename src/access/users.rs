//! The file of those who may log in: a line for each, `name:role:hash`.
//!
//! Promises: it holds no password, only argon2id hashes (RFC 9106) in the PHC string format. A file of which one line is wrong is
//! wrong as a whole, and says which line. It is replaced as a whole, so nobody ever reads half of it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, Params};

use crate::domain::{IdError, Role, UserName};
use crate::files;

/// No station has so many users that their file were longer.
const LONGEST: u64 = 1 << 20;

/// Passwords shorter than this are no passwords (NIST SP 800-63B-4 §3.1.1.2 asks for 15 where it is the only factor).
const SHORTEST_PASSWORD: usize = 15;
/// No longer ones are looked at: hashing takes its time.
const LONGEST_PASSWORD: usize = 1_024;

const HEADER: &str = "# Who may log in: name:role:hash. Change it with `camdock user`.\n";

/// A password, which is never shown.
pub struct Password(String);

/// Why a text is no password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPassword {
    /// It is easily guessed.
    #[error("a password has {SHORTEST_PASSWORD} characters at least; four or five words will do")]
    TooShort,
    /// It is not looked at.
    #[error("a password has {LONGEST_PASSWORD} bytes at most")]
    TooLong,
}

impl Password {
    /// What somebody typed to log in.
    #[must_use]
    pub fn typed(text: String) -> Self {
        Self(text)
    }

    /// What somebody wants to log in with from now on.
    ///
    /// # Errors
    /// [`NoPassword`]
    pub fn chosen(text: String) -> Result<Self, NoPassword> {
        if text.chars().count() < SHORTEST_PASSWORD {
            Err(NoPassword::TooShort)
        } else if text.len() > LONGEST_PASSWORD {
            Err(NoPassword::TooLong)
        } else {
            Ok(Self(text))
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// Somebody who may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// What for.
    pub role: Role,
    hash: String,
}

impl User {
    /// With a password that is hashed here, which takes a moment. Blocks.
    ///
    /// # Errors
    /// If this machine has no randomness, or no memory.
    pub fn new(role: Role, password: &Password) -> io::Result<Self> {
        let hash = hasher().hash_password(password.0.as_bytes()).map_err(io::Error::other)?;
        Ok(Self { role, hash: hash.to_string() })
    }

    /// The same, in another role.
    #[must_use]
    pub fn in_role(&self, role: Role) -> Self {
        Self { role, hash: self.hash.clone() }
    }
}

/// Everybody who may log in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Users(BTreeMap<UserName, User>);

/// Why nobody knows who may log in.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// The file is missing, or cannot be read or written.
    #[error("{}: {source}. `camdock user add NAME --role it` makes it; camdock's own user must be able to read it", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A line of it is wrong.
    #[error("{}:{line}: {wrong}. Take the line out, and use `camdock user add`", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, counted from 1.
        line: usize,
        /// What is wrong with it.
        wrong: WrongLine,
    },
}

/// What is wrong with a line of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongLine {
    /// It has another form.
    #[error("it is not name:role:hash")]
    Form,
    /// The name is none.
    #[error("it has no user's name: {0}")]
    Name(#[from] IdError),
    /// There is no such role.
    #[error("its role is none of officer, it and admin")]
    Role,
    /// The hash is no argon2id hash.
    #[error("its hash is no argon2id hash")]
    Hash,
    /// The name was there before.
    #[error("user {0} is there twice")]
    Twice(UserName),
}

impl Users {
    /// Reads the file. Blocks.
    ///
    /// # Errors
    /// [`UsersError`]; then nobody may log in.
    pub fn read(path: &Path) -> Result<Self, UsersError> {
        let io = |source| UsersError::Io { path: path.to_owned(), source };
        let content = files::whole(path, LONGEST).map_err(io)?;
        let text = String::from_utf8(content).map_err(|error| io(io::Error::other(error)))?;
        Self::parse(&text).map_err(|(line, wrong)| UsersError::Line { path: path.to_owned(), line, wrong })
    }

    fn parse(text: &str) -> Result<Self, (usize, WrongLine)> {
        let mut users = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, user) = parse_line(line).map_err(|wrong| (number, wrong))?;
            if users.insert(name.clone(), user).is_some() {
                return Err((number, WrongLine::Twice(name)));
            }
        }
        Ok(Self(users))
    }

    /// Replaces the file. It belongs to whom the one before belonged, or else to the folder's group, so that camdock may read it.
    /// Blocks.
    ///
    /// # Errors
    /// [`UsersError::Io`]; then the file is as it was.
    pub fn write(&self, path: &Path) -> Result<(), UsersError> {
        let text = self.0.iter().fold(HEADER.to_owned(), |mut text, (name, User { role, hash })| {
            // A text in memory takes everything.
            let _ = writeln!(text, "{name}:{role}:{hash}");
            text
        });
        replace(path, text.as_bytes()).map_err(|source| UsersError::Io { path: path.to_owned(), source })
    }

    /// Each, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&UserName, &User)> {
        self.0.iter()
    }

    /// What somebody is there for, if they may log in.
    #[must_use]
    pub fn role(&self, name: &UserName) -> Option<Role> {
        self.0.get(name).map(|user| user.role)
    }

    /// Somebody who may log in.
    #[must_use]
    pub fn get(&self, name: &UserName) -> Option<&User> {
        self.0.get(name)
    }

    /// Has somebody log in like this from now on.
    pub fn set(&mut self, name: UserName, user: User) {
        self.0.insert(name, user);
    }

    /// Has somebody not log in any more. Whether they could.
    pub fn remove(&mut self, name: &UserName) -> bool {
        self.0.remove(name).is_some()
    }

    /// Whether it is this user's password; `None` is a name that nobody has, and takes as long. Blocks.
    #[must_use]
    pub(super) fn verify(&self, name: Option<&UserName>, password: &Password) -> Option<Role> {
        let user = name.and_then(|name| self.0.get(name));
        let hash = user.map_or(NOBODYS_HASH, |user| &user.hash);
        let hash = PasswordHash::new(hash).ok()?;
        let is_it =
            password.0.len() <= LONGEST_PASSWORD && hasher().verify_password(password.0.as_bytes(), &hash).is_ok();
        user.filter(|_| is_it).map(|user| user.role)
    }
}

/// Of a password that nobody knows, with the parameters of [`hasher`].
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IG9mIG91cnM$VP2FxqQ0pXUAg9lEw0Jp3O8f1pGz1m7mX2QJ0w0rX6E";

/// The library's defaults are those that OWASP recommends: 19 MiB, two passes.
fn hasher() -> Argon2<'static> {
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, Params::DEFAULT)
}

fn parse_line(line: &str) -> Result<(UserName, User), WrongLine> {
    let mut parts = line.splitn(3, ':');
    let (Some(name), Some(role), Some(hash)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(WrongLine::Form);
    };
    let name = UserName::new(name)?;
    let role = role.parse().map_err(|_| WrongLine::Role)?;
    let is_one = PasswordHash::new(hash).is_ok_and(|hash| hash.algorithm.as_str() == "argon2id");
    if is_one { Ok((name, User { role, hash: hash.to_owned() })) } else { Err(WrongLine::Hash) }
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (owner, group) = match std::fs::metadata(path) {
        Ok(before) => (Some(before.uid()), before.gid()),
        Err(_) => (None, std::fs::metadata(folder)?.gid()),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    chown(file.path(), owner, Some(group))?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o640))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    files::sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::chosen(text.to_owned()).unwrap()
    }

    #[test]
    fn whoever_is_written_down_is_known_again_by_their_password_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        let mut users = Users::default();
        users.set(name("sam"), User::new(Role::It, &password("four words are enough")).unwrap());
        users.write(&path).unwrap();
        assert!(!std::fs::read_to_string(&path).unwrap().contains("four words"));

        let read = Users::read(&path).unwrap();
        assert_eq!(read, users);
        assert_eq!(read.verify(Some(&name("sam")), &password("four words are enough")), Some(Role::It));
        assert_eq!(read.verify(Some(&name("sam")), &password("five words are enough")), None);
        assert_eq!(read.verify(Some(&name("kim")), &password("four words are enough")), None);
        assert_eq!(read.verify(None, &password("four words are enough")), None);
    }

    #[test]
    fn a_name_that_nobody_has_takes_a_hash_like_all_others() {
        let nobodys = PasswordHash::new(NOBODYS_HASH).unwrap();
        let somebodys = User::new(Role::It, &password("four words are enough")).unwrap().hash;
        let somebodys = PasswordHash::new(&somebodys).unwrap();
        assert_eq!((nobodys.algorithm, &nobodys.params), (somebodys.algorithm, &somebodys.params));
        assert_eq!(nobodys.hash.map(|hash| hash.len()), somebodys.hash.map(|hash| hash.len()));
    }

    #[test]
    fn a_file_with_a_wrong_line_says_which_and_lets_nobody_in() {
        let hash = User::new(Role::It, &password("four words are enough")).unwrap().hash;
        let good = format!("# who\n\nsam:it:{hash}\n");
        assert_eq!(Users::parse(&good).unwrap().iter().count(), 1);
        for (line, wrong) in [
            ("kim", WrongLine::Form),
            ("kim:it", WrongLine::Form),
            (&format!("k m:it:{hash}"), WrongLine::Name(IdError::Character(' '))),
            (&format!("kim:boss:{hash}"), WrongLine::Role),
            ("kim:it:four words are enough", WrongLine::Hash),
            ("kim:it:$argon2i$v=19$m=16,t=2,p=1$c29tZXNhbHQ$YWFhYWFhYWFhYWFh", WrongLine::Hash),
            (&format!("sam:admin:{hash}"), WrongLine::Twice(name("sam"))),
        ] {
            assert_eq!(Users::parse(&format!("{good}{line}\n")), Err((4, wrong)), "{line}");
        }
    }

    #[test]
    fn others_on_this_machine_cannot_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        assert!(matches!(Users::read(&path), Err(UsersError::Io { .. })));
        Users::default().write(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn what_is_easily_guessed_is_no_password() {
        assert_eq!(Password::chosen("short".to_owned()).unwrap_err(), NoPassword::TooShort);
        assert_eq!(Password::chosen("x".repeat(2_000)).unwrap_err(), NoPassword::TooLong);
        assert_eq!(format!("{:?}", password("four words are enough")), "Password");
    }
}
