//! Asking a destination whether it holds exactly this segment.

use futures::StreamExt as _;

use crate::cloud::{Attestation, CommittedChunk, Destination, DestinationError, Evidence, ObjectState, Seen, Upload};
use crate::domain::{
    Checksum, Copy, DestinationName, Fingerprint, Fingerprinter, ObjectName, PlaceId, ProofMethod, ProofPolicy,
    Protection, Version,
};
use crate::faults::{PlantedBug, planted};

/// A destination's verified statement that it holds exactly this segment.
#[derive(Debug)]
pub struct Proof {
    destination: DestinationName,
    fingerprint: Fingerprint,
    version: Version,
    method: ProofMethod,
    protection: Protection,
}

impl Proof {
    /// Who answered.
    #[must_use]
    pub const fn destination(&self) -> &DestinationName {
        &self.destination
    }

    /// What is proven to be there.
    #[must_use]
    pub const fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Which state of the object was looked at.
    #[must_use]
    pub const fn version(&self) -> &Version {
        &self.version
    }

    /// How it was proven.
    #[must_use]
    pub const fn method(&self) -> ProofMethod {
        self.method
    }

    /// What keeps the object from being changed or deleted, as the destination said.
    #[must_use]
    pub const fn protection(&self) -> Protection {
        self.protection
    }

    /// A mere claim, for planted bugs and for tests.
    #[cfg(any(test, feature = "faults"))]
    pub(crate) fn claimed(destination: DestinationName, fingerprint: Fingerprint) -> Self {
        let (version, method) = (Version(String::new()), ProofMethod::Attested);
        Self { destination, fingerprint, version, method, protection: Protection::NONE }
    }
}

/// What a destination must hold for its copy to count.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What the object is called there.
    pub object: &'a ObjectName,
    /// What was read from the camera, in chunks as the destination takes them.
    pub content: &'a Fingerprint,
    /// Which proof is enough.
    pub policy: ProofPolicy,
    /// What must keep the object from being changed or deleted.
    pub protection: Protection,
}

impl Remembered {
    /// What is remembered of a copy, if it was proven.
    #[must_use]
    pub fn of(copy: &Copy) -> Option<Self> {
        Some(Self { version: copy.version.clone()?, method: copy.method? })
    }
}

impl<'a> Wanted<'a> {
    /// What an upload brings, kept as it asks.
    #[must_use]
    pub const fn of(upload: &'a Upload, policy: ProofPolicy) -> Self {
        let Upload { object, fingerprint: content, protection, .. } = upload;
        Self { object, content, policy, protection: *protection }
    }
}

/// What the ledger remembers of an earlier proof. It saves the work of proving again only if the destination, asked
/// now, still has that very version of the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The version that was proven.
    pub version: Version,
    /// How.
    pub method: ProofMethod,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
    /// The destination holds no such object.
    #[error("it is not there")]
    Absent,
    /// The destination holds an object of this name with other content.
    #[error("an object of this name with other content is there")]
    OtherContent,
    /// The content is right, and the object could be deleted too early.
    #[error("the copy is right, but it is not kept as asked: {is} there, and {wanted} is wanted")]
    Unprotected {
        /// Which state of the object was looked at.
        version: Version,
        /// What keeps it.
        is: Protection,
        /// What should.
        wanted: Protection,
    },
    /// The object changed while it was being looked at. Ask again.
    #[error("the object changed while it was being looked at")]
    Unsteady,
    /// The destination could not be asked.
    #[error(transparent)]
    Unanswered(#[from] DestinationError),
}

/// Asks `destination` now whether the place that was enrolled holds an object that is bit-identical to what is wanted, and keeps
/// it as is wanted.
///
/// # Errors
/// [`Unproven`] says why there is no proof; only [`Unproven::OtherContent`] is a verdict for good.
pub async fn prove(
    destination: &dyn Destination,
    enrolled: PlaceId,
    wanted: Wanted<'_>,
    remembered: Option<&Remembered>,
) -> Result<Proof, Unproven> {
    let Wanted { object, content, policy, .. } = wanted;
    if let Some(earlier) = remembered {
        let claim = earlier.version.0.is_empty() && planted(PlantedBug::TrustTheCommit);
        if claim || planted(PlantedBug::TrustTheLedger) {
            let (version, protection) = (earlier.version.clone(), wanted.protection);
            return proof(destination, wanted, (version, protection), earlier.method);
        }
        match seen(destination.stat(object).await?, enrolled)? {
            None => return Err(Unproven::Absent),
            Some(state) if is_still_that_version(earlier, &state, content, policy) => {
                return proof(destination, wanted, (state.version, state.protection), earlier.method);
            }
            Some(_) => {}
        }
    }
    let attestation = seen(destination.attest(object).await?, enrolled)?.ok_or(Unproven::Absent)?;
    let method = match (compare(&attestation, content), policy) {
        (Comparison::Same(method), ProofPolicy::Attested) => method,
        (Comparison::Other, _) => return Err(Unproven::OtherContent),
        (Comparison::Same(_), ProofPolicy::ReadBack) | (Comparison::Unknown, _) => {
            read_back(destination, enrolled, object, content, &attestation.state).await?;
            ProofMethod::ReadBack
        }
    };
    let ObjectState { version, protection, .. } = attestation.state;
    proof(destination, wanted, (version, protection), method)
}

