//! Keys that are issued for a while: how they are written, how long they are good, and why there is none.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use super::super::keys::AccessKey;
use crate::cloud::answers::{http_date, is_busy, one_line, retry_after, strange};
use crate::cloud::http::{HttpClient, HttpError, Outgoing};
use crate::cloud::token::Token;
use crate::domain::Secret;

/// No answer with a key has more bytes.
const LONGEST: usize = 64 << 10;

/// How long a key is used that says nothing of its end. One that is refused before is not used any longer.
const UNLIMITED: Duration = Duration::from_hours(24);

/// Why nobody issues a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoKey {
    /// No answer, or one of somebody else.
    #[error("no access key: {0}")]
    Unreachable(String),
    /// An answer that asks for patience.
    #[error("no access key: {message}")]
    Busy { message: String, retry_after: Option<Duration> },
    /// It is refused, and what to do.
    #[error("no access key: {0}")]
    Refused(String),
}

/// A key as it is written by everybody who issues one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Issued {
    access_key_id: String,
    secret_access_key: String,
    #[serde(alias = "SessionToken")]
    token: Option<String>,
    expiration: Option<String>,
}

impl Issued {
    /// The key, and how long it is good if it is `now`; nothing if it cannot be sent. Its end is told as a time, and a dock's clock
    /// may be wrong, so the time should be that of whoever issued it.
    pub(super) fn at(self, now: OffsetDateTime) -> Result<Token<AccessKey>, NoKey> {
        let texts = [Some(&self.access_key_id), Some(&self.secret_access_key), self.token.as_ref()];
        let sendable = |text: &String| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        if !texts.into_iter().flatten().all(sendable) {
            return Err(NoKey::Refused("what was issued is no access key".to_owned()));
        }
        let good_for = match self.expiration.as_deref() {
            None | Some("") => UNLIMITED,
            Some(end) => good_for(end, now)?,
        };
        let secret = AccessKey {
            id: self.access_key_id,
            secret: Secret::new(&self.secret_access_key),
            token: self.token.as_deref().map(Secret::new),
        };
        Ok(Token { secret, good_for })
    }
}

fn good_for(end: &str, now: OffsetDateTime) -> Result<Duration, NoKey> {
    let Ok(until) = OffsetDateTime::parse(end.trim(), &Rfc3339) else {
        return Err(NoKey::Refused(format!("it is issued until \"{}\", which is no time", one_line(end))));
    };
    let left = Duration::try_from(until - now).unwrap_or_default();
    if left.is_zero() {
        let words = format!("it was issued until {}, which is over; set this machine's clock", one_line(end));
        return Err(NoKey::Refused(words));
    }
    Ok(left)
}

/// What somebody said who issues keys.
pub(super) struct Said {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) text: String,
    /// Who it is.
    whose: &'static str,
}

impl Said {
    /// What time it is for who said it.
    pub(super) fn date(&self) -> Option<OffsetDateTime> {
        http_date(self.headers.get(DATE)?.to_str().ok()?)
    }

    /// That it is none of theirs.
    pub(super) fn strange(&self, why: &str) -> NoKey {
        NoKey::Unreachable(strange(self.whose, self.status.as_u16(), why))
    }

    /// The key in it, as JSON, and how long it is good, if it is `now` where none is told.
    pub(super) fn key(&self, now: OffsetDateTime) -> Result<Token<AccessKey>, NoKey> {
        let issued: Issued = serde_json::from_str(&self.text).map_err(|_| self.strange("no access key"))?;
        issued.at(self.date().unwrap_or(now))
    }
}

/// Sends one request. Who asks for patience is no answer.
pub(super) async fn ask(
    http: &HttpClient,
    whose: &'static str,
    (method, url): (Method, Url),
    headers: HeaderMap,
    body: Bytes,
) -> Result<Said, NoKey> {
    let answer = http.send(method, url, headers, Outgoing::Bytes(body)).await.map_err(|error| match error {
        HttpError::Stalled(_) => NoKey::Unreachable(format!("{whose} does not answer: {error}")),
        error => NoKey::Unreachable(format!("{whose} cannot be reached: {error}")),
    })?;
    let (status, headers, mut body) = (answer.status, answer.headers, answer.body);
    let mut text = Vec::new();
    while let Some(piece) = body.next().await {
        text.extend_from_slice(&piece.map_err(|error| NoKey::Unreachable(format!("{whose}: {error}")))?);
        if text.len() > LONGEST {
            return Err(NoKey::Unreachable(strange(whose, status.as_u16(), "far too long")));
        }
    }
    let said = Said { status, headers, text: String::from_utf8_lossy(&text).into_owned(), whose };
    if !is_busy(status.as_u16()) {
        return Ok(said);
    }
    let wish = said.headers.get(RETRY_AFTER).and_then(|wish| wish.to_str().ok());
    let retry_after = wish.and_then(|wish| retry_after(wish, said.date()));
    Err(NoKey::Busy { message: format!("{whose} is busy ({})", status.as_u16()), retry_after })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-01-02 03:04:05 UTC);

    fn issued(json: &str) -> Result<Token<AccessKey>, NoKey> {
        serde_json::from_str::<Issued>(json).unwrap().at(NOW)
    }

    #[test]
    fn a_key_is_good_until_its_end_by_the_clock_of_who_issued_it() {
        let json =
            r#"{"AccessKeyId": "A", "SecretAccessKey": "s", "Token": "t", "Expiration": "2026-01-02T04:04:05Z"}"#;
        let token = issued(json).unwrap();
        assert_eq!((token.secret.id.as_str(), token.good_for), ("A", Duration::from_hours(1)));
        assert_eq!(token.secret.token, Some(Secret::new("t")));
        let json = r#"{"AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t"}"#;
        assert_eq!(issued(json).unwrap().secret.token, Some(Secret::new("t")), "as a program prints it");
    }

    #[test]
    fn what_is_over_or_cannot_be_sent_is_no_key() {
        for json in [
            r#"{"AccessKeyId": "A", "SecretAccessKey": "s", "Expiration": "2026-01-02T03:04:05Z"}"#,
            r#"{"AccessKeyId": "A", "SecretAccessKey": "s", "Expiration": "soon"}"#,
            r#"{"AccessKeyId": "A\r\nx: y", "SecretAccessKey": "s"}"#,
            r#"{"AccessKeyId": "A", "SecretAccessKey": ""}"#,
        ] {
            assert!(matches!(issued(json), Err(NoKey::Refused(_))), "{json}");
        }
    }
}
