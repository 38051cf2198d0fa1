//! `[spool]`

use std::time::Duration;

use crate::config::reader::{Keys, Reader};
use crate::config::values;
use crate::domain::ByteCount;

pub(super) const KEYS: Keys = Keys::table("spool", &["reserve", "keep_after_wipe"]);

/// The local copies.
#[derive(Debug, Clone)]
pub struct SpoolSettings {
    /// How much of the disk offloading never fills.
    pub reserve: ByteCount,
    /// How long a spool copy outlives the wipe of its segment.
    pub keep_after_wipe: Duration,
}

pub(super) fn spool(root: &mut Reader<'_>) -> Option<SpoolSettings> {
    let mut table = root.table(KEYS)?;
    let reserve = table.or("reserve", ByteCount::new(1 << 30), values::size);
    let keep_after_wipe = table.or("keep_after_wipe", Duration::from_hours(24), values::duration);
    table.close("here");
    Some(SpoolSettings { reserve: reserve?, keep_after_wipe: keep_after_wipe? })
}
