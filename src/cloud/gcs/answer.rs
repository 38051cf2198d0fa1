//! What Google's refusals mean.
//!
//! Promises: every refusal becomes the [`DestinationError`] that tells the caller what to do, with Google's own reason in it; an
//! answer that does not carry the service's own header never gets so far.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER, SERVER};
use serde::Deserialize;

use crate::cloud::DestinationError;
use crate::cloud::answers::{one_line, strange};

/// Why a call did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Google's refusal.
    Refused(Refusal),
    /// No answer from Google, or nothing to ask it with.
    Failed(DestinationError),
}

/// Google's refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    /// Google's word for it, such as `retentionPolicyNotMet`.
    reason: String,
    message: String,
    retry_after: Option<Duration>,
}

/// The form in which the JSON interface refuses.
#[derive(Deserialize)]
struct Body {
    error: BodyError,
}

#[derive(Deserialize)]
struct BodyError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<BodyReason>,
}

#[derive(Deserialize)]
struct BodyReason {
    #[serde(default)]
    reason: String,
}

impl From<DestinationError> for Failure {
    fn from(error: DestinationError) -> Self {
        Self::Failed(error)
    }
}

impl Failure {
    /// Takes an answer that is no success.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let why = if is_busy(status) {
            None
        } else if status.is_redirection() {
            Some("a redirect")
        } else if is_googles(headers) {
            None
        } else {
            Some("no x-guploader-uploadid")
        };
        if let Some(why) = why {
            return Self::Failed(DestinationError::Unreachable(not_googles(status, why)));
        }
        let told = serde_json::from_slice::<Body>(body).ok().map(|body| body.error);
        let reason = told.as_ref().and_then(|told| told.errors.first()).map(|first| one_line(&first.reason));
        // Sessions refuse in plain text; a page of HTML, as of a proxy that is busy, says nothing to anybody.
        let plain = || Some(one_line(&String::from_utf8_lossy(body))).filter(|text| !text.starts_with('<'));
        let message = told.map(|told| one_line(&told.message)).or_else(plain);
        Self::Refused(Refusal {
            status: status.as_u16(),
            reason: reason.unwrap_or_default(),
            message: message.unwrap_or_default(),
            retry_after: retry_after(headers),
        })
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Failed(_) => None,
        }
    }

    fn is(&self, status: u16) -> bool {
        self.refusal().is_some_and(|refusal| refusal.status == status)
    }

    /// Whether there is no such object; a missing bucket is something else.
    pub(super) fn is_absent(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.status == 404 && !refusal.is_about_the_bucket())
    }

    /// Whether an object of that name is there and stays as it is.
    pub(super) fn is_already_there(&self) -> bool {
        self.is(412)
    }

    /// Whether a session has ended, or never was. Google ends one after a week.
    pub(super) fn is_gone(&self) -> bool {
        self.is(404) || self.is(410) || self.is(499)
    }

    /// Whether nothing will be right with a session again. What came from a spool copy that is damaged may be damaged already in
    /// the part that the session keeps.
    pub(super) fn spoils_the_session(&self) -> bool {
        self.is(400) || matches!(self, Self::Failed(DestinationError::SpoolDamaged(_)))
    }

    /// Whether the token is not accepted.
    pub(super) fn is_about_the_token(&self) -> bool {
        self.is(401)
    }

    /// Whether who we are may not do this.
    pub(super) fn is_denied(&self) -> bool {
        self.is(403)
    }

    /// Whether the bucket keeps no objects of their own accord, or who we are may not say so. What an object refuses because it is
    /// kept is something else.
    pub(super) fn is_about_keeping(&self) -> bool {
        self.refusal().is_some_and(|refusal| {
            let about = refusal.message.to_ascii_lowercase().contains("retention");
            about && matches!(refusal.status, 400 | 403 | 409) && refusal.reason != "retentionPolicyNotMet"
        })
    }

    /// The refusal in a line, for people.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.words(),
            Self::Failed(error) => error.to_string(),
        }
    }

    /// Whether Google knows us and still says no to a deletion: a permission we lack, a retention policy or a hold.
    pub(super) fn is_deletion_refused(&self) -> bool {
        // Other reasons doubt who we are, so they say nothing about what we may do.
        self.refusal().is_some_and(|refusal| {
            refusal.status == 403
                && (matches!(refusal.reason.as_str(), "retentionPolicyNotMet" | "objectUnderActiveHold")
                    || refusal.permission() == Some("storage.objects.delete"))
        })
    }

    /// The error that tells the caller what to do.
    pub(super) fn explain(self, bucket: &str, credential: &str) -> DestinationError {
        let refusal = match self {
            Self::Failed(error) => return error,
            Self::Refused(refusal) => refusal,
        };
        let words = refusal.words();
        let limited =
            matches!(refusal.reason.as_str(), "rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded");
        match refusal.status {
            status if limited || StatusCode::from_u16(status).is_ok_and(is_busy) => {
                DestinationError::Busy { message: words, retry_after: refusal.retry_after }
            }
            // Where a commit is not concerned, the caller finds the object when it asks again.
            412 => DestinationError::Busy { message: words, retry_after: None },
            400 if refusal.message.to_ascii_lowercase().contains("crc32c") => DestinationError::ChunkDamaged(words),
            404 if refusal.is_about_the_bucket() => DestinationError::NoContainer(format!("bucket {bucket}")),
            401 | 403 => DestinationError::Denied { code: refusal.denial(), credential: credential.to_owned() },
            _ => DestinationError::Permanent(words),
        }
    }
}

