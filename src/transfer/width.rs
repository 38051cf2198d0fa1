//! How many chunks are on their way to one destination at once: what its line can carry in good time.
//!
//! Many at once hide how far away a cloud is. On a slow line they only make each take longer, and a connection that breaks costs
//! what each had sent. So it is seen from how long chunks take: too long, and half as many go at once; in good time, and it is twice
//! as many again. After trouble one goes first: when a cloud comes back, hundreds of stations that waited for it begin gently.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// A chunk that takes longer shares its line with too many.
const GOOD_TIME: Duration = Duration::from_mins(1);

/// Turns for chunks.
#[derive(Debug)]
pub(super) struct Width {
    /// Who is next holds it while it waits for places, so that it takes as many as are right by then.
    next: Mutex<()>,
    places: Semaphore,
    most: u32,
    /// So many places each chunk takes. It doubles and halves; at [`most`](Self::most), one goes at once.
    each: std::sync::Mutex<u32>,
}

/// A chunk's turn. It ends when the chunk has arrived, or is given up.
pub(super) struct Turn<'w> {
    width: &'w Width,
    began: Instant,
    each: u32,
    _places: Option<SemaphorePermit<'w>>,
}

impl Width {
    /// At most so many at once, and that many until it is known better.
    pub(super) fn of(most: usize) -> Self {
        let most = u32::try_from(most).unwrap_or(u32::MAX).max(1);
        Self { next: Mutex::new(()), places: Semaphore::new(most as usize), most, each: std::sync::Mutex::new(1) }
    }

    fn each(&self) -> MutexGuard<'_, u32> {
        self.each.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn; who came first has it first.
    pub(super) async fn turn(&self) -> Turn<'_> {
        let _next = self.next.lock().await;
        let each = *self.each();
        // The semaphore is never closed; without a permit the chunk would merely go too early.
        let places = self.places.acquire_many(each).await.ok();
        Turn { width: self, began: Instant::now(), each, _places: places }
    }

    /// The place was in trouble: one chunk tries it first.
    pub(super) fn start_gently(&self) {
        *self.each() = self.most;
    }
}

impl Turn<'_> {
    /// The chunk has arrived.
    pub(super) fn arrived(self) {
        let mut each = self.width.each();
        // What began under another width tells nothing of this one.
        if *each == self.each {
            *each =
                if self.began.elapsed() > GOOD_TIME { (*each * 2).min(self.width.most) } else { (*each / 2).max(1) };
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    /// So many turns are to be had now.
    fn at_once(width: &Width) -> usize {
        let each = *width.each() as usize;
        width.places.available_permits() / each
    }

    async fn chunk_of(width: &Width, took: Duration) {
        let turn = width.turn().await;
        advance(took).await;
        turn.arrived();
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_carries_fewer_at_once_and_one_at_least() {
        let width = Width::of(8);
        assert_eq!(at_once(&width), 8, "nothing is known to be slow");
        for left in [4, 2, 1, 1] {
            chunk_of(&width, Duration::from_secs(61)).await;
            assert_eq!(at_once(&width), left);
        }
        for more in [2, 4, 8, 8] {
            chunk_of(&width, Duration::from_secs(9)).await;
            assert_eq!(at_once(&width), more, "and more again when it is quick");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn those_that_lined_up_before_go_by_what_is_known_now() {
        let width = Width::of(4);
        let busy = [width.turn().await, width.turn().await, width.turn().await, width.turn().await];
        let next = async { drop(width.turn().await) };
        let behind_it = async { assert_eq!(width.turn().await.each, 4, "it goes alone") };
        let trouble = async {
            width.start_gently();
            drop(busy);
        };
        tokio::join!(next, behind_it, trouble);
    }

    #[tokio::test(start_paused = true)]
    async fn those_that_were_slow_together_count_as_one() {
        let width = Width::of(8);
        let turns = [width.turn().await, width.turn().await, width.turn().await];
        advance(Duration::from_secs(100)).await;
        turns.into_iter().for_each(Turn::arrived);
        assert_eq!(at_once(&width), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn after_trouble_one_goes_first() {
        for most in [1, 3, 8, 256] {
            let width = Width::of(most);
            width.start_gently();
            assert_eq!(at_once(&width), 1, "of {most}");
            for _ in 0..9 {
                chunk_of(&width, Duration::from_secs(1)).await;
            }
            assert_eq!(at_once(&width), most, "and later all");
        }
    }
}
