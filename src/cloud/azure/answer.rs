//! What Azure's refusals mean.
//!
//! Promises: every refusal becomes the [`DestinationError`] that tells the caller what to do, with Azure's own code in it.

use std::time::Duration;

use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_storage_blob::StorageError;
use reqwest::StatusCode;
use time::OffsetDateTime;

use super::transport::not_azures;
use crate::cloud::DestinationError;
use crate::cloud::answers::{http_date, is_busy, one_line, retry_after};
use crate::domain::Moment;

/// Why a call did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Azure's refusal.
    Refused(Refusal),
    /// No answer from Azure.
    Failed(DestinationError),
}

/// Azure's refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    code: String,
    message: String,
    /// What Azure says about a credential it does not accept.
    detail: Option<String>,
    retry_after: Option<Duration>,
    /// Azure's clock.
    date: Option<OffsetDateTime>,
}

/// What a refusal is about, for the words of the error.
pub(super) struct Subject<'a> {
    pub(super) container: &'a str,
    pub(super) credential: &'a str,
    pub(super) expiry: Option<OffsetDateTime>,
    /// What to give whoever is known and may not do what was asked.
    pub(super) lacking: &'static str,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let ErrorKind::HttpResponse { status, raw_response, .. } = error.kind() else {
            return Self::Failed(match error.into_downcast::<DestinationError>() {
                Ok(error) => error,
                // The pipeline could not make sense of what came back.
                Err(error) => DestinationError::Unreachable(one_line(&error.to_string())),
            });
        };
        let status = u16::from(*status);
        let headers = raw_response.as_ref().map_or_else(Headers::new, |answer| answer.headers().clone());
        if (200..300).contains(&status) {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            return Self::Failed(DestinationError::Unreachable(not_azures(status, "not the status of this request")));
        }
        let header = |name: &'static str| headers.get_optional_string(&name.into());
        let date = header("date").as_deref().and_then(http_date);
        let body = StorageError::try_from(error).ok();
        let detail = body.as_ref().and_then(|body| body.authentication_error_detail.clone());
        Self::Refused(Refusal {
            status,
            code: header("x-ms-error-code").map(|code| one_line(&code)).unwrap_or_default(),
            message: body.and_then(|body| body.message).map(|message| one_line(&message)).unwrap_or_default(),
            detail,
            retry_after: header("retry-after").and_then(|wish| retry_after(&wish, date)),
            date,
        })
    }
}

impl Failure {
    /// Azure's code, if it refused.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => Some(&refusal.code),
            Self::Failed(_) => None,
        }
    }

    /// Whether there is no such object; a missing container is something else.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self.code(), Some("BlobNotFound" | "ResourceNotFound"))
    }

    /// Whether an object of that name is there and stays as it is.
    pub(super) fn is_already_there(&self) -> bool {
        match self {
            Self::Failed(_) => false,
            Self::Refused(refusal) => {
                refusal.status == 412
                    || matches!(
                        refusal.code.as_str(),
                        "BlobAlreadyExists"
                            | "UnauthorizedBlobOverwrite"
                            | "BlobImmutableDueToPolicy"
                            | "BlobImmutableDueToLegalHold"
                    )
            }
        }
    }

    /// Whether the container keeps no object from deletion, or this credential may not say so. What an object refuses because it
    /// is kept is something else.
    pub(super) fn is_about_immutability(&self) -> bool {
        let Self::Refused(refusal) = self else { return false };
        let text = format!("{} {}", refusal.code, refusal.message).to_ascii_lowercase();
        let about = text.contains("immutab") || text.contains("legal hold") || text.contains("legalhold");
        about && matches!(refusal.status, 400 | 403 | 409 | 501) && !self.is_already_there()
    }

    /// Whether it could be due to an object's tags: a permission we lack, or a kind of account that has none.
    pub(super) fn may_be_about_tags(&self) -> bool {
        match self {
            Self::Failed(_) => false,
            Self::Refused(refusal) => {
                matches!(refusal.status, 400 | 403 | 409 | 501)
                    && refusal.code != "AuthenticationFailed"
                    && !refusal.is_about_the_container()
            }
        }
    }

    /// Status and code of a refusal, or what failed.
    pub(super) fn denial(&self) -> String {
        match self {
            Self::Failed(error) => error.to_string(),
            Self::Refused(refusal) => refusal.status_and_code(),
        }
    }

    /// Whether Azure knows us and still says no to a deletion: a permission we lack, a retention policy or a hold.
    pub(super) fn is_deletion_refused(&self) -> bool {
        match self {
            Self::Failed(_) => false,
            Self::Refused(refusal) => match refusal.status {
                // Other codes doubt who we are, so they say nothing about what we may do.
                403 => matches!(
                    refusal.code.as_str(),
                    "AuthorizationPermissionMismatch"
                        | "AuthorizationResourceTypeMismatch"
                        | "InsufficientAccountPermissions"
                ),
                409 => !refusal.is_about_the_container(),
                _ => false,
            },
        }
    }

    /// The error that tells the caller what to do.
    pub(super) fn explain(self, about: &Subject<'_>) -> DestinationError {
        let overtaken = self.is_already_there();
        let refusal = match self {
            Self::Failed(error) => return error,
            Self::Refused(refusal) => refusal,
        };
        let words = refusal.words();
        match (refusal.status, refusal.code.as_str()) {
            (status, code) if is_busy(status) || code == "ServerBusy" => {
                DestinationError::Busy { message: words, retry_after: refusal.retry_after }
            }
            // It is gone in a while, or back.
            _ if refusal.is_about_the_container() => {
                DestinationError::Busy { message: words, retry_after: refusal.retry_after }
            }
            // Where a commit is not concerned, the caller finds the object when it asks again.
            _ if overtaken => DestinationError::Busy { message: words, retry_after: None },
            (_, "Crc64Mismatch" | "Md5Mismatch") => DestinationError::ChunkDamaged(words),
            (404, "ContainerNotFound") => DestinationError::NoContainer(format!("container {}", about.container)),
            (401 | 403, _) => {
                DestinationError::Denied { code: refusal.denial(about), credential: about.credential.to_owned() }
            }
            _ => DestinationError::Permanent(words),
        }
    }
}

