//! What camdock tells the journal, or the terminal that it runs in.
//!
//! Promises:
//! - Every line is a notice: it has the notice's severity, its sentence in English, a `MESSAGE_ID` that never changes, and its
//!   facts as fields (`CAMDOCK_CAMERA=`, `CAMDOCK_BAY=` and so on).
//! - To tell something never waits. A journal that hangs costs lines, which are counted, and never time.
//! - What was said outside can forge neither a line nor a field, and steers no terminal.
//! - What is so again and again is told three times in an hour, and then counted.
//!
//! A line goes through `tracing`, as do those of the libraries, so that one filter (`CAMDOCK_LOG`) serves for all. What
//! nobody listens to is not even put into words.

mod catalogue;
mod line;
mod message_id;
mod outlet;
mod queue;
mod repeats;
mod tell;

pub use self::catalogue::catalogue;
pub use self::message_id::message_id;
pub use self::outlet::{Outlet, open, open_file};
pub use self::tell::tell;

#[cfg(test)]
mod tests;
