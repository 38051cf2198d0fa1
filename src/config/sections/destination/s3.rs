//! `kind = "s3"`: the keys of a bucket.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use super::super::Whereabouts;
use super::{Place, credential_file};
use crate::config::document::Value;
use crate::config::reader::{Given, Keys, Reader, Wrong};
use crate::config::{Credential, CredentialKind, values};

pub(in super::super) const CREDENTIAL_KEYS: Keys = Keys::inline(
    "destination.credential",
    &["kind", "file", "profile"],
    "credential = { kind = \"access-key\", file = \"s3.key\" }",
);

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
    let credential = credential(table, whereabouts);
    let (region, bucket, variant, style) = (region?.value, bucket?.value, variant?, style?);
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
    Some(Place::S3 { url: address(&service, &bucket, style)?, region, bucket, credential: credential? })
}

/// The service's address in a region, as "Amazon S3 endpoints and quotas" has it.
fn of_aws(region: &str, variant: Variant) -> String {
    let service = match variant {
        Variant::Plain => "s3",
        Variant::Fips => "s3-fips",
        Variant::DualStack => "s3.dualstack",
        Variant::FipsAndDualStack => "s3-fips.dualstack",
    };
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{service}.{region}.{domain}")
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

fn credential(table: &mut Reader<'_>, whereabouts: &Whereabouts) -> Option<Credential> {
    let Some(node) = table.take("credential") else {
        table.missing("credential", "{ kind = \"access-key\", file = \"s3.key\" }");
        return None;
    };
    if !matches!(node.value, Value::Table(_)) {
        table.mistakes.hide(&node.at);
    }
    let mut table = Reader::new(CREDENTIAL_KEYS, node, table.mistakes)?;
    let file = table.required("file", "\"s3.key\"", credential_file);
    let kind = table.required("kind", "\"access-key\"", |value| values::one_of(value, &[("access-key", ())]));
    let profile = table.optional("profile", values::text);
    table.close("with kind = \"s3\"");
    kind?;
    let (name, profile) = (file?.value, profile?.map(|profile| profile.value));
    let file = Credential::find(&name, &whereabouts.folder, whereabouts.credentials.as_deref());
    Some(Credential { kind: CredentialKind::AccessKey { profile }, name, file })
}
