//! One beat for all who look now and then.
//!
//! Promises: an idle station wakes seldom, and then for everybody at once. Whoever hears that something changed outside has everybody
//! look at once. A beat that comes while somebody looks is not missed: they look again.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// The beat. Clones are of one.
#[derive(Debug, Clone)]
pub struct Beat {
    beats: watch::Sender<u64>,
}

/// Somebody who looks at each beat.
#[derive(Debug)]
pub struct Listener {
    beats: watch::Receiver<u64>,
}

impl Beat {
    /// A beat that comes so often by itself, for as long as anybody listens. Needs a runtime.
    #[must_use]
    pub fn every(pause: Duration) -> Self {
        let beat = Self { beats: watch::channel(0).0 };
        let (beats, mut pulse) = (beat.beats.clone(), interval_at(Instant::now() + pause, pause));
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::spawn(async move {
            loop {
                pulse.tick().await;
                beats.send_modify(|count| *count += 1);
            }
        });
        beat
    }

    /// Has everybody look at once.
    pub fn now(&self) {
        self.beats.send_modify(|count| *count += 1);
    }

    /// Hears each beat from now on.
    #[must_use]
    pub fn listen(&self) -> Listener {
        Listener { beats: self.beats.subscribe() }
    }
}

impl Listener {
    /// The next beat since this was asked last. However many there were meanwhile, they are one.
    pub async fn next(&mut self) {
        if self.beats.changed().await.is_err() {
            // Nobody beats any more, so the runtime is about to end.
            std::future::pending::<()>().await;
        }
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
