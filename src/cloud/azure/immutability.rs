//! Immutability of one version of a blob: a policy until a time, and a legal hold.
//!
//! Promises: what keeps a blob is read from the blob itself. A policy of the whole container is not shown there, so it does not
//! count: whoever wants a retention proven makes the container with version-level immutability.

use azure_core::http::headers::Headers;
use azure_storage_blob::BlobClient;
use azure_storage_blob::models::{
    BlobClientSetImmutabilityPolicyOptions, BlockBlobClientCommitBlockListOptions, ImmutabilityPolicyMode,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::answer::Failure;
use super::header;
use crate::domain::{Enforcement, LegalHold, Moment, Protection, Retention};

/// Has a commit ask for it. A legal hold that is not wanted is not mentioned.
pub(super) fn wanted(
    protection: Protection,
    options: BlockBlobClientCommitBlockListOptions<'_>,
) -> BlockBlobClientCommitBlockListOptions<'_> {
    BlockBlobClientCommitBlockListOptions {
        immutability_policy_expiry: protection.retention.and_then(|retention| date(retention.until)),
        immutability_policy_mode: protection.retention.map(|retention| mode(retention.enforcement)),
        legal_hold: (protection.legal_hold == LegalHold::Placed).then_some(true),
        ..options
    }
}

/// What a blob says that keeps it. `Mutable` is Azure's word for a policy that keeps nothing.
pub(super) fn read(headers: &Headers) -> Protection {
    let mode = header(headers, "x-ms-immutability-policy-mode").unwrap_or_default();
    let enforcement = match mode.to_ascii_lowercase().as_str() {
        "locked" => Some(Enforcement::Locked),
        "unlocked" => Some(Enforcement::Unlocked),
        _ => None,
    };
    let until = header(headers, "x-ms-immutability-policy-until-date");
    let until = until.and_then(|text| OffsetDateTime::parse(&text, &Rfc2822).ok());
    let retention = enforcement.zip(until).map(|(enforcement, until)| Retention {
        until: Moment::from_millis(until.unix_timestamp().saturating_mul(1_000)),
        enforcement,
    });
    let held = header(headers, "x-ms-legal-hold").is_some_and(|held| held.eq_ignore_ascii_case("true"));
    Protection { retention, legal_hold: if held { LegalHold::Placed } else { LegalHold::Absent } }
}

/// Lengthens the policy of a blob that is there, and places a legal hold on it. Neither changes its `ETag` ("Set Blob Immutability
/// Policy").
pub(super) async fn set(blob: &BlobClient, protection: Protection) -> Result<(), Failure> {
    if let Some(Retention { until, enforcement }) = protection.retention
        && let Some(until) = date(until)
    {
        let options = BlobClientSetImmutabilityPolicyOptions {
            immutability_policy_mode: Some(mode(enforcement)),
            ..BlobClientSetImmutabilityPolicyOptions::default()
        };
        blob.set_immutability_policy(&until, Some(options)).await?;
    }
    if protection.legal_hold == LegalHold::Placed {
        blob.set_legal_hold(true, None).await?;
    }
    Ok(())
}

/// What to do about a container that keeps nothing.
pub(super) fn refused(container: &str, words: &str) -> String {
    format!(
        "container {container} refused ({words}): make it with version-level immutability support, and let the credential set \
         it: a SAS needs the permission i, an identity \
         Microsoft.Storage/storageAccounts/blobServices/containers/blobs/immutableStorage/runAsSuperUser/action or the role \
         Storage Blob Data Owner"
    )
}

fn date(moment: Moment) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(moment.millis().div_euclid(1_000)).ok()
}

const fn mode(enforcement: Enforcement) -> ImmutabilityPolicyMode {
    match enforcement {
        Enforcement::Locked => ImmutabilityPolicyMode::Locked,
        Enforcement::Unlocked => ImmutabilityPolicyMode::Unlocked,
    }
}
