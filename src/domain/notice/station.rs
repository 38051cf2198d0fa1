//! What there is to tell of the station itself.

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

/// What is the matter with the station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum StationNotice {
    /// The disk that holds ledger and spool is full. What is proven and wiped is removed from the spool first.
    DiskFull,
}
