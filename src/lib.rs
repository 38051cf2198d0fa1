//! camdock: offloads body-worn cameras, proves every copy in the cloud, and only then wipes them.
//!
//! # The import law
//!
//! Rooms use each other from the ground up, and never back; `tests/import_law.rs` reads the `use` lines and holds it.
//!
//! | room | may use |
//! |---|---|
//! | `domain` | nothing of ours |
//! | `faults` | nothing of ours |
//! | `cloud`, `dock`, `spool`, `ledger` | `domain` |
//! | `custody` | `domain`, the `cloud` port |
//! | `camera` | `domain`, `custody` |
//! | `config` | `domain`, `custody` |
//! | `transfer` | the ports, `custody`, `domain`; never an adapter |
//! | `station` | everything below it |
//! | `views` | `domain` |
//! | `cli`, `main` | everything |
//!
//! `faults` is empty in a release build, so every room may mention it.

pub mod camera;
pub mod cloud;
pub mod config;
pub mod custody;
pub mod dock;
pub mod domain;
pub mod faults;
pub mod files;
pub mod ledger;
pub mod spool;
pub mod station;
pub mod transfer;
pub mod views;
