//! Who looks, and how often the station is to show itself to them at least.
//!
//! Promises: while nobody looks, an idle station shows itself seldom, and so wakes seldom. Whoever comes has its next sign of life at
//! once: a request that is not answered yet, and news that are still followed, count as somebody who looks. How often somebody asks is
//! of no consequence for a station at work; that shows itself every second anyway.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use futures::StreamExt as _;
use tokio::sync::watch;

use super::news::is_news;

/// For somebody who looks. A page says that it is not live after fifteen seconds without a sign of life.
const WATCHED: Duration = Duration::from_secs(3);

/// All who look. Clones are of one.
#[derive(Debug, Clone)]
pub struct Audience {
    seats: watch::Sender<usize>,
    pause: watch::Sender<Option<Duration>>,
    alone: Option<Duration>,
}

/// One who looks, for as long as this is kept.
struct Seat(Audience);

impl Audience {
    /// Nobody. The station is to show itself so often all the same, for whatever else counts on it; or with its beat alone.
    #[must_use]
    pub fn nobody(alone: Option<Duration>) -> Self {
        Self { seats: watch::channel(0).0, pause: watch::channel(alone).0, alone }
    }

    /// How often the station is to show itself at least, beside with its beat.
    #[must_use]
    pub fn pause(&self) -> watch::Receiver<Option<Duration>> {
        self.pause.subscribe()
    }

    /// Counts whoever asks for one of these routes.
    pub fn of(&self, routes: Router) -> Router {
        routes.layer(from_fn_with_state(self.clone(), seated))
    }

    fn seat(&self) -> Seat {
        self.count(|seats| seats + 1);
        Seat(self.clone())
    }

    fn count(&self, change: impl FnOnce(usize) -> usize) {
        self.seats.send_modify(|seats| {
            *seats = change(*seats);
            let seen = self.alone.map_or(WATCHED, |alone| alone.min(WATCHED));
            let pause = if *seats == 0 { self.alone } else { Some(seen) };
            self.pause.send_if_modified(|known| std::mem::replace(known, pause) != pause);
        });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.count(|seats| seats - 1);
    }
}

async fn seated(State(audience): State<Audience>, request: Request, next: Next) -> Response {
    let seat = audience.seat();
    let answer = next.run(request).await;
    if !is_news(&answer) {
        return answer;
    }
    answer.map(|news| {
        Body::from_stream(news.into_data_stream().inspect(move |_| {
            // It is kept until nobody follows any more.
            let _ = &seat;
        }))
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::response::Sse;
    use axum::response::sse::Event;
    use axum::routing::get;
    use http_body_util::BodyExt as _;
    use hyper::service::Service as _;
    use hyper_util::service::TowerToHyperService;

    use super::*;

    async fn asked(routes: &Router, path: &str) -> Response {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        TowerToHyperService::new(routes.clone()).call(request).await.unwrap()
    }

    #[tokio::test]
    async fn whoever_looks_counts_until_they_look_no_more() {
        let audience = Audience::nobody(None);
        let pause = audience.pause();
        let seen = pause.clone();
        let news =
            || async { Sse::new(futures::stream::repeat_with(|| Ok::<_, Infallible>(Event::default().data("1")))) };
        let at_work = move || async move { format!("{:?}", *seen.borrow()) };
        let routes = audience.of(Router::new().route("/news", get(news)).route("/once", get(at_work)));
        assert_eq!(*pause.borrow(), None, "with the beat alone");
        let once = asked(&routes, "/once").await.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(once, "Some(3s)", "while it is answered");
        assert_eq!(*pause.borrow(), None, "and no longer");
        let (first, mut second) =
            (asked(&routes, "/news").await.into_body(), asked(&routes, "/news").await.into_body());
        assert!(second.frame().await.is_some(), "what is followed comes through");
        drop(first);
        assert_eq!(*pause.borrow(), Some(WATCHED), "somebody still follows");
        drop(second);
        assert_eq!(*pause.borrow(), None, "with the beat alone");
    }
}
