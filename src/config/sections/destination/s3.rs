//! `kind = "s3"`: the keys of a bucket.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use url::{Host, Url};

use super::super::Whereabouts;
use super::{Place, credential_file};
use crate::config::document::Value;
use crate::config::reader::{Given, Keys, Reader, Wrong};
use crate::config::{Credential, CredentialKind, values};

pub(in super::super) const CREDENTIAL_KEYS: Keys = Keys::inline(
    "destination.credential",
    &["kind", "file", "profile", "command", "role", "sts"],
    "credential = { kind = \"access-key\", file = \"s3.key\" }",
);

/// What opens a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum S3Access {
    /// A file with an access key.
    File(Credential),
    /// A program that prints one.
    Program {
        /// Its path; absolute.
        path: String,
        /// Its arguments.
        arguments: Vec<String>,
    },
    /// A role, for whoever has the token in a file.
    WebIdentity {
        /// The file.
        token: Credential,
        /// The role, by its ARN.
        role: String,
        /// Where it is asked for: `https`, or this very machine.
        service: Url,
    },
    /// The role of the container that camdock runs in.
    Container,
    /// The role of this machine, an instance of EC2.
    Instance,
}

impl S3Access {
    /// The file that it needs, if it needs one.
    pub(super) const fn file(&self) -> Option<&Credential> {
        match self {
            Self::File(credential) | Self::WebIdentity { token: credential, .. } => Some(credential),
            Self::Program { .. } | Self::Container | Self::Instance => None,
        }
    }
}

/// What people know it by.
impl fmt::Display for S3Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(credential) | Self::WebIdentity { token: credential, .. } => credential.file.display().fmt(f),
            Self::Program { path, .. } => write!(f, "of {path}"),
            Self::Container => f.write_str("of this container"),
            Self::Instance => f.write_str("of this machine"),
        }
    }
}

/// Where in a region AWS is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Plain,
    Fips,
    DualStack,
    FipsAndDualStack,
}

/// Whether the bucket is a part of the host's name or of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Host,
    Path,
}

pub(super) fn place(table: &mut Reader<'_>, whereabouts: &Whereabouts) -> Option<Place> {
    let region = table.required("region", "\"us-gov-west-1\"", region);
    let bucket = table.required("bucket", "\"evidence\"", bucket);
    let written = table.peek("endpoint").is_some();
    let endpoint = if written { Some(super::azure::endpoint(table)?) } else { None };
    let variants = [
        ("plain", Variant::Plain),
        ("fips", Variant::Fips),
        ("dual-stack", Variant::DualStack),
        ("fips-dual-stack", Variant::FipsAndDualStack),
    ];
    let variant = table.optional("variant", |value| values::one_of(value, &variants));
    let styles = [("host", Style::Host), ("path", Style::Path)];
    let style = table.optional("style", |value| values::one_of(value, &styles));
    let owner = table.optional("bucket_owner", account);
    let credential = credential(table, region.as_ref().map(|region| region.value.as_str()), whereabouts);
    let (region, bucket, variant, style) = (region?.value, bucket?.value, variant?, style?);
    let owner = owner?.map(|owner| owner.value);
    if let (Some(_), Some(variant)) = (&endpoint, &variant) {
        let what =
            "destination.variant: it says which of AWS's addresses is meant, and there is an endpoint".to_owned();
        table.mistakes.add(&variant.at, what, "remove the variant, or the endpoint".to_owned());
        return None;
    }
    let variant = variant.map_or(Variant::Plain, |variant| variant.value);
    // A certificate of AWS's is good for one name before "s3.", and a server of one's own seldom has names for its buckets.
    let usual = if endpoint.is_some() || bucket.contains('.') { Style::Path } else { Style::Host };
    let style = style.map_or(usual, |style| style.value);
    let service = match endpoint {
        Some(Given { value, .. }) => value,
        None => Url::parse(&of_aws(&region, variant)).ok()?,
    };
    Some(Place::S3 { url: address(&service, &bucket, style)?, region, bucket, owner, credential: credential? })
}

/// The service's address in a region, as "Amazon S3 endpoints and quotas" has it.
fn of_aws(region: &str, variant: Variant) -> String {
    let service = match variant {
        Variant::Plain => "s3",
        Variant::Fips => "s3-fips",
        Variant::DualStack => "s3.dualstack",
        Variant::FipsAndDualStack => "s3-fips.dualstack",
    };
    format!("https://{service}.{region}.{}", domain(region))
}

fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// The bucket's own address.
fn address(service: &Url, bucket: &str, style: Style) -> Option<Url> {
    let mut url = service.clone();
    match (style, url.host()) {
        (Style::Host, Some(Host::Domain(host))) => {
            let host = format!("{bucket}.{host}");
            url.set_host(Some(&host)).ok()?;
        }
        // An address in numbers has no names below it.
        (Style::Host | Style::Path, _) => {
            url.path_segments_mut().ok()?.pop_if_empty().push(bucket);
        }
    }
    Some(url)
}

