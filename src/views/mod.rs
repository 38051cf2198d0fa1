//! Showing the station to people and programs.
//!
//! Promise: views read snapshots and pass on requests; they change nothing and know no other room than the domain and its words.

mod api;
mod audience;
mod document;
mod events;
mod few;
mod legend;
mod metrics;
mod news;
mod page;
mod socket;
pub mod systemd;
mod web;

pub use api::{Desk, ProblemView, routes};
pub use audience::Audience;
pub use document::{BayDocument, DestinationDocument, QueueDocument, StatusDocument};
pub use legend::legend;
pub use metrics::metrics;
pub use page::{Dock, page};
pub use socket::{CommandSocket, SOCKET_FILE, SocketError, bind, serve};
pub use web::{WebDoor, WebError};
