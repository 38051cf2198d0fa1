//! What opens a bucket of S3, put together from the configuration and from what AWS tells whatever runs there.

use std::io;

use url::Url;

use crate::cloud::s3::{AccessKey, ContainerService, Program, S3Credential, Unsafe, WebIdentity};
use crate::config::{Credential, CredentialError, S3Access};
use crate::domain::{Secret, StationId};

/// Where EC2 tells who a machine is, and the variable by which AWS's own programs are told another place.
const METADATA_SERVICE: (&str, &str) = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254");
/// Where ECS tells which role a container has; the variables say what comes after it, or all of it.
const BESIDE_A_CONTAINER: &str = "http://169.254.170.2";
const BELOW_IT: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const ELSEWHERE: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
/// What is shown there, or the file that it is in.
const SHOWN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const SHOWN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// The longest name of a session that AWS takes, in characters.
const LONGEST_SESSION: usize = 64;

/// Why there is nothing to ask for a role.
#[derive(Debug, thiserror::Error)]
pub enum Misled {
    /// Nobody has said where a container asks.
    #[error("neither {BELOW_IT} nor {ELSEWHERE} is set, as ECS and EKS do in a container that has a role. Give it one")]
    Nowhere,
    /// What is said is no address.
    #[error("{variable} is no address: {source}")]
    NoAddress {
        /// Where it is said.
        variable: &'static str,
        /// Why not.
        source: url::ParseError,
    },
    /// It is one that no secret is sent to.
    #[error("{ELSEWHERE}: {0}")]
    Unsafe(#[from] Unsafe),
    /// What is to be shown there cannot be read.
    #[error("{SHOWN_FILE} names a file that cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// Why a bucket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum NoAccess {
    /// Its file cannot be read.
    #[error(transparent)]
    File(#[from] CredentialError),
    /// What is around camdock does not say whom to ask.
    #[error(transparent)]
    Surroundings(#[from] Misled),
}

/// What opens a bucket, as it is now. Reads files.
pub(super) fn credential(access: &S3Access, station: &StationId) -> Result<S3Credential, NoAccess> {
    Ok(match access {
        S3Access::File(credential) => S3Credential::AccessKey(access_key(credential)?),
        S3Access::Program { path, arguments } => {
            S3Credential::Program(Program { path: path.clone(), arguments: arguments.clone() })
        }
        S3Access::WebIdentity { token, role, service } => S3Credential::WebIdentity(WebIdentity {
            service: service.clone(),
            role: role.clone(),
            session: session(station),
            token: token.read()?,
        }),
        S3Access::Container => S3Credential::Container(container(|variable| std::env::var(variable).ok())?),
        S3Access::Instance => {
            let (variable, usual) = METADATA_SERVICE;
            let service = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
            S3Credential::Instance(address(&service, variable)?)
        }
    })
}

fn access_key(credential: &Credential) -> Result<AccessKey, CredentialError> {
    let secret = credential.read()?;
    let mut parts = secret.expose().split(':');
    let mut next = || parts.next().unwrap_or_default();
    let (id, secret) = (next().to_owned(), Secret::new(next()));
    Ok(AccessKey { id, secret, token: parts.next().map(Secret::new) })
}

fn container(variable: impl Fn(&str) -> Option<String>) -> Result<ContainerService, Misled> {
    let address = match (variable(BELOW_IT), variable(ELSEWHERE)) {
        (Some(path), _) => address(&format!("{BESIDE_A_CONTAINER}{path}"), BELOW_IT)?,
        (None, Some(text)) => address(&text, ELSEWHERE)?,
        (None, None) => return Err(Misled::Nowhere),
    };
    let shown = match (variable(SHOWN_FILE), variable(SHOWN)) {
        (Some(file), _) => Some(std::fs::read_to_string(file)?),
        (None, shown) => shown,
    };
    Ok(ContainerService::new(address, shown.as_deref().map(Secret::new))?)
}

fn address(text: &str, variable: &'static str) -> Result<Url, Misled> {
    Url::parse(text).map_err(|source| Misled::NoAddress { variable, source })
}

/// What the account's own log calls this station.
fn session(station: &StationId) -> String {
    let taken = |c: &char| c.is_ascii_alphanumeric() || "+=,.@-_".contains(*c);
    format!("camdock-{station}").chars().filter(taken).take(LONGEST_SESSION).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_asks_where_aws_has_said_that_it_should() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "eks\n").unwrap();
        let file = file.to_str().unwrap();
        for (set, address, shown) in [
            (vec![(BELOW_IT, "/v2/credentials/x")], "http://169.254.170.2/v2/credentials/x", None),
            (vec![(ELSEWHERE, "http://127.0.0.1:1/x"), (SHOWN, "ecs")], "http://127.0.0.1:1/x", Some("ecs")),
            (
                vec![(ELSEWHERE, "http://169.254.170.23/v1"), (SHOWN_FILE, file)],
                "http://169.254.170.23/v1",
                Some("eks"),
            ),
        ] {
            let found = container(|name| Some(set.iter().find(|(set, _)| *set == name)?.1.to_owned())).unwrap();
            assert_eq!(found.address.as_str(), address);
            assert_eq!(found.authorization, shown.map(Secret::new));
        }
        assert!(matches!(container(|_| None), Err(Misled::Nowhere)));
        let elsewhere = |name: &str| (name == ELSEWHERE).then(|| "http://10.0.0.1/".to_owned());
        assert!(matches!(container(elsewhere), Err(Misled::Unsafe(_))));
    }

    #[test]
    fn a_session_is_called_after_the_station() {
        assert_eq!(session(&StationId::new("hq-01").unwrap()), "camdock-hq-01");
    }
}
