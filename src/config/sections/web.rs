//! `[web]`

use std::net::SocketAddr;

use crate::config::reader::{Keys, Reader};
use crate::config::values;

pub(super) const KEYS: Keys = Keys::table("web", &["listen", "columns"]);

/// The page for officers.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Where it listens; an address of this machine alone.
    pub listen: SocketAddr,
    /// How many bays stand beside each other in the dock, if that is known.
    pub columns: Option<usize>,
}

pub(super) fn web(root: &mut Reader<'_>) -> Option<WebSettings> {
    let mut table = root.table(KEYS)?;
    let listen = table.or("listen", ([127, 0, 0, 1], 8470).into(), values::listen);
    let columns = table.optional("columns", |value| values::number(value, 1..=8));
    table.close("here");
    Some(WebSettings { listen: listen?, columns: columns?.map(|columns| columns.value) })
}
