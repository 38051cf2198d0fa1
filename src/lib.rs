//! camdock: offloads body-worn cameras, proves every copy in the cloud, and only then wipes them.
//!
//! # The import law
//!
//! Rooms use each other from the ground up, and never back, and few rooms know what a library is called.
//! `tests/package/import_law` reads this table and holds it.
//!
//! | room | may use | libraries |
//! |---|---|---|
//! | every room | `faults` | `thiserror` |
//! | `changes` | | `tokio` |
//! | `beat` | `changes` | `tokio` |
//! | `domain` | | `crc-fast`, `fastrand`, `jiff`, `serde`, `sha2`, `strum`, `time`, `uuid` |
//! | `faults` | | `rustix` |
//! | `files` | | `aligned-vec`, `bytes`, `futures`, `rustix`, `tokio` |
//! | `words` | `domain` | `fluent-bundle`, `serde`, `serde_json`, `strum`, `unic-langid` |
//! | `journal` | `domain`, `words` | `libsystemd`, `serde_json`, `tokio`, `tracing`, `tracing-subscriber`, `uuid` |
//! | `cloud` | `domain` | `async-trait`, `bytes`, `fastrand`, `futures`, `time` |
//! | `dock` | `beat`, `domain`, `journal` | `rustix`, `tokio` |
//! | `spool` | `domain` | `async-trait`, `bytes`, `futures`, `serde` |
//! | `ledger` | `changes`, `domain`, `files`, `journal` | `futures`, `rusqlite`, `rusqlite_migration`, `rustix`, `serde`, `serde_json`, `tokio` |
//! | `access` | `domain`, `files` | `argon2`, `nix`, `tempfile`, `tokio` |
//! | `views` | `domain`, `words` | `async-trait`, `axum`, `futures`, `hyper`, `hyper-util`, `maud`, `prometheus-client`, `rustix`, `sd-notify`, `serde`, `serde_json`, `strum`, `tokio`, `tokio-rustls`, `tower`, `tower-sessions`, `url`, `utoipa`, `utoipa-axum`, `x509-parser` |
//! | `custody` | `cloud`, `domain` | `futures` |
//! | `camera` | `custody`, `domain`, `files` | `async-trait`, `bytes` |
//! | `config` | `domain` | `miette`, `strsim`, `toml`, `url` |
//! | `cloud::http` | `cloud`, `domain`, `files` | `bytes`, `futures`, `reqwest`, `rustls-native-certs`, `tokio`, `tokio-rustls`, `url`, `x509-parser` |
//! | `cloud::token` | `cloud`, `domain` | `futures`, `tokio` |
//! | `cloud::azure` | `cloud`, `cloud::http`, `domain` | `async-trait`, `aws-lc-rs`, `azure_core`, `azure_storage_blob`, `base64`, `bytes`, `futures`, `hmac`, `reqwest`, `rustls-pki-types`, `serde`, `serde_json`, `sha2`, `time`, `tokio`, `url`, `x509-parser` |
//! | `cloud::folder` | `cloud`, `domain`, `files` | `async-trait`, `bytes`, `futures`, `rustix`, `serde_json`, `tokio` |
//! | `cloud::notes` | `cloud`, `domain`, `files` | `serde`, `serde_json`, `tokio` |
//! | `cloud::gcs` | `cloud`, `cloud::http`, `cloud::notes`, `cloud::token`, `domain` | `async-trait`, `base64`, `bytes`, `futures`, `reqwest`, `serde`, `serde_json`, `time`, `tokio`, `tokio-rustls`, `url` |
//! | `cloud::s3` | `cloud`, `cloud::http`, `cloud::notes`, `cloud::token`, `domain` | `async-trait`, `base64`, `bytes`, `futures`, `hmac`, `quick-xml`, `reqwest`, `serde`, `serde_json`, `sha2`, `time`, `tokio`, `url` |
//! | `dock::folder` | `beat`, `dock`, `domain`, `journal` | `notify`, `rustix`, `tokio` |
//! | `dock::usb` | `beat`, `dock`, `domain`, `journal` | `rustix`, `tokio`, `udev` |
//! | `dock::led` | `domain` | `gpiocdev` |
//! | `spool::disk` | `domain`, `files`, `spool` | `async-trait`, `bytes`, `futures`, `rustix`, `serde_json`, `tokio` |
//! | `camera::folder` | `camera`, `custody`, `domain`, `files`, `journal` | `async-trait`, `bytes`, `camdock-lease`, `rustix`, `tokio` |
//! | `camera::mass_storage` | `camera`, `camera::folder`, `custody`, `domain`, `files`, `journal` | `async-trait`, `futures`, `rustix`, `tokio`, `zbus` |
//! | `transfer` | `camera`, `cloud`, `custody`, `domain`, `journal`, `ledger`, `spool`, `words` | `bytes`, `fastrand`, `futures`, `tokio` |
//! | `station` | `beat`, `camera`, `custody`, `dock`, `domain`, `journal`, `ledger`, `spool`, `transfer`, `words` | `futures`, `tokio` |
//! | `audit` | `custody`, `domain`, `ledger`, `spool` | |
//! | `daemon` | `access`, `audit`, `beat`, `camera`, `camera::folder`, `camera::mass_storage`, `cloud`, `cloud::azure`, `cloud::folder`, `cloud::gcs`, `cloud::http`, `cloud::notes`, `cloud::s3`, `config`, `dock`, `dock::folder`, `dock::led`, `dock::usb`, `domain`, `files`, `journal`, `ledger`, `spool`, `spool::disk`, `station`, `transfer`, `views` | `async-trait`, `axum`, `futures`, `jiff`, `notify`, `tokio`, `url` |
//!
//! `cloud`, `dock`, `spool` and `camera` are ports, and the rooms within them their adapters: besides themselves, only
//! `daemon` knows an adapter by name. `faults` is empty in a release build, so every room may mention it. `thiserror`
//! leaves nothing of itself in what it derives; each other library is a decision of the rooms that use it. `domain` and
//! `custody` know no I/O and no runtime. `cli` and `main` sit on top and use everything.

pub mod access;
pub mod audit;
pub mod beat;
pub mod camera;
pub mod changes;
pub mod cloud;
pub mod config;
pub mod custody;
pub mod daemon;
pub mod dock;
pub mod domain;
pub mod faults;
pub mod files;
pub mod journal;
pub mod ledger;
pub mod spool;
pub mod station;
pub mod transfer;
pub mod views;
pub mod words;
