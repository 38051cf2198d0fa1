//! Questions about evidence that are asked without a daemon: of the ledger and the spool as they lie on the disk.
//!
//! Promise: nothing is changed and no destination is asked; a daemon may run meanwhile.

mod explain;
mod unproven;

pub use explain::{ExplainedCamera, explain, explain_docking};
pub use unproven::{AtStake, unproven};