fn region(value: &Value) -> Result<String, Wrong> {
    let text = values::text(value)?;
    let valid = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let remedy = "write the region as AWS does, such as \"us-gov-west-1\"; a server of your own says which it wants";
    if valid { Ok(text) } else { Err(Wrong::new("it is no region", remedy)) }
}

/// A name as "Bucket naming rules" has it.
fn bucket(value: &Value) -> Result<String, Wrong> {
    let text = values::text(value)?;
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let valid = (3..=63).contains(&text.len())
        && text.chars().all(|c| letter(c) || matches!(c, '-' | '.'))
        && text.starts_with(letter)
        && text.ends_with(letter)
        && !text.contains("..")
        && !text.parse::<IpAddr>().is_ok_and(|ip| ip != IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let remedy = "write 3 to 63 lower-case letters, digits, hyphens and dots, such as \"evidence\"";
    if valid { Ok(text) } else { Err(Wrong::new("S3 takes no such bucket name", remedy)) }
}

/// The number of an account of AWS's.
fn account(value: &Value) -> Result<String, Wrong> {
    let remedy = "write the account's twelve digits, in quotes: \"123456789012\"";
    let text = values::text(value).map_err(|wrong| Wrong::new(wrong.why, remedy))?;
    let valid = text.len() == 12 && text.chars().all(|c| c.is_ascii_digit());
    if valid { Ok(text) } else { Err(Wrong::new("it is no account of AWS's", remedy)) }
}

fn role(value: &Value) -> Result<String, Wrong> {
    let text = values::text(value)?;
    let remedy = "write the role as AWS shows it, such as \"arn:aws-us-gov:iam::123456789012:role/dock\"";
    let valid = text.starts_with("arn:") && text.contains(":role/") && text.chars().all(|c| c.is_ascii_graphic());
    if valid { Ok(text) } else { Err(Wrong::new("it is no role's ARN", remedy)) }
}

/// A program and its arguments. It is started without a shell, so every argument stands for itself.
fn command(value: &Value) -> Result<(String, Vec<String>), Wrong> {
    let remedy =
        "write the program's absolute path and each argument: [\"/usr/local/bin/dock-key\", \"--profile\", \"gov\"]";
    let mut words = values::list(value, values::text).map_err(|wrong| Wrong::new(wrong.why, remedy))?;
    let path = words.remove(0);
    if Path::new(&path).is_absolute() { Ok((path, words)) } else { Err(Wrong::new("it names no path", remedy)) }
}

#[derive(Clone, Copy)]
enum Kind {
    AccessKey,
    Process,
    WebIdentity,
    Container,
    Instance,
}

const KINDS: [(&str, Kind); 5] = [
    ("access-key", Kind::AccessKey),
    ("process", Kind::Process),
    ("web-identity", Kind::WebIdentity),
    ("container", Kind::Container),
    ("instance", Kind::Instance),
];

fn credential(table: &mut Reader<'_>, region: Option<&str>, whereabouts: &Whereabouts) -> Option<S3Access> {
    let Some(node) = table.take("credential") else {
        table.missing("credential", "{ kind = \"access-key\", file = \"s3.key\" }");
        return None;
    };
    if !matches!(node.value, Value::Table(_)) {
        table.mistakes.hide(&node.at);
    }
    let mut table = Reader::new(CREDENTIAL_KEYS, node, table.mistakes)?;
    // Without a kind, which keys belong there nobody knows.
    match table.required("kind", "\"access-key\"", |value| values::one_of(value, &KINDS))?.value {
        Kind::AccessKey => {
            let name = table.required("file", "\"s3.key\"", credential_file);
            let profile = table.optional("profile", values::text);
            table.close("with kind = \"access-key\"");
            let profile = profile?.map(|profile| profile.value);
            Some(S3Access::File(kept(&name?.value, CredentialKind::AccessKey { profile }, whereabouts)))
        }
        Kind::Process => {
            let command = table.required("command", "[\"/usr/local/bin/dock-key\"]", command);
            table.close("with kind = \"process\"");
            let (path, arguments) = command?.value;
            Some(S3Access::Program { path, arguments })
        }
        Kind::WebIdentity => {
            let name = table.required("file", "\"/var/run/secrets/token\"", credential_file);
            let role = table.required("role", "\"arn:aws:iam::123456789012:role/dock\"", role);
            let written = table.optional("sts", values::endpoint);
            table.close("with kind = \"web-identity\"");
            let service = match written? {
                Some(written) => written.value,
                None => {
                    region.and_then(|region| Url::parse(&format!("https://sts.{region}.{}", domain(region))).ok())?
                }
            };
            let token = kept(&name?.value, CredentialKind::WebIdentityToken, whereabouts);
            Some(S3Access::WebIdentity { token, role: role?.value, service })
        }
        Kind::Container => {
            table.close("with kind = \"container\"");
            Some(S3Access::Container)
        }
        Kind::Instance => {
            table.close("with kind = \"instance\"");
            Some(S3Access::Instance)
        }
    }
}

fn kept(name: &Path, kind: CredentialKind, whereabouts: &Whereabouts) -> Credential {
    let file = Credential::find(name, &whereabouts.folder, whereabouts.credentials.as_deref());
    Credential { kind, name: name.to_owned(), file }
}
