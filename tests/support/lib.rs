//! The equipment of camdock's tests, as far as several crates use it: an emulated cloud, a share that hangs,
//! footage, and a machine with USB.
//!
//! Nothing in here knows camdock: what is made or found here is files, names and bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails in here ends the test, with these words")]
#![allow(clippy::missing_panics_doc, reason = "everything in here panics where a test's scene cannot be set")]
#![allow(clippy::must_use_candidate, reason = "a machine is set up for what becomes of it")]

pub mod azurite;
pub mod disks;
pub mod footage;
pub mod fuse;
pub mod gcs;
pub mod hanging_share;
pub mod immutability;
pub mod proxy;
pub mod s3;
pub mod sysfs;
