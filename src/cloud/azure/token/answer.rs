//! What those say who give out tokens.
//!
//! Promises: a token appears in no `Debug` text, log or error; every refusal says what to do about it.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use tokio::time::Instant;

use super::super::transport::beginning;
use crate::cloud::DestinationError;
use crate::cloud::answers::{is_busy, one_line};
use crate::cloud::http::{HttpError, Incoming};
use crate::domain::{ConnectionTrouble, Secret};

/// No token is asked for again more than so long before it expires.
const EARLIEST: Duration = Duration::from_mins(5);

/// What lets in, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Token {
    pub(in super::super) secret: Secret,
    /// Counted from when it was asked for, by a clock that nobody sets.
    pub(super) good_until: Instant,
    /// From when on another one is asked for.
    pub(super) renew_from: Instant,
}

impl Token {
    /// A token that was asked for at `asked` and is good for `life` from its making, which was not before.
    fn new(secret: &str, asked: Instant, life: Duration) -> Self {
        let good_until = asked + life;
        Self { secret: Secret::new(secret), good_until, renew_from: good_until - EARLIEST.min(life / 5) }
    }
}

/// Why there is no token.
#[derive(Debug, Clone, thiserror::Error)]
pub(in super::super) enum TokenError {
    /// No answer, or one of somebody else.
    #[error("no token: {0}")]
    Unreachable(String),
    /// No secure connection.
    #[error("no token: {0}")]
    NoConnection(ConnectionTrouble),
    /// An answer that asks for patience.
    #[error("no token: {message}")]
    Busy { message: String, retry_after: Option<Duration> },
    /// The identity is refused.
    #[error("{code}: {trouble}")]
    Refused {
        /// The code of whoever refuses, such as `AADSTS7000215`.
        code: String,
        trouble: Trouble,
    },
}

/// What is wrong with an identity, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum Trouble {
    #[error("the client secret is wrong; put its value into the file, not its id")]
    WrongSecret,
    #[error("the client secret has expired; make a new one and put it into the file")]
    ExpiredSecret,
    #[error("there is no such tenant in this cloud; correct tenant, or authority")]
    UnknownTenant,
    #[error("the tenant has no such application; correct client, or tenant")]
    UnknownApplication,
    #[error("the certificate is not registered for the application; upload it there, or correct the file")]
    UnknownCertificate,
    #[error("it is out of its time; set this machine's clock, or see that the token in the file is renewed")]
    OutOfTime,
    #[error("the application does not trust who made the token in the file; correct its federated credential")]
    Untrusted,
    #[error("this machine has no such identity; switch one on for it, or correct client")]
    NoIdentity,
    #[error("the file {path} of Azure Arc's agent cannot be read ({why}); add camdock's user to the group himds")]
    ArcKey {
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    #[error("what answers is not Azure Arc's agent: {0}")]
    NoArc(String),
    /// In the words of whoever refuses.
    #[error("{0}")]
    Other(String),
}

impl TokenError {
    /// The same for who wanted something of the destination.
    pub(in super::super) fn for_destination(self, credential: &str) -> DestinationError {
        match self {
            Self::Unreachable(_) => DestinationError::Unreachable(self.to_string()),
            Self::NoConnection(trouble) => DestinationError::NoConnection(trouble),
            Self::Busy { retry_after, .. } => DestinationError::Busy { message: self.to_string(), retry_after },
            Self::Refused { .. } => {
                DestinationError::Denied { code: self.to_string(), credential: credential.to_owned() }
            }
        }
    }
}

impl From<HttpError> for TokenError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::NoConnection(trouble) => Self::NoConnection(trouble),
            other => Self::Unreachable(other.to_string()),
        }
    }
}

