//! One beat for all who look now and then.
//!
//! Promises: an idle station wakes seldom, and then for everybody at once. Whoever hears that something changed outside has everybody
//! look at once. A beat that comes while somebody looks is not missed: they look again.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::changes::{Changes, Changing};

/// The beat. Clones are of one.
#[derive(Debug, Clone)]
pub struct Beat {
    beats: Changing,
    pulse: Arc<Pulse>,
}

/// What beats by itself, until nobody listens or could.
#[derive(Debug)]
struct Pulse(AbortHandle);

impl Drop for Pulse {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Somebody who looks at each beat.
#[derive(Debug)]
pub struct Listener {
    beats: Changes,
    _pulse: Arc<Pulse>,
}

impl Beat {
    /// A beat that comes so often by itself, for as long as anybody listens. Needs a runtime.
    #[must_use]
    pub fn every(pause: Duration) -> Self {
        let beats = Changing::default();
        let (beating, mut ticks) = (beats.clone(), interval_at(Instant::now() + pause, pause));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let pulse = tokio::spawn(async move {
            loop {
                ticks.tick().await;
                beating.tell();
            }
        });
        Self { beats, pulse: Arc::new(Pulse(pulse.abort_handle())) }
    }

    /// Has everybody look at once.
    pub fn now(&self) {
        self.beats.tell();
    }

    /// Hears each beat from now on.
    #[must_use]
    pub fn listen(&self) -> Listener {
        Listener { beats: self.beats.listen(), _pulse: Arc::clone(&self.pulse) }
    }
}

impl Listener {
    /// The next beat since this was asked last. However many there were meanwhile, they are one.
    pub async fn next(&mut self) {
        self.beats.changed().await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn everybody_wakes_together() {
        let beat = Beat::every(PAUSE);
        let (mut one, mut other) = (beat.listen(), beat.listen());
        one.next().await;
        let began = Instant::now();
        for _ in 0..3 {
            tokio::join!(one.next(), other.next());
        }
        assert!(began.elapsed() <= PAUSE * 3, "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_on_while_somebody_listens_and_no_longer() {
        let mut listener = Beat::every(PAUSE).listen();
        listener.next().await;
        let running = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        assert_eq!(running(), 1);
        drop(listener);
        tokio::task::yield_now().await;
        assert_eq!(running(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn news_wake_everybody_at_once_and_once() {
        let beat = Beat::every(PAUSE);
        let mut listener = beat.listen();
        listener.next().await;
        beat.now();
        beat.now();
        assert!(timeout(Duration::from_millis(1), listener.next()).await.is_ok());
        assert!(timeout(Duration::from_secs(29), listener.next()).await.is_err(), "two at once are one");
    }
}
