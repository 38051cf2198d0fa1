//! Asking a destination whether it holds exactly this segment.

use futures::StreamExt as _;

use crate::cloud::{Attestation, CommittedChunk, Destination, DestinationError, Evidence, ObjectState, Seen};
use crate::domain::{
    Checksum, DestinationName, Fingerprint, Fingerprinter, ObjectName, PlaceId, ProofMethod, ProofPolicy, Version,
};
use crate::faults::{PlantedBug, planted};

/// A destination's verified statement that it holds exactly this segment.
#[derive(Debug)]
pub struct Proof {
    destination: DestinationName,
    fingerprint: Fingerprint,
    version: Version,
    method: ProofMethod,
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

    /// A mere claim, for planted bugs and for tests.
    #[cfg(any(test, feature = "faults"))]
    pub(crate) fn claimed(destination: DestinationName, fingerprint: Fingerprint) -> Self {
        Self { destination, fingerprint, version: Version(String::new()), method: ProofMethod::Attested }
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
    /// The object changed while it was being looked at. Ask again.
    #[error("the object changed while it was being looked at")]
    Unsteady,
    /// The destination could not be asked.
    #[error(transparent)]
    Unanswered(#[from] DestinationError),
}

/// Asks `destination` now whether the place that was enrolled holds an object that is bit-identical to `expected`.
///
/// # Errors
/// [`Unproven`] says why there is no proof; only [`Unproven::OtherContent`] is a verdict for good.
pub async fn prove(
    destination: &dyn Destination,
    enrolled: PlaceId,
    object: &ObjectName,
    expected: &Fingerprint,
    policy: ProofPolicy,
    remembered: Option<&Remembered>,
) -> Result<Proof, Unproven> {
    let proof = |version: Version, method: ProofMethod| Proof {
        destination: destination.name().clone(),
        fingerprint: expected.clone(),
        version,
        method,
    };
    if let Some(earlier) = remembered {
        let claim = earlier.version.0.is_empty() && planted(PlantedBug::TrustTheCommit);
        if claim || planted(PlantedBug::TrustTheLedger) {
            return Ok(proof(earlier.version.clone(), earlier.method));
        }
        match seen(destination.stat(object).await?, enrolled)? {
            None => return Err(Unproven::Absent),
            Some(state) if is_still_that_version(earlier, &state, expected, policy) => {
                return Ok(proof(state.version, earlier.method));
            }
            Some(_) => {}
        }
    }
    let attestation = seen(destination.attest(object).await?, enrolled)?.ok_or(Unproven::Absent)?;
    match (compare(&attestation, expected), policy) {
        (Comparison::Same, ProofPolicy::Attested) => Ok(proof(attestation.state.version, ProofMethod::Attested)),
        (Comparison::Other, _) => Err(Unproven::OtherContent),
        (Comparison::Same, ProofPolicy::ReadBack) | (Comparison::Unknown, _) => {
            read_back(destination, enrolled, object, expected, &attestation.state).await?;
            Ok(proof(attestation.state.version, ProofMethod::ReadBack))
        }
    }
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
    Same,
    Other,
    Unknown,
}

fn compare(attestation: &Attestation, expected: &Fingerprint) -> Comparison {
    if planted(PlantedBug::AdoptWithoutLooking) {
        return Comparison::Same;
    }
    if attestation.state.length != expected.size {
        return Comparison::Other;
    }
    let same = match &attestation.evidence {
        Evidence::Whole(Checksum::Sha256(sha256)) => *sha256 == expected.sha256,
        Evidence::Whole(Checksum::Crc64(crc64)) => *crc64 == expected.crc64(),
        Evidence::Whole(Checksum::Crc32c(crc32c)) => match expected.crc32c {
            Some(expected) => *crc32c == expected,
            None => return Comparison::Unknown,
        },
        Evidence::Unknown => return Comparison::Unknown,
        Evidence::Chunks(chunks) if !cut_alike(chunks, expected) => return Comparison::Unknown,
        Evidence::Chunks(chunks) => (0..)
            .zip(chunks)
            .zip(&*expected.chunks)
            .all(|((position, chunk), crc64)| chunk.index == position && chunk.crc64 == *crc64),
    };
    if same { Comparison::Same } else { Comparison::Other }
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
