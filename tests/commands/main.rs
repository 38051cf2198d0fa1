//! The commands that a person, udev or a package's script calls: what they print, and how they end.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod config;
mod dock;
mod gate;
mod google;
mod lamp;
mod shifts;
mod usb;
