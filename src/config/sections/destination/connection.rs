//! How a cloud is reached: what a connection is secured with, and the proxy on the way.

use std::path::PathBuf;

use url::Url;

use super::super::Whereabouts;
use super::credential_file;
use crate::config::document::{Node, Value};
use crate::config::reader::{Given, Keys, Reader, Wrong};
use crate::config::sections::web::TlsSettings;
use crate::config::{Credential, CredentialKind, values};

pub(in super::super) const TLS_KEYS: Keys =
    Keys::inline("destination.tls", &["ca", "certificate", "key"], "tls = { ca = \"agency-ca.crt\" }");
pub(in super::super) const PROXY_KEYS: Keys = Keys::inline(
    "destination.proxy",
    &["address", "login"],
    "proxy = { address = \"http://proxy.example.org:3128\", login = \"proxy.login\" }",
);

/// How a cloud is reached, if not as usual.
#[derive(Debug, Clone, Default)]
pub struct ConnectionSettings {
    /// The authorities that may vouch for it, in the place of those that this machine trusts: their file; absolute.
    pub ca: Option<PathBuf>,
    /// What the station proves itself with.
    pub identity: Option<TlsSettings>,
    /// What stands on the way.
    pub proxy: Option<ProxySettings>,
}

/// A proxy.
#[derive(Debug, Clone)]
pub struct ProxySettings {
    /// Its address: `http` or `https`, host and port.
    pub address: Url,
    /// The user and the password that it wants to be told.
    pub login: Option<Credential>,
}

pub(super) fn connection(table: &mut Reader<'_>, whereabouts: &Whereabouts) -> Option<ConnectionSettings> {
    let tls = table.take("tls").map(|node| tls(table, node, whereabouts));
    let proxy = table.take("proxy").map(|node| proxy(table, node, whereabouts));
    let Secured { ca, identity } = tls.unwrap_or(Some(Secured::default()))?;
    Some(ConnectionSettings { ca, identity, proxy: proxy.map_or(Some(None), |proxy| proxy.map(Some))? })
}

#[derive(Default)]
struct Secured {
    ca: Option<PathBuf>,
    identity: Option<TlsSettings>,
}

fn tls(table: &mut Reader<'_>, node: Node, whereabouts: &Whereabouts) -> Option<Secured> {
    let mut table = Reader::new(TLS_KEYS, node, table.mistakes)?;
    let ca = table.optional("ca", credential_file);
    let certificate = table.optional("certificate", credential_file);
    let key = table.optional("key", credential_file);
    if let (Some(certificate), Some(key)) = (&certificate, &key) {
        match (certificate, key) {
            (Some(_), None) => table.missing("key", "\"dock.key\""),
            (None, Some(_)) => table.missing("certificate", "\"dock.crt\""),
            (None, None) if matches!(ca, Some(None)) => table.missing("ca", "\"agency-ca.crt\""),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    table.close("here");
    let found = |given: Option<Given<PathBuf>>| {
        given.map(|given| Credential::find(&given.value, &whereabouts.folder, whereabouts.credentials.as_deref()))
    };
    let identity = found(certificate?).zip(found(key?)).map(|(certificate, key)| TlsSettings { certificate, key });
    Some(Secured { ca: found(ca?), identity })
}

fn proxy(table: &mut Reader<'_>, node: Node, whereabouts: &Whereabouts) -> Option<ProxySettings> {
    let mut table = Reader::new(PROXY_KEYS, node, table.mistakes)?;
    let secret = |node: &Node| matches!(&node.value, Value::Text(text) if values::carries_secret(text));
    if table.peek("address").is_some_and(secret) {
        let at = table.take("address")?.at;
        table.mistakes.hide(&at);
        let what = "destination.proxy.address (not shown): it carries a user or a query".to_owned();
        let remedy = "write the address up to the port only, and USER:PASSWORD into a file of its own, as login";
        table.mistakes.add(&at, what, remedy.to_owned());
        return None;
    }
    let address = table.required("address", "\"http://proxy.example.org:3128\"", address);
    let login = table.optional("login", credential_file);
    table.close("here");
    let login = login?.map(|Given { value: name, .. }| {
        let file = Credential::find(&name, &whereabouts.folder, whereabouts.credentials.as_deref());
        Credential { kind: CredentialKind::ProxyLogin, name, file }
    });
    Some(ProxySettings { address: address?.value, login })
}

/// What is sent through a proxy is encrypted from end to end, so its own address may be one without encryption.
fn address(value: &Value) -> Result<Url, Wrong> {
    let remedy = "write scheme, host and port, such as \"http://proxy.example.org:3128\"";
    let text = values::text(value)?;
    let url = Url::parse(&text).map_err(|error| Wrong::new(format!("it is no address: {error}"), remedy))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Wrong::new("it is no http:// or https:// address", remedy));
    }
    if url.host().is_none() || url.path() != "/" {
        return Err(Wrong::new("it leads to more than a host and a port", remedy));
    }
    Ok(url)
}