impl Refusal {
    /// Whether the container or the account is being made or taken away at this moment.
    fn is_about_the_container(&self) -> bool {
        matches!(self.code.as_str(), "ContainerBeingDeleted" | "ContainerDisabled" | "AccountBeingCreated")
    }

    fn words(&self) -> String {
        [self.status.to_string().as_str(), &self.code, &self.message]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn status_and_code(&self) -> String {
        format!("{} {}", self.status, self.code).trim_end().to_owned()
    }

    /// Status and code, and the reason if it is a lack of permissions, or a matter of time: an expired credential, or this
    /// machine's clock.
    fn denial(&self, about: &Subject<'_>) -> String {
        let code = self.status_and_code();
        if self.code == "AuthorizationPermissionMismatch" {
            return format!("{code}: {}", about.lacking);
        }
        let out_of_time = self
            .detail
            .as_ref()
            .filter(|detail| ["time frame", "expir", "date header"].iter().any(|about| detail.contains(about)));
        match (out_of_time, about.expiry, self.date) {
            (Some(detail), ..) => format!("{code}: {}", one_line(detail)),
            (None, Some(expiry), Some(now)) if expiry <= now => {
                format!("{code}: it expired at {}", Moment::from_millis(expiry.unix_timestamp() * 1_000))
            }
            _ => code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::http::RawResponse;

    fn refused(status: u16, code: &'static str, more: &[(&'static str, &'static str)], body: &str) -> DestinationError {
        let mut headers = Headers::new();
        headers.insert("x-ms-error-code", code);
        for (name, value) in more {
            headers.insert(*name, *value);
        }
        let answer = RawResponse::from_bytes(status.into(), headers, body.to_owned());
        let kind =
            ErrorKind::HttpResponse { status: status.into(), error_code: None, raw_response: Some(Box::new(answer)) };
        let expiry = OffsetDateTime::from_unix_timestamp(0).ok();
        let about = Subject { container: "evidence", credential: "primary.sas", expiry, lacking: "it lacks a role" };
        Failure::from(kind.into_error()).explain(&about)
    }

    #[test]
    fn patience_is_kept_as_long_as_azure_asks() {
        let wait = |headers: &[_]| match refused(503, "ServerBusy", headers, "") {
            DestinationError::Busy { retry_after, .. } => retry_after,
            other => panic!("{other}"),
        };
        assert_eq!(wait(&[]), None);
        assert_eq!(wait(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        let date = ("date", "Fri, 26 Jun 2015 23:39:12 GMT");
        assert_eq!(
            wait(&[("retry-after", "Fri, 26 Jun 2015 23:40:12 GMT"), date]),
            Some(Duration::from_mins(1)),
            "a date counts from the answer's own date"
        );
        assert_eq!(wait(&[("retry-after", "Fri, 26 Jun 2015 23:00:00 GMT"), date]), None, "it has passed");
    }

    #[test]
    fn a_refused_credential_is_named_and_an_expired_one_said_to_be() {
        assert_eq!(
            refused(403, "AuthorizationFailure", &[], "").to_string(),
            "refused (403 AuthorizationFailure): check credential primary.sas"
        );
        let expired = "refused (403 AuthorizationFailure: it expired at 1970-01-01T00:00:00Z): check \
                       credential primary.sas";
        let date = ("date", "Fri, 26 Jun 2015 23:39:12 GMT");
        assert_eq!(refused(403, "AuthorizationFailure", &[date], "").to_string(), expired);
        let body = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>AuthenticationFailed</Code>\
                    <Message>Server failed to authenticate the request.\nRequestId:1</Message><AuthenticationErrorDetail>\
                    Signature not valid in the specified time frame: Expiry [x]</AuthenticationErrorDetail></Error>";
        assert_eq!(
            refused(403, "AuthenticationFailed", &[], body).to_string(),
            "refused (403 AuthenticationFailed: Signature not valid in the specified time frame: Expiry [x]): check \
             credential primary.sas"
        );
    }

    #[test]
    fn who_is_known_and_may_not_is_told_what_is_lacking() {
        assert_eq!(
            refused(403, "AuthorizationPermissionMismatch", &[], "").to_string(),
            "refused (403 AuthorizationPermissionMismatch: it lacks a role): check credential primary.sas"
        );
    }

    #[test]
    fn every_other_refusal_says_what_to_do() {
        assert!(matches!(refused(400, "Crc64Mismatch", &[], ""), DestinationError::ChunkDamaged(_)));
        assert!(matches!(refused(404, "ContainerNotFound", &[], ""), DestinationError::NoContainer(_)));
        assert!(matches!(refused(500, "InternalError", &[], ""), DestinationError::Busy { .. }));
        assert!(matches!(refused(200, "", &[], ""), DestinationError::Unreachable(_)));
        for code in ["ContainerBeingDeleted", "ContainerDisabled"] {
            assert!(matches!(refused(409, code, &[], ""), DestinationError::Busy { .. }), "{code} passes");
        }
        let body = "<Error><Code>InvalidHeaderValue</Code><Message>The value is invalid.\nTime:now</Message></Error>";
        assert_eq!(
            refused(400, "InvalidHeaderValue", &[], body).to_string(),
            "refused: 400 InvalidHeaderValue The value is invalid."
        );
    }
}
