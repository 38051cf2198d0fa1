//! Showing the station to people and programs.
//!
//! Promise: views read snapshots and pass on requests; they change nothing and know no other room than the domain and its words.

mod acting;
mod answer;
mod audience;
mod diagnosis;
mod document;
mod entrance;
mod events;
mod identity;
mod legend;
mod log_in;
mod metrics;
mod news;
mod openapi;
mod page;
mod porter;
mod reading;
mod records;
mod remembered;
mod schema;
mod sessions;
mod socket;
mod station;
pub mod systemd;
mod web;

pub use acting::{Desk, acting, buttons};
pub use audience::Audience;
pub use diagnosis::{Diagnosis, Finding, ends_soon};
pub use document::{BayDocument, DestinationDocument, QueueDocument, SpoolDocument, StatusDocument};
pub use identity::{Identity, NoIdentity};
pub use legend::legend;
pub use metrics::{health, metrics};
pub use openapi::openapi;
pub use page::{Dock, files, page};
pub use porter::{NotIn, Porter};
pub use reading::{PROBLEMS_AT_ONCE, reading};
pub use records::{NoRecords, Records};
pub use remembered::ProblemView;
pub use socket::{CommandSocket, Commands, Recognise, SOCKET_FILE, SocketError, bind, serve};
pub use station::station;
pub use web::{Access, Routes, WebDoor, WebError};
