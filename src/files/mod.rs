//! Files of this machine, as streams of pieces and as durable copies.
//!
//! Promises: reading never holds more than a few pieces in memory; an uncached read is answered by the medium, not by
//! this machine's page cache; a file that is made durable here survives a power cut under its final name.

mod beneath;
mod buffers;
mod mounts;
mod read;
mod write;

pub use beneath::open_beneath;
pub use buffers::{ALIGNMENT, Lent, Pool};
pub use mounts::{Mount, mounts, parse_mounts};
pub use read::{Cache, open, pieces, shared_pool, whole};
pub use write::{PieceWriter, create_private_folder, sync_folder};
