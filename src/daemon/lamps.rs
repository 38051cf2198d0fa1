//! Lamps show what the station shows elsewhere, and nothing once nobody knows how it is.
//!
//! Promises: a lamp says what the latest snapshot does, at once. Without one for a while it goes dark, as the page says that it is not
//! live: a station that hangs must not say "take this one". A lamp that is dead or hangs keeps nobody else waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::parts::{Troubles, look_after_news};
use crate::config::Config;
use crate::domain::{BayName, Lamp, Part, SetupCause, Signal, Snapshot};

/// So long a lamp goes on saying what it said last. A live station has a new snapshot in time.
const SILENCE: Duration = Duration::from_secs(15);
/// So a station with lamps shows itself this often at least.
pub(super) const FRESH: Duration = Duration::from_secs(10);

/// Where a lamp stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Post {
    /// At a bay.
    Bay(BayName),
    /// At the station.
    Station,
}

impl Post {
    fn part(&self) -> Part {
        match self {
            Self::Bay(bay) => Part::Lamp(bay.clone()),
            Self::Station => Part::StationLamp,
        }
    }

    /// What the lamp there says. One of a bay that is not shown says nothing.
    fn signal(&self, shown: &Snapshot) -> Option<Signal> {
        match self {
            Self::Bay(name) => shown.bays.iter().find(|bay| bay.name == *name).map(|bay| Signal::of_bay(&bay.notice)),
            Self::Station => Some(Signal::of_station(shown)),
        }
    }
}

/// Every configured lamp.
pub(super) fn of(config: &Config) -> impl Iterator<Item = (Post, &Lamp)> {
    let station = config.station.lamp.iter().map(|lamp| (Post::Station, lamp));
    station.chain(config.bays.iter().filter_map(|bay| Some((Post::Bay(bay.name.clone()), bay.lamp.as_ref()?))))
}

/// Has a lamp show what is to be said there: `show` does that, as often as it is asked to, and tells what is in its way. It may block.
/// Needs a runtime.
pub(super) fn keep(
    post: Post,
    mut shown: watch::Receiver<Snapshot>,
    troubles: Troubles,
    mut show: impl FnMut(Option<Signal>) -> Option<(SetupCause, String)> + Send + 'static,
) {
    let (tell, told) = watch::channel(None);
    let news = Arc::new(Notify::new());
    look_after_news(post.part(), troubles, Arc::clone(&news), move || {
        // What is borrowed keeps others from telling what is new, so it is given back before the lamp may hang.
        let signal = *told.borrow();
        show(signal)
    });
    tokio::spawn(async move {
        // Before the first snapshot is composed nobody knows how the station is.
        loop {
            let heard = timeout(SILENCE, shown.changed()).await;
            let signal = if matches!(heard, Ok(Ok(()))) { post.signal(&shown.borrow_and_update()) } else { None };
            if tell.send_if_modified(|said| std::mem::replace(said, signal) != signal) {
                news.notify_one();
            }
            if matches!(heard, Ok(Err(_))) {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::daemon::parts::{AGAIN, PATIENCE};
    use crate::domain::{BayNotice, BaySnapshot, SetupTrouble, StationId};

    fn station(notice: BayNotice) -> Snapshot {
        let bay = BaySnapshot { notice, ..BaySnapshot::empty(BayName::new("1").unwrap()) };
        Snapshot::of(StationId::new("hq-01").unwrap(), vec![bay])
    }

    /// A lamp at bay 1 that works, what it shows, and how the station is told to look.
    fn lamp(troubles: &Troubles) -> (watch::Sender<Snapshot>, watch::Receiver<Option<Signal>>) {
        let (snapshots, shown) = watch::channel(station(BayNotice::Ready));
        let (told, seen) = watch::channel(None);
        keep(Post::Bay(BayName::new("1").unwrap()), shown, troubles.clone(), move |signal| {
            told.send_if_modified(|before| std::mem::replace(before, signal) != signal);
            None
        });
        (snapshots, seen)
    }

    async fn until(seen: &mut watch::Receiver<Option<Signal>>, signal: Option<Signal>) {
        seen.wait_for(|seen| *seen == signal).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_lamp_follows_its_bay_at_once_and_says_nothing_before_anybody_knows() {
        let troubles = Troubles::none();
        let _watched = troubles.watch();
        let (snapshots, mut seen) = lamp(&troubles);
        tokio::time::sleep(AGAIN).await;
        assert_eq!(*seen.borrow_and_update(), None, "that it was ready, nobody composed");
        let began = tokio::time::Instant::now();
        for (notice, signal) in
            [(BayNotice::Ready, Signal::Ready), (BayNotice::Wiping, Signal::Working), (BayNotice::Empty, Signal::Free)]
        {
            snapshots.send_replace(station(notice));
            until(&mut seen, Some(signal)).await;
        }
        assert!(began.elapsed() < AGAIN, "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_station_that_hangs_says_nothing_and_one_that_ended_neither() {
        let troubles = Troubles::none();
        let _watched = troubles.watch();
        let (snapshots, mut seen) = lamp(&troubles);
        snapshots.send_replace(station(BayNotice::Ready));
        until(&mut seen, Some(Signal::Ready)).await;
        let began = tokio::time::Instant::now();
        until(&mut seen, None).await;
        assert!(began.elapsed() >= SILENCE && began.elapsed() < SILENCE + AGAIN, "{:?}", began.elapsed());
        snapshots.send_replace(station(BayNotice::Ready));
        until(&mut seen, Some(Signal::Ready)).await;
        drop(snapshots);
        until(&mut seen, None).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_lamp_that_hangs_is_told_and_keeps_no_other_waiting() {
        let troubles = Troubles::none();
        let mut told = troubles.watch();
        let (snapshots, shown) = watch::channel(station(BayNotice::Ready));
        let (answer, hangs) = mpsc::channel::<()>();
        keep(Post::Station, shown.clone(), troubles.clone(), move |_| {
            let _ = hangs.recv();
            None
        });
        let (lit, mut seen) = watch::channel(None);
        keep(Post::Bay(BayName::new("1").unwrap()), shown, troubles.clone(), move |signal| {
            lit.send_replace(signal);
            Some((SetupCause::LedMissing, "there is none".to_owned()))
        });
        snapshots.send_replace(station(BayNotice::Ready));
        until(&mut seen, Some(Signal::Ready)).await;
        told.wait_for(|troubles| troubles.len() == 1).await.unwrap();
        // While something blocks, the clock goes on only as it is told to; and a look of the other lamp's that is under way when it
        // jumps seems to hang as well, until it has ended.
        let causes = |told: &watch::Receiver<Vec<SetupTrouble>>| -> Vec<_> {
            told.borrow().iter().map(|trouble| trouble.cause).collect()
        };
        for _ in 0..1_000 {
            if causes(&told) == [SetupCause::LedMissing, SetupCause::NoAnswer] {
                break;
            }
            tokio::time::advance(PATIENCE / 2).await;
            tokio::task::spawn_blocking(|| {}).await.unwrap();
        }
        assert_eq!(causes(&told), [SetupCause::LedMissing, SetupCause::NoAnswer]);
        drop(answer);
        told.wait_for(|troubles| troubles.len() == 1).await.unwrap();
    }
}