impl Refusal {
    /// Google says "notFound" of both, and only the sentence tells. If it ever reads otherwise, a missing bucket is noticed where
    /// an upload begins: there is nothing else to be missing.
    fn is_about_the_bucket(&self) -> bool {
        self.message.contains("bucket does not exist")
    }

    /// The permission that is missing, if it is named.
    fn permission(&self) -> Option<&str> {
        let from = &self.message[self.message.find("storage.")?..];
        let end = from.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.').unwrap_or(from.len());
        Some(from[..end].trim_end_matches('.'))
    }

    fn words(&self) -> String {
        format!("{} {}", self.code(), self.message).trim_end().to_owned()
    }

    /// Status and reason, as far as there is one.
    fn code(&self) -> String {
        format!("{} {}", self.status, self.reason).trim_end().to_owned()
    }

    fn denial(&self) -> String {
        match self.permission() {
            Some(permission) => format!("{}: {permission} is missing", self.code()),
            None => self.words(),
        }
    }
}

/// Every server of Google's that takes and gives objects numbers each answer, or says what it is; no login page does.
pub(super) fn is_googles(headers: &HeaderMap) -> bool {
    headers.contains_key("x-guploader-uploadid") || headers.get(SERVER).is_some_and(|server| server == "UploadServer")
}

/// Whether patience is all that is asked for, no matter who asks: a balancer or proxy on the way may do so as well.
pub(super) fn is_busy(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429) || status.is_server_error()
}

/// How long to wait, in seconds; Google writes no dates there.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

pub(super) fn not_googles(status: StatusCode, why: &str) -> String {
    strange("Google", status.as_u16(), why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, reason: &str, message: &str) -> Failure {
        let mut headers = HeaderMap::new();
        headers.insert("x-guploader-uploadid", "1".parse().unwrap());
        headers.insert(RETRY_AFTER, "7".parse().unwrap());
        let body = serde_json::json!({"error": {"code": status, "message": message, "errors": [{"reason": reason}]}});
        Failure::of(StatusCode::from_u16(status).unwrap(), &headers, body.to_string().as_bytes())
    }

    fn refused(status: u16, reason: &str, message: &str) -> DestinationError {
        failure(status, reason, message).explain("evidence", "google.json")
    }

    #[test]
    fn every_refusal_says_what_to_do() {
        let about = "ev@x.iam.gserviceaccount.com does not have storage.objects.create access to the bucket. Permission \
                     'storage.objects.create' denied on resource (or it may not exist).";
        assert_eq!(
            refused(403, "forbidden", about).to_string(),
            "refused (403 forbidden: storage.objects.create is missing): check credential google.json"
        );
        assert_eq!(
            refused(401, "authError", "Invalid Credentials").to_string(),
            "refused (401 authError Invalid Credentials): check credential google.json"
        );
        assert_eq!(
            refused(404, "notFound", "The specified bucket does not exist.").to_string(),
            "bucket evidence does not exist: create it, or correct the configuration"
        );
        let damaged = "Provided CRC32C \"AAAAAA==\" doesn't match calculated CRC32C \"4waSgw==\".";
        assert!(matches!(refused(400, "invalid", damaged), DestinationError::ChunkDamaged(_)));
        assert!(matches!(refused(400, "required", "Required"), DestinationError::Permanent(_)));
    }

    #[test]
    fn patience_is_kept_as_long_as_google_asks() {
        for (status, reason) in
            [(429, "rateLimitExceeded"), (503, "backendError"), (408, ""), (500, ""), (403, "userRateLimitExceeded")]
        {
            let error = refused(status, reason, "Slow down");
            let DestinationError::Busy { retry_after, .. } = error else { panic!("{status} {reason}: {error}") };
            assert_eq!(retry_after, Some(Duration::from_secs(7)));
        }
    }

    #[test]
    fn a_deletion_is_refused_by_a_lock_or_for_want_of_the_permission_and_not_for_want_of_trust() {
        let lacking = "x does not have storage.objects.delete access to the object.";
        for (reason, message) in
            [("retentionPolicyNotMet", "until later"), ("objectUnderActiveHold", "held"), ("forbidden", lacking)]
        {
            assert!(failure(403, reason, message).is_deletion_refused(), "{reason}");
        }
        assert!(!failure(403, "accountDisabled", "The billing account is closed.").is_deletion_refused());
        assert!(!failure(401, "authError", lacking).is_deletion_refused());
    }

    #[test]
    fn what_google_did_not_say_is_not_believed() {
        let page = |status: u16| Failure::of(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), b"<html>");
        for status in [302, 401, 403, 404, 410, 412] {
            let error = page(status).explain("evidence", "google.json");
            assert!(matches!(error, DestinationError::Unreachable(_)), "{status}: {error}");
        }
        let busy = page(503).explain("evidence", "google.json");
        assert_eq!(busy.to_string(), "busy: 503", "whoever is busy on the way may say so");
    }
}
