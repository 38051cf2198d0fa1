//! One adapter or room at a time, against the real thing that it is made for: a file system, a mount, a medium that fails,
//! D-Bus, Azurite.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod azure;
mod back_fill;
mod bays;
mod connections;
mod every_place;
mod folder_camera;
mod gcs;
mod hanging_share;
mod mass_storage;
mod memory_destination;
mod old_ledger;
mod places;
mod s3;
mod sick_medium;
mod slow;
mod uploader;
