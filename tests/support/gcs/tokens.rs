//! The ways in which Google gives out tokens: for a statement of a service account, for somebody else's word, to one that becomes
//! another, and to a machine of its own.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64_URL;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::{Answer, State, text};

impl State {
    fn issue(&mut self) -> String {
        self.issued += 1;
        let token = format!("token-{}", self.issued);
        self.tokens.insert(token.clone());
        token
    }

    pub(super) fn token_for_statement(&mut self, content: &[u8]) -> Answer {
        let form: BTreeMap<_, _> = url::form_urlencoded::parse(content).into_owned().collect();
        let claims = form.get("assertion").and_then(|statement| statement.split('.').nth(1));
        let claims = claims.and_then(|claims| BASE64_URL.decode(claims).ok());
        let Some(claims) = claims.and_then(|claims| serde_json::from_slice::<Value>(&claims).ok()) else {
            return oauth(400, &json!({"error": "invalid_request"}));
        };
        let now = time::OffsetDateTime::now_utc().unix_timestamp() + self.ahead;
        let made = claims["iat"].as_i64().unwrap_or_default();
        self.statements.push(claims);
        let mut answer = if made.abs_diff(now) > 300 {
            let why = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.";
            oauth(400, &json!({"error": "invalid_grant", "error_description": why}))
        } else {
            oauth(200, &json!({"access_token": self.issue(), "expires_in": 3599, "token_type": "Bearer"}))
        };
        let date = time::OffsetDateTime::from_unix_timestamp(now).unwrap();
        let form = time::macros::format_description!(
            "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
        );
        answer.headers_mut().insert("date", date.format(form).unwrap().parse().unwrap());
        answer
    }

    pub(super) fn token_for_subject(&mut self, content: &[u8]) -> Answer {
        let form: BTreeMap<_, _> = url::form_urlencoded::parse(content).into_owned().collect();
        if form.get("subject_token").is_some_and(|subject| subject == "good") {
            let federated =
                if form["scope"].ends_with("cloud-platform") { "federated".to_owned() } else { self.issue() };
            return oauth(200, &json!({"access_token": federated, "expires_in": 3600}));
        }
        oauth(400, &json!({"error": "invalid_grant", "error_description": "The given credential is rejected."}))
    }

    pub(super) fn token_of_another(&mut self, headers: &HeaderMap) -> Answer {
        if text(headers, "authorization") == "Bearer federated" {
            return oauth(200, &json!({"accessToken": self.issue(), "expireTime": "2030-01-01T00:00:00Z"}));
        }
        oauth(403, &json!({"error": {"code": 403, "message": "Permission denied", "status": "PERMISSION_DENIED"}}))
    }

    pub(super) fn token_of_the_machine(&mut self, headers: &HeaderMap) -> Answer {
        if text(headers, "metadata-flavor") != "Google" {
            return oauth(403, &json!({}));
        }
        let mut answer = oauth(200, &json!({"access_token": self.issue(), "expires_in": 3599}));
        answer.headers_mut().insert("metadata-flavor", HeaderValue::from_static("Google"));
        answer
    }
}

fn oauth(status: u16, body: &Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}
