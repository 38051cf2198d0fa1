//! camdock: offloads body-worn cameras, proves every copy in the cloud, and only then wipes them.
//!
//! # The import law
//!
//! Rooms use each other from the ground up, and never back; `tests/package/import_law.rs` reads this table and holds it.
//!
//! | room | may use |
//! |---|---|
//! | `domain`, `faults`, `files` | nothing of ours |
//! | `cloud`, `dock`, `spool`, `ledger`, `views` | `domain` |
//! | `custody` | `domain`, `cloud` |
//! | `camera` | `domain`, `custody`, `files` |
//! | `config` | `domain`, `custody` |
//! | `cloud::http` | `domain`, `cloud` |
//! | `cloud::azure` | `domain`, `cloud`, `cloud::http` |
//! | `cloud::folder` | `domain`, `cloud`, `files` |
//! | `dock::folder`, `dock::usb` | `domain`, `dock` |
//! | `spool::disk` | `domain`, `spool`, `files` |
//! | `camera::folder` | `domain`, `camera`, `custody`, `files` |
//! | `camera::mass_storage` | `domain`, `camera`, `camera::folder`, `custody`, `files` |
//! | `transfer` | `domain`, `cloud`, `spool`, `ledger`, `custody`, `camera` |
//! | `station` | `domain`, `cloud`, `cloud::azure`, `dock`, `spool`, `ledger`, `custody`, `camera`, `config`, `transfer` |
//!
//! `cloud`, `dock`, `spool` and `camera` are ports, and the rooms within them their adapters: besides themselves, only
//! `station` and `cli` know an adapter by name. `faults` is empty in a release build, so every room may mention it. `cli`
//! and `main` sit on top and use everything.

pub mod audit;
pub mod camera;
pub mod cloud;
pub mod config;
pub mod custody;
pub mod daemon;
pub mod dock;
pub mod domain;
pub mod faults;
pub mod files;
pub mod ledger;
pub mod spool;
pub mod station;
pub mod transfer;
pub mod views;
