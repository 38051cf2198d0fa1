//! `[upload]`

use std::num::NonZeroUsize;
use std::time::Duration;

use super::pacing;
use crate::config::document::Value;
use crate::config::reader::{Keys, Reader, Wrong};
use crate::config::values;
use crate::domain::{ByteCount, DestinationName, PacingRules};

pub(super) const KEYS: Keys =
    Keys::table("upload", &["chunk_size", "concurrency", "stall_timeout", "max", "max_at", "given_up"]);

const SMALLEST_CHUNK: ByteCount = ByteCount::new(64 << 10);
/// A broken connection costs what it had sent of a chunk: on a station's uplink of 10 Mbit/s, 100 MiB are 84 seconds.
const LARGEST_CHUNK: ByteCount = ByteCount::new(100 << 20);
const LONGEST_STALL: Duration = Duration::from_hours(1);
const MOST_AT_ONCE: usize = 256;

/// How segments travel.
#[derive(Debug, Clone)]
pub struct UploadSettings {
    /// The unit of resumable upload.
    pub chunk_size: ByteCount,
    /// How many chunks travel at the same time to one destination.
    pub concurrency: NonZeroUsize,
    /// After so long without any progress a connection is given up.
    pub stall: Duration,
    /// Destinations that were removed although evidence waits for them: it waits for them no more.
    pub given_up: Vec<DestinationName>,
    /// How fast all destinations together may be sent to.
    pub pacing: PacingRules,
}

pub(super) fn upload(root: &mut Reader<'_>, configured: &[DestinationName]) -> Option<UploadSettings> {
    let mut table = root.table(KEYS)?;
    let chunk_size = table.or("chunk_size", ByteCount::new(8 << 20), chunk_size);
    let fallback = NonZeroUsize::MIN.saturating_add(7);
    let concurrency = table.or("concurrency", fallback, |value| {
        values::number(value, 1..=MOST_AT_ONCE).map(|number| NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN))
    });
    let stall = table.or("stall_timeout", Duration::from_mins(1), stall_timeout);
    let pacing = pacing::pacing(&mut table);
    let removed = |value: &Value| match values::name(value, DestinationName::new)? {
        name if configured.contains(&name) => {
            Err(Wrong::new(format!("\"{name}\" is configured"), "remove the destination, or its name here"))
        }
        name => Ok(name),
    };
    let names = |value: &Value| values::list(value, removed);
    let given_up = table.or("given_up", Vec::new(), names);
    table.close("here");
    Some(UploadSettings {
        chunk_size: chunk_size?,
        concurrency: concurrency?,
        stall: stall?,
        pacing: pacing?,
        given_up: given_up?,
    })
}

fn chunk_size(value: &Value) -> Result<ByteCount, Wrong> {
    let size = values::size(value)?;
    if size < SMALLEST_CHUNK {
        let remedy = format!("write at least \"{SMALLEST_CHUNK}\"; \"8 MiB\" suits most uplinks");
        return Err(Wrong::new(
            "it is too small: a segment of several GiB would need more chunks than Azure takes",
            remedy,
        ));
    }
    if size > LARGEST_CHUNK {
        let why = "it is too large: a chunk is what has to be sent again after a broken connection";
        return Err(Wrong::new(why, format!("write at most \"{LARGEST_CHUNK}\"; \"8 MiB\" suits most uplinks")));
    }
    Ok(size)
}

fn stall_timeout(value: &Value) -> Result<Duration, Wrong> {
    let stall = values::duration(value)?;
    if stall.is_zero() || stall > LONGEST_STALL {
        return Err(Wrong::new("it is out of range", "write a duration from \"1s\" to \"1h\", such as \"60s\""));
    }
    Ok(stall)
}
