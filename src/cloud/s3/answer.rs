//! What S3 says, and what its refusals mean.
//!
//! Promises: every refusal becomes the [`DestinationError`] that tells the caller what to do, with S3's own code in it; an
//! error that comes with the status 200 is an error.

use std::time::Duration;

use quick_xml::events::Event;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cloud::DestinationError;
use crate::cloud::answers::{http_date, is_busy, one_line, retry_after, strange};

/// Why a request did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// S3's refusal.
    Refused(Box<Refusal>),
    /// No answer from S3.
    Failed(DestinationError),
}

/// S3's refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    code: String,
    message: String,
    /// Where the bucket is, if it is somewhere else than was asked.
    region: Option<String>,
    retry_after: Option<Duration>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ErrorBody {
    code: String,
    message: String,
    region: Option<String>,
}

pub(super) fn not_s3s(status: StatusCode, why: &str) -> String {
    strange("S3", status.as_u16(), why)
}

/// What an answer's XML is called at its root, if it is XML.
pub(super) fn root(text: &str) -> Option<String> {
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start) | Event::Empty(start)) => {
                return Some(String::from_utf8_lossy(start.local_name().as_ref()).into_owned());
            }
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// Reads an answer that is a list or a result.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    quick_xml::de::from_str(text).map_err(|error| {
        Failure::Failed(DestinationError::Unreachable(not_s3s(StatusCode::OK, &one_line(&error.to_string()))))
    })
}

impl Failure {
    /// What an answer means that is no success, or that has an error in the place of a result.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, text: &str) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body: Option<ErrorBody> = match root(text).as_deref() {
            Some("Error") => quick_xml::de::from_str(text).ok(),
            _ => None,
        };
        let known = body.is_some() || header("x-amz-request-id").is_some() || is_busy(status.as_u16());
        if !known {
            return Self::Failed(DestinationError::Unreachable(not_s3s(status, "no error of S3's")));
        }
        let body = body.unwrap_or_default();
        let date = header("date").as_deref().and_then(http_date);
        Self::Refused(Box::new(Refusal {
            status: status.as_u16(),
            code: one_line(&body.code),
            message: one_line(&body.message),
            region: header("x-amz-bucket-region").or(body.region).map(|region| one_line(&region)),
            retry_after: header("retry-after").and_then(|wish| retry_after(&wish, date)),
        }))
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Failed(_) => None,
        }
    }

    /// S3's code, if it refused.
    pub(super) fn code(&self) -> Option<&str> {
        self.refusal().map(|refusal| refusal.code.as_str())
    }

    /// Whether there is no such object; a missing bucket is something else. What has no body, as an answer to HEAD has
    /// none, says no more than its status.
    pub(super) fn is_absent(&self) -> bool {
        self.refusal().is_some_and(|it| it.status == 404 && matches!(it.code.as_str(), "" | "NoSuchKey" | "NotFound"))
    }

    /// Whether an object of that name is there and stays as it is.
    pub(super) fn is_already_there(&self) -> bool {
        self.refusal().is_some_and(|it| it.status == 412 || it.code == "PreconditionFailed")
    }

    /// Whether the upload is not under way any more: it was completed, aborted, or removed by a rule of the bucket's.
    pub(super) fn is_without_upload(&self) -> bool {
        self.code() == Some("NoSuchUpload")
    }

    /// Whether what was staged does not make the object that it should.
    pub(super) fn is_about_the_parts(&self) -> bool {
        matches!(
            self.code(),
            Some("InvalidPart" | "InvalidPartOrder" | "BadDigest" | "InvalidDigest" | "EntityTooSmall")
        )
    }

    /// Whether a checksum did not match.
    pub(super) fn is_about_a_checksum(&self) -> bool {
        matches!(self.code(), Some("BadDigest" | "InvalidDigest" | "XAmzContentChecksumMismatch"))
    }

    /// Whether the request was not understood, or a part of it.
    pub(super) fn is_not_implemented(&self) -> bool {
        self.refusal().is_some_and(|it| it.status == 501 || it.code == "NotImplemented")
    }

    /// Whether the signature may have been the reason; S3 says no more where an answer has no body.
    pub(super) fn may_be_about_the_signature(&self) -> bool {
        self.refusal().is_some_and(|it| it.status == 403)
    }

    /// Whether the key is not, or no longer, one that S3 knows. What has no body, as an answer to HEAD has none, may be about it.
    pub(super) fn is_about_the_key(&self) -> bool {
        self.refusal().is_some_and(|it| match it.code.as_str() {
            "ExpiredToken"
            | "InvalidAccessKeyId"
            | "InvalidToken"
            | "SignatureDoesNotMatch"
            | "TokenRefreshRequired" => true,
            "" => matches!(it.status, 400 | 401 | 403),
            _ => false,
        })
    }

    /// Whether the bucket keeps no objects from deletion ("Bucket is missing Object Lock Configuration"), or not like that.
    pub(super) fn is_without_locks(&self) -> bool {
        let about_it = |it: &Refusal| it.message.contains("Object Lock") || it.message.contains("ObjectLock");
        self.refusal().is_some_and(|it| match it.code.as_str() {
            "ObjectLockConfigurationNotFoundError" | "NoSuchObjectLockConfiguration" => true,
            "InvalidRequest" | "NotImplemented" => about_it(it),
            _ => false,
        })
    }

    /// Whether something was asked for that the server does not do.
    pub(super) fn is_about_a_wish(&self) -> bool {
        self.is_without_locks() || self.is_not_implemented() || self.code() == Some("InvalidRequest")
    }

    /// Whether a request that was about nothing but that came to nothing for good.
    pub(super) fn is_about_locks(&self) -> bool {
        self.is_about_a_wish() || self.is_forbidden()
    }

    /// The refusal in a line, for people.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.words(),
            Self::Failed(error) => error.to_string(),
        }
    }

    /// Whether S3 knows us and still says no.
    pub(super) fn is_forbidden(&self) -> bool {
        self.refusal().is_some_and(|it| {
            it.status == 403 && matches!(it.code.as_str(), "AccessDenied" | "ObjectLocked" | "InvalidObjectState" | "")
        })
    }

    /// The error that tells the caller what to do.
    pub(super) fn explain(self, bucket: &str, credential: &str) -> DestinationError {
        let overtaken = self.is_already_there();
        let damaged = self.is_about_a_checksum();
        let it = match self {
            Self::Failed(error) => return error,
            Self::Refused(refusal) => *refusal,
        };
        let words = it.words();
        match (it.status, it.code.as_str()) {
            (status, code)
                if is_busy(status) || matches!(code, "SlowDown" | "InternalError" | "ServiceUnavailable") =>
            {
                DestinationError::Busy { message: words, retry_after: it.retry_after }
            }
            // Somebody else is writing the same object, or the bucket is just being made: both pass.
            (409, _) => DestinationError::Busy { message: words, retry_after: it.retry_after },
            // Where a commit is not concerned, the caller finds the object when it asks again.
            _ if overtaken => DestinationError::Busy { message: words, retry_after: None },
            _ if damaged => DestinationError::ChunkDamaged(words),
            // A rule of the bucket's, or a person, has ended an upload that was under way: it begins anew.
            (404, "NoSuchUpload") => DestinationError::Busy { message: words, retry_after: None },
            (404, "NoSuchBucket") => DestinationError::NoContainer(format!("bucket {bucket}")),
            (301 | 307, _) | (_, "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
                let region =
                    it.region.as_deref().map_or_else(String::new, |region| format!(": write region = \"{region}\""));
                DestinationError::Denied {
                    code: format!("{words}; bucket {bucket} is in another region{region}"),
                    credential: credential.to_owned(),
                }
            }
            (507, _) | (_, "QuotaExceeded" | "InsufficientStorage" | "XMinioStorageFull") => {
                DestinationError::Full(format!("bucket {bucket}"))
            }
            (401 | 403, _) | (400, "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired") => {
                DestinationError::Denied { code: words, credential: credential.to_owned() }
            }
            _ => DestinationError::Permanent(words),
        }
    }
}

