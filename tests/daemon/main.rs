//! The built program, doing its work: killed at any moment, in trouble of every kind, under systemd, and as a demo.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod access;
mod browser;
mod cameras;
mod clouds;
mod crash;
mod demo;
mod events;
mod everything;
mod google;
mod history;
mod hostile;
mod interface;
mod keeping;
mod metrics;
mod mount;
mod overdue;
mod page;
mod proxy;
mod records;
mod rights;
mod setup;
mod silence;
mod slow;
mod station;
mod systemd;
mod trouble;
