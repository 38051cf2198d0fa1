//! The acceptance test: a real Debian in QEMU, in which the package is installed as its documentation says, and cameras
//! that are plugged into its USB ports and pulled out of them. `make test-guest` runs it.
//!
//! Promises: each scenario has a guest and a cloud of its own, both as new; what the cameras held is known here before
//! they are docked, and what is left on them is read back by a reader of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "nothing of camdock runs in here; the deadlines are real")]

mod administration;
mod cables;
mod camera;
mod damage;
mod docking;
mod exfat;
mod gate;
mod journal;
mod lamps;
mod machine;
mod outages;
mod prepared;
mod shares;
mod station;
mod status;
mod strangers;
mod wire;
mod yanks;
