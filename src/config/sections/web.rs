//! `[web]`

use std::net::SocketAddr;

use crate::config::reader::{Keys, Reader};
use crate::config::values;

pub(super) const KEYS: Keys = Keys::table("web", &["listen"]);

/// The page for officers.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Where it listens.
    pub listen: SocketAddr,
}

pub(super) fn web(root: &mut Reader<'_>) -> Option<WebSettings> {
    let mut table = root.table(KEYS)?;
    let listen = table.or("listen", ([127, 0, 0, 1], 8470).into(), values::listen);
    table.close("here");
    Some(WebSettings { listen: listen? })
}