/// The proof of a copy whose content is right, if the place keeps it as is wanted.
fn proof(
    destination: &dyn Destination,
    wanted: Wanted<'_>,
    (version, protection): (Version, Protection),
    method: ProofMethod,
) -> Result<Proof, Unproven> {
    if !protection.covers(&wanted.protection) && !planted(PlantedBug::IgnoreTheRetention) {
        return Err(Unproven::Unprotected { version, is: protection, wanted: wanted.protection });
    }
    let (destination, fingerprint) = (destination.name().clone(), wanted.content.clone());
    Ok(Proof { destination, fingerprint, version, method, protection })
}

fn is_still_that_version(earlier: &Remembered, now: &ObjectState, expected: &Fingerprint, policy: ProofPolicy) -> bool {
    let strong_enough = match policy {
        ProofPolicy::Attested => true,
        ProofPolicy::ReadBack => earlier.method == ProofMethod::ReadBack,
    };
    let same = earlier.version == now.version || planted(PlantedBug::IgnoreTheVersion);
    strong_enough && same && now.length == expected.size
}

enum Comparison {
    /// By this.
    Same(ProofMethod),
    Other,
    Unknown,
}

fn compare(attestation: &Attestation, expected: &Fingerprint) -> Comparison {
    if planted(PlantedBug::AdoptWithoutLooking) {
        return Comparison::Same(ProofMethod::Attested);
    }
    if attestation.state.length != expected.size {
        return Comparison::Other;
    }
    let (same, method) = match &attestation.evidence {
        Evidence::Whole(Checksum::Sha256(sha256)) => (*sha256 == expected.sha256, ProofMethod::Sha256),
        Evidence::Whole(Checksum::Crc64(crc64)) => (*crc64 == expected.crc64(), ProofMethod::Crc64),
        Evidence::Whole(Checksum::Crc32c(crc32c)) => match expected.crc32c {
            Some(expected) => (*crc32c == expected, ProofMethod::Crc32c),
            None => return Comparison::Unknown,
        },
        Evidence::Unknown => return Comparison::Unknown,
        Evidence::Chunks(chunks) if !cut_alike(chunks, expected) => return Comparison::Unknown,
        Evidence::Chunks(chunks) => {
            let mut pairs = (0..).zip(chunks).zip(&*expected.chunks);
            let same = pairs.all(|((position, chunk), crc64)| chunk.index == position && chunk.crc64 == *crc64);
            (same, ProofMethod::Crc64OfChunks)
        }
    };
    if same { Comparison::Same(method) } else { Comparison::Other }
}

/// Whether the object was made in chunks of the lengths that are expected. In others, by another station or before the
/// configuration was changed, its checksums say nothing of a content that was cut elsewhere.
fn cut_alike(chunks: &[CommittedChunk], expected: &Fingerprint) -> bool {
    chunks.len() == expected.chunks.len()
        && (0..).zip(chunks).all(|(position, chunk)| chunk.length.get() == expected.chunk_range(position).1)
}

fn seen<T>(seen: Seen<T>, enrolled: PlaceId) -> Result<Option<T>, DestinationError> {
    Ok(seen.at(enrolled)?)
}

/// Reads the object again and compares it; place and version must be the same afterwards.
async fn read_back(
    destination: &dyn Destination,
    enrolled: PlaceId,
    object: &ObjectName,
    expected: &Fingerprint,
    state: &ObjectState,
) -> Result<(), Unproven> {
    let mut content = destination.read(object).await?;
    let mut fingerprinter = Fingerprinter::new(expected.chunk_size);
    while let Some(piece) = content.next().await {
        let piece = piece.map_err(|error| DestinationError::Unreachable(error.to_string()))?;
        fingerprinter.update(&piece);
        if fingerprinter.size() > expected.size {
            break;
        }
    }
    let found = fingerprinter.finish();
    if !planted(PlantedBug::ReadBackWithoutALook) {
        match seen(destination.stat(object).await?, enrolled)? {
            Some(after) if after == *state => {}
            Some(_) => return Err(Unproven::Unsteady),
            None => return Err(Unproven::Absent),
        }
    }
    if found.size < expected.size {
        // The place states the full length, so a short read is a broken connection, not other content.
        return Err(DestinationError::Unreachable("the object could not be read back to its end".to_owned()).into());
    }
    if found.same_content(expected) { Ok(()) } else { Err(Unproven::OtherContent) }
}

#[cfg(test)]
mod tests;