#[derive(Deserialize)]
struct Given {
    access_token: String,
    /// Seconds, which some write as a number and some as a text.
    expires_in: serde_json::Value,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// Reads an answer to a request that left at `asked`. `from` names who should have given it.
pub(super) async fn token(answer: Incoming, asked: Instant, from: &str) -> Result<Token, TokenError> {
    let status = answer.status;
    let wish = answer.headers.get("retry-after").and_then(|wish| wish.to_str().ok()?.trim().parse().ok());
    let body = beginning(answer.body).await;
    if status.is_success() {
        let given = serde_json::from_slice::<Given>(&body).ok();
        let token = given.filter(|given| is_sendable(&given.access_token)).and_then(|given| {
            let life = Duration::from_secs(seconds(&given.expires_in)?);
            Some(Token::new(&given.access_token, asked, life))
        });
        return token.ok_or_else(|| strangers(status, from));
    }
    let Ok(refusal) = serde_json::from_slice::<Refusal>(&body) else {
        return Err(if is_busy(status.as_u16()) { busy(status, from, wish) } else { strangers(status, from) });
    };
    if is_busy(status.as_u16()) || matches!(&*refusal.error, "temporarily_unavailable" | "server_error") {
        return Err(busy(status, from, wish));
    }
    Err(refused(&refusal))
}

fn seconds(value: &serde_json::Value) -> Option<u64> {
    // A year is longer than any token is good for, and no text of a stranger makes the clock run over.
    let seconds = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    (1..=366 * 86_400).contains(&seconds).then_some(seconds)
}

fn is_sendable(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

fn busy(status: StatusCode, from: &str, retry_after: Option<u64>) -> TokenError {
    let message = format!("{from} has no time for it now ({})", status.as_u16());
    TokenError::Busy { message, retry_after: retry_after.map(Duration::from_secs) }
}

fn strangers(status: StatusCode, from: &str) -> TokenError {
    let status = status.as_u16();
    TokenError::Unreachable(format!(
        "an answer that is not that of {from} ({status}): a login page or a proxy may stand between"
    ))
}

/// The codes are those of "Microsoft Entra authentication and authorization error codes".
fn refused(refusal: &Refusal) -> TokenError {
    let description = one_line(&refusal.error_description);
    let code = description.split_once(':').map(|(code, _)| code).filter(|code| code.starts_with("AADSTS"));
    let trouble = match code {
        Some("AADSTS7000215") => Trouble::WrongSecret,
        Some("AADSTS7000222") => Trouble::ExpiredSecret,
        Some("AADSTS90002" | "AADSTS900021" | "AADSTS900023") => Trouble::UnknownTenant,
        Some("AADSTS700016") => Trouble::UnknownApplication,
        Some("AADSTS700027") => Trouble::UnknownCertificate,
        Some("AADSTS700024") => Trouble::OutOfTime,
        Some("AADSTS70021" | "AADSTS700211" | "AADSTS700213" | "AADSTS700212") => Trouble::Untrusted,
        None if description.contains("Identity not found") => Trouble::NoIdentity,
        Some(code) => Trouble::Other(description[code.len() + 1..].trim().to_owned()),
        None if description.is_empty() => Trouble::Other("without a reason".to_owned()),
        None => Trouble::Other(description.clone()),
    };
    TokenError::Refused { code: code.map_or_else(|| one_line(&refusal.error), ToOwned::to_owned), trouble }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(description: &str) -> String {
        let error = "invalid_client".to_owned();
        refused(&Refusal { error, error_description: description.to_owned() }).to_string()
    }

    #[test]
    fn each_refusal_says_what_to_do() {
        for (code, remedy) in [
            ("AADSTS7000215", "not its id"),
            ("AADSTS7000222", "make a new one"),
            ("AADSTS90002", "correct tenant"),
            ("AADSTS700016", "correct client"),
            ("AADSTS700027", "upload it there"),
            ("AADSTS700024", "set this machine's clock"),
            ("AADSTS700213", "federated credential"),
        ] {
            let text = told(&format!("{code}: Something long.\r\nTrace ID: 1"));
            assert!(text.starts_with(code) && text.contains(remedy) && !text.contains("long"), "{text}");
        }
        assert!(told("Identity not found").contains("no such identity"));
        assert_eq!(told("AADSTS53003: Access is blocked.\r\nTrace"), "AADSTS53003: Access is blocked.");
        assert_eq!(told("\u{1b}[31mred\u{202e}"), "invalid_client: [31mred");
    }

    #[test]
    fn how_long_a_token_is_good_may_be_a_number_or_a_text_and_nothing_else() {
        for (written, read) in [("3599", Some(3_599)), ("\"3599\"", Some(3_599)), ("0", None), ("-1", None)] {
            assert_eq!(seconds(&serde_json::from_str(written).unwrap()), read, "{written}");
        }
        assert_eq!(seconds(&u64::MAX.into()), None, "no clock runs over");
    }

    #[test]
    fn a_token_is_renewed_five_minutes_before_its_end_or_a_fifth_of_its_life() {
        let now = Instant::now();
        let before = |life| {
            let token = Token::new("t", now, Duration::from_secs(life));
            (token.good_until - token.renew_from).as_secs()
        };
        assert_eq!(before(86_400), 300);
        assert_eq!(before(3_600), 300);
        assert_eq!(before(100), 20);
        assert!(!format!("{:?}", Token::new("hush", now, Duration::from_secs(9))).contains("hush"));
    }
}
