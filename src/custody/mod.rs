//! The rule, and nothing else:
//!
//! > A segment is removed from a camera only when every required destination's copy is proven to be bit-identical to
//! > what the camera holds now.
//!
//! Promises: [`Proof`], [`SourceMatch`] and [`WipePermit`] can be made in this room only, are never stored and never
//! copied. A permit exists only if, for each file it lists, the camera's own bytes were read again and every required
//! destination has answered for its copy since this process started. What the conditions are stands in [`conditions`] alone:
//! who tells people about them asks the same function.

mod permit;
mod proof;
mod rule;

pub use permit::{Clearance, Cleared, ClearedFile, SourceMatch, WipePermit, WrongPermit};
pub use proof::{Proof, Remembered, Unproven, Wanted, prove};
pub use rule::{Facts, Judged, Source, Unmet, WipeCondition, conditions};

#[cfg(test)]
mod tests;
