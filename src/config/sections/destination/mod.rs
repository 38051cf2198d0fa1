//! `[[destination]]`: a new kind of destination begins here, with a variant of [`Place`], its word in `KINDS`, and its keys.

pub(super) mod azure;
pub(super) mod connection;
pub(super) mod gcs;
mod protection;
pub(super) mod s3;

use std::path::{Path, PathBuf};

use url::Url;

use super::{Seen, Whereabouts, noted, pacing};
use crate::config::document::{Node, Value};
use crate::config::mistake::{At, Mistakes};
use crate::config::reader::{Given, Keys, Reader, Wrong};
use crate::config::{Credential, values};
use crate::domain::{BackFill, DestinationName, Need, ObjectPrefix, PacingRules, ProofPolicy, ProtectionPolicy};

pub use azure::AzureAccess;
pub use connection::{ConnectionSettings, ProxySettings};
pub use gcs::GoogleCredential;
pub use s3::S3Access;

pub(super) const KEYS: Keys = Keys::list(
    "destination",
    &[
        "name",
        "kind",
        "endpoint",
        "container",
        "region",
        "bucket",
        "bucket_owner",
        "variant",
        "style",
        "path",
        "prefix",
        "credential",
        "tls",
        "proxy",
        "required",
        "proof",
        "retention",
        "enforcement",
        "legal_hold",
        "same_disk",
        "backfill",
        "max",
        "max_at",
    ],
);

/// One place that evidence must reach.
#[derive(Debug, Clone)]
pub struct DestinationSettings {
    /// Its name.
    pub name: DestinationName,
    /// What goes before every object's name.
    pub prefix: ObjectPrefix,
    /// Whether a wipe waits for it.
    pub need: Need,
    /// How its copies are proven.
    pub proof: ProofPolicy,
    /// What the provider is to keep from deletion; only where the provider can.
    pub protection: ProtectionPolicy,
    /// How it is reached; only where that is by a network of its own.
    pub connection: ConnectionSettings,
    /// What it gets of what was taken before.
    pub back_fill: BackFill,
    /// How fast it may be sent to.
    pub pacing: PacingRules,
    /// Where it is.
    pub place: Place,
}

/// Where a destination is.
#[derive(Debug, Clone)]
pub enum Place {
    /// A container of an Azure storage account, or of a service that speaks the same protocol.
    Azure {
        /// Address of the account's blob service: `https`, or this very machine. Without query.
        endpoint: Url,
        /// Name of the container.
        container: String,
        /// What opens it.
        credential: Box<AzureAccess>,
    },
    /// A bucket of Google Cloud Storage.
    Gcs {
        /// Address of the service: `https`, or this very machine. Without path and query.
        endpoint: Url,
        /// Name of the bucket.
        bucket: String,
        /// What opens it.
        credential: GoogleCredential,
    },
    /// A bucket of S3, or of a server that speaks the same protocol.
    S3 {
        /// Address of the bucket itself: `https`, or this very machine. Without query.
        url: Url,
        /// The region that requests are signed for.
        region: String,
        /// Name of the bucket.
        bucket: String,
        /// The account that it is to be of, by its twelve digits, if that is to be seen to.
        owner: Option<String>,
        /// What opens it.
        credential: S3Access,
    },
    /// A directory on this machine, such as a mounted share.
    Folder {
        /// The directory; absolute.
        path: PathBuf,
        /// Whether it may lie on the disk of the data folder.
        same_disk: bool,
    },
}

impl Place {
    /// The file with what opens it, if it needs one.
    #[must_use]
    pub const fn credential(&self) -> Option<&Credential> {
        match self {
            Self::Azure { credential, .. } => credential.file(),
            Self::S3 { credential, .. } => credential.file(),
            Self::Gcs { credential: GoogleCredential::File(credential), .. } => Some(credential),
            Self::Gcs { credential: GoogleCredential::MetadataServer, .. } | Self::Folder { .. } => None,
        }
    }

    /// The folder that it is, if it is one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Azure { .. } | Self::S3 { .. } | Self::Gcs { .. } => None,
            Self::Folder { path, .. } => Some(path),
        }
    }

    /// What to do about a place that lets a dock delete evidence.
    #[must_use]
    pub const fn advice_against_deletion(&self) -> &'static str {
        match self {
            Self::Azure { credential, .. } => credential.without_deletion(),
            Self::S3 { .. } => {
                "use a key without s3:DeleteObject and s3:DeleteObjectVersion, and a bucket with Object Lock"
            }
            Self::Gcs { .. } => {
                "let its identity have roles/storage.objectCreator and roles/storage.objectViewer on the bucket and no other \
                 role, and give the bucket a retention policy"
            }
            Self::Folder { .. } => "let the share keep snapshots that this machine cannot delete",
        }
    }

    /// What to do about a place that refuses what camdock needs.
    #[must_use]
    pub const fn advice_for_access(&self) -> &'static str {
        match self {
            Self::Azure { credential, .. } => credential.needs(),
            Self::Gcs { .. } => {
                "camdock needs storage.objects.create, get and list: roles/storage.objectCreator and \
                 roles/storage.objectViewer on the bucket"
            }
            Self::S3 { .. } => {
                "camdock needs s3:PutObject, s3:GetObject, s3:ListBucket, s3:ListMultipartUploadParts and \
                 s3:AbortMultipartUpload"
            }
            Self::Folder { .. } => "Let camdock's user read and write there",
        }
    }

    /// Whether both name the same place. Folders are compared among all folders.
    fn is_where(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Azure { endpoint, container, .. },
                Self::Azure { endpoint: its_endpoint, container: its_container, .. },
            ) => endpoint == its_endpoint && container == its_container,
            (Self::S3 { url, .. }, Self::S3 { url: its_url, .. }) => url == its_url,
            // Whichever way leads there: no two buckets of Google's have one name.
            (Self::Gcs { bucket, .. }, Self::Gcs { bucket: its_bucket, .. }) => bucket == its_bucket,
            (Self::Azure { .. } | Self::S3 { .. } | Self::Gcs { .. } | Self::Folder { .. }, _) => false,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Azure,
    S3,
    Gcs,
    Folder,
}

