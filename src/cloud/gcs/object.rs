//! An object as the JSON interface writes it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::cloud::{Evidence, ObjectState, Upload, content_type, fit};
use crate::domain::{ByteCount, Checksum, Crc32c, Enforcement, LegalHold, Moment, Protection, Retention, Version};

/// What is asked of an object.
pub(super) const FIELDS: &str =
    "bucket,name,generation,size,crc32c,retention,retentionExpirationTime,temporaryHold,eventBasedHold";

/// The longest value, in characters. Google takes 8 KiB for all names and values together; of camdock's values only the file's
/// path can be long.
const LONGEST: usize = 4 << 10;

/// An object that is there. Google writes large numbers as text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Object {
    bucket: String,
    name: String,
    /// Which content of that name it is: another one has another, for ever.
    pub(super) generation: String,
    size: String,
    crc32c: Option<String>,
    /// The object's own retention.
    retention: Option<ObjectRetention>,
    /// Until when the bucket's policy keeps it. Whether somebody could change that policy the object does not say.
    #[serde(default, with = "time::serde::rfc3339::option")]
    retention_expiration_time: Option<OffsetDateTime>,
    #[serde(default)]
    temporary_hold: bool,
    #[serde(default)]
    event_based_hold: bool,
}

/// A retention as it is written at an object.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObjectRetention {
    mode: String,
    #[serde(with = "time::serde::rfc3339")]
    retain_until_time: OffsetDateTime,
}

/// What is to keep an object. What is not wanted is not mentioned.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    retention: Option<ObjectRetention>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temporary_hold: Option<bool>,
}

impl Kept {
    pub(super) fn of(protection: Protection) -> Self {
        let retention = protection.retention.and_then(|Retention { until, enforcement }| {
            let seconds = until.millis().div_euclid(1_000);
            Some(ObjectRetention {
                mode: mode(enforcement).to_owned(),
                retain_until_time: OffsetDateTime::from_unix_timestamp(seconds).ok()?,
            })
        });
        Self { retention, temporary_hold: (protection.legal_hold == LegalHold::Placed).then_some(true) }
    }
}

const fn mode(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::Locked => "Locked",
        Enforcement::Unlocked => "Unlocked",
    }
}

fn retention(until: OffsetDateTime, enforcement: Enforcement) -> Retention {
    Retention { until: Moment::from_millis(until.unix_timestamp().saturating_mul(1_000)), enforcement }
}

/// An object that is to be.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wanted<'a> {
    name: &'a str,
    content_type: &'static str,
    metadata: BTreeMap<&'static str, String>,
    /// With it Google makes the object only if its content has this checksum.
    #[serde(skip_serializing_if = "Option::is_none")]
    crc32c: Option<String>,
    #[serde(flatten)]
    kept: Kept,
}

impl Object {
    /// Whether it is the one that was asked for.
    pub(super) fn is(&self, bucket: &str, name: &str) -> bool {
        self.bucket == bucket && self.name == name
    }

    /// Its length and generation. Who changes what is written about an object leaves its content as it is, so that does not count.
    pub(super) fn state(&self) -> Option<ObjectState> {
        let generation: u64 = self.generation.parse().ok()?;
        let length = ByteCount::new(self.size.parse().ok()?);
        Some(ObjectState { length, version: Version(generation.to_string()), protection: self.protection() })
    }

    /// What keeps it: its own retention, or the bucket's if that lasts longer. A mode that is not known here counts for nothing.
    fn protection(&self) -> Protection {
        let own = self.retention.as_ref().and_then(|own| match own.mode.as_str() {
            "Locked" => Some(retention(own.retain_until_time, Enforcement::Locked)),
            "Unlocked" => Some(retention(own.retain_until_time, Enforcement::Unlocked)),
            _ => None,
        });
        let of_the_bucket = self.retention_expiration_time.map(|until| retention(until, Enforcement::Unlocked));
        let longer = own.into_iter().chain(of_the_bucket).max_by_key(|one| (one.until, one.enforcement));
        let held = self.temporary_hold || self.event_based_hold;
        Protection { retention: longer, legal_hold: if held { LegalHold::Placed } else { LegalHold::Absent } }
    }

    /// The checksum that Google has taken of the whole.
    pub(super) fn evidence(&self) -> Evidence {
        let sum = self.crc32c.as_ref().and_then(|text| BASE64.decode(text).ok());
        let sum = sum.and_then(|bytes| Some(Crc32c(u32::from_be_bytes(bytes.try_into().ok()?))));
        sum.map_or(Evidence::Unknown, |sum| Evidence::Whole(Checksum::Crc32c(sum)))
    }
}

impl<'a> Wanted<'a> {
    pub(super) fn of(upload: &'a Upload) -> Self {
        let Upload { object, fingerprint, metadata, protection } = upload;
        Self {
            name: object.as_str(),
            content_type: content_type(object),
            metadata: metadata.iter().map(|(name, value)| (*name, fit(value, LONGEST))).collect(),
            crc32c: fingerprint.crc32c.map(|sum| BASE64.encode(sum.0.to_be_bytes())),
            kept: Kept::of(*protection),
        }
    }

    /// The same, with nothing said of what keeps it.
    pub(super) fn unkept(upload: &'a Upload) -> Self {
        Self { kept: Kept::of(Protection::NONE), ..Self::of(upload) }
    }

    pub(super) const fn content_type(&self) -> &'static str {
        self.content_type
    }
}