impl Refusal {
    fn words(&self) -> String {
        let words = [self.status.to_string(), self.code.clone(), self.message.clone()];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, text: &str) -> Failure {
        let mut headers = HeaderMap::new();
        headers.insert("date", "Fri, 24 May 2013 00:00:00 GMT".parse().unwrap());
        headers.insert("retry-after", "Fri, 24 May 2013 00:00:07 GMT".parse().unwrap());
        Failure::of(StatusCode::from_u16(status).unwrap(), &headers, text)
    }

    fn error(code: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>So it is.</Message></Error>"
        )
    }

    fn explained(status: u16, code: &str) -> DestinationError {
        failure(status, &error(code)).explain("evidence", "s3.key")
    }

    #[test]
    fn a_refusal_becomes_what_to_do_about_it() {
        assert!(
            matches!(explained(503, "SlowDown"), DestinationError::Busy { retry_after: Some(wait), .. } if wait.as_secs() == 7)
        );
        assert!(matches!(explained(200, "InternalError"), DestinationError::Busy { .. }), "an error in a 200");
        assert!(matches!(explained(409, "ConditionalRequestConflict"), DestinationError::Busy { .. }));
        assert!(
            matches!(explained(404, "NoSuchUpload"), DestinationError::Busy { .. }),
            "an upload that was ended begins anew"
        );
        assert!(matches!(explained(400, "BadDigest"), DestinationError::ChunkDamaged(_)));
        assert!(
            matches!(explained(404, "NoSuchBucket"), DestinationError::NoContainer(bucket) if bucket == "bucket evidence")
        );
        assert!(
            matches!(explained(403, "InvalidAccessKeyId"), DestinationError::Denied { credential, .. } if credential == "s3.key")
        );
        assert!(matches!(explained(400, "ExpiredToken"), DestinationError::Denied { .. }));
        assert!(matches!(explained(400, "EntityTooLarge"), DestinationError::Permanent(_)));
    }

    #[test]
    fn a_bucket_in_another_region_says_in_which() {
        let text = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-gov-west-1</Region></Error>";
        let error = failure(400, text).explain("evidence", "s3.key").to_string();
        assert!(error.contains("write region = \"us-gov-west-1\""), "{error}");
    }

    #[test]
    fn what_somebody_else_answers_is_nobodys_refusal() {
        for (status, text) in
            [(404, "<html><body>Not found</body></html>"), (403, ""), (302, ""), (200, "Log in, please")]
        {
            let error = failure(status, text).explain("evidence", "s3.key");
            assert!(matches!(error, DestinationError::Unreachable(_)), "{status}: {error}");
        }
    }

    #[test]
    fn whose_xml_it_is_shows_at_its_root() {
        assert_eq!(root("<?xml version=\"1.0\"?>\n\n<a:Error xmlns:a=\"x\"/>").as_deref(), Some("Error"));
        assert_eq!(root("<!DOCTYPE html><html>").as_deref(), Some("html"));
        assert_eq!(root("no XML at all"), None);
    }
}
