//! `kind = "gcs"`: the keys of a bucket of Google Cloud Storage.

use std::fmt;

use url::Url;

use super::super::Whereabouts;
use super::{Place, credential_file, no_secret_in_endpoint};
use crate::config::document::Value;
use crate::config::reader::{Keys, Reader, Wrong};
use crate::config::{Credential, CredentialKind, values};

pub(in super::super) const CREDENTIAL_KEYS: Keys = Keys::inline("destination.credential", &["kind", "file"], EXAMPLE);

const EXAMPLE: &str = "credential = { kind = \"service-account\", file = \"google.json\" }";

/// The service, where the configuration names no way of its own to it.
const SERVICE: &str = "https://storage.googleapis.com";

/// What opens a bucket of Google's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GoogleCredential {
    /// A file, with one of the two credentials that Google writes into files.
    File(Credential),
    /// The identity of this machine, which runs in Google's cloud.
    MetadataServer,
}

/// What people know it by.
impl fmt::Display for GoogleCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(credential) => credential.file.display().fmt(f),
            Self::MetadataServer => f.write_str("of this machine"),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    ServiceAccount,
    ExternalAccount,
    MetadataServer,
}

pub(super) fn place(table: &mut Reader<'_>, whereabouts: &Whereabouts) -> Option<Place> {
    let endpoint = match no_secret_in_endpoint(table) {
        Some(()) => table.optional("endpoint", service),
        None => None,
    };
    let bucket = table.required("bucket", "\"evidence\"", bucket);
    let credential = credential(table, whereabouts);
    let endpoint = match endpoint? {
        Some(given) => given.value,
        None => Url::parse(SERVICE).ok()?,
    };
    Some(Place::Gcs { endpoint, bucket: bucket?.value, credential: credential? })
}

/// Another way to the service, such as one through a network of one's own.
fn service(value: &Value) -> Result<Url, Wrong> {
    let remedy = "leave it out, or write an address such as \"https://storage-evidence.p.googleapis.com\"";
    let url = values::endpoint(value).map_err(|Wrong { why, .. }| Wrong::new(why, remedy))?;
    if url.path() == "/" { Ok(url) } else { Err(Wrong::new("it leads further than to the service", remedy)) }
}

/// A name as "Bucket naming requirements" has it.
fn bucket(value: &Value) -> Result<String, Wrong> {
    let text = values::text(value)?;
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let longest = if text.contains('.') { 222 } else { 63 };
    let valid = (3..=longest).contains(&text.len())
        && text.chars().all(|c| letter(c) || matches!(c, '-' | '_' | '.'))
        && text.starts_with(letter)
        && text.ends_with(letter)
        && text.split('.').all(|part| (1..=63).contains(&part.len()));
    let remedy = "write its name alone, of lower-case letters, digits, '-', '_' and '.', such as \"evidence\"";
    if valid { Ok(text) } else { Err(Wrong::new("Google takes no such bucket name", remedy)) }
}

fn credential(table: &mut Reader<'_>, whereabouts: &Whereabouts) -> Option<GoogleCredential> {
    let Some(node) = table.take("credential") else {
        table.missing("credential", "{ kind = \"service-account\", file = \"google.json\" }");
        return None;
    };
    if !matches!(node.value, Value::Table(_)) {
        table.mistakes.hide(&node.at);
    }
    let mut table = Reader::new(CREDENTIAL_KEYS, node, table.mistakes)?;
    let kinds = [
        ("service-account", Kind::ServiceAccount),
        ("external-account", Kind::ExternalAccount),
        ("metadata-server", Kind::MetadataServer),
    ];
    let kind = match table.required("kind", "\"service-account\"", |value| values::one_of(value, &kinds))?.value {
        Kind::ServiceAccount => CredentialKind::ServiceAccount,
        Kind::ExternalAccount => CredentialKind::ExternalAccount,
        Kind::MetadataServer => {
            table.close("with kind = \"metadata-server\"");
            return Some(GoogleCredential::MetadataServer);
        }
    };
    let file = table.required("file", "\"google.json\"", credential_file);
    table.close("here");
    let name = file?.value;
    let file = Credential::find(&name, &whereabouts.folder, whereabouts.credentials.as_deref());
    Some(GoogleCredential::File(Credential { kind, name, file }))
}
