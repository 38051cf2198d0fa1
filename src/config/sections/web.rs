//! `[web]`

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use super::Whereabouts;
use crate::config::Credential;
use crate::config::reader::{Given, Keys, Reader};
use crate::config::values;

pub(super) const KEYS: Keys = Keys::table("web", &["listen", "columns", "tls", "users", "kiosk", "collectors"]);
pub(super) const TLS_KEYS: Keys =
    Keys::inline("web.tls", &["certificate", "key"], "tls = { certificate = \"web.crt\", key = \"web.key\" }");

/// The pages, and who sees them.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Where they are. An address that others can reach has both `tls` and `users`.
    pub listen: SocketAddr,
    /// How many bays stand beside each other in the dock, if that is known.
    pub columns: Option<usize>,
    /// What the page proves itself with over the network.
    pub tls: Option<TlsSettings>,
    /// The list of those who may log in; absolute.
    pub users: Option<PathBuf>,
    /// Addresses of screens that show the bays to everybody.
    pub kiosks: Vec<IpAddr>,
    /// Addresses of programs that collect the metrics.
    pub collectors: Vec<IpAddr>,
}

/// A certificate and its key. Both are read again when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// The file of the certificate, with those that vouch for it behind it; absolute.
    pub certificate: PathBuf,
    /// The file of its key; absolute.
    pub key: PathBuf,
}

pub(super) fn web(root: &mut Reader<'_>, whereabouts: &Whereabouts) -> Option<WebSettings> {
    let mut table = root.table(KEYS)?;
    let listen = table.optional("listen", values::listen);
    let columns = table.optional("columns", |value| values::number(value, 1..=8));
    let tls = tls(&mut table, whereabouts);
    let users = table.optional("users", values::file);
    let kiosks = table.or("kiosk", Vec::new(), values::addresses);
    let collectors = table.or("collectors", Vec::new(), values::addresses);
    if let Some(Some(Given { value, at })) = &listen
        && !value.ip().is_loopback()
        && matches!((&tls, &users), (Some(None), _) | (_, Some(None)))
    {
        let what = format!("web.listen = \"{value}\": others than this machine could see the page");
        let remedy = "add tls and users, as `camdock gen config` shows; or write an address of this machine, such as \
                      \"127.0.0.1:8470\""
            .to_owned();
        table.mistakes.add(at, what, remedy);
    }
    table.close("here");
    Some(WebSettings {
        listen: listen?.map_or_else(|| ([127, 0, 0, 1], 8470).into(), |listen| listen.value),
        columns: columns?.map(|columns| columns.value),
        tls: tls?,
        users: users?.map(|users| whereabouts.folder.join(users.value)),
        kiosks: kiosks?,
        collectors: collectors?,
    })
}

#[expect(clippy::option_option, reason = "wrong and absent are different things")]
fn tls(table: &mut Reader<'_>, whereabouts: &Whereabouts) -> Option<Option<TlsSettings>> {
    let Some(node) = table.take("tls") else { return Some(None) };
    let mut inner = Reader::new(TLS_KEYS, node, table.mistakes)?;
    let certificate = inner.required("certificate", "\"web.crt\"", values::file);
    let key = inner.required("key", "\"web.key\"", values::file);
    inner.close("here");
    let found = |name: PathBuf| Credential::find(&name, &whereabouts.folder, whereabouts.credentials.as_deref());
    Some(Some(TlsSettings { certificate: found(certificate?.value), key: found(key?.value) }))
}
