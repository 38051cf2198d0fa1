//! An object as the JSON interface writes it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use crate::cloud::{Evidence, ObjectState, Upload, content_type, fit};
use crate::domain::{ByteCount, Checksum, Crc32c, Version};

/// What is asked of an object.
pub(super) const FIELDS: &str = "bucket,name,generation,size,crc32c";

/// The longest value, in characters. Google takes 8 KiB for all names and values together; of camdock's values only the file's
/// path can be long.
const LONGEST: usize = 4 << 10;

/// An object that is there. Google writes large numbers as text.
#[derive(Debug, Deserialize)]
pub(super) struct Object {
    bucket: String,
    name: String,
    /// Which content of that name it is: another one has another, for ever.
    pub(super) generation: String,
    size: String,
    crc32c: Option<String>,
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
        Some(ObjectState { length, version: Version(generation.to_string()) })
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
        let Upload { object, fingerprint, metadata } = upload;
        Self {
            name: object.as_str(),
            content_type: content_type(object),
            metadata: metadata.iter().map(|(name, value)| (*name, fit(value, LONGEST))).collect(),
            crc32c: fingerprint.crc32c.map(|sum| BASE64.encode(sum.0.to_be_bytes())),
        }
    }

    pub(super) const fn content_type(&self) -> &'static str {
        self.content_type
    }
}
