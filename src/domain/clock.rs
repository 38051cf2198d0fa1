//! The wall clock, as a port.

use super::Moment;

/// Tells the wall-clock time. Waiting is tokio's business; this only answers "what is the date?", for the custody log
/// and for names. It may jump in either direction, so nothing may be decided by comparing two of its answers except
/// how long a spool copy outlives a wipe.
pub trait Clock: Send + Sync {
    /// The time now, as the station believes it to be.
    fn now(&self) -> Moment;
}
