//! What somebody who looks is told, as it changes.
//!
//! Promises: news are told at once to who comes, and no more often than twice a second to who stays. A sign of life is a new
//! snapshot, as it is for systemd's watchdog, and never a timer: a station that hangs must not look alive.

use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use futures::Stream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::domain::Snapshot;

/// Somebody who looks gets news no more often than this.
const AT_MOST_EVERY: Duration = Duration::from_millis(500);
/// While nothing changes, a sign of life about this often; `page.js` waits three times as long before it says that the page is not
/// live.
const ALIVE_EVERY: Duration = Duration::from_secs(5);

/// Whether an answer goes on telling.
pub(super) fn is_news(answer: &Response) -> bool {
    answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// What somebody who looks is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News<T> {
    /// It looks like this now.
    Changed(T),
    /// It still looks so.
    Alive,
}

/// What somebody has been told, and when.
struct Told<T> {
    snapshot: watch::Receiver<Snapshot>,
    last: Option<T>,
    at: Instant,
    turn: Turn,
}

/// Whether the station was looked at for this one already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    First,
    Later,
}

/// What `look` makes of the station, whenever that changes; `known` is what somebody knows already.
pub(super) fn news<T: PartialEq + Clone>(
    snapshot: watch::Receiver<Snapshot>,
    known: Option<T>,
    look: impl Fn(&Snapshot) -> T,
) -> impl Stream<Item = News<T>> {
    let nothing = Told { snapshot, last: known, at: Instant::now(), turn: Turn::First };
    futures::stream::unfold((nothing, look), |(mut told, look)| async move {
        loop {
            if told.turn == Turn::Later {
                sleep(AT_MOST_EVERY).await;
                told.snapshot.changed().await.ok()?;
            }
            told.turn = Turn::Later;
            let shown = told.snapshot.borrow_and_update().clone();
            let now = look(&shown);
            let is_new = told.last.as_ref() != Some(&now);
            if is_new || told.at.elapsed() >= ALIVE_EVERY {
                told.at = Instant::now();
                told.last = Some(now.clone());
                return Some((if is_new { News::Changed(now) } else { News::Alive }, (told, look)));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use tokio::time::timeout;

    use super::*;
    use crate::domain::StationId;

    /// A station, and whoever looks at how many problems it has.
    fn station() -> (watch::Sender<Snapshot>, watch::Receiver<Snapshot>) {
        watch::channel(Snapshot::of(StationId::new("hq-01").unwrap(), Vec::new()))
    }

    fn problems(shown: &Snapshot) -> u64 {
        shown.problems
    }

    #[tokio::test(start_paused = true)]
    async fn a_station_that_hangs_does_not_look_alive() {
        let (station, seen) = station();
        let mut news = std::pin::pin!(news(seen, None, problems));
        assert_eq!(news.next().await, Some(News::Changed(0)));
        let publishes = async {
            for _ in 0..8 {
                sleep(Duration::from_secs(1)).await;
                station.send_modify(|_| {});
            }
            std::future::pending::<()>().await;
        };
        let alive = tokio::select! {
            told = news.next() => told,
            () = publishes => None,
        };
        assert_eq!(alive, Some(News::Alive), "the same snapshot again and again is a sign of life");
        let silent = timeout(Duration::from_mins(10), news.next()).await;
        assert!(silent.is_err(), "and none is none: {silent:?}");
        station.send_modify(|shown| shown.problems = 1);
        assert_eq!(news.next().await, Some(News::Changed(1)), "it goes on when the station does");
        drop(station);
        assert_eq!(news.next().await, None, "the station is gone");
    }

    #[tokio::test(start_paused = true)]
    async fn who_knows_how_it_is_hears_when_it_changes_and_not_before() {
        let (shown, seen) = station();
        let mut news = std::pin::pin!(news(seen, Some(0), problems));
        assert_eq!(timeout(Duration::from_secs(1), news.next()).await.ok(), None);
        shown.send_modify(|shown| shown.problems = 2);
        assert_eq!(news.next().await, Some(News::Changed(2)));
    }
}
