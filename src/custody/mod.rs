//! The rule, and nothing else:
//!
//! > A segment is removed from a camera only when every required destination's copy is proven to be bit-identical to
//! > what the camera holds now.
//!
//! Promises: [`Proof`], [`SourceMatch`] and [`WipePermit`] can be made in this room only, are never stored and never
//! copied. A permit exists only if, for each file it lists, the camera's own bytes were read again and every required
//! destination has answered for its copy since this process started.

mod permit;
mod proof;

pub use permit::{Clearance, ClearedFile, SourceMatch, Unmet, WipePermit};
pub use proof::{Proof, Remembered, Unproven, prove};
