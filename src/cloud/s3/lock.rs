//! Object Lock: a retention and a legal hold, of one version of an object.
//!
//! Promises: S3 takes a retention only if the bucket was made for it; whether an object has one is read from the object itself,
//! never from what was asked for.

use bytes::Bytes;
use reqwest::Method;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::answer::Failure;
use super::wire::{Answer, Body, Request};
use crate::cloud::DestinationError;
use crate::domain::{Crc64, Enforcement, LegalHold, Moment, ObjectName, Protection, Retention};

const MODE: &str = "x-amz-object-lock-mode";
const UNTIL: &str = "x-amz-object-lock-retain-until-date";
const LEGAL_HOLD: &str = "x-amz-object-lock-legal-hold";

/// What a request says that creates an object. A legal hold that is not wanted is not mentioned: some servers take the mere
/// mention for a wish to have no retention either.
pub(super) fn headers(protection: Protection) -> Vec<(&'static str, String)> {
    let retention = protection
        .retention
        .map(|Retention { until, enforcement }| [(MODE, mode(enforcement).to_owned()), (UNTIL, until.in_seconds())]);
    let legal_hold = (protection.legal_hold == LegalHold::Placed).then(|| (LEGAL_HOLD, "ON".to_owned()));
    retention.into_iter().flatten().chain(legal_hold).collect()
}

/// What an object says that keeps it. A mode that is not known here counts for nothing.
pub(super) fn read(answer: &Answer) -> Protection {
    let enforcement = match answer.header(MODE) {
        Some("COMPLIANCE") => Some(Enforcement::Locked),
        Some("GOVERNANCE") => Some(Enforcement::Unlocked),
        _ => None,
    };
    let until = answer.header(UNTIL).and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    let retention = enforcement.zip(until).map(|(enforcement, until)| Retention {
        until: Moment::from_millis(until.unix_timestamp().saturating_mul(1_000)),
        enforcement,
    });
    let legal_hold = if answer.header(LEGAL_HOLD) == Some("ON") { LegalHold::Placed } else { LegalHold::Absent };
    Protection { retention, legal_hold }
}

/// The requests that lengthen a retention and place a legal hold on an object that is there.
pub(super) fn requests<'a>(object: &'a ObjectName, version: &str, protection: Protection) -> Vec<Request<'a>> {
    let about = |what: &'static str, text: String| {
        let text = Bytes::from(text);
        let request = Request::new(Method::PUT, object.as_str())
            .query(what, "")
            .header("x-amz-checksum-crc64nvme", super::in_base64(Crc64::of(&text)))
            .body(Body::Bytes(text));
        if version.is_empty() { request } else { request.query("versionId", version) }
    };
    let retention = protection.retention.map(|Retention { until, enforcement }| {
        let (mode, until) = (mode(enforcement), until.in_seconds());
        let text = format!(
            "<Retention xmlns=\"{NAMESPACE}\"><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>"
        );
        about("retention", text)
    });
    let legal_hold = (protection.legal_hold == LegalHold::Placed)
        .then(|| about("legal-hold", format!("<LegalHold xmlns=\"{NAMESPACE}\"><Status>ON</Status></LegalHold>")));
    retention.into_iter().chain(legal_hold).collect()
}

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// What to do about a bucket that keeps nothing.
pub(super) fn refused(bucket: &str, failure: &Failure) -> DestinationError {
    let words = failure.words();
    DestinationError::Unprotected(format!(
        "bucket {bucket} refused ({words}): switch on Object Lock and versioning there, and let the key do s3:PutObjectRetention, \
         s3:PutObjectLegalHold, s3:GetObjectRetention and s3:GetObjectLegalHold"
    ))
}

const fn mode(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::Locked => "COMPLIANCE",
        Enforcement::Unlocked => "GOVERNANCE",
    }
}
