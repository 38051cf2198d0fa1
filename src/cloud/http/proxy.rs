//! The proxy on the way to a place, and what opens it.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use reqwest::Url;

use crate::domain::Secret;

/// Reads `USER:PASSWORD` from where it is kept; nothing, if it cannot be read now.
pub type ReadLogin = Arc<dyn Fn() -> Option<Secret> + Send + Sync>;

/// A proxy.
#[derive(Clone)]
pub struct Proxy {
    /// Its address: `http` or `https`, host and port.
    pub address: Url,
    /// What it wants to be told, if it wants anything.
    pub login: Option<ReadLogin>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address.as_str()).finish_non_exhaustive()
    }
}

/// How a client gets to where it goes. A login is read again whenever the proxy does not take it.
pub(super) struct Way {
    proxy: Option<Proxy>,
    /// The proxy's address with the login in it.
    opened: RwLock<Option<Url>>,
}

impl Way {
    pub(super) fn by(proxy: Option<Proxy>) -> Self {
        let opened = RwLock::new(proxy.as_ref().map(opened));
        Self { proxy, opened }
    }

    /// The proxy of every encrypted connection, if one is configured.
    pub(super) fn proxy(way: &Arc<Self>) -> Option<reqwest::Proxy> {
        way.proxy.as_ref()?;
        let way = Arc::clone(way);
        Some(reqwest::Proxy::custom(move |_: &Url| way.opened.read().unwrap_or_else(PoisonError::into_inner).clone()))
    }

    /// The proxy did not take the login.
    pub(super) fn refused(&self) {
        let read = self.proxy.as_ref().map(opened);
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = read;
    }

    /// What people know the proxy by.
    pub(super) fn name(&self) -> String {
        let Some(proxy) = &self.proxy else { return "that this machine's environment names".to_owned() };
        let (host, port) = (proxy.address.host_str().unwrap_or_default(), proxy.address.port_or_known_default());
        port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

/// The address with the login, as far as it can be read.
fn opened(proxy: &Proxy) -> Url {
    let mut address = proxy.address.clone();
    let login = proxy.login.as_ref().and_then(|login| login());
    if let Some((user, password)) = login.as_ref().and_then(|login| login.expose().split_once(':')) {
        // Only an address without a host takes none, and no proxy is configured so.
        let _ = address.set_username(user);
        let _ = address.set_password(Some(password));
    }
    address
}
