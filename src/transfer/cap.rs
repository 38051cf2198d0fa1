//! A cap on how fast chunks leave the station.
//!
//! Promises:
//! - Whatever goes through one cap, of however many chunks and destinations, is no more than it allows, but for a
//!   twentieth of a second's worth after a rest.
//! - Pieces go in the order in which they lined up, so every chunk gets on, however slow the cap; and none waits for one that is stuck.
//! - Who waits for a turn gives a sign of life each second: a cap never looks like a place that does not answer.
//! - Nothing is computed while waiting: one timer for each piece.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use tokio::time::{Instant, sleep_until, timeout};

use crate::cloud::ByteStream;
use crate::domain::{BitRate, ByteCount, Clock, Pacing};

/// So long a piece may have the line to itself.
const MOMENT: Duration = Duration::from_millis(250);

/// What a line that rested gives at once: it makes up for a timer that comes late, and for no more.
const REST: Duration = Duration::from_millis(50);

/// No piece is smaller, for each is a packet on its way; at the slowest cap it takes an eighth of a second.
const SMALLEST_PIECE: u64 = 1 << 10;

/// The largest piece: what the connection takes at once.
const LARGEST_PIECE: u64 = 64 << 10;

/// So often who waits shows that it does; less than any patience that can be configured.
const SIGN_OF_LIFE: Duration = Duration::from_millis(500);

/// What all that goes one way shares.
pub struct Cap {
    pacing: Pacing,
    clock: Arc<dyn Clock>,
    /// When all that was given a turn so far has left. Nobody holds it while waiting: who has a turn may be stuck elsewhere.
    left: Mutex<Option<Instant>>,
}

impl Cap {
    /// A cap by which nothing has gone yet.
    #[must_use]
    pub fn new(pacing: Pacing, clock: Arc<dyn Clock>) -> Self {
        Self { pacing, clock, left: Mutex::new(None) }
    }

    fn rate(&self) -> Option<BitRate> {
        self.pacing.at(self.clock.now())
    }

    /// When so much may go; the others go after it. Who gives up then has had a turn.
    fn turn(&self, piece: ByteCount) -> Instant {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let Some(rate) = self.rate() else {
            *left = None;
            return now;
        };
        let rested = now.checked_sub(REST).unwrap_or(now);
        let turn = left.map_or(now, |left| left.max(rested));
        *left = Some(turn + rate.time_for(piece));
        turn
    }
}

/// All caps on one way, that of the destination and that of the station.
#[derive(Clone, Default)]
pub struct Caps(Arc<[Arc<Cap>]>);

impl Caps {
    /// Those of the caps that ever slow anything.
    #[must_use]
    pub fn of(caps: impl IntoIterator<Item = Arc<Cap>>) -> Self {
        Self(caps.into_iter().filter(|cap| cap.pacing.ever_limits()).collect())
    }

    /// How much goes at once, so that no piece keeps the line to itself for long.
    fn piece(&self) -> ByteCount {
        let slowest = self.0.iter().filter_map(|cap| cap.rate()).min();
        let fits = slowest.map_or(LARGEST_PIECE, |rate| rate.bytes_in(MOMENT).get());
        ByteCount::new(fits.clamp(SMALLEST_PIECE, LARGEST_PIECE))
    }

    async fn pass(self, piece: ByteCount) {
        for cap in self.0.iter() {
            sleep_until(cap.turn(piece)).await;
        }
    }

    /// The same bytes, as fast as the caps let them go.
    #[must_use]
    pub fn slow(&self, content: ByteStream) -> ByteStream {
        if self.0.is_empty() {
            return content;
        }
        let waiting = Waiting { caps: self.clone(), content, rest: Bytes::new(), turn: None };
        stream::try_unfold(waiting, Waiting::next).boxed()
    }
}

/// Content that waits for its turn.
struct Waiting {
    caps: Caps,
    content: ByteStream,
    /// What was read and has not gone yet.
    rest: Bytes,
    /// The turn that is waited for, and how much may go then. It is kept, so that nobody has to line up again.
    turn: Option<(BoxFuture<'static, ()>, usize)>,
}

impl Waiting {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        while self.rest.is_empty() {
            match self.content.next().await {
                Some(read) => self.rest = read?,
                None => return Ok(None),
            }
        }
        let caps = &self.caps;
        let (turn, length) = self.turn.get_or_insert_with(|| {
            let length = usize::try_from(caps.piece().get()).unwrap_or(usize::MAX).min(self.rest.len());
            (caps.clone().pass(ByteCount::new(length as u64)).boxed(), length)
        });
        let piece = match timeout(SIGN_OF_LIFE, turn).await {
            Ok(()) => {
                let piece = self.rest.split_to(*length);
                self.turn = None;
                piece
            }
            Err(_) => Bytes::new(),
        };
        Ok(Some((piece, self)))
    }
}

#[cfg(test)]
mod tests;
