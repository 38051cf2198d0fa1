//! Showing the station to people and programs.
//!
//! Promise: views read snapshots and pass on requests; they change nothing and know no other room than the domain and its words.

mod acting;
mod diagnosis;
mod document;
mod events;
mod few;
mod legend;
mod metrics;
mod news;
mod page;
mod reading;
mod records;
mod remembered;
mod socket;
mod station;
pub mod systemd;
mod web;

pub use acting::{Desk, acting};
pub use diagnosis::{Diagnosis, Finding};
pub use document::{BayDocument, DestinationDocument, QueueDocument, StatusDocument};
pub use legend::legend;
pub use metrics::metrics;
pub use page::{Dock, page};
pub use reading::{PROBLEMS_AT_ONCE, reading};
pub use records::{NoRecords, Records};
pub use remembered::ProblemView;
pub use socket::{CommandSocket, SOCKET_FILE, SocketError, bind, serve};
pub use station::station;
pub use web::{WebDoor, WebError};
