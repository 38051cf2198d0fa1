//! Keys for whoever somebody else vouches for (`AssumeRoleWithWebIdentity` of AWS's Security Token Service).

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use time::OffsetDateTime;
use url::Url;
use url::form_urlencoded::Serializer;

use super::super::keys::AccessKey;
use super::issued::{Issued, NoKey, ask};
use crate::cloud::answers::one_line;
use crate::cloud::http::HttpClient;
use crate::cloud::token::Token;
use crate::domain::Secret;

const STS: &str = "AWS's Security Token Service";

/// A role that is taken on with somebody else's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebIdentity {
    /// Where it is asked for: `https`, or this very machine.
    pub service: Url,
    /// The role: `arn:aws:iam::123456789012:role/dock`.
    pub role: String,
    /// What the account's own log calls who has taken it on: 2 to 64 letters, digits and `+=,.@-_`.
    pub session: String,
    /// The word: a token of an identity provider that the role trusts.
    pub token: Secret,
}

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "AssumeRoleWithWebIdentityResult")]
    result: Assumed,
}

#[derive(Deserialize)]
struct Assumed {
    #[serde(rename = "Credentials")]
    credentials: Issued,
}

#[derive(Deserialize)]
struct ErrorResponse {
    #[serde(rename = "Error")]
    error: Refusal,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "Code")]
    code: String,
    #[serde(rename = "Message", default)]
    message: String,
}

/// The key of the role.
pub(super) async fn of_a_role(
    http: &HttpClient,
    identity: &WebIdentity,
    now: OffsetDateTime,
) -> Result<Token<AccessKey>, NoKey> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    let to = (Method::POST, identity.service.clone());
    let answer = ask(http, STS, to, headers, Bytes::from(form(identity))).await?;
    if answer.status == StatusCode::OK {
        let response: Response = quick_xml::de::from_str(&answer.text).map_err(|_| answer.strange("no credentials"))?;
        return response.result.credentials.at(answer.date().unwrap_or(now));
    }
    let refusal: ErrorResponse =
        quick_xml::de::from_str(&answer.text).map_err(|_| answer.strange("no error of its own"))?;
    Err(explained(&refusal.error, &identity.role))
}

fn form(identity: &WebIdentity) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("Action", "AssumeRoleWithWebIdentity").append_pair("Version", "2011-06-15");
    form.append_pair("RoleArn", &identity.role).append_pair("RoleSessionName", &identity.session);
    form.append_pair("WebIdentityToken", identity.token.expose()).finish()
}

fn explained(Refusal { code, message }: &Refusal, role: &str) -> NoKey {
    let words = format!("{} {}", one_line(code), one_line(message));
    let what_to_do = match code.as_str() {
        "ExpiredTokenException" | "ExpiredToken" => "see that the token in the file is renewed",
        "InvalidIdentityToken" => "add who makes the token as an identity provider to the role's account",
        "AccessDenied" => "correct the role, or let its trust policy name who makes the token and for whom",
        "IDPCommunicationError" | "Throttling" => return NoKey::Busy { message: words, retry_after: None },
        _ => "correct the role",
    };
    NoKey::Refused(format!("{words} (role {role}); {what_to_do}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_do() {
        let said = |code: &str| {
            explained(&Refusal { code: code.to_owned(), message: "No.".to_owned() }, "arn:aws:iam::1:role/dock")
                .to_string()
        };
        for (code, what_to_do) in [
            ("ExpiredTokenException", "is renewed"),
            ("InvalidIdentityToken", "identity provider"),
            ("AccessDenied", "trust policy"),
            ("MalformedPolicyDocument", "correct the role"),
        ] {
            assert!(said(code).ends_with(what_to_do) || said(code).contains(what_to_do), "{}", said(code));
        }
    }
}
