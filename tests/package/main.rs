//! What is delivered: the files of the package, its scripts under dpkg, and the house rules of the code itself.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod import_law;
mod installation;
mod packaging;