const KINDS: [(&str, Kind); 4] =
    [("azure", Kind::Azure), ("folder", Kind::Folder), ("s3", Kind::S3), ("gcs", Kind::Gcs)];

pub(super) fn destination(
    node: Node,
    whereabouts: &Whereabouts,
    seen: &mut Seen,
    mistakes: &mut Mistakes,
) -> Option<(DestinationSettings, At)> {
    let at = node.at.clone();
    seen.needs.push((None, at.clone()));
    let mut table = Reader::new(KEYS, node, mistakes)?;
    let name = table.required("name", "\"primary\"", |value| values::name(value, DestinationName::new));
    let need = table.optional("required", values::boolean).map(|written| match written {
        None => (Need::Required, at.clone()),
        Some(Given { value: true, at }) => (Need::Required, at),
        Some(Given { value: false, at }) => (Need::Optional, at),
    });
    if let (Some((need, at)), Some(known)) = (&need, seen.needs.last_mut()) {
        *known = (Some(*need), at.clone());
    }
    let prefix = table.or("prefix", ObjectPrefix::default(), values::prefix);
    let proofs = [("attested", ProofPolicy::Attested), ("read-back", ProofPolicy::ReadBack)];
    let proof = table.or("proof", ProofPolicy::Attested, |value| values::one_of(value, &proofs));
    let back_fill = table.or("backfill", false, values::boolean);
    let pacing = pacing::pacing(&mut table);
    let kind = table.required("kind", "\"azure\"", |value| values::one_of(value, &KINDS));

    let kind = kind?;
    let found = match kind.value {
        Kind::Azure => in_a_cloud(table, whereabouts, azure::place, "with kind = \"azure\""),
        Kind::Gcs => in_a_cloud(table, whereabouts, gcs::place, "with kind = \"gcs\""),
        Kind::S3 => in_a_cloud(table, whereabouts, s3::place, "with kind = \"s3\""),
        Kind::Folder => {
            let path = table.required("path", "\"/mnt/evidence\"", values::folder);
            let same_disk = table.or("same_disk", false, values::boolean);
            table.close("with kind = \"folder\"");
            let title =
                name.as_ref().map_or("a destination".to_owned(), |name| format!("destination \"{}\"", name.value));
            let path = noted(path, title, &mut seen.folders);
            let place = path.zip(same_disk).map(|(path, same_disk)| Place::Folder { path, same_disk });
            place.map(|place| (place, ProtectionPolicy::default(), ConnectionSettings::default()))
        }
    };
    let (place, protection, connection) = found?;
    let back_fill = if back_fill? { BackFill::FromOthers } else { BackFill::FromSpool };
    let (need, _) = need?;
    let settings = DestinationSettings {
        name: name?.value,
        prefix: prefix?,
        need,
        proof: proof?,
        protection,
        pacing: pacing?,
        back_fill,
        connection,
        place,
    };
    Some((settings, at))
}

/// What every cloud has, whichever it is.
fn in_a_cloud(
    mut table: Reader<'_>,
    whereabouts: &Whereabouts,
    place: fn(&mut Reader<'_>, &Whereabouts) -> Option<Place>,
    here: &str,
) -> Option<(Place, ProtectionPolicy, ConnectionSettings)> {
    let place = place(&mut table, whereabouts);
    let protection = protection::protection(&mut table);
    let connection = connection::connection(&mut table, whereabouts);
    table.close(here);
    Some((place?, protection?, connection?))
}

/// Refuses an endpoint that carries what belongs into the credential's file, and does not show it.
fn no_secret_in_endpoint(table: &mut Reader<'_>) -> Option<()> {
    let secret = |node: &Node| matches!(&node.value, Value::Text(text) if values::carries_secret(text));
    if !table.peek("endpoint").is_some_and(secret) {
        return Some(());
    }
    let at = table.take("endpoint")?.at;
    table.mistakes.hide(&at);
    let what = "destination.endpoint (not shown): it carries a query or a user, as a credential does".to_owned();
    let remedy = "write the address up to the host or account only; the credential belongs in a file of its own";
    table.mistakes.add(&at, what, remedy.to_owned());
    None
}

fn credential_file(value: &Value) -> Result<PathBuf, Wrong> {
    let text = values::text(value)?;
    let path = Path::new(&text);
    if path.is_absolute() || (!text.contains('/') && text != "..") {
        return Ok(path.to_owned());
    }
    let remedy = "write the name of a file beside the configuration (or of a systemd credential), or an absolute path";
    Err(Wrong::new("it is neither a bare name nor an absolute path", remedy))
}

/// Two destinations in one place would be one copy that counts as two.
pub(super) fn places_apart(destinations: &[(DestinationSettings, At)], mistakes: &mut Mistakes) {
    for (index, (later, at)) in destinations.iter().enumerate() {
        let same =
            |earlier: &DestinationSettings| earlier.prefix == later.prefix && earlier.place.is_where(&later.place);
        if let Some((earlier, _)) = destinations[..index].iter().find(|(earlier, _)| same(earlier)) {
            let what =
                format!("\"{}\" is the same place as \"{}\": one copy would count as two", later.name, earlier.name);
            mistakes.add(at, what, "name another endpoint, container or prefix, or remove one of them".to_owned());
        }
    }
}
